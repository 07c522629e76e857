"""The console: one terminal plays the person, other persons and the advisers."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

from bot.platforms.base import Batch, File, Receipt, TooLarge
from bot.platforms.quoting import printable
from handlers.events import Attachment, Event, Message, Place, Press, Sender
from handlers.orders import (
    Change,
    Choice,
    Mark,
    OpenChat,
    OpenThread,
    Order,
    Part,
    React,
    Relay,
    Remove,
    Say,
    SendFile,
    ShowState,
    ShowWaiting,
    Text,
)
from handlers.situation import Situation, Turn
from knowledge import markup

NAME = "console"
STAFF_ROOM = "advisers"


@dataclass
class _Line:
    """What one line typed led to, for `--json`."""

    by: str
    text: str
    decision: str = "none"
    entries: list[dict[str, Any]] = field(default_factory=list)
    ticket: int | None = None
    to_person: list[str] = field(default_factory=list)
    to_advisers: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)


class Console:
    """Reads lines, prints what each side sees. Every line is carried through to its end before the next is read."""

    name = NAME
    idempotent = False
    lanes = 1
    ends = True
    lists_waiting = False
    direct_link: str | None = None

    def __init__(
        self,
        lines: AsyncIterator[str],
        out: TextIO,
        clock: Callable[[], datetime],
        settled: Callable[[], Awaitable[None]],
        *,
        person: str = "oseba",
        as_json: bool = False,
    ) -> None:
        self._lines = lines
        self._out = out
        self._clock = clock
        self._settled = settled
        self._person = person
        self._json = as_json
        self._count = 0
        self._sent = 0
        self._line = _Line("", "")
        self._offered: dict[str | None, tuple[str, tuple[Choice, ...]]] = {}
        self._last: dict[tuple[str, str | None], str] = {}
        """The last message in each room and thread: what `^` replies to."""

    @property
    def reached_at(self) -> datetime:
        return self._clock()

    async def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        self._count = int(cursor or 0)
        async for line in self._lines:
            if not line.strip():
                continue
            self._count += 1
            self._line = _Line("", line)
            yield Batch((self._read(line),), str(self._count))
            await self._settled()
            if self._json:
                self._print(json.dumps(self._line.__dict__, ensure_ascii=False))

    async def send(self, order: Order, key: str, files: Sequence[File] = ()) -> Receipt:
        self._sent += 1
        id = f"{key[:8]}-{self._sent}"
        match order:
            case OpenThread(ticket=ticket, parts=parts, choices=choices):
                self._offer(str(ticket), id, choices)
                place = Place(NAME, STAFF_ROOM, str(ticket))
                self._show(place, _plain(parts), choices)
                return Receipt(self._latest(place, id), thread=str(ticket))
            case Say(place=place, parts=parts, choices=choices, mentions=mentions):
                if place.room == STAFF_ROOM:
                    self._offer(place.thread, id, choices)
                self._show(place, "".join(f"@{adviser.name} " for adviser in mentions) + _plain(parts), choices)
                self._latest(place, id)
            case Relay(place=place, author=author, text=text, attachments=attachments, note=note):
                label = f"{author}: " if not note else f"{note} {author}: "
                self._show(place, label + " ".join([text, *(f"[{attachment.kind}]" for attachment in attachments)]))
                self._latest(place, id)
            case Change(message=message, parts=parts) if parts:
                self._show(Place(NAME, message.room), "✎ " + _plain(parts))
            case Remove(message=message):
                self._show(Place(NAME, message.room), "✗")
            case Mark(ticket=ticket, text=text):
                self._show(Place(NAME, STAFF_ROOM, str(ticket) if ticket else None), text)
            case SendFile(place=place, name=name, content=content, encoded=encoded, parts=parts):
                self._show(place, f"{_plain(parts)}\n{name}" + ("" if encoded else f":\n{content}"))
            case ShowState(place=place, title=title, choices=choices, card=card) if choices and card:
                self._offer(place.thread, card.id, choices)
                if not self._json:
                    self._show(place, title, choices)
            case Change() | ShowState() | ShowWaiting() | React() | OpenChat():
                pass
        return Receipt(id)

    async def fetch(self, attachment: Attachment) -> File:
        raise TooLarge("nothing can be attached on a console")

    async def may_advise(self, sender: Sender) -> bool:
        return True

    def observe(self, event: Event, situation: Situation, turn: Turn) -> None:
        ticket = turn.ticket or situation.ticket
        self._line.decision = turn.kind
        self._line.entries = [{"id": guess.entry, "p": guess.probability} for guess in turn.guesses]
        self._line.ticket = ticket.number if ticket else None

    def _read(self, line: str) -> Event:
        """`text`, `press N`, `#1 text`, `#1 press N`, `# text` (the staff channel itself) or `as NAME: text`; `^ text` replies."""
        name, rest = self._person, line
        if line.startswith("as ") and ":" in line:
            name, _, rest = line.removeprefix("as ").partition(":")
            name, rest = name.strip(), rest.strip()
        if rest.startswith("#") and (ticket := rest[1:].partition(" ")[0]).isdecimal() | (ticket == ""):
            return self._adviser(name if name != self._person else "", ticket, rest[1 + len(ticket) :].removeprefix(" "))
        place, sender = Place(NAME, name), Sender(name, name)
        self._line.by = name
        number = rest.removeprefix("press ").strip()
        if rest.startswith("press ") and number.isdecimal():
            return Press(**self._happened(place, sender), number=int(number))
        return self._message(place, sender, rest)

    def _adviser(self, name: str, ticket: str, text: str) -> Event:
        self._line.by = name or "adviser"
        place, sender = Place(NAME, STAFF_ROOM, ticket or None), Sender(f"adviser {name}".strip(), name)
        number = text.removeprefix("press ").strip()
        if text.startswith("press ") and number.isdecimal():
            message, choices = self._offered.get(ticket or None, ("", ()))
            choice = choices[int(number) - 1].id if 0 < int(number) <= len(choices) else ""
            return Press(**self._happened(place, sender), choice=choice, message=message)
        return self._message(place, sender, text)

    def _offer(self, thread: str | None, message: str, choices: tuple[Choice, ...]) -> None:
        """What advisers may press by number in a thread: what was offered there last."""
        if choices:
            self._offered[thread] = (message, choices)

    def _message(self, place: Place, sender: Sender, text: str) -> Message:
        here = (place.room, place.thread)
        reply_to = self._last.get(here) if text.startswith("^ ") else None
        self._last[here] = str(self._count)
        return Message(**self._happened(place, sender), id=self._last[here], text=text.removeprefix("^ "), reply_to=reply_to)

    def _latest(self, place: Place, id: str) -> str:
        self._last[place.room, place.thread] = id
        return id

    def _happened(self, place: Place, sender: Sender) -> dict[str, Any]:
        return {"key": str(self._count), "place": place, "sender": sender, "at": self._clock()}

    def _show(self, place: Place, text: str, choices: tuple[Choice, ...] = ()) -> None:
        staff = place.room == STAFF_ROOM
        (self._line.to_advisers if staff else self._line.to_person).append(text)
        if choices and not staff:
            self._line.choices = [choice.label for choice in choices]
        if self._json:
            return
        who = ("advisers" + (f" #{place.thread}" if place.thread else "")) if staff else place.room
        offered = "".join(f"\n  {number}. {choice.label}" for number, choice in enumerate(choices, 1))
        self._print(f"bot → {who}: " + printable(text + offered).replace("\n", "\n    "))

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def _plain(parts: tuple[Part, ...]) -> str:
    return "\n\n".join(_part(part) for part in parts)


def _part(part: Part) -> str:
    """An aside goes without the addresses behind its links: on a terminal they would drown the answer."""
    if not isinstance(part, Text):
        return _quoted(part.text)
    return markup.plain(part.markdown, addresses=not part.aside)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines() or [""])


async def typed(source: TextIO, prompt: str = "") -> AsyncIterator[str]:
    """Lines of a file or terminal, read in a thread of their own that nobody has to wait for at the end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    wanted = threading.Semaphore(0)

    def read() -> None:
        while True:
            wanted.acquire()
            if prompt:
                print(prompt, end="", file=sys.stdout, flush=True)
            line = source.readline()
            loop.call_soon_threadsafe(lines.put_nowait, line or None)
            if not line:
                return

    threading.Thread(target=read, daemon=True).start()
    while True:
        wanted.release()
        line = await lines.get()
        if line is None:
            return
        yield line.rstrip("\r\n")
