"""`make figures`: the tables and pictures of docs/benchmarks.md, on the questions that nothing was tuned on.

Tables are printed as Markdown. Sentence vectors and what was learnt are kept in the cache folder: the first run takes some twenty minutes,
another one about two.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from knowledge import matching, trained
from knowledge.evaluation import Figures, Report, evaluate, reliability
from tests.benches import timing
from tests.measures import curve, given, noise, pictures, signals

_NOISES: dict[str, Callable[[str], str]] = {
    "1–2 typos": noise.mistyped,
    "stripped diacritics": noise.stripped,
    "capitals": noise.shouted,
}


def main() -> None:
    reports = {mode: evaluate(given.matcher(semantic), given.questions("test")) for mode, semantic in given.MODES.items()}
    for mode, report in reports.items():
        _table(f"By language and kind, {mode}", _FIGURES, ((name, _figures(one)) for name, one in report.groups.items()))
    _robustness(reports)
    _follow_ups()
    heads = [f"{language} {name}" for language in ("sl", "en") for name in _WORTH]
    _table("Each signal alone, and together", [*heads, "ms"], _signals(reports))
    _table("Top-1 by kind", _kinds(reports), _by_kind(reports))
    _wrong(reports["words and meaning"])
    pictures.reliability({mode: reliability(report.outcomes) for mode, report in reports.items()})
    _curve()
    given.embedder().keep()


_FIGURES = ("questions", "top-1", "top-3", "coverage", "precision", "offered", "false answers", "AURC", "A95", "calibration error")
_WORTH = ("top-1", "top-3", "coverage", "precision", "false answers")


def _figures(one: Figures) -> list[str]:
    shares = [one.top1, one.top3, one.coverage, one.precision, one.offered, one.false_answers, one.aurc, one.a95]
    return [str(one.lines), *map(_percent, shares), "–" if one.ece is None else f"{one.ece:.3f}"]


def _robustness(clean: Mapping[str, Report]) -> None:
    def rows() -> Iterable[tuple[str, list[str]]]:
        for name, change in _NOISES.items():
            lines = [replace(line, text=change(line.text)) for line in given.questions("test")]
            lost = []
            for mode, semantic in given.MODES.items():
                groups = evaluate(given.matcher(semantic), lines).groups
                lost += [_points(clean[mode].groups[language].top1, groups[language].top1) for language in ("all", "sl", "en")]
            yield name, lost

    heads = [f"{mode}{suffix}" for mode in given.MODES for suffix in ("", ", sl", ", en")]
    _table("Points of top-1 lost", heads, rows())


def _follow_ups() -> None:
    def rows() -> Iterable[tuple[str, list[str]]]:
        for mode, semantic in given.MODES.items():
            outcomes = evaluate(given.matcher(semantic), given.questions("follow-ups-test")).outcomes
            for language in ("sl", "en"):
                own = [one for one in outcomes if one.line.language == language and one.line.labels]
                others = [one for one in outcomes if one.line.language == language and not one.line.labels]
                right = sum(one.right for one in own)
                wrong = sum(bool(one.answered) for one in own) - right
                offered = sum(not one.line.labels.isdisjoint(one.offered) for one in own)
                counts = (len(own), right, wrong, offered, len(own) - right - wrong - offered, sum(bool(one.answered) for one in others))
                yield f"{language}, {mode}", [*map(str, counts)]

    heads = ("follow-ups", "answered rightly", "answered wrongly", "offered", "neither", "answered though for a human")
    _table("Follow-ups", heads, rows())


def _signals(reports: Mapping[str, Report]) -> Iterable[tuple[str, list[str]]]:
    took = signals.milliseconds()
    for signal, worth in signals.worth():
        yield signal, [*(cell for one in worth.values() for cell in _worth(one)), f"{took[signal]:.1f}"]
    for mode, report in reports.items():
        matcher = matching.train(given.faq(), matching.Settings(semantic=given.MODES[mode], cache=trained.cache_folder()))
        median, _ = timing.milliseconds(matcher.decide, [line.text for line in given.questions("test")[: signals.TIMED]])
        yield f"all, {mode}", [*(cell for language in ("sl", "en") for cell in _worth(report.groups[language])), f"{median:.1f}"]


def _worth(one: Figures | signals.Worth) -> list[str]:
    return [_percent(share) for share in (one.top1, one.top3, one.coverage, one.precision, one.false_answers)]


def _kinds(reports: Mapping[str, Report]) -> list[str]:
    return sorted({one.line.kind for one in reports["words alone"].outcomes if one.line.labels})


def _by_kind(reports: Mapping[str, Report]) -> Iterable[tuple[str, list[str]]]:
    for signal, shares in signals.by_kind():
        yield signal, [_percent(shares[kind]) for kind in _kinds(reports)]
    for mode, report in reports.items():
        yield f"all, {mode}", [_percent(report.groups[kind].top1) for kind in _kinds(reports)]


def _wrong(report: Report) -> None:
    print("## Ten questions that are answered wrongly, the surest first\n")
    for one in report.wrong[:10]:
        wanted = ", ".join(sorted(one.line.labels)) or "a human"
        print(f"- {one.confidence:.2f} »{one.line.text}« — {', '.join(one.answered)} instead of {wanted}")
    print()


def _curve() -> None:
    points: dict[tuple[str, str], list[tuple[int, float, float]]] = defaultdict(list)
    rows = []
    for mode, count, by_language in curve.points():
        cells = []
        for language, one in by_language.items():
            points[language, mode].append((count or curve.wordings_per_entry(), one.top1 or 0, one.coverage or 0))
            cells += [*map(_percent, (one.top1, one.top3, one.coverage, one.precision))]
        rows.append((f"{mode}, {count or f'all (about {curve.wordings_per_entry()})'}", cells))
    heads = [f"{language} {name}" for language in ("sl", "en") for name in ("top-1", "top-3", "coverage", "precision")]
    _table("Learning curve: wordings an entry and language", heads, rows)
    pictures.curve(points)


def _table(title: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> None:
    print(f"## {title}\n\n| | {' | '.join(heads)} |\n|{' --- |' * (len(heads) + 1)}")
    for name, cells in rows:
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print()


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _points(before: float | None, after: float | None) -> str:
    return "–" if before is None or after is None else f"{100 * (before - after):.1f}"


if __name__ == "__main__":
    main()
