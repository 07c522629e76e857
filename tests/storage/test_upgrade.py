"""From the first release to this one with ten thousand rows in flight: killed at any statement, nothing is lost."""

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import database, inbox, outbox, schema
from tests.faq import STAFF, TUESDAY, desk
from tests.stage import Stage
from tests.storage.test_inbox_and_outbox import message, say

IN_FLIGHT = 10_000
_AT = f"'{TUESDAY.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00'"
UPGRADES = """
import asyncio, os, signal, sys
from sqlalchemy import event
from storage import database, schema

async def main(url, last):
    statements = 0
    async with database.opened(url) as engine:
        @event.listens_for(engine.sync_engine, "after_cursor_execute")
        def executed(*_):
            nonlocal statements
            statements += 1
            if statements == last:
                os.kill(os.getpid(), signal.SIGKILL)
        await schema.upgrade(engine)
    print(statements)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def _at_first_release(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


async def _fill(engine: AsyncEngine) -> None:
    """Half of the rows wait in the inbox and half in the outbox, with tickets and their lines beside."""
    half = IN_FLIGHT // 2
    async with engine.begin() as tx:
        await tx.run_sync(_at_first_release)
        await inbox.take_in(tx, "fake", [message(f"k{number}", f"p{number % 200}", "davek") for number in range(half)], "c1", TUESDAY)
        await outbox.put(tx, [say(f"p{number % 200}", f"answer {number}") for number in range(half)], STAFF, 1, TUESDAY)
        for number in range(1, 201):
            ticket = f"{number}, 'fake', 'p{number}', 'p{number}', 'Ana', 'sl', 'title {number}', 'waiting', {_AT}, {_AT}"
            names = "number, platform, room, person, name, language, title, state, opened_at, changed_at"
            await tx.execute(text(f"INSERT INTO tickets ({names}) VALUES ({ticket})"))
            await tx.execute(
                text(f"INSERT INTO ticket_lines (ticket, author, text, at) VALUES ({number}, 'person', 'line {number}', {_AT})")
            )


async def _contents(engine: AsyncEngine, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    async with engine.begin() as tx:
        rows = {table: await tx.execute(text(f"SELECT {', '.join(names)} FROM {table}")) for table, names in columns.items()}
        return {table: sorted(json.dumps(list(row), default=str) for row in found) for table, found in rows.items()}


async def _columns(engine: AsyncEngine) -> dict[str, list[str]]:
    def read(connection: Connection) -> dict[str, list[str]]:
        found = inspect(connection)
        return {name: [f'"{column["name"]}"' for column in found.get_columns(name)] for name in found.get_table_names()}

    async with engine.begin() as tx:
        return {table: names for table, names in (await tx.run_sync(read)).items() if table != "alembic_version"}


def _upgrade(url: str, last: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", UPGRADES, url, str(last)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_killed_in_the_middle_the_next_start_upgrades_everything(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}" if kind == "sqlite" else request.getfixturevalue("postgres")
    async with database.opened(url) as engine:
        if kind == "postgresql":
            async with engine.begin() as tx:
                await tx.execute(text("DROP SCHEMA public CASCADE"))
                await tx.execute(text("CREATE SCHEMA public"))
        await _fill(engine)
        columns = await _columns(engine)
        before = await _contents(engine, columns)
    assert len(before["inbox"]) + len(before["outbox"]) == IN_FLIGHT

    for last in (2, 9, 16, 23):
        killed = await asyncio.to_thread(_upgrade, url, last)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        async with database.opened(url) as engine:
            async with engine.begin() as tx:
                assert await schema.revision(tx) == "0001"
            assert await _contents(engine, columns) == before
    whole = await asyncio.to_thread(_upgrade, url, 0)
    assert whole.returncode == 0, whole.stderr
    assert int(whole.stdout) > 23

    async with database.opened(url) as engine:
        assert await _contents(engine, columns) == before
        stage = Stage(engine, desk())
        for _ in range(20):  # and all of it goes on where it was
            assert await stage.answering.step()
            assert await stage.delivery.step()
        assert next(seen.text for seen in stage.seen_by("p7")) == "answer 7"
