"""Proposed changes to the FAQ, and the revision that tells every process when what is approved has changed."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import Sender
from handlers.situation import Draft, DraftState
from storage.database import clean_row, insert_new, put
from storage.tables import counters, drafts

_UNDECIDED = (DraftState.BEGUN, DraftState.OPEN)
IN_USE = (DraftState.APPROVED, DraftState.EXPORTED)
"""The bot answers by these, beside the FAQ's files."""


class DecidedAlready(Exception):
    """Somebody else decided first: load it again."""


async def next_number(tx: AsyncConnection) -> int:
    """A number is never given twice, also when its draft is not kept."""
    return await _counter(tx, "draft") + 1


async def undecided(tx: AsyncConnection, number: int | None = None) -> tuple[Draft, ...]:
    """Those begun or open, and this one whatever became of it, oldest first."""
    wanted = or_(drafts.c.state.in_(_UNDECIDED), drafts.c.number == number)
    return tuple(_draft(row) for row in await tx.execute(select(drafts).where(wanted).order_by(drafts.c.number)))


async def in_states(tx: AsyncConnection, states: Collection[DraftState]) -> tuple[Draft, ...]:
    return tuple(_draft(row) for row in await tx.execute(select(drafts).where(drafts.c.state.in_(states)).order_by(drafts.c.number)))


async def save(tx: AsyncConnection, draft: Draft) -> None:
    """A new or changed draft. Raises DecidedAlready rather than change a decision."""
    if draft.number >= await next_number(tx):
        await put(tx, counters, {"name": "draft", "value": draft.number})
    if not await insert_new(tx, drafts, _row(draft)):
        changed = await tx.execute(
            update(drafts).where(drafts.c.number == draft.number, drafts.c.state.in_(_UNDECIDED)).values(**_row(draft))
        )
        if not changed.rowcount:
            raise DecidedAlready(f"draft {draft.number}")
    if draft.state is DraftState.CANCELLED:
        await tx.execute(delete(drafts).where(drafts.c.number == draft.number))
    if draft.state is DraftState.APPROVED:
        await put(tx, counters, {"name": "knowledge", "value": await revision(tx) + 1})


async def settle(tx: AsyncConnection, numbers: Collection[int], state: DraftState) -> None:
    """What becomes of approved ones on their way into the files."""
    await tx.execute(update(drafts).where(drafts.c.number.in_(numbers), drafts.c.state.in_(IN_USE)).values(state=state.value))


async def revision(tx: AsyncConnection) -> int:
    """Grows with every approval."""
    return await _counter(tx, "knowledge")


async def _counter(tx: AsyncConnection, name: str) -> int:
    return await tx.scalar(select(counters.c.value).where(counters.c.name == name)) or 0


def _row(draft: Draft) -> dict[str, Any]:
    return clean_row(
        {
            "number": draft.number,
            "state": draft.state.value,
            "entry": draft.entry,
            "topic": draft.topic,
            "language": draft.language,
            "wording": draft.wording,
            "answer": draft.answer,
            "ticket": draft.ticket,
            "author": draft.author.id,
            "author_name": draft.author.name,
            "created_at": draft.created_at,
            "decided_by": draft.decided_by.id if draft.decided_by else None,
            "decided_name": draft.decided_by.name if draft.decided_by else None,
            "decided_at": draft.decided_at,
        }
    )


def _draft(row: Row[Any]) -> Draft:
    return Draft(
        number=row.number,
        entry=row.entry,
        topic=row.topic,
        language=row.language,
        wording=row.wording,
        author=Sender(row.author, row.author_name),
        created_at=row.created_at,
        answer=row.answer,
        state=DraftState(row.state),
        ticket=row.ticket,
        decided_by=Sender(row.decided_by, row.decided_name) if row.decided_by else None,
        decided_at=row.decided_at,
    )
