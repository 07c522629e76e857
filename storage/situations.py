"""Load what an event needs, and save what came of it: the two halves of one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers import commands, floods, reports
from handlers.desk import Desk
from handlers.events import Due, Edit, Event, Message, MessageRef, Place, Press, Reaction, Removal
from handlers.figures import Figures
from handlers.orders import ANSWERING, DRAFTING, HELD, REUSABLE, Choice, Order, Say, ShowState, Verb
from handlers.situation import Conversation, Line, Question, Situation, Ticket, Turn
from storage import conversations, drafts, due, erasures, inbox, outbox, privacy, staff, statistics, tickets
from storage.database import load as load_value
from storage.outbox import NewId
from storage.tables import choices

_ABOUT_ALL = (Verb.FORGET, Verb.MASK)
_NO_EVENT = 0


async def load(tx: AsyncConnection, number: int, event: Event, channel: Place, *, may_advise: bool = True) -> Situation:
    """`channel` is the staff channel."""
    if isinstance(event, Due):
        return await _by_the_clock(tx, number, event, channel)
    pressed = await _pressed(tx, event)
    if (event.place.platform, event.place.room) == (channel.platform, channel.room):
        return await _in_staff_channel(tx, number, event, pressed, may_advise)
    return await _with_person(tx, number, event, pressed)


async def _with_person(tx: AsyncConnection, number: int, event: Event, pressed: Choice | None) -> Situation:
    place, person = event.place, event.sender.id
    conversation = await conversations.find(tx, place.platform, place.room, person)
    ticket = await tickets.open_of(tx, place.platform, place.room, person)
    offered = (pressed,) if pressed else _open_to(conversation)
    referred = await _referred(tx, event, pressed)
    referred_to = referred.ticket if referred else next((choice.ticket for choice in offered if choice.ticket), None)
    next_ticket = await tickets.next_number(tx)
    return Situation(
        number=number,
        next_ticket=next_ticket,
        conversation=conversation,
        question=await _question(tx, event, pressed, conversation),
        ticket=ticket,
        referred=referred,
        referred_ticket=await _ticket_of(tx, referred_to, place, person),
        pressed=pressed,
        waiting_before=await tickets.waiting_before(tx, ticket.number if ticket else next_ticket, event.at),
        lines=await _lines(tx, place.platform, person, ticket, offered),
        earlier=await _earlier(tx, place.platform, person, ticket),
        block=await staff.block_of(tx, place.platform, person),
        lately=await inbox.lately(tx, number, floods.MOST + 1),
    )


def _open_to(conversation: Conversation | None) -> tuple[Choice, ...]:
    """What the person may answer to without pressing anything."""
    if conversation is None:
        return ()
    return (*conversation.offer, conversation.awaits) if conversation.awaits else conversation.offer


async def _in_staff_channel(tx: AsyncConnection, number: int, event: Event, pressed: Choice | None, may_advise: bool) -> Situation:
    referred = await _referred(tx, event, pressed)
    spent = None if pressed else await _pressed(tx, event, spent=True)
    ticket = None
    if (choice := pressed or spent) and choice.ticket:
        ticket = await tickets.by_number(tx, choice.ticket)
    elif event.place.thread:
        ticket = await tickets.by_thread(tx, event.place.thread)
    elif referred:
        ticket = await tickets.by_number(tx, referred.ticket)
    said = isinstance(event, Message)
    is_command = isinstance(event, Message) and event.is_command
    offered = await _offered(tx, event)
    asked = next((one.question for one in (pressed, *offered) if one and one.verb in ANSWERING), None)
    about = asked or (ticket.question if ticket else None)
    return Situation(
        number=number,
        next_ticket=await tickets.next_number(tx),
        conversation=await conversations.that_asked(tx, asked) if asked else await _conversation_of(tx, ticket),
        question=await conversations.question(tx, about) if about else None,
        ticket=ticket,
        referred=referred,
        referred_ticket=ticket,
        erased=ticket is None and said and await erasures.was_thread(tx, event.place.thread),
        pressed=pressed,
        spent=spent,
        open_tickets=await tickets.still_open(tx),
        may_advise=may_advise,
        advisers=await staff.known(tx, event.place.platform),
        block=await staff.block_of(tx, ticket.place.platform, ticket.person.id) if ticket else None,
        history=await tickets.history(tx, ticket.number) if ticket else (),
        earlier=await _earlier(tx, ticket.place.platform, ticket.person.id, ticket) if ticket else (),
        lines=await _all_lines(tx, ticket.place.platform, ticket.person.id) if ticket and (is_command or not said) else (),
        offered=offered,
        blocked=await staff.blocked(tx) if is_command else (),
        drafts=await drafts.undecided(tx, _draft_meant(choice)),
        next_draft=await drafts.next_number(tx),
        figures=await _figures(tx, event),
    )


async def _figures(tx: AsyncConnection, event: Event) -> Figures | None:
    """A day more than asked for: where a day begins, the desk's time zone says."""
    days = reports.days_wanted(event)
    return await statistics.read(tx, event.at - timedelta(days=days + 1)) if days else None


