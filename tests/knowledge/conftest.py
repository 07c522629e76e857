from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from knowledge.entries import Content, Entry, Side, SmallTalkKind, Topic
from knowledge.matching import Matcher, Settings, train

TOPICS = """
[starting]
sl = "Začetek"
en = "Starting out"
"""

ENTRY = """
reviewed = 2026-11-20
review_by = 2027-01-31

[[sources]]
title = "SPOT: Registracija"
url = "https://spot.gov.si"

[sl]
title = "Kako odprem s.p.?"
wordings = ["Kako odprem s.p.?", "rada bi postala podjetnica"]
keywords = ["espe"]
answer = "S.p. odprete na točki SPOT."

[en]
title = "How do I register as a sole trader?"
wordings = ["How do I open an s.p.?"]
answer = "You register at a SPOT point."
"""

Write = Callable[[str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small FAQ in which nothing is wrong."""
    (tmp_path / "starting").mkdir()
    (tmp_path / "topics.toml").write_text(TOPICS, "utf-8")
    (tmp_path / "starting/sp-register.toml").write_text(ENTRY, "utf-8")
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Write:
    def write(name: str, text: str) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")

    return write


@pytest.fixture
def change(folder: Path) -> Write:
    """Replace one piece of the entry's file by another."""

    def change(old: str, new: str) -> None:
        assert old in ENTRY
        (folder / "starting/sp-register.toml").write_text(ENTRY.replace(old, new), "utf-8")

    return change


def an_entry(id: str, sl: tuple[str, ...] = (), en: tuple[str, ...] = ()) -> Entry:
    sides = {language: Side(id, wordings, (), f"answer {id}") for language, wordings in (("sl", sl), ("en", en))}
    return Entry(id=id, topic="starting", sides=sides, reviewed=date(2026, 11, 20))


REGISTER = an_entry(
    "sp-register",
    sl=("Kako odprem s.p.?", "Kje registriram samostojno dejavnost?", "Rada bi postala samostojna podjetnica", "odpiranje espeja"),
    en=("How do I open an s.p.?", "Where do I register as a sole trader?", "become self-employed"),
)
COPYRIGHT = an_entry(
    "copyright-basics",
    sl=("Kako zaščitim svojo ilustracijo?", "Koliko časa traja avtorska pravica?", "Nekdo mi je ukradel fotografijo", "avtorske pravice"),
    en=("How do I protect my drawing?", "How long does copyright last?", "Somebody stole my photograph"),
)
VAT = an_entry(
    "vat-threshold",
    sl=("Kdaj postanem zavezanec za DDV?", "Moram obračunati davek na dodano vrednost?", "prag za ddv", "Presegla sem promet za ddv"),
    en=("When must I register for VAT?", "Do I charge value added tax?", "vat threshold"),
)


@pytest.fixture
def small_faq() -> Content:
    return Content(
        topics=(Topic("starting", {"sl": "Začetek", "en": "Starting out"}),),
        entries=(REGISTER, COPYRIGHT, VAT),
        small_talk=(
            SmallTalkKind(
                "greeting", {"sl": ("Dober dan", "Živjo"), "en": ("Hello", "Good morning")}, {"sl": "Pozdravljeni.", "en": "Hello."}
            ),
            SmallTalkKind("thanks", {"sl": ("Hvala lepa", "👍"), "en": ("Thank you",)}, {"sl": "Ni za kaj.", "en": "You are welcome."}),
            SmallTalkKind("noise", {"sl": ("asdf",), "en": ("test",)}, {"sl": "Kako lahko pomagam?", "en": "How can I help?"}),
        ),
        wishes={
            "human": {"sl": ("Rad bi govoril s človekom", "svetovalec"), "en": ("I want to talk to a human", "adviser")},
            "did_not_help": {"sl": ("To mi ni pomagalo",), "en": ("That did not help",)},
        },
        out_of_scope={"sl": ("Kakšno bo jutri vreme?",), "en": ("What is the weather tomorrow?",)},
        synonyms=(("s.p.", "espe", "samostojni podjetnik"), ("ddv", "davek na dodano vrednost", "vat")),
        colloquial={"kva": "kaj", "kolk": "koliko"},
        digest="small",
    )


@pytest.fixture
def matcher(small_faq: Content) -> Matcher:
    return train(small_faq, Settings(semantic=False))
