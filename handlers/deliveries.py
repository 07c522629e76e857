"""What follows when an order was carried out, or never will be."""

from collections.abc import Sequence

from handlers import cards
from handlers.desk import Desk
from handlers.events import Sender
from handlers.orders import Mark, OpenThread, Order, Part, Quote, Relay, Say, Sign, Text, destination
from handlers.saying import display_name, to_staff
from handlers.situation import Line, Ticket


def arrived(order: Order, desk: Desk) -> tuple[Order, ...]:
    """An adviser sees on their own message that it reached the person."""
    if isinstance(order, Relay) and order.report:
        return (_mark(order, Sign.SENT, desk.staff_texts.mark_sent),)
    return ()


def undelivered(order: Order, ticket: int | None, person: Sender | None, reason: str, desk: Desk) -> tuple[Order, ...]:
    """Somebody is told: on the adviser's message, on the ticket, or in the staff channel. `reason` is a staff text."""
    texts = desk.staff_texts
    if isinstance(order, Relay) and order.report:
        return (_mark(order, Sign.FAILED, texts.not_sent.format(reason=reason)),)
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


def quarantined(platform: str, number: int, desk: Desk) -> Order:
    return to_staff(desk, desk.staff_texts.alert_quarantined.format(platform=platform, number=number))


def _mark(order: Relay, sign: Sign, text: str) -> Mark:
    return Mark(message=order.origin, sign=sign, ticket=order.ticket, text=text)
