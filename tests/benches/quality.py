"""How right the matcher is beside its baselines, on the questions that nothing was tuned on."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowledge import content, matching, trained
from knowledge.decisions import Decision, Found
from knowledge.words import plain_key
from tests.benches import stalls
from tests.benches.baselines import BASELINES, Rank

TEST = Path("tests/questions/test.jsonl")


def main() -> None:
    base = content.load(Path("knowledge/faq"))
    questions = [json.loads(line) for line in TEST.read_text("utf-8").splitlines()]
    wordings = [(plain_key(text), id) for id, texts in trained.wordings_of(base).items() for text in texts]
    texts, owners = [text for text, _ in wordings], [id for _, id in wordings]
    print(f"{len(base.entries)} entries, {len(texts)} wordings, {len(questions)} questions\n")
    print(f"{'':34} {'top-1 sl':>9} {'en':>6} {'top-3 sl':>9} {'en':>6} {'p50 ms':>8} {'p99 ms':>8} {'ratio':>7}")
    baseline = None
    for name, build in BASELINES.items():
        baseline = _row(name, build(texts, owners), questions, baseline)
    for name, semantic in (("the matcher, by words alone", False), ("the matcher, words and meaning", True)):
        matcher = matching.train(base, matching.Settings(semantic=semantic, cache=trained.cache_folder()))
        decided: list[Decision] = []
        _row(name, lambda text, matcher=matcher, decided=decided: _ids(matcher, text, decided), questions, baseline)
        _answers(decided[1:], questions)
    stalls.report(matcher.decide, [question["text"] for question in questions])


def _ids(matcher: matching.Matcher, text: str, decided: list[Decision]) -> list[str]:
    decided.append(matcher.decide(text))
    return [one.entry.id for one in decided[-1].reading.candidates]


def _row(name: str, rank: Rank, questions: Sequence[dict[str, Any]], baseline: float | None) -> float:
    """Print a line; the milliseconds that the ratios of the other lines are to."""
    rank(questions[0]["text"])
    took, first, third = [], [], []
    for question in questions:
        start = time.thread_time()
        found = rank(question["text"])
        took.append((time.thread_time() - start) * 1000)
        first.append(bool(set(question["labels"]) & set(found[:1])))
        third.append(bool(set(question["labels"]) & set(found[:3])))
    sl, answerable = (np.array([test(question) for question in questions]) for test in (_is_slovene, _is_answerable))
    shares = [100 * np.array(hits)[part & answerable].mean() for hits in (first, third) for part in (sl, ~sl)]
    median, worst = float(np.median(took)), float(np.percentile(took, 99))
    ratio = median / (baseline or median)
    print(
        f"{name:34} {shares[0]:9.1f} {shares[1]:6.1f} {shares[2]:9.1f} {shares[3]:6.1f} {median:8.1f} {worst:8.1f} {ratio:7.2f}", flush=True
    )
    return baseline or median


def _is_slovene(question: dict[str, Any]) -> bool:
    return bool(question["lang"] == "sl")


def _is_answerable(question: dict[str, Any]) -> bool:
    return bool(question["labels"])


def _answers(decided: Sequence[Decision], questions: Sequence[dict[str, Any]]) -> None:
    pairs = list(zip(decided, (set(question["labels"]) for question in questions), strict=True))
    answered = [({entry.id for entry in decision.entries}, labels) for decision, labels in pairs if isinstance(decision, Found)]
    right = sum(bool(shown) and shown <= labels for shown, labels in answered)
    out_of_scope = [isinstance(decision, Found) for decision, labels in pairs if not labels]
    print(
        f"{'':34} answered {sum(bool(labels) for _, labels in answered) / sum(bool(labels) for _, labels in pairs):.1%} of the answerable, "
        f"{right / max(1, len(answered)):.1%} of the answers right, {np.mean(out_of_scope):.1%} out of scope"
    )


if __name__ == "__main__":
    main()
