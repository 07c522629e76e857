"""A choice made by a person: by a press, or by typing its number or its words."""

import re
from dataclasses import replace
from datetime import datetime

from handlers import commands, masking, questions, rating, tickets
from handlers.desk import Desk
from handlers.events import Event, Message, MessageRef, Press
from handlers.orders import REUSABLE, Change, Choice, OpenChat, Verb
from handlers.saying import conversation_of, say, told
from handlers.situation import Guess, Question, Situation, Turn
from knowledge.words import plain_key

_NUMBER = re.compile(r"\s*(\d{1,2})\s*[.)]?\s*")
_KEYCAP = re.compile(r"(\d)\ufe0f?\u20e3")
_YES, _NO = (Verb.HELPED, Verb.FORGET, Verb.SOLVED, Verb.MASK), (Verb.NOT_HELPED, Verb.KEEP, Verb.UNSOLVED)


def press(event: Press, situation: Situation, desk: Desk, now: datetime) -> Turn:
    offer = situation.conversation.offer if situation.conversation else ()
    choice = situation.pressed
    if choice is None and event.number is not None and 0 < event.number <= len(offer):
        choice = offer[event.number - 1]
    if choice is None:
        return _old(event, situation, desk)
    turn = take(choice, event, situation, desk, now)
    if event.message is None or choice.verb in REUSABLE:
        return turn
    # The buttons have done their work: take them away, so that nobody wonders whether the press arrived.
    ref = MessageRef(event.place.platform, event.place.room, event.message)
    return replace(turn, orders=(Change(message=ref), *turn.orders))


def typed(message: Message, situation: Situation, desk: Desk) -> Choice | None:
    """The choice on offer that this text names: by number, by its words, or by a yes or no."""
    offer = situation.conversation.offer if situation.conversation else ()
    if situation.conversation is None or not offer or message.attachments:
        return None
    if number := _NUMBER.fullmatch(_KEYCAP.sub(r"\1", message.text)):
        index = int(number.group(1)) - 1
        return offer[index] if 0 <= index < len(offer) else None
    words = plain_key(message.text)
    if named := next((choice for choice in offer if words == plain_key(choice.label)), None):
        return named
    if not words and (sign := message.text.strip()[:1]):
        return next((choice for choice in offer if choice.label.startswith(sign)), None)
    texts = desk.speaks(situation.conversation.language)
    verbs = _YES if words in map(plain_key, texts.yes_words) else _NO if words in map(plain_key, texts.no_words) else ()
    return next((choice for choice in offer if choice.verb in verbs), None)


