"""Everything kept about one person: to give it to them, and to delete it."""

import re
from collections.abc import Callable, Sequence, Set
from datetime import datetime
from typing import Any

from sqlalchemy import String, Table, cast, delete, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.hours import Hours
from handlers.situation import State
from storage import erasures, statistics
from storage.erasures import Mark
from storage.tables import advisers, blocks, choices, conversations, drafts, inbox, outbox, questions, ticket_history, ticket_lines, tickets

_TO = " → "
"""In a ticket's history, between two advisers."""


async def export(tx: AsyncConnection, platform: str, person: str) -> dict[str, Any]:
    """Everything about the person, table by table, ready for JSON."""
    numbers = select(tickets.c.number).where(tickets.c.platform == platform, tickets.c.person == person)
    waiting = (outbox.c.platform == platform) & outbox.c.room.in_(await _rooms(tx, platform, person)) & (outbox.c.state != "sent")
    return {
        "platform": platform,
        "person": person,
        "conversations": await _rows(tx, conversations, conversations.c.platform == platform, conversations.c.person == person),
        "questions": await _rows(tx, questions, questions.c.platform == platform, questions.c.person == person),
        "tickets": await _rows(tx, tickets, tickets.c.number.in_(numbers)),
        "ticket_lines": await _rows(tx, ticket_lines, ticket_lines.c.ticket.in_(numbers)),
        "ticket_history": await _rows(tx, ticket_history, ticket_history.c.ticket.in_(numbers)),
        "drafts": await _rows(tx, drafts, drafts.c.ticket.in_(numbers)),
        "blocks": await _rows(tx, blocks, blocks.c.platform == platform, blocks.c.person == person),
        "advisers": await _rows(tx, advisers, advisers.c.platform == platform, advisers.c.id == person),
        **await _as_adviser(tx, platform, person),
        "inbox": await _rows(tx, inbox, inbox.c.platform == platform, _from(person)),
        "outbox": await _rows(tx, outbox, waiting),
    }


async def erase(tx: AsyncConnection, platform: str, person: str, now: datetime, *, asked_in: int | None = None) -> None:
    """Delete everything about the person, the event in which they asked for it too.

    The keys of their events stay, so that nothing is answered twice; what they wrote since and is not answered yet stays as well.
    So does the id of somebody who is blocked: being forgotten is no way around it.
    """
    await erasures.note(tx, platform, person, now)
    rooms = await _rooms(tx, platform, person)
    theirs = select(tickets.c.number, tickets.c.thread).where(tickets.c.platform == platform, tickets.c.person == person)
    threads = {row.number: row.thread for row in await tx.execute(theirs)}
    numbers = list(threads)
    for thread in filter(None, threads.values()):
        await erasures.note_thread(tx, thread, now)
    await tx.execute(delete(tickets).where(tickets.c.number.in_(numbers)))
    await tx.execute(delete(questions).where(questions.c.platform == platform, questions.c.person == person))
    await tx.execute(delete(conversations).where(conversations.c.platform == platform, conversations.c.person == person))
    queued = (outbox.c.platform == platform) & outbox.c.room.in_(rooms) | outbox.c.ticket.in_(numbers)
    await tx.execute(delete(choices).where(choices.c.outbox.in_(select(outbox.c.number).where(queued))))
    await tx.execute(delete(outbox).where(queued))
    await tx.execute(delete(drafts).where(drafts.c.ticket.in_(numbers), drafts.c.state.in_(("begun", "open"))))
    await tx.execute(update(drafts).where(drafts.c.ticket.in_(numbers)).values(ticket=None))
    await tx.execute(update(blocks).where(blocks.c.platform == platform, blocks.c.person == person).values(name="", reason=""))
    await _erase_adviser(tx, platform, person)
    await tx.execute(
        update(inbox)
        .where(inbox.c.platform == platform, _from(person), (inbox.c.state != "waiting") | (inbox.c.number == asked_in))
        .values(room="", sender="", data={}, state="done", error=None)
    )


