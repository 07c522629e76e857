"""Which invitations are accepted, and rooms that move."""

from pathlib import Path

import pytest

from bot.platforms.base import ThreadGone, Unreachable
from handlers.events import Place
from handlers.events import Unreachable as Gone
from handlers.orders import Say, Text
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.conftest import Office
from tests.platforms.matrix.desk import Desk
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


async def test_an_upgraded_staff_room_goes_on_with_its_tickets_and_its_list(synapse: Synapse, own_desk: Desk, person: NewPerson) -> None:
    ana, maja = await person("ana"), await person("maja")
    own_desk.staff_room = old = await maja.room(own_desk.user, power_level_content_override={"users": {own_desk.user: 50}})
    own_desk.start()
    await own_desk.is_ready()
    office = Office(own_desk, maja, old)
    room, card = await ask_for_a_human(office, ana)

    new = (await maja.call("POST", "rooms", old, "upgrade", body={"new_version": "11"}))["replacement_room"]
    await maja.call("POST", "rooms", new, "invite", body={"user_id": office.bot})
    await eventually(lambda: office.bot in maja.client.rooms[new].users and not maja.client.rooms[new].users[office.bot].invited)
    await ana.says(room, "Sem še tu")

    said = await maja.sees(new, ": Sem še tu")
    root = said["content"]["m.relates_to"]["event_id"]
    assert root != card
    again = next(one for one in maja.messages(new) if one["event_id"] == root)
    assert "Kako odprem s.p.?" in again["content"]["body"]
    (shown,) = await eventually(lambda: [one for one in maja.messages(new) if one["content"]["m.mentions"] == {"room": True}])
    await eventually(lambda: [one for one in maja.edits(new, shown["event_id"]) if root in one["formatted_body"]], what="the list")
    await maja.in_thread(new, root, "Vidim vas v novi sobi")
    await ana.sees(room, "Vidim vas v novi sobi")


async def test_nobody_can_turn_their_own_room_into_the_staff_room(office: Office, person: NewPerson) -> None:
    ana, jan, maja = await person("ana"), await person("jan"), office.adviser
    room, _ = await ask_for_a_human(office, ana)
    body = {"body": "moved", "replacement_room": office.room}
    await ana.call("PUT", "rooms", room, "state", "m.room.tombstone", body=body)
    await ana.says(room, "Še nekaj")
    await maja.sees(office.room, "Še nekaj")

    jans, card = await ask_for_a_human(office, jan)
    await maja.in_thread(office.room, card, "Vidim vas")

    await jan.sees(jans, "Vidim vas")
    assert not any("Vidim vas" in text for text in ana.texts(room))
    assert "not followed" in office.desk.log()


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

        await ana.call("POST", "rooms", room, "ban", body={"user_id": bot})
        await eventually(lambda: any(isinstance(event, Gone) for event in events))
        with pytest.raises(Unreachable):
            await matrix.send(Say(place=Place("matrix", room), parts=(Text("a"),)), "k4")
