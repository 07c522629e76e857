"""Once a minute: is the desk deaf, is its disk full, does it keep up? What begins and what is over is said in the staff channel."""

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.platforms.base import Platform
from handlers.alerts import Disk, Signs, tell
from handlers.desk import Desk
from storage import alerts, figures, outbox
from storage.outbox import NewId

log = logging.getLogger(__name__)

_EVERY = 60.0
_NO_EVENT = 0
"""The cause of what is said here."""


class Alerts:
    """`folders` are those that must not run full."""

    def __init__(
        self,
        engine: AsyncEngine,
        platforms: Sequence[Platform],
        desk: Desk,
        clock: Callable[[], datetime],
        folders: Sequence[Path] = (),
        *,
        new_id: NewId = outbox.new_id,
    ) -> None:
        self.engine = engine
        self.platforms = platforms
        self.desk = desk
        self.clock = clock
        self.folders = folders
        self.new_id = new_id
        self.begun = clock()
        self.round_at: datetime | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self.step()
                self.round_at = self.clock()
            except DBAPIError as error:
                log.error("the database does not answer, alerts wait: %s", type(error.orig).__name__)
            try:
                async with asyncio.timeout(_EVERY):
                    await stopping.wait()
            except TimeoutError:
                continue

    async def step(self) -> None:
        now = self.clock()
        async with self.engine.begin() as tx:
            known = await alerts.known(tx)
            waiting = await figures.unanswered(tx)
            signs = Signs(
                heard={platform.name: platform.reached_at or self.begun for platform in self.platforms},
                disk=least_free(self.folders),
                waiting_since=waiting.since,
            )
            told = tell(signs, known, self.desk, now)
            if told.known != known:
                await alerts.keep(tx, told.known)
            await outbox.put(tx, told.orders, self.desk.staff, _NO_EVENT, now, new_id=self.new_id)
        for name in told.known.keys() - known.keys():
            log.error("trouble: %s", name)
        for name in known.keys() - told.known.keys():
            log.warning("over: %s", name)


def least_free(folders: Sequence[Path]) -> Disk | None:
    """The disk with the least room among those that these folders are on."""
    disks = [shutil.disk_usage(folder) for folder in folders if folder.exists()]
    return min((Disk(disk.free, disk.total) for disk in disks), key=lambda disk: disk.free, default=None)
