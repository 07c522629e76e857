"""Who asked to be forgotten, as hashes: a backup that is restored has to forget them again."""

import hashlib
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import erasures


def mark(platform: str, person: str) -> str:
    """Names nobody by itself; whoever knows an id can see that it was erased."""
    return hashlib.sha256(f"{platform}\n{person}".encode(errors="replace")).hexdigest()


async def note(tx: AsyncConnection, platform: str, person: str, now: datetime) -> None:
    await tx.execute(insert(erasures).values(person=mark(platform, person), at=now))


async def all_marks(tx: AsyncConnection) -> list[str]:
    return list(await tx.scalars(select(erasures.c.person).distinct().order_by(erasures.c.person)))
