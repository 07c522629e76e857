"""Twelve weeks at a desk that learns: `python -m tests.learning_weeks [--png FILE]`.

Two hundred questions a week, a chosen share of them about subjects that the FAQ knows nothing of at first. What the bot neither answers
nor rightly offers, an adviser answers and files, and somebody approves: found by its wording at once, learnt every third week. After six
weeks the curator has written the new entries out, with wordings of their own in both languages. Beside the week's own questions, others
that nobody asks in all twelve weeks are put to the bot whenever it has learnt: they show what it has understood, not what it remembers.

The FAQ is the shipped one with half of its wordings and without a third of its entries, by words alone, to take less than a minute.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from handlers import personal
from knowledge import content, evaluation, matching
from knowledge.decisions import Decision, Found, Unsure
from knowledge.drafts import Addition, Overlay, merged, missing
from knowledge.entries import Asked, Content
from knowledge.evaluation import Decides, Line

SEED = 2026
WEEKS = 12
A_WEEK = 200
NEW_SUBJECTS = 0.3
"""Of the questions: how many are about what the FAQ does not know at first."""
HELD_OUT = 1 / 3
"""Of the entries."""
WORDINGS = 40
"""Of each entry in each language, at first."""
CALIBRATING, UNASKED = 450, 200
"""Of the questions with known answers: from how many the probabilities are learnt, and how many nobody asks."""
WRITTEN_OUT = 6
"""After how many weeks the curator has written out what is new."""
MONDAY = date(2026, 9, 7)


@dataclass(frozen=True)
class Outcome:
    line: Line
    answered: frozenset[str]
    """The entries that the bot answered with by itself."""
    offered: frozenset[str]
    """The entries that the person could choose from."""

    @property
    def right(self) -> bool:
        return bool(self.answered) and self.answered <= self.line.labels

    @property
    def needs_adviser(self) -> bool:
        return not self.right and not self.offered & self.line.labels


@dataclass(frozen=True)
class Week:
    number: int
    filed: int
    """Drafts that were approved so far, before this week."""
    entries: int
    asked: Sequence[Outcome]
    """This week's questions."""
    unasked: Sequence[Outcome]
    """The questions that nobody asks."""
    unasked_new: Sequence[Outcome]
    """Those of them about subjects that were not known at first."""


def main() -> None:
    options = _options()
    weeks = list(run(Random(SEED)))
    print(table(weeks))
    if options.png:
        picture(weeks, options.png)


def run(random: Random) -> Iterable[Week]:
    whole = content.load(Path("knowledge/faq"))
    held_out = set(random.sample([entry.id for entry in whole.entries], round(len(whole.entries) * HELD_OUT)))
    lines = _questions()
    random.shuffle(lines)
    calibrating, unasked, stream = lines[:CALIBRATING], lines[CALIBRATING : CALIBRATING + UNASKED], lines[CALIBRATING + UNASKED :]
    files = _at_first(whole, held_out, calibrating)
    filed: list[Addition] = []
    matcher: Decides
    for number in range(WEEKS):
        if number == WRITTEN_OUT:
            files = _at_first(whole, held_out - {addition.entry for addition in filed}, calibrating)
        added = missing(files, filed)
        known = merged(files, added)
        if number % 3 == 0:
            learnt = matcher = matching.train(known, matching.Settings(semantic=False))
            others = _outcomes(matcher, unasked)
        else:
            matcher = Overlay(learnt, known, added)
        asked = _outcomes(matcher, _asked_in_a_week(stream, held_out, random))
        new = [one for one in others if one.line.labels & held_out]
        yield Week(number + 1, len(filed), len(known.entries), asked, others, new)
        filed += _filed(asked, known, whole, MONDAY + timedelta(weeks=number))


def _filed(asked: Sequence[Outcome], known: Content, whole: Content, day: date) -> Iterable[Addition]:
    """What the advisers make of what they had to answer: a new entry where there is none, else a wording of the one there is."""
    there = {entry.id for entry in known.entries}
    for one in asked:
        if one.needs_adviser and (entry := whole.entry(min(one.line.labels, default=""))):
            language = one.line.language or "sl"
            answer = "" if entry.id in there else entry.side(language).answer
            there.add(entry.id)
            yield Addition(entry.id, entry.topic, language, personal.stripped(one.line.text).text, answer, day)


def _outcomes(matcher: Decides, lines: Sequence[Line]) -> list[Outcome]:
    return [_outcome(line, matcher.decide(line.text, line.language)) for line in lines]


