"""How a ticket goes from state to state, with the times that belong to it."""

from dataclasses import replace
from datetime import UTC, datetime

from handlers.events import Sender
from handlers.hours import Hours
from handlers.situation import State, Ticket

UNTIL_THEY_WRITE = datetime(2999, 1, 1, tzinfo=UTC)
"""A ticket that is put off without a day."""


def person_wrote(ticket: Ticket, hours: Hours, now: datetime) -> Ticket:
    """They wait for us, since the first message that we have not answered and with a promise from then; what was put off is back."""
    state = State.CLAIMED if ticket.adviser else State.WAITING
    promised = hours.expected(now) if ticket.state is State.ANSWERED else ticket.expected_by
    return replace(ticket, state=state, waiting_since=ticket.waiting_since or now, expected_by=promised, snoozed_until=None)


def answered(ticket: Ticket, adviser: Sender, now: datetime) -> Ticket:
    """We wait for them; the first who answers has claimed the ticket."""
    claimed = ticket if ticket.adviser else replace(ticket, adviser=adviser, claimed_at=now)
    later = ticket.snoozed_until if is_snoozed(ticket, now) else None
    there = replace(claimed, state=State.ANSWERED, answered_at=now, closed_at=None, snoozed_until=later)
    return replace(there, waiting_since=None, expected_by=None)


def unanswered(ticket: Ticket, adviser: Sender | None, since: datetime, hours: Hours, now: datetime) -> Ticket:
    """The answer was taken back: they wait for us as before it, and whoever has the ticket, or had answered, has it from now on."""
    taken = replace(ticket, state=State.CLAIMED, adviser=ticket.adviser or adviser, claimed_at=now)
    return replace(taken, waiting_since=since, expected_by=hours.expected(since))


def claimed(ticket: Ticket, adviser: Sender, now: datetime) -> Ticket:
    """Taken by somebody, from nobody or from somebody else; what is answered stays answered."""
    state = State.ANSWERED if ticket.state is State.ANSWERED else State.CLAIMED
    return replace(ticket, state=state, adviser=adviser, claimed_at=now, snoozed_until=None)


def released(ticket: Ticket, now: datetime) -> Ticket:
    """Nobody has it; what is answered stays answered."""
    if ticket.adviser is None:
        return ticket
    state = State.ANSWERED if ticket.state is State.ANSWERED else State.WAITING
    return replace(ticket, state=state, adviser=None, claimed_at=now)


def closed(ticket: Ticket, now: datetime) -> Ticket:
    return replace(ticket, state=State.CLOSED, closed_at=now, waiting_since=None, snoozed_until=None)


def reopened(ticket: Ticket, hours: Hours, now: datetime) -> Ticket:
    """It waits for us again, for whoever had it."""
    state = State.CLAIMED if ticket.adviser else State.WAITING
    return replace(ticket, state=state, closed_at=None, waiting_since=now, expected_by=hours.expected(now))


def snoozed(ticket: Ticket, until: datetime | None) -> Ticket:
    """Put off until then, or until the person writes."""
    return replace(ticket, snoozed_until=until or UNTIL_THEY_WRITE)


def is_snoozed(ticket: Ticket, now: datetime) -> bool:
    return ticket.is_open and ticket.snoozed_until is not None and ticket.snoozed_until > now