async def _as_adviser(tx: AsyncConnection, platform: str, person: str) -> dict[str, Any]:
    """Where an adviser is named, without what others wrote there."""
    names = await _names(tx, platform, person)
    if not names:
        return {}
    lines, history = ticket_lines.c, ticket_history.c
    return {
        "advised_tickets": await _rows(tx, tickets, tickets.c.adviser == person, columns=("number", "adviser", "adviser_name")),
        "advised_lines": await _rows(tx, ticket_lines, lines.adviser == person, columns=("ticket", "at", "adviser", "adviser_name")),
        "advised_history": await _rows(tx, ticket_history, _names_one_of(history.who, names), columns=("ticket", "at", "who", "what")),
        "advised_drafts": await _rows(tx, drafts, (drafts.c.author == person) | (drafts.c.decided_by == person)),
        "advised_blocks": await _rows(tx, blocks, blocks.c.who.in_(names), columns=("at", "who")),
    }


async def _erase_adviser(tx: AsyncConnection, platform: str, person: str) -> None:
    """What an adviser did stays, done by somebody without a name; whoever waits for them waits for anybody."""
    names = await _names(tx, platform, person)
    if not names:
        return
    claimed = (tickets.c.adviser == person) & (tickets.c.state == State.CLAIMED)
    await tx.execute(update(tickets).where(claimed).values(state=State.WAITING.value))
    for table in (tickets, ticket_lines):
        await tx.execute(update(table).where(table.c.adviser == person).values(adviser=None, adviser_name=None))
    for row in (await tx.execute(select(ticket_history).where(_names_one_of(ticket_history.c.who, names)))).all():
        parts = ["" if part in names else part for part in row.who.split(_TO)]
        await tx.execute(update(ticket_history).where(ticket_history.c.number == row.number).values(who=_TO.join(parts)))
    named = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names if name) or "(?!)")
    for row in (await tx.execute(select(ticket_lines.c.number, ticket_lines.c.text).where(ticket_lines.c.author == "bot"))).all():
        if named.search(row.text):
            await tx.execute(update(ticket_lines).where(ticket_lines.c.number == row.number).values(text=named.sub("…", row.text)))
    await tx.execute(update(drafts).where(drafts.c.author == person).values(author="", author_name=""))
    await tx.execute(update(drafts).where(drafts.c.decided_by == person).values(decided_by=None, decided_name=None))
    await tx.execute(update(blocks).where(blocks.c.who.in_(names)).values(who=""))
    await tx.execute(delete(advisers).where(advisers.c.platform == platform, advisers.c.id == person))


async def _names(tx: AsyncConnection, platform: str, adviser: str) -> set[str]:
    """Under which an adviser has worked; empty for whoever never did."""
    known = select(advisers.c.name).where(advisers.c.platform == platform, advisers.c.id == adviser)
    if not (names := set(await tx.scalars(known))):
        return set()
    for id, name in (
        (tickets.c.adviser, tickets.c.adviser_name),
        (ticket_lines.c.adviser, ticket_lines.c.adviser_name),
        (drafts.c.author, drafts.c.author_name),
        (drafts.c.decided_by, drafts.c.decided_name),
    ):
        names.update(await tx.scalars(select(name).where(id == adviser, name.is_not(None)).distinct()))
    return names


def _names_one_of(who: Any, names: set[str]) -> Any:
    """Alone, or as one of two between whom a ticket went."""
    named = filter(None, names)
    return or_(
        who.in_(names), *(who.startswith(f"{name}{_TO}", autoescape=True) | who.endswith(f"{_TO}{name}", autoescape=True) for name in named)
    )


