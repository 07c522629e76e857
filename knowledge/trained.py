"""The engine for a content: learnt once, kept by what it was learnt from, and loaded in a moment the next time."""

import hashlib
import logging
import os
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

from knowledge import embedding
from knowledge.embedding import Embedder, KeptVectors
from knowledge.entries import Content
from knowledge.learning import training
from knowledge.learning.training import Engine
from knowledge.words import Words

log = logging.getLogger(__name__)

SHIPPED_VECTORS = Path(__file__).with_name("vectors.npz")
"""The vectors of the shipped wordings, so that nobody waits minutes for them at the first start."""


def engine(content: Content, words: Words, embedder: Embedder | None, precision: float, cache: Path | None) -> Engine:
    """Load what was learnt from exactly this content before, else learn it. Without a cache it is learnt each time."""
    key = f"{_code()} {content.digest} {precision} {embedder.name if embedder else 'words'}"
    kept = cache / f"engine-{hashlib.sha256(key.encode()).hexdigest()[:24]}.pickle" if cache else None
    if kept and (found := _load(kept)):
        return found
    if len(content.entries) > 20:
        log.warning("learning the FAQ (once after each change, about half a minute) …")
    learnt = training.train(
        wordings_of(content),
        words.read,
        tuple(text for texts in content.out_of_scope.values() for text in texts),
        content.asked,
        KeptVectors(embedder, _vector_files(cache), cache / "vectors.npz" if cache else None).embed if embedder else None,
        precision,
    )
    if kept:
        _keep(kept, learnt)
    return learnt


def wordings_of(content: Content) -> Mapping[str, Sequence[str]]:
    """What people may say for each entry, in all languages: its titles, wordings and keywords."""
    return {
        entry.id: tuple(dict.fromkeys(text for side in entry.sides.values() for text in (side.title, *side.wordings, *side.keywords)))
        for entry in content.entries
    }


def ship_vectors(content: Content) -> int:
    """Write the vectors that come with the program anew; how many. Raises RuntimeError where they cannot be made."""
    embedder = embedding.find_embedder()
    if embedder is None:
        raise RuntimeError("sentence embeddings cannot run on this machine")
    texts = [text for texts in wordings_of(content).values() for text in texts]
    texts += [text for texts in content.out_of_scope.values() for text in texts] + [one.text for one in content.asked]
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
    sources = sorted([*here.glob("*.py"), *here.glob("learning/*.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()


def _vector_files(cache: Path | None) -> list[Path]:
    return [SHIPPED_VECTORS, *([cache / "vectors.npz"] if cache else [])]


def _load(path: Path) -> Engine | None:
    """Only from a folder of our own: whoever can write there can run code as us anyway."""
    try:
        found = pickle.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except Exception as error:
        log.warning("%s cannot be used and is made again: %s", path, type(error).__name__)
        return None
    return found if isinstance(found, Engine) else None


def _keep(path: Path, learnt: Engine) -> None:
    """Keep it for the next start; a disk that is full or read-only only costs the time to learn again."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        unfinished.write_bytes(pickle.dumps(learnt, protocol=5))
        unfinished.replace(path)
        for old in sorted(path.parent.glob("engine-*.pickle"), key=lambda file: file.stat().st_mtime)[:-_KEPT_ENGINES]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s cannot be kept: %s", path, error.strerror)


_KEPT_ENGINES = 4
