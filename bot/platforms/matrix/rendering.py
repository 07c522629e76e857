"""What the bot says, as Matrix shows it: a readable plain body and the same in Matrix's HTML. Pure."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

from bot.platforms.base import WITHOUT_CONTENT
from bot.platforms.quoting import inert
from handlers import advisers, commands
from handlers.events import Attachment, Sender
from handlers.orders import Choice, Part, Quote, Relay, ShowWaiting, Text, Verb
from knowledge import markup
from knowledge.markup import Items, Paragraph, Span

Content = dict[str, Any]

_SIGNS = {
    Verb.HELPED: "👍",
    Verb.NOT_HELPED: "👎",
    Verb.NONE_OF_THESE: "🙋",
    Verb.REOPEN: "🙋",
    Verb.LIKE: "👍",
    Verb.DISLIKE: "👎",
    Verb.SOLVED: "👍",
    Verb.UNSOLVED: "🙋",
    Verb.OPEN_CHAT: "✉️",
    Verb.CLAIM: "🙋",
    Verb.RELEASE: "↩️",
    Verb.CLOSE: "✅",
    Verb.REOPEN_TICKET: "🔄",
}
_STATES = {"waiting": "🟡", "claimed": "🔵", "answered": "🟢", "closed": "⚪"}
_KINDS = {"photo": "🖼", "voice": "🎤", "audio": "🎵", "video": "🎬", "sticker": "💟", "location": "📍", "contact": "👤", "poll": "📊"}

_NAMES = {name for known in (commands.NAMES, advisers.NAMES) for english, (slovene, _) in known.items() for name in (english, slovene)}
_COMMAND = re.compile(r"(?<![\w/:.@])/(" + "|".join(sorted(_NAMES, key=len, reverse=True)) + r")\b")
_LINK = re.compile(r"(https?|mailto|matrix):", re.IGNORECASE)
_LARGEST = 44_000
"""Bytes of content: an event may have 65,536, encryption makes a third more of it, and who and where is in it too."""


@dataclass(frozen=True, slots=True)
class Rendered:
    body: str
    html: str

    def __add__(self, other: "Rendered") -> "Rendered":
        return Rendered(f"{self.body}\n\n{other.body}", self.html + other.html)


Changed = Callable[[Content], Rendered]


def signs(choices: Sequence[Choice]) -> tuple[str, ...]:
    """The reaction that stands for each choice; empty for a link and beyond the tenth."""
    found: list[str] = []
    for number, choice in enumerate(choices, 1):
        sign = _SIGNS.get(choice.verb, "")
        found.append("" if choice.url else sign if sign and sign not in found else keycap(number))
    return tuple(found)


def keycap(number: int) -> str:
    return f"{number}\ufe0f\u20e3" if number < 10 else "🔟" if number == 10 else ""


def plain_sign(emoji: str) -> str:
    """An emoji without what clients add to it: the variation selector and a skin tone."""
    return re.sub("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]", "", emoji)


def render(parts: Sequence[Part], choices: Sequence[Choice] = ()) -> Rendered:
    rendered = [_part(part) for part in parts]
    if choices:
        rendered.append(_choices(choices))
    whole = Rendered("\n\n".join(one.body for one in rendered), "".join(one.html for one in rendered))
    return Rendered(whole.body, _unwrapped(whole.html))


def render_relay(order: Relay, missing: Sequence[Attachment]) -> Rendered:
    """What one side wrote, with its author before it, and a word for each attachment that does not come along."""
    said = plain(order.text) if order.report else _relayed(order.text)
    for line in (_missing(attachment, order) for attachment in missing):
        if line:
            said = Rendered(f"{said.body}\n{line}".lstrip("\n"), f"{said.html}<br>{_escaped(line)}" if said.html else _escaped(line))
    html = f"<strong>{escape(order.author)}:</strong> {said.html}"
    before = f"{order.note} " if order.note else ""
    gap = "" if said.body.startswith("\n") else " "
    return Rendered(f"{before}{order.author}:{gap}{said.body}".rstrip(), f"<em>{escape(order.note)}</em> {html}" if order.note else html)


def _relayed(text: str) -> Rendered:
    """For advisers: several lines stand out as a quotation, so that none of them looks like another's."""
    if "\n" not in text:
        return plain(inert(text))
    quoted = _quoted(text)
    return Rendered(f"\n{quoted.body}", quoted.html)


def _missing(attachment: Attachment, order: Relay) -> str:
    """A file that was not carried over, with the reason; a place, a poll or a contact says it all in its name, or in the text."""
    if attachment.kind in WITHOUT_CONTENT and not attachment.name:
        return ""
    line = f"{_KINDS.get(attachment.kind, '📎')} {' '.join(inert(attachment.name).split())}".rstrip()
    return line if attachment.kind in WITHOUT_CONTENT or not order.not_carried else f"{line} ({order.not_carried})"


def render_card(title: str, parts: Sequence[Part], choices: Sequence[Choice], state: str = "waiting") -> Rendered:
    """A ticket's card: its first line shows the state, and clients show that line in their list of threads."""
    return first_line(state, title) + render(parts, choices)


def first_line(state: str, title: str) -> Rendered:
    line = f"{_STATES.get(state, '')} {title}".strip()
    return Rendered(line, f"<p><strong>{escape(line)}</strong></p>")


def with_first_line(card: Content, state: str, title: str) -> Rendered:
    """A card as it was sent, with a new first line."""
    line = first_line(state, title)
    body, html = str(card.get("body", "")), str(card.get("formatted_body", ""))
    rest = body.partition("\n\n")[2]
    return Rendered(f"{line.body}\n\n{rest}", line.html + html.partition("</p>")[2])


def with_state(card: Content, state: str, title: str, choices: Sequence[Choice]) -> Rendered:
    """A card as it reads now, with a new first line, and other choices if any are given."""
    changed = with_first_line(card, state, title)
    return with_choices(message(changed), choices) if choices else changed


def with_choices(card: Content, choices: Sequence[Choice]) -> Rendered:
    """A card as it reads now, with other choices at its end."""
    offered = _choices(choices)
    body, html = str(card.get("body", "")), str(card.get("formatted_body", ""))
    return Rendered(f"{body.rpartition(chr(10) * 2)[0]}\n\n{offered.body}", html.rpartition("<p>")[0] + offered.html)


def render_waiting(order: ShowWaiting, room: str) -> Rendered:
    """The list, each number a link into its ticket's thread."""
    head = render((Text(order.head),))
    if not order.waiting:
        return head
    items = [(render((Text(item.markdown),)), f"https://matrix.to/#/{room}/{item.thread}" if item.thread else "") for item in order.waiting]
    body = "\n".join(f"• {line.body}" for line, _ in items)
    html = "".join(f"<li>{line.html}{f' <a href={chr(34)}{escape(link)}{chr(34)}>→</a>' if link else ''}</li>" for line, link in items)
    return Rendered(f"{head.body}\n{body}", f"<p>{head.html}</p><ul>{html}</ul>")


def digest(rendered: Rendered) -> str:
    """To tell whether it reads the same, without keeping what it says."""
    return sha256((rendered.body + rendered.html).encode()).hexdigest()


def plain(text: str) -> Rendered:
    return Rendered(text, _escaped(text))


def called(people: Sequence[Sender], said: Rendered) -> Content:
    """A message that notifies these people, their names before it."""
    if not people:
        return message(said)
    names = [(person.id, person.name.strip() or person.id) for person in people]
    pills = ", ".join(f'<a href="https://matrix.to/#/{escape(id)}">{escape(name)}</a>' for id, name in names)
    body = f"{', '.join(name for _, name in names)}: {said.body}"
    html = f"{pills}: {said.html}" if "<p>" not in said.html else f"<p>{pills}:</p>{said.html}"
    return message(Rendered(body, html), mentions={"user_ids": [id for id, _ in names]})


def message(rendered: Rendered, *, mentions: Content | None = None) -> Content:
    """A notice: what programs say, and what programs never answer. What does not fit into an event is left out."""
    plainly = {"msgtype": "m.notice", "body": rendered.body, "m.mentions": mentions or {}}
    content = plainly | {"format": "org.matrix.custom.html", "formatted_body": rendered.html}
    if _size(content) <= _LARGEST:
        return content
    kept = rendered.body.encode()[: _LARGEST // 2].decode(errors="ignore")
    return plainly | {"body": rendered.body if _size(plainly) <= _LARGEST else f"{kept} […]"}


def _size(content: Content) -> int:
    return len(json.dumps(content, ensure_ascii=False).encode())


def edited(event: str, new: Content) -> Content:
    """New content for what was said; whoever does not know edits sees it as a message of its own, with a star."""
    old = {"msgtype": new["msgtype"], "body": f"* {new['body']}", "m.mentions": {}}
    if "formatted_body" in new:
        old |= {"format": new["format"], "formatted_body": f"* {new['formatted_body']}"}
    return old | {"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": event}}


def related(content: Content, thread: str | None, reply_to: str | None) -> Content:
    """In a thread, in reply to a message, or both; in a thread without a reply, older clients see a reply to its root."""
    if thread:
        relation: Content = {
            "rel_type": "m.thread",
            "event_id": thread,
            "is_falling_back": reply_to is None,
            "m.in_reply_to": {"event_id": reply_to or thread},
        }
    elif reply_to:
        relation = {"m.in_reply_to": {"event_id": reply_to}}
    else:
        return content
    return content | {"m.relates_to": relation}


def annotation(event: str, emoji: str) -> Content:
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": emoji}}


def _part(part: Part) -> Rendered:
    match part:
        case Text(markdown):
            blocks = markup.parse(markdown)
            return Rendered(_bang(markup.plain(markdown)), "".join(_block(block) for block in blocks))
        case Quote(text):
            return _quoted(text)


def _quoted(text: str) -> Rendered:
    said = inert(text)
    body = "\n".join(f"> {line}" for line in said.splitlines() or [""])
    return Rendered(body, f"<blockquote>{_escaped(said)}</blockquote>")


def _block(block: Paragraph | Items) -> str:
    match block:
        case Paragraph(spans):
            return f"<p>{_spans(spans)}</p>"
        case Items(items, ordered):
            tag = "ol" if ordered else "ul"
            return f"<{tag}>" + "".join(f"<li>{_spans(item)}</li>" for item in items) + f"</{tag}>"


def _spans(spans: Sequence[Span]) -> str:
    return "".join(_span(span) for span in spans)


def _span(span: Span) -> str:
    linked = span.url is not None and _LINK.match(span.url)
    html = f'<a href="{escape(span.url or "")}">{_escaped(span.text)}</a>' if linked else _escaped(_bang(span.text))
    return f"<strong>{html}</strong>" if span.bold else html


def _choices(choices: Sequence[Choice]) -> Rendered:
    lines, items = [], []
    for number, (choice, sign) in enumerate(zip(choices, signs(choices), strict=True), 1):
        mark = sign or (f"{number}." if not choice.url else "→")
        name = choice.label.removeprefix(mark).strip()
        lines.append(f"{mark} {name}" + (f": {choice.url}" if choice.url else ""))
        label = f'<a href="{escape(choice.url)}">{escape(name)}</a>' if choice.url else escape(name)
        items.append(f"{mark} {label}")
    return Rendered("\n".join(lines), f"<p>{'<br>'.join(items)}</p>")


def _bang(text: str) -> str:
    """Commands begin with `!` here: clients keep the slash for their own."""
    return _COMMAND.sub(r"!\1", text)


def _escaped(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _unwrapped(html: str) -> str:
    """One paragraph alone needs no paragraph around it."""
    inner = html.removeprefix("<p>").removesuffix("</p>")
    return inner if html == f"<p>{inner}</p>" and "<p>" not in inner else html
