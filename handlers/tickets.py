"""A question handed to the advisers, seen from the person's side."""

from dataclasses import replace
from datetime import datetime

from handlers import cards, hours
from handlers.desk import Desk
from handlers.events import Edit, Event, Message, MessageRef, Reaction, Removal, Unreachable
from handlers.orders import Choice, Mark, Order, Quote, Relay, ShowState, Sign, Text, Verb
from handlers.saying import conversation_of, display_name, say, short, to_staff, told, welcomed
from handlers.situation import Conversation, Happening, Line, Question, Situation, State, Ticket, Turn
from handlers.texts import Texts

NOTHING = Turn(kind="none")


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
        title=short(question.text) if question else "",
        opened_at=now,
        question=question.number if question else None,
        expected_by=desk.hours.expected(now),
    )
    tried = tried or cards.tried(question, desk, helped=helped)
    texts = desk.speaks(conversation.language)
    orders: tuple[Order, ...] = (
        *welcome,
        say(conversation, _handed_over(told.format(ticket=ticket.number), ticket, desk, texts, now), ticket=ticket.number),
        cards.open_thread(ticket, question, tried, desk, now),
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
    text = texts.already_open.format(ticket=ticket.number, expected=expected(ticket, desk, texts, now))
    turn = told("ticket", conversation, desk, text)
    about = (Quote(question.text),) if question and question.number != ticket.question else ()
    note = to_staff(desk, desk.staff_texts.person_not_helped, *about, ticket=ticket.number)
    return replace(turn, question=question, orders=(*turn.orders, note))


def pass_on(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """Everything a person writes while a ticket is open goes to it; the bot does not talk over the adviser."""
    ticket = situation.ticket
    assert ticket is not None
    conversation = conversation_of(message, situation, desk)
    state = State.CLAIMED if ticket.adviser is not None else State.WAITING
    changed = replace(ticket, state=state, person=message.sender, title=ticket.title or short(message.text))
    return Turn(
        kind="ticket",
        conversation=conversation,
        ticket=changed,
        lines=(_line(ticket, message, now),),
        orders=(_relay(ticket, message, desk), *shown_state(ticket, changed, desk)),
    )


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
    changed = replace(ticket, state=State.WAITING, adviser=None, closed_at=None, expected_by=desk.hours.expected(now))
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
        note = to_staff(desk, desk.staff_texts.person_removed, Quote(short(line.text)), ticket=ticket.number)
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
    if not isinstance(event, Message):
        return NOTHING
    if desk.is_staff(event):
        ref = MessageRef(event.place.platform, event.place.room, event.id)
        text = desk.staff_texts.not_sent.format(reason=desk.staff_texts.reason_failed)
        number = situation.ticket.number if situation.ticket else None
        return Turn(kind="adviser", orders=(Mark(message=ref, sign=Sign.FAILED, ticket=number, text=text),))
    if situation.ticket is not None:
        return pass_on(message=event, situation=situation, desk=desk, now=now)
    conversation = conversation_of(event, situation, desk)
    question = Question(number=situation.number, text=event.text, language=conversation.language, decision="escalate", at=now)
    return open_ticket(
        conversation,
        question,
        situation,
        desk,
        now,
        told=desk.speaks(conversation.language).handed_over_failure,
        message=event,
        tried=desk.staff_texts.card_failure,
    )


def expected(ticket: Ticket, desk: Desk, texts: Texts, now: datetime) -> str:
    """By when an answer was promised; an honest "as soon as we can" when that has passed or was never promised."""
    if ticket.expected_by is None or ticket.expected_by <= now:
        return texts.expected_unknown
    return texts.expected.format(when=hours.until(ticket.expected_by.astimezone(desk.hours.zone), now, texts))


def shown_state(before: Ticket, after: Ticket, desk: Desk) -> tuple[Order, ...]:
    """Show a ticket's new state on its thread, when it is new."""
    if before.state == after.state and before.adviser == after.adviser and before.title == after.title:
        return ()
    title = cards.title(after, desk.staff_texts)
    return (ShowState(place=desk.staff, ticket=after.number, state=after.state, title=title),)


def closing(ticket: Ticket, texts: Texts) -> tuple[Text, Choice]:
    """What the person reads when a ticket is closed, and the way back."""
    return Text(texts.ticket_closed.format(ticket=ticket.number)), Choice(texts.reopen, Verb.REOPEN, ticket=ticket.number)


def _handed_over(told: str, ticket: Ticket, desk: Desk, texts: Texts, now: datetime) -> str:
    closed = "" if not desk.hours.week or desk.hours.is_open(now) else texts.closed_now
    when = " ".join(part for part in (closed, expected(ticket, desk, texts, now), texts.add_more) if part)
    return f"{told}\n\n{when}"


def _relay(ticket: Ticket, message: Message, desk: Desk) -> Relay:
    return Relay(
        place=desk.staff,
        ticket=ticket.number,
        author=display_name(message.sender, desk.staff_texts),
        text=message.text,
        origin=MessageRef(message.place.platform, message.place.room, message.id),
        attachments=message.attachments,
    )


def _line(ticket: Ticket, message: Message, now: datetime) -> Line:
    origin = MessageRef(message.place.platform, message.place.room, message.id)
    return Line(ticket=ticket.number, author="person", text=message.text, at=now, origin=origin)


def _happened(ticket: Ticket, now: datetime, who: str, what: str) -> Happening:
    return Happening(ticket=ticket.number, at=now, who=who, what=what)
