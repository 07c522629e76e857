"""A question handed to the advisers, seen from the person's side."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from handlers import cards, hours, learning, rating, states
from handlers.desk import Desk
from handlers.events import Edit, Event, Message, MessageRef, Reaction, Removal, Unreachable
from handlers.orders import Choice, Mark, Order, Quote, Relay, Say, ShowState, Sign, Text, destination
from handlers.personal import masked
from handlers.saying import adviser_name, conversation_of, display_name, say, short, to_staff, told, welcomed
from handlers.situation import Conversation, Happening, Line, Question, Situation, State, Ticket, Turn
from handlers.texts import Texts
from knowledge.decisions import Decision, SmallTalk, Wish

NOTHING = Turn(kind="none")
_MANY = 3
"""So many others waiting, and the person is told that it may take longer."""
_FEW_WORDS = 60
"""A longer text says more than that the matter is solved."""


def open_ticket(
    conversation: Conversation,
    question: Question | None,
    situation: Situation,
    desk: Desk,
    now: datetime,
    *,
    told: str,
    message: Message | None = None,
    helped: bool | None = None,
    tried: str | None = None,
) -> Turn:
    """Hand over. `told` is what the person reads first, with `{ticket}` in it; `message` is what they wrote, if they did."""
    conversation, welcome = welcomed(replace(conversation, offer=(), question=question.number if question else None), desk)
    ticket = Ticket(
        number=situation.next_ticket,
        place=conversation.place,
        person=conversation.person,
        language=conversation.language,
        title=short(masked(question.text)) if question else "",
        opened_at=now,
        waiting_since=now,
        question=question.number if question else None,
        expected_by=desk.hours.expected(now),
    )
    tried = tried or cards.tried(question, desk, helped=helped)
    orders: tuple[Order, ...] = (
        *welcome,
        say(conversation, _handed_over(told, ticket, situation.waiting_before, desk, now), ticket=ticket.number),
        cards.open_thread(ticket, question, tried, situation.earlier, desk, now),
        *cards.rest(ticket, question, desk),
    )
    lines: tuple[Line, ...] = ()
    if message is not None and (message.text.strip() or message.attachments):
        lines = (_line(ticket, message, now),)
        if message.attachments:
            orders += (_relay(ticket, message, desk),)
    return Turn(
        kind="escalate",
        conversation=conversation,
        question=question,
        ticket=ticket,
        lines=lines,
        history=(_happened(ticket, now, "person", "opened"),),
        orders=orders,
        guesses=question.guesses if question else (),
    )


def wanted(
    conversation: Conversation,
    question: Question | None,
    situation: Situation,
    desk: Desk,
    now: datetime,
    *,
    helped: bool | None = None,
    message: Message | None = None,
) -> Turn:
    """The person asks for a human, about this question if there is one; `helped` is False when an answer did not do."""
    texts = desk.speaks(conversation.language)
    question = replace(question, helped=helped) if question and helped is not None else question
    if situation.ticket is not None:
        return _wanted_again(conversation, question, situation.ticket, desk, now)
    if question is None:
        return open_ticket(conversation, None, situation, desk, now, told=texts.handed_over_empty, message=message)
    text = texts.handed_over_wish if helped is None else texts.handed_over_not_helped
    return open_ticket(conversation, question, situation, desk, now, told=text, message=message, helped=helped)


def asked_directly(message: Message, conversation: Conversation, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A question put straight to the advisers."""
    question = Question(number=situation.number, text=message.text, language=conversation.language, decision="escalate", at=now)
    text = desk.speaks(conversation.language).handed_over_wish
    tried = desk.staff_texts.card_wish
    return open_ticket(conversation, question, situation, desk, now, told=text, message=message, tried=tried)


def _wanted_again(conversation: Conversation, question: Question | None, ticket: Ticket, desk: Desk, now: datetime) -> Turn:
    """A ticket is open already: the person is told so, and the advisers what it is about now."""
    texts = desk.speaks(conversation.language)
    changed = states.person_wrote(ticket, desk.hours, now)
    text = texts.already_open.format(ticket=ticket.number, expected=expected(changed, desk, texts, now))
    turn = told("ticket", conversation, desk, text)
    about = (Quote(question.text),) if question and question.number != ticket.question else ()
    note = to_staff(desk, desk.staff_texts.person_not_helped, *about, ticket=ticket.number)
    orders = (*turn.orders, *shown_state(ticket, changed, desk), note)
    return replace(turn, question=question, ticket=changed, history=_wrote(ticket, now), orders=orders)


