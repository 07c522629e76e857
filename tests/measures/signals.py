"""Each signal alone, and all of them together: what is every part of the matcher worth?

A signal alone answers from the score on at which 97 of 100 answers to the development questions are right; what it is worth is then counted
on the test questions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from knowledge import trained
from knowledge.evaluation import Line
from knowledge.learning.training import Engine
from knowledge.words import Words
from tests.measures import given

PRECISION = 0.97
Scores = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Asked:
    lines: Sequence[Line]
    scores: dict[str, Scores]
    """By signal: questions × entries."""

    def hits(self, signal: str, first: int) -> Bools:
        names = _engine().names
        best = np.argsort(-self.scores[signal], axis=1, kind="stable")[:, :first]
        return np.array([any(names[i] in line.labels for i in row) for row, line in zip(best, self.lines, strict=True)])


@dataclass(frozen=True)
class Worth:
    top1: float
    top3: float
    coverage: float
    precision: float | None
    false_answers: float


def worth() -> Iterator[tuple[str, dict[str, Worth]]]:
    """Each signal, by language."""
    dev, test = asked("dev"), asked("test")
    language = np.array([line.language for line in test.lines])
    answerable = np.array([bool(line.labels) for line in test.lines])
    for signal, scores in test.scores.items():
        answered = scores.max(axis=1) >= _threshold(dev.scores[signal].max(axis=1), dev.hits(signal, 1))
        first, third = test.hits(signal, 1), test.hits(signal, 3)
        yield signal, {name: _worth(first, third, answered, answerable, language == name) for name in ("sl", "en")}


def _worth(first: Bools, third: Bools, answered: Bools, answerable: Bools, own: Bools) -> Worth:
    return Worth(
        top1=float(first[own & answerable].mean()),
        top3=float(third[own & answerable].mean()),
        coverage=float(answered[own & answerable].mean()),
        precision=float(first[own & answered].mean()) if (own & answered).any() else None,
        false_answers=float(answered[own & ~answerable].mean()),
    )


def by_kind() -> Iterator[tuple[str, dict[str, float]]]:
    """Each signal's top-1 by kind of question."""
    test = asked("test")
    kinds = np.array([line.kind if line.labels else "" for line in test.lines])
    for signal in test.scores:
        first = test.hits(signal, 1)
        yield signal, {kind: float(first[kinds == kind].mean()) for kind in sorted(set(kinds) - {""})}


def _threshold(confidence: Scores, right: Bools) -> float:
    order = np.argsort(-confidence, kind="stable")
    enough = np.flatnonzero(np.cumsum(right[order]) >= PRECISION * np.arange(1, len(order) + 1))
    return float(confidence[order[enough[-1]]]) if len(enough) else float("inf")


def _engine() -> Engine:
    return _learnt()[0]


def _learnt() -> tuple[Engine, Words]:
    learnt = trained.learn(given.faq(), given.embedder(), PRECISION, trained.cache_folder())
    assert learnt.engine is not None
    return learnt.engine, learnt.words


@lru_cache
def asked(name: str) -> Asked:
    engine, words = _learnt()
    members = engine.members
    lines = given.questions(name)
    wordings = [words.read(line.text) for line in lines]
    views = members.view(wordings, given.embedder().embed([words.standard(line.text) for line in lines]))
    assert views.placed is not None
    assert views.semantic is not None
    assert members.placed is not None
    spelling = process.cdist([wording.text for wording in wordings], members.folded, scorer=fuzz.token_set_ratio, dtype=np.uint8)
    meaning = views.placed @ members.placed.T
    rows = [views.rows.row(number) for number in range(len(lines))]
    scores = {
        "nearest wording by spelling (rapidfuzz)": _best(engine, lambda entry: spelling[:, members.of_entry(entry)]),
        "nearest wording by words (tf-idf)": _best(engine, lambda entry: np.array([members.alike(entry, row) for row in rows])),
        "nearest wording by meaning (e5)": _best(engine, lambda entry: meaning[:, members.of_entry(entry)]),
        "words, learnt (linear SVM)": np.exp(views.lexical[:, : len(engine.names)]),
        "meaning, learnt (network over e5)": np.exp(views.semantic[:, : len(engine.names)]),
    }
    return Asked(lines, scores)


def _best(engine: Engine, scores: Callable[[int], NDArray[np.generic]]) -> Scores:
    """Per entry its best wording's score."""
    return np.column_stack([scores(entry).max(axis=1) for entry in range(len(engine.names))]).astype(np.float32)
