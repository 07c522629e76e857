"""What an adviser writes in a ticket: sent, noted, held back, corrected, withdrawn."""

from dataclasses import replace
from datetime import datetime

from handlers import states
from handlers.commands import split
from handlers.desk import Desk
from handlers.events import Edit, Event, Message, MessageRef, Removal, Sender
from handlers.orders import Change, Choice, Mark, Order, Quote, Relay, Remove, Sign, Text, Verb
from handlers.saying import adviser_name, display_name, to_staff, without_buttons
from handlers.situation import Draft, DraftState, Line, Situation, State, Ticket, Turn
from handlers.staff.building import (
    NOTHING,
    happened,
    has_other_adviser,
    line,
    ref,
    refused,
    shown_state,
    told,
    why_closed,
)
from handlers.texts import Texts

LAST_WORD = ("close", "zakljuci")
"""The command behind which stands what the person is to read."""
SILENTLY = "-"
"""Stands there instead when the person is to read nothing."""
_OUR_TURN = ("wrote_again", "not_solved", "reopened")
"""In a ticket's history: the person waits for us again."""


def reply(message: Message, ticket: Ticket, situation: Situation, desk: Desk, now: datetime, text: str | None = None) -> Turn:
    """What an adviser writes in a ticket goes to the person; the first who replies has claimed it.

    Where somebody else has it, or where it is closed, the adviser is asked first. `text` is sent in place of the message's own.
    """
    written = line(message, ticket, "adviser", message.text if text is None else text, now)
    if reason := _why_not(written, ticket, situation, desk):
        return refused(message, desk, reason, ticket)
    if not ticket.is_open or has_other_adviser(ticket, message.sender):
        return _held(written, ticket, desk)
    after = states.answered(ticket, message.sender, now)
    return Turn(
        kind="adviser",
        ticket=after,
        lines=(written,),
        history=(happened(ticket, message.sender, now, "replied"),),
        orders=(
            *to_person(written, ticket, desk, _answered(message, ticket, situation)),
            *shown_state(ticket, after, situation, desk),
        ),
    )


def _why_not(written: Line, ticket: Ticket, situation: Situation, desk: Desk) -> str:
    texts = desk.staff_texts
    if not written.text.strip() and not written.attachments:
        return texts.reason_empty
    if situation.block is not None:
        return texts.reason_blocked
    return "" if ticket.is_open else why_closed(ticket, situation, desk)


def _held(written: Line, ticket: Ticket, desk: Desk) -> Turn:
    texts = desk.staff_texts
    keep = (texts.do_not_send, Verb.KEEP_HELD)
    if not ticket.is_open:
        return held(written, ticket, desk, (texts.reopen_and_send, Verb.SEND_HELD), keep)
    return held(written, ticket, desk, (texts.send_anyway, Verb.SEND_HELD), (texts.take_over_and_send, Verb.TAKE_OVER), keep)


def held(written: Line, ticket: Ticket, desk: Desk, *offers: tuple[str, Verb]) -> Turn:
    """Not sent yet: it is asked in the thread what is to become of it."""
    assert written.origin is not None
    texts, message = desk.staff_texts, written.origin.id
    text = texts.held_claimed if ticket.is_open else texts.held_closed
    said = text.format(ticket=ticket.number, name=adviser_name(ticket.adviser, texts))
    choices = tuple(Choice(label, verb, message, ticket=ticket.number) for label, verb in offers)
    asked = replace(to_staff(desk, said, ticket=ticket.number, choices=choices), reply_to=message)
    return Turn(kind="adviser", lines=(replace(written, author="held"),), orders=(asked,))


