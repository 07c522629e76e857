"""What the clock says: whom it reminds of what, and when. It takes the same road as everybody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from handlers import cards, hours, learning, rating, reports, states, tickets
from handlers.desk import Desk
from handlers.events import Due
from handlers.orders import Choice, Order, Say, Text, Verb
from handlers.saying import to_staff
from handlers.situation import Alarm, Happening, Situation, State, Ticket, Turn

NOTHING = Turn(kind="none")
_WHO = "clock"


class Call(StrEnum):
    """What can be due."""

    UNCLAIMED = "unclaimed"
    UNANSWERED = "unanswered"
    WAKE = "wake"
    ASK_AGAIN = "ask_again"
    CLOSE = "close"
    MORNING = "morning"
    WEEKLY = "weekly"


def alarms(ticket: Ticket, desk: Desk) -> tuple[Alarm, ...]:
    """Everything that is due for a ticket, by what it is alone: so the same alarm is the same whenever it is computed."""
    return tuple(Alarm(ticket.number, call, at) for call, at in _calls(ticket, desk) if at is not None)


def alarms_of_the_desk(desk: Desk, now: datetime) -> tuple[Alarm, ...]:
    """What is due next for the desk as a whole."""
    calls: list[tuple[Call, datetime | None]] = []
    if desk.reminders.morning:
        calls.append((Call.MORNING, desk.hours.day_begins(now)))
    if desk.reminders.weekly is not None:
        calls.append((Call.WEEKLY, desk.hours.week_begins(desk.reminders.weekly, now)))
    return tuple(Alarm(None, call, at) for call, at in calls if at is not None)


def _calls(ticket: Ticket, desk: Desk) -> Iterator[tuple[Call, datetime | None]]:
    """A ticket that was put off is called for nothing else until it is back; one that is answered waits for the person anyway."""
    after, waiting_since = desk.reminders, ticket.waiting_since or ticket.opened_at
    since = max(waiting_since, ticket.claimed_at or waiting_since)
    until_they_write = ticket.snoozed_until == states.UNTIL_THEY_WRITE
    if ticket.is_open and ticket.snoozed_until is not None and not (until_they_write and ticket.state is State.ANSWERED):
        yield Call.WAKE, None if until_they_write else ticket.snoozed_until
        return
    match ticket.state:
        case State.WAITING:
            yield Call.UNCLAIMED, _in_opening_time(since, after.unclaimed, desk)
        case State.CLAIMED:
            yield Call.UNANSWERED, _in_opening_time(since, after.unanswered, desk)
        case State.ANSWERED if ticket.answered_at is not None:
            yield Call.ASK_AGAIN, ticket.answered_at + after.ask_after if after.ask_after else None
            yield Call.CLOSE, ticket.answered_at + after.close_after if after.close_after else None


def _in_opening_time(since: datetime, wait: timedelta, desk: Desk) -> datetime | None:
    """Where no hours are known, every hour counts."""
    if not wait:
        return None
    return desk.hours.after(since, wait) if desk.hours.week else since + wait


def due(event: Due, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """What rings now, by what the ticket is now: it may have been answered or closed since the alarm was set."""
    if event.ticket is None:
        return _for_the_desk(event, situation, desk, now)
    ticket = situation.ticket
    ringing = {alarm.what for alarm in alarms(ticket, desk) if alarm.at <= now} if ticket else set()
    if ticket is None or event.what not in ringing:
        return NOTHING
    texts = desk.staff_texts
    match event.what:
        case Call.UNCLAIMED:
            return _reminded(ticket, texts.remind_unclaimed, situation, desk, now)
        case Call.UNANSWERED:
            return _reminded(ticket, texts.remind_unanswered, situation, desk, now)
        case Call.WAKE:
            return _woken(ticket, situation, desk, now)
        case Call.ASK_AGAIN if Call.CLOSE not in ringing:
            return _asked_again(ticket, situation, desk, now)
        case Call.CLOSE:
            return _closed(ticket, situation, desk, now)
        case _:
            return NOTHING


def _for_the_desk(event: Due, situation: Situation, desk: Desk, now: datetime) -> Turn:
    match event.what:
        case Call.MORNING:
            return _morning(situation, desk, now)
        case Call.WEEKLY:
            return reports.weekly(situation, desk, now)
        case _:
            return NOTHING


def _reminded(ticket: Ticket, text: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Who has the ticket is mentioned in it; when nobody has, all advisers are, in the main timeline."""
    promise = _promise(ticket, desk, now)
    said = to_staff(desk, " ".join(part for part in (text.format(ticket=ticket.number), promise) if part), ticket=ticket.number)
    orders: tuple[Order, ...]
    if ticket.adviser is not None:
        orders = (replace(said, mentions=(ticket.adviser,)),)
    else:
        orders = (said, replace(said, ticket=None, mentions=situation.advisers))
    return Turn(kind="clock", orders=orders)


