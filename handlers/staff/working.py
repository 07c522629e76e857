"""Who has a ticket and what state it is in: claimed, handed over, put off, closed, opened again."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from handlers import cards, learning, rating, states
from handlers.days import day_named
from handlers.desk import Desk
from handlers.events import Event, Message, Press, Sender
from handlers.orders import Choice, Say, Verb
from handlers.saying import adviser_name, without_buttons
from handlers.situation import Line, Situation, State, Ticket, Turn
from handlers.staff.building import (
    changed,
    claimed_already,
    has_other_adviser,
    line,
    open_ticket,
    refused,
    told,
    why_closed,
)
from handlers.staff.writing import SILENTLY, held, to_person
from knowledge.words import plain_key

_MORNING = time(8)
"""When a day begins at a desk whose hours are not known."""


def claim(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    texts, ticket = desk.staff_texts, open_ticket(event, situation, desk)
    if isinstance(ticket, Turn):
        return ticket
    if has_other_adviser(ticket, event.sender):
        return claimed_already(ticket, desk)
    if ticket.adviser is not None:
        return told(ticket, texts.claimed_yours.format(ticket=ticket.number), desk)
    return changed(ticket, states.claimed(ticket, event.sender, now), event, "claimed", texts.claimed_by, situation, desk, now)


def take_over(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    ticket, texts = situation.ticket, desk.staff_texts
    assert ticket is not None
    if not has_other_adviser(ticket, event.sender):
        return claim(event, rest, situation, desk, now)
    after = states.claimed(ticket, event.sender, now)
    return changed(ticket, after, event, "took_over", texts.taken_over_by, situation, desk, now)


def release(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    texts, ticket = desk.staff_texts, open_ticket(event, situation, desk)
    if isinstance(ticket, Turn):
        return ticket
    said = texts.released_answered if ticket.state is State.ANSWERED else texts.released_by
    return changed(ticket, states.released(ticket, now), event, "released", said, situation, desk, now)


def assign(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Hand a ticket to a colleague, known by name since they have worked in the channel."""
    texts, ticket = desk.staff_texts, open_ticket(event, situation, desk)
    if isinstance(ticket, Turn):
        return ticket
    found = _named(rest, situation.advisers)
    if len(found) != 1:
        names = texts.listed(sorted({adviser_name(one, texts) for one in found or situation.advisers}))
        return told(ticket, texts.assign_whom.format(names=names or "–"), desk)
    colleague = found[0]
    if ticket.adviser is not None and ticket.adviser.id == colleague.id:
        return told(ticket, texts.claimed_already.format(ticket=ticket.number, name=adviser_name(colleague, texts)), desk)
    after, name = states.claimed(ticket, colleague, now), adviser_name(colleague, texts)
    turn = changed(ticket, after, event, "assigned", texts.assigned_to, situation, desk, now, colleague=name)
    by, told_last = turn.history[0], turn.orders[-1]
    assert isinstance(told_last, Say)
    return replace(
        turn,
        history=(replace(by, who=f"{by.who} → {colleague.name}"),),
        orders=(*turn.orders[:-1], replace(told_last, mentions=(colleague,))),
    )


def _named(text: str, advisers: tuple[Sender, ...]) -> tuple[Sender, ...]:
    """By the whole name, else by how it or one of its words begins."""
    key = plain_key(text.lstrip("@"))
    if not key:
        return ()
    exact = tuple(one for one in advisers if plain_key(one.name) == key)
    return exact or tuple(one for one in advisers if f" {key}" in f" {plain_key(one.name)}")


def close(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Close, with what stands after the command as a last word to the person, or silently.

    Where somebody else has it, the adviser is asked first.
    """
    ticket = open_ticket(event, situation, desk)
    if isinstance(ticket, Turn):
        return ticket
    last = line(event, ticket, "adviser", rest, now) if isinstance(event, Message) and rest not in ("", SILENTLY) else None
    if not has_other_adviser(ticket, event.sender):
        return _closed(ticket, last, event, situation, desk, now, silently=rest == SILENTLY)
    texts = desk.staff_texts
    if last is not None:
        return held(last, ticket, desk, (texts.send_and_close, Verb.CLOSE_HELD), (texts.do_not_send, Verb.KEEP_HELD))
    text = texts.claimed_already.format(ticket=ticket.number, name=adviser_name(ticket.adviser, texts))
    asked = told(ticket, text, desk, Choice(texts.close_anyway, Verb.CLOSE_HELD, rest, ticket=ticket.number))
    return replace(asked, kind="none") if isinstance(event, Press) else asked  # so that the card's buttons stay


def close_anyway(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Close what somebody else has, with the last word that was held back, if there was one."""
    ticket, choice, last = open_ticket(event, situation, desk), situation.pressed, situation.referred
    assert choice is not None
    if isinstance(ticket, Turn):
        return ticket
    silently = choice.subject == SILENTLY
    if choice.subject and not silently:
        if last is None or last.author != "held":
            return told(ticket, desk.staff_texts.decided_already, desk)
        last = replace(last, author="adviser", at=now)
    turn = _closed(ticket, last, event, situation, desk, now, silently=silently)
    return replace(turn, orders=(*without_buttons(event), *turn.orders))


def _closed(ticket: Ticket, last: Line | None, event: Event, situation: Situation, desk: Desk, now: datetime, *, silently: bool) -> Turn:
    after, offer = states.closed(ticket, now), learning.offer(situation, desk)
    turn = changed(ticket, after, event, "closed", desk.staff_texts.closed_by, situation, desk, now, choices=offer)
    if silently:
        return turn
    theirs = desk.speaks(ticket.language)
    goodbye = rating.goodbye(after, theirs.ticket_closed, theirs)
    offered = replace(situation.conversation, offer=goodbye.choices) if situation.conversation else None
    said = to_person(last, ticket, desk) if last else ()
    return replace(turn, conversation=offered, lines=(last,) if last else (), orders=(*said, goodbye, *turn.orders))


def reopen(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return refused(event, desk, texts.reason_no_ticket)
    if ticket.is_open:
        return told(ticket, texts.open_already.format(ticket=ticket.number), desk)
    if reason := why_closed(ticket, situation, desk):
        return told(ticket, reason, desk)
    return changed(ticket, states.reopened(ticket, desk.hours, now), event, "reopened", texts.reopened_by, situation, desk, now)


def snooze(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Put off until a day's opening, or until the person writes."""
    texts, ticket = desk.staff_texts, open_ticket(event, situation, desk)
    if isinstance(ticket, Turn):
        return ticket
    until = _opening(rest, desk, now) if rest else None
    if rest and until is None:
        return told(ticket, texts.snooze_usage, desk)
    after = states.snoozed(ticket, until)
    said = texts.snoozed_until if until else texts.snoozed
    return changed(ticket, after, event, "snoozed", said, situation, desk, now, day=cards.put_off(after, desk))


def _opening(text: str, desk: Desk, now: datetime) -> datetime | None:
    """When the desk opens on the day named, or on the first day after it on which it does."""
    zone = desk.hours.zone
    day = day_named(text, now.astimezone(zone).date())
    if day is None:
        return None
    return desk.hours.after(datetime.combine(day, time(), zone), timedelta()) or datetime.combine(day, _MORNING, zone)
