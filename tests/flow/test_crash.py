"""The process dies at every step along the road and is started again: no question is lost, none is answered twice.

A child process runs the real loops on an event loop that ends it (`os._exit`) at its N-th step. Between two steps lies every `await`
that waits and every commit, so N runs through all points at which a process can die. What the platform has seen and handed over stands
in files of its own, as it would on a server.
"""

import asyncio
import itertools
import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from bot import app
from bot.platforms.base import Batch, File, Receipt
from handlers.events import Attachment, Event, Message, Place, Press, Sender
from handlers.orders import OpenThread, Order, destination
from storage import database, schema
from tests.faq import desk
from tests.stage import _text

_AT = app.utc_now()

STORY: tuple[Event, ...] = (
    Message(key="1", place=Place("fake", "ana"), sender=Sender("ana", "Ana"), at=_AT, id="1", text="kako odprem espe"),
    Message(key="2", place=Place("fake", "bor"), sender=Sender("bor", "Bor"), at=_AT, id="2", text="Kje je pekarna?"),
    Message(key="2", place=Place("fake", "bor"), sender=Sender("bor", "Bor"), at=_AT, id="2", text="Kje je pekarna?"),
    Message(key="3", place=Place("fake", "staff", "t1"), sender=Sender("maja", "Maja"), at=_AT, id="3", text="Za vogalom."),
    Message(key="4", place=Place("fake", "ana"), sender=Sender("ana", "Ana"), at=_AT, id="4", text="davek"),
    Press(key="5", place=Place("fake", "ana"), sender=Sender("ana", "Ana"), at=_AT, number=3),
    Message(key="6", place=Place("fake", "bor"), sender=Sender("bor", "Bor"), at=_AT, id="6", text="Za katerim vogalom?"),
)


_LABEL = "(možna ponovitev)"
_HARMLESS = ("Mark", "ShowState")  # twice is the same as once
_MUST_BE_SEEN = (
    "Odgovor o sp-register",
    "zadeva #1",
    "Svetovanje (Maja): Za vogalom.",
    "Ne želim ugibati",
    "zadeva #2",
    "Bor: Za katerim vogalom?",
)


class World:
    """A platform whose server outlives the process: it repeats what was not confirmed and keeps what was sent."""

    name = "fake"
    lanes = 4
    ends = True
    lists_waiting = False
    direct_link: str | None = None

    def __init__(self, folder: Path, idempotent: bool, settled: Callable[[], Awaitable[None]]) -> None:
        self.idempotent = idempotent
        self.reached_at = app.utc_now()
        self.settled = settled
        self.log = folder / "sent.jsonl"

    async def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        for number in range(int(cursor or 0), len(STORY)):
            # The adviser answers in a thread that must be there first, as in life.
            if STORY[number].place.room == "staff":
                await self.settled()
            yield Batch((STORY[number],), str(number + 1))
        await self.settled()

    async def send(self, order: Order, key: str, files: object = ()) -> Receipt:
        rows = self.sent()
        if self.idempotent and (row := next((row for row in rows if row["key"] == key), None)):
            return Receipt(row["id"], row["thread"])
        thread = f"t{order.ticket}" if isinstance(order, OpenThread) else None
        row = {
            "id": f"m{len(rows)}",
            "thread": thread,
            "key": key,
            "kind": type(order).__name__,
            "room": destination(order)[1],
            "text": _text(order),
        }
        _lasts()
        with self.log.open("a") as log:
            log.write(json.dumps(row) + "\n")
        _lasts()
        await asyncio.sleep(0)
        return Receipt(row["id"], thread)

    async def fetch(self, attachment: Attachment) -> File:
        raise NotImplementedError

    async def may_advise(self, sender: Sender) -> bool:
        return True

    def sent(self) -> list[dict[str, str]]:
        return sent(self.log.parent)


def sent(folder: Path) -> list[dict[str, str]]:
    log = folder / "sent.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


