"""Approved drafts in the FAQ's files: added where they belong, nothing else touched, what is missing said."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge import content
from knowledge.content import ContentError
from knowledge.drafts import Addition
from knowledge.exporting import Exported, export

ON = date(2026, 11, 24)
WORDING = Addition("sp-register", "starting", "sl", 'Kako odprem "espe"\\s.p.?', "", ON)
ENTRY = Addition(
    "najem-ateljeja", "starting", "sl", "Kje v Škofji Loki najamem atelje?", 'V **vojašnici**.\n\n- Pišite na {contact.email}.\n- """', ON
)

_FILE = """\
reviewed = 2026-11-20   # by Maja

[sl]
title = "Naslov"
wordings = [
    "ena",  # the shortest
    'dve',
]
answer = "Odgovor."

[en]
title = "Title"
wordings = ["one"]
answer = "Answer."
"""


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    (tmp_path / "starting").mkdir()
    (tmp_path / "topics.toml").write_text('[starting]\nsl = "Začetek"\nen = "Starting out"\n')
    (tmp_path / "starting" / "sp-register.toml").write_text(_FILE)
    return tmp_path


def test_a_wording_is_added_and_nothing_else_in_the_file_changes(faq: Path) -> None:
    assert export([WORDING], faq, ("sl", "en")) == [Exported("starting/sp-register.toml", 1, new=False)]

    text = (faq / "starting" / "sp-register.toml").read_text()
    assert text == _FILE.replace("    'dve',\n", '    \'dve\',\n    "Kako odprem \\"espe\\"\\\\s.p.?",\n')
    assert content.load(faq).entries[0].sides["sl"].wordings == ("ena", "dve", WORDING.wording)


def test_a_new_entry_is_a_file_that_says_what_is_missing(faq: Path) -> None:
    english = Addition("najem-ateljeja", "starting", "en", "Where can I rent a studio?", "", ON)
    assert export([ENTRY, english], faq, ("sl", "en")) == [Exported("starting/najem-ateljeja.toml", 2, new=True)]

    with pytest.raises(ContentError, match=r'najem-ateljeja\.toml: \[en\]: has no "en" side'):
        content.load(faq)
    file = faq / "starting" / "najem-ateljeja.toml"
    assert "# TODO: this side is missing." in file.read_text()
    filled = (
        file.read_text().replace("# [en]", "[en]").replace('# title = ""', 'title = "Studio"').replace("# wordings = [", 'wordings = ["a"')
    )
    file.write_text(filled.replace("# ]", "]").replace('# answer = """', 'answer = """In the barracks.').replace('# """', '"""'))
    entry = content.load(faq).entry("najem-ateljeja")
    assert entry is not None
    assert entry.sides["sl"].answer == ENTRY.answer
    assert entry.sides["sl"].wordings == (ENTRY.wording, english.wording)
    assert (entry.reviewed, entry.confirmed_by) == (ON, "")


def test_what_stands_in_a_file_is_not_written_again(faq: Path) -> None:
    export([WORDING, ENTRY], faq, ("sl", "en"))
    before = {path: path.read_text() for path in faq.rglob("*.toml")}
    assert export([WORDING, ENTRY, replace(WORDING, wording="ENA!")], faq, ("sl", "en")) == []
    assert {path: path.read_text() for path in faq.rglob("*.toml")} == before


def test_a_wording_for_an_entry_that_is_gone_is_left_out(faq: Path) -> None:
    assert export([replace(WORDING, entry="gone")], faq, ("sl", "en")) == []


def test_a_file_that_is_not_toml_is_named(faq: Path) -> None:
    (faq / "starting" / "broken.toml").write_text("[sl\n")
    with pytest.raises(ValueError, match=r"broken\.toml: is not TOML"):
        export([WORDING], faq, ("sl", "en"))


def test_the_shipped_files_keep_every_line_they_had(tmp_path: Path) -> None:
    shipped = Path("knowledge/faq")
    (tmp_path / "tax").mkdir()
    shutil.copy(shipped / "tax" / "vat-threshold.toml", tmp_path / "tax")
    export([replace(WORDING, entry="vat-threshold")], tmp_path, ("sl", "en"))
    before = (shipped / "tax" / "vat-threshold.toml").read_text().splitlines()
    after = (tmp_path / "tax" / "vat-threshold.toml").read_text().splitlines()
    assert [line for line in after if line not in before] == ['    "Kako odprem \\"espe\\"\\\\s.p.?",']
    assert len(after) == len(before) + 1
