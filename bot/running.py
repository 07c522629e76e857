"""`helpdesk run`, `db` and `person`: the commands that need a configuration and a database."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import replace

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app, config, lease, logs
from bot.config import Config, ConfigError
from bot.platforms import console
from bot.platforms.base import Platform
from handlers.desk import Desk
from storage import database, privacy, schema
from storage.leases import LeaseLost


def run(options: argparse.Namespace) -> int:
    logs.start()
    settings = config.read(options.config)
    desk = app.build_desk(settings)

    async def serve(engine: AsyncEngine) -> int:
        await schema.upgrade(engine)
        async with (
            database.opened(settings.storage.url) as own,
            lease.held(engine, own, no_standby=_no_standby(settings)) as holding,
            asyncio.TaskGroup() as tasks,
        ):
            keeping = tasks.create_task(holding.keep())
            await _serve(settings, engine, desk)
            keeping.cancel()
        return 0

    try:
        return _with_database(settings, serve)
    except* LeaseLost as lost:
        print(f"stopped: {lost.exceptions[0]}", file=sys.stderr)
    return 1


async def _serve(settings: Config, engine: AsyncEngine, desk: Desk) -> None:
    async with AsyncExitStack() as stack:
        platforms = [await stack.enter_async_context(platform) for platform in _platforms(settings, engine, desk)]
        links = {platform.name: platform.direct_link for platform in platforms if platform.direct_link}
        await app.run(engine, replace(desk, direct_links=links), platforms)


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

    return _with_database(config.read(options.config), work)


def export(options: argparse.Namespace) -> int:
    async def work(engine: AsyncEngine) -> int:
        await schema.upgrade(engine)
        async with engine.begin() as tx:
            data = await privacy.export(tx, options.platform, options.id)
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return 0 if any(isinstance(rows, list) and rows for rows in data.values()) else _nothing_kept(options)

    return _with_database(config.read(options.config), work)


def erase(options: argparse.Namespace) -> int:
    async def work(engine: AsyncEngine) -> int:
        await schema.upgrade(engine)
        async with engine.begin() as tx:
            data = await privacy.export(tx, options.platform, options.id)
            await privacy.erase(tx, options.platform, options.id)
        if not any(isinstance(rows, list) and rows for rows in data.values()):
            return _nothing_kept(options)
        print(f"{options.platform} {options.id}: erased")
        return 0

    return _with_database(config.read(options.config), work)


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


def _with_database(settings: Config, work: Callable[[AsyncEngine], Awaitable[int]]) -> int:
    async def opened() -> int:
        async with database.opened(settings.storage.url) as engine:
            return await work(engine)

    try:
        return asyncio.run(opened())
    except (DBAPIError, OSError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise ConfigError(f"[storage] url: the database cannot be used: {reason}") from None
