"""Tickets, their lines and their history."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import Attachment, MessageRef, Place, Sender
from handlers.situation import Happening, Line, State, Ticket
from storage.database import clean_row, dump, load, put
from storage.tables import counters, ticket_history, ticket_lines, tickets

_LAST_NUMBER = select(counters.c.value).where(counters.c.name == "ticket")


async def next_number(tx: AsyncConnection) -> int:
    """A number is never given twice, also when its ticket was erased."""
    return (await tx.scalar(_LAST_NUMBER) or 0) + 1


async def by_number(tx: AsyncConnection, number: int) -> Ticket | None:
    return await _one(tx, tickets.c.number == number)


async def whole(tx: AsyncConnection, number: int) -> Ticket | None:
    """The ticket, or the one of which it is a part now."""
    happened = await history(tx, number)
    into = happened[-1].merged_into if happened else None
    return await whole(tx, into) if into else await by_number(tx, number)


async def by_thread(tx: AsyncConnection, thread: str) -> Ticket | None:
    return await _one(tx, tickets.c.thread == thread)


async def open_of(tx: AsyncConnection, platform: str, room: str, person: str) -> Ticket | None:
    """The person's open ticket, the newest if there should be two."""
    table = tickets.c
    return await _one(tx, table.platform == platform, table.room == room, table.person == person, table.state != State.CLOSED)


async def _one(tx: AsyncConnection, *conditions: Any) -> Ticket | None:
    row = (await tx.execute(select(tickets).where(*conditions).order_by(tickets.c.number.desc()).limit(1))).first()
    return _ticket(row) if row else None


async def all_of(tx: AsyncConnection, platform: str, person: str) -> tuple[Ticket, ...]:
    """The person's tickets while they are kept, newest first."""
    mine = (tickets.c.platform == platform, tickets.c.person == person)
    rows = await tx.execute(select(tickets).where(*mine).order_by(tickets.c.number.desc()))
    return tuple(_ticket(row) for row in rows)


async def still_open(tx: AsyncConnection) -> tuple[Ticket, ...]:
    rows = await tx.execute(select(tickets).where(tickets.c.state != State.CLOSED).order_by(tickets.c.number))
    return tuple(_ticket(row) for row in rows)


async def waiting_before(tx: AsyncConnection, number: int, now: datetime) -> int:
    """How many older tickets wait for the advisers, claimed or not; what was put off is not before anybody."""
    ours = tickets.c.state.in_((State.WAITING, State.CLAIMED)) & (tickets.c.number < number)
    is_here = or_(tickets.c.snoozed_until.is_(None), tickets.c.snoozed_until <= now)
    return await tx.scalar(select(func.count()).select_from(tickets).where(ours, is_here)) or 0


def _ticket(row: Row[Any]) -> Ticket:
    return Ticket(
        number=row.number,
        place=Place(row.platform, row.room, row.room_thread),
        person=Sender(row.person, row.name),
        language=row.language,
        title=row.title,
        opened_at=row.opened_at,
        state=State(row.state),
        adviser=Sender(row.adviser, row.adviser_name) if row.adviser else None,
        question=row.question,
        thread=row.thread,
        expected_by=row.expected_by,
        closed_at=row.closed_at,
        waiting_since=row.waiting_since,
        claimed_at=row.claimed_at,
        answered_at=row.answered_at,
        snoozed_until=row.snoozed_until,
        liked=row.liked,
        comment=row.comment or "",
    )


async def save(tx: AsyncConnection, ticket: Ticket, now: datetime) -> None:
    """The thread is not saved here: it is set when the platform has made it."""
    row = {
        "number": ticket.number,
        "platform": ticket.place.platform,
        "room": ticket.place.room,
        "room_thread": ticket.place.thread,
        "person": ticket.person.id,
        "name": ticket.person.name,
        "language": ticket.language,
        "title": ticket.title,
        "state": ticket.state.value,
        "adviser": ticket.adviser.id if ticket.adviser else None,
        "adviser_name": ticket.adviser.name if ticket.adviser else None,
        "question": ticket.question,
        "opened_at": ticket.opened_at,
        "expected_by": ticket.expected_by,
        "closed_at": ticket.closed_at,
        "waiting_since": ticket.waiting_since,
        "claimed_at": ticket.claimed_at,
        "answered_at": ticket.answered_at,
        "snoozed_until": ticket.snoozed_until,
        "liked": ticket.liked,
        "comment": ticket.comment or None,
        "changed_at": now,
    }
    await put(tx, tickets, clean_row(row))
    if ticket.number >= await next_number(tx):
        await put(tx, counters, {"name": "ticket", "value": ticket.number})


async def set_thread(tx: AsyncConnection, number: int, thread: str | None) -> None:
    await tx.execute(update(tickets).where(tickets.c.number == number).values(thread=thread))


