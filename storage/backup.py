"""The database as lines of JSON, table by table, and back: the same for SQLite and PostgreSQL, so that one can become the other."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from handlers import deliveries
from handlers.desk import Desk
from handlers.respond import after_restore
from storage import due, inbox, outbox, privacy, situations, tickets
from storage.erasures import Mark
from storage.inbox import BrokenRow
from storage.tables import UtcTime, leases, metadata

_ROWS_AT_ONCE = 500
_NO_EVENT = 0
_CONTENTS = [table for table in metadata.sorted_tables if table is not leases]


class BackupError(Exception):
    """A backup cannot be made or used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the desk had got: the last number of each kind that was given."""

    events: int
    orders: int
    lines: int
    tickets: int

    def beyond(self, other: "Extent") -> dict[str, int]:
        """How much further it is, by kind."""
        ours, theirs = asdict(self), asdict(other)
        return {what: count - theirs[what] for what, count in ours.items() if count > theirs[what]}


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of what a restored desk may not repeat."""

    erased: int
    """People."""
    unsent: int
    """Messages."""
    tickets: tuple[int, ...]
    """Those with what waited to be answered."""


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One moment of the database, while the desk runs on. Nothing can be written on this connection."""
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


async def extent(tx: AsyncConnection) -> Extent:
    async def last(name: str) -> int:
        return await tx.scalar(select(func.max(metadata.tables[name].c.number))) or 0

    return Extent(await last("inbox"), await last("outbox"), await last("ticket_lines"), await tickets.next_number(tx) - 1)


async def lines(tx: AsyncConnection, name: str) -> AsyncIterator[str]:
    """A table as JSON: its columns' names on the first line, then one row a line."""
    table = metadata.tables[name]
    yield json.dumps([column.name for column in table.columns])
    result = await tx.stream(select(table))
    async for row in result:
        yield json.dumps([_plain(value) for value in row], ensure_ascii=False)


def tables() -> list[str]:
    """In the order in which they can be filled."""
    return [table.name for table in _CONTENTS]


async def empty(tx: AsyncConnection) -> None:
    for table in reversed(_CONTENTS):
        await tx.execute(delete(table))


async def fill(tx: AsyncConnection, name: str, rows: Iterable[str]) -> int:
    """What `lines` gave, into an empty table; how many rows. Columns that are newer than the backup get their defaults."""
    rows = iter(rows)
    table, count = metadata.tables[name], 0
    columns = [table.columns[column] for column in json.loads(next(rows))]
    for batch in _batches(rows):
        await tx.execute(insert(table), [_row(columns, json.loads(row)) for row in batch])
        count += len(batch)
    await _count_on(tx, table)
    return count


async def settle(tx: AsyncConnection, forgotten: Iterable[Mark], desk: Desk, now: datetime) -> Settled:
    """Make a restored desk one that may go on: who was erased since is erased again, nothing old is sent, answered or rung."""
    waited = await inbox.set_aside_waiting(tx, "waited when the backup was made")
    erased = await privacy.erase_again(tx, set(forgotten), now)
    unsent = await outbox.give_up_all(tx, "not sent: the desk was restored from a backup", now)
    await due.pass_over(tx, now)
    return Settled(erased, unsent, await _hand_over(tx, waited, desk, now))


async def _hand_over(tx: AsyncConnection, numbers: Iterable[int], desk: Desk, now: datetime) -> tuple[int, ...]:
    """What waited becomes part of a ticket: what the advisers cannot get that way stays set aside, and they are told."""
    found: dict[int, None] = {}
    for number in numbers:
        try:
            event = await inbox.set_aside(tx, number)
        except BrokenRow:
            platform = await inbox.quarantine(tx, number, "cannot be read")
            await outbox.put(tx, (deliveries.quarantined(platform, number, desk),), desk.staff, number, now)
            continue
        if event is None:
            continue
        turn = after_restore(event, await situations.load(tx, number, event, desk.staff), desk, now)
        await situations.save(tx, number, event, turn, desk.staff, now)
        await inbox.mark_done(tx, number)
        found |= {turn.ticket.number: None} if turn.ticket else {}
    if found:
        await outbox.put(tx, (deliveries.restored(tuple(found), desk),), desk.staff, _NO_EVENT, now)
    return tuple(found)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _row(columns: list[Column[Any]], values: list[Any]) -> dict[str, Any]:
    return {
        column.name: datetime.fromisoformat(value) if isinstance(column.type, UtcTime) and value is not None else value
        for column, value in zip(columns, values, strict=True)
    }


def _batches(rows: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


async def _count_on(tx: AsyncConnection, table: Table) -> None:
    """PostgreSQL counts new rows by itself and must be told where to go on."""
    column = table.autoincrement_column
    if tx.dialect.name == "postgresql" and column is not None:
        await tx.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), max({column.name})) FROM {table.name}")
        )
