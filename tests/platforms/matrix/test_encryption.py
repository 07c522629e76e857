"""Encrypted rooms, when keys are late, used up or withheld."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot import app
from bot.config import Matrix as Settings
from bot.platforms.base import File
from bot.platforms.matrix import crosssigning, login, media
from bot.platforms.matrix.client import Client, Http, Json, path
from bot.platforms.matrix.platform import Matrix, connect
from handlers.events import Event, Illegible, Message, Place
from handlers.orders import Say, Text
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.conftest import Office
from tests.platforms.matrix.desk import Desk
from tests.platforms.matrix.people import Person
from tests.platforms.matrix.proxy import between
from tests.platforms.matrix.synapse import Synapse, eventually
from tests.platforms.matrix.test_stories import ask_for_a_human


@asynccontextmanager
async def listening(
    synapse: Synapse, user: str, folder: Path, *, homeserver: str = "", cursors: list[str | None] | None = None
) -> AsyncIterator[tuple[Matrix, list[Event]]]:
    """The platform alone, with little patience; what it hands over is collected. It goes on from the last of the cursors."""
    cursors = [None] if cursors is None else cursors
    settings = Settings(homeserver=homeserver or synapse.url, user=user, password="secret", store=folder / "store")
    events: list[Event] = []
    async with connect(settings, None, app.utc_now, patience=timedelta(seconds=1)) as matrix:

        async def collect() -> None:
            async for batch in matrix.receive(cursors[-1]):
                events.extend(batch.events)  # type: ignore[arg-type]
                cursors.append(batch.cursor)

        task = asyncio.get_running_loop().create_task(collect())
        try:
            yield matrix, events
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_message_whose_key_is_late_is_asked_about_once_and_read_when_the_key_comes(
    synapse: Synapse, person: NewPerson, tmp_path: Path
) -> None:
    bot = (await synapse.register("late"))["user_id"]
    ana = await person("ana", encrypted=True)
    async with listening(synapse, bot, tmp_path) as (_, events):
        room = await ana.room(bot, direct=True, encrypted=True)
        await eventually(lambda: not ana.client.rooms[room].users[bot].invited, what="the bot in the room")
        machine = ana.client.machine
        assert machine is not None
        await ana.client._query_keys()
        await ana.client._claim(machine.get_missing_sessions([bot]))
        ((_, key),) = list(machine.share_group_session_parallel(room, [bot], ignore_unverified_devices=True))
        machine.outbound_group_sessions[room].shared = True  # so her client says, but the key is still on its way

        first = await ana.says(room, "prvo")
        session = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": room, "session_id": machine.outbound_group_sessions[room].id}
        withheld = session | {"sender_key": machine.account.identity_keys["curve25519"], "code": "m.unverified", "reason": "?"}
        messages = {"messages": {bot: {"*": withheld}}}
        await ana.call("PUT", "sendToDevice", "m.room_key.withheld", "withheld", body=messages)
        await ana.says(room, "drugo")
        await eventually(lambda: [event for event in events if isinstance(event, Illegible)], what="being asked")
        await asyncio.sleep(1.5)
        assert [event.id for event in events if isinstance(event, Illegible)] == [first]

        await ana.call("PUT", "sendToDevice", "m.room.encrypted", "late", body=key)
        await eventually(lambda: [event.text for event in events if isinstance(event, Message)] == ["prvo", "drugo"])


async def test_a_new_device_reaches_the_bot_after_its_one_time_keys_ran_out(own_desk: Desk, person: NewPerson) -> None:
    own_desk.start()
    await own_desk.is_ready()
    ana, jan = await person("ana"), await person("jan", encrypted=True)
    room = await jan.room(own_desk.user, direct=True, encrypted=True)
    await eventually(lambda: not jan.client.rooms[room].users[own_desk.user].invited)
    device = login.Store(own_desk.folder / "store").device()
    assert device is not None
    own_desk.kill()
    body = {"one_time_keys": {own_desk.user: {device.id: "signed_curve25519"}}}
    claimed = [(await ana.call("POST", "keys", "claim", body=body))["one_time_keys"] for _ in range(60)]
    assert claimed[-1] == claimed[-2]  # the fallback key, again and again

    await jan.says(room, "Kako odprem s.p.?")
    own_desk.start()

    await jan.sees(room, "Odgovor na", within=40)


async def test_attachments_travel_encrypted_in_both_directions(sealed_office: Office, person: NewPerson) -> None:
    office = sealed_office
    ana, maja = await person("ana", encrypted=True), office.adviser
    room, card = await ask_for_a_human(office, ana, encrypted=True)
    picture = File("načrt.png", "photo", "image/png", b"\x89PNG" + bytes(range(256)) * 40)

    await ana.sends(room, await media.upload(ana.client, picture, encrypt=True))
    shown = await eventually(lambda: next((one for one in maja.messages(office.room) if one["content"]["msgtype"] == "m.image"), None))
    assert shown["content"]["m.relates_to"]["event_id"] == card
    assert "url" not in shown["content"]
    assert await fetched(maja.client, shown) == picture.content

    document = File("odločba.pdf", "document", "application/pdf", b"%PDF" * 1000)
    relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": card}}
    await maja.sends(office.room, await media.upload(maja.client, document, encrypt=True) | relation)
    received = await eventually(lambda: next((one for one in ana.messages(room) if one["content"]["msgtype"] == "m.file"), None))
    assert await fetched(ana.client, received) == document.content
    assert received["content"]["filename"] == "odločba.pdf"


async def fetched(client: object, event: dict) -> bytes:  # type: ignore[type-arg]
    from bot.platforms.matrix.reading import _file

    return (await media.fetch(client, _file(event["content"], "document"), 10**7)).content  # type: ignore[arg-type]


async def test_the_device_is_cross_signed_and_stays_the_same_until_it_is_logged_out(
    synapse: Synapse, person: NewPerson, tmp_path: Path
) -> None:
    bot = (await synapse.register("soft"))["user_id"]
    async with listening(synapse, bot, tmp_path) as (matrix, _):
        keys = crosssigning.load(tmp_path / "store" / "cross-signing.json")
        assert await crosssigning.is_signed(matrix.client, keys)
        device = matrix.client.device_id
    async with listening(synapse, bot, tmp_path) as (matrix, _):
        assert matrix.client.device_id == device
        await matrix.client.http.call("POST", path("logout"), {})
    async with listening(synapse, bot, tmp_path) as (matrix, _):
        assert matrix.client.device_id != device  # a real logout takes the keys with it
        assert await crosssigning.is_signed(matrix.client, keys)


async def test_the_same_key_sends_once_even_from_a_new_process(synapse: Synapse, person: NewPerson, tmp_path: Path) -> None:
    bot = (await synapse.register("twice"))["user_id"]
    ana = await person("ana", encrypted=True)
    order = None
    cursors: list[str | None] = [None]
    for _ in range(2):
        async with listening(synapse, bot, tmp_path, cursors=cursors) as (matrix, events):
            if order is None:
                room = await ana.room(bot, direct=True, encrypted=True)
                await ana.says(room, "živjo")
                await eventually(lambda: events)
                order = Say(place=Place("matrix", room), parts=(Text("**Enkrat**"),))
            await eventually(lambda: matrix._rooms.ready)
            await matrix.send(order, "the-key")
    await ana.sees(room, "Enkrat")
    await asyncio.sleep(0.5)
    assert ana.texts(room) == ["Enkrat"]


async def test_what_somebody_elses_device_encrypted_does_not_count_as_said(synapse: Synapse, person: NewPerson, tmp_path: Path) -> None:
    bot = (await synapse.register("forged"))["user_id"]
    ana, eva = await person("ana", encrypted=True), await person("eva", encrypted=True)

    def forge(sync: Json) -> None:
        """A homeserver that gives out Eva's words as Ana's."""
        for info in sync["rooms"]["join"].values():
            for event in info["timeline"]["events"]:
                if event["type"] == "m.room.encrypted" and event["sender"] == eva.id:
                    event["sender"] = ana.id

    async with between(synapse.url) as proxy, listening(synapse, bot, tmp_path, homeserver=proxy.url) as (_, events):
        room = await ana.room(bot, eva.id, encrypted=True)
        await eva.join(room)
        await eventually(lambda: not eva.client.rooms[room].users[bot].invited, what="the bot in the room")
        await eva.says(room, "!ask moje")
        await eventually(lambda: events)
        proxy.change_every_sync = forge
        await eva.says(room, "!ask ponarejeno")
        await ana.says(room, "!ask pristno")
        await eventually(lambda: len(events) == 2)
    said = [(event.sender.id, event.text) for event in events if isinstance(event, Message)]
    assert said == [(eva.id, "moje"), (ana.id, "pristno")]


async def test_another_device_of_the_account_gets_no_keys_for_the_asking(synapse: Synapse, person: NewPerson, tmp_path: Path) -> None:
    bot = (await synapse.register("asked"))["user_id"]
    ana = await person("ana", encrypted=True)
    async with listening(synapse, bot, tmp_path) as (matrix, events):
        room = await ana.room(bot, direct=True, encrypted=True)
        await ana.says(room, "prvo")
        await eventually(lambda: events)
        sent = next(
            one for one in (await ana.call("GET", "rooms", room, "messages", dir="b"))["chunk"] if one["type"] == "m.room.encrypted"
        )
        body = {key: sent["content"][key] for key in ("algorithm", "session_id", "sender_key")} | {"room_id": room}
        thief = await logged_in(synapse, bot, tmp_path)
        asking = {"action": "request", "body": body, "requesting_device_id": thief.client.device_id, "request_id": "r1"}
        messages = {"messages": {bot: {matrix.client.device_id: asking}}}
        await thief.call("PUT", "sendToDevice", "m.room_key_request", "r1", body=messages)
        await ana.says(room, "drugo")
        await eventually(lambda: len(events) == 2)
        await asyncio.sleep(0.5)
        await thief.close()
    assert not [one for one in thief.told if one["sender"] == bot]


async def logged_in(synapse: Synapse, user: str, store: Path) -> Person:
    """Another device of this account."""
    http = Http(synapse.url)
    identifier = {"type": "m.id.user", "user": user}
    body = {"type": "m.login.password", "identifier": identifier, "password": "secret"}
    account = await http.call("POST", path("login"), body)
    http.token = account["access_token"]
    one = Person("thief", Client(http, user, account["device_id"], store=str(store), pickle_key="test"))
    await one.start()
    return one