def _outcome(line: Line, decision: Decision) -> Outcome:
    match decision:
        case Found(entries=entries):
            return Outcome(line, frozenset(entry.id for entry in entries), frozenset())
        case Unsure(options=options):
            return Outcome(line, frozenset(), frozenset(entry.id for entry in options))
        case _:
            return Outcome(line, frozenset(), frozenset())


def _questions() -> list[Line]:
    rows = map(json.loads, Path("tests/questions/dev.jsonl").read_text("utf-8").splitlines())
    return [evaluation.read_line(row) for row in rows if row["kind"] != "smalltalk"]


def _at_first(whole: Content, held_out: set[str], calibrating: Sequence[Line]) -> Content:
    """With few wordings, spread over those that there are."""
    entries = tuple(
        replace(entry, sides={code: replace(side, wordings=_spread(side.wordings)) for code, side in entry.sides.items()})
        for entry in whole.entries
        if entry.id not in held_out
    )
    asked = tuple(Asked(line.text, tuple(sorted(line.labels))) for line in calibrating if not line.labels & held_out)
    return content.digested(replace(whole, entries=entries, asked=asked))


def _spread(wordings: Sequence[str]) -> tuple[str, ...]:
    return tuple(wordings[:: max(1, len(wordings) // WORDINGS)][:WORDINGS])


def _asked_in_a_week(stream: Sequence[Line], held_out: set[str], random: Random) -> list[Line]:
    """People ask the same things again, in the same words at times: questions are drawn anew each week."""
    new = [line for line in stream if line.labels & held_out]
    known = [line for line in stream if not line.labels & held_out]
    count = round(A_WEEK * NEW_SUBJECTS)
    return [*random.choices(new, k=count), *random.choices(known, k=A_WEEK - count)]


def _answered(outcomes: Sequence[Outcome]) -> float:
    return sum(bool(one.answered) for one in outcomes) / len(outcomes)


def _precision(outcomes: Sequence[Outcome]) -> float:
    answered = [one for one in outcomes if one.answered]
    return sum(one.right for one in answered) / len(answered)


def _by_itself(outcomes: Sequence[Outcome]) -> float:
    """Answered, or offered so that the person had only to choose."""
    return sum(not one.needs_adviser for one in outcomes) / len(outcomes)


def table(weeks: Sequence[Week]) -> str:
    """The week's questions, then those that nobody asks, then those of these that are about new subjects."""
    head = "| week | drafts | entries | answered | precision | no adviser | answered | precision | no adviser | answered | no adviser |"
    return "\n".join([head, "| --- " * 11 + "|", *map(_row, weeks)])


def _row(week: Week) -> str:
    cells = [str(week.number), str(week.filed), str(week.entries)]
    for share, outcomes in (
        *((share, week.asked) for share in (_answered, _precision, _by_itself)),
        *((share, week.unasked) for share in (_answered, _precision, _by_itself)),
        *((share, week.unasked_new) for share in (_answered, _by_itself)),
    ):
        cells.append(f"{100 * share(outcomes):.1f}")
    return f"| {' | '.join(cells)} |"


def picture(weeks: Sequence[Week], file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 5.4), dpi=160)
    numbers = [week.number for week in weeks]
    for label, style, shares in (
        ("the week's questions: answered", {"color": "#1b6ca8", "lw": 2.5}, [_answered(week.asked) for week in weeks]),
        ("… or rightly offered", {"color": "#1b6ca8", "ls": ":", "lw": 2.5}, [_by_itself(week.asked) for week in weeks]),
        ("never asked before: answered", {"color": "#d1495b", "lw": 2.5}, [_answered(week.unasked) for week in weeks]),
        ("… or rightly offered", {"color": "#d1495b", "ls": ":", "lw": 2.5}, [_by_itself(week.unasked) for week in weeks]),
        ("precision of all answers", {"color": "#888", "ls": "--"}, [_precision([*week.asked, *week.unasked]) for week in weeks]),
    ):
        axes.plot(numbers, [100 * share for share in shares], label=label, **style)
    axes.axvline(WRITTEN_OUT + 0.5, color="#888", lw=0.8)
    axes.annotate("new entries written out", (WRITTEN_OUT + 0.6, 3), fontsize=8, color="#555")
    axes.set(xlabel="week", ylabel="% of the questions", ylim=(0, 101), xticks=numbers)
    axes.set_title("The desk learns from what its advisers answer", fontsize=11)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=8.5, frameon=False)
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw it as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
