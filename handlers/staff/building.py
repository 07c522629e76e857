"""Small builders for what follows from an adviser's doing."""

from collections.abc import Callable
from datetime import datetime

from handlers import cards, tickets
from handlers.desk import Desk
from handlers.events import Event, Message, MessageRef, Sender
from handlers.orders import Choice, Mark, Order, Sign, Verb
from handlers.saying import adviser_name, to_staff
from handlers.situation import Happening, Line, Situation, Ticket, Turn

NOTHING = Turn(kind="none")

Action = Callable[[Event, str, Situation, Desk, datetime], Turn]
"""What a command or a button does; the text is what stands after the command."""


def told(ticket: Ticket | None, text: str, desk: Desk, *choices: Choice) -> Turn:
    """Answer the adviser where they asked."""
    return Turn(kind="adviser", orders=(to_staff(desk, text, ticket=ticket.number if ticket else None, choices=choices),))


def refused(event: Event, desk: Desk, reason: str, ticket: Ticket | None = None) -> Turn:
    """An adviser's message is marked as not sent, with the reason."""
    if not isinstance(event, Message):
        return told(ticket, reason, desk)
    text = desk.staff_texts.not_sent.format(reason=reason)
    mark = Mark(message=ref(event), sign=Sign.FAILED, ticket=ticket.number if ticket else None, text=text)
    return Turn(kind="adviser", orders=(mark,))


def open_ticket(event: Event, situation: Situation, desk: Desk) -> Ticket | Turn:
    """The ticket that this is about, or what the adviser is told when there is none to work on."""
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return refused(event, desk, texts.reason_no_ticket)
    return ticket if ticket.is_open else told(ticket, texts.closed_already.format(ticket=ticket.number), desk)


def changed(
    before: Ticket,
    after: Ticket,
    event: Event,
    what: str,
    said: str,
    situation: Situation,
    desk: Desk,
    now: datetime,
    choices: tuple[Choice, ...] = (),
    **values: str,
) -> Turn:
    """A ticket is something else now: kept, shown on its thread and card, and said there (`{ticket}`, `{name}` and `values` filled in)."""
    text = said.format(ticket=after.number, name=adviser_name(event.sender, desk.staff_texts), **values)
    return Turn(
        kind="adviser",
        ticket=after,
        history=(happened(before, event.sender, now, what),),
        orders=(
            *shown_state(before, after, situation, desk),
            *tickets.taken(before, after, desk),
            to_staff(desk, text, ticket=after.number, choices=choices),
        ),
    )


def shown_state(before: Ticket, after: Ticket, situation: Situation, desk: Desk) -> tuple[Order, ...]:
    nearest = cards.nearest(after, situation.question, situation.history, desk)
    return tickets.shown_state(before, after, desk, nearest)


def claimed_already(ticket: Ticket, desk: Desk) -> Turn:
    """Who has it, and the way to have it oneself."""
    texts = desk.staff_texts
    text = texts.claimed_already.format(ticket=ticket.number, name=adviser_name(ticket.adviser, texts))
    return told(ticket, text, desk, Choice(texts.take_over, Verb.TAKE_OVER, ticket=ticket.number))


def ref(message: Message) -> MessageRef:
    return MessageRef(message.place.platform, message.place.room, message.id)


def line(message: Message, ticket: Ticket, author: str, text: str, now: datetime) -> Line:
    return Line(
        ticket=ticket.number,
        author=author,
        text=text,
        at=now,
        attachments=message.attachments,
        origin=ref(message),
        adviser=message.sender,
    )


def happened(ticket: Ticket, who: Sender, now: datetime, what: str) -> Happening:
    return Happening(ticket=ticket.number, at=now, who=who.name, what=what)


def has_other_adviser(ticket: Ticket, sender: Sender) -> bool:
    return ticket.adviser is not None and ticket.adviser.id != sender.id


def why_closed(ticket: Ticket, situation: Situation, desk: Desk) -> str:
    """Why a closed ticket has to stay so: it is part of another one, or what the person writes goes to another one that is open."""
    texts = desk.staff_texts
    if situation.history and (into := situation.history[-1].merged_into):
        return texts.reason_merged.format(other=into)
    other = next((one for one in situation.earlier if one.is_open and one.place.room == ticket.place.room), None)
    return texts.reason_other_open.format(other=other.number) if other else ""
