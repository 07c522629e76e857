"""Orders, from the moment they are decided until a platform has confirmed them."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, get_args

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import MessageRef, Place
from handlers.orders import Change, Choice, Mark, OpenThread, Order, React, Remove, Say, ShowState, destination
from storage.database import clean, dump, load
from storage.tables import choices, outbox

_KINDS = {type_.__name__: type_ for type_ in get_args(Order)}
_UNFINISHED = ("waiting", "sending", "unknown")

# Built once: these run for each order, and building a statement takes longer than SQLite needs to run it.
_FIRST_OF_EACH_LANE = (
    select(outbox)
    .where(
        outbox.c.number.in_(
            select(func.min(outbox.c.number))
            .where(outbox.c.platform == bindparam("at"), outbox.c.state.in_(_UNFINISHED))
            .group_by(outbox.c.lane)
        ),
        outbox.c.state.in_(("waiting", "unknown")),
        outbox.c.not_before <= bindparam("now"),
    )
    .order_by(outbox.c.number)
    .limit(bindparam("most"))
)
_SENT = (
    update(outbox)
    .where(outbox.c.number == bindparam("of"))
    .values(state="sent", sent_id=bindparam("id"), sent_at=bindparam("now"), data={}, error=None)
)

NewId = Callable[[], str]


def new_id() -> str:
    return secrets.token_urlsafe(15)


@dataclass(frozen=True, slots=True)
class Outgoing:
    number: int
    order: Order
    key: str
    cause: int
    ticket: int | None
    attempts: int
    unknowns: int
    forget: bool


async def put(
    tx: AsyncConnection,
    orders: Sequence[Order],
    staff: Place,
    cause: int,
    now: datetime,
    *,
    forget: bool = False,
    new_id: NewId = new_id,
) -> None:
    """Queue orders. What belongs to one ticket in the staff channel keeps its own order; so does each other room."""
    for order in orders:
        order = _with_ids(order, new_id)
        platform, room = destination(order)
        ticket = getattr(order, "ticket", None)
        in_staff = (platform, room) == (staff.platform, staff.room)
        row = {
            "platform": platform,
            "room": room,
            "lane": f"{room}#{ticket}" if in_staff and ticket is not None else room,
            "kind": type(order).__name__,
            "data": dump(order),
            "cause": cause,
            "ticket": ticket,
            "state": "waiting",
            "key": new_id(),
            "not_before": now + timedelta(seconds=getattr(order, "hold", 0)),
            "created_at": now,
            "forget": forget,
        }
        result = await tx.execute(insert(outbox), row)
        assert result.inserted_primary_key is not None
        where = {"outbox": result.inserted_primary_key[0], "platform": platform, "room": room, "created_at": now}
        offered = [where | {"id": one.id, "position": at, "data": dump(one)} for at, one in enumerate(_choices(order))]
        if offered:
            await tx.execute(insert(choices), offered)


def _choices(order: Order) -> tuple[Choice, ...]:
    return order.choices if isinstance(order, Say | OpenThread | Change | ShowState) else ()


def _with_ids(order: Order, new_id: NewId) -> Order:
    if isinstance(order, Say | OpenThread | Change | ShowState) and order.choices:
        return replace(order, choices=tuple(replace(choice, id=new_id()) for choice in order.choices))
    return order


async def take(tx: AsyncConnection, platform: str, now: datetime, most: int) -> list[Outgoing]:
    """The next orders that may be sent, one a lane, oldest first; they are `sending` from now on."""
    rows = await tx.execute(_FIRST_OF_EACH_LANE, {"at": platform, "now": now, "most": most})
    taken = [_outgoing(row) for row in rows]
    if taken:
        numbers = [outgoing.number for outgoing in taken]
        await tx.execute(update(outbox).where(outbox.c.number.in_(numbers)).values(state="sending"))
    return taken


def _outgoing(row: Row[Any]) -> Outgoing:
    order: Order = load(_KINDS[row.kind], row.data)
    return Outgoing(row.number, order, row.key, row.cause, row.ticket, row.attempts, row.unknowns, row.forget)


async def recover(tx: AsyncConnection, platform: str) -> int:
    """At start: what was being sent when the process died may have arrived."""
    result = await tx.execute(
        update(outbox)
        .where(outbox.c.platform == platform, outbox.c.state == "sending")
        .values(state="unknown", unknowns=outbox.c.unknowns + 1)
    )
    return result.rowcount


async def mark_sent(tx: AsyncConnection, outgoing: Outgoing, sent_id: str | None, now: datetime) -> None:
    """Sent. The text is not kept here: what has a reason to be kept stands with the question or the ticket."""
    if outgoing.forget:
        await tx.execute(delete(outbox).where(outbox.c.number == outgoing.number))
        return
    await tx.execute(_SENT, {"of": outgoing.number, "id": sent_id, "now": now})


async def change(tx: AsyncConnection, outgoing: Outgoing, order: Order, why: str) -> None:
    """Send this instead, at once."""
    await _update(tx, outgoing, why, data=dump(order), state="waiting")


async def put_before(tx: AsyncConnection, outgoing: Outgoing, first: Order, staff: Place, now: datetime, new_id: NewId = new_id) -> None:
    """Queue `first` in the lane of `outgoing` and everything that waits in that lane behind it."""
    lane = select(outbox.c.lane).where(outbox.c.number == outgoing.number).scalar_subquery()
    rows = await tx.execute(select(outbox).where(outbox.c.lane == lane, outbox.c.state.in_(_UNFINISHED)).order_by(outbox.c.number))
    behind = [_outgoing(row) for row in rows]
    await tx.execute(delete(outbox).where(outbox.c.number.in_([row.number for row in behind])))
    await put(tx, (first,), staff, outgoing.cause, now, new_id=new_id)
    for row in behind:
        await put(tx, (row.order,), staff, row.cause, now, new_id=new_id)


async def move(tx: AsyncConnection, platform: str, room: str, new_room: str) -> None:
    """A room goes on under another id: what waits for it goes there."""
    rows = await tx.execute(select(outbox).where(outbox.c.platform == platform, outbox.c.room == room, outbox.c.state.in_(_UNFINISHED)))
    for row in rows.all():
        moved = _moved(_outgoing(row).order, new_room)
        lane = row.lane.replace(room, new_room, 1)
        await tx.execute(update(outbox).where(outbox.c.number == row.number).values(room=new_room, lane=lane, data=dump(moved)))


def _moved(order: Order, room: str) -> Order:
    match order:
        case Change() | Remove() | React() | Mark():
            return replace(order, message=replace(order.message, room=room))
        case _:
            return replace(order, place=replace(order.place, room=room))


async def put_back(tx: AsyncConnection, outgoing: Outgoing, error: str, again: datetime) -> None:
    """Certainly not sent: try again later."""
    await _update(tx, outgoing, state="waiting", attempts=outgoing.attempts + 1, error=error, not_before=again)


async def postpone(tx: AsyncConnection, outgoing: Outgoing, again: datetime) -> None:
    """Not tried: its turn comes later, and nothing is counted."""
    waiting = {"state": "unknown" if outgoing.unknowns else "waiting", "not_before": again}
    await tx.execute(update(outbox).where(outbox.c.number == outgoing.number).values(**waiting))


async def mark_unknown(tx: AsyncConnection, outgoing: Outgoing, error: str, again: datetime) -> None:
    await _update(tx, outgoing, state="unknown", unknowns=outgoing.unknowns + 1, error=error, not_before=again)


async def mark_failed(tx: AsyncConnection, outgoing: Outgoing, error: str, now: datetime) -> None:
    """Given up, or withdrawn; somebody has been told."""
    await _update(tx, outgoing, state="failed", error=error, sent_at=now, data={})


async def give_up_all(tx: AsyncConnection, error: str, now: datetime) -> int:
    """Nothing that is not sent yet will be; how many orders that were."""
    gone = await tx.execute(update(outbox).where(outbox.c.state.in_(_UNFINISHED)).values(state="failed", error=error, sent_at=now, data={}))
    return gone.rowcount


async def _update(tx: AsyncConnection, outgoing: Outgoing, error: str, **values: Any) -> None:
    await tx.execute(update(outbox).where(outbox.c.number == outgoing.number).values(error=clean(error)[:1000], **values))


async def opens_thread(tx: AsyncConnection, platform: str) -> bool:
    """Whether a thread may be there already that is not noted yet: it is being made, or the answer was lost."""
    open = (outbox.c.platform == platform) & (outbox.c.kind == OpenThread.__name__) & outbox.c.state.in_(("sending", "unknown"))
    return bool(await tx.scalar(select(func.count()).select_from(outbox).where(open)))


async def unfinished(tx: AsyncConnection) -> int:
    """How many orders are still to be carried out."""
    return await tx.scalar(select(func.count()).select_from(outbox).where(outbox.c.state.in_(_UNFINISHED))) or 0


async def next_due(tx: AsyncConnection, platform: str) -> datetime | None:
    """When the next order may be tried."""
    waiting = outbox.c.state.in_(("waiting", "unknown"))
    due: datetime | None = await tx.scalar(select(func.min(outbox.c.not_before)).where(outbox.c.platform == platform, waiting))
    return due


async def offered_by(tx: AsyncConnection, message: MessageRef) -> tuple[Choice, ...]:
    """What this message of ours offers, until one of its choices was made."""
    sent = (outbox.c.platform == message.platform, outbox.c.room == message.room, outbox.c.sent_id == message.id)
    of_message = select(outbox.c.number).where(*sent)
    rows = await tx.execute(
        select(choices).where(choices.c.outbox.in_(of_message), choices.c.used_at.is_(None)).order_by(choices.c.position)
    )
    return tuple(load(Choice, row.data) for row in rows)


async def use_choice(tx: AsyncConnection, id: str, now: datetime) -> None:
    """A choice was made: its message offers nothing any more."""
    of_message = select(choices.c.outbox).where(choices.c.id == id).scalar_subquery()
    await tx.execute(update(choices).where(choices.c.outbox == of_message).values(used_at=now))
