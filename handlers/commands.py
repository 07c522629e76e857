"""What a person can tell the bot to do, with `/` or `!`, in English and Slovene."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from handlers import tickets
from handlers.desk import Desk
from handlers.events import Event, Message
from handlers.orders import Choice, GiveData, Order, Quote, Remove, ShowState, Verb
from handlers.questions import recent, shown_entry
from handlers.saying import conversation_of, say, short, to_staff, told
from handlers.situation import Line, Situation, State, Ticket, Turn

Command = Callable[[Message, Situation, Desk, datetime], Turn]

_COMMAND = re.compile(r"\s*[/!]([a-z_]+)(?:@\w+)?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)


def split(text: str) -> tuple[str, str] | None:
    """A command's name in lower case and what stands after it: `/jezik en` → `("jezik", "en")`. Only on the first line."""
    found = _COMMAND.fullmatch(text)
    return (found.group(1).lower(), (found.group(2) or "").strip()) if found else None


def find(message: Message) -> Command | None:
    """The command in this message; a slash with a word that is none gets a helpful line, an exclamation mark may be just that."""
    parts = split(message.text)
    if parts is None:
        return None
    unknown = _unknown if message.text.lstrip().startswith("/") else None
    return _BY_NAME.get(parts[0], unknown)


def is_a_right(message: Message) -> bool:
    """What the law gives to everybody, also to those whom the desk does not answer."""
    return find(message) in (_privacy, _mydata, _forget)


def _argument(message: Message) -> str:
    parts = split(message.text)
    return parts[1] if parts else ""


