"""Conversations and the questions asked in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.events import Place, Sender
from handlers.orders import Choice
from handlers.situation import Conversation, Guess, Question
from storage.database import clean_row, dump, load, put
from storage.tables import conversations, questions


async def find(tx: AsyncConnection, platform: str, room: str, person: str) -> Conversation | None:
    table = conversations.c
    query = select(conversations).where(table.platform == platform, table.room == room, table.person == person)
    row = (await tx.execute(query)).first()
    return _conversation(row) if row else None


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        place=Place(row.platform, row.room, row.thread),
        person=Sender(row.person, row.name),
        language=row.language,
        language_fixed=row.language_fixed,
        welcomed=row.welcomed,
        question=row.question,
        offer=tuple(load(Choice, choice) for choice in row.offer),
        awaits=load(Choice, row.awaits) if row.awaits else None,
        changed_at=row.changed_at,
    )


async def that_asked(tx: AsyncConnection, number: int) -> Conversation | None:
    """The one in which this question was asked."""
    asked = select(questions.c.platform, questions.c.room, questions.c.person).where(questions.c.number == number)
    row = (await tx.execute(asked)).first()
    return await find(tx, row.platform, row.room, row.person) if row else None


async def person_in(tx: AsyncConnection, platform: str, room: str) -> Sender | None:
    """Whom the bot talks with in this room, if it is one person."""
    query = select(conversations.c.person, conversations.c.name).where(conversations.c.platform == platform, conversations.c.room == room)
    rows = (await tx.execute(query.limit(2))).all()
    return Sender(rows[0].person, rows[0].name) if len(rows) == 1 else None


async def save(tx: AsyncConnection, conversation: Conversation, now: datetime) -> None:
    row = {
        "platform": conversation.place.platform,
        "room": conversation.place.room,
        "thread": conversation.place.thread,
        "person": conversation.person.id,
        "name": conversation.person.name,
        "language": conversation.language,
        "language_fixed": conversation.language_fixed,
        "welcomed": conversation.welcomed,
        "question": conversation.question,
        "offer": [dump(choice) for choice in conversation.offer],
        "awaits": dump(conversation.awaits) if conversation.awaits else None,
        "changed_at": now,
    }
    await put(tx, conversations, clean_row(row))


async def question(tx: AsyncConnection, number: int, *, of: tuple[str, str] | None = None) -> Question | None:
    """`of`: only if this platform and person asked it."""
    row = (await tx.execute(select(questions).where(questions.c.number == number))).first()
    if row is None or (of is not None and of != (row.platform, row.person)):
        return None
    return Question(
        number=row.number,
        text=row.text,
        language=row.language,
        decision=row.decision,
        at=row.at,
        shown=tuple(row.shown),
        guesses=tuple(load(Guess, guess) for guess in row.guesses),
        reasons=tuple(row.reasons),
        helped=row.helped,
    )


async def save_question(tx: AsyncConnection, place: Place, person: Sender, question: Question) -> None:
    row = {
        "number": question.number,
        "platform": place.platform,
        "room": place.room,
        "person": person.id,
        "text": question.text,
        "language": question.language,
        "decision": question.decision,
        "at": question.at,
        "shown": list(question.shown),
        "guesses": [dump(guess) for guess in question.guesses],
        "reasons": list(question.reasons),
        "helped": question.helped,
    }
    await put(tx, questions, clean_row(row))
