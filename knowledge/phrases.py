"""What a person says to the desk without asking anything: greetings, thanks, a wish for a human."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz, process

from knowledge import words
from knowledge.entries import Content
from knowledge.shortlist import Shortlist

_MOST_WORDS = 12
_NEAR = 88
_SLIPS = 0.121
"""Of the letters of two such texts only this share stands in one alone; a little more than 12 %, to be on the safe side."""
_TOO_SHORT_FOR_SLIPS = 5


@dataclass(frozen=True, slots=True)
class Said:
    what: Literal["wish", "small talk"]
    kind: str
    phrase: str


class Phrases:
    """Finds a phrase that the whole text, or the whole of a part of it, is or nearly is."""

    def __init__(self, content: Content) -> None:
        self._by_key: dict[str, Said] = {}
        self._emoji: dict[str, Said] = {}
        for said in _phrases(content):
            if key := words.plain_key(said.phrase):
                self._by_key.setdefault(key, said)
            else:
                self._emoji.setdefault(_bare(said.phrase), said)
        self._nearly = lru_cache(maxsize=64)(self._find_nearly)  # the parts of a text are looked at twice
        self._long = Shortlist([key for key in self._by_key if len(key) > _TOO_SHORT_FOR_SLIPS])
        self._noise = next((Said("small talk", kind.id, "") for kind in content.small_talk if kind.id == "noise"), None)

    def find(self, text: str) -> Said | None:
        key = words.plain_key(text)
        if not key:
            bare = _bare(text)
            return self._emoji.get(bare) or self._emoji.get(bare[:1], self._noise)
        if key in self._by_key or len(key.split()) > _MOST_WORDS:
            return self._by_key.get(key)
        return self._nearly(key) if len(key) > _TOO_SHORT_FOR_SLIPS else None

    def _find_nearly(self, key: str) -> Said | None:
        longer = (1 + _SLIPS) / (1 - _SLIPS)
        near = self._long.near(key, len(key) / longer, len(key) * longer, _SLIPS * (1 + longer) * len(key))
        hit = process.extractOne(key, near, scorer=fuzz.ratio, score_cutoff=_NEAR)
        return self._by_key[hit[0]] if hit else None


def _phrases(content: Content) -> Iterator[Said]:
    """Wishes first: where a phrase is both, what the person wants counts."""
    for wish, by_language in content.wishes.items():
        yield from (Said("wish", wish, phrase) for phrase in _all(by_language))
    for kind in content.small_talk:
        yield from (Said("small talk", kind.id, phrase) for phrase in _all(kind.phrases))


def _all(by_language: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for phrases in by_language.values():
        yield from phrases


def _bare(text: str) -> str:
    return words.normalise(text).replace(" ", "").replace("\ufe0f", "")
