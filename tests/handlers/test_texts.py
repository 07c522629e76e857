"""What the bot says: everything there in both languages, and nothing that a Slovene editor would send back."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from handlers import advisers, cards, commands, texts
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


def test_whatever_happens_to_a_ticket_has_its_words_in_the_history() -> None:
    """`Happening` and its builders take what happened as their fourth argument, or as `what`."""
    written = set()
    for file in Path(advisers.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("Happening", "happened", "_happened", "changed"):
                named = [keyword.value for keyword in call.keywords if keyword.arg == "what"]
                written |= {part.value for what in (*call.args[3:4], *named) for part in ast.walk(what) if isinstance(part, ast.Constant)}
    names = {what.partition(":")[0] for what in written} | {cards.NONE_FIT}
    assert {"opened", "drafted", "unmasked", "asked_again"} <= names
    for language in BOTH.values():
        assert names <= set(language.happened), language.code


def test_every_command_is_in_the_help_of_its_language() -> None:
    for english, (slovene, _) in commands.NAMES.items():
        if english not in ("start", "help"):
            assert f"/{slovene} " in BOTH["sl"].help
            assert f"/{english} " in BOTH["en"].help
    for english, (slovene, _) in advisers.NAMES.items():
        if english != "help":
            assert f"/{slovene} " in BOTH["sl"].staff_help
            assert f"/{english} " in BOTH["en"].staff_help
