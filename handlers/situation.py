"""What is loaded for an event, and what comes of it: values that storage reads and writes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from handlers.events import Attachment, MessageRef, Place, Sender
from handlers.figures import Figures
from handlers.orders import Choice, Order


@dataclass(frozen=True, slots=True)
class Conversation:
    """The bot and one person in one room."""

    place: Place
    person: Sender
    language: str
    language_fixed: bool = False
    """Chosen by the person: no longer detected."""
    welcomed: bool = False
    question: int | None = None
    """The number of the last question."""
    offer: tuple[Choice, ...] = ()
    """What the person may choose by typing a number: the last thing offered."""
    awaits: Choice | None = None
    """What the person's next words belong to, when the bot has asked for them."""
    changed_at: datetime | None = None
    """When it was last saved: since when something is on offer or awaited."""


@dataclass(frozen=True, slots=True)
class Guess:
    entry: str
    probability: float


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asked and what the bot made of it. Its number is the event's."""

    number: int
    text: str
    language: str
    decision: str
    """`answer`, `suggest` or `escalate`; `held` for one of too many at once."""
    at: datetime
    shown: tuple[str, ...] = ()
    """The entries shown as the answer."""
    guesses: tuple[Guess, ...] = ()
    reasons: tuple[str, ...] = ()
    helped: bool | None = None


class State(StrEnum):
    WAITING = "waiting"
    """For us."""
    CLAIMED = "claimed"
    ANSWERED = "answered"
    """Waiting for the person."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Ticket:
    number: int
    place: Place
    """Where the person is."""
    person: Sender
    language: str
    title: str
    """A few of the person's words."""
    opened_at: datetime
    state: State = State.WAITING
    adviser: Sender | None = None
    """Who claimed it."""
    question: int | None = None
    thread: str | None = None
    """Its topic or thread in the staff channel, once made."""
    expected_by: datetime | None = None
    """When the person was told to expect an answer."""
    closed_at: datetime | None = None
    waiting_since: datetime | None = None
    """Since when the person waits for us; None while we wait for them."""
    claimed_at: datetime | None = None
    """When it was last claimed, or handed back."""
    answered_at: datetime | None = None
    """When an adviser last wrote to the person."""
    snoozed_until: datetime | None = None
    """Put off until then, or until the person writes."""
    liked: bool | None = None
    """The person's rating after it was closed."""
    comment: str = ""
    """What they said about it."""

    @property
    def is_open(self) -> bool:
        return self.state is not State.CLOSED


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a ticket, with its copy on the other side."""

    ticket: int
    author: str
    """`person`, `adviser`, `note` or `bot`; `held` and `withdrawn` for what an adviser wrote and that is not (or no more) to be sent."""
    text: str
    at: datetime
    attachments: tuple[Attachment, ...] = ()
    origin: MessageRef | None = None
    copy: MessageRef | None = None
    adviser: Sender | None = None
    """Which adviser wrote it."""

    def other_side(self, message: MessageRef) -> MessageRef | None:
        return self.copy if message == self.origin else self.origin


@dataclass(frozen=True, slots=True)
class Happening:
    """One change of a ticket, for its history."""

    ticket: int
    at: datetime
    who: str
    """Empty for an adviser without a name."""
    what: str
    """`merged_into:1` names the other ticket as well."""

    @property
    def merged_into(self) -> int | None:
        """The ticket of which this one is a part since then."""
        what, _, number = self.what.partition(":")
        return int(number) if what == "merged_into" else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is due at a time; the same one never rings twice."""

    ticket: int | None
    """None when it is about the desk as a whole."""
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody whose messages are not answered."""

    platform: str
    person: Sender
    reason: str
    who: str
    """The adviser's name."""
    at: datetime


