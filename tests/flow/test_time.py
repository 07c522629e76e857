"""What happens by the clock, told as stories in virtual time; and the rating that ends them."""

import asyncio
import itertools
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app, upkeep
from bot.platforms.base import Batch
from handlers.desk import Reminders
from handlers.events import Sender
from handlers.situation import State, Ticket
from storage import database, schema, tables, tickets
from tests.faq import LJUBLJANA, TUESDAY, desk
from tests.flow.test_crash import DyingLoop, World, sent
from tests.stage import FakePlatform, Stage

TONE = Sender("tone", "Tone")
GOOD, POOR, MORE_HELP, SOLVED = "👍 Dobro", "👎 Slabo", "Potrebujem še pomoč", "Da, rešeno"


def on(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=LJUBLJANA)  # type: ignore[misc, arg-type]


async def until(stage: Stage, *moment: int) -> None:
    await stage.later(seconds=(on(*moment) - stage.now).total_seconds())


async def ticket(stage: Stage, number: int = 1) -> Ticket:
    async with stage.engine.begin() as tx:
        found = await tickets.by_number(tx, number)
    assert found is not None
    return found


def channel(stage: Stage) -> list[str]:
    """What the advisers saw in the main timeline."""
    return [seen.text for seen in stage.seen_by("staff") if seen.place.thread is None]


# — reminders —


async def test_a_ticket_that_nobody_claims_is_called_out_once_to_all_who_work_here(both_stages: Stage) -> None:
    stage = both_stages
    await stage.adviser("/vrsta", ticket=None)
    await stage.adviser("/vrsta", ticket=None, who=TONE)
    await stage.hears("ana", "Kje je pekarna?")

    await stage.later(minutes=29)
    assert "ni prevzel" not in stage.last("staff").text
    await stage.later(minutes=1)
    reminder = "Zadeve #1 še nihče ni prevzel. Odgovor je obljubljen do srede, 25. 11. 2026, do 10. ure."
    assert stage.thread(1)[-1] == reminder
    assert channel(stage)[-1] == f"@Maja @Tone {reminder}"

    await stage.later(days=4)
    assert [text for text in stage.texts("staff") if "ni prevzel." in text and "Dobro jutro" not in text] == [
        reminder,
        f"@Maja @Tone {reminder}",
    ]


@pytest.mark.parametrize(
    ("asked", "reminded"),
    [
        ((2026, 11, 24, 7, 0), (2026, 11, 24, 9, 30)),  # before opening
        ((2026, 11, 24, 14, 50), (2026, 11, 25, 9, 20)),  # over night
        ((2026, 11, 27, 14, 50), (2026, 11, 30, 9, 20)),  # over a weekend
        ((2026, 12, 24, 14, 50), (2026, 12, 28, 9, 20)),  # over Christmas
    ],
)
async def test_nobody_is_reminded_at_night_on_weekends_or_holidays(
    sqlite: AsyncEngine, asked: tuple[int, ...], reminded: tuple[int, ...]
) -> None:
    stage = Stage(sqlite, desk(), now=on(*asked))
    await stage.hears("ana", "Kje je pekarna?")
    await until(stage, *reminded)
    assert "ni prevzel" in stage.thread(1)[-1]
    assert not [seen for seen in stage.seen_by("staff") if "ni prevzel" in seen.text][2:]


