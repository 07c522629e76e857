"""Too many messages of one person at once: kept, and answered together by one sentence, so that nobody else has to wait."""

from datetime import datetime

from handlers.desk import Desk
from handlers.events import Edit, Event, Illegible, Message, MessageRef, Press, Reaction, Removal
from handlers.orders import Order
from handlers.saying import conversation_of, say, to_staff
from handlers.situation import Conversation, Line, Question, Situation, Ticket, Turn

MOST = 20
"""So many events of one person in one room and minute are dealt with as usual."""

_ONE_AT_A_TIME = "console"
"""Where the next line is read only when the last is answered, there can be no flood."""


def is_one_of_too_many(event: Event, situation: Situation) -> bool:
    return (
        situation.lately >= MOST
        and event.place.platform != _ONE_AT_A_TIME
        and isinstance(event, Message | Press | Edit | Reaction | Removal | Illegible)
    )


def hold(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Keep a message with the ticket, or as a question; the first of a minute's too many is told so."""
    if not isinstance(event, Message) or not event.addressed:
        return Turn(kind="none")
    conversation = situation.conversation or conversation_of(event, situation, desk)
    ticket = situation.ticket if event.direct else None
    first = situation.lately == MOST
    return Turn(
        kind="held",
        conversation=conversation,
        question=_question(event, situation, conversation, now) if ticket is None else None,
        lines=(_line(event, ticket, now),) if ticket is not None else (),
        orders=_told(conversation, ticket, desk) if first else (),
    )


def _told(conversation: Conversation, ticket: Ticket | None, desk: Desk) -> tuple[Order, ...]:
    person = say(conversation, desk.speaks(conversation.language).slow_down)
    return (person, to_staff(desk, desk.staff_texts.person_floods, ticket=ticket.number)) if ticket is not None else (person,)


def _question(message: Message, situation: Situation, conversation: Conversation, now: datetime) -> Question:
    return Question(number=situation.number, text=message.text, language=conversation.language, decision="held", at=now)


def _line(message: Message, ticket: Ticket, now: datetime) -> Line:
    origin = MessageRef(message.place.platform, message.place.room, message.id)
    return Line(ticket=ticket.number, author="person", text=message.text, at=now, attachments=message.attachments, origin=origin)
