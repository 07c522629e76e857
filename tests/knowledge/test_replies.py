"""Replies at hand: loaded, checked, and those we ship in order."""

from pathlib import Path

import pytest

from knowledge import replies
from knowledge.content import ContentError

BOTH = ("sl", "en")
GOOD = """
[pozdrav]
title = { sl = "Pozdrav", en = "Greeting" }
sl = "Pozdravljeni, {name}."
en = "Hello, {name}."
"""


def written(folder: Path, text: str) -> Path:
    file = folder / replies.FILE
    file.write_text(text, encoding="utf-8")
    return file


def test_replies_stand_beside_the_faq_and_may_be_missing(tmp_path: Path) -> None:
    assert replies.beside(tmp_path / "faq") == tmp_path / "replies.toml"
    assert replies.load(tmp_path / "replies.toml", BOTH) == ()
    (reply,) = replies.load(written(tmp_path, GOOD), BOTH)
    assert (reply.name, reply.titles["en"], reply.texts["sl"]) == ("pozdrav", "Greeting", "Pozdravljeni, {name}.")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("[pozdrav]", '["Lep pozdrav"]'), "replies.toml: [Lep pozdrav]: is no short name"),
        (('en = "Hello, {name}."', ""), "replies.toml: [pozdrav] en: is missing"),
        ((', en = "Greeting"', ""), "replies.toml: [pozdrav.title] en: is missing"),
        (("{name}.", "{nome}."), "replies.toml: [pozdrav] sl: there is no placeholder {nome}"),
        (("Hello, {name}", "Hello, {name"), "replies.toml: [pozdrav] en: has a curly bracket"),
        (('sl = "Pozdravljeni, {name}."', "sl = 3"), "replies.toml: [pozdrav] sl"),
        (("[pozdrav]", "[pozdrav"), "replies.toml: the file: is not TOML"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    with pytest.raises(ContentError) as error:
        replies.load(written(tmp_path, GOOD.replace(*change)), BOTH)
    assert problem in str(error.value)


def test_the_replies_that_we_ship_are_in_order() -> None:
    shipped = replies.load(Path(__file__).parents[2] / "knowledge" / replies.FILE, BOTH)
    assert len(shipped) >= 8
