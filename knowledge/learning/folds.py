"""Practice questions out of the FAQ's own wordings: what calibration is learnt from, without any held-out data.

In each round some wordings are kept out, and some entries altogether: the former are questions with an answer here, the latter questions
without. Wordings that nearly repeat each other are kept out together, else practice would be easier than life.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.learning.rows import Rows

Ints = NDArray[np.intp]
Floats = NDArray[np.float32]

FEWEST_ENTRIES = 5
NEAR_IN_WORDS = 0.75
NEAR_IN_MEANING = 0.85


@dataclass(frozen=True, slots=True)
class Round:
    kept: Ints
    """Train with these."""
    asked: Ints
    """Then ask these; where the entry was left out altogether, no answer is right."""
    left_out: frozenset[int]


def rounds(labels: Ints, groups: Ints, entries: int, none: int | None, count: int, share_left_out: float = 0.1) -> Iterator[Round]:
    rng = np.random.default_rng(0)
    fold_of_group = np.empty(groups.max() + 1, np.intp)
    for entry in range(entries):
        own = np.unique(groups[labels == entry])
        fold_of_group[rng.permutation(own)] = (np.arange(len(own)) + rng.integers(count)) % count
    fold = fold_of_group[groups]
    real = np.array([e for e in range(entries) if e != none])
    shuffled = rng.permutation(real)
    size = max(1, round(share_left_out * len(real)))
    for number in range(count):
        left_out = shuffled[:0] if len(real) < FEWEST_ENTRIES else shuffled[np.arange(number * size, (number + 1) * size) % len(shuffled)]
        gone = np.isin(labels, left_out)
        kept = (fold != number) & ~gone
        if not kept.any() or kept.all():
            continue
        yield Round(np.flatnonzero(kept), np.flatnonzero((fold == number) | gone), frozenset(left_out.tolist()))


def group(labels: Ints, rows: Rows, placed: Floats | None) -> Ints:
    """Number the sets of near-duplicates within each entry."""
    # Imported where it is learnt: a desk that starts from its cache never waits for it.
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    matrix = rows.matrix()
    groups = np.empty(len(labels), np.intp)
    used = 0
    for entry in np.unique(labels):
        own = np.flatnonzero(labels == entry)
        near = (matrix[own] @ matrix[own].T).toarray() > NEAR_IN_WORDS
        if placed is not None:
            near |= placed[own] @ placed[own].T > NEAR_IN_MEANING
        found, sets = connected_components(csr_matrix(near), directed=False)
        groups[own] = sets + used
        used += found
    return groups
