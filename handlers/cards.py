"""A ticket's card: the first thing an adviser sees of it."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from handlers import hours
from handlers.desk import Desk
from handlers.orders import Choice, OpenThread, Part, Quote, Say, Text, Verb
from handlers.personal import masked
from handlers.saying import adviser_name, display_name, harmless, pieces, to_staff
from handlers.situation import Guess, Happening, Line, Question, State, Ticket
from handlers.states import UNTIL_THEY_WRITE, is_snoozed
from handlers.texts import Texts
from knowledge.decisions import WORTH_SHOWING

_NEAREST = 3
_EARLIER = 5
_WORTH_OFFERING = 0.01
"""An entry that is less probable is not shown among the nearest."""
_LIKELY = 0.2
"""From this probability of the best entry on, a second one at least half as probable is too close to tell apart."""


NONE_FIT = "none_fit"
"""In a ticket's history: none of the entries on its card is the answer."""


def open_thread(ticket: Ticket, question: Question | None, tried: str, earlier: Sequence[Ticket], desk: Desk, now: datetime) -> OpenThread:
    """The thread of a new ticket with its card: question, language, platform, what the bot tried and why it was unsure."""
    return OpenThread(
        place=desk.staff,
        ticket=ticket.number,
        title=title(ticket, desk),
        parts=card(ticket, question, tried, earlier, desk, now),
        choices=choices(ticket, desk.staff_texts, nearest(ticket, question, (), desk)),
    )


def title(ticket: Ticket, desk: Desk) -> str:
    texts = desk.staff_texts
    text = texts.card_title.format(ticket=ticket.number, name=display_name(ticket.person, texts), title=harmless(ticket.title, 50))
    return f"{text} · ⏸ {put_off(ticket, desk)}".rstrip() if ticket.is_open and ticket.snoozed_until else text


def put_off(ticket: Ticket, desk: Desk) -> str:
    """The day until which a ticket is put off; empty when it is until the person writes, or not at all."""
    if ticket.snoozed_until is None or ticket.snoozed_until == UNTIL_THEY_WRITE:
        return ""
    return hours.written(ticket.snoozed_until.astimezone(desk.hours.zone).date(), desk.staff_texts)


def card(ticket: Ticket, question: Question | None, tried: str, earlier: Sequence[Ticket], desk: Desk, now: datetime) -> tuple[Part, ...]:
    texts = desk.staff_texts
    head = texts.card_head.format(
        ticket=ticket.number,
        name=display_name(ticket.person, texts),
        language=desk.speaks(ticket.language).language_name,
        platform=ticket.place.platform,
    )
    parts: list[Part] = [Text(head)]
    if question is not None and question.text.strip():
        parts += [Text(texts.card_said), Quote(pieces(question.text)[0])]
    else:
        parts.append(Text(texts.card_no_question))
    parts.append(Text("\n".join(f"- {line}" for line in (tried, *_thinking(question, desk, texts)))))
    if ticket.expected_by is not None:
        parts.append(Text(texts.card_expected.format(when=hours.until(ticket.expected_by, now, texts))))
    if earlier:
        parts.append(Text(texts.card_earlier.format(tickets=", ".join(_one_of_earlier(one, desk) for one in earlier[:_EARLIER]))))
    parts.append(Text(texts.card_hint))
    return tuple(parts)


def rest(ticket: Ticket, question: Question | None, desk: Desk) -> tuple[Say, ...]:
    """What of a very long question does not fit on the card, to follow it in the thread."""
    following = pieces(question.text)[1:] if question else []
    return tuple(to_staff(desk, Quote(piece), ticket=ticket.number) for piece in following)


def _one_of_earlier(ticket: Ticket, desk: Desk) -> str:
    texts = desk.staff_texts
    opened = hours.written(ticket.opened_at.astimezone(desk.hours.zone).date(), texts)
    number = f"#{ticket.number}"
    if desk.thread_link and ticket.thread:
        number = f"[{number}]({desk.thread_link.format(thread=quote(ticket.thread, safe=''))})"
    return f"{number} ({state(ticket, texts)}, {opened})"


def nearest(ticket: Ticket, question: Question | None, history: Sequence[Happening], desk: Desk) -> tuple[Choice, ...]:
    """The entries nearest to the ticket's question, to be looked at with a press, until somebody says that none of them fits."""
    if question is None or question.number != ticket.question or any(happening.what == NONE_FIT for happening in history):
        return ()
    return tuple(entry_choice(guess.entry, guess.probability, ticket.number, desk) for guess in _near(question))


