"""Each signal alone, and all of them together: what is every part of the matcher worth?

A signal alone answers from the score on at which 97 of 100 answers to the development questions are right; what it is worth is then counted
on the test questions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from knowledge import embedding, trained
from knowledge.embedding import Embedder
from knowledge.evaluation import Line
from knowledge.learning.training import Engine
from knowledge.words import Wording, Words
from tests.benches import timing
from tests.measures import given

PRECISION = 0.97
TIMED = 200
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


@lru_cache
def _learnt() -> tuple[Engine, Words]:
    learnt = trained.learn(given.faq(), given.embedder(), PRECISION, trained.cache_folder())
    assert learnt.engine is not None
    return learnt.engine, learnt.words


@lru_cache
def asked(name: str) -> Asked:
    lines = given.questions(name)
    texts = [line.text for line in lines]
    return Asked(lines, {signal: scores(texts, given.embedder()) for signal, scores in SIGNALS.items()})


def milliseconds() -> dict[str, float]:
    """Of processor time that each signal takes for a question in the middle, reading it and making its vector included."""
    embedder = embedding.find_embedder()  # not the one that remembers
    assert embedder is not None
    questions = [line.text for line in given.questions("test")[:TIMED]]
    return {name: timing.milliseconds(partial(_alone, signal, embedder), questions)[0] for name, signal in SIGNALS.items()}


def _alone(signal: "Signal", embedder: Embedder, text: str) -> Scores:
    return signal([text], embedder)


def _read(texts: Sequence[str]) -> list[Wording]:
    return [_learnt()[1].read(text) for text in texts]


def _vectors(texts: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    return np.asarray(embedder.embed([_learnt()[1].standard(text) for text in texts]))


def _by_spelling(texts: Sequence[str], embedder: Embedder) -> Scores:
    folded = _engine().members.folded
    alike = process.cdist([wording.text for wording in _read(texts)], folded, scorer=fuzz.token_set_ratio, dtype=np.uint8)
    return _best(lambda entry: alike[:, _engine().members.of_entry(entry)])


def _by_words(texts: Sequence[str], embedder: Embedder) -> Scores:
    rows = _engine().members.vectoriser(_read(texts))
    each = [rows.row(number) for number in range(len(texts))]
    return _best(lambda entry: np.array([_engine().members.alike(entry, row) for row in each]))


def _by_meaning(texts: Sequence[str], embedder: Embedder) -> Scores:
    members = _engine().members
    assert members.semantic is not None
    assert members.placed is not None
    alike = members.semantic.place(_vectors(texts, embedder)) @ members.placed.T
    return _best(lambda entry: alike[:, members.of_entry(entry)])


def _words_learnt(texts: Sequence[str], embedder: Embedder) -> Scores:
    return np.exp(_engine().members.view(_read(texts), None).lexical[:, : len(_engine().names)])


def _meaning_learnt(texts: Sequence[str], embedder: Embedder) -> Scores:
    semantic = _engine().members.semantic
    assert semantic is not None
    return np.exp(semantic.log_probabilities(semantic.place(_vectors(texts, embedder)))[:, : len(_engine().names)])


Signal = Callable[[Sequence[str], Embedder], Scores]
SIGNALS: dict[str, Signal] = {
    "nearest wording by spelling (rapidfuzz)": _by_spelling,
    "nearest wording by words (tf-idf)": _by_words,
    "nearest wording by meaning (e5)": _by_meaning,
    "words, learnt (linear SVM)": _words_learnt,
    "meaning, learnt (network over e5)": _meaning_learnt,
}


def _best(scores: Callable[[int], NDArray[np.generic]]) -> Scores:
    """Per entry its best wording's score."""
    return np.column_stack([scores(entry).max(axis=1) for entry in range(len(_engine().names))]).astype(np.float32)
