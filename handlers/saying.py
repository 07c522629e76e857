"""Small builders for what the bot says, shared by the handlers."""

import re
from dataclasses import replace

from handlers.desk import Desk
from handlers.events import Event, MessageRef, Press, Sender
from handlers.orders import Change, Choice, Order, Part, Say, Text
from handlers.situation import Conversation, Situation, Turn
from handlers.texts import Texts

_NAME_LENGTH = 40


def conversation_of(event: Event, situation: Situation, desk: Desk) -> Conversation:
    """The conversation as it stands, or a new one; nothing is on offer or awaited in it any more."""
    known = situation.conversation
    if known is not None:
        return replace(known, place=event.place, person=event.sender, offer=(), awaits=None)
    hint = (event.sender.language or "")[:2]
    language = hint if hint in desk.texts else desk.language
    # Where others read along nobody needs a welcome.
    return Conversation(place=event.place, person=event.sender, language=language, welcomed=not event.direct)


def say(conversation: Conversation, *parts: str | Part, choices: tuple[Choice, ...] = (), ticket: int | None = None) -> Say:
    """Say something to the person; a plain string is our Markdown."""
    texts = tuple(Text(part) if isinstance(part, str) else part for part in parts if part)
    return Say(place=conversation.place, parts=texts, choices=choices, ticket=ticket)


def to_staff(desk: Desk, *parts: str | Part, ticket: int | None = None, choices: tuple[Choice, ...] = ()) -> Say:
    """Say something in the staff channel: in the ticket's thread, or in the main timeline."""
    texts = tuple(Text(part) if isinstance(part, str) else part for part in parts if part)
    return Say(place=desk.staff, parts=texts, choices=choices, ticket=ticket)


def welcomed(conversation: Conversation, desk: Desk) -> tuple[Conversation, tuple[Order, ...]]:
    """At first contact the welcome goes before everything else."""
    if conversation.welcomed:
        return conversation, ()
    conversation = replace(conversation, welcomed=True)
    texts = desk.speaks(conversation.language)
    return conversation, (say(conversation, texts.welcome.format(desk=desk.name)),)


def told(kind: str, conversation: Conversation, desk: Desk, *parts: str | Part, choices: tuple[Choice, ...] = ()) -> Turn:
    """A turn that only says something to the person (after the welcome, at first contact) and remembers what they may choose."""
    conversation, welcome = welcomed(conversation, desk)
    conversation = replace(conversation, offer=choices)
    said = (say(conversation, *parts, choices=choices),) if parts else ()
    return Turn(kind=kind, conversation=conversation, orders=(*welcome, *said))


def without_buttons(event: Event) -> tuple[Order, ...]:
    """A question that was answered by a press offers nothing any more."""
    if not isinstance(event, Press) or event.message is None:
        return ()
    return (Change(message=MessageRef(event.place.platform, event.place.room, event.message)),)


def display_name(sender: Sender | None, texts: Texts) -> str:
    return harmless(sender.name if sender else "", _NAME_LENGTH) or texts.card_no_name


def adviser_name(adviser: Sender | None, texts: Texts) -> str:
    return harmless(adviser.name if adviser else "", _NAME_LENGTH) or texts.adviser_label


def harmless(text: str, length: int) -> str:
    """What somebody wrote, on one line and so that it can neither format, mention nor link: letters, digits, plain punctuation."""
    return short(re.sub(r"[^\w',.?! -]+|_", " ", text), length).strip(" .-")


def pieces(text: str, length: int = 3000) -> list[str]:
    """A long text in parts of at most that length, parted between lines or words if possible."""
    parts = []
    while len(text) > length:
        at = next((at for gap in ("\n", " ") if (at := text.rfind(gap, length // 2, length)) > 0), length)
        parts.append(text[:at])
        text = text[at:].lstrip("\n ")
    return [*parts, text]


def short(text: str, length: int = 60) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
