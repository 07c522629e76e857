"""What the desk knows: entries, and what else a person may say to it. Plain values, loaded by `knowledge.content`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Side:
    """An entry in one language."""

    title: str
    wordings: tuple[str, ...]
    keywords: tuple[str, ...]
    answer: str
    """Markdown (paragraphs, bold, lists, links) with placeholders such as `{contact.email}`."""


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    topic: str
    sides: Mapping[str, Side]
    """By language code: the desk's languages, or a single one while an entry that was approved in chat waits for its curator."""
    reviewed: date
    confirmed_by: str = ""
    review_by: date | None = None
    sensitive: bool = False
    related: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    def side(self, language: str) -> Side:
        """In this language; in the one that there is, where this one is missing."""
        return self.sides.get(language) or next(iter(self.sides.values()))


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    names: Mapping[str, str]
    first: tuple[str, ...] = ()
    """Entries in the order in which they are shown; the others follow."""


@dataclass(frozen=True, slots=True)
class SmallTalkKind:
    """What people say that is no question, with the line that answers it."""

    id: str
    phrases: Mapping[str, tuple[str, ...]]
    replies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that people asked, with the entries that answer it; none when a human must."""

    text: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Everything the FAQ's folder holds, checked."""

    topics: tuple[Topic, ...]
    entries: tuple[Entry, ...]
    small_talk: tuple[SmallTalkKind, ...]
    wishes: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Wish kind (`human`, `did_not_help`, `solved`) → language → phrases."""
    out_of_scope: Mapping[str, tuple[str, ...]]
    """Language → questions that a human must answer."""
    synonyms: tuple[tuple[str, ...], ...]
    """Groups of expressions that mean the same; the first of a group is the standard form."""
    colloquial: Mapping[str, str]
    """Spoken or dialect Slovene form → standard form (`kva` → `kaj`)."""
    digest: str
    """Changes exactly when the content does."""
    asked: tuple[Asked, ...] = ()
    """What the matcher's probabilities are learnt from."""

    def entry(self, id: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.id == id), None)


@dataclass(frozen=True, slots=True)
class Reply:
    """What advisers send by a short name; titles and texts by language."""

    name: str
    titles: Mapping[str, str]
    texts: Mapping[str, str]
