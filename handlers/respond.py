"""The way in: what one event leads to. A plain function of values; the caller loads, saves and sends."""

from dataclasses import replace
from datetime import datetime

from handlers import advisers, choices, commands, floods, groups, masking, questions, rating, reminders, tickets
from handlers.desk import Desk
from handlers.events import Access, Due, Edit, Event, Illegible, Message, Moved, Press, Reaction, Removal, ThreadChanged, Unreachable
from handlers.orders import Verb
from handlers.saying import conversation_of, told
from handlers.situation import Situation, Turn

NOTHING = Turn(kind="none")
_RIGHTS = (Verb.FORGET, Verb.KEEP)


def respond(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    if situation.block is not None and not desk.is_staff(event) and not _is_a_right(event, situation, desk):
        return Turn(kind="blocked")
    turn = _turn(event, situation, desk, now)
    return _with_alarms(turn if desk.is_staff(event) else masking.guarded(turn, event, situation, desk), desk)


def after_failure(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """What is left to do with an event on which `respond` fails again and again."""
    return _with_alarms(tickets.after_failure(event, situation, desk, now), desk)


def after_restore(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """What is left to do with an event that waited when the backup was made from which the desk was restored."""
    return _with_alarms(tickets.after_restore(event, situation, desk, now), desk)


def _is_a_right(event: Event, situation: Situation, desk: Desk) -> bool:
    """To know what is kept about oneself, and to have it deleted, stays possible for whoever is blocked."""
    match event:
        case Message():
            choice = choices.typed(event, situation, desk)
            return commands.is_a_right(event) or (choice is not None and choice.verb in _RIGHTS)
        case Press():
            return situation.pressed is not None and situation.pressed.verb in _RIGHTS
        case _:
            return False


def _with_alarms(turn: Turn, desk: Desk) -> Turn:
    """Whatever happened to a ticket, what is due for it follows from what it is now."""
    if turn.ticket is None or turn.alarms is not None:
        return turn
    return replace(turn, alarms=reminders.alarms(turn.ticket, desk))


def _turn(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    if desk.is_staff(event):
        return advisers.act(event, situation, desk, now)
    if floods.is_one_of_too_many(event, situation):
        return floods.hold(event, situation, desk, now)
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
        case Due():
            return reminders.due(event, situation, desk, now)
        case Moved() | Access() | ThreadChanged():
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
    if commented := rating.comment(message, situation, desk, now):
        return commented
    return questions.answer(message, situation, desk, now)
