"""One process is active; others stand by and take over when it falls silent."""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import ConfigError
from storage import leases
from storage.leases import Lease, LeaseLost

try:
    import fcntl
except ImportError:  # not on Windows, where a second process on the file is the operator's care
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

_NAME = "desk"
LENGTH = timedelta(seconds=12)
"""How long the active process may be silent before another takes over."""
_KEEP_EVERY = 3.0
_ASK_EVERY = 2.0
_GIVE_UP_AFTER = LENGTH.total_seconds() - 4.0
"""Seconds without a word from the database after which the active process stops by itself. It stops before another one starts: a line
that is cut takes two seconds to be given up."""


@asynccontextmanager
async def held(engine: AsyncEngine, own: AsyncEngine, stopping: asyncio.Event, *, no_standby: str = "") -> AsyncIterator["Holding | None"]:
    """Wait until this process is the active one, and be it; None when it is told to stop before.

    `engine` is fenced from then on; `own` is for the lease alone.
    Raises ConfigError where it cannot wait: on SQLite, where one process has the file; elsewhere when `no_standby` says why.
    """
    if engine.dialect.name == "sqlite":
        with _only_one(make_url(str(engine.url)).database or ""):
            yield Holding(own, None)
        return
    lease = await _wait(own, stopping, no_standby)
    if lease is None:
        yield None
        return
    leases.fence(engine, lease)
    try:
        yield Holding(own, lease)
    finally:
        await _give_back(own, lease)


@asynccontextmanager
async def nobody_active(engine: AsyncEngine) -> AsyncIterator[None]:
    """For what no desk may run beside. Raises ConfigError when one does."""
    if engine.dialect.name == "sqlite":
        with _only_one(make_url(str(engine.url)).database or ""):
            yield
        return
    async with engine.begin() as tx:
        other = await leases.holder(tx, _NAME)
    if other:
        raise ConfigError(f"[storage] url: another process runs the desk ({other}); stop it first and try again in a quarter of a minute")
    yield


class Holding:
    """The lease while it is ours."""

    def __init__(self, engine: AsyncEngine, lease: Lease | None) -> None:
        self.engine = engine
        self.lease = lease

    async def keep(self) -> None:
        """For ever. Raises LeaseLost when another process has taken over, or might have while the database was out of reach."""
        if self.lease is None:
            return
        kept = time.monotonic()
        while True:
            await asyncio.sleep(_KEEP_EVERY)
            tried = time.monotonic()
            try:
                await _within(min(_KEEP_EVERY, kept + _GIVE_UP_AFTER - tried), self._renew(self.lease))
                kept = tried
            except (DBAPIError, OSError) as error:
                log.error("the lease could not be renewed: %s", type(error).__name__)
            if time.monotonic() - kept >= _GIVE_UP_AFTER:
                raise LeaseLost("the database has been out of reach for too long; another process may be at work")

    async def _renew(self, lease: Lease) -> None:
        async with self.engine.begin() as tx:
            await leases.keep(tx, lease, LENGTH)


async def _wait(engine: AsyncEngine, stopping: asyncio.Event, no_standby: str) -> Lease | None:
    name, me = _NAME, f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    standing_by = False
    begun = time.monotonic()
    while not stopping.is_set():
        try:
            async with engine.begin() as tx:
                lease = await leases.take(tx, name, me, LENGTH)
                other = None if lease else await leases.holder(tx, name)
        except (DBAPIError, OSError) as error:
            log.error("the database does not answer, trying again: %s", type(error).__name__)
            lease = other = None
        if lease:
            log.info("active: lease %s, epoch %d", name, lease.epoch)
            return lease
        if other and not standing_by:
            standing_by = True
            log.info("standing by: %s is active", other)
        # One that was killed a moment ago still seems to be there; one that is alive goes on renewing.
        if other and no_standby and time.monotonic() - begun > 1.5 * LENGTH.total_seconds():
            raise ConfigError(no_standby)
        try:
            async with asyncio.timeout(_ASK_EVERY):
                await stopping.wait()
        except TimeoutError:
            continue
    return None


async def _give_back(engine: AsyncEngine, lease: Lease) -> None:
    async def give_back() -> None:
        async with engine.begin() as tx:
            await leases.give_back(tx, lease)

    try:
        await _within(2, give_back())
    except (DBAPIError, OSError):
        log.warning("the lease could not be given back; another process takes over in %d s", LENGTH.total_seconds())


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Raises TimeoutError as `asyncio.timeout` does, and never later: SQLAlchemy lets nobody cancel the end of a transaction, which over a
    line that is cut never comes."""
    task = asyncio.create_task(work)
    _left_behind.add(task)
    task.add_done_callback(_ended)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise TimeoutError
        task.result()
    finally:
        task.cancel()


def _ended(task: asyncio.Task[None]) -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()  # seen, so that the event loop does not report it


_left_behind: set[asyncio.Task[None]] = set()
"""The event loop itself keeps no task alive."""


@contextmanager
def _only_one(database: str) -> Iterator[None]:
    """The only process that runs the desk on this SQLite file."""
    with Path(f"{database}.lock").open("a") as file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"[storage] url: another process runs the desk on {database}; stop it first, or use PostgreSQL to have one stand by"
            ) from None
        yield
