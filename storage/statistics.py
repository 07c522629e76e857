"""What the report is made of: read from what is kept, and counted before that is deleted."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.figures import Asked, Figures, Handled, Key, What
from handlers.hours import Hours
from storage.database import put
from storage.tables import conversations, questions, statistics, ticket_lines, tickets


async def read(tx: AsyncConnection, since: datetime) -> Figures:
    """All that happened since then."""
    in_time = or_(tickets.c.opened_at >= since, tickets.c.answered_at >= since, tickets.c.closed_at >= since)
    return Figures(
        asked=await _asked(tx, questions.c.at >= since, with_words=True),
        handled=await _handled(tx, in_time),
        kept=await _kept(tx, since.date()),
    )


async def keep_questions(tx: AsyncConnection, condition: ColumnElement[bool], hours: Hours) -> None:
    """Count those that are about to be deleted: what, how often, on which day; not who."""
    await _add(tx, Figures(asked=await _asked(tx, condition)), hours)


async def keep_tickets(tx: AsyncConnection, condition: ColumnElement[bool], hours: Hours) -> None:
    await _add(tx, Figures(handled=await _handled(tx, condition)), hours)


async def _add(tx: AsyncConnection, figures: Figures, hours: Hours) -> None:
    counts = figures.counts(hours)
    before = await _kept(tx, min(key.day for key in counts)) if counts else {}
    for key, count in counts.items():
        row = {"day": key.day.isoformat(), "what": key.what.value, "subject": key.subject, "count": count + before.get(key, 0)}
        await put(tx, statistics, row)


async def _asked(tx: AsyncConnection, condition: ColumnElement[bool], *, with_words: bool = False) -> tuple[Asked, ...]:
    table = questions.c
    columns: Sequence[Any] = (table.number, table.at, table.decision, table.shown, table.helped)
    query = select(*columns).where(condition).order_by(table.number)
    if with_words:
        same = and_(conversations.c.platform == table.platform, conversations.c.room == table.room, conversations.c.person == table.person)
        query = query.add_columns(table.language, table.text, table.guesses, conversations.c.name).outerjoin(conversations, same)
    return tuple(_one_asked(row, with_words) for row in await tx.execute(query))


def _one_asked(row: Any, with_words: bool) -> Asked:
    words: dict[str, Any] = {}
    if with_words and not row.shown:
        best = row.guesses[0] if row.guesses else {}
        words = {"nearest": best.get("entry", ""), "probability": best.get("probability", 0.0)}
        words |= {"language": row.language, "text": row.text, "person": row.name or ""}
    return Asked(row.number, row.at, row.decision, tuple(row.shown), row.helped, **words)


async def _handled(tx: AsyncConnection, condition: ColumnElement[bool]) -> tuple[Handled, ...]:
    replied = _first_replies().subquery()
    query = select(tickets.c.opened_at, replied.c.at, tickets.c.closed_at, tickets.c.liked)
    rows = await tx.execute(query.outerjoin(replied, replied.c.ticket == tickets.c.number).where(condition))
    return tuple(Handled(row.opened_at, row.at, row.closed_at, row.liked) for row in rows)


def _first_replies() -> Any:
    """What was taken back is none."""
    line, later = ticket_lines.c, ticket_lines.alias().c
    same = and_(later.origin_platform == line.origin_platform, later.origin_room == line.origin_room, later.origin_id == line.origin_id)
    withdrawn = select(later.number).where(same, later.author == "withdrawn").exists()
    return select(line.ticket, func.min(line.at).label("at")).where(line.author == "adviser", ~withdrawn).group_by(line.ticket)


async def _kept(tx: AsyncConnection, since: date) -> dict[Key, int]:
    rows = await tx.execute(select(statistics).where(statistics.c.day >= since.isoformat()))
    return {Key(date.fromisoformat(day), What(what), subject): count for day, what, subject, count in rows}
