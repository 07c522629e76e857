"""From what people type to words that can be compared: normalised, corrected, in standard forms, as lemmas, without diacritics."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import simplemma
from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.entries import Content
from knowledge.shortlist import Shortlist

LONGEST = 1_000
"""Characters that are looked at, after normalising: whoever asks says it in the first thousand."""

# NFKC can grow a text 18 times and sorts combining marks slowly, so it is never given more than this.
_LONGEST_RAW = 4 * LONGEST
_SHORTEST_CORRECTED = 4
"""Letters."""
_FAR_MORE_OFTEN = 3
_MOST_CORRECTIONS = 20
_NOTHING = {"Cc", "Cf", "Cn", "Co", "Cs"}
_MARKS = {"Mn", "Me"}
_ABBREVIATION = re.compile(r"\b(?:(?:[^\W\d_]\.)+[^\W\d_]|s\. p|d\. o\. o|d\. n\. o|d\. d|k\. d)\b\.?")
_GROUPED_DIGITS = re.compile(r"(?<=\d)[.,](?=\d{3}\b)")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"[^\W_]+")
# The carons would go without being named here; naming them saves taking most Slovene words apart.
_OTHER_LETTERS = str.maketrans(
    {"đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "ı": "i"} | dict(zip("čšžćČŠŽĆ", "cszcCSZC", strict=True))
)
_CARONS = {"c": "cč", "s": "sš", "z": "zž"}


def normalise(text: str) -> str:
    """The text in one form: NFKC, small letters, nothing invisible, no endless repeats, at most a thousand characters."""
    visible = " ".join(_visible(text[: 16 * _LONGEST_RAW]).split())[:_LONGEST_RAW]
    composed = unicodedata.normalize("NFKC", visible).lower()
    return " ".join(_REPEATED.sub(r"\1", _without_marks(composed)).split())[:LONGEST]


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(" " if char.isspace() else "" if unicodedata.category(char) in _NOTHING else char for char in text)


def _without_marks(text: str) -> str:
    marks = {char for char in set(text) if not char.isascii() and unicodedata.category(char) in _MARKS}
    return "".join(char for char in text if char not in marks) if marks else text


# In one decision the same text and its parts are looked at from several sides.
@lru_cache(maxsize=64)
def words_in(text: str) -> tuple[str, ...]:
    """The words of a text, in its normal form."""
    return tuple(split(normalise(text)))


def split(normalised: str) -> list[str]:
    """The words of a normalised text; abbreviations (s.p., d. o. o.) and numbers (60.000) stay in one piece."""
    joined = _ABBREVIATION.sub(lambda match: re.sub(r"\W", "", match[0]) + " ", normalised)
    return _WORD.findall(_GROUPED_DIGITS.sub("", joined))


def fold(text: str) -> str:
    """Without diacritics."""
    if text.isascii():
        return text
    plain = text.translate(_OTHER_LETTERS)
    return plain if plain.isascii() else _without_marks(unicodedata.normalize("NFD", plain))


def plain_key(text: str) -> str:
    """What is equal here was written the same but for case, diacritics and punctuation."""
    return fold(" ".join(words_in(text)))


def prepare() -> None:
    """Load the dictionaries, so that the first person who asks does not wait for them."""
    is_known("xyzzy")


@lru_cache(maxsize=20_000)
def lemma(word: str) -> str:
    """The dictionary form, without diacritics."""
    return fold(simplemma.lemmatize(restored(word), lang=("sl", "en")).lower())


@lru_cache(maxsize=20_000)
def restored(word: str) -> str:
    """With the carons that a dictionary word would have, where they were left out (`racun` → `račun`)."""
    if is_known(word) or not word.isascii() or len(word) > 30:
        return word
    return next((variant for variant in _caron_variants(word) if simplemma.is_known(variant, lang="sl")), word)


@lru_cache(maxsize=20_000)
def is_known(word: str) -> bool:
    """Whether a Slovene or an English dictionary has it."""
    return simplemma.is_known(word, lang=("sl", "en"))


def _caron_variants(word: str) -> Iterable[str]:
    letters = [_CARONS.get(char, char) for char in word]
    if sum(len(letter) > 1 for letter in letters) > 5:
        return []
    return ("".join(variant) for variant in product(*letters))


@dataclass(frozen=True, slots=True)
class Wording:
    """A text as the matcher compares it."""

    text: str
    """Normalised and folded, with punctuation gone: what was typed."""
    terms: tuple[str, ...]
    """Lemmas of the corrected words in standard forms."""
    corrections: tuple[tuple[str, str], ...] = ()
    """(typed, understood) for each word that was taken for a misspelling."""

    @property
    def lemmas(self) -> str:
        return " ".join(self.terms)


class Words:
    """The FAQ's own vocabulary and expressions, by which everything else is read."""

    def __init__(self, content: Content) -> None:
        self._vocabulary = _without_slips(Counter(word for text in _texts(content) for word in map(fold, split(normalise(text)))))
        self._spellings = Shortlist(sorted(self._vocabulary))
        self._spoken = Expressions({_key(spoken): tuple(split(normalise(standard))) for spoken, standard in content.colloquial.items()})
        self._synonyms = Expressions(_standard_forms(content.synonyms))

    def read(self, text: str, correct: bool = True) -> Wording:
        words = words_in(text)
        corrected: dict[str, str] = {}
        typed = fold(" ".join(words))
        spoken = self._spoken.replaced(words, typed.split())
        standard = [self._corrected(word, corrected) for word in spoken] if correct else spoken
        lemmas = [lemma(word) for word in standard]
        return Wording(typed, tuple(self._synonyms.replaced(lemmas, lemmas)), tuple(corrected.items()))

    def standard(self, text: str) -> str:
        """The text with its punctuation, in standard words that are spelt right: sentence vectors bear slips and dialect badly."""
        corrected: dict[str, str] = {}

        def spelt(found: re.Match[str]) -> str:
            return " ".join(restored(self._corrected(word, corrected)) for word in self._spoken.replaced([found[0]], [fold(found[0])]))

        return _WORD.sub(spelt, normalise(text))

    def knows(self, word: str) -> bool:
        return fold(word) in self._vocabulary

    def _corrected(self, word: str, corrected: dict[str, str]) -> str:
        if len(word) < _SHORTEST_CORRECTED or not word.isalpha() or self.knows(word) or len(corrected) >= _MOST_CORRECTIONS:
            return word
        if is_known(restored(word)) or (meant := self._nearest(fold(word))) is None:
            return word
        corrected[word] = meant
        return meant

    def _nearest(self, word: str) -> str | None:
        """The FAQ's word that this is a slip of the finger from: one off, or two in a long word; the more frequent one of equals."""
        reach = 1 if len(word) < 8 else 2
        near = self._spellings.near(word, max(4, len(word) - reach), len(word) + reach, 2 * reach)
        found = process.extract(word, near, scorer=OSA.distance, score_cutoff=reach, limit=None)
        return min(found, key=lambda hit: (hit[1], -self._vocabulary[hit[0]], hit[0]))[0] if found else None


