"""What the desk asks of a platform, and the errors that say what to do next."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from handlers.events import Attachment, Event, Sender, Unreadable
from handlers.orders import Order


@dataclass(frozen=True, slots=True)
class Batch:
    """What a platform handed over at once, and how far we have read when all of it is stored."""

    events: tuple[Event | Unreadable, ...]
    cursor: str | None = None
    """None where nothing needs to be stored: the platform remembers by itself."""


@dataclass(frozen=True, slots=True)
class Receipt:
    id: str | None = None
    """The message's id on the platform."""
    thread: str | None = None
    """The thread that was made."""
    missing: tuple[Attachment, ...] = ()
    """A relay's attachments that could not be carried over."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment's content, on its way from one platform to another."""

    name: str
    kind: str
    """`photo`, `document`, `voice` …, as in `Attachment.kind`."""
    mime: str
    content: bytes


WITHOUT_CONTENT = ("location", "poll", "contact")
"""Attachments that are no files: words say it all."""


def left_out(attachments: Sequence[Attachment], files: Sequence[File]) -> list[Attachment]:
    """The attachments that are not among these files, which keep their order and may have got a name."""
    rest, missing = list(files), []
    for attachment in attachments:
        if rest and rest[0].kind == attachment.kind and attachment.name in ("", rest[0].name):
            del rest[0]
        else:
            missing.append(attachment)
    return missing


class Platform(Protocol):
    name: str
    idempotent: bool
    """The same key sent twice arrives once."""
    lanes: int
    """How many rooms may be written to at the same time."""
    ends: bool
    """What it hands over may come to an end, as at a console."""
    lists_waiting: bool
    """Its threads go unnoticed: as a staff channel it also shows a list of the waiting tickets (`ShowWaiting`)."""
    direct_link: str | None
    """The address that opens a private chat with the bot; `{start}` in it carries a word along."""

    @property
    def reached_at(self) -> datetime | None:
        """When it last answered; None before it did for the first time."""
        ...

    def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        """Batches for ever. The next is asked for only when the last is stored: that confirms it to the platform."""
        ...

    async def send(self, order: Order, key: str, files: Sequence[File] = ()) -> Receipt:
        """Carry the order out. Raises the errors below; anything else is taken as `Unknown`.

        `files` are a relay's attachments when they come from another platform; its own a platform copies by their `ref`.
        """
        ...

    async def fetch(self, attachment: Attachment) -> File:
        """Download one of its own attachments. Raises `TooLarge`, or the errors below."""
        ...

    async def may_advise(self, sender: Sender) -> bool:
        """Whether the sender is a member of the staff channel now (looked up at most 60 seconds ago)."""
        ...


class DirectLinks(Mapping[str, str]):
    """Platform → the address of a private chat with the bot. Looked up each time: who was silent at start learns it later."""

    def __init__(self, platforms: Sequence[Platform]) -> None:
        self._platforms = platforms

    def __getitem__(self, name: str) -> str:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @property
    def _known(self) -> dict[str, str]:
        return {platform.name: platform.direct_link for platform in self._platforms if platform.direct_link}


class TooLarge(Exception):
    """The attachment is larger than may be carried over."""


class NotSent(Exception):
    """Certainly not sent: the platform is out of reach, or asks us to slow down. Safe to repeat."""

    def __init__(self, reason: str, after: timedelta = timedelta(seconds=5)) -> None:
        super().__init__(reason)
        self.after = after


class Paced(NotSent):
    """Not tried, and no failure: the platform's limits, or its silence, say to wait this long."""


class Unknown(Exception):
    """It may have arrived, or not."""


class Unreachable(Exception):
    """It can never arrive: the person blocked the bot, left the room, or is gone."""


class ThreadGone(Exception):
    """The ticket's thread is not there any more: make it again, with its history."""


class ThreadMade(Exception):
    """The ticket's thread is made, its card is not sent yet: note the thread first, so that no second one is made, and send again."""

    def __init__(self, thread: str) -> None:
        super().__init__(f"thread {thread}")
        self.thread = thread


class Moved(Exception):
    """The room goes on under another id."""

    def __init__(self, room: str) -> None:
        super().__init__(f"moved to {room}")
        self.room = room


class TooLate(Exception):
    """It cannot be undone any more: the platform allows that only for a while."""


class Refused(Exception):
    """The platform does not take it as it is: a bug of ours. Say it as plain text once, then tell the advisers."""
