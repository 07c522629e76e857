"""What is due by the clock: what was kept long enough is deleted."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.desk import Desk
from storage import privacy

log = logging.getLogger(__name__)

_EVERY = 3600.0
_KEEP_LOG = timedelta(days=30)


async def run(engine: AsyncEngine, desk: Desk, clock: Callable[[], datetime], stopping: asyncio.Event) -> None:
    """Once at start and then every hour, until told to stop."""
    while not stopping.is_set():
        try:
            await expire(engine, desk, clock())
        except DBAPIError as error:
            log.error("the database does not answer, what is due waits: %s", type(error.orig).__name__)
        try:
            async with asyncio.timeout(_EVERY):
                await stopping.wait()
        except TimeoutError:
            continue


async def expire(engine: AsyncEngine, desk: Desk, now: datetime) -> None:
    """Delete the text of what was closed or answered before the time that the privacy notice promises."""
    async with engine.begin() as tx:
        deleted = await privacy.expire(tx, now - desk.keep_closed, now - _KEEP_LOG)
    if deleted:
        log.info("%d closed tickets and old questions deleted", deleted)
