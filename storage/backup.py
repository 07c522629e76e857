"""The database as lines of JSON, table by table, and back: the same for SQLite and PostgreSQL, so that one can become the other."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage import privacy
from storage.tables import UtcTime, inbox, leases, metadata, outbox, ticket_lines, tickets

_ROWS_AT_ONCE = 500
_UNFINISHED = ("waiting", "sending", "unknown")
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


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One moment of the database, while the desk runs on. Nothing can be written on this connection."""
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


async def extent(tx: AsyncConnection) -> Extent:
    async def last(column: Any) -> int:
        return await tx.scalar(select(func.max(column))) or 0

    return Extent(await last(inbox.c.number), await last(outbox.c.number), await last(ticket_lines.c.number), await last(tickets.c.number))


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


async def settle(tx: AsyncConnection, forgotten: Iterable[str], now: datetime) -> tuple[int, int]:
    """Make a restored desk one that may go on: who was erased since is erased again, and nothing old is sent.

    `forgotten` are the hashes of `storage.erasures`. Returns how many people were erased and how many messages will not be sent.
    """
    erased = await privacy.erase_again(tx, set(forgotten), now)
    unsent = await tx.execute(
        update(outbox)
        .where(outbox.c.state.in_(_UNFINISHED))
        .values(state="failed", error="not sent: the desk was restored from a backup", sent_at=now, data={})
    )
    return erased, unsent.rowcount


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