def _woken(ticket: Ticket, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """It is back, and whoever has it is told; what would have rung meanwhile does not ring after it."""
    back = replace(ticket, snoozed_until=None)
    turn = _reminded(ticket, desk.staff_texts.remind_wake, situation, desk, now)
    later = tuple(alarm for alarm in alarms(back, desk) if alarm.at > now)
    return replace(
        turn,
        ticket=back,
        alarms=later,
        history=(Happening(ticket=ticket.number, at=now, who=_WHO, what="woke"),),
        orders=(*tickets.shown_state(ticket, back, desk), *turn.orders),
    )


def _asked_again(ticket: Ticket, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """The person has said no more: once, and kindly, whether that was all."""
    texts = desk.speaks(ticket.language)
    choices = (Choice(texts.solved, Verb.SOLVED, ticket=ticket.number), Choice(texts.reopen, Verb.UNSOLVED, ticket=ticket.number))
    text = Text(texts.ask_again.format(ticket=ticket.number))
    return Turn(
        kind="clock",
        conversation=replace(situation.conversation, offer=choices) if situation.conversation else None,
        history=(Happening(ticket=ticket.number, at=now, who=_WHO, what="asked_again"),),
        orders=(Say(place=ticket.place, parts=(text,), choices=choices, ticket=ticket.number),),
    )


def _closed(ticket: Ticket, situation: Situation, desk: Desk, now: datetime) -> Turn:
    closed = states.closed(ticket, now)
    texts = desk.speaks(ticket.language)
    goodbye, offer = rating.goodbye(closed, texts.ticket_closed_quiet, texts), learning.offer(situation, desk)
    return Turn(
        kind="clock",
        conversation=replace(situation.conversation, offer=goodbye.choices) if situation.conversation else None,
        ticket=closed,
        history=(Happening(ticket=ticket.number, at=now, who=_WHO, what="closed"),),
        orders=(
            goodbye,
            *tickets.shown_state(ticket, closed, desk),
            to_staff(desk, desk.staff_texts.closed_by_time.format(ticket=ticket.number), ticket=ticket.number, choices=offer),
        ),
    )


def _morning(situation: Situation, desk: Desk, now: datetime) -> Turn:
    """What waits for us, oldest first, and apart from it what was put off. Nothing when nothing waits, or when it is morning no more."""
    ours = [ticket for ticket in situation.open_tickets if ticket.state in (State.WAITING, State.CLAIMED)]
    snoozed = [ticket for ticket in ours if states.is_snoozed(ticket, now)]
    waiting = sorted((ticket for ticket in ours if ticket not in snoozed), key=lambda ticket: ticket.waiting_since or ticket.opened_at)
    if not waiting or not desk.hours.is_open(now):
        return NOTHING
    texts = desk.staff_texts
    parts = [texts.plural(texts.morning_head, len(waiting)), _listed(waiting, desk, now)]
    if snoozed:
        parts += [texts.morning_snoozed, _listed(snoozed, desk, now)]
    return Turn(kind="clock", orders=(to_staff(desk, *parts),))


def _listed(found: list[Ticket], desk: Desk, now: datetime) -> str:
    return "\n".join(f"- {' '.join((cards.queued(ticket, desk, now) + '.', _promise(ticket, desk, now))).strip()}" for ticket in found)


def _promise(ticket: Ticket, desk: Desk, now: datetime) -> str:
    if ticket.expected_by is None:
        return ""
    texts = desk.staff_texts
    text = texts.promised if ticket.expected_by > now else texts.promised_over
    return text.format(when=hours.until(ticket.expected_by.astimezone(desk.hours.zone), now, texts))
