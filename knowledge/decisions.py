"""What the matcher makes of a text."""

from dataclasses import dataclass

from knowledge.entries import Entry

WORTH_SHOWING = 0.02
"""So likely an entry has to be before it is offered to a person."""


@dataclass(frozen=True, slots=True)
class Candidate:
    entry: Entry
    probability: float
    """That this entry answers the question, calibrated, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the text was read, whatever was decided."""

    language: str
    """The language to answer in: the text's own, else the conversation's."""
    candidates: tuple[Candidate, ...]
    """Best first, at most five."""
    reasons: tuple[str, ...]
    """Signals and words that led to the decision, for `helpdesk ask` and the ticket's card. English, one line each."""


@dataclass(frozen=True, slots=True)
class Found:
    """Sure: answer with these entries, one, or two when the person asked two things."""

    entries: tuple[Entry, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may be one of these: let the person choose."""

    options: tuple[Entry, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class NotFound:
    """Nothing here answers that: a human must."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """No question: a friendly line answers it."""

    kind: str
    """The id of a `SmallTalkKind`."""
    reading: Reading


@dataclass(frozen=True, slots=True)
class Wish:
    """The person tells the desk what to do: `human`, `did_not_help`, `solved`."""

    kind: str
    reading: Reading


Decision = Found | Unsure | NotFound | SmallTalk | Wish
