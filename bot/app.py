"""The one place that builds and wires everything, and starts the loops."""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from bot import intake, upkeep
from bot.answering import Answering, Observer
from bot.bell import Bell
from bot.config import Config
from bot.delivery import Delivery
from bot.platforms.base import Platform
from handlers import texts
from handlers.desk import Desk
from handlers.events import Place
from handlers.hours import Hours
from knowledge import content as contents
from knowledge import matching, trained
from storage import inbox, outbox

log = logging.getLogger(__name__)

_STOP_WITHIN = 12.0
"""Seconds that the loops have to finish what they are doing when the process is told to stop."""


class LoopEnded(Exception):
    """A loop ended that should have gone on: the process stops, so that somebody notices."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def build_desk(config: Config) -> Desk:
    """Raises ContentError or ValueError when the FAQ or the texts cannot be used."""
    content = contents.load(config.desk.knowledge, config.desk.languages)
    settings = matching.Settings(
        precision=config.matching.precision,
        suggestions=config.matching.suggestions,
        semantic=config.matching.semantic,
        cache=config.matching.cache or trained.cache_folder(),
    )
    hours = config.desk.hours
    return Desk(
        name=config.desk.name,
        language=config.desk.language,
        staff=Place(config.staff.platform, config.staff.room),
        staff_language=config.staff.language,
        content=content,
        matcher=matching.train(content, settings),
        texts=texts.load(config.desk.languages),
        hours=Hours(
            zone=config.desk.zone,
            week=hours.week,
            country=hours.holidays,
            closed=hours.closed,
            answer_within=timedelta(hours=hours.answer_within),
        ),
        contact=config.desk.contact.model_dump(),
        privacy_contact=config.desk.privacy_contact,
        keep_closed=timedelta(days=config.privacy.keep_closed_days),
    )


async def run(
    engine: AsyncEngine,
    desk: Desk,
    platforms: Sequence[Platform],
    *,
    clock: Callable[[], datetime] = utc_now,
    observe: Observer | None = None,
) -> None:
    """All loops in one task group, until SIGTERM, SIGINT or the end of all input. Any unexpected end of one ends all, with an error."""
    stopping = asyncio.Event()
    _stop_on_signals(stopping)
    answering_bell = Bell()
    delivery_bells = {platform.name: Bell() for platform in platforms}
    by_name = {platform.name: platform for platform in platforms}
    answering = Answering(engine, by_name, desk, clock, observe=observe)
    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(answering.run(answering_bell, list(delivery_bells.values()), stopping))]
        working.append(tasks.create_task(upkeep.run(engine, desk, clock, stopping)))
        intakes = []
        for platform in platforms:
            delivery = Delivery(engine, platform, by_name, desk, clock)
            working.append(tasks.create_task(delivery.run(delivery_bells[platform.name], stopping)))
            bells = [answering_bell, *delivery_bells.values()]
            intakes.append(tasks.create_task(_take_in(engine, platform, desk, clock, bells)))
        stop = tasks.create_task(stopping.wait())
        await _until_done(intakes, stop)
        stopping.set()
        for task in intakes:
            task.cancel()
        for bell in (answering_bell, *delivery_bells.values()):
            bell.ring()
        _, late = await asyncio.wait(working, timeout=_STOP_WITHIN)
        for task in late:
            task.cancel()


async def _take_in(engine: AsyncEngine, platform: Platform, desk: Desk, clock: Callable[[], datetime], bells: Sequence[Bell]) -> None:
    await intake.run(engine, platform, desk, clock, bells)
    if not platform.ends:
        raise LoopEnded(f"{platform.name}: nothing comes in any more")


async def _until_done(intakes: Sequence[asyncio.Task[None]], stop: asyncio.Task[bool]) -> None:
    """Until told to stop, or until every platform has said its last word."""
    pending: set[asyncio.Task[None]] = set(intakes)
    while pending and not stop.done():
        await asyncio.wait({*pending, stop}, return_when=asyncio.FIRST_COMPLETED)
        pending = {task for task in pending if not task.done()}


async def settled(engine: AsyncEngine) -> None:
    """Until everything taken in is answered and everything to be said is said."""
    while True:
        async with engine.begin() as tx:
            if not await inbox.waiting(tx) and not await outbox.unfinished(tx):
                return
        await asyncio.sleep(0.005)


def _stop_on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
