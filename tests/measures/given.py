"""What the measurements share: the FAQ, the questions, and a matcher for either mode whose sentence vectors are kept between runs."""

import json
import pickle
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge import content, embedding, matching, trained
from knowledge.embedding import Embedder
from knowledge.entries import Content
from knowledge.evaluation import Line, read_line
from knowledge.matching import Matcher

MODES = {"words and meaning": True, "words alone": False}
PICTURES = Path("docs/pictures")
_QUESTIONS = Path("tests/questions")
_SAVED_EVERY = 500
_KEPT = trained.cache_folder() / "measured-vectors.pickle"


class Remembering:
    """An embedder that is asked for every text only once."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self._embedder = embedder
        self._unsaved = 0
        self._vectors: dict[str, NDArray[np.float32]] = pickle.loads(_KEPT.read_bytes()) if _KEPT.exists() else {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if self._key(text) not in self._vectors]
        if new:
            self._vectors |= zip(map(self._key, new), self._embedder.embed(new), strict=True)
            self._unsaved += len(new)
            if self._unsaved >= _SAVED_EVERY:
                self.keep()
        return np.array([self._vectors[self._key(text)] for text in texts])

    def keep(self) -> None:
        _KEPT.parent.mkdir(parents=True, exist_ok=True)
        _KEPT.write_bytes(pickle.dumps(self._vectors))
        self._unsaved = 0

    def _key(self, text: str) -> str:
        return f"{self.name} {text}"


@lru_cache
def embedder() -> Remembering:
    found = embedding.find_embedder()
    if found is None:
        raise SystemExit("the measurements need sentence embeddings, which cannot run on this machine")
    return Remembering(found)


@lru_cache
def faq() -> Content:
    return content.load(Path("knowledge/faq"))


@lru_cache
def matcher(semantic: bool) -> Matcher:
    return matcher_for(faq(), semantic)


def matcher_for(base: Content, semantic: bool) -> Matcher:
    settings = matching.Settings(semantic=semantic, cache=trained.cache_folder())
    vectors = embedder() if semantic else None
    return Matcher(base, settings, trained.learn(base, vectors, settings.precision, settings.cache), vectors)


@lru_cache
def questions(name: str) -> tuple[Line, ...]:
    return tuple(read_line(json.loads(line)) for line in (_QUESTIONS / f"{name}.jsonl").read_text("utf-8").splitlines())
