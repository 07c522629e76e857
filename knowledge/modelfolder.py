"""An embedding model of the operator's own, in a folder as sentence-transformers exports it for ONNX.

    model.onnx or onnx/model.onnx          the network; its output is a sentence vector, or one vector per token
    tokenizer.json                         how texts become tokens
    1_Pooling/config.json                  optional: whether the first token's vector counts, or their mean (the default)
    config_sentence_transformers.json      optional: "prompts" → "query", what is to stand before each text

It needs the packages of the extra `model`. What does not fit is told by a `ModelError`.
"""

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding import LONGEST, Floats, ModelError

_MOST_TOKENS = 512
_AT_ONCE = 32


class ModelFolder:
    def __init__(self, folder: Path) -> None:
        network = _network(folder)
        try:
            from onnxruntime import InferenceSession, SessionOptions
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ModelError(f'{folder} needs the package {error.name}: install the extra with pip install "helpdesk[model]"') from None
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # several wait for each other on a busy machine
        options.log_severity_level = 3
        try:
            self._session = InferenceSession(network, options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._first_token = bool(_json(folder / "1_Pooling/config.json").get("pooling_mode_cls_token"))
            self._before = str(_json(folder / "config_sentence_transformers.json").get("prompts", {}).get("query", ""))
        except Exception as error:  # The libraries raise what they like.
            raise ModelError(f"{folder} cannot be used: {error}") from None
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.enable_padding()
        self._inputs = {one.name for one in self._session.get_inputs()}
        self.name = f"{folder.name}-{_fingerprint(folder)}"
        self._dimensions = self._few(["?"]).shape[1]

    def embed(self, texts: Sequence[str]) -> Floats:
        if not texts:
            return np.zeros((0, self._dimensions), np.float32)
        return np.concatenate([self._few(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)])

    def _few(self, texts: Sequence[str]) -> Floats:
        # In small letters, so that shouting changes nothing.
        tokens = self._tokenizer.encode_batch([self._before + text[:LONGEST].lower() for text in texts])
        mask = np.array([one.attention_mask for one in tokens], np.int64)
        given = {
            "input_ids": np.array([one.ids for one in tokens], np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        found = np.asarray(self._session.run(None, {name: given[name] for name in self._inputs})[-1], np.float32)
        vectors = found if found.ndim == 2 else self._pooled(found, mask)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)

    def _pooled(self, by_token: Floats, mask: NDArray[np.int64]) -> Floats:
        if self._first_token:
            return by_token[:, 0]
        shares = (mask / np.maximum(mask.sum(axis=1, keepdims=True), 1)).astype(np.float32)
        return np.asarray((by_token * shares[:, :, None]).sum(axis=1), np.float32)


def _network(folder: Path) -> Path:
    found = [path for path in (folder / "model.onnx", folder / "onnx/model.onnx") if path.is_file()]
    if not found or not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{folder} should be a folder with model.onnx (or onnx/model.onnx) and tokenizer.json")
    return found[0]


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def _fingerprint(folder: Path) -> str:
    """Changes when a file does; a model of a gigabyte is not read for that."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    seen = "\n".join(f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)
    return blake2b(seen.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
