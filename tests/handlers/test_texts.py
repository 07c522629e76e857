"""What the bot says: everything there in both languages, and nothing that a Slovene editor would send back."""

import re
from dataclasses import fields

import pytest

from handlers import advisers, commands, texts
from handlers.texts import Texts

BOTH = texts.load(("sl", "en"))


def sentences(language: Texts) -> dict[str, str]:
    found = {}
    for field in fields(language):
        value = getattr(language, field.name)
        for key, text in value.items() if isinstance(value, dict) else [("", value)]:
            found[f"{field.name}.{key}"] = " ".join(text) if isinstance(text, tuple) else text
    return found


def test_a_language_without_texts_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"xx\.toml: not there"):
        texts.load(("xx",))


def test_both_languages_fill_in_the_same() -> None:
    for field in fields(Texts):
        slovene, english = (getattr(BOTH[code], field.name) for code in ("sl", "en"))
        if isinstance(slovene, str) and field.name not in ("until_today", "until_day", "full_hour"):
            assert set(re.findall(r"{(\w+)", slovene)) == set(re.findall(r"{(\w+)", english)), field.name


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 dan"), (2, "2 dneva"), (3, "3 dni"), (4, "4 dni"), (5, "5 dni"), (101, "101 dan"), (102, "102 dneva")]
)
def test_slovene_has_its_four_numbers(n: int, said: str) -> None:
    assert BOTH["sl"].plural(BOTH["sl"].days, n) == said


def test_slovene_quotes_and_no_gendered_slashes() -> None:
    for name, text in sentences(BOTH["sl"]).items():
        assert not re.search(r'["“”„]', text), name
        assert not re.search(r"\w/(a|ka|la|na)\b", text), name


def test_every_command_is_in_the_help_of_its_language() -> None:
    for english, (slovene, _) in commands.NAMES.items():
        if english not in ("start", "help"):
            assert f"/{slovene} " in BOTH["sl"].help
            assert f"/{english} " in BOTH["en"].help
    for english, (slovene, _) in advisers.NAMES.items():
        if english != "help":
            assert f"/{slovene} " in BOTH["sl"].staff_help
            assert f"/{english} " in BOTH["en"].staff_help
