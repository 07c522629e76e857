"""What may stand in the FAQ's files, for pydantic to check: each model is one file or table, each field one key."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SourceTable(_Table):
    title: Text
    url: Text


class SideTable(_Table):
    title: Text
    wordings: Annotated[list[Text], Field(min_length=1)]
    keywords: list[Text] = []
    answer: Text


class EntryFile(_Table):
    """An entry without its languages, which are tables named by language code."""

    reviewed: date
    confirmed_by: str = ""
    review_by: date | None = None
    sensitive: bool = False
    related: list[Text] = []
    sources: list[SourceTable] = []


class SmallTalkTable(_Table):
    reply: Text
    phrases: Annotated[list[Text], Field(min_length=1)]


class WishTable(_Table):
    phrases: Annotated[list[Text], Field(min_length=1)]


class WishesFile(_Table):
    wish: dict[str, dict[str, WishTable]] = {}


class SynonymsFile(_Table):
    groups: list[Annotated[list[Text], Field(min_length=2)]] = []
    colloquial: dict[str, Text] = {}


class AskedLine(_Table):
    text: Text
    lang: str
    labels: list[str]
    kind: str = ""


class OutOfScopeFile(_Table):
    near: dict[str, list[Text]] = {}
    far: dict[str, list[Text]] = {}


_SENTENCES: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that belongs here",
    "string_too_short": "is empty",
    "too_short": "has too few items",
    "string_type": "must be text in quotes",
    "list_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date such as 2026-11-20, without quotes",
    "bool_type": "must be true or false, without quotes",
}


def problems_of(error: ValidationError, tables: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Key and sentence of each problem, in the words of whoever edits the file."""
    for detail in error.errors(include_url=False, include_context=False):
        found = "" if detail["type"] in ("missing", "extra_forbidden") else f", found {_shorten(detail['input'])}"
        yield key_of((*tables, *detail["loc"])), _SENTENCES.get(detail["type"], detail["msg"]) + found


def key_of(path: tuple[int | str, ...]) -> str:
    """The place in the file as its editor sees it: `[sl] wordings, no. 3`."""
    if not path:
        return "the file"
    *tables, last = _numbered(path)
    return f"[{'.'.join(tables)}] {last}" if tables else last


def _numbered(path: tuple[int | str, ...]) -> list[str]:
    parts: list[str] = []
    for step in path:
        if isinstance(step, int) and parts:
            parts[-1] += f", no. {step + 1}"
        else:
            parts.append(str(step))
    return parts


def _shorten(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"
