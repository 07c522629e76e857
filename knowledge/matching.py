"""From a text to a decision: answer, suggest, hand over, or just a friendly line."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge import clauses, words
from knowledge.decisions import Candidate, Decision, Found, NotFound, Reading, SmallTalk, Unsure, Wish
from knowledge.entries import Content, Entry
from knowledge.index import Index, examples_of
from knowledge.language import detect
from knowledge.phrases import Phrases, Said
from knowledge.ranking import SIGNALS, Ranked, Ranker
from knowledge.words import Wording, Words

_MOST_CANDIDATES = 5
_WORTH_ASKING = 0.25
_WORTH_SHOWING = 0.04


@dataclass(frozen=True, slots=True)
class Settings:
    precision: float = 0.97
    """Of the automatic answers, how many must be right."""
    suggestions: int = 3
    """How many entries a person may choose from when the matcher is not sure."""
    semantic: bool = True
    """Whether to use sentence embeddings where they are installed."""


class Matcher:
    """Decides by the content that it was trained on; the same text always gets the same decision."""

    def __init__(self, content: Content, settings: Settings) -> None:
        self._content = content
        self._settings = settings
        self._languages = list(dict.fromkeys(language for entry in content.entries for language in entry.sides)) or ["sl"]
        self._words = Words(content)
        self._phrases = Phrases(content)
        self._as_written = _owners_by_wording(content)
        examples = examples_of(content, self._words)
        self._ranker = Ranker(Index(examples), settings.precision) if examples else None

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        """`language` is the conversation's so far, `earlier` the person's question before this one."""
        text = text[: clauses.LONGEST]
        spoken = self._language_of(text, language)
        return self._as_phrase(text, spoken) or self._as_question(text, spoken, earlier)

    def _as_phrase(self, text: str, language: str) -> Decision | None:
        """The decision if the text, as a whole or in all its parts, is something that people just say."""
        whole = self._phrases.find(text)
        if whole is not None and whole.what == "small talk" and words.plain_key(text) in self._as_written:
            return None
        if whole is not None:
            return _answer_phrase(whole, language)
        said = [self._phrases.find(part) for part in clauses.parts(text)]
        for one in said:
            if one is not None and (one.what, one.kind) == ("wish", "human"):
                return _answer_phrase(one, language)
        if said and all(said):
            return _answer_phrase(_weightiest([one for one in said if one]), language)
        return None

    def _as_question(self, text: str, language: str, earlier: str | None) -> Decision:
        question = clauses.without(text, lambda part: self._phrases.find(part) is not None)
        ranked = self._rank(question)
        reasons = _reasons_of_text(self._words.read(question))
        if len(sure := self._sure_in_parts(question)) == 2:
            return self._decide_two(sure, ranked, language, reasons)
        if earlier is not None and not self._is_sure(ranked) and clauses.leans_back(question):
            reasons = (*reasons, "read together with the question before it")
            ranked = self._rank(f"{earlier[: words.LONGEST]}\n{question}")
        reading = self._read(ranked, language, reasons)
        if self._is_sure(ranked):
            return Found((self._entry(ranked[0]),), reading)
        likely = [candidate for candidate in ranked if candidate.probability >= _WORTH_SHOWING][: self._settings.suggestions]
        if sum(candidate.probability for candidate in likely) >= _WORTH_ASKING:
            return Unsure(tuple(self._entry(candidate) for candidate in likely), reading)
        return NotFound(reading)

    def _sure_in_parts(self, question: str) -> list[Ranked]:
        """What the questions in a text are answered by, where each for itself is clear."""
        firsts = [ranked[0] for part in clauses.questions(question) if self._is_sure(ranked := self._rank(part))]
        return list({first.near.owner: first for first in firsts}.values())

    def _decide_two(self, sure: Sequence[Ranked], ranked: Sequence[Ranked], language: str, reasons: tuple[str, ...]) -> Decision:
        owners = {one.near.owner for one in sure}
        others = [replace(one, probability=0.0) for one in ranked if one.near.owner not in owners]
        reading = self._read([*sorted(sure, key=lambda one: -one.probability), *others], language, (*reasons, "two questions in one"))
        return Found(tuple(self._entry(one) for one in sure), reading)

    def _rank(self, text: str) -> list[Ranked]:
        """What is a wording of one entry, letter by letter, is that entry's without a doubt."""
        ranked = self._ranker.rank(self._words.read(text)) if self._ranker is not None else []
        owner = self._as_written.get(words.plain_key(text))
        if owner not in [one.near.owner for one in ranked]:
            return ranked
        certain = [replace(one, probability=float(one.near.owner == owner)) for one in ranked]
        return sorted(certain, key=lambda one: -one.probability)

    def _is_sure(self, ranked: Sequence[Ranked]) -> bool:
        return self._ranker is not None and bool(ranked) and ranked[0].probability >= self._ranker.threshold

    def _read(self, ranked: Sequence[Ranked], language: str, reasons: tuple[str, ...]) -> Reading:
        best = ranked[:_MOST_CANDIDATES]
        candidates = tuple(Candidate(self._entry(one), round(one.probability, 4)) for one in best)
        threshold = f"answered from {self._ranker.threshold:.2f} on" if self._ranker is not None else "the FAQ is empty"
        return Reading(language, candidates, (*reasons, threshold, *(self._reason(one) for one in best)))

    def _reason(self, ranked: Ranked) -> str:
        signals = ", ".join(f"{name} {value:.2f}" for name, value in zip(SIGNALS, ranked.near.signals, strict=True))
        return f'{self._entry(ranked).id} {ranked.probability:.2f}: like "{ranked.near.example.text[:80]}" ({signals})'

    def _entry(self, ranked: Ranked) -> Entry:
        return self._content.entries[ranked.near.owner]

    def _language_of(self, text: str, so_far: str | None) -> str:
        """One that the FAQ speaks: the text's own, else the conversation's, else its first."""
        wanted = (detect(text, so_far), so_far)
        return next((language for language in wanted if language in self._languages), self._languages[0])


