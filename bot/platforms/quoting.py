"""What people wrote, where advisers read it: it reads the same, and calls nobody, starts nothing, turns no other text around."""

import re

_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""They change the direction of what stands after them; without them each letter still stands the way its script runs."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_BREAK = "\u2060"
"""Seen by nobody, and the end of a mention or command."""

_CALLS = re.compile(
    r"""
      https?://(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/(?:[\w.~%?=&\#+/-]|(?<=/)@)*  # a link stays a link: there is neither in it
    | (?<!\w)@(?=\w) | @(?=room\b)
    | (?<![\w/<])/(?=\w)
    """,
    re.VERBOSE,
)


def inert(text: str) -> str:
    """For a platform that finds mentions and commands in any text."""
    return _CALLS.sub(lambda found: found[0] + (_BREAK if len(found[0]) == 1 else ""), _TURNS.sub("", text))


def printable(text: str) -> str:
    """For a terminal, which takes control characters for orders."""
    return _CONTROLS.sub("\ufffd", _TURNS.sub("", text))
