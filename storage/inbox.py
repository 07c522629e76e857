"""Events, from the moment a platform hands them over until they are dealt with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import Event, Unreadable
from storage.database import clean, clean_row, dump, insert_new, load, put
from storage.tables import cursors, inbox

_KINDS = {type_.__name__: type_ for type_ in get_args(Event)}


MOST_ROOMS = 64
"""Among so many rooms the next is chosen; the others follow when one of these is done."""

Room = tuple[str, str]
"""Platform and room."""


# Built once: these run for each event, and building a statement takes longer than SQLite needs to run it.
_FIRST_OF_EACH_ROOM = (
    select(inbox.c.number, inbox.c.platform, inbox.c.room)
    .where(
        inbox.c.number.in_(
            select(func.min(inbox.c.number)).where(inbox.c.state == "waiting").group_by(inbox.c.platform, inbox.c.room),
        ),
        inbox.c.not_before <= bindparam("now"),
    )
    .order_by(inbox.c.number)
    .limit(MOST_ROOMS)
)
_ROW = select(inbox).where(inbox.c.number == bindparam("of"))
_DONE = update(inbox).where(inbox.c.number == bindparam("of")).values(state="done", data={}, error=None)


@dataclass(frozen=True, slots=True)
class Waiting:
    number: int
    event: Event
    attempts: int

    @property
    def room(self) -> Room:
        return self.event.place.platform, self.event.place.room


async def take_in(
    tx: AsyncConnection, platform: str, events: Sequence[Event | Unreadable], cursor: str | None, now: datetime
) -> tuple[list[int], list[int]]:
    """Keep events and how far we have read, together: neither is true without the other.

    Returns the numbers of the new events, and of those among them that could not be read.
    """
    taken: list[int] = []
    quarantined: list[int] = []
    for event in events:
        if isinstance(event, Unreadable):
            row = _set_aside(event)
        else:
            row = {
                "room": event.place.room,
                "sender": event.sender.id,
                "kind": type(event).__name__,
                "data": dump(event),
                "state": "waiting",
                "error": None,
            }
        key = clean(event.key)
        row |= {"platform": platform, "key": key, "received_at": now, "not_before": now, "attempts": 0}
        if await insert_new(tx, inbox, clean_row(row)):
            number = await _number(tx, platform, key)
            taken.append(number)
            if isinstance(event, Unreadable):
                quarantined.append(number)
    if cursor is not None:
        await put(tx, cursors, {"platform": platform, "cursor": cursor})
    return taken, quarantined


def _set_aside(event: Unreadable) -> dict[str, Any]:
    raw = {"raw": event.raw[:65536]}
    return {"room": "", "sender": "", "kind": "Unreadable", "data": raw, "state": "quarantined", "error": event.error[:1000]}


async def _number(tx: AsyncConnection, platform: str, key: str) -> int:
    number = await tx.scalar(select(inbox.c.number).where(inbox.c.platform == platform, inbox.c.key == key))
    assert number is not None
    return int(number)


async def cursor(tx: AsyncConnection, platform: str) -> str | None:
    return await tx.scalar(select(cursors.c.cursor).where(cursors.c.platform == platform))


async def next_up(tx: AsyncConnection, now: datetime, served: Sequence[Room] = ()) -> Waiting | None:
    """The event whose turn it is. Within a room the oldest comes first; among rooms the one whose turn was longest ago.

    `served` are the rooms that had their turn lately, the last one last. Raises BrokenRow when the event cannot be read any more.
    """
    due = (await tx.execute(_FIRST_OF_EACH_ROOM, {"now": now})).all()
    if not due:
        return None
    turns = {room: turn for turn, room in enumerate(served)}
    chosen = min(due, key=lambda row: (turns.get((row.platform, row.room), -1), row.number))
    row = (await tx.execute(_ROW, {"of": chosen.number})).one()
    return Waiting(row.number, _event(row), row.attempts)


def _event(row: Row[Any]) -> Event:
    try:
        event: Event = load(_KINDS[row.kind], row.data)
    except (ValueError, KeyError) as error:
        raise BrokenRow(row.number, type(error).__name__) from error
    return event


class BrokenRow(Exception):
    """An event in the inbox can no longer be read."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"inbox #{number}: {reason}")
        self.number = number


async def lately(tx: AsyncConnection, number: int, most: int) -> int:
    """How many events the same sender sent in the same room and minute before this one; at most `most`."""
    mine = (await tx.execute(_ROW, {"of": number})).first()
    if mine is None:
        return 0
    theirs = (inbox.c.platform == mine.platform, inbox.c.room == mine.room, inbox.c.sender == mine.sender)
    before = select(inbox.c.received_at).where(*theirs, inbox.c.state == "done", inbox.c.number < number)
    times = await tx.scalars(before.order_by(inbox.c.number.desc()).limit(most))
    minute = mine.received_at.replace(second=0, microsecond=0)
    return sum(at >= minute for at in times)


async def set_aside_waiting(tx: AsyncConnection, reason: str) -> list[int]:
    """Everything that waits is answered by nobody from now on; which events it was, oldest first."""
    numbers = list(await tx.scalars(select(inbox.c.number).where(inbox.c.state == "waiting").order_by(inbox.c.number)))
    await tx.execute(update(inbox).where(inbox.c.state == "waiting").values(state="quarantined", error=reason))
    return numbers


async def set_aside(tx: AsyncConnection, number: int) -> Event | None:
    """The event, while it is set aside. Raises BrokenRow when it cannot be read any more."""
    row = (await tx.execute(select(inbox).where(inbox.c.number == number, inbox.c.state == "quarantined"))).first()
    return None if row is None else _event(row)


async def mark_done(tx: AsyncConnection, number: int) -> None:
    """Done; what it said is kept where it belongs (question, ticket), not here."""
    await tx.execute(_DONE, {"of": number})


async def mark_failed(tx: AsyncConnection, number: int, error: str, again: datetime) -> None:
    await tx.execute(
        update(inbox).where(inbox.c.number == number).values(attempts=inbox.c.attempts + 1, error=clean(error)[:1000], not_before=again)
    )


async def postpone(tx: AsyncConnection, number: int, again: datetime) -> None:
    """Not its fault: try again later, without counting a failure."""
    await tx.execute(update(inbox).where(inbox.c.number == number).values(not_before=again))


async def quarantine(tx: AsyncConnection, number: int, error: str) -> str:
    """Set aside for a person to look at; the platform it came from."""
    await tx.execute(update(inbox).where(inbox.c.number == number).values(state="quarantined", error=clean(error)[:1000]))
    return str(await tx.scalar(select(inbox.c.platform).where(inbox.c.number == number)))


async def waiting(tx: AsyncConnection) -> int:
    """How many events wait to be answered."""
    return await tx.scalar(select(func.count()).select_from(inbox).where(inbox.c.state == "waiting")) or 0


async def next_due(tx: AsyncConnection) -> datetime | None:
    """When the next waiting event may be tried."""
    due: datetime | None = await tx.scalar(select(func.min(inbox.c.not_before)).where(inbox.c.state == "waiting"))
    return due