def _without_slips(counted: Counter[str]) -> Counter[str]:
    """Wordings are typed as people type. What no dictionary has and is one slip from a word that is there far more often is no word of its
    own: it would hide what is meant by the next who slips."""
    spellings = Shortlist(sorted(counted))

    def is_slip(word: str) -> bool:
        if len(word) < _SHORTEST_CORRECTED or not word.isalpha() or is_known(restored(word)):
            return False
        near = spellings.near(word, len(word) - 1, len(word) + 1, 2)
        found = process.extract(word, near, scorer=OSA.distance, score_cutoff=1, limit=None)
        return any(counted[meant] >= _FAR_MORE_OFTEN * counted[word] and is_known(restored(meant)) for meant, *_ in found)

    return Counter({word: count for word, count in counted.items() if not is_slip(word)})


class Expressions:
    """Expressions of one or more words, each with its standard form."""

    def __init__(self, forms: Mapping[tuple[str, ...], tuple[str, ...]]) -> None:
        self._forms = forms
        self._lengths: dict[str, list[int]] = {}
        for expression in sorted(filter(None, forms), key=len, reverse=True):
            lengths = self._lengths.setdefault(expression[0], [])
            if len(expression) not in lengths:
                lengths.append(len(expression))

    def replaced(self, words: Sequence[str], keys: Sequence[str]) -> list[str]:
        """The words with every expression, the longest first, in its standard form; `keys` are the words as expressions write them."""
        result: list[str] = []
        place = 0
        while place < len(words):
            for length in self._lengths.get(keys[place], ()):
                if (standard := self._forms.get(tuple(keys[place : place + length]))) is not None:
                    result += standard
                    place += length
                    break
            else:
                result.append(words[place])
                place += 1
        return result


def _texts(content: Content) -> Iterable[str]:
    for entry in content.entries:
        for side in entry.sides.values():
            yield from (side.title, *side.wordings, *side.keywords)
    for group in content.synonyms:
        yield from group


def _key(expression: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in split(normalise(expression)))


def _standard_forms(groups: Sequence[Sequence[str]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    forms: dict[tuple[str, ...], tuple[str, ...]] = {}
    for group in groups:
        first, *others = (tuple(lemma(word) for word in split(normalise(expression))) for expression in group)
        forms |= {other: first for other in others if other and other != first and other not in forms}
    return forms
