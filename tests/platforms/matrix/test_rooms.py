"""Which invitations are accepted, and rooms that move."""

from pathlib import Path

import pytest

from bot.platforms.base import Refused, ThreadGone, Unreachable
from handlers.events import Place
from handlers.events import Unreachable as Gone
from handlers.orders import Say, Text
from tests.platforms.matrix.conftest import NewPerson, Office
from tests.platforms.matrix.synapse import Synapse, eventually
from tests.platforms.matrix.test_encryption import listening
from tests.platforms.matrix.test_stories import ask_for_a_human, number_of


async def test_an_upgraded_room_goes_on_as_the_same_conversation(office: Office, person: NewPerson) -> None:
    ana, maja = await person("ana"), office.adviser
    room, card = await ask_for_a_human(office, ana)
    number = await number_of(ana, room)

    upgraded = (await ana.call("POST", "rooms", room, "upgrade", body={"new_version": "11"}))["replacement_room"]
    await ana.call("POST", "rooms", upgraded, "invite", body={"user_id": office.bot})
    await eventually(lambda: office.bot in ana.client.rooms[upgraded].users and not ana.client.rooms[upgraded].users[office.bot].invited)
    await ana.says(upgraded, "Sem v novi sobi")

    said = await maja.sees(office.room, "Sem v novi sobi")
    assert said["content"]["m.relates_to"]["event_id"] == card, number
    await maja.in_thread(office.room, card, "Vas vidim")
    await ana.sees(upgraded, "Vas vidim")


async def test_an_empty_room_is_left(office: Office, person: NewPerson) -> None:
    ana = await person("ana")
    room, _ = await ask_for_a_human(office, ana)
    await ana.call("POST", "rooms", room, "leave", body={})

    await eventually(lambda: f"joined {room}" in office.desk.log())
    await office.adviser.sees(office.room, "ni več mogoče")


async def test_a_thread_that_is_not_there_and_a_room_it_is_not_in_are_told_apart(
    synapse: Synapse, person: NewPerson, tmp_path: Path
) -> None:
    bot = (await synapse.register("threads"))["user_id"]
    ana = await person("ana")
    async with listening(synapse, bot, tmp_path) as (matrix, events):
        room = await ana.room(bot, direct=True)
        await ana.says(room, "živjo")
        await eventually(lambda: events)

        with pytest.raises(ThreadGone):
            await matrix.send(Say(place=Place("matrix", room, "$nowhere"), parts=(Text("a"),)), "k1")
        with pytest.raises(Unreachable):
            await matrix.send(Say(place=Place("matrix", "!nowhere"), parts=(Text("a"),)), "k2")
        with pytest.raises(Refused):
            await matrix.send(Say(place=Place("matrix", room), parts=(Text("a" * 70_000),)), "k3")

        await ana.call("POST", "rooms", room, "ban", body={"user_id": bot})
        await eventually(lambda: any(isinstance(event, Gone) for event in events))
        with pytest.raises(Unreachable):
            await matrix.send(Say(place=Place("matrix", room), parts=(Text("a"),)), "k4")
