"""The first loop: what a platform hands over is stored before it is confirmed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.bell import Bell
from bot.platforms.base import Batch, Platform
from handlers import deliveries
from handlers.desk import Desk
from storage import inbox, outbox

log = logging.getLogger(__name__)


async def run(engine: AsyncEngine, platform: Platform, desk: Desk, clock: Callable[[], datetime], bells: Sequence[Bell]) -> None:
    """Until the platform has no more to say. The next batch is asked for when the last is on the disk."""
    async with engine.begin() as tx:
        cursor = await inbox.cursor(tx, platform.name)
    async for batch in platform.receive(cursor):
        await _store_in_the_end(engine, platform.name, batch, desk, clock)
        for bell in bells:
            bell.ring()


async def _store_in_the_end(engine: AsyncEngine, platform: str, batch: Batch, desk: Desk, clock: Callable[[], datetime]) -> None:
    """A database that does not answer is waited for: until then nothing is confirmed to the platform."""
    while True:
        try:
            return await store(engine, platform, batch, desk, clock())
        except DBAPIError as error:
            log.error("the database does not answer, trying again in 2 s: %s", type(error.orig).__name__)
            await asyncio.sleep(2)


async def store(engine: AsyncEngine, platform: str, batch: Batch, desk: Desk, now: datetime) -> None:
    """Keep a batch and its cursor in one transaction, with an alert for what could not be read."""
    async with engine.begin() as tx:
        taken, quarantined = await inbox.take_in(tx, platform, batch.events, batch.cursor, now)
        for number in quarantined:
            await outbox.put(tx, (deliveries.quarantined(platform, number, desk),), desk.staff, number, now)
    for number in taken:
        log.info("#%d received from %s", number, platform)
    for number in quarantined:
        log.error("#%d from %s could not be read and is set aside", number, platform)
