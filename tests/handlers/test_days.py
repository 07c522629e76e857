"""Which day an adviser means."""

from datetime import date

import pytest

from handlers.days import day_named

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("jutri", date(2026, 11, 25)),
        ("pojutrišnjem", date(2026, 11, 26)),
        ("Tomorrow", date(2026, 11, 25)),
        ("sreda", date(2026, 11, 25)),
        ("v četrtek", date(2026, 11, 26)),
        ("do petka", date(2026, 11, 27)),
        ("on monday", date(2026, 11, 30)),
        ("torek", date(2026, 12, 1)),
        ("3", date(2026, 11, 27)),
        ("10 dni", date(2026, 12, 4)),
        ("čez 3 dni", date(2026, 11, 27)),
        ("in 2 days", date(2026, 11, 26)),
        ("2. januar", date(2027, 1, 2)),
        ("do 2. januarja", date(2027, 1, 2)),
        ("2 Jan", date(2027, 1, 2)),
        ("24 December", date(2026, 12, 24)),
        ("December 24th, 2026", date(2026, 12, 24)),
        ("8. marca", date(2027, 3, 8)),
        ("1. 12.", date(2026, 12, 1)),
        ("1.12.2026", date(2026, 12, 1)),
        ("5. 1.", date(2027, 1, 5)),
        ("2027-01-05", date(2027, 1, 5)),
    ],
)
def test_a_day_is_understood_in_words_and_figures(text: str, day: date) -> None:
    assert day_named(text, TUESDAY) == day


@pytest.mark.parametrize("text", ["3 ure", "do 3", "3.", "-3", "2 torti", "jutri ob 9", "ne v petek", "torta", "december", "30. februar"])
def test_what_says_something_else_than_a_day_is_none(text: str) -> None:
    assert day_named(text, TUESDAY) is None


@pytest.mark.parametrize(("text", "today"), [("23. 11.", TUESDAY), ("30. september", TUESDAY), ("28. 12.", date(2027, 1, 5))])
def test_a_day_that_has_just_passed_is_not_next_years(text: str, today: date) -> None:
    assert day_named(text, today) is None


@pytest.mark.parametrize("text", ["", "kdaj drugič", "0", "danes", "24. 11.", "31. 2.", "1. 1. 2020", "1. 1. 2040", "2026-02-31", "900"])
def test_what_names_no_day_ahead_within_a_year_is_none(text: str) -> None:
    assert day_named(text, TUESDAY) is None
