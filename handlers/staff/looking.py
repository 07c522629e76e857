"""What an adviser can look up: what is open, what happened to a ticket, what there is to say."""

from datetime import datetime

from handlers import cards
from handlers.desk import Desk
from handlers.events import Event
from handlers.hours import written
from handlers.saying import harmless
from handlers.situation import Happening, Situation, Turn
from handlers.staff.building import refused, told

_PERSON, _CLOCK = "person", "clock"


def queue(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    texts = desk.staff_texts
    if not situation.open_tickets:
        return told(situation.ticket, texts.queue_empty, desk)
    lines = [cards.queued(ticket, desk, now) for ticket in situation.open_tickets]
    head = texts.plural(texts.queue_head, len(lines))
    return told(situation.ticket, "\n".join([head, "", *(f"- {line}" for line in lines)]), desk)


def history(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Who did what with this ticket, and when."""
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return refused(event, desk, texts.reason_no_ticket)
    lines = [f"- {_happened(happening, desk)}" for happening in situation.history]
    return told(ticket, "\n".join([texts.history_head.format(ticket=ticket.number), "", *lines]), desk)


def _happened(happening: Happening, desk: Desk) -> str:
    texts, at = desk.staff_texts, happening.at.astimezone(desk.hours.zone)
    who = {_PERSON: texts.history_person, _CLOCK: texts.history_clock}.get(happening.who) or harmless(happening.who, 80)
    return texts.history_line.format(
        date=written(at.date(), texts),
        time=texts.hour_minute.format(hour=at.hour, minute=at.minute),
        who=who,
        what=texts.happened.get(happening.what, happening.what),
    )


def help(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    return told(situation.ticket, desk.staff_texts.staff_help, desk)
