"""People on Matrix: a plain client for unencrypted rooms, and one with nio's cryptography for the others."""

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from bot.platforms.matrix.client import Client, Http, Json, path
from bot.platforms.matrix.rendering import annotation
from tests.platforms.matrix.synapse import Synapse, eventually

_keys = itertools.count(1)


@dataclass
class Person:
    """Syncs in the background and keeps what it sees in each room, decrypted where it can."""

    name: str
    client: Client
    seen: dict[str, list[Json]] = field(default_factory=dict)
    invites: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    told: list[Json] = field(default_factory=list)
    """Messages to her device."""
    typing: list[str] = field(default_factory=list)
    """Whoever was seen typing, anywhere."""
    read: dict[str, list[str]] = field(default_factory=dict)
    """Who has read which event."""
    unread: dict[str, int] = field(default_factory=dict)
    """Room → notifications, by her push rules."""
    _task: "asyncio.Task[None] | None" = None

    @classmethod
    async def new(cls, synapse: Synapse, name: str, store: str | None = None, password: str = "secret") -> "Person":
        account = await synapse.register(name, password)
        http = Http(synapse.url, account["access_token"])
        person = cls(name, Client(http, account["user_id"], account["device_id"], store=store, pickle_key="test"))
        await person.start()
        return person

    async def start(self) -> None:
        await self.client.tend()
        self._task = asyncio.get_running_loop().create_task(self._sync())
        await eventually(lambda: self._since, what=f"{self.name}'s first sync")

    _since: str | None = None

    @property
    def id(self) -> str:
        return str(self.client.user_id)

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.client.close()

    async def call(self, method: str, *parts: str, body: Any = None, **query: Any) -> Json:
        return await self.client.http.call(method, path(*parts), body, **query)

    async def room(self, *invited: str, encrypted: bool = False, direct: bool = False, **more: Any) -> str:
        body: Json = {"invite": list(invited), "is_direct": direct, "preset": "private_chat", **more}
        if encrypted:
            content = {"algorithm": "m.megolm.v1.aes-sha2"}
            body["initial_state"] = [{"type": "m.room.encryption", "state_key": "", "content": content}]
        answer = await self.call("POST", "createRoom", body=body)
        room = str(answer["room_id"])

        def is_there() -> bool:
            known = self.client.rooms.get(room)
            return known is not None and set(invited) <= set(known.users) and self.client.encrypts(room) is encrypted

        await eventually(is_there, what="the new room")
        return room

    async def join(self, room: str) -> None:
        await self.call("POST", "join", room, body={})
        await eventually(lambda: room in self.client.rooms, what="the joined room")

    async def says(self, room: str, text: str, **more: Any) -> str:
        return await self.sends(room, {"msgtype": "m.text", "body": text, **more})

    async def sends(self, room: str, content: Json, kind: str = "m.room.message") -> str:
        return await self.client.send_event(room, kind, content, f"test{next(_keys)}")

    async def in_thread(self, room: str, root: str, text: str, **more: Any) -> str:
        relation = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}}
        return await self.says(room, text, **{"m.relates_to": relation, **more})

    async def reacts(self, room: str, event: str, emoji: str) -> str:
        return await self.sends(room, annotation(event, emoji), "m.reaction")

    def messages(self, room: str) -> list[Json]:
        """What others said, edits left out."""
        return [event for event in self.seen.get(room, []) if _is_said(event) and event["sender"] != self.id]

    def texts(self, room: str) -> list[str]:
        return [event["content"].get("body", "") for event in self.messages(room)]

    def edits(self, room: str, event: str) -> list[Json]:
        return [
            one["content"]["m.new_content"]
            for one in self.seen.get(room, [])
            if _relation(one).get("rel_type") == "m.replace" and _relation(one).get("event_id") == event
        ]

    def reactions(self, room: str, event: str, by: str | None = None) -> list[str]:
        return [
            _relation(one)["key"]
            for one in self.seen.get(room, [])
            if one["type"] == "m.reaction" and _relation(one).get("event_id") == event and by in (None, one["sender"])
        ]

    def standing(self, room: str, event: str) -> list[str]:
        """The reactions that were not taken back."""
        gone = self.removed(room)
        given = [one for one in self.seen.get(room, []) if one["type"] == "m.reaction" and one["event_id"] not in gone]
        return [_relation(one)["key"] for one in given if _relation(one).get("event_id") == event]

    def removed(self, room: str) -> list[str]:
        """What was redacted there."""
        redactions = [one for one in self.seen.get(room, []) if one["type"] == "m.room.redaction"]
        return [str(one.get("redacts") or one["content"].get("redacts")) for one in redactions]

    async def sees(self, room: str, text: str, within: float = 20.0) -> Json:
        def find() -> Json | None:
            return next((event for event in reversed(self.messages(room)) if text in event["content"].get("body", "")), None)

        try:
            return await eventually(find, within)
        except AssertionError:
            raise AssertionError(f"{self.name} did not see {text!r} but {self.texts(room)}") from None

    async def _sync(self) -> None:
        filter_ = json.dumps({"room": {"timeline": {"limit": 100}}, "presence": {"types": []}})
        while True:
            try:
                sync = await self.client.http.call("GET", path("sync"), within=60, since=self._since, timeout=10000, filter=filter_)
            except Exception:
                await asyncio.sleep(0.2)
                continue
            self._take(sync)
            self._since = sync["next_batch"]
            await self.client.tend()

    def _take(self, sync: Json) -> None:
        self.client.take_in(sync)
        rooms = sync.get("rooms") or {}
        self.told += (sync.get("to_device") or {}).get("events") or []
        self.invites += list(rooms.get("invite") or {})
        self.left += list(rooms.get("leave") or {})
        for room, info in (rooms.get("join") or {}).items():
            self.unread[room] = (info.get("unread_notifications") or {}).get("notification_count", 0)
            for one in info["ephemeral"]["events"]:
                self._notice(one)
            for raw in info["timeline"]["events"]:
                clear = self.client.open(room, raw) if raw["type"] == "m.room.encrypted" and raw["content"] else raw
                event = {**(clear or raw), "encrypted": raw["type"] == "m.room.encrypted"}
                self.seen.setdefault(room, []).append(event)
            self.seen.setdefault(room, [])

    def _notice(self, ephemeral: Json) -> None:
        if ephemeral["type"] == "m.typing":
            self.typing += ephemeral["content"]["user_ids"]
        if ephemeral["type"] == "m.receipt":
            for event, readers in ephemeral["content"].items():
                self.read.setdefault(event, []).extend(readers.get("m.read") or {})


def _relation(event: Json) -> Json:
    return event["content"].get("m.relates_to") or {}


def _is_said(event: Json) -> bool:
    return event["type"] == "m.room.message" and bool(event["content"]) and _relation(event).get("rel_type") != "m.replace"
