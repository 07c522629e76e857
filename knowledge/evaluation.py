"""How good the matcher is on questions whose answers are known."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import ceil
from typing import Any, Protocol

from knowledge.decisions import Decision, Found, Unsure


class Decides(Protocol):
    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision: ...


class LineError(ValueError):
    """A line that is no question with known answers; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    language: str | None
    labels: frozenset[str]
    """The entries that answer it; none when a human must."""
    kind: str = ""
    earlier: str | None = None
    """The person's question before this one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    line: Line
    ranked: tuple[str, ...]
    """Entries, best first."""
    answered: tuple[str, ...]
    """Those that were given as the answer."""
    offered: tuple[str, ...]
    """Those that the person may choose from."""
    confidence: float
    seconds: float

    @property
    def right(self) -> bool:
        """Whether all that was answered was asked for."""
        return bool(self.answered) and self.line.labels.issuperset(self.answered)

    def among(self, first: int) -> bool:
        return not self.line.labels.isdisjoint(self.ranked[:first])


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares are None where nothing is there to count."""

    lines: int
    answerable: int
    answered: int
    precision: float | None
    coverage: float | None
    offered: float | None
    """Not answered, but the right entry is among the choices; of the answerable."""
    top1: float | None
    top3: float | None
    false_answers: float | None
    """Answered, of the lines that only a human can answer."""
    aurc: float | None
    """Area under the risk-coverage curve: the share of wrong first candidates, averaged over all thresholds."""
    a95: float | None
    """Answerable lines answered right at the loosest threshold at which 95 % of the answers are right."""
    ece: float | None
    """Expected calibration error: how far probabilities are from how often they are right."""
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Lines whose first candidates have about the same probability."""

    count: int
    promised: float
    """Their mean probability."""
    came_out: float
    """How many of these candidates were right."""


@dataclass(frozen=True, slots=True)
class Report:
    groups: Mapping[str, Figures]
    """`all`, then each language, then each kind, then each kind by language."""
    outcomes: tuple[Outcome, ...]
    """In the order of the lines."""

    @property
    def wrong(self) -> list[Outcome]:
        """What was answered and should not have been, surest first."""
        return sorted((one for one in self.outcomes if one.answered and not one.right), key=lambda one: -one.confidence)

    def as_json(self) -> dict[str, Any]:
        wrong = [
            {"text": one.line.text, "labels": sorted(one.line.labels), "answered": list(one.answered), "p": round(one.confidence, 4)}
            for one in self.wrong
        ]
        return {"figures": {name: asdict(figures) for name, figures in self.groups.items()}, "wrong": wrong}

    def as_table(self) -> str:
        heads = [field.name.replace("_", " ") for field in fields(Figures)]
        rows = [[name, *(_shown(value) for value in asdict(figures).values())] for name, figures in self.groups.items()]
        widths = [max(len(row[column]) for row in [["", *heads], *rows]) for column in range(len(heads) + 1)]
        return "\n".join(_aligned(row, widths) for row in [["", *heads], *rows])


def read_line(raw: object) -> Line:
    """A line of `helpdesk eval`, checked."""
    if not isinstance(raw, Mapping):
        raise LineError('is no JSON object such as {"text": "…", "lang": "sl", "labels": ["sp-register"]}')
    text, labels, language = raw.get("text"), raw.get("labels"), raw.get("lang")
    if not isinstance(text, str):
        raise LineError('has no "text"')
    if not isinstance(labels, Sequence) or isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise LineError('needs "labels", a list of entry ids; [] when a human must answer')
    if language is not None and not isinstance(language, str):
        raise LineError('"lang" must be a language code such as "sl"')
    earlier = raw.get("earlier")
    if earlier is not None and not isinstance(earlier, str):
        raise LineError('"earlier" must be a text, the question before this one')
    return Line(text, language, frozenset(labels), str(raw.get("kind") or ""), earlier)


def evaluate(matcher: Decides, lines: Iterable[Line | Mapping[str, Any]], clock: Callable[[], float] = time.perf_counter) -> Report:
    outcomes = [_decide(matcher, line if isinstance(line, Line) else read_line(line), clock) for line in lines]
    groups = {name: _figures(chosen) for name, chosen in _groups(outcomes)}
    return Report(groups, tuple(outcomes))


def _decide(matcher: Decides, line: Line, clock: Callable[[], float]) -> Outcome:
    began = clock()
    decision = matcher.decide(line.text, line.language, line.earlier)
    seconds = clock() - began
    candidates = decision.reading.candidates
    return Outcome(
        line=line,
        ranked=tuple(candidate.entry.id for candidate in candidates),
        answered=tuple(entry.id for entry in decision.entries) if isinstance(decision, Found) else (),
        offered=tuple(entry.id for entry in decision.options) if isinstance(decision, Unsure) else (),
        confidence=candidates[0].probability if candidates else 0.0,
        seconds=seconds,
    )


def _groups(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    yield "all", list(outcomes)
    languages = sorted({one.line.language or "" for one in outcomes} - {""})
    kinds = sorted({one.line.kind for one in outcomes} - {""})
    for language in languages:
        yield language, [one for one in outcomes if one.line.language == language]
    for kind in kinds:
        yield kind, [one for one in outcomes if one.line.kind == kind]
    for language in languages if len(languages) > 1 else []:
        for kind in kinds:
            if chosen := [one for one in outcomes if (one.line.language, one.line.kind) == (language, kind)]:
                yield f"{language} {kind}", chosen


def _figures(outcomes: Sequence[Outcome]) -> Figures:
    answerable = [one for one in outcomes if one.line.labels]
    unanswerable = [one for one in outcomes if not one.line.labels]
    answered = [one for one in outcomes if one.answered]
    return Figures(
        lines=len(outcomes),
        answerable=len(answerable),
        answered=len(answered),
        precision=_share(one.right for one in answered),
        coverage=_share(bool(one.answered) for one in answerable),
        offered=_share(not one.line.labels.isdisjoint(one.offered) for one in answerable),
        top1=_share(one.among(1) for one in answerable),
        top3=_share(one.among(3) for one in answerable),
        false_answers=_share(bool(one.answered) for one in unanswerable),
        aurc=_aurc(outcomes),
        a95=_answered_at(0.95, outcomes),
        ece=_calibration_error(outcomes),
        p50_ms=_percentile([one.seconds for one in outcomes], 0.50) * 1_000,
        p99_ms=_percentile([one.seconds for one in outcomes], 0.99) * 1_000,
    )


def _share(yes: Iterable[bool]) -> float | None:
    counted = list(yes)
    return sum(counted) / len(counted) if counted else None


def _aurc(outcomes: Sequence[Outcome]) -> float | None:
    """Over all lines: a first candidate for an unanswerable one is wrong."""
    right, risks = 0, []
    for number, one in enumerate(sorted(outcomes, key=lambda one: -one.confidence), start=1):
        right += one.among(1)
        risks.append(1 - right / number)
    return sum(risks) / len(risks) if risks else None


def _answered_at(precision: float, outcomes: Sequence[Outcome]) -> float | None:
    answerable = sum(bool(one.line.labels) for one in outcomes)
    right = best = 0
    for number, one in enumerate(sorted(outcomes, key=lambda one: -one.confidence), start=1):
        right += one.among(1)
        best = right if right >= precision * number else best
    return best / answerable if answerable else None


def reliability(outcomes: Iterable[Outcome]) -> list[Bin]:
    """In ten bins of equal width, over the lines that have a candidate; empty bins are left out."""
    bins: dict[int, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        if one.ranked:
            bins[min(9, int(one.confidence * 10))].append(one)
    return [
        Bin(len(found), sum(one.confidence for one in found) / len(found), sum(one.among(1) for one in found) / len(found))
        for _, found in sorted(bins.items())
    ]


def _calibration_error(outcomes: Sequence[Outcome]) -> float | None:
    bins = reliability(outcomes)
    counted = sum(one.count for one in bins)
    return sum(one.count * abs(one.promised - one.came_out) for one in bins) / counted if counted else None


def _percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many of the values do not exceed."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def _shown(value: float | None) -> str:
    match value:
        case None:
            return "–"
        case float():
            return f"{value:.3f}"
        case _:
            return str(value)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = row
    return "  ".join([first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))])
