"""A working day: three advisers, ten people, two platforms, from the opening to the next morning's list; -s prints its transcript."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import intake
from bot.answering import Answering
from bot.delivery import Delivery
from bot.platforms.base import Batch
from handlers.events import Event, Message, Place, Press, Sender, Unreadable
from handlers.orders import Mark, ShowState
from handlers.situation import DraftState, State, Ticket
from storage import drafts, tables, tickets
from tests.faq import LJUBLJANA, desk
from tests.stage import FakePlatform, Seen, Stage

CHANNEL = Place("telegram", "staff")
MAJA, TONE, NEZA = (Sender(name.lower(), name) for name in ("Maja", "Tone", "Neža"))
ON_MATRIX = {"bor", "dana", "filip", "hana", "jan"}
ON_TELEGRAM = {"ana", "cene", "eva", "gaja", "ivo"}
NOTES = ("pri občini", "kličem jutri")


class Named(FakePlatform):
    def __init__(self, name: str, seen: list[Seen]) -> None:
        super().__init__()
        self.name = name
        self.seen = seen


class Day(Stage):
    """Both platforms, seen in the order in which things happened; the staff channel is on Telegram."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.platforms = {name: Named(name, self.platform.seen) for name in ("telegram", "matrix")}
        self.answering = Answering(self.engine, self.platforms, self.desk, lambda: self.now, new_id=self.new_id)
        self.deliveries = [
            Delivery(self.engine, platform, self.platforms, self.desk, lambda: self.now, new_id=self.new_id)
            for platform in self.platforms.values()
        ]
        self.transcript: list[str] = []
        self._told = 0

    async def at(self, hour: int, minute: int = 0, day: int = 24) -> None:
        moment = datetime(2026, 11, day, hour, minute, tzinfo=LJUBLJANA)
        await self.later(seconds=(moment - self.now).total_seconds())

    def place(self, who: str) -> Place:
        return Place("matrix" if who in ON_MATRIX else "telegram", who)

    async def adviser(self, text: str, ticket: int | None = 1, who: Sender = MAJA, **more: Any) -> str:
        place, number = replace(CHANNEL, thread=f"t{ticket}" if ticket else None), next(self.keys)
        await self.happens(Message(key=f"k{number}", place=place, sender=who, at=self.now, id=f"a{number}", text=text, **more))
        return f"a{number}"

    async def adviser_presses(self, label: str, who: Sender, ticket: int | None = None) -> None:
        for seen in reversed(self.seen_by("staff")):
            for choice in getattr(seen.order, "choices", ()):
                if choice.label == label and ticket in (None, choice.ticket):
                    return await self.press(who, replace(CHANNEL, thread=seen.place.thread), choice.id, seen.id)
        raise AssertionError(f"nobody offered {label!r}")

    async def happens(self, *events: Event | Unreadable) -> None:
        for event in events:
            self._tell(event)
        await intake.store(self.engine, events[0].place.platform, Batch(events), self.desk, self.now)  # type: ignore[union-attr]
        await self.settle()

    async def settle(self) -> None:
        while await self.answering.step() or any([await delivery.step() for delivery in self.deliveries]):
            self._show()

    def _tell(self, event: Event | Unreadable) -> None:
        match event:
            case Message(place=place, sender=sender, text=text):
                self._line(_where(place), sender.name, text)
            case Press(place=place, sender=sender, choice=id):
                offered = (choice for seen in self.platform.seen for choice in getattr(seen.order, "choices", ()))
                self._line(_where(place), sender.name, f"[{next(choice.label for choice in offered if choice.id == id)}]")

    def _show(self) -> None:
        new, self._told = self.platform.seen[self._told :], len(self.platform.seen)
        for seen in new:
            if not isinstance(seen.order, ShowState | Mark) and seen.text:
                buttons = "".join(f"\n[{label}]" for label in seen.choices)
                self._line(_where(seen.place), "bot", seen.text + buttons)

    def _line(self, where: str, who: str, text: str) -> None:
        first, *rest = [line for line in text.splitlines() if line.strip()] or [""]
        self.transcript.append(f"{self.now.astimezone(LJUBLJANA):%H:%M} {where:16} {who}: {first}")
        self.transcript += [f"{'':23} {line}" for line in rest]

    def channel(self) -> list[str]:
        return [seen.text for seen in self.seen_by("staff") if seen.place.thread is None]

    def thread(self, ticket: int) -> list[str]:
        return [seen.text for seen in self.seen_by("staff") if seen.place.thread == f"t{ticket}"]

    async def state(self, number: int) -> State:
        async with self.engine.begin() as tx:
            found = await tickets.by_number(tx, number)
        assert isinstance(found, Ticket)
        return found.state


def _where(place: Place) -> str:
    if place.room != CHANNEL.room:
        return f"{place.platform} {place.room}"
    return f"advisers #{place.thread.removeprefix('t')}" if place.thread else "advisers"


@pytest.fixture
async def day(sqlite: AsyncEngine) -> Day:
    return Day(sqlite, desk(staff=CHANNEL), now=datetime(2026, 11, 24, 9, 0, tzinfo=LJUBLJANA))


