"""Our Markdown → Telegram's text with entities, never a string with markup in it; choices → buttons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, User
from telegram.constants import MessageEntityType, MessageLimit

from bot.platforms.quoting import inert
from handlers.events import Sender
from handlers.orders import Choice, Part, Quote, Text
from knowledge import markup
from knowledge.markup import Items, Paragraph, Span

TEXT_LIMIT = int(MessageLimit.MAX_TEXT_LENGTH)
CAPTION_LIMIT = int(MessageLimit.CAPTION_LENGTH)

_LINKED = ("https://", "http://", "tg://")
_MOST_ENTITIES = 100
_ONE_LINE = 300  # what is shorter and has no line break is taken in at a glance, with whose it is
_SHORT = 24  # buttons whose labels are so short stand beside each other


@dataclass(frozen=True, slots=True)
class Mark:
    """A style on a stretch of text, counted in characters."""

    type: MessageEntityType
    start: int
    end: int
    url: str | None = None
    person: Sender | None = None
    """Whom a mention is of."""


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str = ""
    marks: tuple[Mark, ...] = ()

    def __add__(self, other: "Rendered") -> "Rendered":
        shift = len(self.text)
        return Rendered(self.text + other.text, (*self.marks, *(_moved(mark, shift) for mark in other.marks)))

    @property
    def entities(self) -> list[MessageEntity]:
        """As Telegram wants them: counted in UTF-16 units."""
        return [
            MessageEntity(
                type=mark.type,
                offset=units(self.text[: mark.start]),
                length=units(self.text[mark.start : mark.end]),
                url=mark.url,
                user=User(int(mark.person.id), mark.person.name, is_bot=False) if mark.person else None,
            )
            for mark in self.marks[:_MOST_ENTITIES]
        ]


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def render(parts: Sequence[Part], *, quoted: bool = False) -> Rendered:
    """`quoted`: what others wrote stands out as a quotation."""
    return joined([_part(part, quoted) for part in parts])


def relayed(author: str, text: str, note: str = "", *, quoted: bool = False) -> Rendered:
    """Who says it, in bold, and what they say, as they wrote it. Both may be empty.

    `quoted`: several lines or messages of theirs stand out as a quotation, so that none of them looks like another's.
    """
    head = f"{author}:" if author else ""
    label = Rendered(head, (Mark(MessageEntityType.BOLD, 0, len(head)),) if head else ())
    stands_out = "\n" in text or len(text) > _ONE_LINE
    return joined([plain(note), label, _quote(text, stands_out) if quoted else plain(text)])


def called(people: Sequence[Sender]) -> Rendered:
    """Their names, each a mention that notifies its owner; to stand before what is said to them."""
    return joined([_called(person) for person in people], ", ")


def _called(person: Sender) -> Rendered:
    name = person.name.strip() or person.id
    marks = (Mark(MessageEntityType.TEXT_MENTION, 0, len(name), person=person),) if person.id.isdecimal() else ()
    return Rendered(name, marks)


def plain(text: str) -> Rendered:
    return Rendered(text.strip())


def joined(blocks: Sequence[Rendered], between: str = "\n\n") -> Rendered:
    whole = Rendered()
    for block in blocks:
        if block.text:
            whole = whole + Rendered(between) + block if whole.text else block
    return whole


def _part(part: Part, quoted: bool) -> Rendered:
    match part:
        case Text(markdown):
            return joined([_block(block) for block in markup.parse(markdown)])
        case Quote(text):
            return _quote(text) if quoted else plain(text)


def _quote(text: str, stands_out: bool = True) -> Rendered:
    said = plain(inert(text))
    marks = (Mark(MessageEntityType.BLOCKQUOTE, 0, len(said.text)),) if stands_out and said.text else ()
    return replace(said, marks=marks)


def _block(block: markup.Block) -> Rendered:
    match block:
        case Paragraph(spans):
            return _spans(spans)
        case Items(items, ordered):
            lines = [Rendered(f"{number}. " if ordered else "• ") + _spans(item) for number, item in enumerate(items, 1)]
            return joined(lines, "\n")


def _spans(spans: Sequence[Span]) -> Rendered:
    whole = Rendered()
    for span in spans:
        whole += _span(span)
    return whole


def _span(span: Span) -> Rendered:
    """An address that Telegram would not link stands behind its words."""
    marks = [Mark(MessageEntityType.BOLD, 0, len(span.text))] if span.bold and span.text.strip() else []
    if span.url is None or span.url.removeprefix("mailto:") == span.text:
        return Rendered(span.text, tuple(marks))
    if not span.url.startswith(_LINKED):
        return Rendered(f"{span.text} ({span.url.removeprefix('mailto:')})", tuple(marks))
    return Rendered(span.text, (*marks, Mark(MessageEntityType.TEXT_LINK, 0, len(span.text), span.url)))


def split(whole: Rendered, limit: int = TEXT_LIMIT, first: int | None = None) -> list[Rendered]:
    """Pieces of at most so many UTF-16 units, parted between paragraphs if possible, else lines, words, characters."""
    pieces = []
    rest = _stripped(whole, 0, len(whole.text))
    most = limit if first is None else first
    while units(rest.text) > most:
        at = _where(rest.text, most)
        pieces.append(_stripped(rest, 0, at))
        rest, most = _stripped(rest, at, len(rest.text)), limit
    return [piece for piece in (*pieces, rest) if piece.text]


def _where(text: str, limit: int) -> int:
    """The last good place to part a text whose beginning may have so many units."""
    most = len(text.encode("utf-16-le", "surrogatepass")[: 2 * limit].decode("utf-16-le", "ignore"))
    for gap in ("\n\n", "\n", " "):
        at = text.rfind(gap, 1, most + 1)
        if at > most // 4:
            return at
    return most


def _stripped(whole: Rendered, start: int, end: int) -> Rendered:
    """A stretch without blanks around it, which Telegram would cut off; marks that reach beyond it are shortened."""
    while start < end and whole.text[start].isspace():
        start += 1
    while start < end and whole.text[end - 1].isspace():
        end -= 1
    marks = tuple(
        replace(mark, start=max(mark.start, start) - start, end=min(mark.end, end) - start)
        for mark in whole.marks
        if max(mark.start, start) < min(mark.end, end)
    )
    return Rendered(whole.text[start:end], marks)


def _moved(mark: Mark, by: int) -> Mark:
    return replace(mark, start=mark.start + by, end=mark.end + by)


def keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup | None:
    if not choices:
        return None
    return InlineKeyboardMarkup([[_button(choice) for choice in row] for row in _rows(choices)])


def _button(choice: Choice) -> InlineKeyboardButton:
    if choice.url:
        return InlineKeyboardButton(choice.label, url=choice.url)
    return InlineKeyboardButton(choice.label, callback_data=choice.id)


def _rows(choices: Sequence[Choice]) -> Iterator[Sequence[Choice]]:
    """Two or three short ones beside each other, long ones below each other: on a phone they would be cut off."""
    if len(choices) in (2, 3) and all(len(choice.label) <= _SHORT for choice in choices):
        yield choices
    else:
        yield from ((choice,) for choice in choices[:100])
