"""What an adviser answered becomes a draft for the FAQ: one makes it, somebody else decides. In general words from the first moment on."""

import re
from dataclasses import replace
from datetime import datetime

from handlers import drafts, personal
from handlers.desk import Desk
from handlers.events import Event, Press, Sender
from handlers.orders import Choice, Verb
from handlers.personal import Kind, Stripped
from handlers.saying import without_buttons
from handlers.situation import Draft, DraftState, Happening, Line, Question, Situation, Ticket, Turn
from knowledge import words
from knowledge.decisions import SmallTalk, Wish
from knowledge.entries import Entry

SIGNS = frozenset({"📌", "✍", "✍️"})
"""A reaction that does what `/draft` does. Telegram offers no pin among its reactions, but a hand that writes."""


def begin(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Show the question and the answer as everybody would see them, and ask what to make of them: `rest` may say it at once."""
    texts, ticket = desk.staff_texts, situation.ticket
    answer, asked = _answer_meant(situation), _asked(situation)
    if ticket is None or answer is None or not asked:
        return drafts.told_staff(event, texts.draft_nothing, situation, desk)
    names = [sender.name for sender in (ticket.person, ticket.adviser, event.sender, *situation.advisers) if sender]
    question, general = personal.stripped(asked, names), _general_answer(answer.text, names, desk)
    nearest = _nearest(question.text, situation.question, desk)
    draft = replace(_draft(question.text, general.text, ticket.language, nearest, event, situation, desk, now), ticket=ticket.number)
    took = tuple(dict.fromkeys((*question.kinds, *general.kinds)))
    match rest.strip().lower():
        case word if word in drafts.ENTRY_WORDS:
            return _opened(_as_entry(draft, desk), event, situation, desk, now, took)
        case word if word in drafts.WORDING_WORDS and nearest:
            return _opened(replace(draft, answer=""), event, situation, desk, now, question.kinds)
    return Turn(kind="adviser", drafts=(draft,), orders=(drafts.begun(draft, took, desk),))


def begin_with(question: Question, answer: str, names: list[str], event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """The same with an answer that no ticket holds, to a question that somebody asked."""
    general, reply = personal.stripped(question.text, names), _general_answer(answer, names, desk)
    draft = _draft(general.text, reply.text, question.language, _nearest(general.text, question, desk), event, situation, desk, now)
    took = tuple(dict.fromkeys((*general.kinds, *reply.kinds)))
    return Turn(kind="adviser", drafts=(draft,), orders=(drafts.begun(draft, took, desk),))


def wording_of(
    ticket: Ticket, question: Question | None, entry: Entry, adviser: Sender, situation: Situation, now: datetime
) -> Draft | None:
    """When an adviser answers with an entry, what the person asked is a wording of it; None when it is known, or nothing was asked."""
    general = personal.stripped(question.text if question else "", [ticket.person.name, adviser.name])
    known = {words.plain_key(text) for side in entry.sides.values() for text in (side.title, *side.wordings)}
    key = words.plain_key(general.text)
    if not key or key in known or any(draft.entry == entry.id and words.plain_key(draft.wording) == key for draft in situation.drafts):
        return None
    return Draft(
        number=situation.next_draft,
        entry=entry.id,
        topic=entry.topic,
        language=ticket.language,
        wording=drafts.in_short(general.text),
        author=adviser,
        created_at=now,
        state=DraftState.OPEN,
        ticket=ticket.number,
    )


def with_wording(turn: Turn, entry: Entry, adviser: Sender, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """An adviser has answered with an entry: what the person asked is proposed as a wording of it."""
    assert situation.ticket is not None
    draft = wording_of(situation.ticket, situation.question, entry, adviser, situation, now)
    return replace(turn, drafts=(draft,), orders=(*turn.orders, drafts.as_shown(draft, desk))) if draft else turn


def offer(situation: Situation, desk: Desk) -> tuple[Choice, ...]:
    """Under a ticket's closing: its answer into the FAQ, when somebody gave one."""
    ticket = situation.ticket
    if ticket is None or _answer_meant(situation) is None or not _asked(situation):
        return ()
    return (Choice(desk.staff_texts.draft_button, Verb.DRAFT, ticket=ticket.number),)


def pressed(press: Press, situation: Situation, desk: Desk, now: datetime) -> Turn:
    choice = situation.pressed or situation.spent
    assert choice is not None
    if choice.verb is Verb.DRAFT:
        under_way = any(draft.ticket == choice.ticket and draft.state in (DraftState.BEGUN, DraftState.OPEN) for draft in situation.drafts)
        return Turn(kind="none") if under_way else begin(press, "", situation, desk, now)
    number, _, version = choice.subject.partition(".")
    draft = drafts.by_number(int(number), situation)
    if draft is None:
        return drafts.told_staff(press, desk.staff_texts.draft_gone.format(number=number), situation, desk)
    match choice.verb:
        case Verb.DRAFT_WORDING | Verb.DRAFT_ENTRY | Verb.DRAFT_CANCEL:
            return _settled(choice.verb, draft, press, situation, desk, now)
        case Verb.SHOW_DRAFT:
            return Turn(kind="adviser", orders=(drafts.as_shown(draft, desk),))
        case _:
            return drafts.decided(draft, press, situation, desk, now, approve=choice.verb is Verb.APPROVE, seen=version)


def _settled(verb: Verb, draft: Draft, press: Press, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Its author, or whoever is quicker, has said what it is to be."""
    texts = desk.staff_texts
    if draft.state is not DraftState.BEGUN:
        return drafts.told_staff(press, drafts.state_of(draft, texts), situation, desk)
    if verb is Verb.DRAFT_CANCEL:
        given_up = replace(draft, state=DraftState.CANCELLED)
        turn = drafts.told_staff(press, texts.draft_cancelled.format(number=draft.number), situation, desk)
        return replace(turn, drafts=(given_up,), orders=(*without_buttons(press), *turn.orders))
    chosen = replace(draft, answer="") if verb is Verb.DRAFT_WORDING else _as_entry(draft, desk)
    turn = _opened(chosen, press, situation, desk, now)
    return replace(turn, orders=(*without_buttons(press), *turn.orders))


def _opened(draft: Draft, event: Event, situation: Situation, desk: Desk, now: datetime, took: tuple[Kind, ...] = ()) -> Turn:
    """`took`: what was left out and has not been shown yet."""
    draft = replace(draft, state=DraftState.OPEN)
    history = (Happening(draft.ticket, now, event.sender.name, "drafted"),) if draft.ticket else ()
    opened = desk.staff_texts.draft_opened.format(number=draft.number)
    told = drafts.told_staff(event, f"{opened} {drafts.left_out(took, desk.staff_texts)}".strip(), situation, desk).orders
    return Turn(kind="adviser", drafts=(draft,), history=history, orders=(drafts.as_shown(draft, desk), *told))


def _answer_meant(situation: Situation) -> Line | None:
    """The answer that the event replies to or marks, else the longest: a greeting at the end is none."""
    if situation.referred is not None and situation.referred.author == "adviser":
        return situation.referred
    newest = {line.origin or line: line for line in _lines(situation)}  # corrected, or taken back
    answers = [line for line in newest.values() if line.author == "adviser" and line.text.strip()]
    return max(answers, key=lambda line: len(line.text), default=None)


def _asked(situation: Situation) -> str:
    """The question as it was asked; where the ticket began without one, the first that the person wrote in it."""
    if situation.question is not None and situation.question.text.strip():
        return situation.question.text
    return next((line.text for line in _lines(situation) if line.author == "person" and line.text.strip()), "")


def _lines(situation: Situation) -> list[Line]:
    """The ticket's own: not those of the person's other tickets."""
    return [line for line in situation.lines if situation.ticket and line.ticket == situation.ticket.number]


def _draft(
    wording: str, answer: str, language: str, nearest: Entry | None, event: Event, situation: Situation, desk: Desk, now: datetime
) -> Draft:
    return Draft(
        number=situation.next_draft,
        entry=nearest.id if nearest else "",
        topic=nearest.topic if nearest else desk.content.topics[0].id,
        language=language,
        wording=drafts.in_short(wording),
        author=event.sender,
        created_at=now,
        answer=answer,
    )


def _nearest(wording: str, question: Question | None, desk: Desk) -> Entry | None:
    known = (desk.content.entry(guess.entry) for guess in (question.guesses if question else ()))
    if (nearest := next((entry for entry in known if entry), None)) is not None:
        return nearest
    decision = desk.matcher.decide(wording)
    if isinstance(decision, SmallTalk | Wish) or not decision.reading.candidates:
        return None
    return decision.reading.candidates[0].entry


def _general_answer(text: str, names: list[str], desk: Desk) -> Stripped:
    """The adviser's text as an answer for everybody: the desk's own contact data as placeholders, no one else's, and plain Markdown."""
    held: list[str] = []
    for key, value in desk.contact.items():
        if value and value in text:
            text = text.replace(value, chr(0xE000 + len(held)))  # a character that nobody writes
            held.append(f"{{contact.{key}}}")
    general = personal.stripped(text, names)
    answer = drafts.as_markdown(general.text)
    for number, placeholder in enumerate(held):
        answer = answer.replace(chr(0xE000 + number), placeholder)
    return replace(general, text=answer)


def _as_entry(draft: Draft, desk: Desk) -> Draft:
    slug = "-".join(re.findall(r"[a-z0-9]+", words.plain_key(draft.wording))[:5])[:40].strip("-") or "vnos"
    return replace(draft, entry=slug if desk.content.entry(slug) is None else f"{slug}-{draft.number}")
