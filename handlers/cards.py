"""A ticket's card: the first thing an adviser sees of it."""

from datetime import datetime

from handlers import hours
from handlers.desk import Desk
from handlers.orders import Choice, OpenThread, Part, Quote, Text, Verb
from handlers.saying import adviser_name, display_name, short
from handlers.situation import Question, State, Ticket
from handlers.texts import Texts

_CLOSE = 0.2
"""Two entries whose probabilities differ by less are shown as too close to tell apart."""


def open_thread(ticket: Ticket, question: Question | None, tried: str, desk: Desk, now: datetime) -> OpenThread:
    """The thread of a new ticket with its card: question, language, platform, what the bot tried and why it was unsure."""
    return OpenThread(
        place=desk.staff,
        ticket=ticket.number,
        title=title(ticket, desk.staff_texts),
        parts=card(ticket, question, tried, desk, now),
        choices=choices(ticket, desk.staff_texts),
    )


def title(ticket: Ticket, texts: Texts) -> str:
    return texts.card_title.format(ticket=ticket.number, name=display_name(ticket.person, texts), title=short(ticket.title, 50))


def card(ticket: Ticket, question: Question | None, tried: str, desk: Desk, now: datetime) -> tuple[Part, ...]:
    texts = desk.staff_texts
    head = texts.card_head.format(
        ticket=ticket.number,
        name=display_name(ticket.person, texts),
        language=desk.speaks(ticket.language).language_name,
        platform=ticket.place.platform,
    )
    parts: list[Part] = [Text(head)]
    if question is not None and question.text.strip():
        parts += [Text(texts.card_said), Quote(question.text)]
    else:
        parts.append(Text(texts.card_no_question))
    parts.append(Text("\n".join(f"- {line}" for line in (tried, *_thinking(question, desk, texts)))))
    if ticket.expected_by is not None:
        parts.append(Text(texts.card_expected.format(when=hours.until(ticket.expected_by, now, texts))))
    parts.append(Text(texts.card_hint))
    return tuple(parts)


def choices(ticket: Ticket, texts: Texts) -> tuple[Choice, ...]:
    """What an adviser can press on the card, in its present state."""
    if not ticket.is_open:
        return (Choice(texts.reopen_ticket, Verb.REOPEN_TICKET, ticket=ticket.number),)
    take = (
        Choice(texts.release, Verb.RELEASE, ticket=ticket.number)
        if ticket.adviser is not None
        else Choice(texts.claim, Verb.CLAIM, ticket=ticket.number)
    )
    return (take, Choice(texts.close, Verb.CLOSE, ticket=ticket.number))


def tried(question: Question | None, desk: Desk, *, helped: bool | None) -> str:
    """What the bot did before a human was asked."""
    texts = desk.staff_texts
    if question is None:
        return texts.card_wish
    match question.decision:
        case "answer":
            text = texts.card_shown if helped is False else texts.card_shown_wish
            return text.format(entries=texts.listed(_titles(question.shown, desk)))
        case "suggest":
            text = texts.card_offered_none if helped is False else texts.card_offered
            offered = tuple(guess.entry for guess in question.guesses[:3])
            return text.format(entries=texts.listed(_titles(offered, desk)))
        case _:
            return texts.card_unanswered


def _thinking(question: Question | None, desk: Desk, texts: Texts) -> list[str]:
    if question is None:
        return []
    if not question.guesses:
        return [texts.card_no_guesses]
    guesses = ", ".join(f"{_title(guess.entry, desk)} ({guess.probability:.0%})" for guess in question.guesses[:3])
    lines = [texts.card_guesses.format(guesses=guesses)]
    if question.decision != "answer":
        lines.append(texts.card_why_close if _are_close(question) else texts.card_why_far)
    return lines


def _are_close(question: Question) -> bool:
    first, *others = (guess.probability for guess in question.guesses)
    return bool(others) and first >= _CLOSE and first - others[0] < _CLOSE


def _titles(ids: tuple[str, ...], desk: Desk) -> list[str]:
    return [f"»{_title(id, desk)}«" for id in ids]


def _title(id: str, desk: Desk) -> str:
    entry = desk.content.entry(id)
    return entry.sides[desk.staff_language].title if entry else id


def state(ticket: Ticket, texts: Texts) -> str:
    match ticket.state:
        case State.WAITING:
            return texts.state_waiting
        case State.CLAIMED:
            return texts.state_claimed.format(name=adviser_name(ticket.adviser, texts))
        case State.ANSWERED:
            return texts.state_answered
        case State.CLOSED:
            return texts.state_closed
