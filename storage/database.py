"""The database: opened with the settings that make a commit mean something, and how values go in and out."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ExceptionContext, Insert, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

T = TypeVar("T")

_SQLITE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit is on the disk when it returns
    "PRAGMA secure_delete=ON",  # what is deleted is overwritten
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
)

# A process that is paused or cut off in the middle of a transaction must not hold its locks: another one has to take over.
_SESSION = {"idle_in_transaction_session_timeout": "8000"}


def open_engine(url: str, *, reading: bool = False) -> AsyncEngine:
    """An engine for `sqlite:///file.db` or `postgresql://…`; `?schema=NAME` keeps several desks apart in one PostgreSQL database.

    Raises ValueError for any other address.
    `reading`: it never writes, and does not hold up those who do.
    """
    address = make_url(url)
    match address.get_backend_name():
        case "sqlite":
            # SQLite has one writer: one connection, and every transaction says at once that it will write.
            engine = create_async_engine(
                address.set(drivername="sqlite+aiosqlite"),
                poolclass=AsyncAdaptedQueuePool,
                pool_size=1,
                max_overflow=0,
                hide_parameters=True,  # an error may be logged; what people wrote may not
            )
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
            event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
            return engine
        case "postgresql":
            schema = address.query.get("schema")
            address = address.set(drivername="postgresql+asyncpg").difference_update_query(["schema"])
            session = _SESSION | ({"search_path": str(schema)} if schema else {})
            engine = create_async_engine(
                address, pool_pre_ping=True, hide_parameters=True, connect_args={"server_settings": session, "timeout": 10}
            )
            event.listen(engine.sync_engine, "do_connect", _connect)
            event.listen(engine.sync_engine, "handle_error", _lost)
            return engine
        case other:
            raise ValueError(f"expected sqlite:///… or postgresql://…, got {other}")


@asynccontextmanager
async def opened(url: str, *, reading: bool = False) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(url, reading=reading)
    try:
        yield engine
    finally:
        await engine.dispose()


def _connect(dialect: Any, record: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """As the dialect does; a server that cannot be reached is a database error like any other, which SQLAlchemy forgets."""
    driver = dialect.dbapi.asyncpg
    try:
        return dialect.connect(*arguments, **options)
    except (OSError, driver.PostgresError, driver.InterfaceError) as error:
        raise OperationalError("connect", None, error) from error


def _lost(context: ExceptionContext) -> None:
    if isinstance(error := context.original_exception, OSError):
        raise OperationalError(context.statement or "", None, error) from error


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    cursor = connection.cursor()
    for pragma in _SQLITE:
        cursor.execute(pragma)
    cursor.close()


async def insert_new(tx: AsyncConnection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert unless a row with the same key is there; True when it was new."""
    result = await tx.execute(_insert(tx.dialect.name, table).on_conflict_do_nothing(), values)
    return bool(result.rowcount)


async def put(tx: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert, or replace the row with the same primary key."""
    await tx.execute(_upsert(tx.dialect.name, table, tuple(values)), values)


@cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...]) -> Insert:
    keys = [column.name for column in table.primary_key]
    insert = _insert(dialect, table)
    return insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in names if name not in keys})


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


async def overwrite_deleted(engine: AsyncEngine) -> None:
    """After an erasure: nothing of it stays in SQLite's write-ahead log either. PostgreSQL overwrites its own in its own time."""
    if engine.dialect.name == "sqlite":
        async with engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")  # outside of any transaction


def dump(value: object) -> Any:
    """A value as JSON, cleaned of what a database cannot hold: NUL and lone surrogates."""
    return clean(_adapter(type(value)).dump_python(value, mode="json", warnings=False))


def load(type_: type[T], data: Any) -> T:
    """Raises pydantic's ValidationError, a ValueError, when the data do not fit."""
    value: T = _adapter(type_).validate_python(data)
    return value


_adapters: dict[type[Any], TypeAdapter[Any]] = {}  # making one takes a millisecond


def _adapter(type_: type[Any]) -> TypeAdapter[Any]:
    if type_ not in _adapters:
        _adapters[type_] = TypeAdapter(type_)
    return _adapters[type_]


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(value: Any) -> Any:
    match value:
        case str():
            return _UNSTORABLE.sub("\ufffd", value)
        case dict():
            return {clean(key): clean(item) for key, item in value.items()}
        case list() | tuple():
            return [clean(item) for item in value]
        case _:
            return value


def clean_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose texts a database can hold; times stay times."""
    return {name: value if isinstance(value, datetime) else clean(value) for name, value in row.items()}
