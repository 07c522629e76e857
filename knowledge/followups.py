"""What leans on the question before it ("in koliko to stane?"), and what the two mean together.

Read together, the longer first question nearly always prevails and looks surer than it is. So what the second says by itself counts too:
where it has a subject of its own, the person is asked which of the two is meant.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from knowledge import words
from knowledge.learning.training import Ranked

_MOST_WORDS = 10
_FEW_WORDS = 4
_OWN_SUBJECT = 0.3
"""From so likely an entry of its own on, a text that carries on has a subject of its own."""
_OWN_SUBJECT_POINTING = 0.7
"""And a text that points back ("is *that* free?"), which takes its subject from the question before."""
_POINTING_SL = "to tega temu tem tole ta tak tako zraven tam ga jo jih ji mu jim njega njo nje njih zanj zanjo nanj nanjo nanje"
_POINTING_EN = "it its that this those these there them they then one"


@dataclass(frozen=True, slots=True)
class _Signs:
    begins: re.Pattern[str]
    """Words that carry on."""
    asks: re.Pattern[str]
    """Words with which a short question asks about something that it need not name again."""
    points: frozenset[str]
    """Words, without diacritics, that stand for what was said before."""


_SIGNS = {
    "sl": _Signs(
        re.compile(r"(in|pa|kaj pa|kako pa|koliko pa|kje pa|kdo pa|ampak|potem|tudi)\b"),
        re.compile(r"(koliko|kolk|kako dolgo|do kdaj|kdaj|kje|kdo|komu|kam|zakaj)\b"),
        frozenset(_POINTING_SL.split()),
    ),
    "en": _Signs(
        re.compile(r"(and|but|what about|how about|what if|so|then)\b"),
        re.compile(r"(how|when|where|who|whom|why)\b"),
        frozenset(_POINTING_EN.split()),
    ),
}

Leaning = Literal["carries on", "points back", "bare"]


def leaning(text: str, language: str, knows: Callable[[str], bool]) -> Leaning | None:
    """How a short text needs the question before it, if it seems to.

    A bare one ("koliko stane?") has neither a word that carries on nor one that points back, so it may as well be about something else:
    it is, when it holds a word that the FAQ does not know.
    """
    said = [words.fold(word) for word in words.words_in(text)]
    if (signs := _SIGNS.get(language)) is None or not said or len(said) > _MOST_WORDS:
        return None
    if not signs.points.isdisjoint(said):
        return "points back"
    start = " ".join(said)
    if signs.begins.match(start):
        return "carries on"
    return "bare" if len(said) <= _FEW_WORDS and signs.asks.match(start) and all(map(knows, said)) else None


def together(alone: Ranked, both: Ranked, how: Leaning) -> Ranked:
    """What a leaning text means: `alone` is it by itself, `both` with the question before it."""
    own = alone.probabilities[0]
    if alone.entries[0] == both.entries[0]:
        return max(alone, both, key=lambda ranked: ranked.probabilities[0])
    if how != "bare" and own < (_OWN_SUBJECT_POINTING if how == "points back" else _OWN_SUBJECT):
        return both
    if how != "points back" and own >= alone.answer_from:
        return alone
    halves = sorted(((one.probabilities[0] / 2, one.entries[0]) for one in (alone, both)), reverse=True)
    others = tuple(id for id in both.entries if id not in (alone.entries[0], both.entries[0]))[:3]
    return replace(
        both,
        entries=(*(id for _, id in halves), *others),
        probabilities=(*(p for p, _ in halves), *(0.0,) * len(others)),
        among_first=max(alone.among_first, both.among_first),
    )
