"""What is to be done outside: one outbox row each, carried out by a platform."""

from base64 import b64decode
from dataclasses import dataclass
from enum import StrEnum

from handlers.events import Attachment, MessageRef, Place, Sender


class Verb(StrEnum):
    """What a choice does."""

    SHOW_ENTRY = "show_entry"
    NONE_OF_THESE = "none_of_these"
    HELPED = "helped"
    NOT_HELPED = "not_helped"
    TOPIC = "topic"
    TOPICS = "topics"
    LANGUAGE = "language"
    FORGET = "forget"
    KEEP = "keep"
    REOPEN = "reopen"
    OPEN_CHAT = "open_chat"
    CLAIM = "claim"
    RELEASE = "release"
    CLOSE = "close"
    REOPEN_TICKET = "reopen_ticket"
    SEND_ENTRY = "send_entry"
    DRAFT = "draft"
    DRAFT_WORDING = "draft_wording"
    DRAFT_ENTRY = "draft_entry"
    DRAFT_CANCEL = "draft_cancel"
    SHOW_DRAFT = "show_draft"
    APPROVE = "approve"
    REJECT = "reject"
    MASK = "mask"
    UNMASK = "unmask"
    TAKE_OVER = "take_over"
    SEND_HELD = "send_held"
    KEEP_HELD = "keep_held"
    CLOSE_HELD = "close_held"
    SOLVED = "solved"
    UNSOLVED = "unsolved"
    LIKE = "like"
    DISLIKE = "dislike"
    COMMENT = "comment"
    WRITE_ANSWER = "write_answer"
    CANCEL_ANSWER = "cancel_answer"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a person or an adviser may press or type the number of."""

    label: str
    verb: Verb
    subject: str = ""
    """The entry, topic or language it is about; the id of the message that is held back; for `OPEN_CHAT` the word that comes along."""
    question: int | None = None
    ticket: int | None = None
    url: str = ""
    """For `OPEN_CHAT` where a link does it: opened by the app and never pressed."""
    id: str = ""
    """What a platform's button carries: opaque, given when the order is put into the outbox."""


REUSABLE = frozenset(
    {Verb.SHOW_ENTRY, Verb.SHOW_DRAFT, Verb.DRAFT, Verb.TOPIC, Verb.TOPICS, Verb.LANGUAGE, Verb.OPEN_CHAT, Verb.WRITE_ANSWER},
)
"""Choices that lead somewhere and settle nothing: they may be pressed again."""

DRAFTING = frozenset(
    {Verb.DRAFT, Verb.DRAFT_WORDING, Verb.DRAFT_ENTRY, Verb.DRAFT_CANCEL, Verb.SHOW_DRAFT, Verb.APPROVE, Verb.REJECT},
)
"""What advisers choose about a draft; the subject begins with its number."""

ANSWERING = frozenset({Verb.WRITE_ANSWER, Verb.CANCEL_ANSWER})
"""What advisers choose about a question that the FAQ does not answer."""

HELD = frozenset({Verb.TAKE_OVER, Verb.SEND_HELD, Verb.KEEP_HELD, Verb.CLOSE_HELD})
"""Choices about a message that an adviser wrote and that is held back."""


@dataclass(frozen=True, slots=True)
class Text:
    """Written by us: Markdown."""

    markdown: str
    aside: bool = False
    """A line that stays in the background, such as an answer's sources."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Written by somebody else: shown as it is, never parsed."""

    text: str


Part = Text | Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """The bot speaks."""

    place: Place
    parts: tuple[Part, ...]
    choices: tuple[Choice, ...] = ()
    ticket: int | None = None
    """In the staff channel: said in this ticket's thread. To a person: about this ticket."""
    reply_to: str | None = None
    hold: int = 0
    """Seconds to wait before it is sent."""
    report: MessageRef | None = None
    """The message of the staff channel to mark as sent or failed; when what was said there is withdrawn before, nothing is sent."""
    mentions: tuple[Sender, ...] = ()
    """In the staff channel: the advisers whom it is meant for, named before the text and notified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """What one side wrote, carried to the other."""

    place: Place
    ticket: int
    author: str
    """Shown before the text."""
    text: str
    origin: MessageRef
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    report: bool = False
    """For what advisers write: mark the original as sent or failed, and send its text as it reads by then."""
    hold: int = 0
    """Seconds to wait before it is sent: as long it can still be taken back."""
    note: str = ""
    """What kind of relay, when it is not a new message: our words, before the text."""
    not_carried: str = ""
    """What is said of an attachment that cannot be carried over: our words, after its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Edit what the bot said: its text, or only its choices when `parts` is empty."""

    message: MessageRef
    parts: tuple[Part, ...] = ()
    choices: tuple[Choice, ...] = ()
    report: MessageRef | None = None
    """An adviser's message to mark when it cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    message: MessageRef
    report: MessageRef | None = None
    """An adviser's message to mark as done or failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class React:
    """Show a reaction that the other side gave; none when it is empty."""

    message: MessageRef
    emoji: str


class Sign(StrEnum):
    """How the bot marks a message."""

    SENT = "sent"
    INTERNAL = "internal"
    FAILED = "failed"
    SEEN = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Show on a message what became of it."""

    message: MessageRef
    sign: Sign
    ticket: int | None = None
    text: str = ""
    """What the sign says in words: a reply when it is `FAILED` or where there are no signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenThread:
    """Make the ticket's topic or thread in the staff channel; its card is the first thing in it."""

    place: Place
    ticket: int
    title: str
    parts: tuple[Part, ...]
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowState:
    """Show a ticket's state on its thread (icon, title, closed or open) and on its card."""

    place: Place
    ticket: int | None
    """None when it is not kept any more."""
    state: str
    title: str
    choices: tuple[Choice, ...] = ()
    """What the card offers from now on; empty: what it offered before."""
    card: MessageRef | None = None
    """The card. Filled when it is sent."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket in the list of those that wait for the advisers."""

    ticket: int
    thread: str | None
    markdown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowWaiting:
    """Bring the list of waiting tickets in the staff channel's main timeline up to date. Filled when it is sent."""

    place: Place
    head: str = ""
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveData:
    """Send the person everything that is kept about them, as a file. Filled when it is sent, so the outbox holds no second copy."""

    place: Place
    person: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChat:
    """Go on with this person in a private chat, where no link leads to one.

    When they are there, it is as if they had said `/start` and the word.
    """

    place: Place
    """Where they asked."""
    person: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFile:
    """A file made by us."""

    place: Place
    name: str
    content: str
    encoded: bool = False
    """The content is not text but bytes, in base64."""
    parts: tuple[Part, ...] = ()

    @property
    def data(self) -> bytes:
        return b64decode(self.content) if self.encoded else self.content.encode()

    @property
    def is_picture(self) -> bool:
        return self.name.endswith(".png")


Order = Say | Relay | Change | Remove | React | Mark | OpenThread | ShowState | ShowWaiting | GiveData | OpenChat | SendFile


def destination(order: Order) -> tuple[str, str]:
    """Platform and room that carry the order out."""
    match order:
        case Change(message=message) | Remove(message=message) | React(message=message) | Mark(message=message):
            return message.platform, message.room
        case _:
            return order.place.platform, order.place.room
