"""Which troubles of the desk the advisers know of: kept, so that a restart does not repeat them."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import counters

_MARK = "alert "


async def known(tx: AsyncConnection) -> dict[str, datetime]:
    """By name, with since when it is so."""
    rows = await tx.execute(select(counters).where(counters.c.name.startswith(_MARK)))
    return {row.name.removeprefix(_MARK): datetime.fromtimestamp(row.value, UTC) for row in rows}


async def keep(tx: AsyncConnection, troubles: Mapping[str, datetime]) -> None:
    """These, in place of those before."""
    await tx.execute(delete(counters).where(counters.c.name.startswith(_MARK)))
    if troubles:
        await tx.execute(insert(counters), [{"name": _MARK + name, "value": int(since.timestamp())} for name, since in troubles.items()])
