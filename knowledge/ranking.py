"""Which entries may answer a text, and how likely each one does.

The probabilities come from a logistic regression over a few signals of each candidate. It learns from the FAQ itself: from
each wording asked as if it were not there (what is then right, what wrong?), and as if its whole entry were not there
(nothing is right). So another FAQ needs no tuning.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from rapidfuzz import fuzz
from scipy.optimize import minimize
from scipy.special import expit

from knowledge.index import OUT_OF_SCOPE, Example, Index, Vector
from knowledge.words import Wording

SIGNALS = ("nearest", "nearest three", "token_set", "token_sort", "whole entry", "nearest ahead", "entry ahead", "length")
_CANDIDATES = 6
_COMPARED = 3
_MOST_LESSONS = 600
_FEWEST_LESSONS = 60
_UNANSWERABLE_SHARE = 0.25
_THE_SAME = 0.999
_SIMPLER = 0.05


@dataclass(frozen=True, slots=True)
class Near:
    """An entry that comes near a text."""

    owner: int
    example: Example
    """What is nearest of all that it can be asked with."""
    signals: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    near: Near
    probability: float


@dataclass(frozen=True, slots=True)
class Model:
    """Signals → probability."""

    weights: tuple[float, ...]
    bias: float

    def probability(self, signals: Sequence[float]) -> float:
        total = self.bias + sum(weight * signal for weight, signal in zip(self.weights, signals, strict=True))
        return float(expit(total))


# For a knowledge base that is too small to learn from: about what the shipped one teaches, with a careful threshold.
_SMALL = Model((5.0, 0.0, 1.0, 2.0, 1.0, 5.0, 2.0, 0.0), -6.0)
_SMALL_THRESHOLD = 0.8


class Ranker:
    """`threshold` is the probability from which on answers are right as often as `precision` asks for."""

    def __init__(self, index: Index, precision: float) -> None:
        self._index = index
        lessons = list(_lessons(index))
        if len(lessons) < _FEWEST_LESSONS:
            self.model, self.threshold = _SMALL, _SMALL_THRESHOLD
        else:
            self.model = _learn(lessons)
            self.threshold = _threshold(lessons, self.model, precision)

    def rank(self, wording: Wording) -> list[Ranked]:
        """Candidates, best first; their probabilities add up to one at most."""
        return _rank(self.model, _find_near(self._index, wording, self._index.closeness(wording)))

    def misled(self) -> Iterator[tuple[Example, Ranked]]:
        """Examples that, were they not there, would be answered with another entry."""
        for place, example in enumerate(self._index.examples):
            if example.asked and example.owner != OUT_OF_SCOPE:
                closeness = _asked_anew(self._index, place)
                ranked = _rank(self.model, _find_near(self._index, example.wording, closeness))
                if ranked and ranked[0].near.owner != example.owner and ranked[0].probability >= self.threshold:
                    yield example, ranked[0]


def _rank(model: Model, candidates: Sequence[Near]) -> list[Ranked]:
    probabilities = [model.probability(near.signals) for near in candidates]
    total = max(1.0, sum(probabilities))
    ranked = [Ranked(near, probability / total) for near, probability in zip(candidates, probabilities, strict=True)]
    return sorted(ranked, key=lambda candidate: (-candidate.probability, candidate.near.owner))


def _find_near(index: Index, wording: Wording, closeness: Vector) -> list[Near]:
    """The closest owners; the questions out of scope are a rival, never a candidate."""
    best = np.maximum.reduceat(closeness, index.starts)
    whole = index.closeness_to_owners(closeness)
    groups = [int(group) for group in np.argsort(-(best + whole), kind="stable")[: _CANDIDATES + 1] if best[group] > 0]
    places = {group: _closest(index, closeness, group) for group in groups}
    length = log(1 + len(wording.terms))
    candidates = []
    for group in groups:
        if (owner := int(index.owners[group])) != OUT_OF_SCOPE:
            others = [other for other in groups if other != group]
            signals = (
                *_compare(index, wording, closeness, places[group]),
                float(whole[group]),
                float(best[group] - max((best[other] for other in others), default=0.0)),
                float(whole[group] - max((whole[other] for other in others), default=0.0)),
                length,
            )
            candidates.append(Near(owner, index.examples[places[group][0]], signals))
    return candidates


def _closest(index: Index, closeness: Vector, group: int) -> list[int]:
    start, end = index.span(group)
    return [start + int(place) for place in np.argsort(-closeness[start:end], kind="stable")[:_COMPARED]]


def _compare(index: Index, wording: Wording, closeness: Vector, places: Sequence[int]) -> tuple[float, float, float, float]:
    text = wording.lemmas
    examples = [index.examples[place].wording.lemmas for place in places]
    return (
        float(closeness[places[0]]),
        float(sum(closeness[place] for place in places)) / _COMPARED,
        max(fuzz.token_set_ratio(text, example) for example in examples) / 100,
        max(fuzz.token_sort_ratio(text, example) for example in examples) / 100,
    )


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A question whose answer is known: who comes near it, and who is right, if anyone."""

    candidates: Sequence[Near]
    right: int
    weight: float


