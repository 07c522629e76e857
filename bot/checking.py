"""`helpdesk check`, the doctor: a line for each thing that must be right, with the way out where it is not."""

import argparse
import asyncio
import os
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from bot import app, backups, config, machine
from bot.config import Config
from bot.errors import ConfigError
from bot.platforms.findings import Finding
from handlers import texts
from knowledge import checks, content, embedding, trained
from knowledge.content import ContentError
from storage import database, schema

_EXPECTED = (ConfigError, ContentError, ValueError, OSError, schema.NewerSchema)


def check(options: argparse.Namespace) -> int:
    try:
        settings = config.read(options.config)
    except ConfigError as error:
        print("\n".join(f"✗ settings: {line}" for line in str(error).splitlines()), file=sys.stderr)
        return 2
    results = [_print(finding) for finding in _here(settings, options.config)]
    if not options.offline:
        results += asyncio.run(_reach(settings))
    wrong = results.count(False)
    print(f"\n{wrong} of {len(results)} to be mended" if wrong else f"\nall {len(results)} are right")
    return 1 if wrong else 0


def _print(finding: Finding) -> bool:
    print(f"{'✗' if not finding.ok else '!' if finding.remark else '✓'} {finding.name}: {finding.text}", flush=True)
    return finding.ok


def _here(settings: Config, file: Path | None) -> Iterator[Finding]:
    """What can be seen without asking anybody else."""
    yield _settings(settings, file)
    yield from _secrets(settings)
    for name, probe in _PROBES.items():
        yield from _probed(name, probe, settings)


def _probed(name: str, probe: Callable[[Config], Iterator[Finding]], settings: Config) -> Iterator[Finding]:
    try:
        yield from probe(settings)
    except DBAPIError as error:
        yield Finding(name, machine.database_trouble(error).text, ok=False)
    except _EXPECTED as error:
        yield Finding(name, str(error), ok=False)


def _settings(settings: Config, file: Path | None) -> Finding:
    if file is None:
        return Finding("settings", "from the environment")
    inside = [settings.telegram and settings.telegram.token, settings.matrix and settings.matrix.password]
    has_secret = any(inside) or make_url(settings.storage.url).password is not None
    if has_secret and file.stat().st_mode & stat.S_IROTH:
        way_out = f"`chgrp helpdesk {file} && chmod 640 {file}`, with the group of the desk's user"
        return Finding("settings", f"{file} holds a secret and everybody on this machine may read it; {way_out}", ok=False)
    return Finding("settings", str(file))


def _secrets(settings: Config) -> Iterator[Finding]:
    for section in (settings.telegram, settings.matrix):
        for key, file in _secret_files(section):
            yield machine.readable(file, f"[{type(section).__name__.lower()}] {key}")


def _secret_files(section: config.Telegram | config.Matrix | None) -> Iterator[tuple[str, Path]]:
    for key in ("token_file", "webhook_secret_file", "password_file", "access_token_file"):
        if file := getattr(section, key, None):
            yield key, file


def _time(settings: Config) -> Iterator[Finding]:
    now = app.utc_now().astimezone(settings.desk.zone)
    yield Finding("time zone", f"{settings.desk.timezone}, now {now:%H:%M} ({now:%z})")


def _texts(settings: Config) -> Iterator[Finding]:
    texts.load(settings.desk.languages)
    yield Finding("texts", ", ".join(settings.desk.languages))


def _knowledge(settings: Config) -> Iterator[Finding]:
    loaded = content.load(settings.desk.knowledge, settings.desk.languages)
    today = date.today()  # noqa: DTZ011
    problems = [problem for problem in checks.faults(loaded, settings.desk.knowledge, today) if not problem.warning]
    if problems:
        raise ConfigError(f"{len(problems)} problems; `helpdesk kb check {settings.desk.knowledge}` lists them")
    stale = len(checks.stale(loaded, today))
    found = f"{len(loaded.entries)} entries, {stale} to look at (`helpdesk kb stale`)"
    yield Finding("knowledge base", found, remark=stale > 0)


