"""From a text to a decision: answer, suggest, hand over, or just a friendly line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from knowledge import clauses, embedding, followups, trained, words
from knowledge.decisions import WORTH_SHOWING, Candidate, Decision, Found, NotFound, Reading, SmallTalk, Unsure, Wish
from knowledge.embedding import Embedder
from knowledge.entries import Content, Entry
from knowledge.language import detect
from knowledge.learning.confusions import misled
from knowledge.learning.training import Ranked
from knowledge.phrases import Phrases, Said
from knowledge.trained import Learnt

_AS_WRITTEN = 1.0
_WORTH_ASKING = 0.25
"""From so likely on that one of the suggestions is right, the person is asked; below, a human is."""
_TOO_CLOSE = 0.5
"""Two candidates of which the second is more than half as likely as the first are a question to the person."""


@dataclass(frozen=True, slots=True)
class Settings:
    precision: float = 0.97
    """Of the automatic answers, how many must be right."""
    suggestions: int = 3
    """How many entries a person may choose from when the matcher is not sure."""
    semantic: bool = True
    """Whether to use sentence embeddings where they are installed."""
    model: Path | None = None
    """A folder with an embedding model of the operator's own instead of the installed one (`knowledge.modelfolder`)."""
    cache: Path | None = None
    """Where to keep what was learnt; None to learn it anew each time."""


class Matcher:
    """Decides by the content that it was trained on; the same text always gets the same decision."""

    def __init__(self, content: Content, settings: Settings, learnt: Learnt, embedder: Embedder | None) -> None:
        self._settings = settings
        self._engine = learnt.engine
        self._words = learnt.words
        self._as_written = learnt.as_written
        self._embedder = embedder
        self._phrases = Phrases(content)
        self._by_id = {entry.id: entry for entry in content.entries}
        self._languages = tuple(dict.fromkeys(language for entry in content.entries for language in entry.sides)) or ("sl",)

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        """`language` is the conversation's so far, `earlier` the person's question before this one."""
        text = text[: clauses.LONGEST]
        spoken = self._language_of(text, language)
        return self._as_phrase(text, spoken) or self._as_question(text, spoken, earlier)

    def nearest(self, text: str) -> tuple[str, ...]:
        """What explains a decision besides its reasons, and takes too long for each: the wordings that a text has most in common with."""
        ranked = self._rank(clauses.without(text[: clauses.LONGEST], lambda part: self._phrases.find(part) is not None))
        if self._engine is None or ranked is None:
            return ()
        return tuple(f'like "{wording}" ({owner})' for wording, owner in self._engine.nearest(ranked))

    def _as_phrase(self, text: str, language: str) -> Decision | None:
        """The decision if the text, as a whole or in all its parts, is something that people just say."""
        whole = self._phrases.find(text)
        if whole is not None and (whole.what == "wish" or words.plain_key(text) not in self._as_written):
            return _answer_phrase(whole, language)
        if whole is not None:
            return None
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
        reasons = self._reasons_of_text(ranked)
        if len(sure := self._sure_in_parts(question)) == 2:
            return self._decide_two(sure, ranked, language, reasons)
        if (
            earlier
            and ranked
            and (how := followups.leaning(question, language, self._words.knows))
            and (both := self._rank(f"{earlier[: words.LONGEST]}\n{question}"))
        ):
            reasons = (*reasons, "read together with the question before it")
            ranked = followups.together(ranked, both, how)
        reading = self._read(ranked, language, reasons)
        if ranked is not None and _is_sure(ranked):
            return Found((self._by_id[ranked.entries[0]],), reading)
        options = [one.entry for one in reading.candidates if one.probability >= WORTH_SHOWING][: self._settings.suggestions]
        if ranked is not None and options and ranked.among_first >= _WORTH_ASKING:
            return Unsure(tuple(options), reading)
        return NotFound(reading)

    def _sure_in_parts(self, question: str) -> list[Ranked]:
        """What the questions in a text are answered by, where each for itself is clear."""
        sure: dict[str, Ranked] = {}
        parts = clauses.questions(question)
        # A sentence vector is what takes time, so none is made that is not needed; words are read fastest all at once.
        each = iter(self._rank_all(parts)) if self._embedder is None else map(self._rank, parts)
        for number in range(len(parts)):
            if len(sure) + len(parts) - number < 2:
                break  # there cannot be two any more
            ranked = next(each)
            if ranked is not None and _is_sure(ranked):
                sure[ranked.entries[0]] = ranked
        return list(sure.values())

    def _decide_two(self, sure: Sequence[Ranked], whole: Ranked | None, language: str, reasons: tuple[str, ...]) -> Decision:
        probabilities = {one.entries[0]: one.probabilities[0] for one in sure}
        others = [id for id in (whole.entries if whole else ()) if id not in probabilities]
        candidates = [Candidate(self._by_id[id], round(p, 4)) for id, p in sorted(probabilities.items(), key=lambda item: -item[1])]
        candidates += [Candidate(self._by_id[id], 0.0) for id in others]
        reading = Reading(language, tuple(candidates[:5]), (*reasons, "two questions in one"))
        return Found(tuple(self._by_id[id] for id in probabilities), reading)

    def _rank(self, text: str) -> Ranked | None:
        return self._rank_all([text])[0]

    def _rank_all(self, texts: Sequence[str]) -> list[Ranked] | list[None]:
        """By what the FAQ knows; None for each text when it knows nothing."""
        if self._engine is None:
            return [None] * len(texts)
        vectors = np.asarray(self._embedder.embed([self._words.standard(text) for text in texts])) if self._embedder and texts else None
        ranked = self._engine.rank([self._words.read(text) for text in texts], vectors)
        return [self._as_written_by(text, one) for text, one in zip(texts, ranked, strict=True)]

    def _as_written_by(self, text: str, ranked: Ranked) -> Ranked:
        """What is a wording of one entry, letter by letter, is that entry's without a doubt."""
        owner = self._as_written.get(words.plain_key(text))
        if owner is None:
            return ranked
        others = tuple(id for id in ranked.entries if id != owner)[:4]
        return replace(ranked, entries=(owner, *others), probabilities=(_AS_WRITTEN, *(0.0,) * len(others)), among_first=_AS_WRITTEN)

    def _read(self, ranked: Ranked | None, language: str, reasons: tuple[str, ...]) -> Reading:
        if ranked is None:
            return Reading(language, (), (*reasons, "the FAQ is empty"))
        pairs = zip(ranked.entries, ranked.probabilities, strict=True)
        candidates = tuple(Candidate(self._by_id[id], round(p, 4)) for id, p in pairs)
        threshold = f"answered from {ranked.answer_from:.2f} on; one of the first three is right with {ranked.among_first:.2f}"
        signals = ", ".join(f"{name} {value:.2f}" for name, value in ranked.evidence.items())
        return Reading(language, candidates, (*reasons, threshold, f"signals for {ranked.entries[0]}: {signals}"))

    def _reasons_of_text(self, ranked: Ranked | None) -> tuple[str, ...]:
        if self._engine is None or ranked is None:
            return ()
        corrections = [f"{typed} read as {meant}" for typed, meant in ranked.wording.corrections]
        return (f"words: {' '.join(ranked.wording.terms)[:200]}", *corrections)

    def _language_of(self, text: str, so_far: str | None) -> str:
        """One that the FAQ speaks: the text's own, else the conversation's, else its first."""
        wanted = (detect(text, so_far), so_far)
        return next((language for language in wanted if language in self._languages), self._languages[0])


