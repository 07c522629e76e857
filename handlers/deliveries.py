"""What follows when an order was carried out, or never will be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from handlers import cards
from handlers.desk import Desk
from handlers.events import Attachment, MessageRef, Sender
from handlers.orders import Change, Mark, OpenThread, Order, Part, Relay, Remove, Say, ShowWaiting, Sign, Text, Waiting, destination
from handlers.saying import display_name, harmless, to_staff
from handlers.situation import Line, State, Ticket
from handlers.staff import writing
from handlers.states import is_snoozed


def arrived(order: Order, desk: Desk, missing: Sequence[Attachment] = ()) -> tuple[Order, ...]:
    """An adviser sees on their own message that it reached the person, and reads which attachments did not."""
    texts = desk.staff_texts
    match order:
        case Relay(report=True, origin=origin, ticket=ticket):
            names = (harmless(one.name, 60) or texts.attachment.get(one.kind, texts.attachment["other"]) for one in missing)
            left = (to_staff(desk, texts.attachment_left.format(name=name), ticket=ticket) for name in names)
            return (Mark(message=origin, sign=Sign.SENT, ticket=ticket, text=texts.mark_sent), *left)
        case Say(report=MessageRef() as origin, ticket=ticket):
            return (Mark(message=origin, sign=Sign.SENT, ticket=ticket, text=texts.mark_sent),)
        case Remove(report=MessageRef() as command):
            return (Mark(message=command, sign=Sign.SENT, text=texts.mark_removed),)
        case _:
            return ()


def written(order: Order) -> MessageRef | None:
    """The message of the staff channel whose words this order carries to the person."""
    match order:
        case Relay(report=True, origin=origin) | Say(report=MessageRef() as origin):
            return origin
        case _:
            return None


def as_it_reads(order: Order, line: Line) -> Order:
    """With the adviser's last correction."""
    return replace(order, text=line.text) if isinstance(order, Relay) and line.author == "adviser" else order


def overtaken(sent: Order, line: Line, ticket: Ticket, desk: Desk) -> tuple[Order, ...]:
    """What follows when it was corrected or withdrawn while it was on its way; `line` is how it reads now."""
    if line.copy is None:
        return ()
    if line.author == "withdrawn":
        return (Remove(message=line.copy, report=line.origin),)
    is_corrected = isinstance(sent, Relay) and line.author == "adviser" and line.text != sent.text
    return (writing.correction(line, ticket, desk),) if is_corrected else ()


def undelivered(order: Order, ticket: int | None, person: Sender | None, reason: str, desk: Desk) -> tuple[Order, ...]:
    """Somebody is told: on the adviser's message, on the ticket, or in the staff channel. `reason` is a staff text."""
    texts = desk.staff_texts
    match order:
        case Relay(report=True, origin=origin) | Say(report=MessageRef() as origin):
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
    said += cards.transcript(ticket, lines, texts)
    title = cards.title(ticket, desk)
    return OpenThread(place=desk.staff, ticket=ticket.number, title=title, parts=tuple(said), choices=cards.choices(ticket, texts))


def thread_gone(ticket: Ticket, desk: Desk) -> Order:
    """Said in the channel itself: whoever deleted the thread may not know what it was."""
    return to_staff(desk, desk.staff_texts.thread_gone.format(ticket=ticket.number))


def waiting(tickets: Sequence[Ticket], desk: Desk, now: datetime) -> ShowWaiting:
    """The list of the tickets that wait for the advisers, for all or for whoever claimed them; without what is put off."""
    texts = desk.staff_texts
    ours = [ticket for ticket in tickets if ticket.state in (State.WAITING, State.CLAIMED) and not is_snoozed(ticket, now)]
    head = texts.plural(texts.waiting_head, len(ours)) if ours else texts.waiting_none
    items = tuple(Waiting(ticket.number, ticket.thread, cards.queued(ticket, desk, now)) for ticket in ours)
    return ShowWaiting(place=desk.staff, head=head, waiting=items)


def restored(tickets: Sequence[int], desk: Desk) -> Order:
    """Said once, when the desk was restored from a backup; `tickets` are those of what waited then."""
    return to_staff(desk, desk.staff_texts.alert_restored.format(tickets=", ".join(f"#{number}" for number in tickets)))


def quarantined(platform: str, number: int, desk: Desk) -> Order:
    return to_staff(desk, desk.staff_texts.alert_quarantined.format(platform=platform, number=number))
