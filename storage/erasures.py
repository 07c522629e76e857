"""Who asked to be forgotten, as hashes: a backup that is restored has to forget them again."""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import erasures

_THREAD = "thread"
"""In the place of a platform."""


class Mark(NamedTuple):
    """One erasure. Who comes back and is erased once more has two."""

    person: str
    """Names nobody by itself; whoever knows an id can see that it was erased."""
    at: datetime

    def __str__(self) -> str:
        return f"{self.person} {self.at.astimezone(UTC).isoformat()}"


def read_mark(line: str) -> Mark:
    """What `str` made of one. Raises ValueError."""
    if not (found := re.fullmatch(r"([0-9a-f]{64}) (\S+[+]00:00)", line)):
        raise ValueError(line)
    return Mark(found[1], datetime.fromisoformat(found[2]))


def hashed(platform: str, person: str) -> str:
    return hashlib.sha256(f"{platform}\n{person}".encode(errors="replace")).hexdigest()


async def note(tx: AsyncConnection, platform: str, person: str, now: datetime) -> None:
    await add(tx, (Mark(hashed(platform, person), now),))


async def note_thread(tx: AsyncConnection, thread: str, now: datetime) -> None:
    """So that whoever writes in it can be told why nothing follows."""
    await note(tx, _THREAD, thread, now)


async def was_thread(tx: AsyncConnection, thread: str | None) -> bool:
    """Of a ticket that was erased with its person."""
    found = select(erasures.c.number).where(erasures.c.person == hashed(_THREAD, thread or "")).limit(1)
    return thread is not None and await tx.scalar(found) is not None


async def add(tx: AsyncConnection, marks: Iterable[Mark]) -> None:
    for new in sorted(marks):
        await tx.execute(insert(erasures).values(person=new.person, at=new.at))


async def all_marks(tx: AsyncConnection) -> list[Mark]:
    found = select(erasures.c.person, erasures.c.at).order_by(erasures.c.at, erasures.c.person)
    return [Mark(*row) for row in await tx.execute(found)]
