"""What is done on the side: receipts, typing, invitations, verification, rooms that are left."""

import asyncio
import uuid
from pathlib import Path

import pytest

from bot.platforms.matrix import login
from bot.platforms.matrix.client import Client, Http, path
from bot.platforms.matrix.errands import Errands
from bot.platforms.matrix.keeping import Keeping
from bot.platforms.matrix.rooms import Rooms
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.conftest import Office
from tests.platforms.matrix.proxy import between
from tests.platforms.matrix.synapse import Synapse, eventually
from tests.platforms.matrix.test_stories import ask_for_a_human


async def test_a_person_sees_that_the_bot_has_read_and_is_typing(office: Office, person: NewPerson) -> None:
    ana = await person("ana")
    room = await ana.room(office.bot, direct=True)
    asked = await ana.says(room, "Kako odprem s.p.?")
    await ana.sees(room, "Odgovor na")

    await eventually(lambda: office.bot in ana.read.get(asked, []))
    again = await ana.says(room, "Kako odprem s.p.?")
    await eventually(lambda: office.bot in ana.read.get(again, []))
    await eventually(lambda: office.bot in ana.typing)


async def test_a_request_to_compare_emoji_is_declined_in_the_room_and_between_devices(sealed_office: Office, person: NewPerson) -> None:
    office, ana = sealed_office, await person("ana", encrypted=True)
    room = await ana.room(office.bot, direct=True, encrypted=True)
    await ana.says(room, "Kako odprem s.p.?")
    await ana.sees(room, "Odgovor na")
    request = {"methods": ["m.sas.v1"], "from_device": ana.client.device_id}

    asked = await ana.sends(room, {"msgtype": "m.key.verification.request", "body": "?", "to": office.bot, **request})
    device = login.Store(office.desk.folder / "store").device()
    assert device is not None
    body = {"messages": {office.bot: {device.id: request | {"transaction_id": "t1", "timestamp": 1}}}}
    await ana.call("PUT", "sendToDevice", "m.key.verification.request", uuid.uuid4().hex, body=body)

    def declined() -> list[object]:
        cancels = [one for one in ana.seen[room] if one["type"] == "m.key.verification.cancel"]
        return [one for one in cancels if one["content"]["m.relates_to"]["event_id"] == asked and one["content"]["code"] == "m.user"]

    await eventually(declined)
    await eventually(
        lambda: [one for one in ana.told if one["content"].get("transaction_id") == "t1" and one["content"]["code"] == "m.user"]
    )


async def test_an_empty_room_is_left(office: Office, person: NewPerson) -> None:
    ana = await person("ana")
    room, _ = await ask_for_a_human(office, ana)
    device = login.Store(office.desk.folder / "store").device()
    assert device is not None
    http = Http(office.desk.synapse.url, device.token)

    async def in_room() -> bool:
        return room in (await http.call("GET", path("joined_rooms")))["joined_rooms"]

    assert await in_room()
    await ana.call("POST", "rooms", room, "leave", body={})
    await office.adviser.sees(office.room, "ni več mogoče")

    async def left() -> bool:
        return not await in_room()

    await eventually(left)
    await http.close()


def _invitation(by: str, *, direct: bool = False) -> dict[str, object]:
    content = {"membership": "invite"} | ({"is_direct": True} if direct else {})
    return {"invite_state": {"events": [{"type": "m.room.member", "state_key": "@desk:test.example", "sender": by, "content": content}]}}


@pytest.fixture
def errands(tmp_path: Path) -> Errands:
    return _errands("http://127.0.0.1:9", tmp_path)


def _errands(homeserver: str, folder: Path) -> Errands:
    client = Client(Http(homeserver, "token"), "@desk:test.example", "D", store=None)
    keeping = Keeping(folder / "desk.db")
    return Errands(client, Rooms(client, keeping, "!staff"), keeping, ["friends.example"])


@pytest.mark.parametrize(
    ("room", "by", "direct", "accepted"),
    [
        ("!a", "@ana:anywhere.example", True, True),
        ("!a", "@ana:test.example", False, True),
        ("!a", "@ana:friends.example", False, True),
        ("!a", "@ana:anywhere.example", False, False),
        ("!staff", "@maja:anywhere.example", False, True),
        ("!a", 7, False, False),
    ],
)
async def test_into_shared_rooms_only_people_of_known_servers_may_invite(
    errands: Errands, room: str, by: str, direct: bool, accepted: bool
) -> None:
    errands.invited(room, _invitation(by, direct=direct))
    assert (room in errands.keeping.invitations()) is accepted
    await errands.client.close()


async def test_a_flood_of_invitations_is_worked_off_at_sixty_a_minute(synapse: Synapse, tmp_path: Path) -> None:
    async with between(synapse.url) as proxy:
        errands = _errands(proxy.url, tmp_path)
        for number in range(70):
            errands.invited(f"!{number}:test.example", _invitation("@ana:test.example"))
        for _ in range(5):
            errands.after([], {})
            await asyncio.sleep(0.05)
        await eventually(lambda: len(proxy.calls) == 60)
        errands.after([], {})
        await asyncio.sleep(0.2)
        assert len(proxy.calls) == 60
        assert len(set(proxy.calls)) == 60
        await errands.close()
        await errands.client.close()
