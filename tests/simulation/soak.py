"""`python -m tests.simulation.soak --messages 1000000`: a desk that is busy for half a year, and what memory it needs meanwhile.

The real code on a real SQLite file, with the shipped FAQ by words alone; the platform and the clock are played. 1,500 messages come in a
virtual day: questions with slips of the pen, words that nobody has written before, presses, advisers who answer and close; more than twice
as many go out, and all are counted. People stay for ten days, then others come. What is kept long enough is deleted hourly, as in a real
process.
"""

import argparse
import asyncio
import gc
import json
import logging
import os
import sys
import tempfile
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import intake, upkeep
from bot.platforms.base import Batch, Receipt
from handlers.desk import Desk
from handlers.events import Event, Place, Press, Reaction
from handlers.orders import Choice, OpenThread, Order, ShowState, destination
from handlers.situation import State
from knowledge import content, matching, trained
from storage import database, schema
from tests.faq import STAFF, desk
from tests.measures.noise import mistyped
from tests.simulation.__main__ import memory
from tests.simulation.quick import without_threads
from tests.stage import ADVISER, FakePlatform, Stage

A_DAY = 1500
AT_ONCE = 25
READINGS = 20
PEOPLE, NEW_A_DAY = 300, 30
_KEPT = 2000
"""So many rooms and threads the platform remembers; the desk does not know."""


class Forgetful(FakePlatform):
    """Remembers only what can still be pressed or answered, so that what grows is the desk's."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: OrderedDict[str, tuple[str, tuple[Choice, ...]]] = OrderedDict()
        self.threads: deque[str] = deque()
        """Of tickets that nobody has dealt with."""
        self.last: OrderedDict[str, str] = OrderedDict()
        """The newest message in each person's room."""
        self.sent = 0

    def _keep(self, order: Order, key: str) -> Receipt:
        self.sent += 1
        id, room = f"m{self.sent}", destination(order)[1]
        if isinstance(order, OpenThread):
            self.threads.append(f"t{order.ticket}.{id}")
            return Receipt(id, self.threads[-1])
        if isinstance(order, ShowState) and order.state == State.WAITING and (thread := order.place.thread) and not self._is_listed(thread):
            self.threads.append(thread)  # the person has opened it again, or has more to say
        if room != STAFF.room:
            _remember(self.last, room, id)
            if choices := tuple(choice for choice in getattr(order, "choices", ()) if choice.id):
                _remember(self.offers, room, (id, choices))
        return Receipt(id)

    def _is_listed(self, thread: str) -> bool:
        return thread in self.threads or f"+{thread}" in self.threads


def _remember(kept: OrderedDict[str, Any], room: str, value: object) -> None:
    kept[room] = value
    kept.move_to_end(room)
    if len(kept) > _KEPT:
        kept.popitem(last=False)


@dataclass(frozen=True)
class Reading:
    taken: int
    sent: int
    days: int
    memory: float
    """MB that the process holds."""
    file: float
    """MB of the database."""
    rows: int
    """In the inbox, the outbox, tickets and questions."""


class Crowd:
    """People and advisers; what they write depends on the seed alone."""

    def __init__(self, stage: Stage, platform: Forgetful, questions: list[str], seed: int) -> None:
        self.stage, self.platform, self.questions = stage, platform, questions
        self.chance = Random(seed)
        self.days = 0

    def batch(self) -> Iterator[Event]:
        for _ in range(AT_ONCE):
            yield self._replies() if len(self.platform.threads) > 20 else self._somebody()

    def _somebody(self) -> Event:
        stage, who = self.stage, f"p{self.days * NEW_A_DAY + self.chance.randrange(PEOPLE)}"
        match self.chance.choices(("ask", "strange", "press", "react"), (60, 15, 20, 5))[0]:
            case "press" if who in self.platform.offers:
                message, choices = self.platform.offers[who]
                return Press(**self._by(who), choice=self.chance.choice(choices).id, message=message)
            case "react" if who in self.platform.last:
                return Reaction(**self._by(who), message=self.platform.last[who], emoji="👍")
            case "strange":
                words = " ".join("".join(self.chance.choices("abcčdefghijklmnoprsštuvzž", k=8)) for _ in range(5))
                return stage.message(who, f"Kje dobim {words}?")
            case _:
                question = self.chance.choice(self.questions)
                return stage.message(who, mistyped(question) if self.chance.random() < 0.3 else question)

    def _replies(self) -> Event:
        """Each ticket gets a reply, the next time it is dealt with a last word."""
        thread = self.platform.threads.popleft()
        answered = thread.startswith("+")
        if not answered:
            self.platform.threads.append(f"+{thread}")
        words = "/zakljuci Lep pozdrav" if answered else f"Odgovor {self.chance.random()}"
        number = next(self.stage.keys)
        place = Place(STAFF.platform, STAFF.room, thread.removeprefix("+"))
        return self.stage.message("x", words, key=f"k{number}", id=f"a{number}", place=place, sender=ADVISER)

    def _by(self, who: str) -> dict[str, object]:
        stage = self.stage
        return {"key": f"k{next(stage.keys)}", "place": stage.place(who), "sender": stage.person(who), "at": stage.now}


