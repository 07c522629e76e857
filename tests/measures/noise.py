"""The same question as a hurried person types it: deterministic, so that two runs measure the same."""

from random import Random

from knowledge.words import fold

_KEYS = ("qwertzuiopšđ", "asdfghjklčćž", "yxcvbnm")
_BESIDE = {key: beside for row in _KEYS for key, beside in zip(row, row[1:] + row[-2], strict=True)}


def shouted(text: str) -> str:
    return text.upper()


def stripped(text: str) -> str:
    """Without diacritics, as on a foreign keyboard."""
    return fold(text)


def mistyped(text: str) -> str:
    """With one slip of the finger, or two in a text of more than six words: letters swapped, left out, doubled, or the key beside."""
    random = Random(text)
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    for place in random.sample(long, min(len(long), 1 if len(words) <= 6 else 2)):
        words[place] = _slip(words[place], random)
    return " ".join(words)


def _slip(word: str, random: Random) -> str:
    at = random.randrange(1, len(word) - 1)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    kinds = (after[0] + letter + after[1:], after, letter + letter + after, _BESIDE.get(letter, "e") + after)
    return before + random.choice(kinds)
