"""The whole desk on a real database with a fake platform, in virtual time: what a story needs to be told in a few lines."""

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot import intake, upkeep
from bot.answering import Answering
from bot.delivery import Delivery
from bot.platforms.base import Batch, File, Receipt
from handlers.desk import Desk
from handlers.events import Attachment, Event, Message, MessageRef, Place, Press, Sender, Unreadable
from handlers.orders import Change, Mark, OpenThread, Order, Quote, Relay, Remove, Say, SendFile, ShowState, Text, destination
from knowledge import markup
from storage import due
from tests.faq import STAFF, TUESDAY

ADVISER = Sender("maja", "Maja")


@dataclass(frozen=True)
class Seen:
    """Something that somebody saw."""

    place: Place
    text: str
    order: Order
    id: str

    @property
    def choices(self) -> list[str]:
        return [choice.label for choice in getattr(self.order, "choices", ())]


class FakePlatform:
    """Keeps what it is told to send; raises what the test puts into `troubles`, one a send to that room."""

    name = "fake"
    lanes = 4
    ends = False
    lists_waiting = False
    direct_link: str | None = None

    def __init__(self, idempotent: bool = False) -> None:
        self.idempotent = idempotent
        self.seen: list[Seen] = []
        self.troubles: dict[str, list[Exception | None]] = {}
        self.advisers: set[str] | None = None
        self.reached_at: datetime | None = None
        self.lost_answer = False
        self._ids = itertools.count(1)
        self._by_key: dict[str, Receipt] = {}

    async def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        for batch in ():
            yield batch

    async def fetch(self, attachment: Attachment) -> File:
        return File(attachment.name, attachment.kind, "application/octet-stream", attachment.ref.encode())

    async def send(self, order: Order, key: str, files: Sequence[File] = ()) -> Receipt:
        if (troubles := self.troubles.get(destination(order)[1])) and (trouble := troubles.pop(0)):
            if self.lost_answer:
                self._keep(order, key)
            raise trouble
        return self._keep(order, key)

    async def may_advise(self, sender: Sender) -> bool:
        return self.advisers is None or sender.id in self.advisers

    def _keep(self, order: Order, key: str) -> Receipt:
        if self.idempotent and key in self._by_key:
            return self._by_key[key]
        id = f"m{next(self._ids)}"
        thread = f"t{order.ticket}" if isinstance(order, OpenThread) else None
        platform, room = destination(order)
        place = Place(platform, room, thread or getattr(getattr(order, "place", None), "thread", None))
        self.seen.append(Seen(place, _text(order), order, id))
        self._by_key[key] = Receipt(id, thread)
        return self._by_key[key]


@dataclass
class Stage:
    engine: AsyncEngine
    desk: Desk
    platform: FakePlatform = field(default_factory=FakePlatform)
    now: datetime = TUESDAY

    def __post_init__(self) -> None:
        ids = (f"id{number}" for number in itertools.count(1))
        self.new_id: Callable[[], str] = lambda: next(ids)
        self.keys = itertools.count(1)
        self.answering = Answering(self.engine, {"fake": self.platform}, self.desk, lambda: self.now, new_id=self.new_id)
        self.delivery = Delivery(self.engine, self.platform, {"fake": self.platform}, self.desk, lambda: self.now, new_id=self.new_id)

    async def hears(self, who: str, text: str, **more: Any) -> None:
        """A person says something, and everything that follows happens."""
        await self.happens(self.message(who, text, **more))

    async def adviser(self, text: str, ticket: int | None = 1, who: Sender = ADVISER, **more: Any) -> str:
        """An adviser writes in a ticket's thread (or in the channel); the message's id."""
        place = replace(STAFF, thread=f"t{ticket}" if ticket else None)
        number = next(self.keys)
        await self.happens(Message(key=f"k{number}", place=place, sender=who, at=self.now, id=f"a{number}", text=text, **more))
        return f"a{number}"

    async def presses(self, who: str, label: str, **more: Any) -> None:
        """The person presses the newest button with this label."""
        for seen in reversed(self.seen_by(who)):
            for choice in getattr(seen.order, "choices", ()):
                if choice.label == label:
                    return await self.press(self.person(who), self.place(who), choice.id, seen.id)
        raise AssertionError(f"nobody offered {who} {label!r}: {[seen.choices for seen in self.seen_by(who)]}")

    async def press(self, sender: Sender, place: Place, choice: str, message: str | None = None) -> None:
        await self.happens(Press(key=f"k{next(self.keys)}", place=place, sender=sender, at=self.now, choice=choice, message=message))

    async def happens(self, *events: Event | Unreadable) -> None:
        await intake.store(self.engine, "fake", Batch(events), self.desk, self.now)
        await self.settle()

    async def settle(self) -> None:
        while await self.answering.step() or await self.delivery.step():
            pass

    async def later(self, **time: float) -> None:
        """Time passes, and what is due on the way happens when it is due."""
        until = self.now + timedelta(**time)
        while (next_at := await self.rings()) is not None and next_at <= until:
            self.now = next_at
        self.now = until
        await self.settle()

    async def rings(self) -> datetime | None:
        """What is due now happens; when something is due next."""
        await upkeep.ring(self.engine, self.desk, self.now)
        await self.settle()
        async with self.engine.begin() as tx:
            return await due.next_at(tx)

    def message(self, who: str, text: str, **more: Any) -> Message:
        number = next(self.keys)
        values = {
            "key": f"k{number}",
            "place": self.place(who),
            "sender": self.person(who),
            "at": self.now,
            "id": f"p{number}",
            "text": text,
        }
        return Message(**(values | more))

    def place(self, who: str) -> Place:
        return Place("fake", who)

    def person(self, who: str) -> Sender:
        return Sender(who, who.capitalize())

    def seen_by(self, who: str) -> list[Seen]:
        return [seen for seen in self.platform.seen if seen.place.room == who and not isinstance(seen.order, ShowState)]

    def texts(self, who: str) -> list[str]:
        return [seen.text for seen in self.seen_by(who)]

    def last(self, who: str) -> Seen:
        return self.seen_by(who)[-1]

    def thread(self, ticket: int) -> list[str]:
        """What the advisers saw in a ticket's thread."""
        return [seen.text for seen in self.seen_by("staff") if seen.place == replace(STAFF, thread=f"t{ticket}")]

    def marks(self, message: str) -> list[str]:
        orders = [seen.order for seen in self.platform.seen]
        return [order.sign for order in orders if isinstance(order, Mark) and order.message == MessageRef("fake", "staff", message)]


def _text(order: Order) -> str:
    match order:
        case Say(parts=parts) | OpenThread(parts=parts) | Change(parts=parts) | SendFile(parts=parts):
            said = [
                markup.plain(part.markdown) if isinstance(part, Text) else part.text for part in parts if isinstance(part, Text | Quote)
            ]
            called = "".join(f"@{adviser.name} " for adviser in getattr(order, "mentions", ()))
            return called + "\n\n".join(said)
        case Relay(author=author, text=text, note=note):
            return f"{note} {author}: {text}".strip()
        case Mark(text=text):
            return text
        case ShowState(state=state):
            return f"[{state}]"
        case Remove():
            return "[removed]"
        case _:
            return type(order).__name__