async def add_line(tx: AsyncConnection, line: Line) -> None:
    attachments = [dump(attachment) for attachment in line.attachments]
    row = {"ticket": line.ticket, "author": line.author, "text": line.text, "at": line.at, "attachments": attachments}
    row |= {"adviser": line.adviser.id, "adviser_name": line.adviser.name} if line.adviser else {}
    await tx.execute(insert(ticket_lines), clean_row(row | _columns("origin", line.origin) | _columns("copy", line.copy)))


async def set_copy(tx: AsyncConnection, origin: MessageRef, copy: MessageRef) -> None:
    """The line's copy has arrived on the other side. An edited message has several lines: it is the newest one's."""
    await line_of(tx, origin)  # wait for whoever edits it just now
    newest = select(func.max(ticket_lines.c.number)).where(*_is("origin", origin)).scalar_subquery()
    await tx.execute(update(ticket_lines).where(ticket_lines.c.number == newest).values(**_columns("copy", copy)))


async def line_of(tx: AsyncConnection, message: MessageRef) -> Line | None:
    """The line that this message is the original or the copy of, as it reads now.

    Nobody else changes it before this transaction ends: an edit and the delivery of what it edits come one after the other.
    """
    found = or_(_all(_is("origin", message)), _all(_is("copy", message)))
    newest = select(ticket_lines).where(found).order_by(ticket_lines.c.number.desc()).limit(1).with_for_update()
    row = (await tx.execute(newest)).first()
    return _line(row) if row else None


async def card(tx: AsyncConnection, number: int) -> MessageRef | None:
    """The message that opened the ticket's thread: the newest, if the thread had to be made again."""
    mine = (ticket_lines.c.ticket == number, ticket_lines.c.author == "bot", ticket_lines.c.text == "", ticket_lines.c.copy_id.is_not(None))
    row = (await tx.execute(select(ticket_lines).where(*mine).order_by(ticket_lines.c.number.desc()).limit(1))).first()
    return _line(row).copy if row else None


async def lines(tx: AsyncConnection, numbers: list[int]) -> tuple[Line, ...]:
    rows = await tx.execute(select(ticket_lines).where(ticket_lines.c.ticket.in_(numbers)).order_by(ticket_lines.c.number))
    return tuple(_line(row) for row in rows)


async def absorb(tx: AsyncConnection, ticket: int, absorbed: int) -> None:
    """The lines and the history of one ticket are the other's from now on; its card stays what it is."""
    is_card = (ticket_lines.c.author == "bot") & (ticket_lines.c.text == "")
    await tx.execute(update(ticket_lines).where(ticket_lines.c.ticket == absorbed, ~is_card).values(ticket=ticket))
    await tx.execute(update(ticket_history).where(ticket_history.c.ticket == absorbed).values(ticket=ticket))


async def numbers_of(tx: AsyncConnection, platform: str, person: str) -> list[int]:
    rows = await tx.execute(select(tickets.c.number).where(tickets.c.platform == platform, tickets.c.person == person))
    return [row.number for row in rows]


async def add_happening(tx: AsyncConnection, happening: Happening) -> None:
    row = {"ticket": happening.ticket, "at": happening.at, "who": happening.who, "what": happening.what}
    await tx.execute(insert(ticket_history), clean_row(row))


async def history(tx: AsyncConnection, number: int) -> tuple[Happening, ...]:
    rows = await tx.execute(select(ticket_history).where(ticket_history.c.ticket == number).order_by(ticket_history.c.number))
    return tuple(Happening(row.ticket, row.at, row.who, row.what) for row in rows)


def _line(row: Row[Any]) -> Line:
    return Line(
        ticket=row.ticket,
        author=row.author,
        text=row.text,
        at=row.at,
        attachments=tuple(load(Attachment, attachment) for attachment in row.attachments),
        origin=_ref(row.origin_platform, row.origin_room, row.origin_id),
        copy=_ref(row.copy_platform, row.copy_room, row.copy_id),
        adviser=Sender(row.adviser, row.adviser_name or "") if row.adviser else None,
    )


def _ref(platform: str | None, room: str | None, id: str | None) -> MessageRef | None:
    return MessageRef(platform, room, id) if platform and room and id else None


def _columns(side: str, ref: MessageRef | None) -> dict[str, Any]:
    return {
        f"{side}_platform": ref.platform if ref else None,
        f"{side}_room": ref.room if ref else None,
        f"{side}_id": ref.id if ref else None,
    }


def _is(side: str, ref: MessageRef) -> list[Any]:
    return [ticket_lines.c[name] == value for name, value in _columns(side, ref).items()]


def _all(conditions: list[Any]) -> Any:
    first, *rest = conditions
    for condition in rest:
        first &= condition
    return first