async def the_morning(day: Day) -> None:
    """Everybody comes at once: one is answered, four tickets are opened and worked on."""
    for adviser in (MAJA, TONE, NEZA):
        await day.adviser("/vrsta", ticket=None, who=adviser)
    await day.hears("ana", "kako odprem espe")
    await day.presses("ana", "Da, hvala")
    await day.at(9, 5)
    await day.hears("bor", "Kje dobim prostor za atelje?")
    await day.hears("cene", "davek na honorar")
    await day.presses("cene", "Nič od tega")
    await day.at(9, 10)
    await day.hears("dana", "What about the visa for a residency?")
    await day.hears("eva", "/svetovalec")
    await day.hears("eva", "Kdo sofinancira kratki film?")
    await day.at(9, 15)
    await day.adviser_presses("Prevzemi", MAJA, ticket=1)
    await day.adviser("// Preverim pri občini.", 1, MAJA)
    await day.adviser("Občina oddaja ateljeje v nekdanji šoli.", 1, MAJA)
    await day.at(9, 20)
    await day.adviser("Za honorar velja odbitek stroškov.", 2, TONE)
    await day.adviser("/claim", 3, NEZA)
    await day.adviser("You need a residence permit first.", 3, NEZA)
    await day.at(9, 45)  # nobody has claimed Eva's ticket for half an hour
    await day.adviser("/prevzemi", 4, NEZA)
    await day.adviser("/predaj Maja", 4, NEZA)
    await day.adviser("/opomba Na film se spoznam, kličem jutri.", 4, MAJA)
    await day.adviser("/odlozi jutri", 4, MAJA)


async def the_rest_of_the_day(day: Day) -> None:
    """Closing, rating, reopening, a draft and its approval; and somebody who comes just before closing time."""
    await day.at(10)
    await day.hears("bor", "Hvala, rešeno")
    await day.presses("bor", "👍 Dobro")
    await day.adviser("/predlog", 1, MAJA)
    await day.adviser_presses("Nov vnos", MAJA)
    await day.adviser_presses("Odobri", TONE)
    await day.at(10, 30)
    await day.adviser("/zakljuci Srečno!", 2, TONE)
    await day.presses("cene", "👎 Slabo")
    await day.hears("cene", "Premalo podrobno.")
    await day.presses("cene", "Potrebujem še pomoč")
    await day.hears("cene", "Koliko znaša odbitek?")
    await day.adviser("Odbitek je desetina honorarja.", 2, TONE)
    await day.at(11)
    await day.hears("filip", "Kdo mi pomaga zaščititi znamko?")
    await day.hears("gaja", "živjo")
    await day.hears("gaja", "/teme")
    await day.hears("gaja", "/preklici")
    await day.hears("hana", "Si robot?")
    await day.adviser("Znamko prijavite pri Uradu za intelektualno lastnino.", 5, NEZA)
    await day.adviser("/predlog vnos", 5, NEZA)
    await day.adviser("/zavrni 2", None, TONE)
    await day.at(11, 30)
    await day.hears("ivo", "Kje kupim les?")
    await day.adviser("Na žagi.", 6, TONE)
    await day.adviser("In pri mizarjih.", 6, TONE)
    await day.adviser("/zakljuci", 6, TONE)
    await day.at(14, 50)
    await day.hears("jan", "Kje dobim mentorja?")


async def test_after_a_working_day_nobody_is_without_an_answer_and_no_note_has_left(day: Day) -> None:
    await the_morning(day)
    await the_rest_of_the_day(day)
    await day.at(9, 0, day=25)
    print("\n" + "\n".join(day.transcript))

    people = ON_TELEGRAM | ON_MATRIX
    assert all(day.texts(who) for who in people)
    assert [await day.state(number) for number in range(1, 8)] == [
        *(State.CLOSED, State.ANSWERED, State.ANSWERED, State.CLAIMED),
        *(State.ANSWERED, State.CLOSED, State.WAITING),
    ]
    assert "do srede, 25. 11. 2026" in day.texts("jan")[-1]

    leaked = [text for who in people for text in day.texts(who) if any(note.lower() in text.lower() for note in NOTES)]
    assert leaked == []
    assert all(seen.place.platform == day.place(seen.place.room).platform for seen in day.platform.seen if seen.place != CHANNEL)

    relayed = [text.partition(": ")[2] for text in day.texts("ivo") if text.startswith("Svetovanje")]
    assert relayed == ["Na žagi.", "In pri mizarjih."]
    assert [text for text in day.texts("cene") if text.startswith("Svetovanje")] == [
        "Svetovanje (Tone): Za honorar velja odbitek stroškov.",
        "Svetovanje (Tone): Srečno!",
        "Svetovanje (Tone): Odbitek je desetina honorarja.",
    ]


async def test_the_advisers_see_who_has_what_and_the_next_morning_what_waits(day: Day) -> None:
    await the_morning(day)
    assert "@Maja @Neža @Tone Zadeve #4 še nihče ni prevzel." in " ".join(day.channel())
    assert "Neža jo predaja. Zdaj jo ureja Maja." in " ".join(day.thread(4))

    await the_rest_of_the_day(day)
    assert "Oseba je pomoč ocenila: 👍" in day.thread(1)
    assert "Oseba je k oceni pripisala:\n\nPremalo podrobno." in day.thread(2)
    assert day.texts("gaja")[-1].startswith("Prekinjeno.")
    assert "Oseba je zadevo #2 znova odprla." in " ".join(day.thread(2))
    async with day.engine.begin() as tx:
        (draft,) = await drafts.in_states(tx, [DraftState.APPROVED])
        (refused,) = await drafts.in_states(tx, [DraftState.REJECTED])
        waiting = (await tx.execute(select(tables.outbox).where(tables.outbox.c.state != "sent"))).all()
    assert refused.wording == ""
    assert (draft.author.name, draft.decided_by and draft.decided_by.name) == ("Maja", "Tone")
    assert waiting == []

    await day.at(9, 0, day=25)
    (morning,) = [text for text in day.channel() if text.startswith("Dobro jutro")]
    assert "#7" in morning
    assert "#4" in morning
    assert "Zadeva #4 je spet na vrsti" in " ".join(day.thread(4))
