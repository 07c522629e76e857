"""The other way in, through the real process."""

import socket
from io import BytesIO
from pathlib import Path

import aiohttp

from tests.platforms.botapi import BotApi
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
    ana, staff = api.user("Ana"), api.group("Svetovalci", forum=True)
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
        assert await desk.stop() == 0
    finally:
        await desk.kill()