async def test_whoever_claimed_a_ticket_and_does_not_answer_is_mentioned_once(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.later(minutes=10)
    await stage.adviser("/prevzemi")
    await stage.later(hours=3, minutes=59)
    assert not [text for text in stage.thread(1) if "še čaka" in text]
    await stage.later(minutes=1)
    assert stage.thread(1)[-1].startswith("@Maja Oseba v zadevi #1 še čaka na odgovor.")
    await stage.later(days=3)
    assert len([text for text in stage.thread(1) if "še čaka na odgovor" in text]) == 1


async def test_who_answers_in_time_is_reminded_of_nothing(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.later(minutes=20)
    await stage.adviser("Za vogalom.")
    seen = len(stage.seen_by("staff"))
    await stage.later(days=2)
    assert len(stage.seen_by("staff")) == seen


async def test_what_was_put_off_comes_back_on_its_day_and_rings_for_nothing_else(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/prevzemi")
    await stage.adviser("/odlozi petek")
    seen = len(stage.thread(1))
    await until(stage, 2026, 11, 27, 8, 59)
    assert len(stage.thread(1)) == seen
    await until(stage, 2026, 11, 27, 15, 0)
    assert stage.thread(1)[seen:] == ["@Maja Zadeva #1 je spet na vrsti, odlog se je iztekel. Odgovor je bil obljubljen "
                                      "do srede, 25. 11. 2026, do 10. ure; rok je mimo."]  # fmt: skip
    assert (await ticket(stage)).snoozed_until is None


async def test_the_morning_list_says_what_waits_who_has_it_and_what_was_promised(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.hears("bor", "Kje je čevljar?")
    await stage.hears("cene", "Kje je krojač?")
    await stage.hears("dana", "Kje je zlatar?")
    await stage.adviser("/prevzemi", ticket=2)
    await stage.adviser("/odlozi petek", ticket=3)
    await stage.adviser("V mestu.", ticket=4)

    await until(stage, 2026, 11, 25, 9, 0)
    assert channel(stage)[-1].splitlines() == [
        "Dobro jutro. Na nas čakata 2 zadevi:",
        "",
        "• #1 · Ana · Kje je pekarna? · čaka na nas · 24. 11. 2026 10.00. Odgovor je obljubljen danes do 10. ure.",
        "• #2 · Bor · Kje je čevljar? · ureja Maja · 24. 11. 2026 10.00. Odgovor je obljubljen danes do 10. ure.",
        "",
        "Odloženo:",
        "",
        "• #3 · Cene · Kje je krojač? · čaka na nas, odloženo do 27. 11. 2026 · 24. 11. 2026 10.00. "
        "Odgovor je obljubljen danes do 10. ure.",
    ]
    await until(stage, 2026, 11, 26, 8, 59)
    assert len([text for text in channel(stage) if "Dobro jutro" in text]) == 1


async def test_what_is_back_in_the_morning_is_listed_among_what_waits(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/odlozi jutri")
    await until(stage, 2026, 11, 25, 9, 0)
    assert channel(stage)[-1].startswith("Dobro jutro. Na nas čaka 1 zadeva:")
    assert "dloženo" not in channel(stage)[-1]


async def test_there_is_no_morning_list_when_nothing_waits_or_when_nobody_is_there(stage: Stage) -> None:
    await stage.later(days=10)
    assert not stage.seen_by("staff")
    await until(stage, 2026, 12, 4, 16, 0)  # a Friday
    await stage.hears("ana", "Kje je pekarna?")
    await until(stage, 2026, 12, 7, 8, 59)
    assert not channel(stage)


async def test_reminders_can_be_switched_off(sqlite: AsyncEngine) -> None:
    none = timedelta()
    stage = Stage(sqlite, desk(reminders=Reminders(none, none, none, none, morning=False, weekly=None)))
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    await stage.hears("bor", "Kje je čevljar?")
    seen = len(stage.platform.seen)
    await stage.later(days=30)
    assert len(stage.platform.seen) == seen


async def test_at_start_the_reminders_that_are_configured_now_are_in_effect(sqlite: AsyncEngine) -> None:
    before = Stage(sqlite, desk(reminders=Reminders(unclaimed=timedelta())))
    await before.hears("ana", "Kje je pekarna?")
    stage = Stage(sqlite, desk(), FakePlatform())
    await upkeep.set_again(sqlite, stage.desk)
    await stage.later(hours=1)
    assert "ni prevzel" in stage.thread(1)[-1]
    await upkeep.set_again(sqlite, stage.desk)
    await stage.later(minutes=5)
    assert len([text for text in stage.thread(1) if "ni prevzel" in text]) == 1


# — somebody who does not come back —


async def test_who_says_no_more_is_asked_once_and_the_ticket_closes_in_the_end(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    said = len(stage.texts("ana"))
    await stage.later(days=2, hours=23)
    assert len(stage.texts("ana")) == said
    await stage.later(hours=1)
    assert stage.last("ana").text.startswith("Vam je odgovor pomagal (zadeva #1)?")
    assert stage.last("ana").choices == [SOLVED, MORE_HELP]
    await stage.later(days=4)
    assert len(stage.texts("ana")) == said + 2
    assert stage.last("ana").text.startswith("Ker od vas ni bilo več sporočil, je zadeva #1 zaključena.")
    assert stage.last("ana").choices == [GOOD, POOR, MORE_HELP]
    assert "zaključeno, ker se oseba ni več oglasila" in stage.thread(1)[-1]
    closed = await ticket(stage)
    assert closed.state is State.CLOSED
    assert closed.closed_at == TUESDAY + timedelta(days=7)
    await stage.later(days=30)
    assert len(stage.texts("ana")) == said + 2


@pytest.mark.parametrize("said", [None, "da", "1"])
async def test_who_says_that_it_is_solved_closes_the_ticket(stage: Stage, said: str | None) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    await stage.later(days=3)
    await (stage.hears("ana", said) if said else stage.presses("ana", SOLVED))
    assert (await ticket(stage)).state is State.CLOSED
    assert stage.last("ana").choices == [GOOD, POOR, MORE_HELP]
    assert stage.thread(1)[-1] == "Zadeva #1: zaključeno, oseba pravi, da je rešena."


async def test_who_still_needs_help_is_our_turn_again(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    await stage.later(days=3)
    await stage.presses("ana", MORE_HELP)
    assert "Zadeva #1 ostaja odprta" in stage.last("ana").text
    assert "do ponedeljka, 30. 11. 2026, do 10. ure" in stage.last("ana").text
    assert stage.thread(1)[-1] == "@Maja Oseba pravi, da potrebuje še pomoč."
    assert (await ticket(stage)).state is State.CLAIMED
    await stage.later(days=3)
    assert [text for text in stage.thread(1) if "še čaka na odgovor" in text]
    await stage.later(days=10)
    assert (await ticket(stage)).is_open


async def test_who_writes_on_is_neither_asked_nor_sent_away(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    await stage.later(days=2)
    await stage.hears("ana", "Za katerim?")
    await stage.adviser("Za levim.")
    said = len(stage.texts("ana"))
    await stage.later(days=2, hours=23)
    assert len(stage.texts("ana")) == said
    await stage.later(days=4)
    assert (await ticket(stage)).is_open


# — what the person is told —


async def test_who_asks_when_the_desk_is_closed_reads_when_it_opens(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk(), now=on(2026, 12, 24, 16, 0))
    await stage.hears("ana", "Kje je pekarna?")
    assert "zdaj zaprta, spet odpremo v ponedeljek, 28. 12. 2026, ob 9. uri." in stage.last("ana").text
    assert "do ponedeljka, 28. 12. 2026, do 15. ure" in stage.last("ana").text
    await stage.hears("john", "what is the time")
    assert "opens again on Monday, 28 December 2026, at 9:00." in stage.last("john").text


async def test_who_asks_while_others_wait_reads_the_place_and_when_it_may_take_longer(stage: Stage) -> None:
    told = []
    for number, who in enumerate(["ana", "bor", "cene", "dana", "eva"], 1):
        await stage.hears(who, "Kje je pekarna?")
        told.append(stage.last(who).text)
        if number == 1:
            await stage.adviser("/prevzemi", ticket=1)
    assert "Pred vami" not in told[0]
    assert "zaprta" not in told[0]
    assert "Pred vami čaka 1 zadeva." in told[1]
    assert "Pred vami čakata 2 zadevi." in told[2]
    assert "lahko traja dlje" not in told[2]
    assert "Pred vami čakajo 3 zadeve. Vprašanj je zdaj veliko, zato lahko traja dlje kot navadno." in told[3]
    await stage.adviser("Za vogalom.", ticket=2)
    await stage.hears("eva", "/stanje")
    assert "Pred njo čakajo 3 zadeve." in stage.last("eva").text


async def test_the_person_is_told_once_when_an_adviser_takes_the_ticket(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/prevzemi")
    assert stage.last("ana").text == "Vašo zadevo #1 zdaj ureja Maja."
    await stage.adviser("/spusti")
    await stage.adviser("/prevzemi", who=TONE)
    await stage.hears("ana", "/stanje")
    assert [text for text in stage.texts("ana") if "zdaj ureja" in text] == ["Vašo zadevo #1 zdaj ureja Maja."]


async def test_who_is_answered_at_once_is_not_told_first_that_somebody_took_it(stage: Stage) -> None:
    await stage.hears("john", "what is the time")
    await stage.adviser("Noon.")
    assert not [text for text in stage.texts("john") if "working on" in text]


# — rating —


async def closed(stage: Stage) -> Stage:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    await stage.adviser("/zakljuci")
    return stage


async def test_one_tap_rates_the_help_and_never_a_second_time(both_stages: Stage) -> None:
    stage = await closed(both_stages)
    offered = stage.last("ana")
    assert offered.choices == [GOOD, POOR, MORE_HELP]
    await stage.presses("ana", GOOD)
    assert stage.last("ana").text.startswith("Hvala za oceno!")
    assert stage.thread(1)[-1] == "Oseba je pomoč ocenila: 👍"
    await stage.press(stage.person("ana"), stage.place("ana"), offered.order.choices[1].id, offered.id)
    assert "ne velja več" in stage.last("ana").text
    assert (await ticket(stage)).liked is True

    await stage.adviser("/odpri")
    await stage.adviser("/zakljuci")
    assert stage.last("ana").choices == [MORE_HELP]


@pytest.mark.parametrize(("typed", "liked"), [("👍", True), ("👎🏽", False), ("dobro", True), ("2", False)])
async def test_a_rating_can_be_typed(stage: Stage, typed: str, liked: bool) -> None:
    await closed(stage)
    await stage.hears("ana", typed)
    assert (await ticket(stage)).liked is liked


async def test_a_thumb_down_opens_the_ticket_again_if_the_person_wishes(stage: Stage) -> None:
    await closed(stage)
    await stage.presses("ana", POOR)
    assert stage.last("ana").choices == [MORE_HELP]
    assert (await ticket(stage)).state is State.CLOSED
    await stage.presses("ana", MORE_HELP)
    reopened = await ticket(stage)
    assert reopened.is_open
    assert reopened.liked is False
    await stage.hears("ana", "Tam je čevljar.")
    assert stage.thread(1)[-1] == "Ana: Tam je čevljar."


async def test_a_sentence_soon_after_the_rating_is_its_comment(both_stages: Stage) -> None:
    stage = await closed(both_stages)
    await stage.presses("ana", GOOD)
    await stage.later(minutes=9)
    await stage.hears("ana", "Hitro in prijazno.")
    assert (await ticket(stage)).comment == "Hitro in prijazno."
    assert stage.thread(1)[-1].endswith("Hitro in prijazno.")
    assert "zdaj pri svetovalni ekipi" in stage.last("ana").text
    assert stage.last("ana").choices == [MORE_HELP]
    await stage.hears("ana", "In še nekaj drugega")
    assert "zadeva #2" in stage.last("ana").text


@pytest.mark.parametrize(
    ("said", "later", "answered"),
    [
        ("Rada bi čevljarja, prosim?", 1, "zadeva #2"),  # it asks
        ("kje pa je čevljar", 1, "zadeva #2"),  # so does this
        ("kako odprem espe", 1, "Odgovor o sp-register."),  # the bot knows it
        ("davek na pse", 1, "Ne želim ugibati"),  # it may know it
        ("Hitro in prijazno.", 11, "zadeva #2"),  # too late for a comment
    ],
)
async def test_a_question_after_the_rating_is_a_question(stage: Stage, said: str, later: int, answered: str) -> None:
    await closed(stage)
    await stage.presses("ana", GOOD)
    await stage.later(minutes=later)
    await stage.hears("ana", said)
    assert answered in stage.last("ana").text
    assert (await ticket(stage)).comment == ""


async def test_who_is_forgotten_is_asked_for_no_rating(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.hears("ana", "/izbrisi")
    await stage.presses("ana", "Da, izbriši vse")
    said = len(stage.texts("ana"))
    await stage.later(days=10)
    assert len(stage.texts("ana")) == said
    assert stage.last("ana").choices == []
    assert not [text for text in stage.texts("staff") if "ni prevzel" in text]


# — restarts —


async def test_what_became_due_while_the_process_was_away_rings_when_it_is_back_and_once(both_stages: Stage) -> None:
    before = both_stages
    await before.hears("ana", "Kje je pekarna?")
    now = before.now + timedelta(hours=2)
    stage = Stage(before.engine, desk(), before.platform, now=now)
    await upkeep.ring(stage.engine, stage.desk, now)

    again = Stage(before.engine, desk(), before.platform, now=now)  # it died when the event was stored and not answered yet
    await again.rings()
    await again.later(hours=1)
    assert len([text for text in again.thread(1) if "ni prevzel" in text]) == 1


class Waits(World):
    """Hands nothing over, and is at its end when the clock has rung and everything that follows is done."""

    engine: AsyncEngine

    async def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        rung = select(func.count()).select_from(tables.inbox).where(tables.inbox.c.platform == "clock")
        while True:
            async with self.engine.begin() as tx:
                if await tx.scalar(rung):
                    break
            await asyncio.sleep(0.02)
        await self.settled()
        for batch in ():
            yield batch


async def _live(folder: Path) -> None:
    async with database.opened(f"sqlite:///{folder / 'desk.db'}") as engine:
        world = Waits(folder, True, lambda: app.settled(engine))
        world.engine = engine
        await app.run(engine, desk(), [world], clock=lambda: TUESDAY + timedelta(hours=1))


def _run(folder: Path, steps: int) -> int:
    """One life of the process, in a fork of this one; its exit status (9 when it died on the way)."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        with asyncio.Runner(loop_factory=lambda: DyingLoop(steps)) as runner:
            runner.run(_live(folder))
        status = 0
    finally:
        os._exit(status)


async def _an_hour_ago(folder: Path) -> None:
    """A desk where somebody asked an hour ago and an adviser is known."""
    async with database.opened(f"sqlite:///{folder / 'desk.db'}") as engine:
        await schema.upgrade(engine)
        stage = Stage(engine, desk())
        await stage.adviser("/vrsta", ticket=None)
        await stage.hears("ana", "Kje je pekarna?")


def test_dying_anywhere_forgets_no_reminder_and_repeats_none(tmp_path: Path) -> None:
    assert _try_all_points(tmp_path, stride=89) > 4


@pytest.mark.long
def test_dying_at_every_single_step_forgets_no_reminder_and_repeats_none(tmp_path: Path) -> None:
    print(f"\n{_try_all_points(tmp_path, stride=1)} crash points, 0 reminders forgotten, 0 repeated")


def _try_all_points(tmp_path: Path, stride: int) -> int:
    start = tmp_path / "start"
    start.mkdir()
    asyncio.run(_an_hour_ago(start))
    for tried, steps in enumerate(itertools.count(1, stride)):
        folder = tmp_path / str(steps)
        shutil.copytree(start, folder)
        status = _run(folder, steps)
        assert status in (0, 9)
        if status == 9:
            assert _run(folder, -1) == 0
        seen = Counter(row["text"] for row in sent(folder) if "ni prevzel" in row["text"])
        assert sorted(seen.values()) == [1, 1], f"died at step {steps}"  # in the ticket's thread, and in the main timeline
        if status == 0:
            return tried
    raise AssertionError("unreachable")
