"""What happened at the desk, for its report: as it is kept for a while, and as the counts that are left of it for good."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import NamedTuple

from handlers.hours import Hours

FEWEST = 5
"""Smaller counts are not told: somebody might know who it was."""
_STEP = 5
"""Minutes to which the time until a reply is rounded up."""


class What(StrEnum):
    """What is counted."""

    QUESTION = "question"
    """By what the bot decided."""
    SHOWN = "shown"
    """Entries as answers."""
    NOT_HELPED = "not_helped"
    """Entries after which a person asked for more."""
    TICKET = "ticket"
    REPLY = "reply"
    """First human replies, by the opening minutes that passed before them."""
    RATING = "rating"
    """`like` or `dislike`."""


class Key(NamedTuple):
    day: date
    what: What
    subject: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with its words only where they are needed: when nothing answered it."""

    number: int
    at: datetime
    decision: str
    shown: tuple[str, ...] = ()
    helped: bool | None = None
    language: str = ""
    text: str = ""
    nearest: str = ""
    """The likeliest entry."""
    probability: float = 0.0
    person: str = ""
    """The name of who asked, to be left out where their words are shown."""


@dataclass(frozen=True, slots=True)
class Handled:
    """A ticket."""

    opened_at: datetime
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    liked: bool | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    asked: tuple[Asked, ...] = ()
    handled: tuple[Handled, ...] = ()
    kept: Mapping[Key, int] = field(default_factory=dict)
    """What is left of questions and tickets that are deleted."""

    def counts(self, hours: Hours) -> Counter[Key]:
        """By the desk's days, and its opening time."""
        found = Counter(_keys_of_questions(self.asked, hours))
        found.update(_keys_of_tickets(self.handled, hours))
        found.update(self.kept)
        return found


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions of a kind that the FAQ does not answer."""

    language: str
    nearest: str
    """The entry that comes nearest; empty when none is near."""
    count: int
    question: int
    """The number of the one that stands for all."""
    example: str
    """Its words, without personal data."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of the days from `since` to `until`, both included."""

    since: date
    until: date
    days: dict[date, Counter[str]]
    """Questions by what the bot decided."""
    tickets: int
    reply_minutes: int | None
    """Opening time within which half of the first human replies came."""
    liked: int
    disliked: int
    shown: Counter[str]
    """By entry."""
    not_helped: Counter[str]
    never_shown: tuple[str, ...]
    overdue: tuple[str, ...]
    unconfirmed: int
    gaps: tuple[Gap, ...]

    @property
    def decided(self) -> Counter[str]:
        return sum(self.days.values(), Counter())

    @property
    def questions(self) -> int:
        return self.decided.total()


def untold(rows: Sequence[Sequence[int]]) -> frozenset[int]:
    """The places of the rows that cannot be told where the sums of the columns are: by subtraction, too, no small count may come out."""
    ranked = sorted((place for place, row in enumerate(rows) if sum(row)), key=lambda place: sum(rows[place]))
    hidden = [place for place in ranked if any(_is_small(count) for count in rows[place])]
    others = [place for place in ranked if place not in hidden]
    while hidden and others and _follows([rows[place] for place in hidden]):
        hidden.append(others.pop(0))
    return frozenset(hidden)


def _follows(hidden: Sequence[Sequence[int]]) -> bool:
    """A small count is what is left of a column."""
    return len(hidden) == 1 or any(_is_small(sum(column)) for column in zip(*hidden, strict=True))


def _is_small(count: int) -> bool:
    return 0 < count < FEWEST


def _keys_of_questions(asked: tuple[Asked, ...], hours: Hours) -> Iterator[Key]:
    for one in asked:
        day = _day(one.at, hours)
        yield Key(day, What.QUESTION, one.decision)
        yield from (Key(day, What.SHOWN, entry) for entry in one.shown)
        if one.helped is False and one.shown:
            yield Key(day, What.NOT_HELPED, one.shown[-1])


def _keys_of_tickets(handled: tuple[Handled, ...], hours: Hours) -> Iterator[Key]:
    for one in handled:
        yield Key(_day(one.opened_at, hours), What.TICKET, "")
        if one.replied_at is not None:
            yield Key(_day(one.replied_at, hours), What.REPLY, str(_minutes(one.opened_at, one.replied_at, hours)))
        if one.liked is not None and one.closed_at is not None:
            yield Key(_day(one.closed_at, hours), What.RATING, "like" if one.liked else "dislike")


def _minutes(start: datetime, end: datetime, hours: Hours) -> int:
    """Of opening time; where no hours are known, every minute counts."""
    passed = hours.opening_time(start, end) if hours.week else end - start
    return ceil(passed / timedelta(minutes=_STEP)) * _STEP


def _day(at: datetime, hours: Hours) -> date:
    return at.astimezone(hours.zone).date()
