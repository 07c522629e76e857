"""A draft in the staff channel: shown while its author decides what it is to be, edited, and decided on by somebody else."""

import re
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from babel import Locale

from handlers.desk import Desk
from handlers.events import Event, MessageRef, Press
from handlers.orders import Change, Choice, Part, Quote, Say, Verb
from handlers.personal import Kind
from handlers.saying import adviser_name, short, to_staff
from handlers.situation import Draft, DraftState, Situation, Turn
from handlers.texts import Texts
from knowledge import markup

ENTRY_WORDS = ("entry", "vnos")
WORDING_WORDS = ("wording", "ubeseditev")
_ANSWER_WORDS = ("answer", "odgovor")
_NUMBER = re.compile(r"#?(\d{1,9})\b[\s:.]*(.*)", re.DOTALL)
_LONGEST_WORDING = 500


def begun(draft: Draft, took: tuple[Kind, ...], desk: Desk) -> Say:
    """As everybody would see it, with what was taken out, and what may be made of it."""
    texts = desk.staff_texts
    nearest = desk.content.entry(draft.entry)
    title = nearest.side(texts.code).title if nearest else ""
    parts: tuple[str | Part, ...] = (
        texts.draft_head.format(number=draft.number),
        Quote(draft.wording),
        texts.draft_answer,
        Quote(markup.plain(draft.answer)),
        left_out(took, texts),
        texts.draft_nearest.format(title=title) if nearest else texts.draft_no_nearest,
    )
    return to_staff(desk, *parts, choices=_ways(draft, title, texts), ticket=draft.ticket)


def left_out(took: tuple[Kind, ...], texts: Texts) -> str:
    return texts.draft_took.format(kinds=texts.listed([texts.personal_kind[kind] for kind in took])) if took else ""


def _ways(draft: Draft, title: str, texts: Texts) -> tuple[Choice, ...]:
    subject, ticket = str(draft.number), draft.ticket
    add = (Choice(texts.draft_add.format(title=title), Verb.DRAFT_WORDING, subject, ticket=ticket),) if title else ()
    new = Choice(texts.draft_new, Verb.DRAFT_ENTRY, subject, ticket=ticket)
    return (*add, new, Choice(texts.draft_cancel, Verb.DRAFT_CANCEL, subject, ticket=ticket))


def as_shown(draft: Draft, desk: Desk, outcome: str = "") -> Say:
    """A draft as it stands in the staff channel for a second person to decide on, or with what was decided."""
    texts = desk.staff_texts
    if outcome:
        return to_staff(desk, *_proposed(draft, desk), outcome)
    subject = f"{draft.number}.{version(draft)}"
    choices = (Choice(texts.draft_approve, Verb.APPROVE, subject), Choice(texts.draft_reject, Verb.REJECT, subject))
    return to_staff(desk, *_proposed(draft, desk), texts.draft_hint.format(number=draft.number), choices=choices)


def _proposed(draft: Draft, desk: Desk) -> tuple[str | Part, ...]:
    texts = desk.staff_texts
    form = texts.draft_entry_head if draft.answer else texts.draft_wording_head
    topic = next((topic.names[texts.code] for topic in desk.content.topics if topic.id == draft.topic), draft.topic)
    entry = desk.content.entry(draft.entry)
    head = form.format(
        number=draft.number,
        name=adviser_name(draft.author, texts),
        language=desk.speaks(draft.language).language_name,
        **({"topic": topic} if draft.answer else {"title": entry.side(texts.code).title if entry else draft.entry}),
    )
    origin = texts.draft_from.format(ticket=draft.ticket) if draft.ticket else ""
    answer: tuple[str | Part, ...] = ()
    if draft.answer:
        ours = Locale.parse(desk.staff_language)
        others = [ours.languages.get(code, code) for code in desk.texts if code != draft.language]
        lacking = texts.draft_missing.format(languages=texts.listed(others)) if others else ""
        answer = (texts.draft_answer, Quote(markup.plain(draft.answer)), lacking)
    return (f"{head} {origin}".strip(), Quote(draft.wording), *answer)


