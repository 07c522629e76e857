"""Whom the desk does not answer."""

from dataclasses import replace
from datetime import datetime

from handlers import states
from handlers.desk import Desk
from handlers.events import Event
from handlers.hours import written
from handlers.orders import Say, Text
from handlers.saying import display_name, harmless
from handlers.situation import Block, Situation, Turn
from handlers.staff.building import changed, happened, refused, told


def block(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """In a ticket: its person is not answered any more, and told so once. In the channel: a list of all whom this concerns."""
    ticket, texts = situation.ticket, desk.staff_texts
    if ticket is None:
        return told(None, _listed(situation.blocked, desk), desk) if not rest else refused(event, desk, texts.reason_no_ticket)
    if situation.block is not None:
        return told(ticket, texts.blocked_already.format(who=harmless(situation.block.who, 40) or texts.adviser_label), desk)
    if not rest:
        return told(ticket, texts.block_usage, desk)
    who = event.sender.name or event.sender.id
    blocked = Block(platform=ticket.place.platform, person=ticket.person, reason=rest, who=who, at=now)
    after = states.closed(ticket, now) if ticket.is_open else ticket
    turn = changed(ticket, after, event, "blocked", texts.blocked_by, situation, desk, now)
    farewell = Say(place=ticket.place, parts=(Text(desk.speaks(ticket.language).you_are_blocked),), ticket=ticket.number)
    return replace(turn, block=blocked, orders=(farewell, *turn.orders))


def unblock(event: Event, rest: str, situation: Situation, desk: Desk, now: datetime) -> Turn:
    """In a ticket its person; in the channel by the number in the list."""
    ticket, texts = situation.ticket, desk.staff_texts
    found = _chosen(rest, situation)
    if found is None:
        return told(ticket, _listed(situation.blocked, desk) if ticket is None else texts.blocked_not, desk)
    text = texts.unblocked.format(person=display_name(found.person, texts))
    turn = told(ticket, text, desk)
    return replace(turn, unblock=found, history=(happened(ticket, event.sender, now, "unblocked"),) if ticket else ())


def _chosen(number: str, situation: Situation) -> Block | None:
    if situation.ticket is not None:
        return situation.block
    index = int(number.lstrip("#")) - 1 if number.lstrip("#").isdecimal() and len(number) < 6 else -1
    return situation.blocked[index] if 0 <= index < len(situation.blocked) else None


def _listed(blocked: tuple[Block, ...], desk: Desk) -> str:
    texts = desk.staff_texts
    if not blocked:
        return texts.blocked_nobody
    lines = [
        texts.blocked_line.format(
            number=number,
            person=display_name(one.person, texts),
            platform=one.platform,
            reason=f" · {reason}" if (reason := harmless(one.reason, 100)) else "",
            who=harmless(one.who, 40) or texts.adviser_label,
            date=written(one.at.astimezone(desk.hours.zone).date(), texts),
        )
        for number, one in enumerate(blocked, 1)
    ]
    return "\n".join([texts.blocked_head, "", *(f"- {line}" for line in lines)])
