"""`helpdesk check`: a line for each thing that must be right, with the way out where it is not."""

import argparse
import asyncio
import sqlite3
from collections.abc import Callable
from datetime import date

from sqlalchemy.exc import DBAPIError

from bot import config
from bot.config import Config, ConfigError
from handlers import texts
from knowledge import checks, content
from knowledge.content import ContentError
from storage import database, schema

_OLDEST_SQLITE = (3, 35, 0)


def check(options: argparse.Namespace) -> int:
    settings = config.read(options.config)
    print(f"ok    configuration: {options.config or 'environment'}")
    results = [_run(name, probe, settings) for name, probe in _PROBES.items()]
    if not options.offline:
        results += asyncio.run(_reach(settings))
    return 0 if all(results) else 1


async def _reach(settings: Config) -> list[bool]:
    """What the platforms themselves say."""
    results = []
    if settings.telegram:
        from bot.platforms.telegram import checking as telegram

        async for found in telegram.findings(settings):
            print(f"{'ok   ' if found.ok else 'FAIL '} {found.name}: {found.text}")
            results.append(found.ok)
    if settings.matrix:
        from bot.platforms.matrix import checking as matrix

        async for finding in matrix.findings(settings):
            print(f"{'ok   ' if finding.ok else 'FAIL '} {finding.name}: {finding.text}")
            results.append(finding.ok)
    return results


def _run(name: str, probe: Callable[[Config], str], settings: Config) -> bool:
    try:
        print(f"ok    {name}: {probe(settings)}")
    except (ConfigError, ContentError, ValueError, OSError, DBAPIError, schema.NewerSchema) as error:
        print(f"FAIL  {name}: {error.orig if isinstance(error, DBAPIError) else error}")
        return False
    return True


def _texts(settings: Config) -> str:
    texts.load(settings.desk.languages)
    return ", ".join(settings.desk.languages)


def _knowledge(settings: Config) -> str:
    loaded = content.load(settings.desk.knowledge, settings.desk.languages)
    today = date.today()  # noqa: DTZ011
    problems = [problem for problem in checks.check(loaded, settings.desk.knowledge, today) if not problem.warning]
    if problems:
        raise ConfigError(f"{len(problems)} problems; `helpdesk kb check {settings.desk.knowledge}` lists them")
    return f"{len(loaded.entries)} entries, {len(checks.stale(loaded, today))} to look at (`helpdesk kb stale`)"


def _hours(settings: Config) -> str:
    if not settings.desk.hours.week:
        raise ConfigError("[desk.hours] is empty, so people cannot be told when to expect an answer: set at least one day")
    return f"{len(settings.desk.hours.week)} days a week, {settings.desk.timezone}"


def _storage(settings: Config) -> str:
    if settings.storage.url.startswith("sqlite") and sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise ConfigError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed")

    async def upgrade() -> str:
        async with database.opened(settings.storage.url) as engine:
            _, revision = await schema.upgrade(engine)
            return f"{engine.dialect.name}, schema {revision}"

    return asyncio.run(upgrade())


_PROBES: dict[str, Callable[[Config], str]] = {
    "texts": _texts,
    "knowledge base": _knowledge,
    "opening hours": _hours,
    "storage": _storage,
}
