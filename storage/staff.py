"""Who works at the desk, and whom it does not answer."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import Sender
from handlers.situation import Block
from storage.database import clean_row, put
from storage.tables import advisers, blocks


async def seen(tx: AsyncConnection, platform: str, adviser: Sender, now: datetime) -> None:
    await put(tx, advisers, clean_row({"platform": platform, "id": adviser.id, "name": adviser.name, "seen_at": now}))


async def known(tx: AsyncConnection, platform: str) -> tuple[Sender, ...]:
    rows = await tx.execute(select(advisers).where(advisers.c.platform == platform).order_by(advisers.c.name))
    return tuple(Sender(row.id, row.name) for row in rows)


async def block_of(tx: AsyncConnection, platform: str, person: str) -> Block | None:
    row = (await tx.execute(select(blocks).where(blocks.c.platform == platform, blocks.c.person == person))).first()
    return Block(row.platform, Sender(row.person, row.name), row.reason, row.who, row.at) if row else None


async def blocked(tx: AsyncConnection) -> tuple[Block, ...]:
    rows = await tx.execute(select(blocks).order_by(blocks.c.at))
    return tuple(Block(row.platform, Sender(row.person, row.name), row.reason, row.who, row.at) for row in rows)


async def block(tx: AsyncConnection, block: Block) -> None:
    row = {"platform": block.platform, "person": block.person.id, "name": block.person.name}
    await put(tx, blocks, clean_row(row | {"reason": block.reason, "who": block.who, "at": block.at}))


async def unblock(tx: AsyncConnection, block: Block) -> None:
    await tx.execute(delete(blocks).where(blocks.c.platform == block.platform, blocks.c.person == block.person.id))
