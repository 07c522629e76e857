"""Which day somebody means: `jutri`, `tomorrow`, `v sredo`, `friday`, `3` (days), `24. 11.`, `24. 11. 2026`, `2026-11-24`."""

import re
from datetime import date, timedelta

from knowledge.words import plain_key

_WORDS = {"jutri": 1, "tomorrow": 1, "pojutrisnjem": 2, "pojutri": 2}
_WEEKDAYS = (("pon", "mon"), ("tor", "tue"), ("sre", "wed"), ("cet", "thu"), ("pet", "fri"), ("sob", "sat"), ("ned", "sun"))
_DATE = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.?\s*(\d{4})?")
_LONGEST = timedelta(days=366)


def day_named(text: str, today: date) -> date | None:
    """A day after today and within a year; None when the text names none."""
    day = _named(text.strip(), today)
    return day if day is not None and today < day <= today + _LONGEST else None


def _named(text: str, today: date) -> date | None:
    if found := _DATE.fullmatch(text):
        return _dated(int(found[1]), int(found[2]), int(found[3]) if found[3] else None, today)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        year, month, day = map(int, text.split("-"))
        return _dated(day, month, year, today)
    words = plain_key(text).split()
    if words and words[0].isdecimal() and len(words[0]) < 4:
        return today + timedelta(days=int(words[0]))
    word = words[-1] if words else ""
    if word in _WORDS:
        return today + timedelta(days=_WORDS[word])
    weekday = next((number for number, names in enumerate(_WEEKDAYS) if word.startswith(names)), None)
    return None if weekday is None else today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _dated(day: int, month: int, year: int | None, today: date) -> date | None:
    """Without a year the next such day, today included."""
    try:
        if year is not None:
            return date(year, month, day)
        this_year = date(today.year, month, day)
        return this_year if this_year >= today else date(today.year + 1, month, day)
    except ValueError:
        return None
