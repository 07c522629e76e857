"""The connection to the homeserver: plain JSON calls, and nio's cryptography with every event guarded on its own."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import quote

import nio
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from nio.crypto import Olm
from nio.events import MegolmEvent, RoomEncryptionEvent, RoomKeyEvent, RoomMemberEvent, ToDeviceEvent

log = logging.getLogger(__name__)

Json = dict[str, Any]

CLIENT = "/_matrix/client/v3"
_WITHIN = 20.0
_ASK_AGAIN = 300.0


class ServerError(Exception):
    """The homeserver answered with an error."""

    def __init__(self, status: int, content: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(content.get("errcode") or "")
        self.message = str(content.get("error") or "")
        self.content = content
        wait = content.get("retry_after_ms")
        self.retry_after = wait / 1000 if isinstance(wait, int | float) else None
        super().__init__(f"{status} {self.code} {self.message}".strip())


class NotReached(Exception):
    """No answer, or none that can be understood: it may have been carried out."""


@dataclass
class Http:
    """JSON over HTTP, with an access token; every failure is a ServerError or NotReached."""

    homeserver: str
    token: str = ""
    within: float = _WITHIN
    _session: ClientSession | None = field(default=None, repr=False)

    async def call(self, method: str, path: str, body: Any = None, *, within: float | None = None, **query: Any) -> Json:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        async with self.request(method, path, data, "application/json", within=within, **query) as response:
            return await _json(response)

    @asynccontextmanager
    async def request(
        self, method: str, path: str, data: bytes | BinaryIO | None = None, kind: str = "", *, within: float | None = None, **query: Any
    ) -> AsyncIterator[ClientResponse]:
        if self._session is None:
            self._session = ClientSession()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if kind and data is not None:
            headers["Content-Type"] = kind
        timeout = ClientTimeout(total=within or self.within)
        given = {key: str(value) for key, value in query.items() if value is not None}
        try:
            url = self.homeserver.rstrip("/") + path
            async with self._session.request(method, url, params=given, data=data, headers=headers, timeout=timeout) as response:
                yield response
        except (ClientError, TimeoutError, OSError) as error:
            raise NotReached(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def _json(response: ClientResponse) -> Json:
    body = await response.read()
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    if response.status >= 400:
        raise ServerError(response.status, content if isinstance(content, dict) else {})
    if not isinstance(content, dict):
        raise NotReached(f"{response.status} with something that is not JSON")
    return content


def path(*parts: str, under: str = CLIENT) -> str:
    return "/".join((under, *(quote(part, safe="") for part in parts)))


class Client(nio.AsyncClient):  # type: ignore[misc]
    """nio for what it does well: rooms' members and the cryptography. What comes and goes over the wire is our own."""

    def __init__(self, http: Http, user: str, device: str, *, store: str | None, pickle_key: str = "") -> None:
        settings = nio.AsyncClientConfig(encryption_enabled=store is not None, pickle_key=pickle_key, store_sync_tokens=False)
        super().__init__(http.homeserver, user, device, store_path=store or "", config=settings)
        self.http = http
        self.restore_login(user, device, http.token)
        self._sharing: dict[str, asyncio.Lock] = {}
        self._querying = asyncio.Lock()
        self._silent: dict[str, float] = {}
        self._needs_fallback = True

    @property
    def machine(self) -> Olm | None:
        return self.olm

    async def close(self) -> None:
        await self.http.close()
        await super().close()
        if self.store:
            self.store.database.close()

    # — what a sync brings —

    def take_in(self, sync: Json) -> set[str]:
        """Room keys, members and states of a sync; the sessions that have become readable. Nothing malformed stops the rest."""
        sessions = {session for event in _list(sync, "to_device", "events") if (session := self._to_device(event))}
        rooms = sync.get("rooms") or {}
        for room, info in (rooms.get("join") or {}).items():
            with_state = [*_list(info, "state", "events"), *_list(info, "timeline", "events")]
            self._room(room, [event for event in with_state if isinstance(event, dict) and "state_key" in event])
        for room in rooms.get("leave") or {}:
            self.rooms.pop(room, None)
        self._devices(sync)
        return sessions

    def _to_device(self, raw: Any) -> str | None:
        if self.machine is None:
            return None
        try:
            event = ToDeviceEvent.parse_event(raw)
            event = self.machine.handle_to_device_event(event) or event
            return event.session_id if isinstance(event, RoomKeyEvent) else None
        except Exception as error:  # nio lets whatever is malformed raise whatever it happens to raise
            log.warning("a to-device event could not be read: %s", type(error).__name__)
            return None

    def _room(self, id: str, states: list[Json]) -> None:
        room = self.rooms.setdefault(id, nio.MatrixRoom(id, self.user_id, id in self.encrypted_rooms))
        room.members_synced = True  # lazy loading is off
        for raw in states:
            try:
                event = nio.Event.parse_event(raw)
                if isinstance(event, RoomMemberEvent):
                    if room.handle_membership(event):
                        self._invalidate_session_for_member_event(id)
                    continue
                room.handle_event(event)
                if isinstance(event, RoomEncryptionEvent) and id not in self.encrypted_rooms:
                    self.encrypted_rooms.add(id)
                    if self.store:
                        self.store.save_encrypted_rooms({id})
            except Exception as error:
                log.warning("a state of room %s could not be read: %s", id, type(error).__name__)
        if room.encrypted and self.machine is not None:
            self.machine.update_tracked_users(room)

    def _devices(self, sync: Json) -> None:
        if self.machine is None:
            return
        # nio does not see a count of 0, so that it would never fill up again.
        self.machine.uploaded_key_count = int((sync.get("device_one_time_keys_count") or {}).get("signed_curve25519") or 0)
        here = {user for room in self.rooms.values() if room.encrypted for user in room.users}
        lists = sync.get("device_lists") or {}
        self.machine.add_changed_users({*(lists.get("changed") or ()), *(lists.get("left") or ())} & here)
        self._needs_fallback = "signed_curve25519" not in (sync.get("device_unused_fallback_key_types") or ())
        self.machine.clear_verifications()
        self.machine.collect_key_requests()

    def open(self, room: str, raw: Json) -> Json | None:
        """The event in clear, or None as long as its key is missing. Raises ValueError when it can never be read."""
        if self.machine is None:
            return None
        content = dict(raw.get("content") or {})
        # Both may be left out by newer clients.
        content.setdefault("device_id", "")
        if "sender_key" not in content:
            content["sender_key"] = self._sender_key(room, str(content.get("session_id"))) or ""
        try:
            event = MegolmEvent.from_dict({**raw, "content": content})
            if not isinstance(event, MegolmEvent):
                raise ValueError("not encrypted in a way that is known")
            event.room_id = room
            event = self.machine.decrypt_megolm_event(event, room)
        except nio.EncryptionError:
            return None
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error
        clear: Json = getattr(event, "source", None) or getattr(event, "event_dict", {})
        return {**clear, "event_id": raw["event_id"], "sender": raw["sender"], "unsigned": raw.get("unsigned") or {}}

    async def belongs(self, room: str, raw: Json) -> bool:
        """Whether the device that encrypted this event is one of its sender's. That it decrypts says only that some device did it."""
        machine, content = self.machine, raw["content"]
        assert machine is not None
        id = str(content.get("session_id"))
        key = content.get("sender_key") or self._sender_key(room, id)
        session = machine.inbound_group_store.get(room, key, id)
        if session is None:
            return False

        def known() -> bool:
            devices = machine.device_store[raw["sender"]].values()
            return any((device.curve25519, device.ed25519) == (key, session.ed25519) for device in devices)

        if not known():
            machine.users_for_key_query.add(raw["sender"])
            await self._query_keys()
        return known()

    def _sender_key(self, room: str, session: str) -> str | None:
        assert self.machine is not None
        by_sender: Mapping[str, Mapping[str, Any]] = self.machine.inbound_group_store._entries.get(room) or {}
        return next((key for key, sessions in by_sender.items() if session in sessions), None)

    # — keys —

    async def tend(self) -> None:
        """What must be done between two syncs, so that others can reach us and we know their devices."""
        if self.machine is None:
            return
        for step in (self._upload_keys, self._query_keys, self._claim_keys, self._send_to_devices):
            try:
                await step()
            except (ServerError, NotReached, nio.LocalProtocolError) as error:
                log.warning("keys: %s: %s", step.__name__.strip("_"), error)
            except Exception as error:
                log.warning("keys: %s: %s", step.__name__.strip("_"), type(error).__name__)

    async def _upload_keys(self) -> None:
        machine = self.machine
        assert machine is not None
        if not machine.should_upload_keys and not self._needs_fallback:
            return
        keys = machine.share_keys() if machine.should_upload_keys else {}
        if self._needs_fallback:
            keys["fallback_keys"] = self._fallback_key()
        machine.save_account()  # what others encrypt for must not be lost when the answer is
        answer = await self.http.call("POST", path("keys", "upload"), keys)
        machine.account.shared = True
        machine.uploaded_key_count = int((answer.get("one_time_key_counts") or {}).get("signed_curve25519") or 0)
        machine.mark_keys_as_published()
        machine.save_account()
        self._needs_fallback = False

    def _fallback_key(self) -> Json:
        """One more key, for when all others are used up while the bot is away. nio knows nothing of it."""
        assert self.machine is not None
        account = self.machine.account._account
        if not account.fallback_key:
            account.generate_fallback_key()
        keys = {}
        for id, key in account.fallback_key.items():
            content: Json = {"key": key.to_base64(), "fallback": True}
            signature = self.machine.sign_json(content)
            content["signatures"] = {self.user_id: {f"ed25519:{self.device_id}": signature}}
            keys[f"signed_curve25519:{id}"] = content
        return keys

    async def _query_keys(self) -> None:
        assert self.machine is not None
        now = time.monotonic()
        again = [user for user, at in self._silent.items() if now - at > _ASK_AGAIN]
        for user in again:
            del self._silent[user]
        async with self._querying:
            users = sorted({*self.users_for_key_query, *again})
            if not users:
                return
            answer = await self.http.call("POST", path("keys", "query"), {"device_keys": {user: [] for user in users}})
            for user, devices in (answer.get("device_keys") or {}).items():
                try:
                    self.receive_keys(nio.KeysQueryResponse({user: devices}, {}))
                except Exception as error:
                    log.warning("the devices of a person could not be read: %s", type(error).__name__)
            # Nobody holds up the others: a person whose server is away is asked about again in a while.
            failed = set(answer.get("failures") or {})
            self._silent |= {user: now for user in users if user.partition(":")[2] in failed}
            self.machine.users_for_key_query.difference_update(users)

    def receive_keys(self, response: Any) -> None:
        nio.client.base_client.Client.receive_response(self, response)

    async def _claim_keys(self) -> None:
        if self.should_claim_keys:
            await self._claim(self.get_users_for_key_claiming())

    async def _claim(self, devices: Mapping[str, Iterable[str]]) -> None:
        wanted = {user: dict.fromkeys(ids, "signed_curve25519") for user, ids in devices.items()}
        answer = await self.http.call("POST", path("keys", "claim"), {"one_time_keys": wanted})
        self.receive_keys(nio.KeysClaimResponse(answer.get("one_time_keys") or {}, answer.get("failures") or {}))

    async def _send_to_devices(self) -> None:
        for message in list(self.outgoing_to_device_messages):
            await self.http.call("PUT", path("sendToDevice", message.type, uuid.uuid4().hex), message.as_dict())
            self.receive_keys(nio.ToDeviceResponse(message))

    async def ask_for_key(self, room: str, raw: Json) -> None:
        """Ask our own devices; others do not answer. Asked once a session."""
        try:
            event = MegolmEvent.from_dict(raw)
            if isinstance(event, MegolmEvent) and event.session_id not in self.outgoing_key_requests:
                event.room_id = room
                message = event.as_key_request(self.user_id, self.device_id)
                self.outgoing_to_device_messages.append(message)
        except Exception as error:
            log.warning("keys: asking: %s", type(error).__name__)

    # — sending —

    def encrypts(self, room: str) -> bool:
        return room in self.encrypted_rooms or (room in self.rooms and bool(self.rooms[room].encrypted))

    async def send_event(self, room: str, kind: str, content: Json, key: str) -> str:
        """Send, encrypted where the room is; the same key twice gives the same event. The event's id."""
        if self.machine is not None and self.encrypts(room) and kind != "m.reaction":
            await self._share(room)
            kind, content = self.encrypt(room, kind, content)
        answer = await self.http.call("PUT", path("rooms", room, "send", kind, key), content)
        return str(answer["event_id"])

    async def edits(self, room: str, event: str) -> list[str]:
        """The events that edit one, the first hundred."""
        found = await self.http.call("GET", path("rooms", room, "relations", event, "m.replace", under="/_matrix/client/v1"), limit="100")
        return [str(edit["event_id"]) for edit in found.get("chunk", [])]

    async def redact(self, room: str, event: str, key: str) -> str:
        answer = await self.http.call("PUT", path("rooms", room, "redact", event, key), {})
        return str(answer["event_id"])

    async def _share(self, room: str) -> None:
        """Give every device in the room the key. nio would take failures for success, and block the room for good on others."""
        machine = self.machine
        assert machine is not None
        async with self._sharing.setdefault(room, asyncio.Lock()):
            while True:
                users = list(self.rooms[room].users)
                if self.users_for_key_query & set(users):
                    await self._query_keys()
                if not machine.should_share_group_session(room):
                    return
                if missing := machine.get_missing_sessions(users):
                    await self._claim(missing)
                shares = list(machine.share_group_session_parallel(room, users, ignore_unverified_devices=True))
                session = machine.outbound_group_sessions[room]
                for shared_with, messages in shares:
                    await self.http.call("PUT", path("sendToDevice", "m.room.encrypted", uuid.uuid4().hex), messages)
                    session.users_shared_with.update(shared_with)
                session.shared = True  # when somebody came or went meanwhile, it is another by now


def _list(content: Json, *keys: str) -> list[Any]:
    value: Any = content
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []
