"""Text and its entities, counted in UTF-16 units as Telegram does."""

import re
from collections.abc import Sequence
from typing import Any

from tests.platforms.botapi.errors import ApiError, bad

Entity = dict[str, Any]


def words(text: str) -> list[str]:
    return text.split()


KINDS = frozenset(
    words(
        "mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler blockquote "
        "expandable_blockquote code pre text_link text_mention custom_emoji date_time"
    )
)
_NEEDS = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}
_FOUND = {
    "url": re.compile(r"https?://[^\s<>«»\"]+[^\s<>«»\".,;:!?)\]]"),
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    "bot_command": re.compile(r"(?<![\w/<])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])"),
    "mention": re.compile(r"(?<![\w@.+-])@[A-Za-z][A-Za-z0-9_]{3,31}\b"),
    "hashtag": re.compile(r"(?<![\w#])#\w*[^\W\d]\w*"),
}


def units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def cut(text: str, offset: int, length: int) -> str:
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le")


def formatted(text: str, entities: Sequence[Entity] = ()) -> tuple[str, list[Entity]]:
    """What is kept of a text: no white space at its end, its entities valid, those that Telegram finds by itself added."""
    for entity in entities:
        _check(text, entity)
    text = text.rstrip()
    size = units(text)
    kept = [entity | {"length": min(entity["length"], size - entity["offset"])} for entity in entities if entity["offset"] < size]
    kept = kept[:100]
    _check_nesting(kept)
    kept += [one for one in found(text) if not any(_touch(one, other) for other in kept if other["type"] in _OWN_TEXT)]
    return text, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


_OWN_TEXT = frozenset(["code", "pre", "text_link", "text_mention", "url", "mention", "email", "bot_command", "hashtag"])


def found(text: str) -> list[Entity]:
    """Links, commands, mentions … that nobody marked."""
    if not any(sign in text for sign in "/@#"):
        return []
    entities: list[Entity] = []
    for kind, pattern in _FOUND.items():
        for match in pattern.finditer(text):
            one = {"type": kind, "offset": units(text[: match.start()]), "length": units(match.group())}
            if not any(_touch(one, other) for other in entities):
                entities.append(one)
    return entities


def _check(text: str, entity: Entity) -> None:
    kind, start, length = entity["type"], entity["offset"], entity["length"]
    if kind not in KINDS:
        raise _unreadable(f"unsupported entity type {kind}")
    if start < 0 or length <= 0 or start + length > units(text):
        raise _unreadable(f"{kind} at {start}, {length} long, is outside of the text ({units(text)} long)")
    if (need := _NEEDS.get(kind)) and not entity.get(need):
        raise _unreadable(f"{kind} has no {need}")
    try:
        cut(text, 0, start)
        cut(text, start, length)
    except UnicodeDecodeError:
        raise _unreadable(f"{kind} at {start}, {length} long, begins or ends in a middle of a UTF-16 symbol") from None


def _check_nesting(entities: Sequence[Entity]) -> None:
    """Telegram would split entities that overlap in part and drop what is inside code: not what anybody wanted."""
    for number, one in enumerate(entities):
        for other in entities[number + 1 :]:
            if not _touch(one, other):
                continue
            if not (_inside(one, other) or _inside(other, one)):
                raise _unreadable(f"{one['type']} and {other['type']} overlap in part")
            kinds = [one["type"], other["type"]]
            quotes = [kind for kind in kinds if kind.endswith("blockquote")]
            if len(quotes) == 2 or (not quotes and {"code", "pre"} & set(kinds)):
                raise _unreadable(f"{one['type']} and {other['type']} cannot be nested")


def _touch(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])


def _inside(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] >= other["offset"] and one["offset"] + one["length"] <= other["offset"] + other["length"])


def _unreadable(why: str) -> ApiError:
    return bad(f"can't parse entities: {why}")
