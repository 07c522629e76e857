"""What was approved in chat, laid over the FAQ: it answers at once, while the matcher still has to learn from it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from rapidfuzz import fuzz

from knowledge import words
from knowledge.content import digested
from knowledge.decisions import Candidate, Decision, Found, Reading, SmallTalk, Wish
from knowledge.entries import Content, Entry, Side
from knowledge.evaluation import Decides
from knowledge.words import Words

LONGEST_TITLE = 60
_NEAR = 92
"""How alike, of a hundred, the words must be that mean the same."""
_SLIP = 75
"""How alike two single words must be of which one is a slip of the other."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A wording for an entry, or a new entry with its first wording."""

    entry: str
    topic: str
    language: str
    wording: str
    answer: str
    """Markdown; empty when the entry is there already."""
    on: date


def title(wording: str) -> str:
    """A new entry's title until its curator writes a better one."""
    line = " ".join(wording.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def missing(content: Content, additions: Sequence[Addition]) -> tuple[Addition, ...]:
    """Those whose wording does not stand in the FAQ yet, under whichever entry its curator put it."""
    there = {words.plain_key(text) for entry in content.entries for side in entry.sides.values() for text in (side.title, *side.wordings)}
    return tuple(addition for addition in additions if words.plain_key(addition.wording) not in there)


def merged(content: Content, additions: Sequence[Addition]) -> Content:
    """The FAQ with the additions in it. A wording for an entry that is gone is left out."""
    entries = {entry.id: entry for entry in content.entries}
    by_entry: dict[str, list[Addition]] = defaultdict(list)
    for addition in additions:
        by_entry[addition.entry].append(addition)
    for id, added in by_entry.items():
        entry = entries.get(id) or next((_new(one) for one in added if one.answer), None)
        if entry is not None:
            entries[id] = _with_wordings(entry, added)
    return digested(replace(content, entries=tuple(entries.values())))


def _new(addition: Addition) -> Entry:
    side = Side(title(addition.wording), (), (), addition.answer)
    return Entry(id=addition.entry, topic=addition.topic, sides={addition.language: side}, reviewed=addition.on)


def _with_wordings(entry: Entry, added: Sequence[Addition]) -> Entry:
    """A wording in a language that the entry is not written in yet goes to the side that there is: it is found all the same."""
    sides = dict(entry.sides)
    for addition in added:
        language = addition.language if addition.language in sides else next(iter(sides))
        sides[language] = replace(sides[language], wordings=tuple(dict.fromkeys((*sides[language].wordings, addition.wording))))
    return replace(entry, sides=sides)


class Overlay:
    """Finds what was added by its wording, word for word or nearly so, and leaves everything else to the matcher below."""

    def __init__(self, below: Decides, content: Content, additions: Sequence[Addition]) -> None:
        """`content`: the FAQ with the additions in it."""
        by_id = {entry.id: entry for entry in content.entries}
        known = [(addition.wording, by_id[addition.entry]) for addition in additions if addition.entry in by_id]
        self._below = below
        self._words = Words(content)
        self._as_written = {words.plain_key(wording): entry for wording, entry in known}
        self._terms = [(self._words.read(wording).terms, entry) for wording, entry in known]

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        below = self._below.decide(text, language, earlier)
        entry = self._as_written.get(words.plain_key(text)) or self._alike(text, below)
        return below if entry is None else _found(entry, below.reading)

    def _alike(self, text: str, below: Decision) -> Entry | None:
        if isinstance(below, SmallTalk | Wish):
            return None
        terms = self._words.read(text).terms
        same = next((entry for known, entry in self._terms if terms and sorted(known) == sorted(terms)), None)
        if same is not None or isinstance(below, Found):
            return same
        near = [
            (fuzz.token_sort_ratio(" ".join(known), " ".join(terms)), entry) for known, entry in self._terms if _only_slips(known, terms)
        ]
        likeness, nearest = max(near, key=lambda one: one[0], default=(0, None))
        return nearest if likeness >= _NEAR else None


def _only_slips(known: Sequence[str], terms: Sequence[str]) -> bool:
    """In a long question one other word (another country, another tax) changes little of the whole and everything of the meaning."""
    ours, theirs = set(known) - set(terms), set(terms) - set(known)
    return all(any(fuzz.ratio(one, other) >= _SLIP for other in theirs) for one in ours) and all(
        any(fuzz.ratio(one, other) >= _SLIP for other in ours) for one in theirs
    )


def _found(entry: Entry, below: Reading) -> Found:
    others = tuple(Candidate(one.entry, 0.0) for one in below.candidates if one.entry.id != entry.id)[:4]
    reasons = (*below.reasons, "like a wording that was approved in chat")
    return Found((entry,), Reading(below.language, (Candidate(entry, 1.0), *others), reasons))
