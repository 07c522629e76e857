"""What a platform tells us, in our words."""

import re
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is said. In the staff channel `thread` is the ticket's topic or thread."""

    platform: str
    room: str
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    id: str
    name: str = ""
    language: str | None = None
    """What the platform says of their language: a hint until they write."""


@dataclass(frozen=True, slots=True)
class MessageRef:
    """One message on a platform."""

    platform: str
    room: str
    id: str


@dataclass(frozen=True, slots=True)
class Attachment:
    kind: str
    """`photo`, `document`, `voice`, `location` …: what the advisers are told it is."""
    ref: str = ""
    """What the platform needs to fetch it again."""
    name: str = ""
    size: int | None = None
    """Bytes, where the platform says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happened:
    key: str
    """Unique per platform: the same key is the same event, however often it is handed over."""
    place: Place
    sender: Sender
    at: datetime
    direct: bool = True
    """Nobody but this person and the bot reads along. In the staff channel it means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(_Happened):
    id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    """The id of the message it answers, in the same room."""
    addressed: bool = True
    """Said to the bot: always in a direct chat; in a group when mentioned, replied to or by command."""

    @property
    def carried_question(self) -> int | None:
        """The number of the question that a link into this chat carries (`/start q128`)."""
        found = re.fullmatch(r"/start q(\d{1,15})", self.text.strip())
        return int(found.group(1)) if found else None

    @property
    def is_command(self) -> bool:
        """It begins as commands do: what is said with it may need all that is kept of the ticket."""
        return self.text.lstrip()[:1] in ("/", "!")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(_Happened):
    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Press(_Happened):
    """A choice made: by its opaque id, or by its number among those last offered."""

    choice: str = ""
    number: int | None = None
    message: str | None = None
    """The message that offered it, where the platform says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(_Happened):
    message: str
    emoji: str
    """Empty when a reaction was taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal(_Happened):
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable(_Happened):
    """The person blocked the bot, left the room, or deleted their account."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(_Happened):
    """The room goes on under another id."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(_Happened):
    """What the bot may do in the staff channel is different now."""

    missing: tuple[str, ...] = ()
    """What it needs and may not do: `topics`, `delete`, `pin`; `member` when it was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadChanged(_Happened):
    """Somebody closed, opened or renamed a thread of the staff channel by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Illegible(_Happened):
    """A message that arrived and could not be read, since its encryption keys did not come: whoever wrote it has to write again."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due(_Happened):
    """Something that was put off is due now: the clock takes the same road as everybody else."""

    what: str
    ticket: int | None = None
    """None when it is about the desk as a whole."""


Event = Message | Edit | Press | Reaction | Removal | Unreachable | Moved | Access | ThreadChanged | Illegible | Due

CLOCK = Place("clock", "clock")
"""Where `Due` comes from."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something a platform handed over that we could not read: kept aside for a person to look at."""

    key: str
    raw: str
    error: str
