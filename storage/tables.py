"""What is kept, as tables. Times are UTC; texts are cleaned of what a database cannot hold before they get here."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime; SQLite, which knows no time zones, gets it in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts up only in a column of exactly this type.
Number = BigInteger().with_variant(Integer(), "sqlite")

inbox = Table(
    "inbox",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("platform", String(32), nullable=False),
    Column("key", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("data", JSON, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),  # waiting, done, quarantined
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", UtcTime, nullable=False),
    Column("error", Text),
    UniqueConstraint("platform", "key"),
    Index(None, "state", "number"),
    Index(None, "platform", "room", "state", "number"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("platform", String(32), nullable=False),
    Column("room", Text, nullable=False),
    Column("lane", Text, nullable=False),  # what is sent one after another: a room, or one ticket in the staff channel
    Column("kind", String(32), nullable=False),
    Column("data", JSON, nullable=False),
    Column("cause", Number, nullable=False),  # the event's number
    Column("ticket", Number),
    Column("state", String(16), nullable=False),  # waiting, sending, unknown, sent, failed
    Column("key", String(64), nullable=False),  # the platform's idempotency key, where it has one
    Column("attempts", Integer, nullable=False, default=0),
    Column("unknowns", Integer, nullable=False, default=0),  # how often its fate was unknown
    Column("not_before", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("sent_id", Text),
    Column("error", Text),
    Column("forget", Boolean, nullable=False, default=False),  # delete the row as soon as it is sent
    Index(None, "platform", "state", "lane", "number"),
    Index(None, "platform", "room", "sent_id"),
    sqlite_autoincrement=True,
)

cursors = Table(
    "cursors",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("cursor", Text, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Number, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("room", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("thread", Text),
    Column("name", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("language_fixed", Boolean, nullable=False),
    Column("welcomed", Boolean, nullable=False),
    Column("question", Number),
    Column("offer", JSON, nullable=False),
    Column("awaits", JSON),
    Column("changed_at", UtcTime, nullable=False),
    Index(None, "platform", "person"),
)

questions = Table(
    "questions",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("platform", String(32), nullable=False),
    Column("room", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("shown", JSON, nullable=False),
    Column("guesses", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("helped", Boolean),
    Index(None, "platform", "person"),
    Index(None, "at"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("platform", String(32), nullable=False),
    Column("room", Text, nullable=False),
    Column("room_thread", Text),
    Column("person", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("title", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("adviser", Text),
    Column("adviser_name", Text),
    Column("question", Number),
    Column("thread", Text),
    Column("opened_at", UtcTime, nullable=False),
    Column("expected_by", UtcTime),
    Column("closed_at", UtcTime),
    Column("waiting_since", UtcTime),
    Column("claimed_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("snoozed_until", UtcTime),
    Column("liked", Boolean),
    Column("comment", Text),
    Column("changed_at", UtcTime, nullable=False),
    Index(None, "platform", "room", "person", "state"),
    Index(None, "platform", "person"),
    Index(None, "state", "number"),
    Index(None, "thread"),
)

ticket_lines = Table(
    "ticket_lines",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("ticket", Number, ForeignKey("tickets.number", ondelete="CASCADE"), nullable=False),
    Column("author", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("attachments", JSON, nullable=False, server_default="[]"),
    Column("origin_platform", String(32)),
    Column("origin_room", Text),
    Column("origin_id", Text),
    Column("copy_platform", String(32)),
    Column("copy_room", Text),
    Column("copy_id", Text),
    Column("adviser", Text),
    Column("adviser_name", Text),
    Index(None, "ticket"),
    Index(None, "origin_platform", "origin_room", "origin_id"),
    Index(None, "copy_platform", "copy_room", "copy_id"),
    sqlite_autoincrement=True,
)

ticket_history = Table(
    "ticket_history",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("ticket", Number, ForeignKey("tickets.number", ondelete="CASCADE"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Index(None, "ticket"),
    sqlite_autoincrement=True,
)

choices = Table(
    "choices",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("outbox", Number, nullable=False),  # which message offers it
    Column("position", Integer, nullable=False),
    Column("platform", String(32), nullable=False),
    Column("room", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("used_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Index(None, "outbox"),
    Index(None, "platform", "room"),
)

due = Table(
    "due",
    metadata,
    Column("ticket", Number, primary_key=True, autoincrement=False),  # 0: the desk as a whole
    Column("what", String(32), primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("rung", Boolean, nullable=False),
    Index(None, "rung", "at"),
)

advisers = Table(
    "advisers",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),  # the adviser
    Column("at", UtcTime, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("state", String(16), nullable=False),  # begun, open, approved, exported, done, rejected
    Column("entry", String(80), nullable=False),  # the id of the entry that it adds to, or makes
    Column("topic", String(80), nullable=False),
    Column("language", String(8), nullable=False),
    Column("wording", Text, nullable=False),
    Column("answer", Text, nullable=False),  # empty when it adds a wording to an entry
    Column("ticket", Number),
    Column("author", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("decided_by", Text),
    Column("decided_name", Text),
    Column("decided_at", UtcTime),
    Index(None, "state", "number"),
    Index(None, "ticket"),
    sqlite_autoincrement=True,
)

statistics = Table(
    "statistics",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("what", String(32), primary_key=True),
    Column("subject", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", Number, nullable=False),
    Column("until", UtcTime, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("person", String(64), nullable=False),  # a hash: whom a restored backup has to forget again
    Column("at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)