async def play(folder: Path, messages: int, the_desk: Desk, observe: Callable[[Reading], None], seed: int = 1) -> None:
    """Until so many messages have come in and gone out; a reading with each of `READINGS`. Raises AssertionError when one has no end."""
    platform = Forgetful()
    async with database.opened(f"sqlite:///{folder / 'soak.db'}") as engine:
        without_threads(engine)
        await schema.upgrade(engine)
        stage = Stage(engine, the_desk, platform)
        crowd = Crowd(stage, platform, _questions(), seed)
        begun, hour = stage.now, stage.now
        taken = read = 0
        while taken + platform.sent < messages:
            await intake.store(engine, platform.name, Batch(tuple(crowd.batch())), stage.desk, stage.now)
            await stage.settle()
            taken += AT_ONCE
            stage.now += timedelta(days=1) * AT_ONCE / A_DAY
            crowd.days = (stage.now - begun).days
            if stage.now - hour >= timedelta(hours=1):
                hour = stage.now
                await upkeep.ring(engine, stage.desk, stage.now)
                await upkeep.expire(engine, stage.desk, stage.now)
                await stage.settle()
            if taken + platform.sent >= messages * (read + 1) // READINGS:
                read += 1
                observe(await _read(engine, folder, taken, platform.sent, crowd.days))
        await _all_dealt_with(engine)


def shipped() -> Desk:
    faq = content.load(Path("knowledge/faq"), ("sl", "en"))
    matcher = matching.train(faq, matching.Settings(semantic=False, cache=trained.cache_folder()))
    return desk(matcher, faq, keep_closed=timedelta(days=90))  # type: ignore[arg-type]


def _questions() -> list[str]:
    return [json.loads(line)["text"] for line in Path("tests/questions/dev.jsonl").read_text().splitlines()]


async def _read(engine: AsyncEngine, folder: Path, taken: int, sent: int, days: int) -> Reading:
    gc.collect()
    async with engine.begin() as tx:
        counts = [await tx.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("inbox", "outbox", "tickets", "questions")]
    return Reading(taken, sent, days, _resident() / 1e6, (folder / "soak.db").stat().st_size / 1e6, sum(map(int, counts)))


def _resident() -> int:
    """Bytes of this process in memory; Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


async def _all_dealt_with(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        for table, ended in (("inbox", "('done')"), ("outbox", "('sent')")):
            left = await tx.scalar(text(f"SELECT count(*) FROM {table} WHERE state NOT IN {ended}"))
            assert left == 0, f"{left} rows of {table} without an end"


def growth(found: list[Reading]) -> float:
    """How much more memory the last fifth of the readings shows than the second fifth, as a share; the first fifth is for warming up."""
    fifth = len(found) // 5
    early, late = (sum(one.memory for one in part) / len(part) for part in (found[fifth : 2 * fifth], found[-fifth:]))
    return late / early - 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--most", type=float, default=0.05, help="the share by which memory may grow")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    begun = time.monotonic()
    found: list[Reading] = []

    def observe(one: Reading) -> None:
        found.append(one)
        print(f"| {one.taken:,} | {one.sent:,} | {one.days} | {one.memory:.1f} | {one.file:.0f} | {one.rows:,} |", flush=True)

    print("| taken in | sent | virtual days | memory, MB | database, MB | rows |\n| --: | --: | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory(prefix="soak-", dir=memory()) as folder:
        asyncio.run(play(Path(folder), options.messages, shipped(), observe))
    grown = growth(found)
    print(f"memory {grown:+.1%} from the second fifth to the last, {time.monotonic() - begun:.0f} s")
    return int(grown > options.most)


if __name__ == "__main__":
    sys.exit(main())
