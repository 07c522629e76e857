"""Several desks, each with its own bot and staff group, share one process and one PostgreSQL database."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import text

from storage import database
from tests.platforms.botapi import BotApi
from tests.platforms.telegram.desk import ANSWER, QUESTION, UNKNOWN, Desk


async def test_two_desks_in_one_process_and_one_database_know_nothing_of_each_other(tmp_path: Path, postgres: str) -> None:
    async with BotApi() as first, BotApi() as second:
        desks = [Desk(tmp_path / name, api.url, 0, storage=_with_schema(postgres, name)) for name, api in (("a", first), ("b", second))]
        people = []
        for desk, api in zip(desks, (first, second), strict=True):
            desk.folder.mkdir()
            desk.room = api.group("Svetovalci", forum=True).id
            people.append(api.user("Ana"))
        configs = [argument for desk in desks for argument in ("--config", str(desk.config))]
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", *configs, env={**os.environ})
        try:
            await people[0].says(QUESTION)
            await people[1].says(UNKNOWN)
            await first.until(lambda: any(ANSWER in line for line in first.texts(people[0])), 40)
            await second.until(lambda: any("(zadeva #1)" in line for line in second.texts(people[1])), 40)
        finally:
            process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 15) == 0

    async with database.opened(postgres) as engine, engine.begin() as tx:
        for name, asked in (("a", QUESTION), ("b", UNKNOWN)):
            assert list(await tx.scalars(text(f"SELECT text FROM {name}.questions"))) == [asked]
            await tx.execute(text(f"DROP SCHEMA {name} CASCADE"))


def _with_schema(url: str, name: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}schema={name}"
