"""Both signals over the same wordings, and what they say about questions."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.learning.lexical import SOFTNESS, LexicalModel, Vectoriser, learn_lexical, learn_vectoriser
from knowledge.learning.rows import Row, Rows, Shelves, shelve
from knowledge.learning.semantic import SemanticModel, learn_semantic, log_softmax
from knowledge.words import Wording

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Examples:
    """Wordings with the number of their entry, in its order, and their sentence vectors when there is an embedder."""

    wordings: tuple[Wording, ...]
    labels: Ints
    vectors: Floats | None

    def take(self, chosen: Ints) -> "Examples":
        vectors = None if self.vectors is None else self.vectors[chosen]
        return Examples(tuple(self.wordings[i] for i in chosen), self.labels[chosen], vectors)


@dataclass(frozen=True, slots=True)
class Views:
    """What the signals say about some questions: questions × entries each."""

    wordings: Sequence[Wording]
    rows: Rows
    margins: Floats
    lexical: Floats
    """Log-probabilities from the words."""
    placed: Floats | None
    semantic: Floats | None
    """Log-probabilities from the meaning."""

    def logs(self) -> list[Floats]:
        """The log-probabilities that there are, in the blend's order."""
        return [log_p for log_p in (self.lexical, self.semantic) if log_p is not None]

    def in_words(self) -> "Views":
        return Views(self.wordings, self.rows, self.margins, self.lexical, None, None)


@dataclass(frozen=True, slots=True)
class Members:
    vectoriser: Vectoriser
    known: frozenset[int]
    """The lemmas that occur in the wordings."""
    lexical: LexicalModel
    semantic: SemanticModel | None
    folded: tuple[str, ...]
    """The examples' texts, those of an entry beside each other; so are their places."""
    shelves: Shelves
    """The examples' words."""
    placed: Floats | None
    ends: Ints
    """The examples of entry i lie between ends[i] and ends[i + 1]."""

    @property
    def signals(self) -> int:
        return 1 + (self.semantic is not None)

    def of_entry(self, entry: int) -> slice:
        return slice(int(self.ends[entry]), int(self.ends[entry + 1]))

    def alike(self, entry: int, question: Row) -> Floats:
        """How much the question has in common with each of the entry's examples, in words and their pieces; from 0 to 1."""
        own = self.of_entry(entry)
        return self.shelves.alike(entry, question, own.stop - own.start)

    def nearest(self, question: Row, entries: Iterable[int]) -> list[tuple[str, int]]:
        """The example of each of these entries that has most in common with the question, the nearest first."""
        found = []
        for entry in entries:
            alike = self.alike(entry, question)
            if alike.any():
                best = int(alike.argmax())
                found.append((float(alike[best]), self.folded[self.of_entry(entry)][best], entry))
        return [(text, entry) for _, text, entry in sorted(found, reverse=True)]

    def view(self, wordings: Sequence[Wording], vectors: Floats | None) -> Views:
        rows = self.vectoriser(wordings)
        margins = self.lexical.margins(rows)
        lexical = log_softmax(margins / np.float32(SOFTNESS))
        if vectors is None or self.semantic is None:
            return Views(wordings, rows, margins, lexical, None, None)
        placed = self.semantic.place(vectors)
        return Views(wordings, rows, margins, lexical, placed, self.semantic.log_probabilities(placed))


@dataclass(frozen=True, slots=True)
class Ground:
    """What is learnt from the wordings without their entries, once for the whole and all rounds of practice."""

    vectoriser: Vectoriser
    centre: Floats | None

    def stand(self, examples: Examples) -> tuple[Rows, Floats | None]:
        """The examples' words and meanings as the signals take them."""
        placed = None if examples.vectors is None or self.centre is None else SemanticModel(self.centre).place(examples.vectors)
        return self.vectoriser(examples.wordings), placed


def learn_ground(examples: Examples) -> Ground:
    return Ground(learn_vectoriser(examples.wordings), None if examples.vectors is None else examples.vectors.mean(axis=0))


def learn_members(examples: Examples, entries: int, ground: Ground, starts: int = 1) -> Members:
    rows, placed = ground.stand(examples)
    vectoriser = ground.vectoriser
    ends = np.searchsorted(examples.labels, np.arange(entries + 1))
    with ThreadPoolExecutor(2) as pool:  # the libraries let go of the interpreter while they work
        words = pool.submit(learn_lexical, rows.matrix(), examples.labels, entries)
        meaning = None
        if examples.vectors is not None and ground.centre is not None:
            meaning = pool.submit(learn_semantic, examples.vectors, examples.labels, entries, starts, ground.centre)
        lexical, semantic = words.result(), meaning.result() if meaning else None
    return Members(
        vectoriser=vectoriser,
        known=frozenset(rows.columns[rows.columns < len(vectoriser.lemmas)].tolist()),
        lexical=lexical,
        semantic=semantic,
        folded=tuple(wording.text for wording in examples.wordings),
        shelves=shelve(rows, ends),
        placed=placed,
        ends=ends,
    )
