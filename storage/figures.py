"""How much there is of what, counted now: for whoever watches over the desk. Nothing about any one person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import inbox, outbox, tickets


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, and since when the oldest of it."""

    size: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    tickets: Mapping[str, int]
    """By state."""
    inbox: Queue
    quarantined: int
    outbox: Mapping[str, Queue]
    """By platform."""


async def read(tx: AsyncConnection) -> Figures:
    by_state = await tx.execute(select(tickets.c.state, func.count().label("size")).group_by(tickets.c.state))
    unsent = await tx.execute(
        select(outbox.c.platform, func.count(), func.min(outbox.c.created_at))
        .where(outbox.c.state.in_(("waiting", "sending", "unknown")))
        .group_by(outbox.c.platform)
    )
    return Figures(
        tickets={row.state: row.size for row in by_state},
        inbox=await unanswered(tx),
        quarantined=await tx.scalar(select(func.count()).select_from(inbox).where(inbox.c.state == "quarantined")) or 0,
        outbox={platform: Queue(size, since) for platform, size, since in unsent},
    )


async def unanswered(tx: AsyncConnection) -> Queue:
    """The events that wait to be answered."""
    size, since = (await tx.execute(select(func.count(), func.min(inbox.c.received_at)).where(inbox.c.state == "waiting"))).one()
    return Queue(size, since)
