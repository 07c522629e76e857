"""The schema and its migrations: brought up to date at start, refused when it is newer than the program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_UPGRADE_LOCK = 7346501  # PostgreSQL: two processes that start together upgrade one after the other


class NewerSchema(Exception):
    """The database was written by a newer version of the program."""


async def upgrade(engine: AsyncEngine) -> tuple[str | None, str]:
    """Bring the schema up to date in one transaction; the revisions before and after.

    Raises NewerSchema when the database is ahead of this program.
    """
    async with engine.begin() as tx:
        return await tx.run_sync(_upgrade)


async def revision(tx: AsyncConnection) -> str | None:
    return await tx.run_sync(lambda connection: MigrationContext.configure(connection).get_current_revision())


async def compare(tx: AsyncConnection) -> tuple[str | None, str]:
    """The revision that the database is at, and this program's. Raises NewerSchema."""
    return await tx.run_sync(lambda connection: _compare(connection, ScriptDirectory.from_config(_config())))


def _upgrade(connection: Connection) -> tuple[str | None, str]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        if connection.scalar(text("SELECT current_schema()")) is None:  # the one that the address names is not there yet
            name = connection.dialect.identifier_preparer.quote(connection.scalar(text("SHOW search_path")).strip('"'))
            connection.execute(text(f"CREATE SCHEMA {name}"))
    config = _config()
    config.attributes["connection"] = connection
    before, head = _compare(connection, ScriptDirectory.from_config(config))
    if before != head:
        command.upgrade(config, "head")
    return before, head


def _compare(connection: Connection, scripts: ScriptDirectory) -> tuple[str | None, str]:
    before = MigrationContext.configure(connection).get_current_revision()
    head = scripts.get_current_head()
    assert head is not None
    known = {script.revision for script in scripts.walk_revisions()}
    if before is not None and before not in known:
        raise NewerSchema(f"the database is at revision {before}, which this version does not know: install the newer version again")
    return before, head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
