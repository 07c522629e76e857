"""`python -m tests.platforms.botapi --port 8081 --log calls.jsonl`: the server as a process, directed over /control/…"""

import argparse
import asyncio
import contextlib
from pathlib import Path

from tests.platforms.botapi import BotApi
from tests.platforms.botapi.control import control


async def serve(token: str, username: str, port: int, log: Path | None) -> None:
    api = BotApi(token, username, port, log)
    control(api)
    async with api:
        print(api.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.platforms.botapi")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--token", default="123:TEST")
    parser.add_argument("--username", default="kki_bot")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.token, given.username, given.port, given.log))


if __name__ == "__main__":
    main()
