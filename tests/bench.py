"""`make bench`: the matcher beside its baselines, on the questions that nothing was tuned on, in one run.

Every figure of a row is of the same process; times are milliseconds a decision and best read as ratios to the first row.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import bm25s
import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from knowledge import content, matching, trained
from knowledge.decisions import Found
from knowledge.words import plain_key

TEST = Path("tests/questions/test.jsonl")

Rank = Callable[[str], Sequence[str]]


def main() -> None:
    base = content.load(Path("knowledge/faq"))
    questions = [json.loads(line) for line in TEST.read_text("utf-8").splitlines()]
    wordings = [(plain_key(text), id) for id, texts in trained.wordings_of(base).items() for text in texts]
    texts, owners = [text for text, _ in wordings], [id for _, id in wordings]
    print(f"{len(base.entries)} entries, {len(texts)} wordings, {len(questions)} questions\n")
    print(f"{'':34} {'top-1 sl':>9} {'en':>6} {'top-3 sl':>9} {'en':>6} {'p50 ms':>8} {'p99 ms':>8} {'ratio':>7}")
    baseline = _row("rapidfuzz token_set, all wordings", _rapidfuzz(texts, owners), questions, None)
    _row("BM25 (bm25s)", _bm25(texts, owners), questions, baseline)
    _row("tf-idf letters, nearest wording", _tfidf(texts, owners), questions, baseline)
    for name, semantic in (("the matcher, by words alone", False), ("the matcher, words and meaning", True)):
        start = time.perf_counter()
        matcher = matching.train(base, matching.Settings(semantic=semantic, cache=trained.cache_folder()))
        ready = time.perf_counter() - start
        _row(name, lambda text, matcher=matcher: [one.entry.id for one in matcher.decide(text).reading.candidates], questions, baseline)
        _decisions(matcher, questions, ready)


def _row(name: str, rank: Rank, questions: Sequence[dict[str, object]], baseline: float | None) -> float:
    """Print a line; the median milliseconds."""
    answerable = [question for question in questions if question["labels"]]
    rank(str(answerable[0]["text"]))
    took, first, third, language = [], [], [], []
    for question in answerable:
        start = time.perf_counter()
        found = rank(str(question["text"]))
        took.append((time.perf_counter() - start) * 1000)
        labels = set(question["labels"])  # type: ignore[call-overload]
        first.append(bool(labels & set(found[:1])))
        third.append(bool(labels & set(found[:3])))
        language.append(question["lang"])
    sl, median = np.array(language) == "sl", float(np.median(took))
    shares = [100 * np.array(hits)[part].mean() for hits in (first, third) for part in (sl, ~sl)]
    ratio = median / baseline if baseline else 1.0
    p99 = np.percentile(took, 99)
    print(
        f"{name:34} {shares[0]:9.1f} {shares[1]:6.1f} {shares[2]:9.1f} {shares[3]:6.1f} {median:8.1f} {p99:8.1f} {ratio:7.2f}", flush=True
    )
    return median


def _decisions(matcher: matching.Matcher, questions: Sequence[dict[str, object]], ready: float) -> None:
    decided = [(matcher.decide(str(question["text"])), set(question["labels"])) for question in questions]  # type: ignore[call-overload]
    answered = [({entry.id for entry in decision.entries}, labels) for decision, labels in decided if isinstance(decision, Found)]
    right = sum(bool(shown) and shown <= labels for shown, labels in answered)
    answerable = sum(bool(labels) for _, labels in decided)
    out_of_scope = [isinstance(decision, Found) for decision, labels in decided if not labels]
    print(
        f"{'':34} answered {sum(bool(labels) for _, labels in answered) / answerable:.1%} of the answerable, "
        f"{right / max(1, len(answered)):.1%} of the answers right, {np.mean(out_of_scope):.1%} out of scope; ready in {ready:.1f} s"
    )


def _best(owners: Sequence[str], order: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(owners[place] for place in order))


def _rapidfuzz(texts: Sequence[str], owners: Sequence[str]) -> Rank:
    def rank(text: str) -> list[str]:
        return _best(owners, [hit[2] for hit in process.extract(plain_key(text), texts, scorer=fuzz.token_set_ratio, limit=30)])

    return rank


def _bm25(texts: Sequence[str], owners: Sequence[str]) -> Rank:
    index = bm25s.BM25()
    index.index([text.split() for text in texts], show_progress=False)

    def rank(text: str) -> list[str]:
        found, _ = index.retrieve([plain_key(text).split() or ["?"]], k=30, show_progress=False)
        return _best(owners, [int(place) for place in found[0]])

    return rank


def _tfidf(texts: Sequence[str], owners: Sequence[str]) -> Rank:
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    columns = vectoriser.fit_transform(texts).T.tocsr()

    def rank(text: str) -> list[str]:
        alike = (vectoriser.transform([plain_key(text)]) @ columns).toarray().ravel()
        return _best(owners, [int(place) for place in np.argsort(-alike)[:30]])

    return rank


if __name__ == "__main__":
    main()
