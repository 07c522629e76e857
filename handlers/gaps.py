"""What people asked and the FAQ does not answer: questions of a kind together, and an answer written to one of them becomes a draft."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rapidfuzz import fuzz

from handlers import drafts, learning, personal
from handlers.desk import Desk
from handlers.events import Event, Message
from handlers.figures import Asked, Gap
from handlers.orders import Choice, Quote, Verb
from handlers.saying import short, to_staff, without_buttons
from handlers.situation import Situation, Turn
from handlers.staff.building import NOTHING
from knowledge.words import lemma, words_in

_ALIKE = 70
"""From this likeness of their words on (100: the same) two questions are one gap."""
_NEAR = 0.2
"""So likely the nearest entry has to be, that two questions with the same one are about the same."""
_EXAMPLE = 200
_SHORTEST = 3
"""Letters of a word that says what a question is about."""


def found(asked: Iterable[Asked], names: Sequence[str]) -> list[Gap]:
    """The largest first. `names` are left out of the examples, and so is everyone's own."""
    groups: list[tuple[str, list[Asked]]] = []
    for one in asked:
        if not one.text.strip():
            continue
        subject = _subject(one.text)
        group = next((group for words, group in groups if _is_alike(group[0], words, one, subject)), None)
        groups.append((subject, [one])) if group is None else group.append(one)
    return [_gap(group, names) for _, group in sorted(groups, key=lambda group: len(group[1]), reverse=True)]


def _is_alike(first: Asked, words: str, second: Asked, subject: str) -> bool:
    if first.language != second.language:
        return False
    if _near(first) and _near(first) == _near(second):
        return True
    return fuzz.token_set_ratio(words, subject, score_cutoff=_ALIKE) >= _ALIKE


def _near(one: Asked) -> str:
    return one.nearest if one.probability >= _NEAR else ""


def _subject(text: str) -> str:
    return " ".join(lemma(word) for word in words_in(text) if len(word) >= _SHORTEST)


def _gap(group: Sequence[Asked], names: Sequence[str]) -> Gap:
    """The last one stands for all: it is kept longest."""
    one = group[-1]
    general = personal.stripped(one.text, [*names, one.person])
    return Gap(one.language, _near(one), len(group), one.number, short(general.text, _EXAMPLE))


def write(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Show the question and ask for an answer, in reply."""
    texts, question, choice = desk.staff_texts, situation.question, situation.pressed
    if question is None or choice is None:
        return drafts.told_staff(event, texts.gap_gone, situation, desk)
    cancel = Choice(texts.draft_cancel, Verb.CANCEL_ANSWER, question=question.number)
    words = personal.stripped(question.text, _names(situation)).text
    return Turn(kind="adviser", orders=(to_staff(desk, texts.gap_prompt, Quote(words), choices=(cancel,)),))


def cancel(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    return Turn(kind="adviser", orders=without_buttons(event))


def answered(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn | None:
    """A reply to the question that was shown; None when the message replies to nothing of that kind."""
    if not any(choice.verb is Verb.CANCEL_ANSWER for choice in situation.offered):
        return None
    if not message.text.strip():
        return NOTHING
    if situation.question is None:
        return drafts.told_staff(message, desk.staff_texts.gap_gone, situation, desk)
    return learning.begin_with(situation.question, message.text, _names(situation), message, situation, desk, now)


def _names(situation: Situation) -> list[str]:
    asker = [situation.conversation.person.name] if situation.conversation else []
    return [*asker, *(adviser.name for adviser in situation.advisers)]