async def rewrite(tx: AsyncConnection, platform: str, person: str, how: Callable[[str], str]) -> None:
    """Put what they wrote into other words, wherever it is kept."""
    numbers = select(tickets.c.number).where(tickets.c.platform == platform, tickets.c.person == person)
    asked = (questions.c.platform == platform) & (questions.c.person == person)
    for table, condition in ((questions, asked), (ticket_lines, ticket_lines.c.ticket.in_(numbers))):
        for row in (await tx.execute(select(table.c.number, table.c.text).where(condition))).all():
            if (new := how(row.text)) != row.text:
                await tx.execute(update(table).where(table.c.number == row.number).values(text=new))


async def erase_again(tx: AsyncConnection, marks: Set[Mark], now: datetime) -> int:
    """After a backup was restored: everybody who was erased since it was made; how many there were.

    `marks` are all that are known. Those that the backup holds were made before it: who came back after them stays.
    """
    since = marks - set(await erasures.all_marks(tx))
    people = union(
        *(select(table.c.platform, table.c.person) for table in (conversations, questions, tickets, blocks)),
        select(advisers.c.platform, advisers.c.id),
        select(inbox.c.platform, inbox.c.sender),
    )
    again = {mark.person for mark in since}
    found = [(platform, person) for platform, person in await tx.execute(people) if erasures.hashed(platform, person) in again]
    for platform, person in found:
        await erase(tx, platform, person, now)
    await erasures.add(tx, since)
    return len(found)


async def expire(tx: AsyncConnection, before: datetime, log_before: datetime, hours: Hours) -> int:
    """Delete tickets closed and questions asked before the one time, and what the queues remember from before the other.

    Open tickets stay with their questions, however old; so do people who have one. What goes is counted first,
    by the desk's `hours`. Returns how many tickets and questions went.
    """
    finished = (tickets.c.state == "closed") & (tickets.c.closed_at < before)
    await statistics.keep_tickets(tx, finished, hours)
    closed = await tx.execute(delete(tickets).where(finished))
    of_tickets = select(tickets.c.question).where(tickets.c.question.is_not(None))
    old = (questions.c.at < before) & questions.c.number.not_in(of_tickets)
    await statistics.keep_questions(tx, old, hours)
    asked = await tx.execute(delete(questions).where(old))
    with_ticket = select(tickets.c.number).where(tickets.c.platform == conversations.c.platform, tickets.c.person == conversations.c.person)
    await tx.execute(delete(conversations).where(conversations.c.changed_at < before, ~with_ticket.exists()))
    await tx.execute(delete(choices).where(choices.c.created_at < before))
    await tx.execute(delete(drafts).where(drafts.c.state == "begun", drafts.c.created_at < log_before))
    await tx.execute(delete(outbox).where(outbox.c.state.in_(("sent", "failed")), outbox.c.sent_at < log_before))
    await tx.execute(delete(inbox).where(inbox.c.state != "waiting", inbox.c.received_at < log_before))
    return closed.rowcount + asked.rowcount


def _from(person: str) -> Any:
    """Events that they sent and that are not dealt with, those that could not be read among them."""
    unread = (inbox.c.state == "quarantined") & (inbox.c.sender == "") & cast(inbox.c.data, String).contains(person, autoescape=True)
    return (inbox.c.sender == person) | unread


async def _rooms(tx: AsyncConnection, platform: str, person: str) -> list[str]:
    """The rooms in which the bot talks with this person alone."""
    query = select(conversations.c.room).where(conversations.c.platform == platform, conversations.c.person == person)
    shared = select(conversations.c.room).where(conversations.c.platform == platform, conversations.c.person != person)
    return list(await tx.scalars(query.where(conversations.c.room.not_in(shared))))


async def _rows(tx: AsyncConnection, table: Table, *conditions: Any, columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """All columns, unless these alone are wanted."""
    rows = await tx.execute(select(*(table.c[name] for name in columns or table.c.keys())).where(*conditions))
    return [{name: _plain(value) for name, value in row._mapping.items() if value is not None} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