def approve(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    return _by_command(event, rest, situation, desk, now, approve=True)


def reject(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    return _by_command(event, rest, situation, desk, now, approve=False)


def edit(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """`/edit N wording: …`, `answer: …` or `entry: id`; decided is by the new text only."""
    draft, change = _named(rest, situation)
    what, colon, text = change.partition(":")
    text = text.strip()
    changed = _edited(draft, what.strip().lower(), text, desk) if draft and colon and text else None
    if changed is None:
        return told_staff(event, desk.staff_texts.draft_edit_usage, situation, desk)
    shown = as_shown(changed, desk) if changed.state is DraftState.OPEN else begun(changed, (), desk)
    return Turn(kind="adviser", drafts=(changed,), orders=(shown,))


def listed(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """The open ones, each a press away."""
    texts = desk.staff_texts
    waiting = [draft for draft in situation.drafts if draft.state is DraftState.OPEN]
    if not waiting:
        return told_staff(event, texts.drafts_none, situation, desk)
    choices = tuple(Choice(f"{draft.number} · {short(draft.wording, 50)}", Verb.SHOW_DRAFT, str(draft.number)) for draft in waiting)
    said = to_staff(desk, texts.plural(texts.drafts_head, len(waiting)), choices=choices, ticket=_thread(event, situation))
    return Turn(kind="adviser", orders=(said,))


def _by_command(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime, *, approve: bool) -> Turn:
    draft, _ = _named(rest, situation)
    if draft is None or draft.state is not DraftState.OPEN:
        return told_staff(event, desk.staff_texts.draft_which, situation, desk)
    return decided(draft, event, situation, desk, now, approve=approve)


def decided(draft: Draft, event: Event, situation: Situation, desk: Desk, now: datetime, *, approve: bool, seen: str | None = None) -> Turn:
    """Nobody approves what they proposed themselves; the first who decides has decided. `seen`: the version that a button belongs to."""
    texts = desk.staff_texts
    if draft.state is not DraftState.OPEN:
        return told_staff(event, state_of(draft, texts), situation, desk)
    if seen not in (None, version(draft)):
        return told_staff(event, texts.draft_changed.format(number=draft.number), situation, desk)
    if approve and draft.author.id == event.sender.id:
        told = told_staff(event, _who_may(draft, situation, texts), situation, desk)
        return replace(told, kind="none")  # so that the button stays for somebody else
    state = DraftState.APPROVED if approve else DraftState.REJECTED
    done = replace(draft, state=state, decided_by=event.sender, decided_at=now)
    outcome = as_shown(draft, desk, state_of(done, texts))
    if not approve:
        done = replace(done, wording="", answer="")  # nobody needs the words any more
    if isinstance(event, Press) and event.message is not None:
        message = MessageRef(event.place.platform, event.place.room, event.message)
        return Turn(kind="adviser", drafts=(done,), orders=(Change(message=message, parts=outcome.parts),))
    return Turn(kind="adviser", drafts=(done,), orders=(outcome,))


def _who_may(draft: Draft, situation: Situation, texts: Texts) -> str:
    others = [adviser_name(adviser, texts) for adviser in situation.advisers if adviser.id != draft.author.id]
    return texts.draft_own.format(names=texts.listed(others) if others else texts.draft_anybody)


def _edited(draft: Draft, what: str, text: str, desk: Desk) -> Draft | None:
    if what in WORDING_WORDS:
        return replace(draft, wording=in_short(text))
    if what in _ANSWER_WORDS and draft.answer:
        return replace(draft, answer=as_markdown(text))
    if what in ENTRY_WORDS and (entry := desk.content.entry(text)):
        return replace(draft, entry=entry.id, topic=entry.topic, answer="" if draft.state is DraftState.OPEN else draft.answer)
    return None


def _named(rest: str, situation: Situation) -> tuple[Draft | None, str]:
    """The draft whose number stands first, and what follows."""
    found = _NUMBER.fullmatch(rest.strip())
    return (by_number(int(found[1]), situation), found[2]) if found else (None, "")


def by_number(number: int, situation: Situation) -> Draft | None:
    return next((draft for draft in situation.drafts if draft.number == number), None)


def told_staff(event: Event, text: str, situation: Situation, desk: Desk) -> Turn:
    """Answer where it was asked: in the ticket's thread, or in the channel itself."""
    return Turn(kind="adviser", orders=(to_staff(desk, text, ticket=_thread(event, situation)),))


def _thread(event: Event, situation: Situation) -> int | None:
    choice = situation.pressed or situation.spent
    elsewhere = isinstance(event, Press) and choice is not None and choice.ticket is None
    return situation.ticket.number if situation.ticket and not elsewhere else None


def state_of(draft: Draft, texts: Texts) -> str:
    match draft.state:
        case DraftState.BEGUN | DraftState.OPEN:
            return texts.draft_opened.format(number=draft.number)
        case DraftState.REJECTED:
            return texts.draft_rejected.format(number=draft.number, name=adviser_name(draft.decided_by, texts))
        case _:
            return texts.draft_approved.format(number=draft.number, name=adviser_name(draft.decided_by, texts))


def version(draft: Draft) -> str:
    """Changes with what is to be decided on, so that nobody approves a text that they have not seen."""
    return blake2b(f"{draft.entry}\0{draft.wording}\0{draft.answer}".encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def in_short(text: str) -> str:
    return short(text, _LONGEST_WORDING)


def as_markdown(text: str) -> str:
    """Each line a paragraph or a list's item; what would format, or be filled in, by accident shows as it was written."""
    if markup.outside(text) or re.search(r"[{}]", text):
        return "\n\n".join(markup.escape(line) for line in text.splitlines() if line.strip())
    return re.sub(r"\n+(?!\s*(?:-|\d+\.) )", "\n\n", text.strip())
