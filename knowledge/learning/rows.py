"""Texts × terms in plain arrays.

What decides must not wait for scipy, which takes longer to load than everything else that a start from the cache needs; what learns works
with `matrix`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]
Row = tuple[Numbers, Floats]
"""The numbers of some columns, and a weight for each."""


@dataclass(frozen=True, slots=True)
class Rows:
    columns: Numbers
    weights: Floats
    ends: Numbers
    """Row i holds what lies between ends[i] and ends[i + 1]."""
    width: int

    def __len__(self) -> int:
        return len(self.ends) - 1

    def row(self, number: int) -> Row:
        own = slice(self.ends[number], self.ends[number + 1])
        return self.columns[own], self.weights[own]

    def summed(self, rows: Numbers, shares: Floats) -> Floats:
        """The sum of some rows, each by its share, with a place for every column."""
        places, of_row = _stretches(self.ends[rows], self.ends[rows + 1])
        return np.bincount(self.columns[places], self.weights[places] * shares[of_row], self.width).astype(np.float32)

    def matrix(self) -> "csr_matrix":
        from scipy.sparse import csr_matrix

        return csr_matrix((self.weights, self.columns, self.ends), shape=(len(self), self.width))


def from_matrix(matrix: "csr_matrix") -> Rows:
    return Rows(matrix.indices.astype(np.int32), matrix.data.astype(np.float32), matrix.indptr.astype(np.int32), matrix.shape[1])


def joined(rows: Sequence[Row], width: int) -> Rows:
    columns, weights = zip(*rows, strict=True) if rows else ([np.zeros(0, np.int32)], [np.zeros(0, np.float32)])
    ends = np.cumsum([0, *(len(numbers) for numbers, _ in rows)])
    return Rows(np.concatenate(columns), np.concatenate(weights), ends.astype(np.int32), width)


_OFTEN = 1 / 8
"""A row that holds more of the columns than that is quicker added up with a place for each."""


@dataclass(frozen=True, slots=True)
class Table:
    """A matrix of which some rows are almost full and most almost empty."""

    full: Floats
    place: Numbers
    """A row's place in `full`; -1 where it stands in `thin`."""
    thin: Rows

    def summed(self, rows: Numbers, shares: Floats) -> Floats:
        """The sum of some rows, each by its share."""
        place = self.place[rows]
        often = place >= 0
        return np.asarray(shares[often] @ self.full[place[often]] + self.thin.summed(rows[~often], shares[~often]), np.float32)


def table(matrix: "csr_matrix") -> Table:
    often = np.diff(matrix.indptr) > _OFTEN * matrix.shape[1]
    place = np.where(often, np.cumsum(often) - 1, -1).astype(np.int32)
    thin = matrix.multiply(~often[:, None]).tocsr()
    thin.eliminate_zeros()
    return Table(matrix[often].toarray(), place, from_matrix(thin))


@dataclass(frozen=True, slots=True)
class Shelves:
    """Neighbouring rows by the entry that they belong to, and within an entry by column: comparing a question with the rows of one
    entry looks at nothing but the columns that the question has."""

    columns: Numbers
    weights: Floats
    rows: Numbers
    """Counted from the entry's first."""
    ends: NDArray[np.intp]
    """What lies between ends[i] and ends[i + 1] is of entry i."""

    def alike(self, entry: int, question: Row, count: int) -> Floats:
        """How much each of the entry's `count` rows has in common with a question."""
        columns, weights = question
        own = slice(self.ends[entry], self.ends[entry + 1])
        first, last = (own.start + self.columns[own].searchsorted(columns, side) for side in ("left", "right"))
        places, of_column = _stretches(first, last)
        return np.bincount(self.rows[places], self.weights[places] * weights[of_column], count).astype(np.float32)


def shelve(rows: Rows, ends: NDArray[np.intp]) -> Shelves:
    """`ends`: the rows of entry i lie between ends[i] and ends[i + 1]."""
    entry_of = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    row_of = np.repeat(np.arange(len(rows)), np.diff(rows.ends))
    order = np.lexsort((rows.columns, entry_of[row_of]))
    numbers = (np.arange(len(rows)) - ends[entry_of])[row_of].astype(np.int32)
    return Shelves(rows.columns[order], rows.weights[order], numbers[order], rows.ends[ends].astype(np.intp))


def _stretches(starts: NDArray[np.integer[Any]], ends: NDArray[np.integer[Any]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All numbers from each start up to its end, one stretch after another, and the number of the stretch that each is of."""
    lengths = (ends - starts).astype(np.intp)
    stretch = np.repeat(np.arange(len(lengths)), lengths)
    return np.arange(len(stretch)) + (starts - np.cumsum(lengths) + lengths)[stretch], stretch
