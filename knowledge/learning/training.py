"""The trained matcher: wordings in, ranked entries with honest probabilities out."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge.entries import Asked
from knowledge.learning import evidence, folds
from knowledge.learning.calibration import EXPERIENCED, PRACTISED, Blend, Scale, learn_blend, learn_scale, share_out, threshold
from knowledge.learning.members import Examples, Ground, Members, Views, learn_ground, learn_members
from knowledge.learning.rows import Row
from knowledge.words import Wording

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
Kind = TypeVar("Kind", bound=np.generic)
Embed = Callable[[Sequence[str]], Floats]

CORES = 2
STARTS = 3
"""Networks that are averaged: they are learnt beside the lexical signal, which takes longer."""
FEW = 3000
"""Below this many wordings there is time for more rounds of practice."""
MOST_PRACTICE = 2000
"""Questions asked in a round of practice at most."""
SUGGESTIONS = 3
ENOUGH_ASKED = 300
"""From so many real questions on they alone teach what a signal is worth. Wordings are written to differ from each other, so practice with
them is harder than life and makes the desk far too modest."""
ENOUGH_PRACTICE = 40


@dataclass(frozen=True, slots=True)
class Judge:
    """What turns the signals into a decision; there is one with the meaning and one without."""

    blend: Blend
    sure: Scale
    """Is the best entry right?"""
    near: Scale
    """Is the right one among the first three?"""
    answer_from: float


@dataclass(frozen=True, slots=True)
class Ranked:
    entries: tuple[str, ...]
    """Best first."""
    probabilities: tuple[float, ...]
    among_first: float
    """The probability that one of the first three is right."""
    answer_from: float
    evidence: Mapping[str, float]
    wording: Wording
    """The question as its words were read."""
    row: Row
    """And as the lexical signal sees it."""


@dataclass(frozen=True, slots=True)
class Engine:
    names: tuple[str, ...]
    none: int | None
    """The number of the pseudo-entry that the out-of-scope questions train."""
    members: Members
    full: Judge | None
    in_words: Judge

    def rank(self, wordings: Sequence[Wording], vectors: Floats | None, limit: int = 5) -> list[Ranked]:
        if not wordings:
            return []
        views = self.members.view(wordings, vectors)
        judge = self.full if views.semantic is not None and self.full is not None else self.in_words
        log_p = judge.blend.log_probabilities(views.logs())
        signals = evidence.gather(self.members, views, log_p, self.none)
        sure, near = judge.sure.probabilities(signals), judge.near.probabilities(signals)
        names = evidence.names(len(judge.blend.weights))

        def ranked(number: int) -> Ranked:
            best, probabilities = self._best(log_p[number], float(sure[number]), limit)
            return Ranked(
                entries=tuple(self.names[entry] for entry in best),
                probabilities=tuple(float(p) for p in probabilities),
                among_first=max(float(near[number]), float(sure[number])),
                answer_from=judge.answer_from,
                evidence={name: float(value) for name, value in zip(names, signals[number], strict=True)},
                wording=wordings[number],
                row=views.rows.row(number),
            )

        return [ranked(number) for number in range(len(wordings))]

    def nearest(self, ranked: Ranked) -> list[tuple[str, str]]:
        """Of the two best entries and of what is for a human the wording most like the question, and whose it is; the nearest first."""
        numbers = [self.names.index(name) for name in ranked.entries[:2]] + ([] if self.none is None else [self.none])
        names = (*self.names, "for a human")
        return [(text, names[number]) for text, number in self.members.nearest(ranked.row, numbers)]

    def _best(self, log_p: Floats, sure: float, limit: int) -> tuple[Ints, Floats]:
        """The best entries with their probabilities: the first one's is the calibrated one; the others share the rest as the signals do."""
        real = _real(log_p[None, :], self.none)[0]
        some = min(limit, len(real))
        top = np.argpartition(-real, some - 1)[:some]
        top = top[np.lexsort((top, -real[top]))]
        left = max(1e-6, 1 - float(np.exp(real[top[0]])))
        shared = np.minimum(sure * np.exp(real[top] - real[top[0]]), (1 - sure) * np.exp(real[top]) / left)
        shared[0] = sure
        return top, shared


def train(
    wordings: Mapping[str, Sequence[str]],
    read: Callable[[str, bool], Wording],
    standard: Callable[[str], str] = str,
    out_of_scope: Sequence[str] = (),
    asked: Sequence[Asked] = (),
    embed: Embed | None = None,
    precision: float = 0.97,
    unanswerable: float = 0.25,
) -> Engine:
    """`wordings`: per entry, all languages together: entries are found across languages. `read`: how the words see a text, with its
    slips corrected or not: the wordings' own words are right by definition. `standard`: what a question's vector is made of."""
    names = tuple(sorted(wordings))
    none = len(names) if out_of_scope else None
    pairs = [(text, number) for number, name in enumerate(names) for text in dict.fromkeys(wordings[name])]
    pairs += [(text, len(names)) for text in dict.fromkeys(out_of_scope)]
    texts, labels = tuple(text for text, _ in pairs), np.array([number for _, number in pairs], np.intp)
    examples = Examples(tuple(read(text, False) for text in texts), labels, None if embed is None else embed(texts))
    count = len(names) + (none is not None)
    ground = learn_ground(examples)
    members = learn_members(examples, count, ground, STARTS)
    enough = len(asked) >= ENOUGH_ASKED
    if enough:
        vectors = None if embed is None else embed([standard(one.text) for one in asked])
        practice = [_real_questions(asked, members, names, read, vectors)]
    else:
        practice = _practise(examples, ground, none, count)
    share = None if enough else unanswerable
    return Engine(
        names=names,
        none=none,
        members=members,
        full=None if embed is None else _learn_judge(practice, members.signals, none, precision, share),
        in_words=_learn_judge([p.in_words() for p in practice], 1, none, precision, share),
    )


