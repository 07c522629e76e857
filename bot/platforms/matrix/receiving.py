"""What the homeserver hands over: synced from our own cursor, gaps filled, decrypted, read; the cursor moves when all of it is stored."""

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.platforms.base import Batch
from bot.platforms.matrix import errands, reading
from bot.platforms.matrix.client import Client, Json, NotReached, ServerError, path
from bot.platforms.matrix.errands import Errands
from bot.platforms.matrix.keeping import Carried, Keeping, Locked
from bot.platforms.matrix.rooms import Rooms
from handlers.events import Event, Illegible, Message, Place, Press, Reaction, Removal, Sender, Unreadable

log = logging.getLogger(__name__)

_PAGE = 100
_MOST_PAGES = 200
_POLL = 30.0
_FILTER = json.dumps(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {"timeline": {"limit": _PAGE}, "ephemeral": {"types": []}, "account_data": {"types": []}, "include_leave": False},
    },
    separators=(",", ":"),
)
_LONGEST_PAUSE = 30.0
_SEEN_OWN = 5000
PATIENCE = timedelta(minutes=2)
"""How long we wait for a missing key before the person is asked to write again."""

_KEEP_LOCKED = timedelta(days=7)
_ASK_AGAIN = timedelta(hours=1)

Read = Event | Unreadable


