import numpy as np
import pytest

from knowledge import trained
from knowledge.content import from_lines
from knowledge.keeping import keep, load
from knowledge.learning.rows import joined, shelve
from knowledge.matching import Settings, train

LINES = [{"text": text, "label": label} for text, label in (("open a shop", "shop"), ("sell online", "shop"), ("pay tax", "tax"))]


def test_what_is_kept_comes_back_with_its_arrays(tmp_path):
    value = {"numbers": np.arange(7, dtype=np.int32), "table": np.ones((3, 5), np.float32).T, "none": np.zeros(0), "text": "č"}

    keep(tmp_path / "new/value.bin", value)
    found = load(tmp_path / "new/value.bin")

    assert found["text"] == "č"
    for name in ("numbers", "table", "none"):
        np.testing.assert_array_equal(found[name], value[name])
    with pytest.raises(ValueError, match="read-only"):
        found["numbers"][0] = 1


@pytest.mark.parametrize("damage", [lambda kept: b"", lambda kept: kept[:100], lambda kept: b"\xff" * 64 + kept])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    faq = from_lines(LINES)
    before = train(faq, Settings(semantic=False, cache=tmp_path)).decide("open an online shop")
    (file,) = tmp_path.glob("learnt-*.bin")
    file.write_bytes(damage(file.read_bytes()))

    assert train(faq, Settings(semantic=False, cache=tmp_path)).decide("open an online shop") == before


def test_what_was_learnt_decides_the_same_from_the_cache(tmp_path):
    faq = from_lines(LINES)
    new, kept, anew = (train(faq, Settings(semantic=False, cache=cache)) for cache in (tmp_path, tmp_path, None))

    for text in ("open a shop online", "what tax", "pey tax", "pay tax", ""):
        assert new.decide(text) == kept.decide(text) == anew.decide(text)


def test_many_small_ones_never_push_out_a_large_one(tmp_path):
    large = tmp_path / "learnt-of-the-whole-faq.bin"
    large.write_bytes(bytes(70_000_000))

    for number in range(12):
        trained.learn(from_lines([{"text": f"question {number}", "label": "one"}]), None, 0.97, tmp_path)

    assert large.exists()
    assert len(list(tmp_path.glob("learnt-*.bin"))) == 13


def test_a_shelf_compares_as_the_whole_product_does():
    random = np.random.default_rng(0)
    table = random.random((40, 30), np.float32) * (random.random((40, 30)) < 0.2)
    table[7] = 0
    rows = joined([(np.flatnonzero(row).astype(np.int32), row[row > 0]) for row in table], 30)
    ends = np.array([0, 12, 12, 40])
    shelves = shelve(rows, ends)

    for question in table:
        columns = random.permutation(np.flatnonzero(question)).astype(np.int32)
        found = [shelves.alike(entry, (columns, question[columns]), ends[entry + 1] - ends[entry]) for entry in range(3)]
        np.testing.assert_allclose(np.concatenate(found), table @ question, atol=1e-6)
