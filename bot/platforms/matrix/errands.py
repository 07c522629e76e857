"""What has to be done on the side, and may be done late: receipts, typing, invitations, upgraded and empty rooms."""

import asyncio
import logging
import time
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from bot.platforms.matrix.client import Client, Json, NotReached, ServerError, path
from bot.platforms.matrix.keeping import Keeping
from bot.platforms.matrix.rooms import Rooms
from handlers.events import Event, Message, Unreachable, Unreadable

log = logging.getLogger(__name__)

_JOINS_A_MINUTE = 60
_MOST = 50
"""Errands at once; receipts and typing beyond are left out."""
_TYPING = 8.0
_VERIFICATION = "m.key.verification.request"


class Errands:
    """Started beside the loops; nothing waits for them."""

    def __init__(self, client: Client, rooms: Rooms, keeping: Keeping, servers: Sequence[str]) -> None:
        self.client = client
        self.rooms = rooms
        self.keeping = keeping
        self.servers = {client.user_id.partition(":")[2], *servers}
        self._tasks: set[asyncio.Task[None]] = set()
        self._joins: list[float] = []
        self._joining = asyncio.Lock()
        self._typing: set[str] = set()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def after(self, events: Sequence[Event | Unreadable], sync: Json) -> None:
        """What follows when a batch is stored."""
        last = {event.place.room: event for event in events if isinstance(event, Message) and event.id.startswith("$")}
        for room, event in last.items():
            self._start(self._seen(self.rooms.actual(room), event))
        for left in {self.rooms.actual(event.place.room) for event in events if isinstance(event, Unreachable)}:
            if self.rooms.is_empty(left):
                self._start(self._leave(left))
        if self.keeping.invitations() and not self._joining.locked():
            self._start(self._join())
        for raw in (sync.get("to_device") or {}).get("events") or ():
            if isinstance(raw, Mapping) and raw.get("type") == _VERIFICATION:
                self._start(self._decline_device(raw))

    def said(self, room: str) -> None:
        """The bot has spoken, so it is not typing any more."""
        if room in self._typing:
            self._typing.discard(room)
            self._start(self._call("PUT", path("rooms", room, "typing", self.client.user_id), {"typing": False}))

    async def _seen(self, room: str, event: Message) -> None:
        await self._call("POST", path("rooms", room, "receipt", "m.read", event.id), {})
        if event.direct and not self.rooms.is_staff(room):
            self._typing.add(room)
            body = {"typing": True, "timeout": int(_TYPING * 1000)}
            await self._call("PUT", path("rooms", room, "typing", self.client.user_id), body)

    # — invitations —

    def invited(self, room: str, info: Json) -> None:
        """Into direct rooms from anywhere; into shared ones from the servers that are configured, ours included, and the staff room."""
        for event in (info.get("invite_state") or {}).get("events") or ():
            if not isinstance(event, Mapping) or event.get("state_key") != self.client.user_id:
                continue
            content, server = event.get("content") or {}, str(event.get("sender")).partition(":")[2]
            welcome = content.get("is_direct") is True or server in self.servers or self.rooms.is_staff(room) or self._expected(room)
            if content.get("membership") == "invite" and welcome:
                self.keeping.invite(room, server)

    async def joined(self, room: str) -> None:
        """We are in this room; when it goes on from another, what is said there belongs to that one. Raises NotReached or ServerError.

        The new room has to name the old one: else anybody could turn their own room into any other, the staff room too.
        """
        if room in self.keeping.invitations():
            self.keeping.uninvite(room)
        if old := self._expected(room):
            create = await self.client.http.call("GET", path("rooms", room, "state", "m.room.create"))
            if (create.get("predecessor") or {}).get("room_id") == old:
                self.rooms.move(old, room)
            else:
                log.warning("%s says that it goes on as %s, which does not say so: not followed", old, room)
                self.keeping.note(f"upgrading {old}", "")
            self.keeping.note(f"upgrade {room}", "")

    def upgraded(self, room: str, raw: Json) -> None:
        replacement = (raw.get("content") or {}).get("replacement_room")
        if isinstance(replacement, str) and replacement.startswith("!") and self.rooms.actual(room) == room:
            self.keeping.note(f"upgrade {replacement}", room)
            self.keeping.note(f"upgrading {room}", replacement)
            self.keeping.invite(replacement, str(raw.get("sender")).partition(":")[2])

    def _expected(self, room: str) -> str | None:
        return self.keeping.noted(f"upgrade {room}") or None

    async def _join(self) -> None:
        """One after another, and only so many a minute: a flood of invitations must not become a flood of ours."""
        async with self._joining:
            self._joins = [at for at in self._joins if time.monotonic() - at < 60]
            for room, via in list(self.keeping.invitations().items())[: _JOINS_A_MINUTE - len(self._joins)]:
                self._joins.append(time.monotonic())
                await self._join_one(room, via)

    async def _join_one(self, room: str, via: str) -> None:
        try:
            await self.client.http.call("POST", path("join", room), {}, within=60, server_name=via or None)
            self.keeping.uninvite(room)
            log.info("joined %s", room)
        except ServerError as error:
            log.warning("the invitation to %s came to nothing: %s", room, error)
            if error.status in (403, 404):
                self.keeping.uninvite(room)
        except NotReached as error:
            log.warning("the invitation to %s will be tried again: %s", room, error)

    async def _leave(self, room: str) -> None:
        """Nobody is there any more."""
        self.keeping.set_down(room)
        await self._call("POST", path("rooms", room, "leave"), {})
        await self._call("POST", path("rooms", room, "forget"), {})

    # — verification: we cannot compare emoji, and say so —

    def decline(self, room: str, raw: Json) -> None:
        content = {"code": "m.user", "reason": "This is a bot", "m.relates_to": {"rel_type": "m.reference", "event_id": raw["event_id"]}}
        self._start(self._send(room, "m.key.verification.cancel", content))

    async def _send(self, room: str, kind: str, content: Json) -> None:
        try:
            await self.client.send_event(room, kind, content, uuid.uuid4().hex)
        except Exception as error:
            log.info("an errand came to nothing: %s", type(error).__name__)

    async def _decline_device(self, raw: Mapping[str, Any]) -> None:
        content = raw.get("content") or {}
        cancel = {"code": "m.user", "reason": "This is a bot", "transaction_id": content.get("transaction_id")}
        messages = {"messages": {str(raw.get("sender")): {str(content.get("from_device") or "*"): cancel}}}
        await self._call("PUT", path("sendToDevice", "m.key.verification.cancel", uuid.uuid4().hex), messages)

    async def _call(self, method: str, where: str, body: Json) -> None:
        try:
            await self.client.http.call(method, where, body)
        except (ServerError, NotReached) as error:
            log.info("an errand came to nothing: %s", error)

    def _start(self, errand: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= _MOST:
            errand.close()
            return
        task = asyncio.get_running_loop().create_task(errand)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def asks_for_verification(raw: Json) -> bool:
    content = raw.get("content")
    return isinstance(content, Mapping) and content.get("msgtype") == _VERIFICATION