class Receiving:
    def __init__(
        self,
        client: Client,
        rooms: Rooms,
        keeping: Keeping,
        errands: Errands,
        clock: Callable[[], datetime],
        log_in_again: Callable[[ServerError], Awaitable[None]],
        patience: timedelta = PATIENCE,
    ) -> None:
        self.client = client
        self.rooms = rooms
        self.keeping = keeping
        self.errands = errands
        self.clock = clock
        self.log_in_again = log_in_again
        self.patience = patience
        self.reached_at: datetime | None = None
        self._own: OrderedDict[str, bool] = OrderedDict()
        """Event → whether it is ours, for the replies in shared rooms."""
        self._settled: set[str] = set()
        """Locked events whose sender need not be asked any more."""

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        pause, first = 1.0, True
        while True:
            try:
                sync = await self._sync(cursor, first)
                events, opened = await self._read(sync, cursor, first)
            except (ServerError, NotReached) as error:
                if isinstance(error, ServerError) and error.status == 401:
                    await self.log_in_again(error)
                wait = max(pause, getattr(error, "retry_after", None) or 0)
                log.warning("the homeserver does not answer, again in %d s: %s", wait, error)
                await asyncio.sleep(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            self.reached_at = self.clock()
            arrived = [carried for carried in self.keeping.carried() if self.rooms.is_in(carried.room, carried.person)]
            yield Batch((*events, *map(self._carried_on, arrived)), sync["next_batch"])
            cursor, pause, first = sync["next_batch"], 1.0, False
            self.keeping.unlock(opened)
            for carried in arrived:
                self.keeping.set_down(carried.room)
            self.rooms.ready = True
            self.errands.after(events, sync)
            await self.client.tend()

    async def _sync(self, cursor: str | None, first: bool) -> Json:
        timeout = 0.0 if first or cursor is None else min(_POLL, self.patience.total_seconds() / 2 if self._waits() else _POLL)
        sync = await self.client.http.call(
            "GET",
            path("sync"),
            within=timeout + 60,
            filter=_FILTER,
            since=cursor,
            full_state="true" if first else None,
            timeout=int(timeout * 1000),
            set_presence="offline",
        )
        if not isinstance(sync.get("next_batch"), str):
            raise NotReached("a sync without a token")
        return sync

    def _waits(self) -> bool:
        return any(locked.event not in self._settled for locked in self.keeping.locked())

    async def _read(self, sync: Json, cursor: str | None, first: bool) -> tuple[list[Read], list[str]]:
        """All events of a sync, and which of the locked ones are among them."""
        rooms = sync.get("rooms") or {}
        left = {room: self.rooms.view(room) for room in rooms.get("leave") or {}}
        sessions = self.client.take_in(sync)
        events, opened = await self._unlocked(None if first else sorted(sessions))
        for room, info in (rooms.get("join") or {}).items():
            events += await self._room(room, info, cursor)
        for room, info in (rooms.get("leave") or {}).items():
            events += [event for raw in _timeline(info) if _is_about(raw, self.client.user_id) and (event := _left(raw, left[room]))]
        for room, info in (rooms.get("invite") or {}).items():
            self.errands.invited(room, info)
        return [*events, *self._illegible()], opened

    async def _room(self, room: str, info: Json, cursor: str | None) -> list[Read]:
        await self.errands.joined(room)
        if cursor is None:
            return []  # what was said before the bot's first start
        timeline = info.get("timeline") or {}
        raws = _timeline(info)
        if timeline.get("limited") and timeline.get("prev_batch"):
            raws = [*await self._gap(room, str(timeline["prev_batch"]), cursor), *raws]
        events = []
        for raw in reading.since_invited(raws, self.client.user_id):
            event = await self._event(room, raw)
            if event is not None:
                events.append(event)
        return events

    async def _gap(self, room: str, start: str, until: str) -> list[Any]:
        """What was said between two syncs and did not fit into the second, oldest first."""
        found: list[Any] = []
        for _ in range(_MOST_PAGES):
            query = {"from": start, "to": until, "dir": "b", "limit": _PAGE}
            try:
                page = await self.client.http.call("GET", path("rooms", room, "messages"), within=60, **query)
            except ServerError as error:
                if error.status in (403, 404):
                    break
                raise
            chunk = page.get("chunk") or []
            found += chunk
            here = reading.since_invited(found[::-1], self.client.user_id)
            if not chunk or not page.get("end") or len(here) < len(found):
                break
            start = str(page["end"])
        else:
            log.error("more was said in a room than can be read again")
        return found[::-1]

    async def _event(self, room: str, raw: Any) -> Read | None:
        if not isinstance(raw, dict) or not isinstance(raw.get("event_id"), str):
            return reading.read_event(raw if isinstance(raw, dict) else {"raw": raw}, self.rooms.view(room))
        if raw.get("sender") == self.client.user_id:
            self._remember(raw["event_id"], True)
            return None
        if raw.get("type") == "m.room.tombstone" and raw.get("state_key") == "":
            self.errands.upgraded(room, raw)
        if raw.get("type") != "m.room.encrypted" or not raw.get("content"):
            return await self._clear(room, raw)  # an encrypted event without content was removed
        try:
            clear = self.client.open(room, raw)
        except ValueError as error:
            return Unreadable(raw["event_id"], json.dumps(raw), str(error))
        if clear is not None and await self._is_the_senders(room, raw):
            return await self._clear(room, clear)
        if (raw.get("content") or {}).get("algorithm"):
            self.keeping.lock_away(room, str((raw.get("content") or {}).get("session_id")), raw, self.clock())
            await self.client.ask_for_key(room, raw)
            log.warning("an event in %s cannot be decrypted yet", room)
        return None

    async def _clear(self, room: str, raw: Json) -> Read | None:
        view = self.rooms.view(room, str(raw.get("sender")))
        if errands.asks_for_verification(raw):
            self.errands.decline(room, raw)
        event = reading.read_event(raw, view)
        match event:
            case Reaction(message=message, emoji=emoji) if choice := self.keeping.choice(message, emoji):
                shared = not view.direct and not view.staff
                thread = await self._thread_of(room, message) if shared else None
                return reading.pressed(event, choice, thread)
            case Reaction(message=message) if view.direct or view.staff:
                self.keeping.give(str(raw["event_id"]), message)
                return event
            case Removal(message=reaction) if target := self.keeping.given(reaction):
                return reading.taken_back(event, target)
            case Message(addressed=False, reply_to=str(message)) if await self._is_ours(room, message):
                return replace(event, addressed=True)
            case Message(addressed=True) | Press() | Unreadable():
                return event
            case _:
                return event if view.direct or view.staff else None  # what others say among themselves is none of our business

    async def _is_the_senders(self, room: str, raw: Json) -> bool:
        if await self.client.belongs(room, raw):
            return True
        log.warning("an event in %s was not encrypted by a device of its sender", room)
        return False

    def _carried_on(self, carried: Carried) -> Message:
        """Somebody has come into the private chat that was opened for them: as if they had followed a link with their word."""
        view = self.rooms.view(carried.room, carried.person)
        id = f"carried {carried.key}"
        sender = Sender(carried.person, view.names.get(carried.person) or carried.person[1:].partition(":")[0])
        return Message(key=id, place=Place(reading.NAME, view.id), sender=sender, at=self.clock(), id=id, text=f"/start {carried.word}")

    async def _thread_of(self, room: str, event: str) -> str | None:
        try:
            raw = await self.client.http.call("GET", path("rooms", room, "event", event))
        except ServerError:
            return None
        relation = (raw.get("content") or {}).get("m.relates_to") or {}
        return str(relation["event_id"]) if relation.get("rel_type") == "m.thread" else None

    async def _is_ours(self, room: str, event: str) -> bool:
        if event not in self._own:
            try:
                raw = await self.client.http.call("GET", path("rooms", room, "event", event))
                self._remember(event, raw.get("sender") == self.client.user_id)
            except ServerError:
                return False
        return self._own[event]

    def _remember(self, event: str, ours: bool) -> None:
        self._own[event] = ours
        while len(self._own) > _SEEN_OWN:
            self._own.popitem(last=False)

    async def _unlocked(self, sessions: list[str] | None) -> tuple[list[Read], list[str]]:
        """Events that can be read now that their key has come."""
        if sessions is not None and not sessions:
            return [], []
        events: list[Read] = []
        opened: list[str] = []
        for locked in self.keeping.locked(sessions):
            try:
                clear = self.client.open(locked.room, dict(locked.raw))
            except ValueError as error:
                events.append(Unreadable(locked.event, json.dumps(locked.raw), str(error)))
                opened.append(locked.event)
                continue
            if clear is None or not await self._is_the_senders(locked.room, dict(locked.raw)):
                continue
            opened.append(locked.event)
            if event := await self._clear(locked.room, clear):
                log.info("an event in %s could be decrypted after all", locked.room)
                events.append(event)
        return events, opened

    def _illegible(self) -> list[Read]:
        """Whoever wrote what could not be read for a while is asked once to write again; the event is kept, its key may still come."""
        now = self.clock()
        events: list[Read] = []
        for locked in self.keeping.locked():
            if now - locked.since > _KEEP_LOCKED:
                self.keeping.unlock([locked.event])
            elif locked.event not in self._settled and now - locked.since >= self.patience:
                self._settled.add(locked.event)
                if self._is_to_be_asked(locked, now) and (event := self._asking(locked)):
                    events.append(event)
        return events

    def _is_to_be_asked(self, locked: Locked, now: datetime) -> bool:
        if not self.rooms.is_direct(locked.room) and not self.rooms.is_staff(locked.room):
            return False
        sender = str(locked.raw.get("sender"))
        last = self.keeping.last_asked(locked.room, sender)
        self.keeping.ask(locked.room, sender, now)
        return last is None or (last < locked.since and now - last > _ASK_AGAIN)

    def _asking(self, locked: Locked) -> Event | None:
        happened = reading.happened(locked.raw, self.rooms.view(locked.room, str(locked.raw.get("sender"))))
        if happened is None:
            return None
        return Illegible(**happened | {"key": f"{locked.event} illegible"}, id=locked.event)


def _timeline(info: Json) -> list[Any]:
    events = (info.get("timeline") or {}).get("events")
    return events if isinstance(events, list) else []


def _is_about(raw: Any, user: str) -> bool:
    return isinstance(raw, Mapping) and raw.get("type") == "m.room.member" and raw.get("state_key") == user


def _left(raw: Json, view: reading.Room) -> Read | None:
    return reading.read_event(raw, view)