def pass_on(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Everything a person writes while a ticket is open goes to it; the bot does not talk over the adviser."""
    ticket = situation.ticket
    assert ticket is not None
    conversation = conversation_of(message, situation, desk)
    said = _in_few_words(message, conversation, desk)
    if isinstance(said, Wish) and said.kind == "solved":
        turn = closed_by_person(message, ticket, situation, desk, now)
        return replace(turn, lines=(_line(ticket, message, now),), orders=(_relay(ticket, message, desk), *turn.orders))
    return _passed_on(message, ticket, conversation, desk, now, awaits_answer=not isinstance(said, SmallTalk))


def _passed_on(
    message: Message, ticket: Ticket, conversation: Conversation, desk: Desk, now: datetime, *, awaits_answer: bool = True
) -> Turn:
    wrote = states.person_wrote(ticket, desk.hours, now)
    changed = replace(wrote, person=message.sender, title=ticket.title or short(masked(message.text)))
    follows_up = awaits_answer and ticket.state is State.ANSWERED
    promised = _promised_anew(changed, desk, desk.speaks(conversation.language), now) if follows_up else ""
    return Turn(
        kind="ticket",
        conversation=conversation,
        ticket=changed,
        lines=(_line(ticket, message, now),),
        history=_wrote(ticket, now),
        orders=(
            *((say(conversation, promised, ticket=ticket.number),) if promised else ()),
            _relay(ticket, message, desk),
            *shown_state(ticket, changed, desk),
        ),
    )


def _promised_anew(ticket: Ticket, desk: Desk, texts: Texts, now: datetime) -> str:
    """Who writes on while nobody is there reads when to expect an answer."""
    closed = _closed_until(desk, texts, now)
    return f"{closed} {expected(ticket, desk, texts, now)}" if closed else ""


def _wrote(ticket: Ticket, now: datetime) -> tuple[Happening, ...]:
    """What it changes for the advisers that the person writes."""
    if ticket.state is State.ANSWERED:
        return (_happened(ticket, now, "person", "wrote_again"),)
    return (_happened(ticket, now, "person", "woke"),) if states.is_snoozed(ticket, now) else ()


def _in_few_words(message: Message, conversation: Conversation, desk: Desk) -> Decision | None:
    """What they say, such as "hvala, rešeno", where there can be nothing else in it."""
    words = message.text.strip()
    if not words or message.attachments or len(words) > _FEW_WORDS or "?" in words:
        return None
    return desk.matcher.decide(words, conversation.language)


def reopened_by_reply(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A reply to a closed matter opens it again."""
    assert situation.referred_ticket is not None
    turn = reopen(message, situation.referred_ticket, situation, desk, now)
    assert turn.ticket is not None
    return replace(
        turn,
        lines=(_line(turn.ticket, message, now),),
        orders=(*turn.orders, _relay(turn.ticket, message, desk)),
    )


def reopen(event: Event, ticket: Ticket, situation: Situation, desk: Desk, now: datetime) -> Turn:
    conversation = conversation_of(event, situation, desk)
    texts, staff = desk.speaks(conversation.language), desk.staff_texts
    changed = states.reopened(replace(ticket, adviser=None), desk.hours, now)
    text = texts.ticket_reopened.format(ticket=ticket.number) + " " + expected(changed, desk, texts, now)
    return Turn(
        kind="ticket",
        conversation=conversation,
        ticket=changed,
        history=(_happened(ticket, now, "person", "reopened"),),
        orders=(
            say(conversation, text, ticket=ticket.number),
            *shown_state(ticket, changed, desk),
            to_staff(desk, staff.person_reopened.format(ticket=ticket.number), ticket=ticket.number),
        ),
    )


def closed_by_person(event: Event, ticket: Ticket, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """The person says that it is solved."""
    conversation = conversation_of(event, situation, desk)
    texts = desk.speaks(conversation.language)
    closed = states.closed(ticket, now)
    goodbye = rating.goodbye(closed, texts.ticket_closed, texts)
    offer = learning.offer(replace(situation, ticket=ticket), desk)
    return Turn(
        kind="ticket",
        conversation=replace(conversation, offer=goodbye.choices),
        ticket=closed,
        history=(_happened(ticket, now, "person", "closed"),),
        orders=(
            goodbye,
            *shown_state(ticket, closed, desk),
            to_staff(desk, desk.staff_texts.closed_by_person.format(ticket=ticket.number), ticket=ticket.number, choices=offer),
        ),
    )


def still_open(event: Event, ticket: Ticket, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """The person says that the answer was not enough: it is our turn again."""
    conversation = conversation_of(event, situation, desk)
    texts = desk.speaks(conversation.language)
    changed = states.person_wrote(ticket, desk.hours, now)
    text = texts.still_open.format(ticket=ticket.number, expected=expected(changed, desk, texts, now))
    note = to_staff(desk, desk.staff_texts.person_not_helped, ticket=ticket.number)
    mentioned = replace(note, mentions=(ticket.adviser,) if ticket.adviser else ())
    return Turn(
        kind="ticket",
        conversation=conversation,
        ticket=changed,
        history=(_happened(ticket, now, "person", "not_solved"),),
        orders=(say(conversation, text, ticket=ticket.number), *shown_state(ticket, changed, desk), mentioned),
    )


def edited(edit: Edit, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """An edit of something the advisers have seen is shown to them, with the earlier text."""
    line, ticket = situation.referred, situation.referred_ticket
    if line is None or ticket is None or line.text == edit.text:
        return NOTHING
    staff = desk.staff_texts
    origin = MessageRef(edit.place.platform, edit.place.room, edit.id)
    relay = Relay(
        place=desk.staff,
        ticket=ticket.number,
        author=f"{display_name(ticket.person, staff)} ({staff.edited})",
        text=edit.text,
        origin=origin,
        reply_to=line.copy.id if line.copy else None,
    )
    earlier = to_staff(desk, staff.person_edited, Quote(line.text), ticket=ticket.number)
    new = Line(ticket=ticket.number, author="person", text=edit.text, at=now, origin=origin)
    return Turn(kind="ticket", lines=(new,), orders=(relay, earlier))


def touched(event: Reaction | Removal, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """A reaction or a removal on the person's side, shown on the advisers'."""
    line, ticket = situation.referred, situation.referred_ticket
    if line is None or ticket is None:
        return NOTHING
    if isinstance(event, Removal):
        note = to_staff(desk, desk.staff_texts.person_removed, Quote(short(masked(line.text))), ticket=ticket.number)
        return Turn(kind="ticket", orders=(note,))
    if not event.emoji:
        return NOTHING
    name = display_name(ticket.person, desk.staff_texts)
    return Turn(kind="ticket", orders=(to_staff(desk, name, Quote(event.emoji), ticket=ticket.number),))


def unreachable(event: Unreachable, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Somebody who is gone cannot be answered: the advisers are told on the ticket."""
    ticket = situation.ticket
    if ticket is None:
        return NOTHING
    texts = desk.staff_texts
    text = texts.person_unreachable.format(reason=texts.gone.get(event.reason, short(event.reason)))
    return Turn(
        kind="ticket",
        history=(_happened(ticket, now, "person", "unreachable"),),
        orders=(to_staff(desk, text, ticket=ticket.number),),
    )


def after_failure(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """The program failed on this event again and again: a person takes over, with nothing but the event itself."""
    return _taken_over(event, situation, desk, now, reason=desk.staff_texts.reason_failed, tried=desk.staff_texts.card_failure)


def after_restore(event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """It waited when the backup was made and may have been answered since: the advisers look, and nobody else hears of it."""
    if situation.block is not None or (isinstance(event, Message) and not event.addressed and not desk.is_staff(event)):
        return NOTHING
    texts = desk.staff_texts
    turn = _taken_over(event, situation, desk, now, reason=texts.reason_restored, tried=texts.card_restored)
    room = (desk.staff.platform, desk.staff.room)
    return replace(turn, orders=tuple(order for order in turn.orders if destination(order) == room))


def _taken_over(event: Event, situation: Situation, desk: Desk, now: datetime, *, reason: str, tried: str) -> Turn:
    if not isinstance(event, Message):
        return NOTHING
    if desk.is_staff(event):
        ref = MessageRef(event.place.platform, event.place.room, event.id)
        text = desk.staff_texts.not_sent.format(reason=reason)
        number = situation.ticket.number if situation.ticket else None
        return Turn(kind="adviser", orders=(Mark(message=ref, sign=Sign.FAILED, ticket=number, text=text),))
    conversation = conversation_of(event, situation, desk)
    if situation.ticket is not None:
        return _passed_on(event, situation.ticket, conversation, desk, now)
    question = Question(number=situation.number, text=event.text, language=conversation.language, decision="escalate", at=now)
    return open_ticket(
        conversation,
        question,
        situation,
        desk,
        now,
        told=desk.speaks(conversation.language).handed_over_failure,
        message=event,
        tried=tried,
    )


def expected(ticket: Ticket, desk: Desk, texts: Texts, now: datetime) -> str:
    """By when an answer was promised; an honest "as soon as we can" when that has passed or was never promised."""
    if ticket.expected_by is None or ticket.expected_by <= now:
        return texts.expected_unknown
    return texts.expected.format(when=hours.until(ticket.expected_by.astimezone(desk.hours.zone), now, texts))


def shown_state(before: Ticket, after: Ticket, desk: Desk, nearest: tuple[Choice, ...] = ()) -> tuple[Order, ...]:
    """Show a ticket's new state on its thread, when it is new. `nearest` are the entries that its card goes on offering."""
    texts = desk.staff_texts
    title, choices = cards.title(after, desk), cards.choices(after, texts, nearest)
    if before.state == after.state and before.adviser == after.adviser and cards.title(before, desk) == title:
        return ()
    changed = choices if choices != cards.choices(before, texts, nearest) else ()
    return (ShowState(place=desk.staff, ticket=after.number, state=after.state, title=title, choices=changed),)


def taken(before: Ticket, after: Ticket, desk: Desk) -> tuple[Order, ...]:
    """The person is told when an adviser takes their ticket, the first time."""
    if after.state is not State.CLAIMED or before.adviser is not None or before.claimed_at is not None:
        return ()
    texts, name = desk.speaks(after.language), after.adviser.name if after.adviser else ""
    text = texts.taken_by.format(ticket=after.number, name=adviser_name(after.adviser, texts)) if name else texts.taken
    return (Say(place=after.place, parts=(Text(text.format(ticket=after.number)),), ticket=after.number),)


def _handed_over(told: str, ticket: Ticket, before: int, desk: Desk, now: datetime) -> str:
    """`before` is how many tickets wait for us already."""
    texts = desk.speaks(ticket.language)
    parts = (*_what_to_expect(before, desk, texts, now), expected(ticket, desk, texts, now), texts.add_more)
    return f"{told.format(ticket=ticket.number)}\n\n{' '.join(parts)}"


def _what_to_expect(before: int, desk: Desk, texts: Texts, now: datetime) -> Iterator[str]:
    """Nobody is there, or others wait too."""
    if closed := _closed_until(desk, texts, now):
        yield closed
    if before:
        yield texts.plural(texts.ahead, before)
    if before >= _MANY and desk.hours.is_open(now):
        yield texts.busy


def _closed_until(desk: Desk, texts: Texts, now: datetime) -> str:
    """Empty while somebody is there, or where no hours are known."""
    if not desk.hours.week or desk.hours.is_open(now):
        return ""
    opens = desk.hours.opens(now)
    return texts.closed_until.format(when=hours.at(opens, now, texts)) if opens else texts.closed_now


def _relay(ticket: Ticket, message: Message, desk: Desk) -> Relay:
    return Relay(
        place=desk.staff,
        ticket=ticket.number,
        author=display_name(message.sender, desk.staff_texts),
        text=message.text,
        origin=MessageRef(message.place.platform, message.place.room, message.id),
        attachments=message.attachments,
        not_carried=desk.staff_texts.not_carried if message.attachments else "",
    )


def _line(ticket: Ticket, message: Message, now: datetime) -> Line:
    origin = MessageRef(message.place.platform, message.place.room, message.id)
    return Line(ticket=ticket.number, author="person", text=message.text, at=now, attachments=message.attachments, origin=origin)


def _happened(ticket: Ticket, now: datetime, who: str, what: str) -> Happening:
    return Happening(ticket=ticket.number, at=now, who=who, what=what)
