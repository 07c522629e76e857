"""Replies that advisers send by a short name: `replies.toml`, beside the FAQ's folder.

[<short-name>]
title = { sl = "…", en = "…" }      as listed in the staff channel
sl = "…"                            what the person reads; {name} {adviser} {ticket} {hours} {contact.email} … are filled in,
en = "…"                            and a paragraph whose value is not known is left out
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from knowledge import shapes
from knowledge.checks import PLACEHOLDERS, faults_of_text
from knowledge.content import ContentError, Problem
from knowledge.entries import Reply

FILE = "replies.toml"
_OWN = frozenset({"name", "adviser", "ticket"})
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TABLE = TypeAdapter(dict[str, dict[str, Any]])
_BY_LANGUAGE = TypeAdapter(dict[str, shapes.Text])


def beside(faq: Path) -> Path:
    """Where the replies of this FAQ's desk are."""
    return faq.parent / FILE


def load(path: Path, languages: Sequence[str]) -> tuple[Reply, ...]:
    """Raises ContentError with everything that is wrong with them. No file, no replies."""
    if not path.is_file():
        return ()
    problems: list[Problem] = []
    found = tuple(_reply(name, table, languages, problems) for name, table in _read(path).items())
    if problems:
        raise ContentError(problems)
    return found


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        return _TABLE.validate_python(tomllib.loads(path.read_text("utf-8")), strict=True)
    except UnicodeDecodeError:
        raise ContentError([Problem(FILE, "the file", "is not UTF-8 text; save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ContentError([Problem(FILE, "the file", f"is not TOML: {error}")]) from None
    except ValidationError as error:
        raise ContentError([Problem(FILE, key, sentence) for key, sentence in shapes.problems_of(error)]) from None


def _reply(name: str, table: dict[str, Any], languages: Sequence[str], problems: list[Problem]) -> Reply:
    if not _NAME.fullmatch(name):
        problems.append(Problem(FILE, f"[{name}]", "is no short name: small letters a–z, digits and single hyphens only"))
    titles = _by_language(table.pop("title", {}), (name, "title"), languages, problems)
    texts = _by_language(table, (name,), languages, problems)
    for language, text in texts.items():
        problems += [Problem(FILE, f"[{name}] {language}", sentence) for sentence in faults_of_text(text, PLACEHOLDERS | _OWN)]
    return Reply(name, titles, texts)


def _by_language(raw: object, place: tuple[str, ...], languages: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    try:
        texts = _BY_LANGUAGE.validate_python(raw, strict=True)
    except ValidationError as error:
        problems += [Problem(FILE, key, sentence) for key, sentence in shapes.problems_of(error, place)]
        return {}
    problems += [Problem(FILE, f"[{'.'.join(place)}] {code}", "is missing") for code in languages if code not in texts]
    return texts
