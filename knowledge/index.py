"""Everything the FAQ can be asked with, and how close a text comes to each of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from knowledge.entries import Content
from knowledge.words import Wording, Words

OUT_OF_SCOPE = -1
"""The owner of the questions that no entry answers."""

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    owner: int
    """The entry's place in the content, or `OUT_OF_SCOPE`."""
    text: str
    wording: Wording
    asked: bool = True
    """Whether people ask like this; a keyword only points to its entry."""


def examples_of(content: Content, words: Words) -> list[Example]:
    """Sorted by owner, each owner's distinct texts once."""
    seen: set[tuple[int, str]] = set()
    examples = []
    for owner, text, asked in _texts_of(content):
        wording = words.read(text, correct=False)
        if wording.terms and (owner, wording.text) not in seen:
            seen.add((owner, wording.text))
            examples.append(Example(owner, text, wording, asked))
    return examples


def _texts_of(content: Content) -> Iterator[tuple[int, str, bool]]:
    for phrases in content.out_of_scope.values():
        yield from ((OUT_OF_SCOPE, phrase, True) for phrase in phrases)
    for owner, entry in enumerate(content.entries):
        for side in entry.sides.values():
            yield from ((owner, text, True) for text in (*side.wordings, side.title))
            yield owner, ", ".join(side.keywords), False


class _Space:
    """Tf-idf vectors of length one. What no example contains makes a text longer, and so less like any of them."""

    def __init__(self, texts: Sequence[str], features: Callable[[str], list[str]]) -> None:
        vectorizer = TfidfVectorizer(analyzer=features, sublinear_tf=True)
        self.vectors: csr_matrix = vectorizer.fit_transform(texts)
        self._features = features
        self._places: dict[str, int] = vectorizer.vocabulary_
        self._idf: Vector = vectorizer.idf_
        self._unseen = float(self._idf.max())

    def vector(self, text: str) -> csr_matrix:
        counts = Counter(self._features(text))
        known = sorted((self._places[feature], 1 + log(count)) for feature, count in counts.items() if feature in self._places)
        places = np.array([place for place, _ in known], dtype=np.int64)
        weights = np.array([weight for _, weight in known]) * self._idf[places]
        unseen = sum((1 + log(count)) ** 2 for feature, count in counts.items() if feature not in self._places)
        length = float(np.sqrt(weights @ weights + unseen * self._unseen**2)) or 1.0
        return csr_matrix((weights / length, places, [0, len(places)]), shape=(1, len(self._places)))


class Index:
    """Cosine of tf-idf over words (one and two lemmas) and over letters (three to five), which forgives endings and slips."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples
        texts = [example.wording.lemmas for example in examples]
        self._words = _Space(texts, _words_and_pairs)
        self._letters = _Space(texts, TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=False).build_analyzer())
        self._vectors: csr_matrix = hstack([self._words.vectors, self._letters.vectors], format="csr")
        self._transposed: csr_matrix = self._vectors.T.tocsr()
        owners = np.array([example.owner for example in examples])
        self.starts: NDArray[np.intp] = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
        self.owners: NDArray[np.intp] = owners[self.starts]
        sums = (np.asarray(self._vectors[slice(*self.span(group))].sum(axis=0)) for group in range(len(self.owners)))
        self._lengths = np.array([float(np.linalg.norm(total)) for total in sums])

    def span(self, group: int) -> tuple[int, int]:
        """Where the examples of a group, that is of `owners[group]`, begin and end."""
        end = self.starts[group + 1] if group + 1 < len(self.starts) else len(self.examples)
        return int(self.starts[group]), int(end)

    def span_of(self, owner: int) -> tuple[int, int]:
        return self.span(int(np.flatnonzero(self.owners == owner)[0]))

    def closeness(self, wording: Wording) -> Vector:
        """To each example, 0 to 1."""
        return self._compare(hstack([self._words.vector(wording.lemmas), self._letters.vector(wording.lemmas)], format="csr"))

    def closeness_of(self, place: int) -> Vector:
        """Of one example to all, itself included."""
        return self._compare(self._vectors[place])

    def _compare(self, vector: csr_matrix) -> Vector:
        return np.asarray((vector @ self._transposed).toarray()[0], dtype=np.float64) / 2  # two unit vectors side by side

    def closeness_to_owners(self, closeness: Vector) -> Vector:
        """To each owner as a whole: the cosine to the sum of its examples."""
        return np.asarray(np.add.reduceat(closeness, self.starts) / self._lengths * np.sqrt(2), dtype=np.float64)


def _words_and_pairs(lemmas: str) -> list[str]:
    words = lemmas.split()
    return words + [f"{first} {second}" for first, second in pairwise(words)]
