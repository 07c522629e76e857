"""The way in for what advisers do in the staff channel: write, press, react; the commands stand in `handlers/staff`."""

from datetime import datetime

from handlers import cards, drafts, gaps, learning, masking, reports
from handlers.commands import split
from handlers.desk import Desk
from handlers.events import Access, Edit, Event, Illegible, Message, MessageRef, Moved, Press, Reaction, Removal, ThreadChanged
from handlers.orders import DRAFTING, Mark, React, ShowState, Sign, Verb
from handlers.saying import adviser_name, to_staff
from handlers.situation import Situation, Ticket, Turn
from handlers.staff import blocking, entries, looking, merging, working, writing
from handlers.staff.building import NOTHING, Action, refused, told


def act(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    if isinstance(event, Access | Moved | ThreadChanged):
        return _channel_changed(event, situation, desk)
    if not situation.may_advise:
        is_message = isinstance(event, Message) and situation.ticket is not None
        return refused(event, desk, desk.staff_texts.reason_not_member, situation.ticket) if is_message else NOTHING
    match event:
        case Message():
            return _said(event, situation, desk, now)
        case Press():
            return _pressed(event, situation, desk, now)
        case Illegible():
            return _write_again(event, situation, desk)
        case Edit():
            return writing.edited(event, situation, desk, now)
        case Removal():
            return writing.removed(event, situation, desk, now)
        case Reaction():
            return _reacted(event, situation, desk, now)
        case _:
            return NOTHING


def _said(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    if situation.erased:
        return refused(message, desk, desk.staff_texts.reason_erased)
    text = message.text.strip()
    if text.startswith("//"):
        return writing.note(message, text.removeprefix("//").strip(), situation, desk, now)
    # A space before the slash sends the line as it is.
    if not message.text.startswith(" ") and (parts := split(message.text)):
        name, rest = parts
        if action := _BY_NAME.get(name):
            return action(message, rest, situation, desk, now)
        if situation.ticket is not None or message.text.startswith("/"):
            command = message.text.split()[0][:30]
            return refused(message, desk, desk.staff_texts.reason_unknown_command.format(command=command), situation.ticket)
    if turn := gaps.answered(message, situation, desk, now):
        return turn
    if situation.ticket is None:
        return NOTHING
    if turn := entries.send_with_sentence(message, situation, desk, now):
        return turn
    return writing.reply(message, situation.ticket, situation, desk, now)


def _pressed(press: Press, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A button: on a card, under a question or an entry. The ticket is the button's own, wherever it was pressed."""
    choice, ticket = situation.pressed, situation.ticket
    if (drafting := choice or situation.spent) and drafting.verb in DRAFTING:
        return learning.pressed(press, situation, desk, now)
    if ticket is not None and situation.spent is not None:
        return _somebody_was_first(press, situation.spent.verb, ticket, desk)
    if choice is None or choice.ticket != (ticket.number if ticket else None):
        return NOTHING
    if choice.verb is Verb.TAKE_OVER and choice.subject:
        return writing.decide(press, "", situation, desk, now)
    action = _BY_VERB.get(choice.verb)
    return action(press, "", situation, desk, now) if action else NOTHING


def _somebody_was_first(press: Press, verb: Verb, ticket: Ticket, desk: Desk) -> Turn:
    """Two pressed at the same time: the second is told what became of it. Who pressed twice knows."""
    texts = desk.staff_texts
    if verb in _ANSWERED_ONCE:
        return told(ticket, texts.decided_already, desk)
    if not ticket.is_open:
        return told(ticket, texts.closed_already.format(ticket=ticket.number), desk)
    if ticket.adviser is None or ticket.adviser.id == press.sender.id:
        return NOTHING
    return told(ticket, texts.claimed_already.format(ticket=ticket.number, name=adviser_name(ticket.adviser, texts)), desk)


def _reacted(reaction: Reaction, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """An adviser's reaction to what the person wrote is shown to the person; a pin on an answer makes a draft of it."""
    line = situation.referred
    if line is not None and line.author == "adviser" and reaction.emoji in learning.SIGNS:
        return learning.begin(reaction, "", situation, desk, now)
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
            state = ShowState(place=desk.staff, ticket=ticket.number, state=ticket.state, title=cards.title(ticket, desk))
            said = to_staff(desk, texts.thread_mended.format(ticket=ticket.number, state=cards.state(ticket, texts)))
            return Turn(kind="adviser", orders=(state, said))
    return Turn(kind="adviser", orders=(to_staff(desk, text),))


def _write_again(event: Illegible, situation: Situation, desk: Desk) -> Turn:
    texts, number = desk.staff_texts, situation.ticket.number if situation.ticket else None
    ref = MessageRef(event.place.platform, event.place.room, event.id)
    text = texts.not_sent.format(reason=texts.reason_illegible)
    return Turn(kind="adviser", orders=(Mark(message=ref, sign=Sign.FAILED, ticket=number, text=text),))


NAMES: dict[str, tuple[str, Action]] = {
    "claim": ("prevzemi", working.claim),
    "release": ("spusti", working.release),
    "assign": ("predaj", working.assign),
    "close": ("zakljuci", working.close),
    "reopen": ("odpri", working.reopen),
    "snooze": ("odlozi", working.snooze),
    "note": ("opomba", writing.note),
    "reply": ("odgovor", entries.canned),
    "entry": ("vnos", entries.find),
    "delete": ("umakni", writing.delete),
    "merge": ("zdruzi", merging.merge),
    "history": ("zgodovina", looking.history),
    "queue": ("vrsta", looking.queue),
    "draft": ("predlog", learning.begin),
    "drafts": ("predlogi", drafts.listed),
    "edit": ("popravi", drafts.edit),
    "approve": ("odobri", drafts.approve),
    "reject": ("zavrni", drafts.reject),
    "block": ("blokiraj", blocking.block),
    "unblock": ("odblokiraj", blocking.unblock),
    "report": ("porocilo", reports.report),
    "help": ("pomoc", looking.help),
}
"""English name → Slovene name and what it does."""

_BY_NAME: dict[str, Action] = {name: action for english, (slovene, action) in NAMES.items() for name in (english, slovene)}

_BY_VERB: dict[Verb, Action] = {
    Verb.CLAIM: working.claim,
    Verb.RELEASE: working.release,
    Verb.TAKE_OVER: working.take_over,
    Verb.CLOSE: working.close,
    Verb.REOPEN_TICKET: working.reopen,
    Verb.SHOW_ENTRY: entries.show,
    Verb.SEND_ENTRY: entries.send,
    Verb.NONE_OF_THESE: entries.none_fit,
    Verb.SEND_HELD: writing.decide,
    Verb.KEEP_HELD: writing.decide,
    Verb.CLOSE_HELD: working.close_anyway,
    Verb.UNMASK: masking.unmasked,
    Verb.WRITE_ANSWER: gaps.write,
    Verb.CANCEL_ANSWER: gaps.cancel,
}
_ANSWERED_ONCE = (Verb.SEND_HELD, Verb.KEEP_HELD, Verb.CLOSE_HELD, Verb.SEND_ENTRY, Verb.NONE_OF_THESE)
