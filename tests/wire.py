"""The line between one process and its PostgreSQL server: as long as it is cut nothing comes through, and nobody is told."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import make_url

_SOCKET = ".s.PGSQL.5432"


class Wire:
    """`url`: the server's address at this end."""

    def __init__(self, server: str, folder: str) -> None:
        address = make_url(server)
        self.url = address.update_query_dict({"host": folder}).render_as_string(hide_password=False)
        self._behind = Path(str(address.query["host"])) / _SOCKET
        self._whole = asyncio.Event()
        self._whole.set()
        self._refuses = False
        self._ends: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        self._whole.clear()

    def drop(self) -> None:
        """Cut so that it is noticed, and who tries again is turned away, as when the server restarts."""
        self.cut()
        self._refuses = True
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        """What was on its way is gone; who comes now gets through."""
        self.drop()
        self._refuses = False
        self._whole.set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        await self._whole.wait()
        answers, server = await asyncio.open_unix_connection(str(self._behind))
        self._ends |= {writer, server}
        async with asyncio.TaskGroup() as both:
            both.create_task(self._carry(reader, server))
            both.create_task(self._carry(answers, writer))
        self._ends -= {writer, server}

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                while some := await source.read(65536):
                    await self._whole.wait()
                    target.write(some)
                    await target.drain()
        finally:
            target.close()


@contextlib.asynccontextmanager
async def wired(server: str) -> AsyncIterator[Wire]:
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # a socket's path must be short
        wire = Wire(server, folder)
        listening = await asyncio.start_unix_server(wire.connect, Path(folder) / _SOCKET)
        try:
            yield wire
        finally:
            listening.close()
            wire.mend()
