"""`helpdesk run`, `db` and `person`: the commands that need a configuration and a database."""

import argparse
import asyncio
import json
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app, config, lease, logs, machine, relearning
from bot.config import Config
from bot.errors import ConfigError, TryAgain
from bot.health import Health
from bot.lease import Holding
from bot.platforms import console
from bot.platforms.base import DirectLinks, Platform
from handlers.desk import Desk
from storage import database, privacy, schema, situations
from storage.leases import LeaseLost

log = logging.getLogger(__name__)

_END_WITHIN = 8.0
"""Seconds that connections have to close when the lease is lost."""


def run(options: argparse.Namespace) -> int:
    """One desk a configuration; several may share the process."""
    desks = [(settings, app.build_desk(settings)) for settings in map(config.read, options.config or [None])]
    first, _ = desks[0]
    logs.start(first.logs.level, first.logs.format, first.logs.error_command)

    async def serve() -> None:
        stopping = app.stop_on_signals()
        async with asyncio.TaskGroup() as tasks:
            for settings, desk in desks:
                tasks.create_task(_serve(settings, desk, stopping))

    asyncio.run(serve())
    return 0


async def _serve(settings: Config, desk: Desk, stopping: asyncio.Event) -> None:
    """Wait until this process is the active one, then run the desk."""
    async with _opened(settings) as engine, _opened(settings) as own:
        await schema.upgrade(engine)
        health = Health(engine, app.utc_now)
        async with (
            health.listening(settings.health.listen),
            lease.held(engine, own, stopping, no_standby=_no_standby(settings)) as holding,
            AsyncExitStack() as stack,
            asyncio.TaskGroup() as tasks,
        ):
            if holding is None:
                return
            keeping = tasks.create_task(_kept(holding))
            platforms = [await stack.enter_async_context(platform) for platform in _platforms(settings, engine, desk)]
            desk = replace(desk, direct_links=DirectLinks(platforms))
            learn = relearning.in_a_process(app.matcher_settings(settings))
            await app.run(engine, desk, platforms, health=health, learn=learn, folders=settings.folders, stopping=stopping)
            keeping.cancel()


async def _kept(holding: Holding) -> None:
    """For ever. When the lease is lost the process ends, also when it was cut off and its connections never close."""
    try:
        await holding.keep()
    except LeaseLost as error:
        log.error("stopping: %s", error)
        end = threading.Timer(_END_WITHIN, os._exit, (1,))
        end.daemon = True
        end.start()
        raise


def _no_standby(settings: Config) -> str:
    """Why no second process can stand by for this desk, if so."""
    if settings.matrix is None or not settings.matrix.encryption:
        return ""
    return (
        "[matrix] store: another process runs this desk, and this one cannot stand by for it: the encryption keys lie in a folder"
        " of the machine that is active. Stop the other one first and bring the folder along, or set [matrix] encryption = false"
    )


def upgrade(options: argparse.Namespace) -> int:
    async def work(engine: AsyncEngine) -> int:
        before, after = await schema.upgrade(engine)
        print(f"schema {after}: up to date" if before == after else f"schema {before or 'empty'} → {after}")
        return 0

    return with_database(config.read(options.config), work)


def export(options: argparse.Namespace) -> int:
    async def work(engine: AsyncEngine) -> int:
        await schema.upgrade(engine)
        async with engine.begin() as tx:
            data = await privacy.export(tx, options.platform, options.id)
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return 0 if any(isinstance(rows, list) and rows for rows in data.values()) else _nothing_kept(options)

    return with_database(config.read(options.config), work)


def erase(options: argparse.Namespace) -> int:
    """What is in the staff channel goes as soon as the desk runs."""
    settings = config.read(options.config)
    desk = app.build_desk(settings, app.Idle())

    async def work(engine: AsyncEngine) -> int:
        await schema.upgrade(engine)
        async with engine.begin() as tx:
            data = await privacy.export(tx, options.platform, options.id)
            await situations.erase(tx, options.platform, options.id, desk, app.utc_now())
        await database.overwrite_deleted(engine)
        if not any(isinstance(rows, list) and rows for rows in data.values()):
            return _nothing_kept(options)
        print(f"{options.platform} {options.id}: erased")
        return 0

    return with_database(settings, work)


def _nothing_kept(options: argparse.Namespace) -> int:
    print(f"{options.platform} {options.id}: nothing is kept about this person", file=sys.stderr)
    return 1


def _platforms(settings: Config, engine: AsyncEngine, desk: Desk) -> list[AbstractAsyncContextManager[Platform]]:
    """The platforms that have a section in the configuration; without any, the console."""
    platforms: list[AbstractAsyncContextManager[Platform]] = []
    if settings.telegram:
        from bot.platforms import telegram

        platforms.append(telegram.connect(settings.telegram, desk))
    if settings.matrix:
        from bot.platforms.matrix import platform as matrix

        staff_room = settings.staff.room if settings.staff.platform == "matrix" else None
        platforms.append(matrix.connect(settings.matrix, staff_room, app.utc_now))
    if settings.staff.platform == "console" or not platforms:
        lines = console.typed(sys.stdin)
        platforms.append(nullcontext(console.Console(lines, sys.stdout, app.utc_now, lambda: app.settled(engine))))
    return platforms


def with_database(settings: Config, work: Callable[[AsyncEngine], Awaitable[int]], *, reading: bool = False) -> int:
    """Run the work on the configured database. Raises ConfigError when it can never be used as configured, TryAgain when not now."""

    async def opened() -> int:
        async with _opened(settings, reading=reading) as engine:
            return await work(engine)

    return asyncio.run(opened())


@asynccontextmanager
async def _opened(settings: Config, *, reading: bool = False) -> AsyncIterator[AsyncEngine]:
    try:
        async with database.opened(settings.storage.url, reading=reading) as engine:
            yield engine
    except DBAPIError as error:
        await asyncio.sleep(0.1)  # the driver's thread still has a word for the event loop, and complains when that is gone
        trouble = machine.database_trouble(error)
        raise (ConfigError if trouble.lasting else TryAgain)(f"[storage] url: the database cannot be used: {trouble.text}") from None
    except OSError as error:
        if error.filename is None:
            raise
        raise TryAgain(f"{error.filename}: {error.strerror}") from None
