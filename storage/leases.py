"""Which process is the active one: a row with an epoch, by the database's clock.

Every takeover counts the epoch up. A process writes only while the row still carries its own: see `fence`.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


@dataclass(frozen=True, slots=True)
class Lease:
    name: str
    holder: str
    epoch: int


class LeaseLost(Exception):
    """Another process is the active one now: this one may not write any more."""


_TAKE = text(
    "INSERT INTO leases (name, holder, epoch, until) VALUES (:name, :holder, 1, clock_timestamp() + :length)"
    " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, until = excluded.until"
    " WHERE leases.until < clock_timestamp() RETURNING epoch"
)
_OWN = "name = :name AND holder = :holder AND epoch = :epoch"
_KEEP = text(f"UPDATE leases SET until = clock_timestamp() + :length WHERE {_OWN}")
_GIVE_BACK = text(f"UPDATE leases SET until = clock_timestamp() WHERE {_OWN}")
# Shared with our other transactions; whoever wants to take the lease over waits for this one to end. A process that is paused in the
# middle of a statement would hold it for ever: the server ends such a transaction (since PostgreSQL 17).
_CHECK = text(f"SELECT epoch FROM leases WHERE {_OWN} FOR SHARE")
_CHECK_AND_LIMIT = text(f"SELECT epoch, set_config('transaction_timeout', '8s', true) FROM leases WHERE {_OWN} FOR SHARE")


async def take(tx: AsyncConnection, name: str, holder: str, length: timedelta) -> Lease | None:
    """Become the active process if no other is; None while one is. PostgreSQL only."""
    epoch = await tx.scalar(_TAKE, {"name": name, "holder": holder, "length": length})
    return None if epoch is None else Lease(name, holder, epoch)


async def keep(tx: AsyncConnection, lease: Lease, length: timedelta) -> None:
    """Stay the active process for so long from now. Raises LeaseLost."""
    if not (await tx.execute(_KEEP, _values(lease) | {"length": length})).rowcount:
        raise LeaseLost(f"{lease.name}: another process has taken over")


async def give_back(tx: AsyncConnection, lease: Lease) -> None:
    """At a clean end: the next one need not wait."""
    await tx.execute(_GIVE_BACK, _values(lease))


async def holder(tx: AsyncConnection, name: str) -> str | None:
    """Who is the active process, if there is one now."""
    found: str | None = await tx.scalar(text("SELECT holder FROM leases WHERE name = :name AND until >= clock_timestamp()"), {"name": name})
    return found


def fence(engine: AsyncEngine, lease: Lease) -> None:
    """From now on every transaction of this engine begins with the question whether the lease is still ours: LeaseLost if not."""

    @event.listens_for(engine.sync_engine, "begin")
    def check(connection: Connection) -> None:
        limited = (connection.dialect.server_version_info or ()) >= (17,)
        if connection.execute(_CHECK_AND_LIMIT if limited else _CHECK, _values(lease)).first() is None:
            raise LeaseLost(f"{lease.name}: another process has taken over")


def _values(lease: Lease) -> dict[str, object]:
    return {"name": lease.name, "holder": lease.holder, "epoch": lease.epoch}
