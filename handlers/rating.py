"""How good the help was: asked once, when a ticket is closed."""

from dataclasses import replace
from datetime import datetime, timedelta

from handlers.desk import Desk
from handlers.events import Event, Message
from handlers.orders import Choice, Quote, Say, Text, Verb
from handlers.personal import masked
from handlers.saying import conversation_of, say, to_staff
from handlers.situation import Conversation, Happening, Situation, Ticket, Turn
from handlers.texts import Texts
from knowledge.clauses import asks
from knowledge.decisions import NotFound, Unsure

_COMMENT_WITHIN = timedelta(minutes=10)
_COMMENT_LENGTH = 1000
_MAYBE_A_QUESTION = 0.3
"""From this probability of the best entry on, what the person writes is a question rather than a comment."""


def goodbye(ticket: Ticket, text: str, texts: Texts) -> Say:
    """What the person reads when a ticket is closed, with the way back and, unless it was rated before, the rating.

    `text` has `{ticket}` in it.
    """
    back = Choice(texts.reopen, Verb.REOPEN, ticket=ticket.number)
    said = Text(text.format(ticket=ticket.number))
    if ticket.liked is not None:
        return Say(place=ticket.place, parts=(said,), choices=(back,), ticket=ticket.number)
    thumbs = (Choice(texts.like, Verb.LIKE, ticket=ticket.number), Choice(texts.dislike, Verb.DISLIKE, ticket=ticket.number))
    return Say(place=ticket.place, parts=(said, Text(texts.rate)), choices=(*thumbs, back), ticket=ticket.number)


def rate(choice: Choice, event: Event, situation: Situation, desk: Desk, now: datetime) -> Turn | None:
    """One tap, and no second one; then a sentence, if they like, and after a 👎 the way back."""
    conversation, ticket = conversation_of(event, situation, desk), situation.referred_ticket
    texts, staff = desk.speaks(conversation.language), desk.staff_texts
    if ticket is None or ticket.is_open or ticket.liked is not None:
        return None
    liked = choice.verb is Verb.LIKE
    back = () if liked else (Choice(texts.reopen, Verb.REOPEN, ticket=ticket.number),)
    awaited = Choice("", Verb.COMMENT, ticket=ticket.number)
    shown = to_staff(desk, staff.person_liked if liked else staff.person_disliked, ticket=ticket.number)
    thanks = say(conversation, texts.liked if liked else texts.disliked, choices=back, ticket=ticket.number)
    return Turn(
        kind="ticket",
        conversation=replace(conversation, offer=back, awaits=awaited),
        ticket=replace(ticket, liked=liked),
        history=(Happening(ticket=ticket.number, at=now, who="person", what="rated"),),
        orders=(thanks, shown),
    )


def comment(message: Message, situation: Situation, desk: Desk, now: datetime) -> Turn | None:
    """What a person writes soon after rating goes with the rating, unless it may be a new question."""
    conversation, ticket = situation.conversation, situation.referred_ticket
    if conversation is None or ticket is None or not _is_awaited(conversation, ticket, now):
        return None
    if not message.text.strip() or message.attachments or _may_be_a_question(message, conversation, desk):
        return None
    conversation, said = conversation_of(message, situation, desk), masked(message.text.strip())
    texts = desk.speaks(conversation.language)
    back = (Choice(texts.reopen, Verb.REOPEN, ticket=ticket.number),)
    return Turn(
        kind="ticket",
        conversation=replace(conversation, offer=back),
        ticket=replace(ticket, comment=said[:_COMMENT_LENGTH]),
        orders=(
            say(conversation, texts.commented, choices=back, ticket=ticket.number),
            to_staff(desk, desk.staff_texts.person_commented, Quote(said), ticket=ticket.number),
        ),
    )


def _is_awaited(conversation: Conversation, ticket: Ticket, now: datetime) -> bool:
    awaited, since = conversation.awaits, conversation.changed_at
    is_for_this = awaited is not None and awaited.verb is Verb.COMMENT and awaited.ticket == ticket.number
    return is_for_this and since is not None and now - since <= _COMMENT_WITHIN and not ticket.is_open


def _may_be_a_question(message: Message, conversation: Conversation, desk: Desk) -> bool:
    """In doubt it is one: a comment answered is harmless, a question filed away is lost."""
    if asks(message.text):
        return True
    match desk.matcher.decide(message.text, conversation.language):
        case NotFound():
            return False
        case Unsure(reading=reading):
            return max((candidate.probability for candidate in reading.candidates), default=0.0) >= _MAYBE_A_QUESTION
        case _:
            return True
