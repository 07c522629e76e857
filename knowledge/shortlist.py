"""Which of many words may be spelt nearly like another: a cheap look at all of them, so that rapidfuzz compares only a few."""

from collections.abc import Sequence

import numpy as np


class Shortlist:
    """Words by length and by which letters they have: an inserted, deleted or swapped letter changes at most one of these,
    another letter in its place at most two."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        lengths = np.array([len(word) for word in words], np.intp)
        self._order = np.argsort(lengths, kind="stable")
        self._lengths = lengths[self._order]
        self._letters = np.array([_letters(words[i]) for i in self._order], np.uint64)

    def near(self, word: str, shortest: float, longest: float, different: float) -> list[str]:
        """The words of such a length, with at most so many letters that only one of both has; in the order in which they were given."""
        start, end = np.searchsorted(self._lengths, shortest), np.searchsorted(self._lengths, longest, side="right")
        alike = np.bitwise_count(self._letters[start:end] ^ np.uint64(_letters(word))) <= different
        return [self._words[i] for i in np.sort(self._order[start:end][alike])]


def _letters(word: str) -> int:
    """A bit for each letter that occurs. Letters that share a bit only make the look less sharp."""
    bits = 0
    for letter in set(word):
        bits |= 1 << (ord(letter) & 63)
    return bits