def train(content: Content, settings: Settings = Settings()) -> Matcher:
    return Matcher(content, settings)


@dataclass(frozen=True, slots=True)
class Confusion:
    """A wording that, were it not there, would be answered with another entry."""

    entry: Entry
    wording: str
    taken_for: Entry
    like: str
    probability: float


def confusions(content: Content) -> list[Confusion]:
    examples = examples_of(content, Words(content))
    misled = Ranker(Index(examples), Settings().precision).misled() if examples else ()
    return [
        Confusion(content.entries[one.owner], one.text, content.entries[other.near.owner], other.near.example.text, other.probability)
        for one, other in misled
    ]


def _owners_by_wording(content: Content) -> dict[str, int]:
    """Of the wordings that belong to one entry only."""
    owners: dict[str, set[int]] = defaultdict(set)
    for owner, entry in enumerate(content.entries):
        for side in entry.sides.values():
            for text in (side.title, *side.wordings):
                owners[words.plain_key(text)].add(owner)
    return {key: found.pop() for key, found in owners.items() if key and len(found) == 1}


def _answer_phrase(said: Said, language: str) -> Decision:
    reading = Reading(language, (), (f'{said.what} "{said.kind}": like "{said.phrase}"',))
    return Wish(said.kind, reading) if said.what == "wish" else SmallTalk(said.kind, reading)


def _weightiest(said: Sequence[Said]) -> Said:
    """A wish before small talk, and anything before a greeting."""
    return max(said, key=lambda one: (one.what == "wish", one.kind != "greeting"))


def _reasons_of_text(wording: Wording) -> tuple[str, ...]:
    corrections = tuple(f"{typed} read as {meant}" for typed, meant in wording.corrections)
    return (f"words: {' '.join(wording.terms)[:200]}", *corrections)
