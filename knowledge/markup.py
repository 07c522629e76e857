"""The small Markdown of the texts that we author: paragraphs, lists, bold and links. What people write is never parsed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Whatever is beyond the subset stays as it was written: a stray * or < must never cost a message.
_SUBSET = MarkdownIt("zero", {"html": False}).enable(["list", "newline", "escape", "emphasis", "link"])
_EVERYTHING = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_PLACEHOLDER = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)*)\}")
_LISTS = ("bullet_list_open", "ordered_list_open")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; a line break in it is meant."""

    text: str
    bold: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list; its items are numbered from one when they are ordered."""

    items: tuple[tuple[Span, ...], ...]
    ordered: bool = False


Block = Paragraph | Items


def parse(markdown: str) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for tokens in _top_level(_SUBSET.parse(markdown)):
        if tokens[0].type in _LISTS:
            blocks.append(Items(tuple(_items(tokens)), ordered=tokens[0].type == "ordered_list_open"))
        elif spans := _spans(tokens):
            blocks.append(Paragraph(spans))
    return tuple(blocks)


def _top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Tokens, block by block."""
    block: list[Token] = []
    for token in tokens:
        block.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield block
            block = []


def _items(tokens: Sequence[Token]) -> Iterator[tuple[Span, ...]]:
    """A list's items, those of lists within it (which `outside` reports) as items of their own."""
    item: list[Token] = []
    for token in tokens[1:]:
        if token.type in ("list_item_open", *_LISTS, "list_item_close"):
            if spans := _spans(item):
                yield spans
            item = []
        else:
            item.append(token)


def _spans(tokens: Sequence[Token]) -> tuple[Span, ...]:
    spans: list[Span] = []
    style = Span("")
    for number, inline in enumerate(token for token in tokens if token.type == "inline"):
        if number:
            spans.append(Span("\n"))
        for token in inline.children or ():
            style = _styled(style, token)
            spans.append(replace(style, text=_text(token)))
    return tuple(_joined(spans))


def _styled(style: Span, token: Token) -> Span:
    match token.type:
        case "strong_open" | "strong_close":
            return replace(style, bold=token.nesting > 0)
        case "link_open":
            return replace(style, url=str(token.attrGet("href")))
        case "link_close":
            return replace(style, url=None)
        case _:
            return style


def _text(token: Token) -> str:
    match token.type:
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "em_open" | "em_close":
            return token.markup
        case _:
            return token.content


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    pending = Span("")
    for span in spans:
        if (span.bold, span.url) == (pending.bold, pending.url):
            pending = replace(pending, text=pending.text + span.text)
        elif span.text:
            if pending.text:
                yield pending
            pending = span
    if pending.text:
        yield pending


def plain(markdown: str, *, addresses: bool = True) -> str:
    """The text as a terminal shows it, with or without the addresses behind its links."""
    return "\n\n".join(_plain_block(block, addresses) for block in parse(markdown))


def _plain_block(block: Block, addresses: bool) -> str:
    match block:
        case Paragraph(spans):
            return _plain_spans(spans, addresses)
        case Items(items, ordered):
            markers = (f"{number}." if ordered else "•" for number in range(1, len(items) + 1))
            return "\n".join(f"{marker} {_plain_spans(item, addresses)}" for marker, item in zip(markers, items, strict=True))


def _plain_spans(spans: Sequence[Span], addresses: bool) -> str:
    return "".join(span.text if not addresses or span.url in (None, span.text) else f"{span.text} ({span.url})" for span in spans)


def placeholders(markdown: str) -> tuple[str, ...]:
    return tuple(_PLACEHOLDER.findall(markdown))


def without_placeholders(markdown: str) -> str:
    return _PLACEHOLDER.sub("", markdown)


def fill(answer: str, values: Mapping[str, str]) -> str:
    """Put values in the place of `{contact.email}` and the like; a paragraph or list item whose value is not known is left out."""
    known = {name: value.strip() for name, value in values.items() if value.strip()}
    lines = answer.replace("\r\n", "\n").split("\n")
    for start, end in reversed(_without_value(lines, known)):
        while end > start and not lines[end - 1].strip():  # the blank line after a list's last item parts it from what follows
            end -= 1
        del lines[start:end]
    kept = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    return _PLACEHOLDER.sub(lambda match: escape(known[match[1]]), kept)


def _without_value(lines: Sequence[str], known: Mapping[str, str]) -> list[tuple[int, int]]:
    """Where the lines are that cannot be filled, in order; with a whole list goes the paragraph that announces it."""

    def lacks(token: Token) -> bool:
        start, end = token.map or (0, 0)
        return any(name not in known for name in placeholders("\n".join(lines[start:end])))

    missing: list[tuple[int, int]] = []
    before: Token | None = None
    for block in _top_level(_SUBSET.parse("\n".join(lines))):
        units = [token for token in block if token.type == "list_item_open" and token.level == 1] or block[:1]
        gone = [unit for unit in units if lacks(unit)]
        if len(gone) == len(units) and block[0].type in _LISTS and before is not None:
            missing += _place(before)
        missing += [place for unit in gone for place in _place(unit)]
        announces = block[0].type == "paragraph_open" and block[1].content.rstrip("* ").endswith(":") and not gone
        before = block[0] if announces else None
    return missing


def _place(token: Token) -> list[tuple[int, int]]:
    return [(token.map[0], token.map[1])] if token.map else []


def escape(text: str) -> str:
    """Markdown that shows exactly this text, line breaks included."""
    marked = re.sub(r"([\\`*_\[\]<>#!~|{}&])", r"\\\1", text.strip())
    marked = re.sub(r"^(\s*)([-+=])", r"\1\\\2", marked, flags=re.MULTILINE)
    marked = re.sub(r"^(\s*\d+)([.)])", r"\1\\\2", marked, flags=re.MULTILINE)
    return re.sub(r"\s*\n\s*", "\\\\\n", marked)


_NAMES: Mapping[str, str] = {
    "heading_open": "a heading",
    "em_open": "italics",
    "code_inline": "code",
    "code_block": "a line that is indented by four spaces",
    "fence": "code",
    "blockquote_open": "a quotation",
    "hr": "a rule",
    "image": "an image",
    "html_block": "HTML",
    "html_inline": "HTML",
    "table_open": "a table",
    "s_open": "struck-out text",
    "hardbreak": "a line break inside a paragraph",
}


def outside(markdown: str) -> tuple[str, ...]:
    """What the text uses that is not in the subset, each once, in words."""
    found: dict[str, None] = {}
    for token in _EVERYTHING.parse(markdown):
        if token.type in _LISTS and token.level > 0:
            found["a list inside a list"] = None
        for part in (token, *(token.children or ())):
            if part.type in _NAMES:
                found[_NAMES[part.type]] = None
            if part.type == "link_open" and part.info == "auto":
                found["an address in angle brackets"] = None
    return tuple(found)


def links(markdown: str) -> tuple[str, ...]:
    return tuple(span.url for span in _all_spans(parse(markdown)) if span.url is not None)


def _all_spans(blocks: Sequence[Block]) -> Iterator[Span]:
    for block in blocks:
        match block:
            case Paragraph(spans):
                yield from spans
            case Items(items):
                for item in items:
                    yield from item
