"""What another wording is worth: the same FAQ with fewer of them."""

from collections.abc import Iterator
from dataclasses import replace

from knowledge.content import digested
from knowledge.entries import Content, Side
from knowledge.evaluation import Figures, evaluate
from tests.measures import given

COUNTS = (5, 10, 20, None)
"""Wordings an entry and language; None for all."""


def points() -> Iterator[tuple[str, int | None, dict[str, Figures]]]:
    """Mode, wordings, figures by language."""
    for mode, semantic in given.MODES.items():
        for count in COUNTS:
            base = given.faq() if count is None else _thinned(given.faq(), count)
            groups = evaluate(given.matcher_for(base, semantic), given.questions("test")).groups
            yield mode, count, {language: groups[language] for language in ("sl", "en")}


def wordings_per_entry() -> int:
    """How many wordings an entry has in a language, on average."""
    sides = [side for entry in given.faq().entries for side in entry.sides.values()]
    return round(sum(len(side.wordings) for side in sides) / len(sides))


def _thinned(base: Content, count: int) -> Content:
    def thin(side: Side) -> Side:
        step = max(1, len(side.wordings) // count)
        return replace(side, wordings=side.wordings[::step][:count])

    entries = tuple(replace(entry, sides={language: thin(side) for language, side in entry.sides.items()}) for entry in base.entries)
    return digested(replace(base, entries=entries))