def take(choice: Choice, event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Do what the choice stands for."""
    conversation = conversation_of(event, situation, desk)
    texts = desk.speaks(conversation.language)
    match choice.verb:
        case Verb.SHOW_ENTRY:
            return _show(choice, event, situation, desk, now)
        case Verb.HELPED:
            return _helped(choice, event, situation, desk)
        case Verb.NOT_HELPED | Verb.NONE_OF_THESE:
            question = _about(choice, situation) or _browsed(choice, event, situation, desk, now)
            return tickets.wanted(conversation, question, situation, desk, now, helped=False)
        case Verb.REOPEN:
            return _reopen(event, situation, desk, now)
        case Verb.LIKE | Verb.DISLIKE:
            return rating.rate(choice, event, situation, desk, now) or _old(event, situation, desk)
        case Verb.SOLVED | Verb.UNSOLVED:
            return _solved(choice, event, situation, desk, now)
        case Verb.TOPICS:
            return commands.topics(event, situation, desk, now)
        case Verb.TOPIC:
            return commands.topic(choice.subject, event, situation, desk)
        case Verb.LANGUAGE:
            return commands.speak(choice.subject, event, situation, desk)
        case Verb.OPEN_CHAT:
            return _open_chat(choice, event, situation, desk)
        case Verb.FORGET:
            return commands.forgotten(event, situation, desk, now)
        case Verb.MASK:
            return masking.taken_out(event, situation, desk)
        case Verb.KEEP:
            return told("command", conversation, desk, texts.kept)
        case _:
            return told("command", conversation, desk, texts.old_choice)


def _show(choice: Choice, event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(event, situation, desk)
    entry = desk.content.entry(choice.subject)
    if entry is None:
        return told("command", conversation, desk, desk.speaks(conversation.language).old_choice)
    question = _about(choice, situation)
    answer = questions.shown_entry(conversation, entry, question, desk, now)
    return Turn(
        kind="answer",
        conversation=replace(conversation, offer=answer.choices),
        question=replace(question, shown=(*question.shown, entry.id)) if question else None,
        orders=(answer,),
        guesses=_chosen_first(entry.id, question),
    )


def _chosen_first(id: str, question: Question | None) -> tuple[Guess, ...]:
    guesses = question.guesses if question else ()
    chosen = next((guess for guess in guesses if guess.entry == id), Guess(id, 1.0))
    return (chosen, *(guess for guess in guesses if guess != chosen))


def _helped(choice: Choice, event: Event, situation: Situation, desk: Desk) -> Turn:
    """Thanks, and what people usually need to know next."""
    conversation = conversation_of(event, situation, desk)
    texts, question = desk.speaks(conversation.language), _about(choice, situation)
    entry = desk.content.entry(choice.subject)
    related = [found for id in (entry.related if entry else ()) if (found := desk.content.entry(id))][:3]
    offers = tuple(Choice(found.side(texts.code).title, Verb.SHOW_ENTRY, found.id) for found in related)
    parts = (texts.helped_thanks, texts.related) if offers else (texts.helped_thanks,)
    turn = told("command", conversation, desk, *parts, choices=offers)
    return replace(turn, question=replace(question, helped=True) if question else None)


def _reopen(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """The person wants more on a closed matter; when it is open already, they are told so."""
    if situation.ticket is not None or situation.referred_ticket is None:
        return tickets.wanted(conversation_of(event, situation, desk), None, situation, desk, now)
    return tickets.reopen(event, situation.referred_ticket, situation, desk, now)


def _solved(choice: Choice, event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """What the person says when asked whether an answer was enough; the ticket may have been closed meanwhile."""
    ticket = situation.referred_ticket
    if ticket is None or not ticket.is_open:
        return _reopen(event, situation, desk, now) if choice.verb is Verb.UNSOLVED else _old(event, situation, desk)
    answer = tickets.closed_by_person if choice.verb is Verb.SOLVED else tickets.still_open
    return answer(event, ticket, situation, desk, now)


def _old(event: Event, situation: Situation, desk: Desk) -> Turn:
    """What the bot has asked for is awaited still."""
    awaited = situation.conversation.awaits if situation.conversation else None
    conversation = replace(conversation_of(event, situation, desk), awaits=awaited)
    return told("command", conversation, desk, desk.speaks(conversation.language).old_choice)


def _open_chat(choice: Choice, event: Event, situation: Situation, desk: Desk) -> Turn:
    """The bot comes to the person, and what they asked comes along."""
    conversation = conversation_of(event, situation, desk)
    opened = OpenChat(place=event.place, person=event.sender.id, word=choice.subject)
    said = say(conversation, desk.speaks(conversation.language).chat_opened)
    return Turn(kind="command", conversation=conversation, orders=(opened, said))


def _about(choice: Choice, situation: Situation) -> Question | None:
    question = situation.question
    return question if question and question.number == choice.question else None


def _browsed(choice: Choice, event: Event, situation: Situation, desk: Desk, now: datetime) -> Question | None:
    """An entry found through the topics did not help: its title stands for the question that was never typed."""
    entry = desk.content.entry(choice.subject)
    if entry is None:
        return None
    language = conversation_of(event, situation, desk).language
    title = entry.side(desk.speaks(language).code).title
    return Question(number=situation.number, text=title, language=language, decision="answer", at=now, shown=(entry.id,))
