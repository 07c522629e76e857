"""What is due by the clock: reminders ring, and what was kept long enough is deleted."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.bell import Bell
from handlers import reminders
from handlers.desk import Desk
from handlers.events import CLOCK
from storage import due, inbox, privacy, tickets

log = logging.getLogger(__name__)

_LONGEST_NAP = timedelta(minutes=1)
_EXPIRE_EVERY = timedelta(hours=1)
_KEEP_LOG = timedelta(days=30)


class Upkeep:
    """The loop that rings and deletes."""

    def __init__(self, engine: AsyncEngine, desk: Desk, clock: Callable[[], datetime]) -> None:
        self.engine = engine
        self.desk = desk
        self.clock = clock
        self.round_at: datetime | None = None
        """When the loop last came round with the database answering."""

    async def run(self, answering: Bell, stopping: asyncio.Event) -> None:
        """Ring what is due as soon as it is, and delete once an hour, until told to stop."""
        started, expired_at = False, None
        while not stopping.is_set():
            now, next_at = self.clock(), None
            try:
                if not started:
                    await set_again(self.engine, self.desk)
                    started = True
                if expired_at is None or now - expired_at >= _EXPIRE_EVERY:
                    await expire(self.engine, self.desk, now)
                    expired_at = now
                next_at = await ring(self.engine, self.desk, now)
                self.round_at = self.clock()
                answering.ring()
            except DBAPIError as error:
                log.error("the database does not answer, what is due waits: %s", type(error.orig).__name__)
            await _nap(_LONGEST_NAP if next_at is None else min(next_at - now, _LONGEST_NAP), stopping)


async def _nap(time: timedelta, stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(max(time.total_seconds(), 0)):
            await stopping.wait()
    except TimeoutError:
        return


async def set_again(engine: AsyncEngine, desk: Desk) -> None:
    """At start: what is due for the open tickets by the hours and reminders that are configured now. What has rung stays so."""
    async with engine.begin() as tx:
        for ticket in await tickets.still_open(tx):
            await due.set_for(tx, ticket.number, reminders.alarms(ticket, desk))


async def ring(engine: AsyncEngine, desk: Desk, now: datetime) -> datetime | None:
    """What is due becomes an event like any other, in one transaction: it is never lost and never rings twice.

    Returns when something is due next.
    """
    async with engine.begin() as tx:
        rung = await due.ring(tx, now)
        numbers, _ = await inbox.take_in(tx, CLOCK.platform, rung, None, now)
        await due.set_for(tx, None, reminders.alarms_of_the_desk(desk, now))
        next_at = await due.next_at(tx)
    for number, event in zip(numbers, rung, strict=True):
        log.info("#%d %s is due", number, event.what)
    return next_at


async def expire(engine: AsyncEngine, desk: Desk, now: datetime) -> None:
    """Delete the text of what was closed or answered before the time that the privacy notice promises."""
    async with engine.begin() as tx:
        deleted = await privacy.expire(tx, now - desk.keep_closed, now - _KEEP_LOG, desk.hours)
        await due.forget(tx, now - _KEEP_LOG)
    if deleted:
        log.info("%d closed tickets and old questions deleted", deleted)