class DraftState(StrEnum):
    BEGUN = "begun"
    """Its author has not decided yet what it is to be."""
    OPEN = "open"
    """Waits for a second person."""
    APPROVED = "approved"
    EXPORTED = "exported"
    """Approved, and written into files for the curator."""
    DONE = "done"
    """Part of the FAQ's files, or left out of them by the curator."""
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    """Given up by its author before it was open: not kept."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed entry or wording, in general words, with its trail."""

    number: int
    entry: str
    """The id of the entry that it adds a wording to, or makes."""
    topic: str
    language: str
    wording: str
    author: Sender
    created_at: datetime
    answer: str = ""
    """Of a new entry, Markdown; empty when a wording is all that it adds."""
    state: DraftState = DraftState.BEGUN
    ticket: int | None = None
    """Where it comes from; None when its person was erased."""
    decided_by: Sender | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    number: int
    """The event's own number."""
    next_ticket: int
    conversation: Conversation | None = None
    """None at first contact, and in the staff channel."""
    question: Question | None = None
    """The one a choice is about, else the conversation's last."""
    ticket: Ticket | None = None
    """The person's open ticket; in the staff channel the one whose thread it is."""
    referred: Line | None = None
    """The line of a ticket that the event replies to, edits, removes or reacts to."""
    referred_ticket: Ticket | None = None
    erased: bool = False
    """In the staff channel: the ticket whose thread it was is gone, at its person's wish."""
    pressed: Choice | None = None
    """What a `Press` by its opaque id stands for, unless it was used before or belongs to somebody else."""
    spent: Choice | None = None
    """In the staff channel: what a `Press` stands for that came after another one, which was first."""
    open_tickets: tuple[Ticket, ...] = ()
    """In the staff channel: oldest first."""
    waiting_before: int = 0
    """How many tickets wait for us already."""
    lines: tuple[Line, ...] = ()
    """The lines of the person's tickets so far, oldest first, where the event needs them."""
    history: tuple[Happening, ...] = ()
    """In the staff channel: what happened to the ticket so far, oldest first."""
    earlier: tuple[Ticket, ...] = ()
    """The person's tickets but the present one, while they are kept, newest first."""
    offered: tuple[Choice, ...] = ()
    """In the staff channel: what the message offers to which this one replies."""
    blocked: tuple[Block, ...] = ()
    """For a command in the staff channel: all whom the desk does not answer, the first one first."""
    may_advise: bool = True
    """In the staff channel: the sender is one of its members, freshly looked up."""
    advisers: tuple[Sender, ...] = ()
    """In the staff channel: who has worked here, by name."""
    block: Block | None = None
    """Of the person whose event this is; in the staff channel of the ticket's person."""
    drafts: tuple[Draft, ...] = ()
    """In the staff channel: those begun or open, oldest first, and the one that a press is about."""
    next_draft: int = 1
    figures: Figures | None = None
    """For a report: what happened in its time."""
    lately: int = 0
    """How many events the person sent in the same minute before this one; counted no further than is of interest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one event leads to."""

    kind: str
    """`answer`, `suggest`, `escalate`, `smalltalk`, `command`, `ticket`, `adviser`, `clock`, `blocked`; `none`: nothing to do."""
    conversation: Conversation | None = None
    question: Question | None = None
    ticket: Ticket | None = None
    lines: tuple[Line, ...] = ()
    history: tuple[Happening, ...] = ()
    orders: tuple[Order, ...] = field(default=())
    guesses: tuple[Guess, ...] = ()
    alarms: tuple[Alarm, ...] | None = None
    """All that is due for the ticket from now on, in place of what was."""
    block: Block | None = None
    unblock: Block | None = None
    absorbed: Ticket | None = None
    """Another ticket of the person's: its lines and history are `ticket`'s from now on."""
    drafts: tuple[Draft, ...] = ()
    """New or changed ones."""
    rewrite: Callable[[str], str] | None = None
    """How to rewrite all that is kept of what the person of this event wrote."""
    erase: bool = False
    """Delete everything about the person of this event; only the orders of this turn survive, until they are carried out."""