def _near(question: Question) -> tuple[Guess, ...]:
    return tuple(guess for guess in question.guesses[:_NEAREST] if guess.probability >= _WORTH_OFFERING)


def entry_choice(id: str, probability: float, ticket: int | None, desk: Desk) -> Choice:
    return Choice(_likely(id, probability, desk), Verb.SHOW_ENTRY, id, ticket=ticket)


def _likely(id: str, probability: float, desk: Desk) -> str:
    return desk.staff_texts.entry_choice.format(title=_title(id, desk), percent=round(100 * probability))


def choices(ticket: Ticket, texts: Texts, nearest: tuple[Choice, ...] = ()) -> tuple[Choice, ...]:
    """What an adviser can press on the card, in its present state. `nearest` are the entries on offer."""
    if not ticket.is_open:
        return (Choice(texts.reopen_ticket, Verb.REOPEN_TICKET, ticket=ticket.number),)
    take = (
        Choice(texts.release, Verb.RELEASE, ticket=ticket.number)
        if ticket.adviser is not None
        else Choice(texts.claim, Verb.CLAIM, ticket=ticket.number)
    )
    learn = (Choice(texts.draft_button, Verb.DRAFT, ticket=ticket.number),) if ticket.answered_at else ()
    return (take, Choice(texts.close, Verb.CLOSE, ticket=ticket.number), *learn, *nearest)


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
            offered = tuple(guess.entry for guess in question.guesses[:3] if guess.probability >= WORTH_SHOWING)
            return text.format(entries=texts.listed(_titles(offered, desk)))
        case _:
            return texts.card_unanswered


def _thinking(question: Question | None, desk: Desk, texts: Texts) -> list[str]:
    if question is None:
        return []
    if not (near := _near(question)):
        return [texts.card_no_guesses]
    guesses = ", ".join(_likely(guess.entry, guess.probability, desk) for guess in near)
    lines = [texts.card_guesses.format(guesses=guesses)]
    if question.decision != "answer":
        lines.append(texts.card_why_close if _are_close(question) else texts.card_why_far)
    return lines


def _are_close(question: Question) -> bool:
    first, *others = (guess.probability for guess in question.guesses)
    return bool(others) and first >= _LIKELY and others[0] >= first / 2


def _titles(ids: tuple[str, ...], desk: Desk) -> list[str]:
    return [desk.staff_texts.quoted.format(text=_title(id, desk)) for id in ids]


def _title(id: str, desk: Desk) -> str:
    entry = desk.content.entry(id)
    return entry.side(desk.staff_language).title if entry else id


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


def queued(ticket: Ticket, desk: Desk, now: datetime) -> str:
    """A ticket on one line, as in the queue."""
    texts = desk.staff_texts
    opened = ticket.opened_at.astimezone(desk.hours.zone)
    today = opened.date() == now.astimezone(desk.hours.zone).date()
    clock = texts.hour_minute.format(hour=opened.hour, minute=opened.minute)
    return texts.queue_line.format(
        ticket=ticket.number,
        name=display_name(ticket.person, texts),
        title=harmless(ticket.title, 50),
        state=", ".join(part for part in (state(ticket, texts), _snoozed(ticket, desk, now)) if part),
        since=clock if today else f"{hours.written(opened.date(), texts)} {clock}",
    )


def _snoozed(ticket: Ticket, desk: Desk, now: datetime) -> str:
    if not is_snoozed(ticket, now):
        return ""
    day = put_off(ticket, desk)
    return desk.staff_texts.state_snoozed.format(day=day) if day else desk.staff_texts.state_snoozed_for_them


def transcript(ticket: Ticket, lines: Sequence[Line], texts: Texts) -> list[Part]:
    """What was said in a ticket, as it reads now, and what the advisers noted."""
    newest = {line.origin or line: line for line in lines if line.author in ("person", "adviser", "note", "withdrawn")}
    said: list[Part] = []
    for line in newest.values():
        if line.text and line.author != "withdrawn":
            by = ticket.person if line.author == "person" else line.adviser
            author = display_name(by, texts) if line.author == "person" else adviser_name(by, texts)
            note = f" ({texts.note})" if line.author == "note" else ""
            said += [Text(f"**{author}{note}:**"), Quote(masked(line.text))]
    return said
