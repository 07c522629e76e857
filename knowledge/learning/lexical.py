"""The lexical signal: tf-idf of lemmas and pieces of words under a linear support vector machine, one plane per entry.

Measured against kernel ridge, logistic regression, centroids and nearest neighbours, the linear SVM ranked best or level everywhere and
trains in seconds on ten thousand wordings. With very many entries the planes become entry centroids, which stay sparse: cost and memory
then follow the words of the question, not the number of entries.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.learning import rows
from knowledge.learning.rows import Numbers, Row, Rows, Table
from knowledge.words import Wording

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]

MANY_ENTRIES = 400
# liblinear draws from one random generator for the whole process: two at a time would take numbers from each other.
_ONE_AT_A_TIME = Lock()
COST = 1.0
SOFTNESS = 0.15
"""Turns margins into log-probabilities; the blend then learns how much they weigh."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms of one kind with their weights."""

    index: dict[str, int]
    idf: Floats

    def __len__(self) -> int:
        return len(self.index)

    def row(self, terms: Iterable[str]) -> Row:
        """One text as positions and weights of length one. Repeats count logarithmically; unknown terms are left out."""
        counts = Counter(filter(self.index.__contains__, terms))
        positions = np.fromiter(map(self.index.__getitem__, counts), np.int32, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[positions]
        return positions, weights / max(float(np.linalg.norm(weights)), 1e-9)


@dataclass(frozen=True, slots=True)
class Vectoriser:
    lemmas: Vocabulary
    pieces: Vocabulary

    def __call__(self, wordings: Sequence[Wording]) -> Rows:
        """One row of length one per wording, half of it lemmas, half of it pieces."""
        return rows.joined([self._row(wording) for wording in wordings], len(self.lemmas) + len(self.pieces))

    def _row(self, wording: Wording) -> Row:
        left, left_weights = self.lemmas.row(_word_terms(wording.terms))
        right, right_weights = self.pieces.row(_piece_terms(wording.text))
        share = np.float32(1 / np.sqrt(max(1, bool(len(left)) + bool(len(right)))))
        return np.concatenate([left, right + np.int32(len(self.lemmas))]), np.concatenate([left_weights, right_weights]) * share


def learn_vectoriser(wordings: Sequence[Wording]) -> Vectoriser:
    return Vectoriser(
        _learn_vocabulary([set(_word_terms(wording.terms)) for wording in wordings]),
        _learn_vocabulary([set(_piece_terms(wording.text)) for wording in wordings]),
    )


def _word_terms(words: Sequence[str]) -> Iterator[str]:
    """Words and pairs of neighbours."""
    yield from words
    yield from (f"{a} {b}" for a, b in pairwise(words))


def _piece_terms(folded: str) -> Iterator[str]:
    return chain.from_iterable(map(_pieces, folded.split()))


@lru_cache(maxsize=20_000)
def _pieces(word: str) -> tuple[str, ...]:
    """A word's letters in twos, threes and fours, its edges marked."""
    padded = f" {word[:40]} "
    return tuple(padded[i : i + n] for n in (2, 3, 4) for i in range(max(1, len(padded) - n + 1)))


def _learn_vocabulary(texts: Sequence[set[str]]) -> Vocabulary:
    found = Counter(chain.from_iterable(texts))
    terms = sorted(found)
    frequency = np.array([found[term] for term in terms], np.float64)
    idf = np.log((1 + len(texts)) / (1 + frequency)) + 1
    return Vocabulary({term: i for i, term in enumerate(terms)}, idf.astype(np.float32))


@dataclass(frozen=True, slots=True)
class LexicalModel:
    planes: Floats | Table
    """Terms × entries."""
    bias: Floats

    def margins(self, questions: Rows) -> Floats:
        """Texts × entries; above zero says "this entry", for each entry by itself."""
        if len(questions) == 1:
            return (self._sums(*questions.row(0)) + self.bias)[None, :]
        if isinstance(self.planes, Table):
            return np.stack([self._sums(*questions.row(number)) for number in range(len(questions))]) + self.bias
        return np.asarray(questions.matrix() @ self.planes, np.float32) + self.bias

    def _sums(self, terms: Numbers, weights: Floats) -> Floats:
        if isinstance(self.planes, Table):
            return self.planes.summed(terms, weights)
        return np.asarray(weights @ self.planes[terms], np.float32)


def learn_lexical(examples: "csr_matrix", labels: Ints, entries: int) -> LexicalModel:
    taught = len(np.unique(labels))
    if entries > MANY_ENTRIES or taught < 2 or taught > len(labels) / 2:
        return _centroids(examples, labels, entries)
    # Imported where it is learnt: a desk that starts from its cache never waits for it.
    from sklearn.svm import LinearSVC

    with _ONE_AT_A_TIME:
        machine = LinearSVC(C=COST, tol=0.03, random_state=0).fit(examples, labels)
    planes, bias = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:
        planes, bias = np.vstack([-planes, planes]), np.array([-bias[0], bias[0]])
    full = np.zeros((examples.shape[1], entries), np.float32)
    full[:, machine.classes_] = planes.T
    offsets = np.full(entries, -1.5, np.float32)
    offsets[machine.classes_] = bias
    return LexicalModel(full, offsets)


def _centroids(examples: "csr_matrix", labels: Ints, entries: int) -> LexicalModel:
    # Imported where it is learnt: a desk that starts from its cache never waits for it.
    import scipy.sparse as sp

    membership = sp.csr_matrix((np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))), shape=(entries, len(labels)))
    sums = (membership @ examples).tocsr()
    norms = np.sqrt(np.asarray(sums.multiply(sums).sum(axis=1)).ravel())
    scaled = sp.diags((1 / np.maximum(norms, 1e-9)).astype(np.float32)) @ sums
    return LexicalModel(rows.table(scaled.T.tocsr()), np.zeros(entries, np.float32))
