"""Personal data in what people write: found by its shape, hidden from whoever does not need it, taken out of what is published.

Numbers that identify somebody are hidden from the advisers; telephone numbers, addresses and names, which people write on purpose, are
only taken out of what becomes part of the FAQ.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

LEFT_OUT = "…"
"""What stands where something was taken out."""


class Kind(StrEnum):
    EMSO = "emso"
    TAX = "tax"
    IBAN = "iban"
    CARD = "card"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Kind
    start: int
    end: int


def found(text: str) -> tuple[Finding, ...]:
    """The numbers in it that identify somebody, in order, none within another."""
    return _apart([*_ibans(text), *_emsos(text), *_cards(text), *_tax_numbers(text)])


def kinds(text: str) -> tuple[Kind, ...]:
    return tuple(dict.fromkeys(finding.kind for finding in found(text)))


def masked(text: str) -> str:
    """The text with those numbers unreadable, their shape kept."""
    for finding in reversed(found(text)):
        hidden = re.sub(r"\w", "•", text[finding.start : finding.end])
        text = text[: finding.start] + hidden + text[finding.end :]
    return text


@dataclass(frozen=True, slots=True)
class Stripped:
    text: str
    kinds: tuple[Kind, ...]
    """What was taken out."""


def stripped(text: str, names: Iterable[str] = ()) -> Stripped:
    """The text in general words: without numbers, addresses and the names of whoever wrote it, who are called `names`."""
    findings = _apart([*found(text), *_emails(text), *_phones(text), *_names(text, names)])
    for finding in reversed(findings):
        text = text[: finding.start] + LEFT_OUT + text[finding.end :]
    return Stripped(_tidy(text), tuple(dict.fromkeys(finding.kind for finding in findings)))


def _tidy(text: str) -> str:
    return re.sub(rf"{LEFT_OUT}(?:[ ,]*{LEFT_OUT})+", LEFT_OUT, text).strip()


def _apart(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """In order of place; of those that overlap the one listed first."""
    kept: list[Finding] = []
    for finding in findings:
        if all(finding.end <= other.start or other.end <= finding.start for other in kept):
            kept.append(finding)
    return tuple(sorted(kept, key=lambda finding: finding.start))


_GAP = r"[ \u00a0\u202f-]"

_EMSO = re.compile(
    rf"""(?P<said>\bem[sš]o\b[^\d\n]{{0,20}})? (?<![\d+])
    (?P<number>\d{{7}}{_GAP}?\d{{6}}(?!\d) | (?<!\d{_GAP})\d(?:{_GAP}?\d){{12}}(?!{_GAP}?\d))""",
    re.IGNORECASE | re.VERBOSE,
)


def _emsos(text: str) -> Iterator[Finding]:
    """With a wrong check digit too: a slip still tells a birthday, and nearly everything else."""
    for match in _EMSO.finditer(text):
        if match["said"] or _begins_with_birthday(_digits(match["number"])):
            yield Finding(Kind.EMSO, *match.span("number"))


def _begins_with_birthday(digits: str) -> bool:
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:7])
    try:
        date((1000 if year >= 900 else 2000) + year, month, day)
    except ValueError:
        return False
    return year >= 900 or year < 100


# Eight digits alone may be anything. With the right check digit these count after SI, after words that announce them, or when nothing
# else was written; with a wrong one only beside words that leave no doubt.
_TAX_NUMBER = re.compile(
    rf"""(?<![\d+])(?<!\d{_GAP})
    (?:\d{{8}} | \d{{4}}{_GAP}\d{{4}} | \d{{3}}{_GAP}\d{{3}}{_GAP}\d{{2}} | \d{{2}}{_GAP}\d{{3}}{_GAP}\d{{3}})
    (?!\d | [.,]\d | \s?(?:eur|€|evr))""",
    re.IGNORECASE | re.VERBOSE,
)
_TAX_WORD = r"(?:davčn|davcn|\btax\b|\bvat\b|\btin\b|\bdš\b|\bds\b|\bid za ddv\b)"
_SAID_BEFORE = re.compile(rf"{_TAX_WORD}(?P<between>[^\d\n]{{0,40}})$", re.IGNORECASE)
_SAID_AFTER = re.compile(rf"[^\d\n]{{0,40}}?{_TAX_WORD}(?!\w*\s(?:osnov|uprav|olajšav|stopnj|napoved|svet))", re.IGNORECASE)
_HINTED = re.compile(r"(?:\bSI[ ]?|\bddv\b[^\d\n]{0,40})$", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"odločb|sklep|zadev|račun|vlog|dopis|opomin|naročil|osnov|napoved|\btel|klič|invoice|decision|order", re.IGNORECASE
)
_DATE = re.compile(r"(?:19|20)\d\d[01]\d[0-3]\d|[0-3]\d[01]\d(?:19|20)\d\d")


def _tax_numbers(text: str) -> Iterator[Finding]:
    for match in _TAX_NUMBER.finditer(text):
        number, before, after = _digits(match[0]), text[: match.start()][-60:], text[match.end() :][:60]
        said = _SAID_BEFORE.search(before)
        beyond_doubt = not _DATE.fullmatch(number) and (
            (said and not _OTHERWISE.search(said["between"])) or (_SAID_AFTER.match(after) and not _OTHERWISE.search(before[-20:]))
        )
        hinted = said or _HINTED.search(before) or not (before + after).strip(" \n.!")
        if number[0] != "0" and (beyond_doubt or (hinted and _is_tax_number(number))):
            yield Finding(Kind.TAX, *match.span())


def _is_tax_number(digits: str) -> bool:
    check = 11 - sum(weight * int(digit) for weight, digit in zip(range(8, 1, -1), digits[:7], strict=True)) % 11
    return check != 11 and check % 10 == int(digits[7])


_IBAN = re.compile(
    r"(?<![^\W_])(?:(?P<slovene>SI\s?56(?:[\s-]{0,2}\d){15}(?!\d))|(?!SI)[A-Z]{2}\d{2}(?:[\s-]?[A-Z0-9]){11,30})", re.IGNORECASE
)
_SHORTEST_IBAN = 15


def _ibans(text: str) -> Iterator[Finding]:
    """A Slovene one whatever its check digits. Of others the pattern may run on into the words that follow, so the longest beginning
    with the right check digits is taken."""
    for match in _IBAN.finditer(text):
        if match["slovene"]:
            yield Finding(Kind.IBAN, *match.span())
            continue
        for end in range(match.end(), match.start(), -1):
            written = re.sub(r"[\s-]", "", text[match.start() : end])
            if len(written) < _SHORTEST_IBAN:
                break
            if text[end - 1].isalnum() and not text[end : end + 1].isalnum() and _is_iban(written):
                yield Finding(Kind.IBAN, match.start(), end)
                break


def _is_iban(written: str) -> bool:
    return int("".join(str(int(char, 36)) for char in written[4:] + written[:4])) % 97 == 1


_CARD = re.compile(rf"(?<![^\W_])(?<!\+)[2-6]\d(?:{_GAP}?\d){{11,17}}(?![^\W_])")


def _cards(text: str) -> Iterator[Finding]:
    yield from (Finding(Kind.CARD, *match.span()) for match in _CARD.finditer(text) if _passes_luhn(_digits(match[0])))


def _passes_luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w/])@\w[\w.-]*(?::[\w.-]+)?")
_PHONE = re.compile(
    r"""(?<![\w.,])
    (?: (?:\+|00)\d{1,3}[ /-]?(?:\(0\)[ ]?)?\d(?:[ /-]?\d){6,10}
      | 0\d{1,2}[ /-]?\d{2,3}[ -]?\d{2,3}(?:[ -]?\d{2})? )
    (?!\w|[.,]\d)""",
    re.VERBOSE,
)


def _emails(text: str) -> Iterator[Finding]:
    """Also what people are called on a platform."""
    yield from (Finding(Kind.EMAIL, *match.span()) for match in _EMAIL.finditer(text))


def _phones(text: str) -> Iterator[Finding]:
    yield from (Finding(Kind.PHONE, *match.span()) for match in _PHONE.finditer(text) if 8 <= len(_digits(match[0])) <= 15)


_NAME = r"[A-ZČŠŽĆĐ][a-zčšžćđ]+"
_INTRODUCED = re.compile(
    rf"(?:(?i:moje ime je|ime mi je|pišem se|kličem se|moje ime|my name is|my name's)\s+(?P<any>{_NAME}(?:[ -]{_NAME}){{0,2}}))"
    rf"|(?:(?:\b[Ss]em|\bI am|\bI'm)\s+(?P<both>{_NAME}[ -]{_NAME}))"
    rf"|(?:(?i:\blp|lep(?:o)? pozdrav(?:ljen[ia])?|s spoštovanjem|hvala|regards|best|cheers|thanks|thank you)"
    rf"[\s,.!–-]+(?P<signed>{_NAME}(?:[ -]{_NAME}){{0,2}})\s*[.!]?\s*$)"
)


def _names(text: str, names: Iterable[str]) -> Iterator[Finding]:
    """What somebody calls themselves, and the names by which we know them, in any Slovene case."""
    for match in _INTRODUCED.finditer(text):
        group = next(name for name, value in match.groupdict().items() if value)
        yield Finding(Kind.NAME, *match.span(group))
    for name in dict.fromkeys(word for full in names for word in re.findall(r"[^\W\d_]{3,}", full)):
        stem = name[:-1] if name[-1].lower() in "aeio" else name
        ending = r"\w{0,3}" if len(stem) > 2 else "[aeio]"
        pattern = rf"\b{re.escape(stem[0].upper())}{re.escape(stem[1:])}{ending}\b"
        yield from (Finding(Kind.NAME, *match.span()) for match in re.finditer(pattern, text))