def _lessons(index: Index) -> Iterator[_Lesson]:
    """Some examples asked anew, as if they were not there; every third also as if its whole entry were not there."""
    asked = [place for place, example in enumerate(index.examples) if example.asked]
    chosen = asked[:: 1 + len(asked) // _MOST_LESSONS]
    answerable = sum(index.examples[place].owner != OUT_OF_SCOPE for place in chosen)
    unanswerable = len(chosen) - answerable + len(chosen) / 3
    weight = _UNANSWERABLE_SHARE / (1 - _UNANSWERABLE_SHARE) * answerable / max(1, unanswerable)
    for number, place in enumerate(chosen):
        example = index.examples[place]
        closeness = _asked_anew(index, place)
        within = example.owner != OUT_OF_SCOPE
        yield _Lesson(_find_near(index, example.wording, closeness), example.owner, 1.0 if within else weight)
        if within and number % 3 == 0:
            closeness[slice(*index.span_of(example.owner))] = 0
            yield _Lesson(_find_near(index, example.wording, closeness), OUT_OF_SCOPE, weight)


def _asked_anew(index: Index, place: int) -> Vector:
    """How close an example comes to the others, as if it were not there itself."""
    closeness = index.closeness_of(place)
    closeness[closeness > _THE_SAME] = 0
    return closeness


def _learn(lessons: Sequence[_Lesson]) -> Model:
    """Logistic regression in which no likeness may count against a candidate."""
    rows = [(near.signals, near.owner == lesson.right, lesson.weight) for lesson in lessons for near in lesson.candidates]
    if not rows:
        return _SMALL
    signals, right, weights = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))

    def loss(model: Vector) -> tuple[float, Vector]:
        *_, bias = model
        total = signals @ model[:-1] + bias
        error = expit(total) - right
        value = float(weights @ (np.logaddexp(0, total) - right * total)) + _SIMPLER * float(model[:-1] @ model[:-1])
        gradient = np.append(signals.T @ (weights * error) + 2 * _SIMPLER * model[:-1], weights @ error)
        return value, gradient

    bounds = [(None, None) if name == "length" else (0, None) for name in SIGNALS]
    found = minimize(loss, np.zeros(len(SIGNALS) + 1), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)]).x
    return Model(tuple(float(weight) for weight in found[:-1]), float(found[-1]))


def _threshold(lessons: Sequence[_Lesson], model: Model, precision: float) -> float:
    """The lowest probability above which, by their probabilities, enough of the first candidates are right."""
    firsts = [(ranked[0].probability, lesson.weight) for lesson in lessons if (ranked := _rank(model, lesson.candidates))]
    given = right = 0.0
    threshold = 1.0
    for probability, weight in sorted(firsts, reverse=True):
        given += weight
        right += weight * probability
        if right / given < precision:
            break
        threshold = probability
    return threshold
