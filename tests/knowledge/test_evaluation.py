import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from knowledge.decisions import Candidate, Decision, Found, NotFound, Reading, SmallTalk, Unsure
from knowledge.entries import Entry
from knowledge.evaluation import LineError, evaluate, read_line


def reading(*candidates: tuple[Entry, float]) -> Reading:
    return Reading("sl", tuple(Candidate(entry, p) for entry, p in candidates), ())


@dataclass
class Rehearsed:
    decisions: Mapping[str, Decision]

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        return self.decisions[text]


@pytest.fixture
def report(small_faq):
    one, two, three = small_faq.entries
    matcher = Rehearsed(
        {
            "right": Found((one,), reading((one, 0.9), (two, 0.1))),
            "wrong": Found((one,), reading((one, 0.8), (two, 0.2))),
            "offered": Unsure((two, three), reading((two, 0.5), (three, 0.3))),
            "lost": NotFound(reading((one, 0.1))),
            "false": Found((two,), reading((two, 0.7))),
            "chat": SmallTalk("greeting", reading()),
        }
    )
    lines = [
        {"text": "right", "lang": "sl", "labels": [one.id, two.id], "kind": "plain"},
        {"text": "wrong", "lang": "sl", "labels": [two.id], "kind": "plain"},
        {"text": "offered", "lang": "en", "labels": [three.id], "kind": "plain"},
        {"text": "lost", "lang": "en", "labels": [two.id], "kind": "typo"},
        {"text": "false", "lang": "en", "labels": [], "kind": "oos"},
        {"text": "chat", "lang": "en", "labels": [], "kind": "smalltalk"},
    ]
    ticks = iter(range(100))
    return evaluate(matcher, lines, clock=lambda: next(ticks) / 1_000)


def test_the_figures_are_those_counted_by_hand(report):
    figures = report.groups["all"]

    assert (figures.lines, figures.answerable, figures.answered) == (6, 4, 3)
    assert figures.precision == pytest.approx(1 / 3)
    assert figures.coverage == pytest.approx(2 / 4)
    assert figures.offered == pytest.approx(1 / 4)
    assert figures.top1 == pytest.approx(1 / 4)
    assert figures.top3 == pytest.approx(3 / 4)
    assert figures.false_answers == pytest.approx(1 / 2)
    assert figures.aurc == pytest.approx((0 + 1 / 2 + 2 / 3 + 3 / 4 + 4 / 5 + 5 / 6) / 6)
    assert figures.a95 == pytest.approx(1 / 4)
    assert figures.ece == pytest.approx((0.1 + 0.8 + 0.7 + 0.5 + 0.1) / 5)
    assert figures.p50_ms == pytest.approx(1)
    assert figures.p99_ms == pytest.approx(1)


def test_figures_are_given_by_language_and_kind(report):
    assert list(report.groups) == [
        *("all", "en", "sl", "oos", "plain", "smalltalk", "typo"),
        *("en oos", "en plain", "en smalltalk", "en typo", "sl plain"),
    ]
    assert report.groups["sl"].precision == pytest.approx(1 / 2)
    assert report.groups["sl"].false_answers is None


def test_the_report_is_a_table_and_json(report):
    table = report.as_table().splitlines()
    assert table[0].split()[:3] == ["lines", "answerable", "answered"]
    assert len({len(line) for line in table}) == 1

    read = json.loads(json.dumps(report.as_json()))
    assert read["figures"]["all"]["top1"] == 0.25
    assert [one["text"] for one in read["wrong"]] == ["wrong", "false"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (3, "is no JSON object"),
        ({"labels": []}, 'has no "text"'),
        ({"text": "x", "labels": "sp-register"}, 'needs "labels"'),
        ({"text": "x", "labels": [], "lang": 3}, '"lang" must be'),
        ({"text": "x", "labels": [], "earlier": 3}, '"earlier" must be'),
    ],
)
def test_a_line_without_its_parts_is_named(raw, message):
    with pytest.raises(LineError, match=message):
        read_line(raw)


def test_a_question_is_asked_after_the_one_before_it(small_faq):
    told = []

    class Listening:
        def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
            told.append((text, language, earlier))
            return NotFound(reading())

    evaluate(Listening(), [{"text": "in koliko to stane?", "lang": "sl", "labels": [], "earlier": "kako odprem s.p.?"}])

    assert told == [("in koliko to stane?", "sl", "kako odprem s.p.?")]


def test_no_lines_give_no_figures(small_faq):
    assert evaluate(Rehearsed({}), []).groups["all"].top1 is None
