"""Two processes on one database: when the active one is killed, paused or cut off, the other goes on, and nothing is lost or doubled."""

import asyncio
import random
import signal
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import text

from storage import database, schema
from tests.platforms.botapi import BotApi, Person
from tests.platforms.telegram.desk import ANSWER, QUESTION, Desk
from tests.wire import Wire, wired

LABEL = "(možna ponovitev)"
WITHIN = 20.0


@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.long)])
async def test_the_one_that_stands_by_takes_over_within_twenty_seconds(api: BotApi, tmp_path: Path, postgres: str, rounds: int) -> None:
    await _emptied(postgres)
    staff = api.group("Svetovalci", forum=True)
    person = api.user("Ana")
    async with wired(postgres) as one, wired(postgres) as other:
        ends = [_End(wire, Desk(tmp_path / name, api.url, staff.id, storage=wire.url)) for name, wire in (("a", one), ("b", other))]
        took = await _rounds(rounds, ends, api, person, postgres)

    assert max(took) <= WITHIN
    answers = [text for text in api.texts(person) if ANSWER in text]
    unlabelled = [text for text in answers if LABEL not in text]
    assert len(unlabelled) <= rounds + 1 <= len(answers)  # what was on its way when the process died may come again, and says so
    async with database.opened(postgres) as engine, engine.begin() as tx:
        assert await tx.scalar(text("SELECT epoch FROM leases")) == rounds + 1
        assert await tx.scalar(text("SELECT count(*) FROM inbox WHERE state != 'done'")) == 0
    took.sort()
    print(f"{rounds} takeovers: 0 lost, 0 unlabelled duplicates, median {took[len(took) // 2]:.1f} s, longest {took[-1]:.1f} s")


class _End(NamedTuple):
    wire: Wire
    desk: Desk


def _killed(end: _End) -> None:
    assert end.desk.process
    end.desk.process.send_signal(signal.SIGKILL)


def _paused(end: _End) -> None:
    assert end.desk.process
    end.desk.process.send_signal(signal.SIGSTOP)


def _cut_off(end: _End) -> None:
    end.wire.cut()


async def _rounds(rounds: int, ends: list[_End], api: BotApi, person: Person, postgres: str) -> list[float]:
    """Seconds that each takeover took; the faults take turns."""
    chance, took = random.Random(rounds), []
    active, waiting = ends
    for end in ends:
        end.desk.folder.mkdir()
    await active.desk.start()
    await person.says(QUESTION)
    await _until_answered(postgres, 1)
    for number in range(2, rounds + 2):
        await waiting.desk.start()
        await _until_in_log(waiting.desk, "standing by")
        await person.says(QUESTION)
        await asyncio.sleep(chance.uniform(0, 0.1))
        (_killed, _paused, _cut_off)[number % 3](active)
        begun = time.monotonic()
        # Answered before it fell silent, or by the other: either way the other has to be there in time.
        await _until_in_log(waiting.desk, "active: lease", 40)
        await _until_answered(postgres, number)
        took.append(time.monotonic() - begun)
        assert active.desk.process is not None
        if active.desk.process.returncode is None:
            active.desk.process.send_signal(signal.SIGCONT)
        await asyncio.wait_for(active.desk.process.wait(), 20)
        active.wire.mend()
        (active.desk.folder / "log").rename(active.desk.folder / f"log.{number}")
        active, waiting = waiting, active
    assert await active.desk.stop() == 0
    return took


async def test_a_database_that_restarts_is_waited_for(api: BotApi, tmp_path: Path, postgres: str) -> None:
    await _emptied(postgres)
    staff, person = api.group("Svetovalci", forum=True), api.user("Ana")
    async with wired(postgres) as wire:
        desk = Desk(tmp_path, api.url, staff.id, storage=wire.url)
        await desk.start()
        await person.says(QUESTION)
        await _until_answered(postgres, 1)
        for number in (2, 3):
            wire.drop()
            await person.says(QUESTION)
            await asyncio.sleep(3)
            wire.mend()
            await _until_answered(postgres, number)
            await asyncio.sleep(4)  # the lease is renewed meanwhile: with the database away for longer, another process would take over
        assert "nobody foresaw" not in desk.log()
        assert await desk.stop() == 0
    assert sum(ANSWER in text for text in api.texts(person)) == 3


async def test_a_second_process_on_the_same_file_is_refused(api: BotApi, tmp_path: Path) -> None:
    staff = api.group("Svetovalci", forum=True)
    first, second = (Desk(tmp_path, api.url, staff.id) for _ in range(2))
    await first.start()
    await api.until(lambda: bool(api.called("getUpdates")), 30)
    await second.start()
    assert second.process is not None
    assert await asyncio.wait_for(second.process.wait(), 30) == 2
    assert "another process runs the desk" in second.log()
    assert await first.stop() == 0


async def _until_answered(url: str, questions: int, within: float = WITHIN + 40) -> None:
    """Until so many questions are answered, and nothing is left to be said."""
    left = (
        "SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting') + (SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'failed'))"
    )
    async with database.opened(url, reading=True) as engine, asyncio.timeout(within):
        while True:
            async with engine.begin() as tx:
                if await tx.scalar(text("SELECT count(*) FROM questions")) == questions and await tx.scalar(text(left)) == 0:
                    return
            await asyncio.sleep(0.1)


async def _until_in_log(desk: Desk, words: str, within: float = 30) -> None:
    async with asyncio.timeout(within):
        while words not in desk.log():  # noqa: ASYNC110 — another process writes it
            await asyncio.sleep(0.1)


async def _emptied(postgres: str) -> None:
    async with database.opened(postgres) as engine, engine.begin() as tx:
        await tx.execute(text("DROP SCHEMA public CASCADE"))
        await tx.execute(text("CREATE SCHEMA public"))
    async with database.opened(postgres) as engine:
        await schema.upgrade(engine)
