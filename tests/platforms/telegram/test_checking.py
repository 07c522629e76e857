"""`helpdesk check`: what is missing, and the way out."""

import asyncio
from pathlib import Path

from bot import config
from bot.platforms.telegram import checking
from tests.platforms.botapi import BotApi, Group
from tests.platforms.telegram.desk import Desk


async def _found(desk: Desk) -> dict[str, str]:
    found = checking.findings(config.read(desk.config, {}))
    return {finding.name: ("ok: " if finding.ok else "FAIL: ") + finding.text async for finding in found}


async def _about_the_group(desk: Desk) -> str:
    return (await _found(desk))["telegram staff group"]


async def test_everything_as_it_should_be(api: BotApi, tmp_path: Path) -> None:
    found = await _found(Desk(tmp_path, api.url, api.group("Svetovalci", forum=True).id))
    assert found["telegram"].startswith("ok: @kki_bot, asks for updates by itself, privacy mode on: in people's groups")
    assert found["telegram staff group"].startswith("ok: Svetovalci, with topics")


async def test_whatever_the_staff_group_lacks_is_said_with_the_way_out(api: BotApi, tmp_path: Path) -> None:
    staff: Group = api.group("Svetovalci", forum=True)
    desk = Desk(tmp_path, api.url, staff.id)
    await staff.take_rights("can_manage_topics", "can_delete_messages", "can_pin_messages")
    lacking = await _about_the_group(desk)
    assert "lacks the right to manage topics" in lacking
    assert "lacks the right to delete messages" in lacking
    assert "lacks the right to pin messages" in lacking
    await staff.set_forum(False)
    plain = await _about_the_group(desk)
    assert "topics are off" in plain
    assert "manage topics" not in plain
    await staff.take_rights()
    assert "is no administrator" in await _about_the_group(desk)
    await staff.remove_bot()
    assert "does not see" in await _about_the_group(desk)
    ana = api.user("Ana")
    await ana.says("/start")
    desk.room = ana.id
    assert "is a private chat; make a group for the advisers" in await _about_the_group(desk)
    api.world.privacy = False
    assert "privacy mode off" in (await _found(desk))["telegram"]


async def test_a_wrong_token_stops_the_start_with_a_sentence_and_is_in_no_log(api: BotApi, tmp_path: Path) -> None:
    desk = Desk(tmp_path, api.url, -100, token="124:WRONG")
    assert (await _found(desk))["telegram"].startswith("FAIL: [telegram] token: Telegram does not know it")
    await desk.start()
    assert desk.process
    assert await asyncio.wait_for(desk.process.wait(), 60) == 2
    assert "[telegram] token: Telegram does not know it" in desk.log()
    assert "Traceback" not in desk.log()
    assert "WRONG" not in desk.log()


async def test_without_a_network_the_address_is_named(tmp_path: Path) -> None:
    assert (
        "[telegram] api_url: http://127.0.0.1:1 does not answer" in (await _found(Desk(tmp_path, "http://127.0.0.1:1", -100)))["telegram"]
    )
