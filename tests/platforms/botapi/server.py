"""The server: HTTP in, the world changed, an answer out; with the handles that tests hold."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.platforms.botapi import chats, methods, spec
from tests.platforms.botapi.errors import ApiError, bad
from tests.platforms.botapi.faults import HTML, Fault, Faults
from tests.platforms.botapi.groups import Group, all_rights, make_group
from tests.platforms.botapi.people import Person
from tests.platforms.botapi.spec import Upload
from tests.platforms.botapi.updates import Json, Webhook
from tests.platforms.botapi.world import Chat, Message, Topic, World

METHODS = methods.METHODS | chats.METHODS


@dataclass(slots=True)
class Call:
    """One call the bot made; its parameters are of their types once they were found right.

    `error` is Telegram's code, 0 when it went well, None while it is not answered.
    """

    method: str
    parameters: dict[str, Any]
    at: float
    error: int | None = None
    description: str = ""
    fault: str = ""
    result: Any = field(default=None, repr=False)


class BotApi:
    """A Bot API server for one bot. Everybody else is played by the test.

    `url` is the root: a bot calls `{url}/bot{token}/{method}` and fetches `{url}/file/bot{token}/{path}`.
    """

    def __init__(self, token: str = "123:TEST", username: str = "kki_bot", port: int = 0, log: Path | None = None) -> None:
        self.token = token
        self.world = World({"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Pomoč", "username": username})
        self.world.updates.answered = self._take_webhook_answer
        self.faults = Faults()
        self.calls: list[Call] = []
        self.broken: list[Exception] = []
        """Errors of this server's own: raised when it is left."""
        self.people: dict[int, Person] = {}
        self.groups: list[Group] = []
        self.port = port
        self._log = log
        self._runner: web.AppRunner | None = None
        self.routes: list[web.RouteDef] = []
        """More to serve beside the Bot API."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def limits(self) -> bool:
        """Whether sending too fast is refused with 429, or only noted in `violations`."""
        return self.world.limits

    @limits.setter
    def limits(self, on: bool) -> None:
        self.world.limits = on

    @property
    def violations(self) -> list[tuple[str, int, float]]:
        return self.world.violations

    @property
    def pending(self) -> int:
        """Updates the bot has not confirmed."""
        return len(self.world.updates.pending)

    async def __aenter__(self) -> Self:
        await self.comes_back()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.world.updates.stop_webhook()
        await self.goes_down()
        if self.broken and error is None:
            raise self.broken[0]

    async def comes_back(self) -> None:
        """Listen: at first, or again on the same port."""
        app = web.Application(client_max_size=60 * 1024 * 1024)
        app.add_routes(self.routes)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        await web.SockSite(self._runner, listening).start()

    async def goes_down(self) -> None:
        """Connections break, new ones are refused; nothing is forgotten."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def user(self, name: str, *, language: str = "sl", username: str = "", bot: bool = False) -> Person:
        """Somebody who has not written to the bot yet; `bot`: a bot, which ours never hears."""
        id = 1000 + next(self.world.ids)
        user: Json = {"id": id, "is_bot": bot, "first_name": name, "language_code": language}
        self.world.users[id] = user | ({"username": username} if username else {})
        self.world.chats[id] = Chat(self.world, id, "private")
        self.people[id] = Person(self.world, self.world.users[id])
        return self.people[id]

    def group(
        self,
        title: str,
        *,
        forum: bool = False,
        members: Sequence[Person] = (),
        bot_is_admin: bool = True,
        rights: Mapping[str, bool] = {},
        basic: bool = False,
    ) -> Group:
        """A supergroup with the bot in it, or a `basic` group. `rights` are those denied or given beside all others of an admin."""
        owner = self.user(f"Lastnik skupine {title}")
        group = make_group(self.world, title, owner, members, kind="group" if basic else "supergroup", forum=forum)
        if bot_is_admin:
            group.chat.bot_status, group.chat.rights = "administrator", all_rights(rights)
        self.groups.append(group)
        return group

    def sees(self, where: Person | Group, topic: Topic | int | str | None = None, *, deleted: bool = False) -> list[Message]:
        """The messages in her chat, or in a group or one topic of it ("general": what is in none); deleted ones only when asked."""
        chat = where.chat
        messages = [message for message in chat.messages.values() if deleted or not message.deleted]
        if topic is None:
            return messages
        thread = topic.id if isinstance(topic, Topic) else None if topic == "general" else topic
        return [message for message in messages if message.topic == thread]

    def texts(self, where: Person | Group, topic: Topic | int | str | None = None) -> list[str]:
        """What the bot said there, service messages left out."""
        return [message.text for message in self.sees(where, topic) if message.by_bot and not message.service]

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def later(self, **time: float) -> None:
        """Move the server's clock on: `later(hours=25)`."""
        self.world.now.moved += timedelta(**time).total_seconds()

    async def until(self, fact: Callable[[], Any], seconds: float = 75.0) -> Any:
        """Wait for something to be true; its value. Errors while looking count as not yet."""
        end = time.monotonic() + seconds
        while True:
            try:
                if value := fact():
                    return value
            except (AssertionError, LookupError):
                if time.monotonic() > end:
                    raise
            if time.monotonic() > end:
                raise AssertionError(f"not true within {seconds:g} s; last calls: {self.calls[-5:]}")
            await asyncio.sleep(0.02)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        call = Call(request.match_info["method"], {}, time.time())
        self.calls.append(call)
        try:
            self._check_token(request)
            call.parameters = await _given(request)
            return await self._meet_fault(request, call)
        except ApiError as error:
            call.error, call.description = error.code, error.description
            return web.json_response(error.json(), status=error.code)
        except (OSError, web.RequestPayloadError):
            return web.Response(status=400)  # the bot was killed in the middle of a call
        except Exception as error:
            self.broken.append(error)
            raise
        finally:
            self._write_log(call)

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if token != self.token:
            raise ApiError(401, "Unauthorized") if ":" in token else ApiError(404, "Not Found")

    async def _meet_fault(self, request: web.Request, call: Call) -> web.StreamResponse:
        fault = self.faults.take(call.method, _whole(call.parameters.get("chat_id")))
        if fault is None:
            return await self._carry_out(call)
        call.fault = fault.kind
        answer = await self._carry_out(call) if fault.after else None
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return answer or await self._carry_out(call)
        return await _break(request, fault)

    async def _carry_out(self, call: Call) -> web.StreamResponse:
        call.parameters = spec.read(call.method, call.parameters)
        call.result = await self._perform(call.method, call.parameters)
        call.error = 0
        return web.json_response(body=_dump({"ok": True, "result": call.result}))

    async def _perform(self, method: str, values: Json) -> Any:
        if method in _FLOWING:
            return await _FLOWING[method](self.world, values)
        if method not in METHODS:
            raise bad(f"{method} is a method of Telegram's that this server does not know")
        return METHODS[method](self.world, values)

    def _take_webhook_answer(self, answer: Json) -> None:
        call = Call(answer.pop("method"), answer, time.time())
        self.calls.append(call)
        try:
            call.result, call.error = METHODS[call.method](self.world, spec.read(call.method, answer)), 0
        except ApiError as error:
            call.error, call.description = error.code, error.description

    async def _download(self, request: web.Request) -> web.StreamResponse:
        call = Call("file", {"path": request.match_info["path"]}, time.time())
        self.calls.append(call)
        try:
            self._check_token(request)
        except ApiError as error:
            return web.json_response(error.json(), status=error.code)
        if (fault := self.faults.take("file", None)) is not None and fault.kind != "slow":
            return await _break(request, fault)
        file = self.world.files.by_path.get(request.match_info["path"])
        if file is None:
            return web.json_response(ApiError(404, "Not Found").json(), status=404)
        call.error = 0
        return web.Response(body=file.content, content_type="application/octet-stream")

    def _write_log(self, call: Call) -> None:
        if self._log is not None:
            row = {
                "at": call.at,
                "method": call.method,
                "parameters": call.parameters,
                "error": call.error,
                "description": call.description,
            }
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row | {"result": call.result}, ensure_ascii=False, default=_name) + "\n")


