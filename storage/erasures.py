"""Who asked to be forgotten, as hashes: a backup that is restored has to forget them again."""

import hashlib
import re
from collections.abc import Set
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import erasures

_THREAD = "thread"
"""In the place of a platform."""


def mark(platform: str, person: str) -> str:
    """Names nobody by itself; whoever knows an id can see that it was erased."""
    return hashlib.sha256(f"{platform}\n{person}".encode(errors="replace")).hexdigest()


def is_mark(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}", text) is not None


async def note(tx: AsyncConnection, platform: str, person: str, now: datetime) -> None:
    await tx.execute(insert(erasures).values(person=mark(platform, person), at=now))


async def note_thread(tx: AsyncConnection, thread: str, now: datetime) -> None:
    """So that whoever writes in it can be told why nothing follows."""
    await note(tx, _THREAD, thread, now)


async def was_thread(tx: AsyncConnection, thread: str | None) -> bool:
    """Of a ticket that was erased with its person."""
    found = select(erasures.c.number).where(erasures.c.person == mark(_THREAD, thread or "")).limit(1)
    return thread is not None and await tx.scalar(found) is not None


async def add(tx: AsyncConnection, marks: Set[str], now: datetime) -> None:
    """Those that are not noted yet."""
    for new in sorted(marks - set(await all_marks(tx))):
        await tx.execute(insert(erasures).values(person=new, at=now))


async def all_marks(tx: AsyncConnection) -> list[str]:
    return list(await tx.scalars(select(erasures.c.person).distinct().order_by(erasures.c.person)))
