"""How fast the whole process is, beside a bare echo loop on the same library against the same server."""

import asyncio
import time
from pathlib import Path

import pytest
from telegram import Bot

from tests.platforms.botapi import BotApi
from tests.platforms.telegram.desk import ANSWER, QUESTION, Desk

PEOPLE = 200


@pytest.mark.long
async def test_the_whole_process_beside_a_bare_echo(tmp_path: Path) -> None:
    async with BotApi() as api:
        echo = await _echo(api)
    async with BotApi() as api:
        desk = Desk(
            tmp_path, api.url, api.group("Svetovalci", forum=True).id, limits="{ chat_gap = 0, group_minute = 9999, second = 9999 }"
        )
        await desk.start()
        people = [api.user(f"Oseba {number}") for number in range(PEOPLE)]
        try:
            await api.until(lambda: api.called("getUpdates"), 60)
            await asyncio.gather(*(person.says("/jezik sl") for person in people))
            await api.until(lambda: all(len(api.texts(person)) == 2 for person in people), 120)
            begun = time.monotonic()
            await asyncio.gather(*(person.says(QUESTION) for person in people))
            await api.until(lambda: all(any(ANSWER in text for text in api.texts(person)) for person in people), 120)
            whole = PEOPLE / (time.monotonic() - begun)
        finally:
            await desk.kill()
    print(f"whole process {whole:.0f} answers/s, bare echo {echo:.0f} answers/s, ratio {whole / echo:.2f}")


async def _echo(api: BotApi) -> float:
    people = [api.user(f"Oseba {number}") for number in range(PEOPLE)]
    await asyncio.gather(*(person.says(QUESTION) for person in people))
    begun, offset, answered = time.monotonic(), 0, 0
    async with Bot(api.token, base_url=f"{api.url}/bot") as bot:
        while answered < PEOPLE:
            for update in await bot.get_updates(offset, timeout=1):
                assert update.message is not None
                await bot.send_message(update.message.chat_id, update.message.text or "")
                offset, answered = update.update_id + 1, answered + 1
    return PEOPLE / (time.monotonic() - begun)
