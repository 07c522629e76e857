"""The parts of a text: what is said besides the question, and two questions in one."""

import itertools
import re
from collections.abc import Callable

from knowledge import words

LONGEST = 8_000
"""Characters of a text that are looked at; what follows is no question any more."""

_MOST_PARTS = 12
_FEWEST_WORDS = 3
_BREAK = re.compile(r"([!?;\n]+|[.,:…]+(?=\s|$))")
_ASKING = (
    "kako|koliko|kolk|kaj|kva|kdaj|kje|kam|kdo|kateri|katera|katere|zakaj|ali|how|what|when|where|who|which|why|do|does|can|could|should"
)
# A stop after a single letter is an abbreviation (s. p., d. o. o.), unless a capital letter follows.
_FULL_STOP = r"(?<!\b\w)\.(?=\s)|(?<=\b\w)\.(?=\s+(?-i:[A-ZČŠŽ]))"
_SECOND_QUESTION = re.compile(rf"[?!\n]+|{_FULL_STOP}|(?:,|\b(?:in|ter|pa|and|also|plus))\s+(?=(?:{_ASKING})\b)", re.IGNORECASE)
_ASKS = re.compile(rf"\?|^\W*(?:{_ASKING})\b", re.IGNORECASE)


def asks(text: str) -> bool:
    """It has a question mark, or begins as questions do."""
    return bool(_ASKS.search(text))


def parts(text: str) -> list[str]:
    """What punctuation sets apart."""
    return [part for part in _BREAK.split(text)[: 2 * _MOST_PARTS : 2] if part.strip()]


def without(text: str, unwanted: Callable[[str], bool]) -> str:
    """The text without the parts at its beginning and end that are unwanted (a greeting, thanks); all of it if nothing would be left."""
    pieces = _BREAK.split(text, maxsplit=_MOST_PARTS)
    start, end = 0, len(pieces)
    while start < end and _can_go(pieces[start], unwanted):
        start += 2
    while end > start and _can_go(pieces[end - 1], unwanted):
        end -= 2
    return "".join(pieces[start : end + 1]).strip() or text


def _can_go(piece: str, unwanted: Callable[[str], bool]) -> bool:
    return not piece.strip() or unwanted(piece)


def questions(text: str) -> list[str]:
    """The questions in a text that holds more than one; none if it holds one. What only tells the circumstances is no question."""
    # Where everything is shouted, a capital letter begins no sentence.
    text = text.lower() if text.isupper() else text
    breaks = [(found.start(), found.end()) for found in itertools.islice(_SECOND_QUESTION.finditer(text), _MOST_PARTS)]
    starts, ends = [0, *(end for _, end in breaks)], [*(start for start, _ in breaks), len(text)]
    asked = [
        text[start:end].strip()
        for start, end in zip(starts, ends, strict=True)
        if len(words.words_in(text[start:end])) >= _FEWEST_WORDS and asks(text[start : end + 1].strip())
    ]
    return asked if len(asked) > 1 else []
