"""Wordings that, were they not there themselves, would be taken for another entry's: they pull the matcher the wrong way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.learning.lexical import SOFTNESS, learn_lexical, learn_vectoriser
from knowledge.learning.rows import from_matrix
from knowledge.learning.semantic import log_softmax
from knowledge.words import Wording

_FOLDS = 4
_SURE = 0.98


@dataclass(frozen=True, slots=True)
class Misled:
    owner: str
    text: str
    taken_for: str
    probability: float


def misled(wordings: Mapping[str, Sequence[str]], read: Callable[[str, bool], Wording]) -> list[Misled]:
    """Judged by words alone, each fold by a model that has not seen it; only what would be taken for another entry surely."""
    names = tuple(sorted(wordings))
    pairs = [(text, number, place % _FOLDS) for number, name in enumerate(names) for place, text in enumerate(wordings[name])]
    if len(names) < 2:
        return []
    read_texts = [read(text, False) for text, _, _ in pairs]
    rows = learn_vectoriser(read_texts)(read_texts).matrix()
    labels, folds = (np.array(column, np.intp) for column in list(zip(*pairs, strict=True))[1:])

    def judge(fold: int) -> list[Misled]:
        model = learn_lexical(rows[folds != fold], labels[folds != fold], len(names))
        asked = np.flatnonzero(folds == fold)
        probabilities = np.exp(log_softmax(model.margins(from_matrix(rows[asked])) / np.float32(SOFTNESS)))
        best = probabilities.argmax(axis=1)
        wrong = (best != labels[asked]) & (probabilities.max(axis=1) >= _SURE)
        return [
            Misled(names[labels[asked[i]]], pairs[asked[i]][0], names[best[i]], float(probabilities[i, best[i]]))
            for i in np.flatnonzero(wrong)
        ]

    found = [one for fold in range(_FOLDS) for one in judge(fold)]
    return sorted(found, key=lambda one: (one.owner, one.text))
