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


def _upgrade(connection: Connection) -> tuple[str | None, str]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    config = _config()
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    before = MigrationContext.configure(connection).get_current_revision()
    head = scripts.get_current_head()
    assert head is not None
    known = {script.revision for script in scripts.walk_revisions()}
    if before is not None and before not in known:
        raise NewerSchema(f"the database is at revision {before}, which this version does not know: install the newer version again")
    if before != head:
        command.upgrade(config, "head")
    return before, head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
