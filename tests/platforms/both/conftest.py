"""One desk on both platforms: the Bot API server of the tests on one side, a real homeserver on the other."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.platforms.matrix import media
from bot.platforms.matrix.client import Client, Json
from bot.platforms.matrix.reading import _file
from tests.platforms.botapi import BotApi, Message
from tests.platforms.matrix.desk import Desk
from tests.platforms.matrix.synapse import Synapse

Start = Callable[[str, str], Awaitable[Desk]]

LIMIT = 1024 * 1024
"""The largest file that the desk carries over."""

_TELEGRAM = """
[telegram]
token = "123:TEST"
api_url = "{url}"
limits = {{ chat_gap = 0.0, group_minute = 1000, second = 1000 }}
"""


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
async def start(synapse: Synapse, api: BotApi, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts the desk with its staff channel on this platform, in this room; the bot's account is in its configuration."""
    desks: list[Desk] = []
    bot = (await synapse.register(f"both{tmp_path.name[-40:]}".replace("_", "").lower()))["user_id"]

    async def begin(platform: str, room: str) -> Desk:
        more = {"largest_file_mb": str(LIMIT // 1024 // 1024)}
        sections = _TELEGRAM.format(url=api.url)
        desk = Desk(tmp_path, synapse, bot, room, staff_platform=platform, sections=sections, settings=more)
        desks.append(desk)
        if room:
            desk.start()
            await desk.is_ready()
        return desk

    yield begin
    for desk in desks:
        desk.kill()


async def content_of(client: Client, event: Json) -> bytes:
    """What is in a file as it was sent to a room."""
    return (await media.fetch(client, _file(event["content"], "document"), 10**8)).content


def kept(api: BotApi, message: Message) -> bytes:
    """What is in a file as Telegram has it."""
    value = message.data[message.kind]
    return api.world.files.by_id[(value[-1] if message.kind == "photo" else value)["file_id"]].content


def transcript(title: str, lines: list[str]) -> None:
    print(f"\n{title}\n" + "\n".join(f"  {line}" for line in lines))
