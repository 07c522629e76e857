"""What advisers do in the staff channel: reply, note, claim, close, look."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from handlers import cards, tickets
from handlers.commands import split
from handlers.desk import Desk
from handlers.events import Access, Edit, Event, Illegible, Message, MessageRef, Moved, Press, Reaction, Removal, Sender, ThreadChanged
from handlers.hours import written
from handlers.orders import Change, Mark, Order, Quote, React, Relay, Remove, Say, ShowState, Sign, Text, Verb
from handlers.saying import adviser_name, display_name, harmless, to_staff
from handlers.situation import Happening, Line, Situation, State, Ticket, Turn
from handlers.texts import Texts
from knowledge.decisions import SmallTalk, Wish

NOTHING = Turn(kind="none")

Action = Callable[[Event, str, Situation, Desk, datetime], Turn]


def act(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    if isinstance(event, Access | Moved | ThreadChanged):
        return _channel_changed(event, situation, desk)
    if not situation.may_advise:
        return _refused(event, desk, desk.staff_texts.reason_not_member, situation.ticket) if situation.ticket else NOTHING
    match event:
        case Message():
            return _said(event, situation, desk, now)
        case Press():
            return _pressed(event, situation, desk, now)
        case Illegible():
            return _write_again(event, situation, desk)
        case Edit():
            return _edited(event, situation, desk)
        case Removal():
            return _removed(situation)
        case Reaction():
            return _reacted(event, situation)
        case _:
            return NOTHING


def _said(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    text = message.text.strip()
    if text.startswith("//"):
        return _note(message, text.removeprefix("//").strip(), situation, desk, now)
    # A space before the slash sends the line as it is.
    if not message.text.startswith(" ") and (parts := split(message.text)):
        name, rest = parts
        if action := _BY_NAME.get(name):
            return action(message, rest, situation, desk, now)
        if situation.ticket is not None or message.text.startswith("/"):
            command = message.text.split()[0][:30]
            return _refused(message, desk, desk.staff_texts.reason_unknown_command.format(command=command), situation.ticket)
    if situation.ticket is None:
        return NOTHING
    return _reply(message, situation.ticket, situation, desk, now)


def _reply(message: Message, ticket: Ticket, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """What an adviser writes in a ticket goes to the person; the first who replies has claimed it."""
    texts = desk.staff_texts
    if not ticket.is_open:
        return _refused(message, desk, texts.reason_closed, ticket)
    if not message.text.strip() and not message.attachments:
        return _refused(message, desk, texts.reason_empty, ticket)
    changed = replace(ticket, state=State.ANSWERED, adviser=ticket.adviser or message.sender)
    return Turn(
        kind="adviser",
        ticket=changed,
        lines=(_line(message, ticket, "adviser", message.text, now),),
        history=(_happened(ticket, message, now, "replied"),),
        orders=(_to_person(message, message.text, ticket, situation, desk), *tickets.shown_state(ticket, changed, desk)),
    )


def _note(event: Event, text: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A note is kept with the ticket and never leaves the staff channel."""
    ticket = situation.ticket
    if ticket is None or not isinstance(event, Message):
        return NOTHING
    if not text and not event.attachments:
        return _refused(event, desk, desk.staff_texts.reason_note_empty, ticket)
    return Turn(
        kind="adviser",
        lines=(_line(event, ticket, "note", text, now),),
        orders=(Mark(message=_ref(event), sign=Sign.INTERNAL, ticket=ticket.number, text=desk.staff_texts.mark_internal),),
    )