def _draft_meant(choice: Choice | None) -> int | None:
    """By its number, whatever became of it."""
    number = choice.subject.partition(".")[0] if choice and choice.verb in DRAFTING else ""
    return int(number) if number.isdecimal() else None


async def _by_the_clock(tx: AsyncConnection, number: int, event: Due, channel: Place) -> Situation:
    ticket = await tickets.by_number(tx, event.ticket) if event.ticket else None
    return Situation(
        number=number,
        next_ticket=await tickets.next_number(tx),
        conversation=await _conversation_of(tx, ticket),
        question=await conversations.question(tx, ticket.question) if ticket and ticket.question else None,
        ticket=ticket,
        lines=await tickets.lines(tx, [ticket.number]) if ticket else (),
        open_tickets=await tickets.still_open(tx),
        advisers=await staff.known(tx, channel.platform),
        figures=await _figures(tx, event),
    )


async def _conversation_of(tx: AsyncConnection, ticket: Ticket | None) -> Conversation | None:
    """Of the person whose ticket it is."""
    return await conversations.find(tx, ticket.place.platform, ticket.place.room, ticket.person.id) if ticket else None


async def _pressed(tx: AsyncConnection, event: Event, *, spent: bool = False) -> Choice | None:
    """The choice behind an opaque id: only where it was offered, and until one of its message's was made (`spent`: since then)."""
    if not isinstance(event, Press) or not event.choice:
        return None
    table = choices.c
    row = (
        await tx.execute(
            select(choices).where(table.id == event.choice, table.platform == event.place.platform, table.room == event.place.room)
        )
    ).first()
    return None if row is None or (row.used_at is not None) is not spent else load_value(Choice, row.data)


async def _referred(tx: AsyncConnection, event: Event, pressed: Choice | None) -> Line | None:
    match event:
        case Press() if pressed and pressed.verb in HELD and pressed.subject:
            return await tickets.line_of(tx, MessageRef(event.place.platform, event.place.room, pressed.subject))
        case Press(message=str(message)) if pressed and pressed.verb is Verb.SEND_ENTRY:
            return await tickets.line_of(tx, MessageRef(event.place.platform, event.place.room, message))
        case Message(reply_to=str(message)) | Edit(id=message) | Reaction(message=message) | Removal(message=message):
            return await tickets.line_of(tx, MessageRef(event.place.platform, event.place.room, message))
        case _:
            return None


async def _question(tx: AsyncConnection, event: Event, pressed: Choice | None, conversation: Conversation | None) -> Question | None:
    """The question that the event is about: pressed, brought along from another room by the same person, or the last one."""
    if isinstance(event, Message) and event.carried_question is not None:
        return await conversations.question(tx, event.carried_question, of=(event.place.platform, event.sender.id))
    number = pressed.question if pressed else conversation.question if conversation else None
    return await conversations.question(tx, number) if number is not None else None


async def _ticket_of(tx: AsyncConnection, number: int | None, place: Place, person: str) -> Ticket | None:
    """The ticket, if it is this person's; the whole, when it was merged."""
    ticket = await tickets.whole(tx, number) if number is not None else None
    if ticket is None or (ticket.place.platform, ticket.place.room, ticket.person.id) != (place.platform, place.room, person):
        return None
    return ticket


