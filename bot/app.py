"""The one place that builds and wires everything, and starts the loops."""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncEngine

from bot import drawing, intake
from bot.alerts import Alerts
from bot.answering import Answering, Observer
from bot.bell import Bell
from bot.config import WEEKDAYS, Config, ReminderSettings, Staff
from bot.delivery import Delivery
from bot.health import Health, Watched
from bot.platforms.base import Platform
from bot.relearning import Knowledge, Learn
from bot.upkeep import Upkeep
from handlers import texts
from handlers.desk import Desk, Matcher, Reminders
from handlers.events import Event, Place
from handlers.hours import Hours
from handlers.situation import Situation, Turn
from knowledge import content as contents
from knowledge import matching, replies, trained
from knowledge.decisions import Decision, NotFound, Reading
from knowledge.entries import Content
from storage import inbox, outbox

log = logging.getLogger(__name__)

_STOP_WITHIN = 12.0
"""Seconds that the loops have to finish what they are doing when the process is told to stop."""


class LoopEnded(Exception):
    """A loop ended that should have gone on: the process stops, so that somebody notices."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Idle:
    """The matcher of commands that ask nothing of it, and finds nothing: another would take about a minute to learn."""

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        return NotFound(Reading(language or "", (), ()))


def build_desk(config: Config, matcher: Matcher | None = None) -> Desk:
    """Raises ContentError or ValueError when the FAQ or the texts cannot be used. Without a `matcher` one learns from the FAQ."""
    content = contents.load(config.desk.knowledge, config.desk.languages)
    hours = config.desk.hours
    spoken = texts.load(config.desk.languages)
    return Desk(
        name=config.desk.name,
        language=config.desk.language,
        staff=Place(config.staff.platform, config.staff.room),
        staff_language=config.staff.language,
        thread_link=_thread_link(config.staff),
        content=content,
        matcher=matcher or matching.train(content, matcher_settings(config)),
        texts=spoken,
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
        reminders=_reminders(config.reminders),
        draw=drawing.drawing(spoken[config.staff.language]),
        undo=config.staff.undo_seconds,
        replies=replies.load(replies.beside(config.desk.knowledge), config.desk.languages),
    )


def matcher_settings(config: Config) -> matching.Settings:
    return matching.Settings(
        precision=config.matching.precision,
        suggestions=config.matching.suggestions,
        semantic=config.matching.semantic,
        model=config.matching.model,
        cache=config.matching.cache or trained.cache_folder(),
    )


def _thread_link(staff: Staff) -> str:
    match staff.platform:
        case "telegram" if staff.room.startswith("-100"):  # a supergroup; others have no topics
            return f"https://t.me/c/{staff.room.removeprefix('-100')}/{{thread}}"
        case "matrix":
            return f"https://matrix.to/#/{quote(staff.room, safe='')}/{{thread}}"
        case _:
            return ""


def _reminders(settings: ReminderSettings) -> Reminders:
    return Reminders(
        unclaimed=timedelta(minutes=settings.unclaimed_minutes),
        unanswered=timedelta(hours=settings.unanswered_hours),
        ask_after=timedelta(days=settings.ask_after_days),
        close_after=timedelta(days=settings.close_after_days),
        morning=settings.morning,
        weekly=WEEKDAYS.index(settings.weekly) if settings.weekly else None,
    )


async def run(
    engine: AsyncEngine,
    desk: Desk,
    platforms: Sequence[Platform],
    *,
    clock: Callable[[], datetime] = utc_now,
    observe: Observer | None = None,
    health: Health | None = None,
    learn: Learn | None = None,
    folders: Sequence[Path] = (),
    stopping: asyncio.Event | None = None,
) -> None:
    """All loops in one task group, until told to stop or the end of all input. Any unexpected end of one ends all, with an error.

    `learn` is how what is approved in chat is learnt; `folders` are those that must not run full; without `stopping`, SIGTERM and
    SIGINT say when to stop.
    """
    stopping = stopping or stop_on_signals()
    answering_bell = Bell()
    delivery_bells = {platform.name: Bell() for platform in platforms}
    by_name = {platform.name: platform for platform in platforms}
    health = health or Health(engine, clock)
    desk = replace(desk, matcher=health.metrics.timed(desk.matcher))
    knowledge = Knowledge(desk, _timed(learn, health) if learn else None)
    answering = Answering(engine, by_name, desk, clock, observe=_all_of(health.metrics.count, observe), knowledge=knowledge)
    deliveries = {platform.name: Delivery(engine, platform, by_name, desk, clock) for platform in platforms}
    upkeep = Upkeep(engine, desk, clock)
    alerts = Alerts(engine, platforms, desk, clock, folders)
    health.watched = Watched(clock(), platforms, {"answering": answering, "upkeep": upkeep, "alerts": alerts}, deliveries)
    async with asyncio.TaskGroup() as tasks:
        learning = tasks.create_task(knowledge.run())
        working = [tasks.create_task(answering.run(answering_bell, list(delivery_bells.values()), stopping))]
        working.append(tasks.create_task(upkeep.run(answering_bell, stopping)))
        working.append(tasks.create_task(alerts.run(stopping)))
        intakes = []
        for platform in platforms:
            working.append(tasks.create_task(deliveries[platform.name].run(delivery_bells[platform.name], stopping)))
            bells = [answering_bell, *delivery_bells.values()]
            intakes.append(tasks.create_task(_take_in(engine, platform, desk, clock, bells)))
        stop = tasks.create_task(stopping.wait())
        await _until_done(intakes, stop)
        stopping.set()
        for task in (learning, *intakes):
            task.cancel()
        for bell in (answering_bell, *delivery_bells.values()):
            bell.ring()
        _, late = await asyncio.wait(working, timeout=_STOP_WITHIN)
        for task in late:
            task.cancel()


def _timed(learn: Learn, health: Health) -> Learn:
    async def learnt(content: Content) -> Matcher:
        return health.metrics.timed(await learn(content))

    return learnt


def _all_of(first: Observer, second: Observer | None) -> Observer:
    def observe(event: Event, situation: Situation, turn: Turn) -> None:
        first(event, situation, turn)
        if second is not None:
            second(event, situation, turn)

    return observe


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


async def settled(engine: AsyncEngine, look_every: float = 0.005) -> None:
    """Until everything taken in is answered and everything to be said is said."""
    while True:
        async with engine.begin() as tx:
            if not await inbox.waiting(tx) and not await outbox.unfinished(tx):
                return
        await asyncio.sleep(look_every)


def stop_on_signals() -> asyncio.Event:
    """Set at SIGTERM and SIGINT."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping
