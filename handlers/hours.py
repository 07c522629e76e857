"""When the desk is open, when it opens next, and by when an answer can be promised."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import holidays
from babel.dates import format_date

from handlers.texts import Texts

Span = tuple[time, time]


@dataclass(frozen=True)
class Hours:
    zone: ZoneInfo
    week: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    """Opening times by weekday, Monday is 0. Empty: no hours are known and nothing is promised."""
    country: str = ""
    """Whose public holidays close the desk, an ISO 3166 code; empty for none."""
    closed: frozenset[date] = frozenset()
    answer_within: timedelta = timedelta(hours=6)
    """Opening time within which an answer is promised."""

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        return any(start <= local < end for start, end in self._spans(local.date()))

    def expected(self, now: datetime) -> datetime | None:
        """When an answer is promised for a question asked now; None when no hours are known."""
        return self.after(now, self.answer_within)

    def after(self, start: datetime, opening: timedelta) -> datetime | None:
        """The moment when this much opening time has passed since `start`; None when there is none within a year."""
        left = opening
        for begin, end in self._spans_from(start):
            begin = max(begin, start)
            length = end.astimezone(UTC) - begin.astimezone(UTC)
            if length >= left:
                return (begin.astimezone(UTC) + left).astimezone(self.zone)
            left -= max(length, timedelta())
        return None

    def opening_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time between the two the desk was open."""
        total = timedelta()
        for opens, closes in self._spans_from(start):
            if opens >= end:
                break
            total += max(min(closes, end).astimezone(UTC) - max(opens, start).astimezone(UTC), timedelta())
        return total

    def opens(self, after: datetime) -> datetime | None:
        """When it opens next after that moment; None when it does not within a year."""
        return next((begin for begin, _ in self._spans_from(after) if begin > after), None)

    def day_begins(self, after: datetime) -> datetime | None:
        """The first opening of the next day whose first opening is still to come."""
        return next(self._mornings(after), None)

    def week_begins(self, weekday: int, after: datetime) -> datetime | None:
        """The first opening of the next week, which begins on this weekday; on the day after when that one is a holiday."""
        return next((morning for morning in self._mornings(after) if self._begins_week(morning, weekday)), None)

    def _begins_week(self, morning: datetime, weekday: int) -> bool:
        first = morning.date() - timedelta(days=(morning.weekday() - weekday) % 7)
        return not any(list(self._spans(first + timedelta(days=day))) for day in range((morning.date() - first).days))

    def _mornings(self, after: datetime) -> Iterator[datetime]:
        first = after.astimezone(self.zone).date()
        for day in range(366):
            begins = [begin for begin, _ in self._spans(first + timedelta(days=day))]
            if begins and min(begins) > after:
                yield min(begins)

    def _spans_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = start.astimezone(self.zone).date()
        for day in range(366):
            for begin, end in self._spans(first + timedelta(days=day)):
                if end > start:
                    yield begin, end

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if day in self.closed or day in self._holidays:
            return
        for begin, end in self.week.get(day.weekday(), ()):
            yield datetime.combine(day, begin, self.zone), datetime.combine(day, end, self.zone)

    @cached_property
    def _holidays(self) -> holidays.HolidayBase:
        return holidays.country_holidays(self.country) if self.country else holidays.HolidayBase()


def until(moment: datetime, now: datetime, texts: Texts) -> str:
    """`do torka, 24. 11. 2026, do 10. ure`: what was promised, rounded up to a quarter of an hour."""
    shown = _round_up(moment)
    clock = texts.full_hour if shown.minute == 0 else texts.hour_minute
    time_text = clock.format(hour=shown.hour, minute=shown.minute)
    if shown.date() == now.astimezone(shown.tzinfo).date():
        return texts.until_today.format(time=time_text)
    return texts.until_day.format(weekday=texts.weekdays_until[shown.weekday()], date=written(shown.date(), texts), time=time_text)


def at(moment: datetime, now: datetime, texts: Texts) -> str:
    """`v torek, 24. 11. 2026, ob 9. uri`: when it opens."""
    clock = texts.full_hour_at if moment.minute == 0 else texts.hour_minute
    time_text = clock.format(hour=moment.hour, minute=moment.minute)
    if moment.date() == now.astimezone(moment.tzinfo).date():
        return texts.at_today.format(time=time_text)
    return texts.at_day.format(weekday=texts.weekdays_at[moment.weekday()], date=written(moment.date(), texts), time=time_text)


def written(day: date, texts: Texts) -> str:
    """`24. 11. 2026`, `24 November 2026`."""
    return format_date(day, texts.date_pattern, locale=texts.code)


def opening(hours: Hours, texts: Texts) -> str:
    """The week's opening hours, days with the same hours together: `ponedeljek–četrtek 9.00–15.00, petek 9.00–13.00`."""
    groups: list[tuple[list[int], tuple[Span, ...]]] = []
    for day in range(7):
        spans = hours.week.get(day, ())
        if groups and groups[-1][1] == spans and groups[-1][0][-1] == day - 1:
            groups[-1][0].append(day)
        elif spans:
            groups.append(([day], spans))
    return ", ".join(f"{_days(days, texts)} {_spans(spans, texts)}" for days, spans in groups)


def _days(days: list[int], texts: Texts) -> str:
    first, last = texts.weekdays[days[0]], texts.weekdays[days[-1]]
    return first if len(days) == 1 else f"{first}–{last}"


def _spans(spans: tuple[Span, ...], texts: Texts) -> str:
    def clock(at: time) -> str:
        return texts.hour_minute.format(hour=at.hour, minute=at.minute)

    return texts.listed([f"{clock(begin)}–{clock(end)}" for begin, end in spans])


def _round_up(moment: datetime) -> datetime:
    over = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not over else moment + timedelta(minutes=15) - over