def _matching(settings: Config) -> Iterator[Finding]:
    folder = settings.matching.cache or trained.cache_folder()
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if os.access(place, os.W_OK):
        yield Finding("matcher", f"what is learnt from the FAQ is kept in {folder}")
    else:
        yield Finding("matcher", f"[matching] cache: {folder} cannot be written, so each start learns the FAQ anew; set another", ok=False)
    if not settings.matching.semantic:
        yield Finding("meaning", "words only, as configured")
    elif embedder := embedding.find_embedder(settings.matching.model):
        yield Finding("meaning", f"sentence vectors by {embedder.name}")
    else:
        reason = "the extra `semantic` is not installed, or the processor lacks AVX2"
        yield Finding("meaning", f"words only, with somewhat fewer answers: {reason}", remark=True)


def _hours(settings: Config) -> Iterator[Finding]:
    if not settings.desk.hours.week:
        raise ConfigError("[desk.hours] is empty, so people cannot be told when to expect an answer: set at least one day")
    yield Finding("opening hours", f"{len(settings.desk.hours.week)} days a week")


def _storage(settings: Config) -> Iterator[Finding]:
    address = make_url(settings.storage.url)
    if address.get_backend_name() == "sqlite":
        file = Path(address.database or "").absolute()
        yield machine.sqlite_version()
        yield (folder := machine.disk_of_database(file.parent))
        if not folder.ok:
            return
        if not file.exists():
            yield Finding("storage", f"{file} will be made at the first start")
            return
    yield Finding("storage", asyncio.run(_schema(settings)))


async def _schema(settings: Config) -> str:
    async with database.opened(settings.storage.url, reading=True) as engine, engine.begin() as tx:
        before, head = await schema.compare(tx)
        if engine.dialect.name == "sqlite":
            kind = f"SQLite {sqlite3.sqlite_version}"
        else:
            kind = f"PostgreSQL {str(await tx.scalar(text('SHOW server_version'))).partition(' ')[0]}"
    return f"{kind}, schema {head}" if before == head else f"{kind}, schema {before or 'none'}: the next start makes it {head}"


def _backup(settings: Config) -> Iterator[Finding]:
    if backups.recipient_of(settings):
        yield Finding("backup", f"encrypted for {settings.backup.recipient}")
    else:
        yield Finding("backup", "not encrypted: set [backup] recipient, which `helpdesk db key` makes", remark=True)


def _disk(settings: Config) -> Iterator[Finding]:
    yield machine.disk(settings.folders)


def _health(settings: Config) -> Iterator[Finding]:
    yield machine.port(settings.health.listen)


_PROBES: dict[str, Callable[[Config], Iterator[Finding]]] = {
    "time zone": _time,
    "texts": _texts,
    "knowledge base": _knowledge,
    "matcher": _matching,
    "opening hours": _hours,
    "storage": _storage,
    "backup": _backup,
    "disk": _disk,
    "health": _health,
}


async def _reach(settings: Config) -> list[bool]:
    """What the platforms themselves say."""
    return [_print(finding) async for finding in _afar(settings)]


async def _afar(settings: Config) -> AsyncIterator[Finding]:
    """A platform whose secret cannot be had is not asked: that was said before."""
    if settings.telegram and _has_secrets(settings.telegram):
        from bot.platforms.telegram import checking as telegram

        if finding := await asyncio.to_thread(machine.clock, "Telegram", settings.telegram.api_url, app.utc_now()):
            yield finding
        try:
            async for found in telegram.findings(settings):
                yield Finding(found.name, found.text, found.ok)
        except ConfigError as error:
            yield Finding("telegram", str(error), ok=False)
    if settings.matrix and _has_secrets(settings.matrix):
        from bot.platforms.matrix import checking as matrix

        if finding := await asyncio.to_thread(machine.clock, "the homeserver", settings.matrix.homeserver, app.utc_now()):
            yield finding
        async for finding in matrix.findings(settings):
            yield finding


def _has_secrets(section: config.Telegram | config.Matrix) -> bool:
    return all(os.access(file, os.R_OK) and file.stat().st_size for _, file in _secret_files(section))