def _claim(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return _refused(event, desk, texts.reason_no_ticket)
    if not ticket.is_open:
        return _told(ticket, texts.closed_already.format(ticket=ticket.number), desk)
    if ticket.adviser is not None:
        name = adviser_name(ticket.adviser, texts)
        return _told(ticket, texts.claimed_already.format(ticket=ticket.number, name=name), desk)
    changed = replace(ticket, state=State.CLAIMED, adviser=event.sender)
    return _changed(ticket, changed, event, "claimed", texts.claimed_by, desk, now)


def _release(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return _refused(event, desk, texts.reason_no_ticket)
    if not ticket.is_open:
        return _told(ticket, texts.closed_already.format(ticket=ticket.number), desk)
    changed = replace(ticket, state=State.WAITING, adviser=None)
    return _changed(ticket, changed, event, "released", texts.released_by, desk, now)


def _close(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Close, with what stands after the command as a last word to the person."""
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return _refused(event, desk, texts.reason_no_ticket)
    if not ticket.is_open:
        return _told(ticket, texts.closed_already.format(ticket=ticket.number), desk)
    changed = replace(ticket, state=State.CLOSED, closed_at=now)
    turn = _changed(ticket, changed, event, "closed", texts.closed_by, desk, now)
    said, choice = tickets.closing(changed, desk.speaks(ticket.language))
    goodbye = Say(place=ticket.place, parts=(said,), choices=(choice,), ticket=ticket.number)
    last: tuple[Order, ...] = ()
    lines: tuple[Line, ...] = ()
    if rest and isinstance(event, Message):
        last = (_to_person(event, rest, ticket, situation, desk),)
        lines = (_line(event, ticket, "adviser", rest, now),)
    conversation = situation.conversation
    offered = replace(conversation, offer=(choice,)) if conversation else None
    return replace(turn, conversation=offered, lines=lines, orders=(*last, goodbye, *turn.orders))


def _reopen(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return _refused(event, desk, texts.reason_no_ticket)
    if ticket.is_open:
        return _told(ticket, texts.open_already.format(ticket=ticket.number), desk)
    state = State.CLAIMED if ticket.adviser else State.WAITING
    changed = replace(ticket, state=state, closed_at=None)
    return _changed(ticket, changed, event, "reopened", texts.reopened_by, desk, now)


def _queue(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    texts = desk.staff_texts
    if not situation.open_tickets:
        return _told(situation.ticket, texts.queue_empty, desk)
    lines = [queued(ticket, desk, now) for ticket in situation.open_tickets]
    head = texts.plural(texts.queue_head, len(lines))
    return _told(situation.ticket, "\n".join([head, "", *(f"- {line}" for line in lines)]), desk)


def queued(ticket: Ticket, desk: Desk, now: datetime) -> str:
    texts = desk.staff_texts
    opened = ticket.opened_at.astimezone(desk.hours.zone)
    today = opened.date() == now.astimezone(desk.hours.zone).date()
    clock = texts.hour_minute.format(hour=opened.hour, minute=opened.minute)
    return texts.queue_line.format(
        ticket=ticket.number,
        name=display_name(ticket.person, texts),
        title=harmless(ticket.title, 50),
        state=cards.state(ticket, texts),
        since=clock if today else f"{written(opened.date(), texts)} {clock}",
    )


def _entry(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Find entries by words, without leaving the channel."""
    texts = desk.staff_texts
    if not rest:
        return _told(situation.ticket, texts.entry_usage, desk)
    decision = desk.matcher.decide(rest, desk.staff_language)
    if isinstance(decision, SmallTalk | Wish) or not decision.reading.candidates:
        return _told(situation.ticket, texts.entry_none, desk)
    lines = [
        f"- {candidate.entry.sides[texts.code].title} ({candidate.entry.id}, {candidate.probability:.0%})"
        for candidate in decision.reading.candidates[:5]
    ]
    return _told(situation.ticket, "\n".join(lines), desk)


def _delete(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Take back the person's copy of the adviser's message that this replies to."""
    line = situation.referred
    if not isinstance(event, Message) or situation.ticket is None:
        return _refused(event, desk, desk.staff_texts.reason_no_ticket)
    if line is None or line.author != "adviser" or line.copy is None:
        return _refused(event, desk, desk.staff_texts.reason_nothing_to_delete, situation.ticket)
    return Turn(
        kind="adviser",
        history=(_happened(situation.ticket, event, now, "deleted"),),
        orders=(Remove(message=line.copy, report=_ref(event)),),
    )


def _help(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    return _told(situation.ticket, desk.staff_texts.staff_help, desk)


def _pressed(press: Press, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A button on a card. The ticket is the button's own, wherever it was pressed."""
    choice, ticket = situation.pressed, situation.ticket
    if choice is None or ticket is None or choice.ticket != ticket.number:
        return NOTHING
    actions: dict[Verb, Action] = {Verb.CLAIM: _claim, Verb.RELEASE: _release, Verb.CLOSE: _close, Verb.REOPEN_TICKET: _reopen}
    action = actions.get(choice.verb)
    if action is None:
        return NOTHING
    turn = action(press, "", situation, desk, now)
    if press.message is None or turn.ticket is None:
        return turn
    ref = MessageRef(press.place.platform, press.place.room, press.message)
    return replace(turn, orders=(*turn.orders, Change(message=ref, choices=cards.choices(turn.ticket, desk.staff_texts))))


def _edited(edit: Edit, situation: Situation, desk: Desk) -> Turn:
    """An adviser's correction follows to the person's copy; an edited note stays where it is."""
    line = situation.referred
    if line is None or line.author != "adviser" or line.copy is None or line.text == edit.text:
        return NOTHING
    new = replace(line, text=edit.text, at=edit.at)
    ticket = situation.ticket
    label = _label(edit.sender, desk.speaks(ticket.language if ticket else desk.language))
    origin = MessageRef(edit.place.platform, edit.place.room, edit.id)
    return Turn(
        kind="adviser",
        lines=(new,),
        orders=(Change(message=line.copy, parts=(Text(f"**{label}:**"), Quote(edit.text)), report=origin),),
    )


def _removed(situation: Situation) -> Turn:
    line = situation.referred
    if line is None or line.author != "adviser" or line.copy is None:
        return NOTHING
    return Turn(kind="adviser", orders=(Remove(message=line.copy),))


def _reacted(reaction: Reaction, situation: Situation) -> Turn:
    """An adviser's reaction to what the person wrote is shown to the person."""
    line = situation.referred
    if line is None or line.author != "person" or line.origin is None:
        return NOTHING
    return Turn(kind="adviser", orders=(React(message=line.origin, emoji=reaction.emoji),))


def _channel_changed(event: Access | Moved | ThreadChanged, situation: Situation, desk: Desk) -> Turn:
    """Say in the channel itself what happened to it; a ticket's thread is put right again."""
    texts, ticket = desk.staff_texts, situation.ticket
    match event:
        case Access(missing=("member",)):
            return NOTHING  # nobody is there to be told; what is to be said waits until the bot is back
        case Access(missing=missing) if missing:
            text = texts.access_missing.format(rights=texts.listed([texts.right[name] for name in missing]))
        case Access():
            text = texts.access_back
        case Moved(room=room):
            text = texts.channel_moved.format(room=room)
        case ThreadChanged():
            if ticket is None:
                return NOTHING
            state = ShowState(place=desk.staff, ticket=ticket.number, state=ticket.state, title=cards.title(ticket, texts))
            said = to_staff(desk, texts.thread_mended.format(ticket=ticket.number, state=cards.state(ticket, texts)))
            return Turn(kind="adviser", orders=(state, said))
    return Turn(kind="adviser", orders=(to_staff(desk, text),))


def _label(sender: Sender, texts: Texts) -> str:
    """Who speaks, as the person reads it."""
    return f"{texts.adviser_label} ({display_name(sender, texts)})" if sender.name else texts.adviser_label


def _write_again(event: Illegible, situation: Situation, desk: Desk) -> Turn:
    texts, number = desk.staff_texts, situation.ticket.number if situation.ticket else None
    ref = MessageRef(event.place.platform, event.place.room, event.id)
    text = texts.not_sent.format(reason=texts.reason_illegible)
    return Turn(kind="adviser", orders=(Mark(message=ref, sign=Sign.FAILED, ticket=number, text=text),))


def _to_person(message: Message, text: str, ticket: Ticket, situation: Situation, desk: Desk) -> Relay:
    texts = desk.speaks(ticket.language)
    answered = situation.referred
    copy = answered.other_side(MessageRef(message.place.platform, message.place.room, message.reply_to or "")) if answered else None
    return Relay(
        place=ticket.place,
        ticket=ticket.number,
        author=_label(message.sender, texts),
        text=text,
        origin=_ref(message),
        attachments=message.attachments,
        reply_to=copy.id if copy and (copy.platform, copy.room) == (ticket.place.platform, ticket.place.room) else None,
        report=True,
    )


def _changed(ticket: Ticket, changed: Ticket, event: Event, what: str, text: str, desk: Desk, now: datetime) -> Turn:
    said = text.format(ticket=ticket.number, name=adviser_name(event.sender, desk.staff_texts))
    return Turn(
        kind="adviser",
        ticket=changed,
        history=(_happened(ticket, event, now, what),),
        orders=(*tickets.shown_state(ticket, changed, desk), to_staff(desk, said, ticket=ticket.number)),
    )


def _told(ticket: Ticket | None, text: str, desk: Desk) -> Turn:
    """Answer the adviser where they asked."""
    return Turn(kind="adviser", orders=(to_staff(desk, text, ticket=ticket.number if ticket else None),))


def _refused(event: Event, desk: Desk, reason: str, ticket: Ticket | None = None) -> Turn:
    if not isinstance(event, Message):
        return NOTHING
    text = desk.staff_texts.not_sent.format(reason=reason)
    mark = Mark(message=_ref(event), sign=Sign.FAILED, ticket=ticket.number if ticket else None, text=text)
    return Turn(kind="adviser", orders=(mark,))


def _ref(message: Message) -> MessageRef:
    return MessageRef(message.place.platform, message.place.room, message.id)


def _line(message: Message, ticket: Ticket, author: str, text: str, now: datetime) -> Line:
    return Line(ticket=ticket.number, author=author, text=text, at=now, origin=_ref(message))


def _happened(ticket: Ticket, event: Event, now: datetime, what: str) -> Happening:
    return Happening(ticket=ticket.number, at=now, who=event.sender.name or event.sender.id, what=what)


NAMES: dict[str, tuple[str, Action]] = {
    "claim": ("prevzemi", _claim),
    "release": ("spusti", _release),
    "close": ("zakljuci", _close),
    "reopen": ("odpri", _reopen),
    "note": ("opomba", _note),
    "queue": ("vrsta", _queue),
    "entry": ("vnos", _entry),
    "delete": ("umakni", _delete),
    "help": ("pomoc", _help),
}
"""English name → Slovene name and what it does."""

_BY_NAME: dict[str, Action] = {name: action for english, (slovene, action) in NAMES.items() for name in (english, slovene)}