class DyingLoop(asyncio.SelectorEventLoop):
    """An event loop that ends the process at its N-th step."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def _run_once(self) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(9)
        super()._run_once()  # type: ignore[misc]


class Lasting:
    """Counts the moments before and after everything that outlives the process: a commit, a message sent. It dies at the N-th of them."""

    left = -1

    def __call__(self, _: object = None) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(9)


_lasts = Lasting()


async def _live(folder: Path, idempotent: bool) -> None:
    async with database.opened(f"sqlite:///{folder / 'desk.db'}") as engine:
        # A transaction begins after the commit before it, so both sides of every commit are there.
        event.listen(engine.sync_engine, "begin", _lasts)
        event.listen(engine.sync_engine, "commit", _lasts)
        await schema.upgrade(engine)
        await app.run(engine, desk(), [World(folder, idempotent, lambda: app.settled(engine, 0.2))])


def _run(folder: Path, idempotent: bool, *, steps: int = -1, lasting: int = -1) -> int:
    """One life of the process, in a fork of this one; its exit status (9 when it died on the way)."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        _lasts.left = lasting
        with asyncio.Runner(loop_factory=lambda: DyingLoop(steps)) as runner:
            runner.run(_live(folder, idempotent))
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


@pytest.mark.parametrize("idempotent", [False, True], ids=["label repeats", "platform drops repeats"])
def test_dying_anywhere_loses_no_question_and_answers_none_twice(tmp_path: Path, idempotent: bool) -> None:
    assert _try_all_points(tmp_path, idempotent, "steps", stride=150) > 15


@pytest.mark.long
@pytest.mark.parametrize("idempotent", [False, True], ids=["label repeats", "platform drops repeats"])
def test_dying_before_and_after_everything_that_lasts_loses_no_question_and_answers_none_twice(tmp_path: Path, idempotent: bool) -> None:
    """Between two of these points a process can die at any step: it leaves the same behind."""
    print(f"\n{_try_all_points(tmp_path, idempotent, 'lasting', stride=1)} crash points, 0 lost, 0 answered twice")


def _try_all_points(tmp_path: Path, idempotent: bool, counted: str, stride: int) -> int:
    for tried, point in enumerate(itertools.count(1, stride)):
        folder = tmp_path / str(point)
        folder.mkdir()
        status = _run(folder, idempotent, **{counted: point})
        if status == 0:
            return tried
        assert status == 9, f"it did not die at {counted} {point} but ended with {status}"
        if tried % 2:
            _run(folder, idempotent, steps=150)  # it dies a second time, soon after the start
        assert _run(folder, idempotent) == 0
        _check(folder, f"died at {counted} {point}", twice=bool(tried % 2) and not idempotent)
    raise AssertionError("unreachable")


def _check(folder: Path, where: str, *, twice: bool) -> None:
    """`twice`: two deaths around one send, so a person's message may be given up, if the advisers were told."""
    seen = sent(folder)
    texts = [row["text"] for row in seen if row["kind"] != "ShowState"]
    copies = Counter((row["room"], row["text"]) for row in seen if row["kind"] not in _HARMLESS and _LABEL not in row["text"])
    assert max(copies.values()) == 1, f"unlabelled duplicate, {where}"
    told = sum("ni bilo mogoče dostaviti" in text or "Ni poslano" in text for text in texts)
    lost = [said for said in _MUST_BE_SEEN if not any(said in text for text in texts)]
    assert len(lost) <= (told if twice else 0), f"{lost} lost, {where}"
    rows = sqlite3.connect(folder / "desk.db")
    try:
        assert rows.execute("SELECT count(*) FROM inbox WHERE state != 'done'").fetchone() == (0,), where
        assert rows.execute("SELECT count(*) FROM outbox WHERE state != 'sent'").fetchone()[0] <= told, where
        assert rows.execute("SELECT count(*) FROM tickets").fetchone() == (2,), where
    finally:
        rows.close()
