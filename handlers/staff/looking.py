"""What an adviser can look up: what is open, what happened to a ticket, what there is to say."""

from datetime import datetime

from handlers import cards
from handlers.desk import Desk
from handlers.events import Event
from handlers.hours import written
from handlers.orders import Part, Quote, Text
from handlers.personal import masked
from handlers.saying import harmless, short, to_staff
from handlers.situation import Happening, Situation, Ticket, Turn
from handlers.staff.building import refused, told

_PERSON, _CLOCK = "person", "clock"
_MOST_SHOWN, _LONGEST_SHOWN = 50, 200
"""Of what came in a flood: so many messages, and so many characters of each."""


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
    happenings = "\n".join([texts.history_head.format(ticket=ticket.number), "", *lines])
    return Turn(kind="adviser", orders=(to_staff(desk, happenings, *_not_shown(ticket, situation, desk), ticket=ticket.number),))


def _not_shown(ticket: Ticket, situation: Situation, desk: Desk) -> tuple[Part, ...]:
    """What the person wrote in a flood: kept, and not shown in the ticket's thread when it came. What opened a ticket is on its card."""
    texts, opened = desk.staff_texts, {happening.at for happening in situation.history if happening.what == "opened"}
    theirs = [line for line in situation.lines if line.ticket == ticket.number and line.author == "person"]
    first = {line.at: line for line in reversed(theirs) if line.at in opened}.values()
    kept = [line.text for line in theirs if line.copy is None and line.text and line not in first]
    if not kept:
        return ()
    more = texts.not_shown_more.format(n=len(kept) - _MOST_SHOWN) if len(kept) > _MOST_SHOWN else ""
    shown = "\n".join(masked(short(text, _LONGEST_SHOWN)) for text in kept[:_MOST_SHOWN])
    return (Text(texts.plural(texts.not_shown, len(kept))), Quote(shown), *((Text(more),) if more else ()))


def _happened(happening: Happening, desk: Desk) -> str:
    texts, at = desk.staff_texts, happening.at.astimezone(desk.hours.zone)
    names = (harmless(name, 80) or texts.adviser_label for name in happening.who.split(" → "))
    who = {_PERSON: texts.history_person, _CLOCK: texts.history_clock}.get(happening.who) or " → ".join(names)
    what = texts.happened.get(happening.what.partition(":")[0], happening.what)
    return texts.history_line.format(
        date=written(at.date(), texts),
        time=texts.hour_minute.format(hour=at.hour, minute=at.minute),
        who=who,
        what=what.format(ticket=happening.merged_into),
    )


def help(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    return told(situation.ticket, desk.staff_texts.staff_help, desk)
