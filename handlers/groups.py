"""In a room where others read along: answers for everybody, nothing personal, no tickets."""

from dataclasses import replace
from datetime import datetime

from handlers import choices, commands, questions
from handlers.desk import Desk
from handlers.events import Event, Message, Press
from handlers.orders import Choice, GiveData, Verb
from handlers.saying import conversation_of, say
from handlers.situation import Situation, Turn

NOTHING = Turn(kind="none")


def respond(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Answer what was said to the bot; what would be personal or open a ticket is moved to a private chat."""
    match event:
        case Message(addressed=True):
            turn = _said(event, situation, desk, now)
        case Press():
            turn = choices.press(event, situation, desk, now)
        case _:
            return NOTHING
    personal = turn.ticket or turn.erase or any(isinstance(order, GiveData) for order in turn.orders)
    return _invite(event, turn, situation, desk) if personal else turn


def _said(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    if command := commands.find(message):
        return command(message, situation, desk, now)
    if choice := choices.typed(message, situation, desk):
        return choices.take(choice, message, situation, desk, now)
    return questions.answer(message, situation, desk, now)


def _invite(event: Event, turn: Turn, situation: Situation, desk: Desk) -> Turn:
    conversation = turn.conversation or conversation_of(event, situation, desk)
    texts = desk.speaks(conversation.language)
    start = f"q{turn.question.number}" if turn.question else "adviser" if turn.ticket else "private"
    link = desk.direct_links.get(event.place.platform, "").replace("{start}", start)
    choices = (Choice(texts.write_privately, Verb.OPEN_CHAT, start, url=link),)
    conversation = replace(conversation, offer=() if link else choices)
    reply = event.id if isinstance(event, Message) else None
    said = replace(say(conversation, texts.in_private, choices=choices), reply_to=reply)
    return Turn(kind="escalate", conversation=conversation, question=turn.question, orders=(said,), guesses=turn.guesses)
