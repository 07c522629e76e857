"""The process starts, or starts again, at a bad moment."""

import asyncio
import time
from pathlib import Path

from tests.platforms.botapi import BotApi
from tests.platforms.telegram.conftest import Met
from tests.platforms.telegram.desk import UNKNOWN, Desk

LABEL = "(možna ponovitev)"


async def test_it_starts_while_telegram_is_silent_and_dies_between_a_topic_and_its_card(
    api: BotApi, tmp_path: Path, met: list[Met]
) -> None:
    ana, staff = api.user("Ana"), api.group("Svetovalci", forum=True)
    group = api.group("Ustvarjalci", members=[ana])
    desk = Desk(tmp_path, api.url, staff.id)
    await api.goes_down()
    await desk.start()
    try:
        while "does not answer yet" not in desk.log():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await api.comes_back()
        over = time.monotonic()
        await ana.says(UNKNOWN, chat=group, mention=True)
        # The bot's name, which this link needs, was not known at the start.
        link = await api.until(lambda: api.sees(group)[-1].buttons[0]["url"], 30)
        assert link.startswith("https://t.me/kki_bot?start=q")
        met.append(Met("Telegram silent at the start", "the answer, once; no restart", time.monotonic() - over))

        fault = api.faults.hang("sendMessage", None, chat=staff.id)
        await ana.says(UNKNOWN)
        await api.until(lambda: fault.met and staff.topics)
        await desk.kill()
        api.faults.clear()
        begun = time.monotonic()
        await desk.start()
        await api.until(lambda: any(UNKNOWN in text for text in api.texts(staff, staff.topics[0])), 40)
        assert len(staff.topics) == 1
        assert api.texts(staff, staff.topics[0])[0].startswith(LABEL)
        seen = f"one topic; its card with {LABEL}"
        met.append(Met("kill -9 between a topic and its card", seen, time.monotonic() - begun))
        assert await desk.stop() == 0
    finally:
        await desk.kill()
