"""How a decision's time grows with the FAQ: the shipped entries and as many made-up ones as it takes.

A made-up entry has four words of its own out of the FAQ's vocabulary; its wordings are wordings of the FAQ with their longer words replaced
by these. So they are as long and as varied as real ones and share their words, which is what costs time. The same size is the same FAQ.

Each size is learnt in one process and measured in the next, as after a restart: `python -m tests.benches.growth learn|measure SIZE CACHE`.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np

from knowledge import content, embedding, matching, trained, words
from knowledge.embedding import Embedder, Floats
from knowledge.entries import Content, Side
from knowledge.matching import Matcher
from tests.benches.timing import milliseconds, peak_memory

FAQ, TEST = Path("knowledge/faq"), Path("tests/questions/test.jsonl")
SIZES = (83, 1_000, 10_000)
MOST_IN_MEANING = 1_000
"""Ten thousand entries are measured by words alone."""
_WORDINGS, _WORDINGS_OF_MANY = 12, 4
_QUESTIONS = 300


def report() -> None:
    print(f"\nHow it grows ({_QUESTIONS} questions; a made-up entry has {_WORDINGS} wordings, of ten thousand {_WORDINGS_OF_MANY})")
    print(f"{'':34} {'p50 ms':>8} {'p99 ms':>8} {'ratio':>8} {'loaded s':>9} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as cache:
        for size in SIZES:
            # The FAQ itself is learnt already.
            folder = cache if size > SIZES[0] else str(trained.cache_folder())
            for step in ("learn", "measure"):
                subprocess.run([sys.executable, "-m", "tests.benches.growth", step, str(size), folder], check=True)


def learn(size: int, cache: Path) -> None:
    faq = grown(content.load(FAQ), size)
    count = sum(map(len, trained.wordings_of(faq).values()))
    print(f"{size} entries, {count} wordings, ready in", end="", flush=True)
    for name, embedder in _signals(size).items():
        start = time.perf_counter()
        trained.learn(faq, embedder, 0.97, cache)
        print(f" {time.perf_counter() - start:.0f} s {name}", end="", flush=True)
    print()


def measure(size: int, cache: Path) -> None:
    faq = grown(content.load(FAQ), size)
    questions = [json.loads(line)["text"] for line in TEST.read_text("utf-8").splitlines()[:_QUESTIONS]]
    words.prepare()
    rows = []
    for name, embedder in _signals(size).items():
        start = time.perf_counter()
        matcher = Matcher(faq, matching.Settings(), trained.learn(faq, embedder, 0.97, cache), embedder)
        loaded = time.perf_counter() - start
        median, worst = milliseconds(matcher.decide, questions)
        rows.append((f"the matcher, {name}", median, worst, f"{loaded:9.2f} {peak_memory(resource.getrusage(resource.RUSAGE_SELF)):8}"))
    # Only now: what the baselines load shall not count as the matcher's memory.
    from tests.benches.baselines import BASELINES

    wordings = [(words.plain_key(text), id) for id, texts in trained.wordings_of(faq).items() for text in texts]
    texts, owners = [text for text, _ in wordings], [id for _, id in wordings]
    rows = [(name, *milliseconds(build(texts, owners), questions), "") for name, build in BASELINES.items()] + rows
    for name, median, worst, more in rows:
        print(f"  {name:32} {median:8.2f} {worst:8.2f} {median / rows[0][1]:8.3f} {more}")


def _signals(size: int) -> dict[str, Embedder | None]:
    embedder = embedding.find_embedder() if size <= MOST_IN_MEANING else None
    return {"by words alone": None} | ({"words and meaning": Drawn(embedder)} if embedder else {})


class Drawn:
    """Vectors of made-up wordings are drawn by lot, since making ten thousand takes minutes; a question, a single text, gets its own."""

    def __init__(self, real: Embedder) -> None:
        self.name = real.name
        self._real = real

    def embed(self, texts: Sequence[str]) -> Floats:
        if len(texts) == 1:
            return self._real.embed(texts)
        drawn = np.random.default_rng(0).normal(size=(len(texts), self._real.embed(["?"]).shape[1]))
        return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def grown(base: Content, size: int) -> Content:
    texts = sorted({text for entry in base.entries for text in entry.sides["sl"].wordings})
    vocabulary = sorted({word for text in texts for word in _long_words(text)})
    count = _WORDINGS if size <= MOST_IN_MEANING else _WORDINGS_OF_MANY
    made_up = [_made_up(number, texts, vocabulary, count) for number in range(len(base.entries), size)]
    return content.digested(replace(base, entries=(*base.entries, *(replace(base.entries[0], **changes) for changes in made_up))))


def _made_up(number: int, texts: Sequence[str], vocabulary: Sequence[str], count: int) -> dict[str, object]:
    random = Random(number)
    own = random.sample(vocabulary, 4)
    title, *wordings = (_about(random.choice(texts), own, random) for _ in range(count))
    return {"id": f"made-up-{number}", "sides": {"sl": Side(title, tuple(wordings), (), "")}}


def _about(text: str, own: Sequence[str], random: Random) -> str:
    instead = {word: random.choice(own) for word in _long_words(text)}
    return " ".join(instead.get(word, word) for word in words.split(text.lower()))


def _long_words(text: str) -> list[str]:
    return [word for word in words.split(text.lower()) if len(word) > 5]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["learn", size, cache]:
            learn(int(size), Path(cache))
        case ["measure", size, cache]:
            measure(int(size), Path(cache))
        case _:
            report()
