"""When the desk is open and what can be promised."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from handlers import hours, texts
from handlers.hours import Hours, opening, until
from tests.faq import LJUBLJANA, TUESDAY

WEEK = {day: ((time(9), time(12)), (time(13), time(16))) for day in range(4)} | {4: ((time(9), time(12)),)}
DESK = Hours(zone=LJUBLJANA, week=WEEK, country="SI", closed=frozenset({date(2026, 11, 26)}))
SL, EN = (texts.load(("sl", "en"))[code] for code in ("sl", "en"))


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=LJUBLJANA)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(2026, 11, 24, 9, 0), True),
        (at(2026, 11, 24, 12, 0), False),
        (at(2026, 11, 24, 15, 59), True),
        (at(2026, 11, 26, 10, 0), False),  # closed that day
        (at(2026, 12, 25, 10, 0), False),  # Christmas
        (at(2026, 11, 28, 10, 0), False),  # Saturday
    ],
)
def test_open_by_hours_holidays_and_closed_days(moment: datetime, is_open: bool) -> None:
    assert DESK.is_open(moment) is is_open


def test_opening_time_runs_over_lunch_closed_days_and_weekends() -> None:
    wednesday = at(2026, 11, 25, 14, 0)
    assert DESK.after(wednesday, timedelta(hours=2)) == at(2026, 11, 25, 16, 0)
    assert DESK.after(wednesday, timedelta(hours=3)) == at(2026, 11, 27, 10, 0)
    assert DESK.after(wednesday, timedelta(hours=6)) == at(2026, 11, 30, 10, 0)
    assert DESK.opening_time(wednesday, at(2026, 11, 30, 10, 0)) == timedelta(hours=6)


def test_the_night_of_the_clock_change_loses_no_hour() -> None:
    night = Hours(zone=LJUBLJANA, week={6: ((time(1), time(5)),)})
    assert night.after(at(2026, 10, 25, 0, 0), timedelta(hours=5)) == at(2026, 10, 25, 5, 0)
    assert night.opening_time(at(2026, 10, 25, 0, 0), at(2026, 10, 26, 0, 0)) == timedelta(hours=5)


def test_nothing_is_promised_without_hours_or_when_never_open() -> None:
    assert Hours(zone=LJUBLJANA).expected(TUESDAY) is None
    always_closed = replace(DESK, closed=frozenset(date(2026, 11, 24) + timedelta(days=day) for day in range(400)))
    assert always_closed.expected(TUESDAY) is None


@pytest.mark.parametrize(
    ("moment", "slovene", "english"),
    [
        (at(2026, 11, 24, 14, 0), "danes do 14. ure", "today by 14:00"),
        (at(2026, 11, 24, 14, 20), "danes do 14.30", "today by 14:30"),
        (at(2026, 11, 25, 10, 0), "do srede, 25. 11. 2026, do 10. ure", "by Wednesday, 25 November 2026, 10:00"),
        (at(2026, 12, 1, 9, 0), "do torka, 1. 12. 2026, do 9. ure", "by Tuesday, 1 December 2026, 9:00"),
    ],
)
def test_a_promise_reads_as_a_native_would_write_it(moment: datetime, slovene: str, english: str) -> None:
    assert until(moment, TUESDAY, SL) == slovene
    assert until(moment, TUESDAY, EN) == english


def test_opening_hours_put_equal_days_together() -> None:
    assert opening(DESK, SL) == "ponedeljek–četrtek 9.00–12.00 in 13.00–16.00, petek 9.00–12.00"
    assert opening(DESK, EN) == "Monday–Thursday 9:00–12:00 and 13:00–16:00, Friday 9:00–12:00"


def test_dates_are_written_in_each_language() -> None:
    assert hours.written(date(2026, 11, 24), SL) == "24. 11. 2026"
    assert hours.written(date(2026, 11, 24), EN) == "24 November 2026"


def test_the_next_opening_is_after_lunch_tomorrow_or_after_the_days_off() -> None:
    assert DESK.opens(at(2026, 11, 24, 12, 30)) == at(2026, 11, 24, 13, 0)
    assert DESK.opens(at(2026, 11, 24, 18, 0)) == at(2026, 11, 25, 9, 0)
    assert DESK.opens(at(2026, 11, 25, 18, 0)) == at(2026, 11, 27, 9, 0)
    assert Hours(zone=LJUBLJANA).opens(TUESDAY) is None


def test_a_day_begins_once_and_a_week_on_its_first_working_day() -> None:
    assert DESK.day_begins(at(2026, 11, 24, 8, 59)) == at(2026, 11, 24, 9, 0)
    assert DESK.day_begins(at(2026, 11, 24, 9, 0)) == at(2026, 11, 25, 9, 0)
    assert DESK.day_begins(at(2026, 11, 24, 12, 30)) == at(2026, 11, 25, 9, 0)
    assert DESK.week_begins(0, at(2026, 11, 24, 9, 0)) == at(2026, 11, 30, 9, 0)
    after_easter = at(2026, 4, 7, 9, 0)  # Easter Monday is a holiday
    assert DESK.week_begins(0, at(2026, 4, 3, 12, 0)) == after_easter
    assert DESK.week_begins(0, after_easter) == at(2026, 4, 13, 9, 0)


@pytest.mark.parametrize(
    ("moment", "slovene", "english"),
    [
        (at(2026, 11, 24, 13, 0), "danes ob 13. uri", "today at 13:00"),
        (at(2026, 11, 25, 8, 30), "v sredo, 25. 11. 2026, ob 8.30", "on Wednesday, 25 November 2026, at 8:30"),
    ],
)
def test_an_opening_reads_as_a_native_would_write_it(moment: datetime, slovene: str, english: str) -> None:
    assert hours.at(moment, TUESDAY, SL) == slovene
    assert hours.at(moment, TUESDAY, EN) == english
