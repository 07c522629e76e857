"""The other way in: Telegram calls us, and gets its 200 when what it brought is on the disk."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

log = logging.getLogger(__name__)

_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_LARGEST = 1024 * 1024
_MOST = 100


@dataclass(frozen=True)
class Delivered:
    """One request of Telegram's, waiting for its answer."""

    update: Any
    stored: "asyncio.Future[None]" = field(compare=False)


class Webhook:
    def __init__(self, url: str, secret: str, listen: str, patience: float = 5.0, look_again: float = 30.0) -> None:
        self.url = url
        self.secret = secret
        self.look_again = look_again
        """After how many seconds to ask Telegram whether it still calls us."""
        self._host, _, port = listen.rpartition(":")
        self._port = int(port)
        self._path = urlsplit(url).path or "/"
        self._patience = patience
        self._waiting: asyncio.Queue[Delivered] = asyncio.Queue()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_post(self._path, self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def batches(self, patience: Callable[[], float | None]) -> AsyncIterator[list[Any]]:
        """What came in, nothing after so many seconds; the next is asked for when the last is stored, and that answers Telegram."""
        while True:
            taken = await self._taken(patience())
            yield [one.update for one in taken]
            for one in taken:
                if not one.stored.done():
                    one.stored.set_result(None)

    async def _taken(self, patience: float | None) -> list[Delivered]:
        try:
            async with asyncio.timeout(patience):
                taken = [await self._waiting.get()]
        except TimeoutError:
            return []
        while len(taken) < _MOST and not self._waiting.empty():
            taken.append(self._waiting.get_nowait())
        return taken

    async def _take(self, request: web.Request) -> web.Response:
        given = request.headers.get(_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.secret.encode()):
            log.warning("a call of the webhook without the right secret was refused")
            return web.Response(status=403)
        update = _parsed(await request.read())
        delivered = Delivered(update, asyncio.get_running_loop().create_future())
        await self._waiting.put(delivered)
        try:
            async with asyncio.timeout(self._patience):
                await delivered.stored
        except TimeoutError:
            return web.Response(status=503)  # Telegram brings it again; what is stored by then is not taken twice
        return web.Response()


def _parsed(body: bytes) -> Any:
    """What is not JSON at all is set aside like any other update that cannot be read."""
    try:
        return json.loads(body)
    except ValueError:
        return {"unreadable": hashlib.sha256(body).hexdigest(), "body": body.decode("utf-8", "replace")}
