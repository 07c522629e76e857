"""From signals to probabilities that mean what they say, and from one wished-for precision to a threshold.

Learnt from practice rounds only (`folds`): how often was the best entry right when the signals looked like this?
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.learning.semantic import log_softmax

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

UNANSWERABLE = 0.25
"""The share of questions that no entry answers, as the desk expects it. More makes the desk more careful."""


PRACTISED, EXPERIENCED = 0.05, 0.3
"""How far the curve may bend to what it saw: less when that was only practice."""


@dataclass(frozen=True, slots=True)
class Blend:
    """How much each signal weighs."""

    weights: tuple[float, ...]

    def log_probabilities(self, signals: Sequence[Floats]) -> Floats:
        return log_softmax(np.asarray(sum(w * signal for w, signal in zip(self.weights, signals, strict=True)), np.float32))


def learn_blend(signals: Sequence[Floats], labels: Ints) -> Blend:
    """The weights under which the right entries of the practice questions are least surprising."""

    # Imported where it is learnt: a desk that starts from its cache never waits for it.
    from scipy.optimize import minimize

    def surprise(weights: NDArray[np.float64]) -> float:
        log_p = Blend(tuple(weights)).log_probabilities(signals)
        return -float(log_p[np.arange(len(labels)), labels].clip(-12).mean())

    start = np.full(len(signals), 1 / len(signals))
    found = minimize(surprise, start, method="Nelder-Mead", bounds=[(0.02, 3.0)] * len(signals), options={"xatol": 0.02, "fatol": 1e-4})
    return Blend(tuple(float(weight) for weight in found.x))


@dataclass(frozen=True, slots=True)
class Scale:
    """A logistic curve over standardised signals."""

    mean: Floats
    spread: Floats
    slope: Floats
    offset: float

    def probabilities(self, evidence: Floats) -> Floats:
        return np.asarray(1 / (1 + np.exp(-(((evidence - self.mean) / self.spread) @ self.slope + self.offset))), np.float32)


def learn_scale(evidence: Floats, right: Bools, weights: Floats, freedom: float) -> Scale:
    if right.all() or not right.any():
        flat = np.zeros(evidence.shape[1], np.float32)
        return Scale(flat, flat + 1, flat, 2.0 if right.all() else -2.0)
    # Imported where it is learnt: a desk that starts from its cache never waits for it.
    from sklearn.linear_model import LogisticRegression

    mean = np.average(evidence, axis=0, weights=weights).astype(np.float32)
    spread = np.maximum(np.sqrt(np.average((evidence - mean) ** 2, axis=0, weights=weights)), 1e-3).astype(np.float32)
    machine = LogisticRegression(C=freedom, max_iter=500).fit((evidence - mean) / spread, right, sample_weight=weights)
    return Scale(mean, spread, machine.coef_[0].astype(np.float32), float(machine.intercept_[0]))


def share_out(answerable: Bools, unanswerable: float = UNANSWERABLE) -> Floats:
    """Weights under which the unanswerable practice questions have the expected share."""
    have = float((~answerable).mean())
    if have in (0.0, 1.0):
        return np.ones(len(answerable), np.float32)
    return np.where(answerable, (1 - unanswerable) / (1 - have), unanswerable / have).astype(np.float32)


OPTIMISM = 0.8
"""A threshold is chosen on the questions that it was learnt from, which flatters it: aim for four fifths of the errors that are allowed."""


def threshold(probabilities: Floats, right: Bools, weights: Floats, precision: float) -> float:
    """The lowest probability from which on the answers reach the precision, both as promised and as it came out in practice."""
    precision = 1 - OPTIMISM * (1 - precision)
    order = np.argsort(-probabilities, kind="stable")
    total = np.cumsum(weights[order])
    promised = np.cumsum((weights * probabilities)[order]) / total
    came_out = np.cumsum((weights * right)[order]) / total
    enough = np.flatnonzero((promised >= precision) & (came_out >= precision))
    return float(probabilities[order[enough[-1]]]) if len(enough) else 1.01
