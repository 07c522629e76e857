"""`helpdesk check` on a real homeserver."""

import asyncio
import sys
from pathlib import Path

import pytest

from bot import config
from bot.platforms.findings import Finding
from bot.platforms.matrix.checking import _missing, findings
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.conftest import Office, new_desk
from tests.platforms.matrix.desk import Desk
from tests.platforms.matrix.synapse import Synapse


async def check(desk: Desk) -> dict[str, Finding]:
    return {finding.name: finding async for finding in findings(config.read(desk.config, {}))}


async def test_a_fresh_account_is_logged_in_cross_signed_and_in_its_staff_room(synapse: Synapse, tmp_path: Path) -> None:
    desk = await new_desk(synapse, tmp_path, encrypted=True)
    found = await check(desk)
    assert found["matrix encryption"].text == "keys published, device cross-signed"
    assert list(found) == ["matrix account", "matrix encryption", "matrix staff room", "matrix rights"]
    assert all(finding.ok for finding in found.values())


async def test_a_running_desk_is_checked_without_touching_its_keys(office: Office) -> None:
    command = (sys.executable, "-m", "bot", "check", "--config", str(office.desk.config))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await process.communicate()
    assert "✓ matrix encryption: keys published, device cross-signed (the desk is running)" in out.decode()
    assert "✗ matrix" not in out.decode()


async def test_a_wrong_password_and_a_wrong_room_are_said_with_the_way_out(synapse: Synapse, tmp_path: Path) -> None:
    desk = await new_desk(synapse, tmp_path, encrypted=False)
    desk.staff_room = "!nowhere"
    room = (await check(desk))["matrix staff room"]
    assert not room.ok
    assert f"invite {desk.user}" in room.text

    desk.user = "@nobody:test.example"
    account = (await check(desk))["matrix account"]
    assert not account.ok
    assert "the homeserver refuses them" in account.text


@pytest.mark.parametrize(
    ("levels", "creators", "missing"),
    [
        ({"users": {"@d:x": 50}}, set(), []),
        ({"events": {"m.reaction": 50}, "notifications": {"room": 0}}, set(), ["react (that is how choices and marks are shown)"]),
        ({"events_default": 100}, {"@d:x"}, []),
        ({}, set(), ["mention the whole room"]),
    ],
)
def test_missing_rights_are_named(levels: dict[str, object], creators: set[str], missing: list[str]) -> None:
    assert _missing(levels, creators, "@d:x") == missing


async def test_foreign_cross_signing_keys_are_found_and_left_alone(synapse: Synapse, tmp_path: Path) -> None:
    desk = await new_desk(synapse, tmp_path, encrypted=True)
    assert (await check(desk))["matrix encryption"].ok
    (tmp_path / "store").rename(tmp_path / "lost")

    encryption = (await check(desk))["matrix encryption"]
    assert not encryption.ok
    assert "cross-signing keys that are not in" in encryption.text
    assert "start the desk" in encryption.text
    (tmp_path / "store").rename(tmp_path / "new")
    (tmp_path / "lost").rename(tmp_path / "store")
    assert (await check(desk))["matrix encryption"].ok


async def test_a_staff_room_that_was_upgraded_is_named_with_its_successor(synapse: Synapse, person: NewPerson, tmp_path: Path) -> None:
    maja = await person("maja")
    desk = await new_desk(synapse, tmp_path, encrypted=False)
    desk.staff_room = await maja.room(desk.user)
    assert (await check(desk))["matrix staff room"].ok
    new = (await maja.call("POST", "rooms", desk.staff_room, "upgrade", body={"new_version": "11"}))["replacement_room"]
    assert f"was upgraded to {new}" in (await check(desk))["matrix staff room"].text