def decide(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """What becomes of a message that was held back: the first press decides, whoever of the advisers it is."""
    choice, ticket, held = situation.pressed, situation.ticket, situation.referred
    assert choice is not None
    assert ticket is not None
    texts = desk.staff_texts
    if held is None or held.author != "held" or held.adviser is None:
        return told(ticket, texts.decided_already, desk)
    if choice.verb is Verb.KEEP_HELD:
        return _kept(held, event, ticket, desk, now)
    written = replace(held, author="adviser", at=now)
    if reason := _why_not(written, ticket, situation, desk):
        return told(ticket, reason, desk)
    was_closed = not ticket.is_open
    taken = was_closed or choice.verb is Verb.TAKE_OVER
    after = states.answered(states.claimed(ticket, held.adviser, now) if taken else ticket, held.adviser, now)
    what, text = ("reopened", texts.reopened_by) if was_closed else ("took_over", texts.taken_over_by)
    said = to_staff(desk, text.format(ticket=ticket.number, name=adviser_name(held.adviser, texts)), ticket=ticket.number)
    replied = happened(ticket, held.adviser, now, "replied")
    return Turn(
        kind="adviser",
        ticket=after,
        lines=(written,),
        history=(happened(ticket, event.sender, now, what), replied) if taken else (replied,),
        orders=(
            *without_buttons(event),
            *to_person(written, ticket, desk),
            *shown_state(ticket, after, situation, desk),
            *((said,) if taken else ()),
        ),
    )


def _kept(held: Line, event: Event, ticket: Ticket, desk: Desk, now: datetime) -> Turn:
    """It stays among the advisers, as a note."""
    assert held.origin is not None
    mark = Mark(message=held.origin, sign=Sign.INTERNAL, ticket=ticket.number, text=desk.staff_texts.mark_internal)
    return Turn(
        kind="adviser",
        lines=(replace(held, author="note", at=now),),
        history=(happened(ticket, event.sender, now, "not_sent"),),
        orders=(*without_buttons(event), mark),
    )


def note(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A note is kept with the ticket and never leaves the staff channel."""
    ticket = situation.ticket
    if ticket is None or not isinstance(event, Message):
        return NOTHING
    if not rest and not event.attachments:
        return refused(event, desk, desk.staff_texts.reason_note_empty, ticket)
    return Turn(
        kind="adviser",
        lines=(line(event, ticket, "note", rest, now),),
        orders=(Mark(message=ref(event), sign=Sign.INTERNAL, ticket=ticket.number, text=desk.staff_texts.mark_internal),),
    )


def edited(edit: Edit, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A correction follows to the person's copy; before there is one, it is what will be sent. What became a note is taken back."""
    old, ticket = situation.referred, situation.ticket
    if old is None or ticket is None or old.author not in ("adviser", "held"):
        return NOTHING
    if edit.text.lstrip().startswith("//"):
        return _withdrawn(old, edit, ticket, situation, desk, now)
    text = _words(edit.text)
    if not text.strip() or text == old.text:
        return NOTHING
    new = replace(old, text=text, at=now)
    return Turn(
        kind="adviser",
        lines=(new,),
        history=(happened(ticket, edit.sender, now, "edited"),),
        orders=(correction(new, ticket, desk),) if old.author == "adviser" and old.copy is not None else (),
    )


def _words(text: str) -> str:
    """What of a message is meant for the person; empty for a command that sends none of its words."""
    if text.startswith(" ") or (parts := split(text)) is None:
        return text
    name, rest = parts
    return rest if name in LAST_WORD and rest != SILENTLY else ""


def removed(removal: Removal, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """An adviser's own message is gone from the channel, so it goes, or stays away, from the person too."""
    old, ticket = situation.referred, situation.ticket
    if old is None or ticket is None or old.author not in ("adviser", "held"):
        return NOTHING
    return _withdrawn(old, removal, ticket, situation, desk, now)


def delete(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Take back the adviser's message that this replies to, before or after it has reached the person."""
    old, ticket = situation.referred, situation.ticket
    if not isinstance(event, Message) or ticket is None:
        return refused(event, desk, desk.staff_texts.reason_no_ticket)
    if old is None or old.author not in ("adviser", "held"):
        return refused(event, desk, desk.staff_texts.reason_nothing_to_delete, ticket)
    return _withdrawn(old, event, ticket, situation, desk, now)


def _withdrawn(old: Line, event: Message | Edit | Removal, ticket: Ticket, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Taken back; where it was all that answered the person, they wait for us again."""
    since = _unanswered_since(old, ticket, situation)
    after = states.unanswered(ticket, old.adviser, since, desk.hours, now) if since else None
    drafts = _drafts_of(old, ticket, situation)
    cancelled = (desk.staff_texts.draft_cancelled.format(number=draft.number) for draft in drafts)
    return Turn(
        kind="adviser",
        ticket=after,
        lines=(replace(old, author="withdrawn", text="", attachments=(), at=now),),
        history=(happened(ticket, event.sender, now, "withdrew"),),
        drafts=drafts,
        orders=(
            *_taken_back(old, event, ticket, desk),
            *(shown_state(ticket, after, situation, desk) if after else ()),
            *(to_staff(desk, text, ticket=ticket.number) for text in cancelled),
        ),
    )


def _taken_back(old: Line, event: Message | Edit | Removal, ticket: Ticket, desk: Desk) -> tuple[Order, ...]:
    """The person's copy goes; where there is none yet, the adviser reads that it was in time."""
    text = desk.staff_texts.withdrawn
    if old.copy is not None:
        return (Remove(message=old.copy, report=ref(event) if isinstance(event, Message) else None),)
    if isinstance(event, Removal):
        return (to_staff(desk, text, ticket=ticket.number),)
    return (Mark(message=old.origin, sign=Sign.INTERNAL, ticket=ticket.number, text=text),) if old.origin is not None else ()


def _unanswered_since(old: Line, ticket: Ticket, situation: Situation) -> datetime | None:
    """Since when the person waits once this answer is gone; None where they do not."""
    if old.author != "adviser" or ticket.state is not State.ANSWERED:
        return None
    first: dict[MessageRef | Line, Line] = {}
    newest: dict[MessageRef | Line, Line] = {}
    for said in (said for said in situation.lines if said.ticket == ticket.number):
        newest[said.origin or said] = said
        if said.author in ("person", "adviser"):
            first.setdefault(said.origin or said, said)
    standing = [said for key, said in first.items() if key != old.origin and newest[key].author == said.author]
    turns = [(happening.at, True) for happening in situation.history if happening.what in _OUR_TURN]
    turns += [(said.at, said.author == "person") for said in standing]
    since: datetime | None = ticket.opened_at
    for at, is_ours in sorted(turns, key=lambda turn: turn[0]):
        since = (since or at) if is_ours else None
    return since


def _drafts_of(old: Line, ticket: Ticket, situation: Situation) -> tuple[Draft, ...]:
    """The wording that was proposed when this entry was sent, given up where nobody has decided on it."""
    made = [draft for draft in situation.drafts if draft.ticket == ticket.number and not draft.answer and draft.created_at == old.at]
    return tuple(replace(draft, state=DraftState.CANCELLED) for draft in made)


def to_person(written: Line, ticket: Ticket, desk: Desk, reply_to: str | None = None) -> tuple[Order, ...]:
    """What an adviser wrote, on its way; while it can be taken back, the adviser sees that it was noticed."""
    assert written.origin is not None
    texts = desk.speaks(ticket.language)
    relay = Relay(
        place=ticket.place,
        ticket=ticket.number,
        author=label(written.adviser, texts),
        text=written.text,
        origin=written.origin,
        attachments=written.attachments,
        reply_to=reply_to,
        report=True,
        hold=desk.undo,
        not_carried=texts.not_carried if written.attachments else "",
    )
    text = desk.staff_texts.mark_held.format(seconds=desk.undo)
    seen = Mark(message=written.origin, sign=Sign.SEEN, ticket=ticket.number, text=text)
    return (relay, seen) if desk.undo else (relay,)


def correction(new: Line, ticket: Ticket, desk: Desk) -> Change:
    """The person's copy as the adviser's message reads now."""
    assert new.copy is not None
    author = label(new.adviser, desk.speaks(ticket.language))
    return Change(message=new.copy, parts=(Text(f"**{author}:**"), Quote(new.text)), report=new.origin)


def _answered(message: Message, ticket: Ticket, situation: Situation) -> str | None:
    """The person's side of the message that this one replies to."""
    replied = situation.referred
    copy = replied.other_side(MessageRef(message.place.platform, message.place.room, message.reply_to or "")) if replied else None
    return copy.id if copy and (copy.platform, copy.room) == (ticket.place.platform, ticket.place.room) else None


def label(adviser: Sender | None, texts: Texts) -> str:
    """Who speaks, as the person reads it."""
    return f"{texts.adviser_label} ({display_name(adviser, texts)})" if adviser and adviser.name else texts.adviser_label