async def _offered(tx: AsyncConnection, event: Event) -> tuple[Choice, ...]:
    if not isinstance(event, Message) or event.reply_to is None:
        return ()
    return await outbox.offered_by(tx, MessageRef(event.place.platform, event.place.room, event.reply_to))


async def _earlier(tx: AsyncConnection, platform: str, person: str, present: Ticket | None) -> tuple[Ticket, ...]:
    return tuple(ticket for ticket in await tickets.all_of(tx, platform, person) if present is None or ticket.number != present.number)


async def _lines(tx: AsyncConnection, platform: str, person: str, ticket: Ticket | None, offered: Sequence[Choice]) -> tuple[Line, ...]:
    """Of all their tickets where a choice is about all, else of the open one."""
    if any(choice.verb in _ABOUT_ALL for choice in offered):
        return await _all_lines(tx, platform, person)
    return await tickets.lines(tx, [ticket.number]) if ticket else ()


async def _all_lines(tx: AsyncConnection, platform: str, person: str) -> tuple[Line, ...]:
    return await tickets.lines(tx, await tickets.numbers_of(tx, platform, person))


async def save(
    tx: AsyncConnection, number: int, event: Event, turn: Turn, channel: Place, now: datetime, new_id: NewId = outbox.new_id
) -> None:
    """Everything that comes of the event, in the transaction that marks it done. `channel` is the staff channel."""
    orders = turn.orders
    if turn.erase:
        orders = tuple([await _without_ticket(tx, order) for order in orders])
        await privacy.erase(tx, event.place.platform, event.sender.id, now, asked_in=number)
    if turn.conversation:
        await conversations.save(tx, turn.conversation, now)
    if turn.question:
        await conversations.save_question(tx, event.place, event.sender, turn.question)
    if turn.ticket:
        await tickets.save(tx, turn.ticket, now)
        if turn.absorbed:
            await tickets.save(tx, turn.absorbed, now)
            await tickets.absorb(tx, turn.ticket.number, turn.absorbed.number)
    if turn.alarms is not None:
        await due.set_for(tx, turn.ticket.number if turn.ticket else None, turn.alarms)
    for draft in turn.drafts:
        await drafts.save(tx, draft)
    if turn.rewrite:
        await privacy.rewrite(tx, event.place.platform, event.sender.id, turn.rewrite)
    if turn.block:
        await staff.block(tx, turn.block)
    if turn.unblock:
        await staff.unblock(tx, turn.unblock)
    if turn.kind == "adviser" and event.sender.id and (event.place.platform, event.place.room) == (channel.platform, channel.room):
        await staff.seen(tx, event.place.platform, event.sender, now)
    for line in turn.lines:
        await tickets.add_line(tx, line)
    if not turn.erase:
        for happening in turn.history:
            await tickets.add_happening(tx, happening)
    # A press that led to nothing (elsewhere, or by somebody who may not) takes the button from nobody.
    if isinstance(event, Press) and turn.kind != "none" and (pressed := await _pressed(tx, event)) and pressed.verb not in REUSABLE:
        await outbox.use_choice(tx, event.choice, now)
    await outbox.put(tx, orders, channel, number, now, forget=turn.erase, new_id=new_id)


async def erase(tx: AsyncConnection, platform: str, person: str, desk: Desk, now: datetime) -> None:
    """At the operator's hand: as when the person asks for it, but for a word to them."""
    theirs = await tickets.all_of(tx, platform, person)
    orders = commands.taken_away(theirs, await _all_lines(tx, platform, person), desk)
    orders = tuple([await _without_ticket(tx, order) for order in orders])
    await privacy.erase(tx, platform, person, now)
    await outbox.put(tx, orders, desk.staff, _NO_EVENT, now, forget=True)


async def _without_ticket(tx: AsyncConnection, order: Order) -> Order:
    """An order that can be carried out after its ticket is gone: its thread written into it."""
    if not isinstance(order, Say | ShowState) or order.ticket is None:
        return order
    ticket = await tickets.by_number(tx, order.ticket)
    return replace(order, ticket=None, place=replace(order.place, thread=ticket.thread if ticket else None))
