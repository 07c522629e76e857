"""Help while answering: entries looked at and sent, and replies that are written once for all."""

from dataclasses import replace
from datetime import datetime

from handlers import cards, learning, questions, states
from handlers.desk import Desk
from handlers.events import Event, Message, MessageRef, Press, Sender
from handlers.orders import Choice, Order, Say, ShowState, Text, Verb
from handlers.saying import adviser_name, display_name, to_staff, without_buttons
from handlers.situation import Line, Situation, Ticket, Turn
from handlers.staff import writing
from handlers.staff.building import (
    NOTHING,
    claimed_already,
    happened,
    has_other_adviser,
    refused,
    shown_state,
    told,
)
from knowledge import markup
from knowledge.decisions import SmallTalk, Wish
from knowledge.entries import Entry, Reply
from knowledge.words import plain_key

_MOST = 5


def find(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Entries by words, or one by its id, without leaving the channel; each is shown with a press."""
    texts, ticket = desk.staff_texts, situation.ticket
    if not rest:
        return told(ticket, texts.entry_usage, desk)
    if entry := desk.content.entry(rest):
        return _shown(entry, ticket, desk, now)
    decision = desk.matcher.decide(rest, desk.staff_language)
    if isinstance(decision, SmallTalk | Wish) or not decision.reading.candidates:
        return told(ticket, texts.entry_none, desk)
    number = ticket.number if ticket else None
    found = decision.reading.candidates[:_MOST]
    return told(ticket, texts.entry_which, desk, *(cards.entry_choice(one.entry.id, one.probability, number, desk) for one in found))


def show(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """An entry's answer, as the person would read it."""
    choice = situation.pressed
    entry = desk.content.entry(choice.subject) if choice else None
    return _shown(entry, situation.ticket, desk, now) if entry else told(situation.ticket, desk.staff_texts.entry_none, desk)


def _shown(entry: Entry, ticket: Ticket | None, desk: Desk, now: datetime) -> Turn:
    staff = desk.staff_texts
    texts = desk.speaks(ticket.language) if ticket else staff
    parts = (f"**{entry.side(texts.code).title}**", *questions.answer_parts(entry, texts, desk, now))
    if ticket is None or not ticket.is_open:
        return Turn(kind="adviser", orders=(to_staff(desk, *parts, ticket=ticket.number if ticket else None),))
    choices = (
        Choice(staff.send_as_it_is, Verb.SEND_ENTRY, entry.id, ticket=ticket.number),
        Choice(staff.none_of_these, Verb.NONE_OF_THESE, entry.id, ticket=ticket.number),
    )
    return Turn(kind="adviser", orders=(to_staff(desk, *parts, staff.entry_hint, ticket=ticket.number, choices=choices),))


def send(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """The entry goes to the person as the bot's answer; whoever sends it has claimed the ticket."""
    choice, ticket = situation.pressed, situation.ticket
    assert choice is not None
    assert ticket is not None
    entry = desk.content.entry(choice.subject)
    if entry is None:
        return told(ticket, desk.staff_texts.entry_none, desk)
    if turn := _asked_first(ticket, event.sender, situation, desk):
        return turn
    shown = MessageRef(event.place.platform, event.place.room, event.message) if isinstance(event, Press) and event.message else None
    after = states.answered(ticket, event.sender, now)
    turn = Turn(
        kind="adviser",
        ticket=after,
        lines=(_line(entry, ticket, event.sender, shown, desk, now),),
        history=(happened(ticket, event.sender, now, "sent_entry"),),
        orders=(
            *without_buttons(event),
            _to_person(entry, ticket, shown, desk, now),
            *shown_state(ticket, after, situation, desk),
            to_staff(desk, _sent(entry, event.sender, desk), ticket=ticket.number),
        ),
    )
    return learning.with_wording(turn, entry, event.sender, situation, desk, now)


def send_with_sentence(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn | None:
    """A reply to an entry that was shown, and not yet sent: the adviser's words go to the person, and the entry after them."""
    choice = next((one for one in situation.offered if one.verb is Verb.SEND_ENTRY), None)
    ticket, shown = situation.ticket, situation.referred
    entry = desk.content.entry(choice.subject) if choice else None
    if choice is None or entry is None or ticket is None or choice.ticket != ticket.number or shown is None or shown.author != "bot":
        return None
    if turn := _asked_first(ticket, message.sender, situation, desk):
        return turn
    turn = writing.reply(message, ticket, replace(situation, referred=None), desk, now)
    if turn.ticket is None:
        return turn  # there was nothing to send
    turn = replace(
        turn,
        lines=(*turn.lines, _line(entry, ticket, message.sender, shown.copy, desk, now)),
        history=(*turn.history, happened(ticket, message.sender, now, "sent_entry")),
        orders=(
            *turn.orders,
            _to_person(entry, ticket, shown.copy, desk, now),
            to_staff(desk, _sent(entry, message.sender, desk), ticket=ticket.number),
        ),
    )
    return learning.with_wording(turn, entry, message.sender, situation, desk, now)


def _asked_first(ticket: Ticket, sender: Sender, situation: Situation, desk: Desk) -> Turn | None:
    texts = desk.staff_texts
    if situation.block is not None:
        return told(ticket, texts.reason_blocked, desk)
    if not ticket.is_open:
        return told(ticket, texts.closed_already.format(ticket=ticket.number), desk)
    if situation.referred is not None and situation.referred.author == "adviser" and situation.pressed is not None:
        return told(ticket, texts.decided_already, desk)
    return claimed_already(ticket, desk) if has_other_adviser(ticket, sender) else None


def _line(entry: Entry, ticket: Ticket, sender: Sender, shown: MessageRef | None, desk: Desk, now: datetime) -> Line:
    text = markup.plain(desk.answer(entry, ticket.language))
    return Line(ticket=ticket.number, author="adviser", text=text, at=now, origin=shown, adviser=sender)


def _to_person(entry: Entry, ticket: Ticket, shown: MessageRef | None, desk: Desk, now: datetime) -> Order:
    texts = desk.speaks(ticket.language)
    said = questions.answer_parts(entry, texts, desk, now)
    parts = tuple(part if isinstance(part, Text) else Text(part) for part in said)
    return Say(place=ticket.place, parts=parts, ticket=ticket.number, hold=desk.undo, report=shown)


def _sent(entry: Entry, sender: Sender, desk: Desk) -> str:
    texts = desk.staff_texts
    return texts.entry_sent.format(title=entry.side(texts.code).title, name=adviser_name(sender, texts))


def none_fit(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """None of the nearest entries is the answer: the card offers them no longer, and the history remembers."""
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return NOTHING
    card: tuple[Order, ...] = ()
    if cards.nearest(ticket, situation.question, situation.history, desk) and ticket.is_open:
        title, choices = cards.title(ticket, desk), cards.choices(ticket, texts)
        card = (ShowState(place=desk.staff, ticket=ticket.number, state=ticket.state, title=title, choices=choices),)
    return Turn(
        kind="adviser",
        history=(happened(ticket, event.sender, now, cards.NONE_FIT),),
        orders=(*without_buttons(event), *card, to_staff(desk, texts.none_fit, ticket=ticket.number)),
    )


def canned(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A reply written once for all, sent in the person's language; without a name they are listed."""
    ticket, texts = situation.ticket, desk.staff_texts
    found = _by_name(rest, desk) if rest else ()
    if len(found) != 1:
        listed = found or desk.replies
        lines = [f"- **{reply.name}** – {reply.titles[texts.code]}" for reply in listed]
        head = texts.replies_head if lines else texts.replies_none
        return told(ticket, "\n".join([head, "", *lines]), desk)
    if ticket is None or not isinstance(event, Message):
        return refused(event, desk, texts.reason_no_ticket)
    return writing.reply(event, ticket, situation, desk, now, text=_filled(found[0], ticket, event.sender, desk))


def _by_name(name: str, desk: Desk) -> tuple[Reply, ...]:
    """By its name, else by how its name or a word of its title begins."""
    if exact := tuple(reply for reply in desk.replies if reply.name == name.lower()):
        return exact
    key = f" {plain_key(name)}"
    return tuple(
        reply for reply in desk.replies if any(key in f" {plain_key(text)}" for text in (reply.name, reply.titles[desk.staff_language]))
    )


def _filled(reply: Reply, ticket: Ticket, sender: Sender, desk: Desk) -> str:
    """As plain text: it goes the way of everything that an adviser writes."""
    texts = desk.speaks(ticket.language)
    values = {
        "name": display_name(ticket.person, texts) if ticket.person.name else "",
        "adviser": display_name(sender, texts) if sender.name else "",
        "ticket": str(ticket.number),
    }
    return markup.plain(markup.fill(reply.texts[texts.code], {**desk.values(texts), **values}))
