"""Load the FAQ's folder: every structural problem is found at once and named by file and key.

    topics.toml            [<topic>] sl, en: names; the order of the tables is the order in which topics are shown
    <topic>/<id>.toml      an entry: `shapes.EntryFile`, with a table `shapes.SideTable` per language
    small-talk.toml        [<kind>.<language>] reply, phrases
    wishes.toml            [wish.human.<language>], [wish.did-not-help.<language>], [wish.solved.<language>] phrases
    out-of-scope.toml      [near] and [far], each <language> = [questions that no entry answers]
    asked.jsonl            questions with known answers, a line each as for `helpdesk eval`: what the probabilities are learnt from
    synonyms.toml          groups = [[standard form, others…]…], [colloquial] spoken = "standard"

Only topics.toml and the entries must be there.
"""

import json
import re
import tomllib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from knowledge import shapes
from knowledge.entries import Asked, Content, Entry, Side, SmallTalkKind, Source, Topic

WISHES = ("human", "did_not_help", "solved")
_OWN_FILES = {"topics.toml", "small-talk.toml", "wishes.toml", "synonyms.toml", "out-of-scope.toml"}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2}")
_LETTERS = re.compile(r"[^\W\d_]+")

_TOPICS = TypeAdapter(dict[str, dict[str, shapes.Text | list[str]]])
_ENTRY = TypeAdapter(shapes.EntryFile)
_SIDE = TypeAdapter(shapes.SideTable)
_SMALL_TALK = TypeAdapter(dict[str, dict[str, shapes.SmallTalkTable]])
_WISHES = TypeAdapter(shapes.WishesFile)
_SYNONYMS = TypeAdapter(shapes.SynonymsFile)
_OUT_OF_SCOPE = TypeAdapter(shapes.OutOfScopeFile)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    file: str
    key: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.message}"


