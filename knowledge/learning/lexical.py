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

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from knowledge.words import Wording

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

    def row(self, terms: Iterable[str], offset: int) -> tuple[list[int], Floats]:
        """One text as positions and weights of length one. Repeats count logarithmically; unknown terms are left out."""
        counts = Counter(self.index[term] for term in terms if term in self.index)
        positions = list(counts)
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[positions]
        return [p + offset for p in positions], weights / max(float(np.linalg.norm(weights)), 1e-9)


@dataclass(frozen=True, slots=True)
class Vectoriser:
    lemmas: Vocabulary
    pieces: Vocabulary

    def __call__(self, wordings: Sequence[Wording]) -> sp.csr_matrix:
        """One row of length one per wording, half of it lemmas, half of it pieces."""
        positions: list[int] = []
        weights: list[Floats] = []
        ends = [0]
        for wording in wordings:
            left, left_weights = self.lemmas.row(_word_terms(wording.terms), 0)
            right, right_weights = self.pieces.row(_piece_terms(wording.text), len(self.lemmas))
            share = np.float32(1 / np.sqrt(max(1, bool(left) + bool(right))))
            positions += left + right
            weights += [left_weights * share, right_weights * share]
            ends.append(len(positions))
        data = np.concatenate(weights) if weights else np.zeros(0, np.float32)
        return sp.csr_matrix((data, np.array(positions, np.int32), np.array(ends, np.int32)), shape=(len(wordings), self.size))

    @property
    def size(self) -> int:
        return len(self.lemmas) + len(self.pieces)


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
    for word in folded.split():
        yield from _pieces(word)


@lru_cache(maxsize=100_000)
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
    planes: Floats | sp.csr_matrix
    """Terms × entries."""
    bias: Floats

    def margins(self, rows: sp.csr_matrix) -> Floats:
        """Texts × entries; above zero says "this entry", for each entry by itself."""
        if sp.issparse(self.planes):
            return np.asarray((rows @ self.planes).toarray(), np.float32) + self.bias
        if rows.shape[0] == 1:
            # One question touches some hundred terms: gathering their planes beats scipy's general product.
            return np.asarray((rows.data @ self.planes[rows.indices] + self.bias)[None, :], np.float32)
        return np.asarray(rows @ self.planes, np.float32) + self.bias


def learn_lexical(rows: sp.csr_matrix, labels: Ints, entries: int) -> LexicalModel:
    taught = len(np.unique(labels))
    if entries > MANY_ENTRIES or taught < 2 or taught > len(labels) / 2:
        return _centroids(rows, labels, entries)
    # Imported where it is learnt: a desk that starts from its cache never waits for it.
    from sklearn.svm import LinearSVC

    with _ONE_AT_A_TIME:
        machine = LinearSVC(C=COST, tol=0.03, random_state=0).fit(rows, labels)
    planes, bias = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:
        planes, bias = np.vstack([-planes, planes]), np.array([-bias[0], bias[0]])
    full = np.zeros((rows.shape[1], entries), np.float32)
    full[:, machine.classes_] = planes.T
    offsets = np.full(entries, -1.5, np.float32)
    offsets[machine.classes_] = bias
    return LexicalModel(full, offsets)


def _centroids(rows: sp.csr_matrix, labels: Ints, entries: int) -> LexicalModel:
    membership = sp.csr_matrix((np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))), shape=(entries, len(labels)))
    sums = (membership @ rows).tocsr()
    norms = np.sqrt(np.asarray(sums.multiply(sums).sum(axis=1)).ravel())
    scaled = sp.diags((1 / np.maximum(norms, 1e-9)).astype(np.float32)) @ sums
    return LexicalModel(scaled.T.tocsr(), np.zeros(entries, np.float32))
