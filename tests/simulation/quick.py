"""SQLite without the thread of its own that aiosqlite gives a connection: in virtual time nobody waits for the disk."""

from asyncio import Future
from collections.abc import Callable, Generator
from typing import Any, Self

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


class _AtOnce:
    """In place of the queue to the thread."""

    def put_nowait(self, job: tuple[Future[Any] | None, Callable[[], Any]]) -> None:
        future, function = job
        try:
            result = function()
        except BaseException as error:
            if future is not None:
                future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


class _Connection(aiosqlite.Connection):
    def __init__(self, connector: Callable[[], Any]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._tx: Any = _AtOnce()

    def __await__(self) -> Generator[Any, None, Self]:
        return self._connect().__await__()  # type: ignore[return-value]


def without_threads(engine: AsyncEngine) -> None:
    """From its first connection on, an engine for SQLite does everything in the thread that asks for it."""

    def connect(dialect: Any, record: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        options["async_creator_fn"] = lambda file, **more: _Connection(lambda: dialect.dbapi.sqlite.connect(file, **more))

    event.listen(engine.sync_engine, "do_connect", connect)
