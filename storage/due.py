"""What is due, and when: kept with the tickets, so that a restart forgets no reminder and repeats none."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import CLOCK, Due, Sender
from handlers.situation import Alarm
from storage.database import insert_new
from storage.tables import due, tickets

_DESK = 0


async def set_for(tx: AsyncConnection, ticket: int | None, alarms: Sequence[Alarm]) -> None:
    """These, in place of what has not rung yet; one that has rung stays so."""
    number = ticket or _DESK
    await tx.execute(delete(due).where(due.c.ticket == number, due.c.rung.is_(False)))
    for alarm in alarms:
        await insert_new(tx, due, {"ticket": number, "what": alarm.what, "at": alarm.at, "rung": False})


async def ring(tx: AsyncConnection, now: datetime) -> list[Due]:
    """What is due by now, as events that come from the clock, oldest first, the tickets before the desk; it does not ring again."""
    is_due = (due.c.rung.is_(False), due.c.at <= now)
    rows = (await tx.execute(select(due).where(*is_due).order_by(due.c.at, due.c.ticket == _DESK, due.c.ticket, due.c.what))).all()
    await tx.execute(update(due).where(*is_due).values(rung=True))
    return [
        Due(
            key=f"{row.what}:{row.ticket}:{row.at.isoformat()}",
            place=CLOCK,
            sender=Sender(""),
            at=now,
            what=row.what,
            ticket=row.ticket or None,
        )
        for row in rows
    ]


async def pass_over(tx: AsyncConnection, now: datetime) -> None:
    """What is due by now never rings."""
    await tx.execute(update(due).where(due.c.rung.is_(False), due.c.at <= now).values(rung=True))


async def next_at(tx: AsyncConnection) -> datetime | None:
    at: datetime | None = await tx.scalar(select(func.min(due.c.at)).where(due.c.rung.is_(False)))
    return at


async def forget(tx: AsyncConnection, before: datetime) -> None:
    """What belongs to tickets that are not kept any more, and what rang for the desk as a whole before that time."""
    await tx.execute(delete(due).where(due.c.ticket != _DESK, due.c.ticket.not_in(select(tickets.c.number))))
    await tx.execute(delete(due).where(due.c.ticket == _DESK, due.c.rung.is_(True), due.c.at < before))
