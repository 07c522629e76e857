"""The other way in, through the real process."""

import asyncio
import socket
import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path

import aiohttp

from bot.platforms.telegram import Telegram, called
from bot.platforms.telegram.webhook import Webhook
from tests.platforms.botapi import BotApi
from tests.platforms.telegram.conftest import Scene
from tests.platforms.telegram.desk import ANSWER, QUESTION, Desk

_HEADER = "X-Telegram-Bot-Api-Secret-Token"


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


async def test_what_telegram_brings_is_stored_before_it_is_confirmed_and_strangers_are_turned_away(api: BotApi, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("Zelo-skrivno_1\n")
    address = f"127.0.0.1:{_free_port()}"
    keys = {
        "webhook_url": f'"http://{address}/telegram"',
        "webhook_secret_file": f'"{tmp_path / "secret"}"',
        "webhook_listen": f'"{address}"',
    }
    ana, maja, staff = api.user("Ana"), api.user("Maja"), api.group("Svetovalci", forum=True)
    desk = Desk(tmp_path, api.url, staff.id, telegram=keys)
    await ana.says(QUESTION)
    await desk.start()
    try:
        await api.until(lambda: any(ANSWER in text for text in api.texts(ana)), 40)
        assert not api.called("getUpdates")
        await api.until(lambda: api.pending == 0)

        url, good = f"http://{address}/telegram", {_HEADER: "Zelo-skrivno_1"}
        again = {"update_id": 999, "message": api.sees(ana)[0].data}
        async with aiohttp.ClientSession() as somebody:
            assert (await somebody.post(url, json=again)).status == 403
            assert (await somebody.post(url, json=again, headers={_HEADER: "Zelo"})).status == 403
            assert (await somebody.post(url, json=again, headers=good)).status == 200
            assert (await somebody.post(url, data=b"{", headers=good)).status == 200
            assert (await somebody.post(url, data=BytesIO(b" " * (1024 * 1024 + 1)), headers=good)).status == 413
            assert (await somebody.post(f"http://{address}/", json=again, headers=good)).status == 404
        await api.until(lambda: any("ni bilo mogoče prebrati" in text for text in api.texts(staff, "general")))
        assert len([text for text in api.texts(ana) if ANSWER in text]) == 1

        await _an_album_stays_one(Scene(api, desk, ana, maja, staff))
        await _while_the_database_fails_nothing_is_confirmed(Scene(api, desk, api.user("Bor"), maja, staff))
        assert await desk.stop() == 0
    finally:
        await desk.kill()


async def test_when_somebody_takes_the_webhook_away_it_is_set_again(api: BotApi, telegram: Telegram) -> None:
    """Whoever has the token can: a second copy of the program without `webhook_url` does."""
    address = f"127.0.0.1:{_free_port()}"
    webhook = Webhook(f"http://{address}/telegram", "Skrivno", address, look_again=0.2)
    coming = called.updates(telegram.bot, webhook, telegram.outage, telegram.albums)
    first = asyncio.ensure_future(anext(coming))
    try:
        await api.until(lambda: api.world.updates.webhook.url == webhook.url)
        await telegram.bot.delete_webhook()
        await api.until(lambda: api.world.updates.webhook.url == webhook.url)
        await api.user("Ana").says(QUESTION)
        assert (await first)[0]["message"]["text"] == QUESTION
    finally:
        first.cancel()
        await coming.aclose()


async def _an_album_stays_one(scene: Scene) -> None:
    """Telegram brings its messages one by one. What is said right behind it stays behind it."""
    api, ana, staff = scene.api, scene.ana, scene.staff
    topic = await scene.ticket()
    await ana.sends_album(["photo", "video", "photo"], caption="Moja peč")
    await ana.says("To je peč.")
    await api.until(lambda: "To je peč." in scene.said(topic)[-1])
    album = [one for one in api.sees(staff, topic) if one.album]
    assert len(album) == 3
    assert len({one.album for one in album}) == 1
    await ana.sends_album(["photo", "photo"])
    await api.until(lambda: len([one for one in api.sees(staff, topic) if one.album]) == 5)
    assert len({one.album for one in api.sees(staff, topic) if one.album}) == 2


async def _while_the_database_fails_nothing_is_confirmed(scene: Scene) -> None:
    api, bor = scene.api, scene.ana
    with closing(sqlite3.connect(scene.desk.folder / "desk.db", isolation_level=None)) as locking:
        locking.execute("BEGIN IMMEDIATE")
        await bor.says(QUESTION)
        await api.until(lambda: "503" in api.world.updates.webhook.last_error, 20)
        assert api.pending == 1
        locking.execute("ROLLBACK")
    await api.until(lambda: api.pending == 0 and any(ANSWER in text for text in api.texts(bor)), 30)
    assert len([text for text in api.texts(bor) if ANSWER in text]) == 1