async def _get_updates(world: World, p: Json) -> Any:
    return await world.updates.get(**p)


async def _set_webhook(world: World, p: Json) -> bool:
    secret = p.get("secret_token")
    if secret and not secret.replace("-", "").replace("_", "").isalnum():
        raise bad("secret token contains unallowed characters")
    world.updates.allow(p.get("allowed_updates"))
    await world.updates.set_webhook(Webhook(p["url"], secret, p.get("max_connections", 40)), p.get("drop_pending_updates", False))
    return True


async def _delete_webhook(world: World, p: Json) -> bool:
    await world.updates.set_webhook(Webhook(), p.get("drop_pending_updates", False))
    return True


async def _get_webhook_info(world: World, p: Json) -> Json:
    hook = world.updates.webhook
    info: Json = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(world.updates.pending)}
    failed = {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error} if hook.last_error else {}
    return info | failed | ({"max_connections": hook.max_connections, "allowed_updates": sorted(world.updates.allowed)} if hook.url else {})


_FLOWING = {"getUpdates": _get_updates, "setWebhook": _set_webhook, "deleteWebhook": _delete_webhook, "getWebhookInfo": _get_webhook_info}


async def _given(request: web.Request) -> dict[str, Any]:
    """Parameters from wherever Telegram takes them: the query, a form, uploads, a JSON body."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        return given | await _json(request)
    if request.can_read_body:
        for name, value in (await request.post()).items():
            given[name] = value if isinstance(value, str) else _upload(value)
    return given


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise bad("can't parse JSON object") from None
    if not isinstance(body, dict):
        raise bad("object expected as the request's body")
    return body


def _upload(value: Any) -> Upload:
    if isinstance(value, web.FileField):
        return Upload(value.filename, value.content_type, value.file.read())
    return Upload("", "application/octet-stream", bytes(value))


async def _break(request: web.Request, fault: Fault) -> web.StreamResponse:
    match fault.kind:
        case "fail":
            raise ApiError(fault.code, fault.description, **(fault.parameters or {}))
        case "html":
            return web.Response(text=HTML, status=fault.code, content_type="text/html")
        case "hang":
            await asyncio.sleep(3600)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _whole(value: Any) -> Any:
    try:
        return int(value)
    except (TypeError, ValueError):
        return value


def _name(value: Any) -> str:
    return value.name if isinstance(value, Upload) else str(value)
