"""One active process: taken over when it falls silent, and never two that write."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.lease import LENGTH, Holding
from storage import database, leases, schema
from storage.leases import Lease, LeaseLost

LONG, SHORT = timedelta(seconds=60), timedelta(milliseconds=-1)
"""A lease of negative length has run out as soon as it is taken: no test needs to wait."""


@pytest.fixture
async def empty(postgres: str) -> str:
    async with database.opened(postgres) as engine:
        async with engine.begin() as tx:
            await tx.execute(text("DROP SCHEMA public CASCADE"))
            await tx.execute(text("CREATE SCHEMA public"))
        await schema.upgrade(engine)
    return postgres


async def _take(engine: AsyncEngine, holder: str, length: timedelta = LONG) -> Lease | None:
    async with engine.begin() as tx:
        return await leases.take(tx, "desk", holder, length)


async def test_only_one_is_active_until_its_lease_runs_out(empty: str) -> None:
    async with database.opened(empty) as engine:
        assert await _take(engine, "a", SHORT) == Lease("desk", "a", 1)
        assert await _take(engine, "b") == Lease("desk", "b", 2)
        assert await _take(engine, "a") is None
        async with engine.begin() as tx:
            assert await leases.holder(tx, "desk") == "b"


async def test_given_back_it_is_free_at_once(empty: str) -> None:
    async with database.opened(empty) as engine:
        lease = await _take(engine, "a")
        assert lease is not None
        async with engine.begin() as tx:
            await leases.keep(tx, lease, LONG)
            await leases.give_back(tx, lease)
        assert await _take(engine, "b") == Lease("desk", "b", 2)


async def test_a_process_that_was_overtaken_can_write_nothing_any_more(empty: str) -> None:
    """As when it was stopped for a while and wakes up: nobody has told it."""
    async with database.opened(empty) as old, database.opened(empty) as new:
        lease = await _take(old, "old", SHORT)
        assert lease is not None
        leases.fence(old, lease)
        async with old.begin() as tx:
            await tx.execute(text("INSERT INTO counters (name, value) VALUES ('ticket', 1)"))
        assert await _take(new, "new") is not None

        with pytest.raises(LeaseLost):
            async with old.begin() as tx:
                await tx.execute(text("UPDATE counters SET value = 99"))
        async with new.begin() as tx:
            with pytest.raises(LeaseLost):
                await leases.keep(tx, lease, LONG)
            assert await tx.scalar(text("SELECT value FROM counters")) == 1


async def test_whoever_takes_over_waits_for_what_is_being_written(empty: str) -> None:
    async with database.opened(empty) as old, database.opened(empty) as new:
        lease = await _take(old, "old", SHORT)
        assert lease is not None
        leases.fence(old, lease)
        async with old.begin() as tx:
            await tx.execute(text("INSERT INTO counters (name, value) VALUES ('ticket', 1)"))
            async with new.connect() as other:
                await other.execute(text("SET lock_timeout = '50ms'"))
                with pytest.raises(Exception, match="lock timeout"):
                    await leases.take(other, "desk", "new", LONG)
        assert await _take(new, "new") == Lease("desk", "new", 2)


async def test_a_server_that_cannot_be_reached_is_a_database_error_like_any_other() -> None:
    """All loops wait for a database that does not answer; another kind of error would end the process."""
    for nowhere in ("postgresql://nobody@127.0.0.1:1/none", "postgresql://nobody@/none?host=/no/such/folder"):
        async with database.opened(nowhere) as engine:
            with pytest.raises(OperationalError):
                async with engine.begin():
                    pass


async def test_cut_off_from_the_database_it_stops_before_another_one_starts() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    async with database.opened(nowhere) as engine:
        begun = time.monotonic()
        with pytest.raises(LeaseLost, match="out of reach"):
            await Holding(engine, Lease("desk", "a", 1)).keep()
        assert time.monotonic() - begun < LENGTH.total_seconds() + 2


class Hanging:
    """An engine whose transactions end when they like, and not when somebody cancels them: as over a line that was cut at a bad moment."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        while not self.over.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.over.wait()
        yield


async def test_a_renewal_that_cannot_be_cancelled_holds_nothing_up() -> None:
    engine = Hanging()
    begun = time.monotonic()
    with pytest.raises(LeaseLost, match="out of reach"):
        await Holding(cast(AsyncEngine, engine), Lease("desk", "a", 1)).keep()
    assert time.monotonic() - begun < LENGTH.total_seconds() + 2
    engine.over.set()