def _start(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Welcome; a deep link's word opens its topic or entry: a hint, never a right."""
    conversation = conversation_of(message, situation, desk)
    word = _argument(message)
    question = situation.question
    if message.carried_question is not None and question and question.number == message.carried_question:
        language = conversation.language if situation.conversation else question.language
        return tickets.wanted(replace(conversation, language=language), question, situation, desk, now)
    if word == "adviser":
        return tickets.wanted(conversation, None, situation, desk, now)
    if any(topic.id == word for topic in desk.content.topics):
        return topic(word, message, situation, desk)
    if entry := desk.content.entry(word):
        return _entry(entry.id, message, situation, desk, now)
    return told("command", replace(conversation, welcomed=False), desk)


def _help(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(message, situation, desk)
    return told("command", conversation, desk, desk.speaks(conversation.language).help)


def _unknown(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(message, situation, desk)
    return told("command", conversation, desk, desk.speaks(conversation.language).unknown_command)


def topics(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(event, situation, desk)
    texts = desk.speaks(conversation.language)
    used = {entry.topic for entry in desk.content.entries}
    choices = tuple(Choice(topic.names[texts.code], Verb.TOPIC, topic.id) for topic in desk.content.topics if topic.id in used)
    return told("command", conversation, desk, texts.topics_which, choices=choices)


def topic(id: str, event: Event, situation: Situation, desk: Desk) -> Turn:
    conversation = conversation_of(event, situation, desk)
    texts = desk.speaks(conversation.language)
    found = next((topic for topic in desk.content.topics if topic.id == id), None)
    if found is None:
        return told("command", conversation, desk, texts.old_choice)
    choices = (
        *(Choice(entry.side(texts.code).title, Verb.SHOW_ENTRY, entry.id) for entry in desk.content.entries if entry.topic == id),
        Choice(texts.back_to_topics, Verb.TOPICS),
    )
    return told("command", conversation, desk, texts.entries_which.format(topic=found.names[texts.code]), choices=choices)


def _entry(id: str, event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(event, situation, desk)
    entry = desk.content.entry(id)
    assert entry is not None
    answer = shown_entry(conversation, entry, None, desk, now)
    turn = told("answer", conversation, desk, choices=answer.choices)
    return replace(turn, orders=(*turn.orders, answer))


def _topics(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    return topics(message, situation, desk, now)


def _adviser(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A human, at any moment; words after the command are the question."""
    conversation = conversation_of(message, situation, desk)
    words = _argument(message)
    if not words:
        return tickets.wanted(conversation, recent(situation, desk, now), situation, desk, now)
    said = replace(message, text=words)
    if situation.ticket is not None:
        return tickets.pass_on(said, situation, desk, now)
    return tickets.asked_directly(said, conversation, situation, desk, now)


def _language(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    word = _argument(message).lower()[:2]
    if word in desk.texts:
        return speak(word, message, situation, desk)
    conversation = conversation_of(message, situation, desk)
    choices = tuple(Choice(texts.language_name.capitalize(), Verb.LANGUAGE, code) for code, texts in desk.texts.items())
    return told("command", conversation, desk, desk.speaks(conversation.language).language_which, choices=choices)


def speak(code: str, event: Event, situation: Situation, desk: Desk) -> Turn:
    conversation = replace(conversation_of(event, situation, desk), language=code, language_fixed=True)
    return told("command", conversation, desk, desk.speaks(code).language_set)


def _status(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(message, situation, desk)
    texts, ticket = desk.speaks(conversation.language), situation.ticket
    if ticket is None:
        if situation.question is None:
            return told("command", conversation, desk, texts.status_nothing)
        return told("command", conversation, desk, texts.status_none, Quote(short(situation.question.text, 200)))
    form = {State.WAITING: texts.status_waiting, State.CLAIMED: texts.status_claimed}.get(ticket.state, texts.status_answered)
    text = form.format(ticket=ticket.number, expected=tickets.expected(ticket, desk, texts, now))
    if ticket.state is State.WAITING and situation.waiting_before:
        text += " " + texts.plural(texts.status_queue, situation.waiting_before)
    return told("command", conversation, desk, text)


def _privacy(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(message, situation, desk)
    texts = desk.speaks(conversation.language)
    notice = texts.privacy.format(days=texts.plural(texts.days, desk.keep_closed.days))
    complaint = texts.privacy_contact.format(contact=desk.privacy_contact) if desk.privacy_contact else texts.privacy_complaint
    return told("command", conversation, desk, f"{notice}\n\n{complaint}")


def _mydata(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(message, situation, desk)
    order = GiveData(place=conversation.place, person=message.sender.id, language=conversation.language)
    return Turn(kind="command", conversation=replace(conversation, welcomed=True), orders=(order,))


def _forget(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(message, situation, desk)
    texts, ticket = desk.speaks(conversation.language), situation.ticket
    text = texts.forget_sure_ticket.format(ticket=ticket.number) if ticket else texts.forget_sure
    choices = (Choice(texts.forget_yes, Verb.FORGET), Choice(texts.forget_no, Verb.KEEP))
    return told("command", replace(conversation, welcomed=True), desk, text, choices=choices)


def forgotten(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Everything about the person goes, the copies in the staff channel too; of their tickets' threads only the numbers stay, closed."""
    conversation = conversation_of(event, situation, desk)
    said = say(conversation, desk.speaks(conversation.language).forgotten)
    theirs = (situation.ticket, *situation.earlier) if situation.ticket else situation.earlier
    return Turn(kind="command", orders=(said, *taken_away(theirs, situation.lines, desk)), erase=True)


def taken_away(tickets: Sequence[Ticket], lines: Sequence[Line], desk: Desk) -> tuple[Order, ...]:
    """What goes from the staff channel with a person who had these tickets."""
    copies = tuple(
        Remove(message=ref)
        for line in lines
        for ref in (line.origin, line.copy)
        if ref is not None and (ref.platform, ref.room) == (desk.staff.platform, desk.staff.room)
    )
    erased = desk.staff_texts.person_erased
    notes = tuple(to_staff(desk, erased.format(ticket=one.number), ticket=one.number) for one in tickets if one.is_open)
    states = tuple(
        ShowState(place=desk.staff, ticket=one.number, state=State.CLOSED, title=f"#{one.number}")
        for one in tickets
        if one.thread is not None
    )
    return (*copies, *notes, *states)


def _cancel(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(message, situation, desk)
    texts = desk.speaks(conversation.language)
    offered = situation.conversation is not None and situation.conversation.offer
    return told("command", conversation, desk, texts.cancelled if offered else texts.nothing_to_cancel)


NAMES: dict[str, tuple[str, Command]] = {
    "start": ("start", _start),
    "help": ("pomoc", _help),
    "topics": ("teme", _topics),
    "adviser": ("svetovalec", _adviser),
    "language": ("jezik", _language),
    "status": ("stanje", _status),
    "privacy": ("zasebnost", _privacy),
    "mydata": ("mojipodatki", _mydata),
    "forget": ("izbrisi", _forget),
    "cancel": ("preklici", _cancel),
}
"""English name → Slovene name and what it does, in the order of the menu."""

_BY_NAME: dict[str, Command] = {name: command for english, (slovene, command) in NAMES.items() for name in (english, slovene)}
