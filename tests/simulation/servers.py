"""The platforms, as their servers see it: they outlive every process."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from bot.platforms.base import Batch, File, NotSent, Receipt, Refused, ThreadGone, TooLarge, Unknown, Unreachable
from handlers.events import Attachment, Event, Sender, Unreadable
from handlers.orders import Choice, OpenThread, Order, Relay, Say, destination
from tests.stage import _text

LABEL = "(možna ponovitev)"


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Faults:
    """How often what goes wrong, of a hundred; nothing does while it is quiet."""

    chance: Random
    quiet: bool = False
    log: list[str] | None = None

    def strike(self, name: str, percent: float) -> bool:
        struck = not self.quiet and self.chance.random() * 100 < percent
        if struck and self.log is not None:
            self.log.append(f"! {name}")
        return struck


@dataclass(frozen=True)
class Effect:
    """Something that somebody sees."""

    key: str
    room: str
    thread: str | None
    text: str
    order: Order
    id: str
    first: bool
    """Not a repeat of what was there already."""


class Server:
    """`idempotent`: the same key sent twice arrives once, as on Matrix."""

    lanes = 4
    ends = False
    lists_waiting = False
    direct_link: str | None = None
    reached_at: datetime | None = None

    def __init__(self, name: str, idempotent: bool, faults: Faults, log: list[str]) -> None:
        self.name = name
        self.idempotent = idempotent
        self.faults = faults
        self.log = log
        self.lists_waiting = idempotent
        self.effects: list[Effect] = []
        self.pending: list[Event | Unreadable] = []
        self.done: list[Event | Unreadable] = []
        self.gone: set[str] = set()
        """Rooms of people who have blocked the bot."""
        self.threads: set[str] = set()
        self.dropped: set[str] = set()
        """Threads that somebody has deleted."""
        self._ids = itertools.count(1)
        self._by_key: dict[str, Receipt] = {}

    def batch(self) -> Batch:
        """What is not confirmed yet, sometimes with something that was, sometimes not in order of rooms."""
        events = self.pending[: self.faults.chance.randrange(1, 4)]
        if self.done and self.faults.strike("redelivered", 10):
            events = [self.faults.chance.choice(self.done[-5:]), *events]
        return Batch(tuple(events), str(len(self.done)))

    def confirm(self, batch: Batch) -> None:
        for event in batch.events:
            if event in self.pending:
                self.pending.remove(event)
                self.done.append(event)

    async def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        for batch in ():
            yield batch

    async def fetch(self, attachment: Attachment) -> File:
        raise TooLarge

    async def may_advise(self, sender: Sender) -> bool:
        if self.faults.strike("no answer about members", 2):
            raise NotSent("members unknown")
        return sender.id.startswith("adviser")

    async def send(self, order: Order, key: str, files: Sequence[File] = ()) -> Receipt:
        room = destination(order)[1]
        if self.faults.strike("died before sending", 1.5):
            raise Crash
        if room in self.gone:
            raise Unreachable
        if self.faults.strike("not sent", 4):
            raise NotSent("out of reach", timedelta(seconds=self.faults.chance.choice((1, 5, 40))))
        if self.faults.strike("refused", 0.5) and isinstance(order, Say | Relay) and self._is_new(key):
            raise Refused("can't parse entities")
        thread = getattr(getattr(order, "place", None), "thread", None)
        if thread in self.dropped:
            raise ThreadGone
        receipt = self._effect(order, key, room, thread)
        if self.faults.strike("died after sending", 1.5):
            raise Crash
        if self.faults.strike("answer lost", 3):
            raise Unknown("timed out")
        return receipt

    def _is_new(self, key: str) -> bool:
        return key not in self._by_key

    def _effect(self, order: Order, key: str, room: str, thread: str | None) -> Receipt:
        known = self._by_key.get(key)
        if known is not None and self.idempotent:
            return known
        id = f"{self.name}{next(self._ids)}"
        if isinstance(order, OpenThread):
            thread = f"t{order.ticket}.{id}"
            self.threads.add(thread)
        text = _text(order)
        self.effects.append(Effect(key, room, thread, text, order, id, known is None))
        self.log.append(f"{self.name} {room} {thread or '-'} {type(order).__name__} {text[:60]!r}")
        self._by_key.setdefault(key, Receipt(id, thread if isinstance(order, OpenThread) else None))
        return Receipt(id, thread if isinstance(order, OpenThread) else None)

    def seen_in(self, room: str) -> list[Effect]:
        return [effect for effect in self.effects if effect.room == room]

    def sent(self, key: str) -> bool:
        return key in self._by_key

    def offers(self, room: str) -> list[tuple[Effect, Choice]]:
        """What can be pressed in the last messages of a room."""
        last = self.seen_in(room)[-4:]
        return [(effect, choice) for effect in last for choice in getattr(effect.order, "choices", ()) if choice.id]
