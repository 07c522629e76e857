"""What follows when an order was carried out, or never will be."""

from collections.abc import Sequence
from datetime import datetime

from handlers import advisers, cards
from handlers.desk import Desk
from handlers.events import MessageRef, Sender
from handlers.orders import Change, Mark, OpenThread, Order, Part, Quote, Relay, Remove, Say, ShowWaiting, Sign, Text, Waiting, destination
from handlers.saying import display_name, to_staff
from handlers.situation import Line, State, Ticket


def arrived(order: Order, desk: Desk) -> tuple[Order, ...]:
    """An adviser sees on their own message that it reached the person."""
    texts = desk.staff_texts
    match order:
        case Relay(report=True, origin=origin, ticket=ticket):
            return (Mark(message=origin, sign=Sign.SENT, ticket=ticket, text=texts.mark_sent),)
        case Remove(report=MessageRef() as command):
            return (Mark(message=command, sign=Sign.SENT, text=texts.mark_removed),)
        case _:
            return ()


def undelivered(order: Order, ticket: int | None, person: Sender | None, reason: str, desk: Desk) -> tuple[Order, ...]:
    """Somebody is told: on the adviser's message, on the ticket, or in the staff channel. `reason` is a staff text."""
    texts = desk.staff_texts
    match order:
        case Relay(report=True, origin=origin):
            return (Mark(message=origin, sign=Sign.FAILED, ticket=order.ticket, text=texts.not_sent.format(reason=reason)),)
        case Remove(report=MessageRef() as message):
            return (Mark(message=message, sign=Sign.FAILED, text=texts.not_removed.format(reason=reason)),)
        case Change(report=MessageRef() as message):
            return (Mark(message=message, sign=Sign.FAILED, text=texts.not_changed.format(reason=reason)),)
    if destination(order) == (desk.staff.platform, desk.staff.room):
        return ()  # the channel itself is the trouble: that is for health and the log
    if ticket is not None:
        return (to_staff(desk, texts.alert_undelivered.format(ticket=ticket, reason=reason), ticket=ticket),)
    if isinstance(order, Say):
        return (to_staff(desk, texts.alert_undelivered_plain.format(name=display_name(person, texts), reason=reason)),)
    return ()


def thread_again(ticket: Ticket, lines: Sequence[Line], desk: Desk) -> OpenThread:
    """A ticket's thread made anew, with what was said so far."""
    texts = desk.staff_texts
    said: list[Part] = [Text(texts.card_again.format(ticket=ticket.number))]
    for line in lines:
        if line.author != "bot" and line.text:
            author = display_name(ticket.person, texts) if line.author == "person" else texts.adviser_label
            said += [Text(f"**{author}:**"), Quote(line.text)]
    title = cards.title(ticket, texts)
    return OpenThread(place=desk.staff, ticket=ticket.number, title=title, parts=tuple(said), choices=cards.choices(ticket, texts))


def thread_gone(ticket: Ticket, desk: Desk) -> Order:
    """Said in the channel itself: whoever deleted the thread may not know what it was."""
    return to_staff(desk, desk.staff_texts.thread_gone.format(ticket=ticket.number))


def waiting(tickets: Sequence[Ticket], desk: Desk, now: datetime) -> ShowWaiting:
    """The list of the tickets that wait for the advisers: for all of them, or for whoever claimed them."""
    texts = desk.staff_texts
    ours = [ticket for ticket in tickets if ticket.state in (State.WAITING, State.CLAIMED)]
    head = texts.plural(texts.waiting_head, len(ours)) if ours else texts.waiting_none
    items = tuple(Waiting(ticket.number, ticket.thread, advisers.queued(ticket, desk, now)) for ticket in ours)
    return ShowWaiting(place=desk.staff, head=head, waiting=items)


def quarantined(platform: str, number: int, desk: Desk) -> Order:
    return to_staff(desk, desk.staff_texts.alert_quarantined.format(platform=platform, number=number))
