"""Two tickets of one person made into one."""

from dataclasses import replace
from datetime import datetime

from handlers import cards, states
from handlers.desk import Desk
from handlers.events import Event
from handlers.orders import Order, Quote, Say, Text
from handlers.saying import adviser_name, to_staff
from handlers.situation import Situation, State, Ticket, Turn
from handlers.staff.building import happened, refused, shown_state, told


def merge(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """This ticket and the one named become the older of the two, wherever the command is given."""
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return refused(event, desk, texts.reason_no_ticket)
    other = next((one for one in situation.earlier if str(one.number) == rest.lstrip("#")), None)
    if other is None:
        theirs = texts.listed([f"#{one.number}" for one in reversed(situation.earlier)])
        return told(ticket, texts.merge_which.format(tickets=theirs) if theirs else texts.merge_none, desk)
    first, second = sorted((ticket, other), key=lambda one: one.number)
    return _merged(first, second, event, situation, desk, now)


def _merged(first: Ticket, second: Ticket, event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    texts, name = desk.staff_texts, adviser_name(event.sender, desk.staff_texts)
    joined, gone = _joined(first, second), replace(states.closed(second, now), liked=None, comment="")
    lines = [line for line in situation.lines if line.ticket == second.number]
    said = cards.transcript(second, lines, texts) or [Quote(second.title)]
    here = texts.merged_here.format(ticket=first.number, other=second.number, name=name)
    there = texts.merged_there.format(ticket=first.number, other=second.number, name=name)
    return Turn(
        kind="adviser",
        ticket=joined,
        absorbed=gone,
        history=(happened(first, event.sender, now, "merged"), happened(second, event.sender, now, f"merged_into:{first.number}")),
        orders=(
            *_told(joined, second, desk),
            *shown_state(first, joined, situation, desk),
            to_staff(desk, here, *said, ticket=first.number),
            to_staff(desk, there, ticket=second.number),
            *shown_state(second, gone, situation, desk),
        ),
    )


def _joined(first: Ticket, second: Ticket) -> Ticket:
    """The first, in the state in which the two are together, where the person is now."""
    rated = second if first.liked is None else first
    here = replace(
        first,
        place=second.place,
        person=second.person,
        language=second.language,
        title=first.title or second.title,
        liked=rated.liked,
        comment=rated.comment,
    )
    open_ones = [one for one in (first, second) if one.is_open]
    if not open_ones:
        return here
    waiting = [one.waiting_since for one in open_ones if one.waiting_since]
    keeper = next((one for one in open_ones if one.adviser), open_ones[0])
    state = State.CLAIMED if keeper.adviser else State.WAITING
    return replace(
        here,
        state=state if waiting else State.ANSWERED,
        adviser=keeper.adviser,
        claimed_at=keeper.claimed_at,
        closed_at=None,
        waiting_since=min(waiting, default=None),
        answered_at=max((one.answered_at for one in open_ones if one.answered_at), default=None),
        expected_by=min((one.expected_by for one in open_ones if one.expected_by), default=None),
        snoozed_until=None,
        question=first.question or second.question,
    )


def _told(joined: Ticket, second: Ticket, desk: Desk) -> tuple[Order, ...]:
    """The person hears of it when it is still being worked on."""
    if not joined.is_open:
        return ()
    text = desk.speaks(joined.language).tickets_merged.format(ticket=joined.number, other=second.number)
    return (Say(place=joined.place, parts=(Text(text),), ticket=joined.number),)
