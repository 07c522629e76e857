"""Is the desk well: `/healthz` for whoever restarts it, `/metrics` for whoever watches it."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import ConfigError
from bot.metrics import Metrics, Now
from bot.platforms.base import Platform
from storage import figures

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=90)
"""So long a loop may be under way, and a platform silent."""


class Loop(Protocol):
    @property
    def round_at(self) -> datetime | None:
        """When it last came round."""
        ...


class Sender(Loop, Protocol):
    @property
    def failures(self) -> Mapping[str, int]:
        """How often something was not sent, by what went wrong."""
        ...


@dataclass(frozen=True)
class Watched:
    """What has to be alive."""

    since: datetime
    platforms: Sequence[Platform]
    loops: Mapping[str, Loop]
    senders: Mapping[str, Sender] = field(default_factory=dict)
    """By platform; they are loops too."""

    def troubles(self, now: datetime) -> list[str]:
        """What is not as it should be, in plain words."""
        loops = {**self.loops, **{f"delivery to {name}": sender for name, sender in self.senders.items()}}
        late = [
            f"{name} has not come round for {_seconds(now, at)} s; does the database answer?"
            for name, loop in loops.items()
            if now - (at := loop.round_at or self.since) > PATIENCE
        ]
        silent = [
            f"{platform.name} has not answered for {_seconds(now, at)} s"
            for platform in self.platforms
            if now - (at := platform.reached_at or self.since) > PATIENCE
        ]
        return late + silent


def _seconds(now: datetime, since: datetime) -> int:
    return int((now - since).total_seconds())


class Health:
    """Answers from the start of the process; as long as nothing is watched, it stands by."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self.metrics = Metrics()
        self.watched: Watched | None = None
        self._engine = engine
        self._clock = clock

    @asynccontextmanager
    async def listening(self, listen: str) -> AsyncIterator[None]:
        """Serve on `HOST:PORT`; nothing at all when it is empty. Raises ConfigError when that address cannot be had."""
        if not listen:
            yield
            return
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/metrics", self._metrics)
        host, _, port = listen.rpartition(":")
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, int(port)).start()
            except (OSError, OverflowError) as error:
                number = getattr(error, "errno", None) or 0  # below zero: the name of the host was not found
                reason = os.strerror(number) if number > 0 else error
                raise ConfigError(f"[health] listen: {listen} cannot be listened on: {reason}; choose another address or port") from None
            log.info("health and metrics on http://%s", listen)
            yield
        finally:
            await runner.cleanup()

    async def _healthz(self, request: web.Request) -> web.Response:
        if self.watched is None:
            return web.Response(text="standing by\n")
        troubles = self.watched.troubles(self._clock())
        return web.Response(status=503 if troubles else 200, text="\n".join(troubles or ["ok"]) + "\n")

    async def _metrics(self, request: web.Request) -> web.Response:
        try:
            async with self._engine.begin() as tx:
                found = await figures.read(tx)
        except DBAPIError:
            return web.Response(status=503, text="the database does not answer\n")
        watched = self.watched
        failures = {name: sender.failures for name, sender in watched.senders.items()} if watched else {}
        now = Now(self._clock(), found, watched.platforms if watched else (), failures)
        return web.Response(body=self.metrics.exposition(now), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})