def train(content: Content, settings: Settings = Settings()) -> Matcher:
    """A matcher for this content; what was learnt is taken from the cache where there is one. Raises ModelError."""
    words.prepare()
    embedder = embedding.find_embedder(settings.model) if settings.semantic and content.entries else None
    return Matcher(content, settings, trained.learn(content, embedder, settings.precision, settings.cache), embedder)


@dataclass(frozen=True, slots=True)
class Confusion:
    """A wording that, were it not there, would be taken for another entry's."""

    entry: Entry
    wording: str
    taken_for: Entry
    probability: float


def confusions(content: Content) -> list[Confusion]:
    texts = {entry.id: tuple(text for side in entry.sides.values() for text in (side.title, *side.wordings)) for entry in content.entries}
    found = misled({id: wordings for id, wordings in texts.items() if len(set(wordings)) > 1}, words.Words(content).read)
    by_id = {entry.id: entry for entry in content.entries}
    return [Confusion(by_id[one.owner], one.text, by_id[one.taken_for], one.probability) for one in found]


def _is_sure(ranked: Ranked | None) -> bool:
    if ranked is None or ranked.probabilities[0] < ranked.answer_from:
        return False
    return len(ranked.probabilities) < 2 or ranked.probabilities[1] <= _TOO_CLOSE * ranked.probabilities[0]


def _answer_phrase(said: Said, language: str) -> Decision:
    reading = Reading(language, (), (f'{said.what} "{said.kind}": like "{said.phrase}"',))
    return Wish(said.kind, reading) if said.what == "wish" else SmallTalk(said.kind, reading)


def _weightiest(said: Sequence[Said]) -> Said:
    """A wish before small talk, and anything before a greeting."""
    return max(said, key=lambda one: (one.what == "wish", one.kind != "greeting"))
