"""Between the bot and its homeserver: lets through, delays, fails, loses replies, or changes what a sync brings."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web
from yarl import URL

Change = Callable[[dict[str, Any]], None]


@dataclass
class Proxy:
    target: str
    url: str = ""
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, part of the path, and what goes wrong once.

    `lost` (carried out, no reply), `dropped` (not carried out), `500`, `html`, `429`, `hang`, `garbage`, `soft logout`.
    """
    down: bool = False
    change_sync: list[Change] = field(default_factory=list)
    """Applied to the next syncs that bring something, one each."""
    change_every_sync: Change | None = None
    sync_limit: int | None = None
    """So few events of a room in one sync, whatever is asked for."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    met: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Everything as at the beginning."""
        self.faults, self.change_sync, self.change_every_sync, self.sync_limit, self.down = [], [], None, None, False
        self.calls, self.met = [], []

    def fail(self, method: str, part: str, *kinds: str) -> None:
        self.faults += [(method, part, kind) for kind in kinds]


@contextlib.asynccontextmanager
async def between(target: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(target)
    async with ClientSession(timeout=ClientTimeout(total=120), auto_decompress=True) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            return await _handle(proxy, session, request)

        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=0.1)
        await site.start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield proxy
        finally:
            await runner.cleanup()


async def _handle(proxy: Proxy, session: ClientSession, request: web.Request) -> web.StreamResponse:
    proxy.calls.append((request.method, request.path))
    fault = _fault(proxy, request)
    if fault == "dropped" or proxy.down:
        return _drop(request)
    if fault == "500":
        return web.json_response({"errcode": "M_UNKNOWN", "error": "Internal server error"}, status=500)
    if fault == "html":
        return web.Response(status=502, text="<html>Bad gateway</html>", content_type="text/html")
    if fault == "429":
        return web.json_response({"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": 700}, status=429)
    if fault == "soft logout":
        return web.json_response({"errcode": "M_UNKNOWN_TOKEN", "error": "Soft logged out", "soft_logout": True}, status=401)
    if fault == "hang":
        await asyncio.sleep(60)
        return _drop(request)
    headers = {key: value for key, value in request.headers.items() if key.lower() in ("authorization", "content-type")}
    body = await request.read()
    async with session.request(request.method, _target(proxy, request), data=body, headers=headers) as answer:
        content = await answer.read()
    if fault == "lost" or proxy.down:
        return _drop(request)
    if fault == "garbage":
        content = b'{"half": '
    if request.path.endswith("/v3/sync") and (proxy.change_sync or proxy.change_every_sync):
        content = _changed(proxy, content)
    kind = answer.headers.get("Content-Type", "application/json")
    return web.Response(status=answer.status, body=content, headers={"Content-Type": kind})


def _target(proxy: Proxy, request: web.Request) -> URL:
    url = URL(proxy.target + request.raw_path, encoded=True)
    if proxy.sync_limit is None or not request.path.endswith("/v3/sync"):
        return url
    wanted = json.loads(request.query["filter"])
    wanted["room"]["timeline"]["limit"] = proxy.sync_limit
    return url.update_query(filter=json.dumps(wanted))


def _fault(proxy: Proxy, request: web.Request) -> str | None:
    for number, (method, part, kind) in enumerate(proxy.faults):
        if request.method == method and part in request.path:
            del proxy.faults[number]
            proxy.met.append(kind)
            return kind
    return None


def _changed(proxy: Proxy, content: bytes) -> bytes:
    sync = json.loads(content)
    if (sync.get("rooms") or {}).get("join"):
        if proxy.change_sync:
            proxy.change_sync.pop(0)(sync)
        if proxy.change_every_sync:
            proxy.change_every_sync(sync)
    return json.dumps(sync).encode()


def _drop(request: web.Request) -> web.Response:
    """The connection breaks."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