@dataclass(frozen=True, slots=True)
class Practice:
    members: Members
    views: Views
    right: Bools
    """Questions × real entries: which of them answer."""

    def in_words(self) -> "Practice":
        return Practice(self.members, self.views.in_words(), self.right)


def _practise(examples: Examples, ground: Ground, none: int | None, count: int) -> list[Practice]:
    groups = folds.group(examples.labels, *ground.stand(examples))

    def practise(a_round: folds.Round) -> Practice:
        kept = a_round.kept
        learnt = learn_members(examples.take(kept), count, ground)
        asked = examples.take(a_round.asked[:: -(-len(a_round.asked) // MOST_PRACTICE)])
        right = np.zeros((len(asked.wordings), count), np.bool_)
        # An entry whose only wording is asked is left out as well: nothing could find it.
        right[np.arange(len(asked.wordings)), asked.labels] = np.isin(asked.labels, examples.labels[kept])
        return Practice(learnt, learnt.view(asked.wordings, asked.vectors), _real(right, none))

    rounds = folds.rounds(examples.labels, groups, count, none, 5 if len(groups) < FEW else 3)
    # The libraries let go of the interpreter while they work, and the order of the rounds stays.
    with ThreadPoolExecutor(CORES) as pool:
        return list(pool.map(practise, rounds))


def _real_questions(
    asked: Sequence[Asked], members: Members, names: Sequence[str], read: Callable[[str, bool], Wording], vectors: Floats | None
) -> Practice:
    right = np.array([[name in one.entries for name in names] for one in asked])
    return Practice(members, members.view([read(one.text, True) for one in asked], vectors), right)


def _learn_judge(practice: list[Practice], signals: int, none: int | None, precision: float, unanswerable: float | None) -> Judge:
    """`unanswerable`: the share of questions that no entry answers; None where real questions show it themselves."""
    if sum(int(p.right.any(axis=1).sum()) for p in practice) < ENOUGH_PRACTICE:
        return _unpractised(signals)
    blend = _learn_blend(practice)
    observed, first, among = (np.concatenate(parts) for parts in zip(*(_lesson(p, blend, none) for p in practice), strict=True))
    answerable = np.concatenate([p.right.any(axis=1) for p in practice])
    weights = np.ones(len(observed), np.float32) if unanswerable is None else share_out(answerable, unanswerable)
    freedom = EXPERIENCED if unanswerable is None else PRACTISED
    sure, near = learn_scale(observed, first, weights, freedom), learn_scale(observed, among, weights, freedom)
    return Judge(blend, sure, near, threshold(sure.probabilities(observed), first, weights, precision))


def _unpractised(signals: int) -> Judge:
    """For a knowledge base with too few wordings to practise on: modest, and never sure without a wording that is much alike."""
    slope = np.zeros(len(evidence.names(signals)), np.float32)
    slope[evidence.NAMES.index("lead")], slope[evidence.NAMES.index("nearest words")] = 0.3, 6.0
    careful = Scale(np.zeros_like(slope), np.ones_like(slope), slope, -4.9)
    return Judge(Blend((1 / signals,) * signals), careful, careful, 0.88)


def _learn_blend(lessons: Sequence[Practice]) -> Blend:
    answerable = np.concatenate([lesson.right.any(axis=1) for lesson in lessons])
    labels = np.concatenate([lesson.right.argmax(axis=1) for lesson in lessons])[answerable]
    return learn_blend(
        [np.concatenate(parts)[answerable] for parts in zip(*(lesson.views.logs() for lesson in lessons), strict=True)], labels
    )


def _lesson(practice: Practice, blend: Blend, none: int | None) -> tuple[Floats, Bools, Bools]:
    """What the signals looked like, whether the first entry was right, and whether one of the first three was."""
    log_p = blend.log_probabilities(practice.views.logs())
    order = np.argsort(-_real(log_p, none), axis=1, kind="stable")[:, :SUGGESTIONS]
    hits = np.take_along_axis(practice.right, order, axis=1)
    return evidence.gather(practice.members, practice.views, log_p, none), hits[:, 0], np.asarray(hits.any(axis=1))


def _real(columns: NDArray[Kind], none: int | None) -> NDArray[Kind]:
    return columns if none is None else columns[:, :none]
