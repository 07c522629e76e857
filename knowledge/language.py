"""Which language a short text is in: Slovene, English, or not clear."""

from functools import lru_cache
from typing import Literal

import simplemma

from knowledge import words

Language = Literal["sl", "en"]

# Without diacritics; spoken forms of Gorenjska included. What stands in both lists tells nothing.
_SLOVENE_WORDS = """
    a al ali bi bila bilo biu bla blo bo bom bomo bos ce cez da dan dnar do dober ga gre hvala ima imam imamo imas in ja jaz je jest jo
    kaj kako kakor kam kar katera katere kateri kdaj kdo kej ker kje kko kok koliko kolk kot kr kva lahko loh lohk ma mam mamo me med
    mene mi moj moja moje mora moram moramo morem morm mormo na naj nam nama nas ne nej nek neki ni nic nimam nisem od oz pa po pod
    potrebujem prav pred prek pri prosim rabim rabm rad rada se sem si sm smo so sta ste sva svoj svoja svoje ta tam tega ti tko to tole
    tud tudi uno v vam vas ve ves vse z za zakaj zdaj ze zivjo zrihtat
"""
_ENGLISH_WORDS = """
    a about an and any are as at be been can could did do does for from get got has have hello help hey hi how i if im in is it its just
    like may me much must my need not of on or our please pls should so some thank thanks that the their them there they this to u us
    want was we what when where which who whom why will with would you your
"""
_SLOVENE = frozenset(_SLOVENE_WORDS.split()) - frozenset(_ENGLISH_WORDS.split())
_ENGLISH = frozenset(_ENGLISH_WORDS.split()) - frozenset(_SLOVENE_WORDS.split())
_FUNCTION_WORD = 2.0
_DICTIONARY_WORD = 1.0
_CARON = 2.0
_CLEAR = 1.0
_CLEAR_ENOUGH_TO_CHANGE = 3.0
_MOST_WORDS = 60


def detect(text: str, so_far: str | None = None) -> Language | None:
    """The language whose words prevail; None when neither does, as in a text of names and numbers.

    A conversation changes its language for a sentence, not for a loanword: with `so_far` the other one must prevail clearly.
    """
    slovene = english = 0.0
    for word in words.words_in(text)[:_MOST_WORDS]:
        if word.isalpha():
            slovene += _slovene(word)
            english += _english(word)
    found: Language = "sl" if slovene > english else "en"
    needed = _CLEAR if so_far in (None, found) else _CLEAR_ENOUGH_TO_CHANGE
    return found if abs(slovene - english) >= needed else None


@lru_cache(maxsize=20_000)
def _slovene(word: str) -> float:
    folded = words.fold(word)
    if folded in _SLOVENE:
        return _FUNCTION_WORD
    if any(letter in "čšž" for letter in word):
        return _CARON
    return _DICTIONARY_WORD if _only_in("sl", words.restored(word)) else 0.0


@lru_cache(maxsize=20_000)
def _english(word: str) -> float:
    if word in _ENGLISH:
        return _FUNCTION_WORD
    return _DICTIONARY_WORD if _only_in("en", word) else 0.0


def _only_in(language: Language, word: str) -> bool:
    other = "en" if language == "sl" else "sl"
    return bool(simplemma.is_known(word, lang=language)) and not simplemma.is_known(word, lang=other)
