"""Numbers that identify a person are hidden from the advisers until one of them asks, and the person can have them taken out."""

from dataclasses import replace
from datetime import datetime

from handlers import personal
from handlers.desk import Desk
from handlers.events import Edit, Event, Message, MessageRef
from handlers.orders import Change, Choice, OpenThread, Order, Part, Quote, Relay, Say, Verb, destination
from handlers.saying import adviser_name, conversation_of, say, to_staff, told, without_buttons
from handlers.situation import Happening, Situation, Turn


def guarded(turn: Turn, event: Event, situation: Situation, desk: Desk) -> Turn:
    """What follows from a person's event, with nothing in it for the advisers that they need not see; the person is told."""
    return _warned(_hidden(turn, situation, desk), event, situation, desk)


def _hidden(turn: Turn, situation: Situation, desk: Desk) -> Turn:
    ours = [order for order in turn.orders if destination(order) == (desk.staff.platform, desk.staff.room)]
    kinds = tuple(dict.fromkeys(kind for order in ours for text in _written(order) for kind in personal.kinds(text)))
    if not kinds:
        return turn
    orders = tuple(_masked(order) if order in ours else order for order in turn.orders)
    ticket = turn.ticket or situation.ticket or situation.referred_ticket
    if ticket is None:
        return replace(turn, orders=orders)
    texts = desk.staff_texts
    show = Choice(texts.unmask, Verb.UNMASK, ticket=ticket.number)
    named = texts.listed([texts.personal_kind[kind] for kind in kinds])
    notice = to_staff(desk, texts.personal_masked.format(kinds=named), ticket=ticket.number, choices=(show,))
    return replace(turn, orders=(*orders, notice))


def _warned(turn: Turn, event: Event, situation: Situation, desk: Desk) -> Turn:
    """One line before whatever else is asked, so that the last thing asked stays the one that a typed number answers."""
    kinds = personal.kinds(event.text) if isinstance(event, Message | Edit) and event.direct else ()
    if not kinds or turn.erase:
        return turn
    conversation = turn.conversation or situation.conversation or conversation_of(event, situation, desk)
    texts = desk.speaks(conversation.language)
    choices = (Choice(texts.take_out, Verb.MASK), Choice(texts.forget_no, Verb.KEEP))
    named = texts.listed([texts.personal_kind[kind] for kind in kinds])
    warning = say(conversation, texts.personal_warned.format(kinds=named), choices=choices)
    asks = [
        place for place, order in enumerate(turn.orders) if isinstance(order, Say) and order.place == conversation.place and order.choices
    ]
    place = asks[-1] if asks else len(turn.orders)
    return replace(
        turn,
        conversation=replace(conversation, offer=(*conversation.offer, *choices)),
        orders=(*turn.orders[:place], warning, *turn.orders[place:]),
    )


def taken_out(event: Event, situation: Situation, desk: Desk) -> Turn:
    """The person wants it gone: from what is kept, and from where an adviser had it shown."""
    conversation = conversation_of(event, situation, desk)
    shown = tuple(
        Change(message=line.copy, parts=(Quote(personal.masked(line.text)),))
        for line in situation.lines
        if line.author == "bot" and line.copy and personal.found(line.text) and _in_staff_channel(line.copy, desk)
    )
    turn = told("command", conversation, desk, desk.speaks(conversation.language).taken_out)
    return replace(turn, orders=(*turn.orders, *shown), rewrite=personal.masked)


def unmasked(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """An adviser needs it after all: shown in the ticket, and noted in its history."""
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return Turn(kind="none")
    asked = [situation.question.text] if situation.question else []
    said = [line.text for line in situation.lines if line.ticket == ticket.number and line.author == "person"]
    quotes = [Quote(text) for text in dict.fromkeys((*asked, *said)) if personal.found(text)]
    head = texts.unmasked.format(name=adviser_name(event.sender, texts)) if quotes else texts.nothing_masked
    return Turn(
        kind="adviser",
        history=(Happening(ticket.number, now, event.sender.name, "unmasked"),) if quotes else (),
        orders=(*without_buttons(event), to_staff(desk, head, *quotes, ticket=ticket.number)),
    )


def _in_staff_channel(message: MessageRef, desk: Desk) -> bool:
    return (message.platform, message.room) == (desk.staff.platform, desk.staff.room)


def _written(order: Order) -> tuple[str, ...]:
    """What of an order a person wrote."""
    match order:
        case Relay(text=text, attachments=attachments):
            return (text, *(attachment.name for attachment in attachments))
        case Say(parts=parts) | Change(parts=parts) | OpenThread(parts=parts):
            return tuple(part.text for part in parts if isinstance(part, Quote))
        case _:
            return ()


def _masked(order: Order) -> Order:
    match order:
        case Relay():
            attachments = tuple(replace(one, name=personal.masked(one.name)) for one in order.attachments)
            return replace(order, text=personal.masked(order.text), attachments=attachments)
        case Say() | Change():
            return replace(order, parts=_masked_parts(order.parts))
        case OpenThread():
            return replace(order, parts=_masked_parts(order.parts), title=personal.masked(order.title))
        case _:
            return order


def _masked_parts(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(Quote(personal.masked(part.text)) if isinstance(part, Quote) else part for part in parts)
