"""Which day somebody means: `jutri`, `tomorrow`, `v sredo`, `friday`, `3` (days), `24. 11.`, `2. januar`, `December 24`, `2026-11-24`."""

import re
from datetime import date, timedelta

from knowledge.words import plain_key

_BEFORE = re.compile(r"^(v|do|na|za|čez|cez|on|by|until|till|in)\s+", re.IGNORECASE)
_WORDS = {"jutri": 1, "tomorrow": 1, "pojutrisnjem": 2, "pojutri": 2}
_WEEKDAYS = (
    "pon ponedeljek ponedeljka mon monday",
    "tor torek torka tue tues tuesday",
    "sre sreda srede sredo wed wednesday",
    "cet cetrtek cetrtka thu thur thurs thursday",
    "pet petek petka fri friday",
    "sob sobota sobote soboto sat saturday",
    "ned nedelja nedelje nedeljo sun sunday",
)
_MONTHS = (
    "jan januar januarja january",
    "feb februar februarja february",
    "mar marec marca march",
    "apr april aprila",
    "maj maja may",
    "jun junij junija june",
    "jul julij julija july",
    "avg avgust avgusta aug august",
    "sep sept september septembra",
    "okt oktober oktobra oct october",
    "nov november novembra",
    "dec december decembra",
)
_DAYS = re.compile(r"(\d{1,3}) (?:dan|dni|dneva|dneve|dneh|day|days)")
_DATE = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.?\s*(\d{4})?")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DAY_MONTH = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th)? (?:of )?(?P<month>[a-z]+)(?: (?P<year>\d{4}))?")
_MONTH_DAY = re.compile(r"(?P<month>[a-z]+) (?P<day>\d{1,2})(?:st|nd|rd|th)?(?: (?P<year>\d{4}))?")
_LONGEST = timedelta(days=366)
_JUST_PASSED = timedelta(days=60)
"""A day without a year that was no longer ago is not taken for next year's."""


def day_named(text: str, today: date) -> date | None:
    """A day after today and within a year; None when the text names none, or says more than a day."""
    day = _named(text.strip(), today)
    return day if day is not None and today < day <= today + _LONGEST else None


def _named(text: str, today: date) -> date | None:
    if re.fullmatch(r"\d{1,3}", text):
        return today + timedelta(days=int(text))
    text = _BEFORE.sub("", text)
    if found := _DATE.fullmatch(text):
        return _dated(int(found[1]), int(found[2]), found[3], today)
    if found := _ISO.fullmatch(text):
        return _dated(int(found[3]), int(found[2]), found[1], today)
    key = plain_key(text)
    if found := _DAYS.fullmatch(key):
        return today + timedelta(days=int(found[1]))
    if key in _WORDS:
        return today + timedelta(days=_WORDS[key])
    if (weekday := _place(key, _WEEKDAYS)) is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    found = _DAY_MONTH.fullmatch(key) or _MONTH_DAY.fullmatch(key)
    month = _place(found["month"], _MONTHS) if found else None
    return None if found is None or month is None else _dated(int(found["day"]), month + 1, found["year"], today)


def _place(word: str, names: tuple[str, ...]) -> int | None:
    return next((place for place, forms in enumerate(names) if word in forms.split()), None)


def _dated(day: int, month: int, year: str | None, today: date) -> date | None:
    """Without a year the next such day, today included, unless it has just passed."""
    try:
        if year is not None:
            return date(int(year), month, day)
        this_year = date(today.year, month, day)
        found = this_year if this_year >= today else date(today.year + 1, month, day)
        return found if found - today < _LONGEST - _JUST_PASSED else None
    except ValueError:
        return None
