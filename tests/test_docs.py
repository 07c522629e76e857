"""What can go stale: the handbooks name every command, and every command and button has its test. With -s the list is printed."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers import advisers, commands
from handlers.orders import Verb
from handlers.texts import Texts, load

ROOT = Path(__file__).parent.parent
OF_ADVISERS = [name for english, (slovene, _) in advisers.NAMES.items() for name in (english, slovene)]
OF_PEOPLE = [name for english, (slovene, _) in commands.NAMES.items() for name in (english, slovene)]

LABELS = {
    Verb.NONE_OF_THESE: ("none_of_these",),
    Verb.HELPED: ("helped_yes",),
    Verb.NOT_HELPED: ("helped_no",),
    Verb.TOPICS: ("back_to_topics",),
    Verb.FORGET: ("forget_yes",),
    Verb.KEEP: ("forget_no",),
    Verb.REOPEN: ("reopen",),
    Verb.UNSOLVED: ("reopen",),
    Verb.OPEN_CHAT: ("write_privately",),
    Verb.CLAIM: ("claim",),
    Verb.RELEASE: ("release",),
    Verb.CLOSE: ("close",),
    Verb.REOPEN_TICKET: ("reopen_ticket",),
    Verb.SEND_ENTRY: ("send_as_it_is",),
    Verb.DRAFT: ("draft_button",),
    Verb.DRAFT_WORDING: ("draft_add",),
    Verb.DRAFT_ENTRY: ("draft_new",),
    Verb.DRAFT_CANCEL: ("draft_cancel",),
    Verb.APPROVE: ("draft_approve",),
    Verb.REJECT: ("draft_reject",),
    Verb.MASK: ("take_out",),
    Verb.UNMASK: ("unmask",),
    Verb.TAKE_OVER: ("take_over", "take_over_and_send"),
    Verb.SEND_HELD: ("send_anyway", "reopen_and_send"),
    Verb.KEEP_HELD: ("do_not_send",),
    Verb.CLOSE_HELD: ("send_and_close", "close_anyway"),
    Verb.SOLVED: ("solved",),
    Verb.LIKE: ("like",),
    Verb.DISLIKE: ("dislike",),
    Verb.WRITE_ANSWER: ("gap_write",),
    Verb.CANCEL_ANSWER: ("draft_cancel",),
}
"""The text on a button, where it has one of its own."""
NAMED_OTHERWISE = {
    Verb.SHOW_ENTRY: r"Naslov \S+ \(\d|presses\(\"\w+\", \"(Naslov|Title)",
    Verb.TOPIC: r"Začetek|Starting",
    Verb.LANGUAGE: r"Slovenščina|English",
    Verb.SHOW_DRAFT: r"SHOW_DRAFT|/predlogi|/drafts",
    Verb.COMMENT: r"commented|person_commented|pripisala",
}
"""Buttons that are called after what they lead to, and what is awaited without a button."""


@pytest.fixture(scope="module")
def tests() -> dict[str, str]:
    """Each test of the project with its source, and that of what it uses of its own file."""
    found: dict[str, str] = {}
    for file in sorted((ROOT / "tests").rglob("*.py")):
        if file.name != Path(__file__).name:
            found |= dict(_tests_in(file))
    return found


def _tests_in(file: Path) -> Iterator[tuple[str, str]]:
    source = file.read_text(encoding="utf-8")
    defined = {name: _source(node, source) for node in ast.parse(source).body for name in _names(node)}
    for name, text in defined.items():
        if name.startswith("test_"):
            used = [other for word, other in defined.items() if word != name and re.search(rf"\b{word}\b", text)]
            yield f"{file.relative_to(ROOT / 'tests')}::{name}", "\n".join([text, *used])


def _source(node: ast.stmt, source: str) -> str:
    decorators = getattr(node, "decorator_list", [])
    return "\n".join(ast.get_source_segment(source, part) or "" for part in (*decorators, node))


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [found.id for target in targets for found in ast.walk(target) if isinstance(found, ast.Name)]
        case _:
            return []


def _covering(pattern: str, tests: dict[str, str]) -> list[str]:
    return [name for name, source in tests.items() if re.search(pattern, source)]


def _report(title: str, covered: dict[str, list[str]]) -> None:
    print(f"\n{title}")
    for name, found in covered.items():
        print(f"  {name:16} {len(found):3}  {found[0] if found else '–'}")


@pytest.mark.parametrize(("page", "names"), [("advisers.md", OF_ADVISERS), ("creatives.md", OF_PEOPLE)])
def test_the_handbooks_name_every_command_and_no_other(page: str, names: list[str]) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`[/!]([a-z]+)", text))
    assert set(names) - named == set()
    assert named - set(names) == set()


@pytest.mark.parametrize("language", ["sl", "en"])
def test_every_button_that_advisers_see_stands_in_their_handbook(language: str) -> None:
    text = (ROOT / "docs" / "advisers.md").read_text(encoding="utf-8")
    texts = load(("sl", "en"))[language]
    labels = [label for verb in LABELS if verb in _OF_ADVISERS for label in _labels(verb, texts)]
    assert [label for label in labels if label not in text] == []


_OF_ADVISERS = (
    *(Verb.CLAIM, Verb.RELEASE, Verb.CLOSE, Verb.REOPEN_TICKET, Verb.SEND_ENTRY, Verb.NONE_OF_THESE, Verb.DRAFT, Verb.DRAFT_WORDING),
    *(Verb.DRAFT_ENTRY, Verb.DRAFT_CANCEL, Verb.APPROVE, Verb.REJECT, Verb.UNMASK, Verb.TAKE_OVER, Verb.SEND_HELD, Verb.KEEP_HELD),
    *(Verb.CLOSE_HELD, Verb.WRITE_ANSWER),
)


@pytest.mark.parametrize("table", [advisers.NAMES, commands.NAMES], ids=["advisers", "people"])
def test_every_command_has_its_test(table: dict[str, tuple[str, object]], tests: dict[str, str]) -> None:
    covered = {english: _covering(rf"[\"' ][/!]({english}|{slovene})\b", tests) for english, (slovene, _) in table.items()}
    _report("command", covered)
    assert [name for name, found in covered.items() if not found] == []


def test_every_button_has_its_test(tests: dict[str, str]) -> None:
    texts = load(("sl", "en")).values()
    covered = {}
    for verb in Verb:
        labels = [re.escape(label) for one in texts for label in _labels(verb, one)]
        pattern = "|".join([*labels, rf"Verb\.{verb.name}\b", *([NAMED_OTHERWISE[verb]] if verb in NAMED_OTHERWISE else [])])
        covered[verb.value] = _covering(pattern, tests)
    _report("button", covered)
    assert [name for name, found in covered.items() if not found] == []


def _labels(verb: Verb, texts: Texts) -> Iterator[str]:
    """Without what the program fills in."""
    for name in LABELS.get(verb, ()):
        label = re.split(r"\{\w+\}", getattr(texts, name))
        yield max(label, key=len).strip(" :»«“”")
