"""The way in: what one event leads to. A plain function of values; the caller loads, saves and sends."""

from datetime import datetime

from handlers import advisers, choices, commands, groups, questions, tickets
from handlers.desk import Desk
from handlers.events import Access, Due, Edit, Event, Illegible, Message, Moved, Press, Reaction, Removal, ThreadChanged, Unreachable
from handlers.saying import conversation_of, told
from handlers.situation import Situation, Turn

NOTHING = Turn(kind="none")


def respond(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    if desk.is_staff(event):
        return advisers.act(event, situation, desk, now)
    if not event.direct:
        return groups.respond(event, situation, desk, now)
    match event:
        case Message():
            return _said(event, situation, desk, now)
        case Press():
            return choices.press(event, situation, desk, now)
        case Edit():
            return tickets.edited(event, situation, desk, now)
        case Reaction() | Removal():
            return tickets.touched(event, situation, desk, now)
        case Unreachable():
            return tickets.unreachable(event, situation, desk, now)
        case Illegible():
            return _write_again(event, situation, desk)
        case Moved() | Access() | ThreadChanged() | Due():
            return NOTHING


def _write_again(event: Illegible, situation: Situation, desk: Desk) -> Turn:
    conversation = conversation_of(event, situation, desk)
    return told("command", conversation, desk, desk.speaks(conversation.language).illegible)


def _said(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    if command := commands.find(message):
        return command(message, situation, desk, now)
    if choice := choices.typed(message, situation, desk):
        return choices.take(choice, message, situation, desk, now)
    if situation.ticket is not None:
        return tickets.pass_on(message, situation, desk, now)
    if situation.referred is not None and situation.referred_ticket is not None:
        return tickets.reopened_by_reply(message, situation, desk, now)
    return questions.answer(message, situation, desk, now)