class ContentError(Exception):
    """The FAQ cannot be used until these problems are corrected in its files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def load(folder: Path, languages: Sequence[str] = ("sl", "en")) -> Content:
    """Read the FAQ, or raise a `ContentError` that lists everything wrong with it."""
    if not folder.is_dir():
        raise ContentError([Problem(str(folder), "the folder", "does not exist; [desk] knowledge in the configuration names it")])
    reading = _Reading(folder, tuple(languages))
    topics = reading.topics()
    synonyms = reading.file("synonyms.toml", _SYNONYMS) or shapes.SynonymsFile()
    entries = reading.entries(topics)
    content = Content(
        topics=topics,
        entries=entries,
        asked=reading.asked({entry.id for entry in entries}),
        small_talk=reading.small_talk(),
        wishes=reading.wishes(),
        out_of_scope=reading.out_of_scope(),
        synonyms=tuple(tuple(group) for group in synonyms.groups),
        colloquial=synonyms.colloquial,
        digest="",
    )
    if reading.problems:
        raise ContentError(reading.problems)
    return digested(content)


def from_lines(lines: Iterable[Mapping[str, Any]]) -> Content:
    """A knowledge base made of `{"text", "label", "lang"?}` lines: each label is an entry, a line without one is out of scope."""
    by_label: dict[str, dict[str, list[str]]] = {}
    unanswerable: dict[str, list[str]] = {}
    for line in lines:
        language = str(line.get("lang") or "en")
        label = line.get("label")
        texts = by_label.setdefault(str(label), {}) if label else unanswerable
        texts.setdefault(language, []).append(str(line["text"]))
    content = Content(
        topics=(Topic("lines", {"en": "Lines"}),),
        entries=tuple(_entry_of_lines(label, sides) for label, sides in by_label.items()),
        small_talk=(),
        wishes={},
        out_of_scope={language: tuple(texts) for language, texts in unanswerable.items()},
        synonyms=(),
        colloquial={},
        digest="",
    )
    return digested(content)


def _entry_of_lines(label: str, texts: Mapping[str, Sequence[str]]) -> Entry:
    sides = {
        language: Side(title=_spoken(label, wordings), wordings=tuple(wordings), keywords=(), answer="")
        for language, wordings in texts.items()
    }
    return Entry(id=label, topic="lines", sides=sides, reviewed=date.min)


def _spoken(label: str, wordings: Sequence[str]) -> str:
    """The label in words where the wordings use one of them (`card_declined`); a number only would be a wording that nobody says."""
    words = _LETTERS.findall(label)
    used = {word.lower() for text in wordings for word in _LETTERS.findall(text)}
    return " ".join(words) if used.intersection(word.lower() for word in words) else wordings[0]


def digested(content: Content) -> Content:
    """With the digest that belongs to what it holds now."""
    return replace(content, digest=sha256(repr(content).encode()).hexdigest())


@dataclass
class _Reading:
    """One pass over the folder, which collects problems instead of stopping at the first."""

    folder: Path
    languages: tuple[str, ...]
    problems: list[Problem] = field(default_factory=list)

    def topics(self) -> tuple[Topic, ...]:
        if not (self.folder / "topics.toml").is_file():
            self._problem("topics.toml", "the file", "is missing; it names the topics and their order")
        tables = self.file("topics.toml", _TOPICS) or {}
        return tuple(self._topic(topic, table) for topic, table in tables.items())

    def _topic(self, id: str, table: Mapping[str, str | list[str]]) -> Topic:
        names = {key: value for key, value in table.items() if isinstance(value, str)}
        self._need_languages("topics.toml", names, id)
        first = tuple(value) if isinstance(value := table.get("first"), list) else ()
        for entry in first:
            if not (self.folder / id / f"{entry}.toml").is_file():
                self._problem("topics.toml", f"[{id}] first", f"there is no entry {entry} in this topic")
        return Topic(id, names, first)

    def entries(self, topics: Sequence[Topic]) -> tuple[Entry, ...]:
        """In the order of the topics; within one those that it names first, then by id."""
        order = {topic.id: place for place, topic in enumerate(topics)}
        first = {id: place for topic in topics for place, id in enumerate(topic.first)}
        paths = sorted(
            self.folder.glob("*/*.toml"),
            key=lambda path: (order.get(path.parent.name, len(order)), first.get(path.stem, len(first)), path.parts),
        )
        self._check_places(paths, order)
        entries = (self._entry(path) for path in paths)
        return tuple(entry for entry in entries if entry is not None)

    def _check_places(self, paths: Sequence[Path], topics: Container[str]) -> None:
        for path in sorted(self.folder.glob("*.toml")):
            if path.name not in _OWN_FILES:
                self._problem(path.name, "the file", "has no place here; an entry belongs into the folder of its topic")
        first: dict[str, str] = {}
        for path in paths:
            name = self._name(path)
            if topics and path.parent.name not in topics:
                self._problem(name, "the folder", f"{path.parent.name} is not a topic in topics.toml")
            if not _ID.fullmatch(path.stem):
                self._problem(name, "the file's name", "is the entry's id: small letters a–z, digits and single hyphens only")
            if first.setdefault(path.stem, name) != name:
                self._problem(name, "the file's name", f"the same id stands in {first[path.stem]}; an id may be used once")

    def _entry(self, path: Path) -> Entry | None:
        name = self._name(path)
        raw = self._toml(name)
        if raw is None:
            return None
        tables = {key: raw.pop(key) for key in list(raw) if _LANGUAGE.fullmatch(key)}
        self._need_languages(name, tables)
        sides = {language: self._side(name, language, table) for language, table in tables.items()}
        file = self._checked(name, _ENTRY, raw)
        if file is None:
            return None
        return Entry(
            id=path.stem,
            topic=path.parent.name,
            sides={language: side for language, side in sides.items() if side},
            reviewed=file.reviewed,
            confirmed_by=file.confirmed_by,
            review_by=file.review_by,
            sensitive=file.sensitive,
            related=tuple(file.related),
            sources=tuple(Source(source.title, source.url) for source in file.sources),
        )

    def _side(self, name: str, language: str, table: object) -> Side | None:
        side = self._checked(name, _SIDE, table, language)
        if side is None:
            return None
        return Side(side.title, tuple(side.wordings), tuple(side.keywords), side.answer)

    def small_talk(self) -> tuple[SmallTalkKind, ...]:
        kinds = self.file("small-talk.toml", _SMALL_TALK) or {}
        for kind, sides in kinds.items():
            self._need_languages("small-talk.toml", sides, kind)
        return tuple(
            SmallTalkKind(
                id=kind,
                phrases={language: tuple(side.phrases) for language, side in sides.items()},
                replies={language: side.reply for language, side in sides.items()},
            )
            for kind, sides in kinds.items()
        )

    def wishes(self) -> dict[str, dict[str, tuple[str, ...]]]:
        file = self.file("wishes.toml", _WISHES) or shapes.WishesFile()
        wishes = {}
        for name, sides in file.wish.items():
            if (wish := name.replace("-", "_")) not in WISHES:
                self._problem("wishes.toml", f"[wish.{name}]", f"is not a wish; known are {', '.join(WISHES)}")
            self._need_languages("wishes.toml", sides, f"wish.{name}")
            wishes[wish] = {language: tuple(side.phrases) for language, side in sides.items()}
        return wishes

    def out_of_scope(self) -> dict[str, tuple[str, ...]]:
        file = self.file("out-of-scope.toml", _OUT_OF_SCOPE) or shapes.OutOfScopeFile()
        languages = dict.fromkeys((*file.near, *file.far))
        return {language: (*file.near.get(language, ()), *file.far.get(language, ())) for language in languages}

    def asked(self, entries: Container[str]) -> tuple[Asked, ...]:
        """Small talk among them is left out: it is known by its phrases."""
        name = "asked.jsonl"
        if not (self.folder / name).is_file():
            return ()
        found = []
        for number, line in enumerate((self.folder / name).read_text("utf-8", errors="replace").splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = shapes.AskedLine.model_validate(json.loads(line))
            except ValueError:
                self._problem(name, f"line {number}", 'should be {"text": "…", "lang": "…", "labels": [entries]}')
                continue
            if unknown := [label for label in row.labels if label not in entries]:
                self._problem(name, f"line {number}", f"there is no entry {', '.join(unknown)}")
            elif row.kind != "smalltalk":
                found.append(Asked(row.text, tuple(row.labels)))
        return tuple(found)

    def file(self, name: str, shape: TypeAdapter[T]) -> T | None:
        """What the file holds, or None if it is not there or something is wrong with it."""
        raw = self._toml(name) if (self.folder / name).is_file() else None
        return None if raw is None else self._checked(name, shape, raw)

    def _toml(self, name: str) -> dict[str, Any] | None:
        try:
            return tomllib.loads((self.folder / name).read_text("utf-8"))
        except UnicodeDecodeError as error:
            self._problem(name, "the file", f"is not UTF-8 text (byte {error.start + 1}); save it as UTF-8")
        except tomllib.TOMLDecodeError as error:
            self._problem(name, "the file", f"is not TOML: {error}")
        return None

    def _checked(self, name: str, shape: TypeAdapter[T], raw: object, *tables: str) -> T | None:
        try:
            return shape.validate_python(raw, strict=True)
        except ValidationError as error:
            for key, sentence in shapes.problems_of(error, tables):
                self._problem(name, key, sentence)
            return None

    def _need_languages(self, name: str, sides: Container[str], table: str = "") -> None:
        for language in self.languages:
            if language not in sides:
                key = f"[{table}.{language}]" if table and name != "topics.toml" else f"[{table or language}]"
                self._problem(name, key, f'has no "{language}" side; everything stands in every language of the desk')

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _problem(self, file: str, key: str, message: str) -> None:
        self.problems.append(Problem(file, key, message))
