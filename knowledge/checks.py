"""What a curator should put right, beyond what makes the FAQ unreadable."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from knowledge import markup, words
from knowledge.content import Problem
from knowledge.entries import Content, Entry, Side
from knowledge.matching import confusions

FEWEST_WORDINGS = 40
LONGEST_TITLE = 60
LONGEST_ANSWER = 1_500
PLACEHOLDERS = frozenset(
    {
        *(f"contact.{key}" for key in ("address", "phone", "email", "website", "appointment")),
        *("hours", "privacy.keep_closed_days", "privacy.contact"),
    }
)
_AMOUNT = re.compile(r"\d[\d.,\s]*(?:(?:tisoč|milijon|thousand|million)\w*\s+)?(?:EUR|€|eur\b|evr|%|euro|odstot|percent)|(?:EUR|€)\s?\d")
_YEAR = re.compile(r"\b20\d\d\b")


def check(content: Content, folder: Path, today: date) -> list[Problem]:
    """Every breach of the curation rules in a content that was loaded from this folder, files in order, warnings included."""
    return sorted([*faults(content, folder, today), *_confusions(content)], key=lambda problem: problem.file)


def faults(content: Content, folder: Path, today: date) -> list[Problem]:
    """The breaches that are found by reading alone, in a moment."""
    problems = [problem for entry in content.entries for problem in _check_entry(entry, content, today)]
    return [*problems, *_unread_files(folder), *_empty_topics(content), *_check_replies(content), *_same_texts(content)]


def _check_entry(entry: Entry, content: Content, today: date) -> Iterator[Problem]:
    file = file_of(entry)
    for related in entry.related:
        if related == entry.id:
            yield Problem(file, "related", "names the entry itself")
        elif content.entry(related) is None:
            yield Problem(file, "related", f"there is no entry {related}")
    for number, source in enumerate(entry.sources, start=1):
        if not _is_address(source.url):
            yield Problem(file, f"[sources, no. {number}] url", f"is no address (https://…): {source.url}")
    if entry.reviewed > today:
        yield Problem(file, "reviewed", f"{entry.reviewed} is yet to come")
    if entry.review_by is not None and entry.review_by <= entry.reviewed:
        yield Problem(file, "review_by", f"{entry.review_by} is not after the last review, {entry.reviewed}")
    elif entry.review_by is not None and entry.review_by < today:
        yield Problem(file, "review_by", f"the review was due on {entry.review_by}", warning=True)
    for language, side in entry.sides.items():
        yield from _check_side(file, language, side)


def _check_side(file: str, language: str, side: Side) -> Iterator[Problem]:
    if len(side.title) > LONGEST_TITLE:
        yield Problem(file, f"[{language}] title", f"has {len(side.title)} characters; a button shows {LONGEST_TITLE}")
    if len(side.wordings) < FEWEST_WORDINGS:
        yield Problem(file, f"[{language}] wordings", f"are {len(side.wordings)}; at least {FEWEST_WORDINGS} are needed")
    if len(side.answer) > LONGEST_ANSWER:
        yield Problem(file, f"[{language}] answer", f"has {len(side.answer)} characters; at most {LONGEST_ANSWER} are read")
    yield from (Problem(file, f"[{language}] answer", sentence) for sentence in faults_of_text(side.answer))
    for paragraph in re.split(r"\n\s*\n", side.answer):
        if (amount := _AMOUNT.search(paragraph)) and not _YEAR.search(paragraph):
            yield Problem(file, f"[{language}] answer", f'"{amount[0].strip()}" has no year in its paragraph')


def faults_of_text(text: str, placeholders: frozenset[str] = PLACEHOLDERS) -> Iterator[str]:
    """What is wrong with a Markdown text of ours, a sentence each."""
    for element in markup.outside(text):
        yield f"uses {element}; only paragraphs, lists, **bold** and [links](https://…) are shown everywhere"
    for name in dict.fromkeys(markup.placeholders(text)):
        if name not in placeholders:
            yield f"there is no placeholder {{{name}}}; known are {', '.join(sorted(placeholders))}"
    if re.search(r"[{}]", markup.without_placeholders(text)):
        yield "has a curly bracket that belongs to no placeholder"
    for url in markup.links(text):
        if not _is_address(url) and not markup.placeholders(url):
            yield f"links to what is no address (https://…): {url}"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme in ("mailto", "tel"):
        return bool(parts.path)
    return parts.scheme in ("http", "https") and "." in parts.netloc and not re.search(r"\s", url)


def _unread_files(folder: Path) -> Iterator[Problem]:
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in place.parts) or place.as_posix() == "asked.jsonl"
        if path.is_file() and not hidden and (path.suffix != ".toml" or len(place.parts) > 2):
            yield Problem(place.as_posix(), "the file", "is not read: entries are <topic>/<id>.toml", warning=True)


def _empty_topics(content: Content) -> Iterator[Problem]:
    used = {entry.topic for entry in content.entries}
    for topic in content.topics:
        if topic.id not in used:
            yield Problem("topics.toml", f"[{topic.id}]", "has no entry", warning=True)


def _check_replies(content: Content) -> Iterator[Problem]:
    for kind in content.small_talk:
        for language, reply in kind.replies.items():
            yield from (Problem("small-talk.toml", f"[{kind.id}.{language}] reply", sentence) for sentence in faults_of_text(reply))


@dataclass(frozen=True, slots=True)
class _Place:
    file: str
    key: str
    meaning: str
    """What the matcher makes of the text: two places of one meaning are only superfluous, of two meanings wrong."""


def _same_texts(content: Content) -> Iterator[Problem]:
    places: dict[str, list[tuple[_Place, str]]] = defaultdict(list)
    for place, text in _texts(content):
        places[words.plain_key(text)].append((place, text))
    for (first, _), *others in (found for key, found in places.items() if key and len(found) > 1):
        for place, text in others:
            if place.meaning != first.meaning:
                yield Problem(place.file, place.key, f'"{text}" stands also in {first.file}, {first.key}')
            elif place == first:
                yield Problem(place.file, place.key, f'"{text}" stands there twice', warning=True)


def _texts(content: Content) -> Iterator[tuple[_Place, str]]:
    for entry in content.entries:
        for language, side in entry.sides.items():
            yield _Place(file_of(entry), f"[{language}] title", entry.id), side.title
            yield from ((_Place(file_of(entry), f"[{language}] wordings", entry.id), text) for text in side.wordings)
    for language, texts in content.out_of_scope.items():
        yield from ((_Place("out-of-scope.toml", language, "out of scope"), text) for text in texts)
    for kind in content.small_talk:
        yield from _phrases("small-talk.toml", kind.id, kind.phrases)
    for wish, phrases in content.wishes.items():
        yield from _phrases("wishes.toml", f"wish.{wish}", phrases)


def _phrases(file: str, name: str, by_language: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[_Place, str]]:
    for language, phrases in by_language.items():
        yield from ((_Place(file, f"[{name}.{language}] phrases", name), phrase) for phrase in phrases)


def _confusions(content: Content) -> Iterator[Problem]:
    for one in confusions(content):
        language = next(language for language, side in one.entry.sides.items() if one.wording in (*side.wordings, side.title))
        sentence = f'"{one.wording}" would go to {one.taken_for.id} ({one.probability:.0%})'
        yield Problem(file_of(one.entry), f"[{language}] wordings", sentence, warning=True)


@dataclass(frozen=True, slots=True)
class Stale:
    entry: Entry
    overdue: bool
    """Its review date has passed."""
    unconfirmed: bool
    """Nobody at the desk has confirmed it yet."""


def stale(content: Content, today: date) -> list[Stale]:
    """What needs a look: entries past their review date first, then those that nobody has confirmed."""
    looked = [Stale(entry, entry.review_by is not None and entry.review_by < today, not entry.confirmed_by) for entry in content.entries]
    return sorted((one for one in looked if one.overdue or one.unconfirmed), key=lambda one: not one.overdue)


def file_of(entry: Entry) -> str:
    return f"{entry.topic}/{entry.id}.toml"
