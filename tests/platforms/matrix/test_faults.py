"""What goes wrong between the bot and its homeserver costs nobody a message, and nobody reads one twice."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.platforms.matrix import login
from bot.platforms.matrix.client import Http, Json, path
from tests.platforms.conftest import NewPerson, people
from tests.platforms.matrix.conftest import new_desk
from tests.platforms.matrix.desk import Desk
from tests.platforms.matrix.people import Person
from tests.platforms.matrix.proxy import Proxy, between
from tests.platforms.matrix.synapse import Synapse, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Desk, Proxy]]:
    """One desk for all faults that it survives."""
    async with between(synapse.url) as proxy:
        desk = await new_desk(synapse, tmp_path_factory.mktemp("proxied"), encrypted=False)
        desk.homeserver = proxy.url
        desk.start()
        await desk.is_ready()
        yield desk, proxy
        desk.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def proxied(running: tuple[Desk, Proxy]) -> tuple[Desk, Proxy]:
    desk, proxy = running
    proxy.forget()
    return desk, proxy


@pytest_asyncio.fixture(loop_scope="module")
async def person(synapse: Synapse, tmp_path: Path) -> AsyncIterator[NewPerson]:
    async with people(synapse, tmp_path) as new:
        yield new


def answers(ana: Person, room: str) -> int:
    return len([text for text in ana.texts(room) if "Odgovor na" in text])


async def test_every_fault_is_survived_without_loss_or_repetition(proxied: tuple[Desk, Proxy], person: NewPerson) -> None:
    desk, proxy = proxied
    ana = await person("ana")
    room = await ana.room(desk.user, direct=True)
    await ana.says(room, "Kako odprem s.p.?")
    await ana.sees(room, "Odgovor na")
    device = login.Store(desk.folder / "store").device()
    table = []
    for expected, (part, method, fault) in enumerate(
        [
            ("/send/m.room.message/", "PUT", "lost"),
            ("/send/m.room.message/", "PUT", "dropped"),
            ("/send/m.room.message/", "PUT", "500"),
            ("/send/m.room.message/", "PUT", "html"),
            ("/send/m.room.message/", "PUT", "429"),
            ("/send/m.room.message/", "PUT", "garbage"),
            ("/send/m.reaction/", "PUT", "lost"),
            ("/v3/sync", "GET", "500"),
            ("/v3/sync", "GET", "lost"),
            ("/v3/sync", "GET", "garbage"),
            ("/v3/sync", "GET", "soft logout"),
        ],
        2,
    ):
        proxy.fail(method, part, fault)
        began = time.monotonic()
        await ana.says(room, "Kako odprem s.p.?")
        await eventually(lambda expected=expected: answers(ana, room) >= expected, 30, f"{part} {fault}")
        table.append((part, fault, time.monotonic() - began))
    await eventually(lambda: desk.rows("SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending', 'unknown')") == [(0,)])
    await asyncio.sleep(0.5)
    assert answers(ana, room) == len(table) + 1
    again = login.Store(desk.folder / "store").device()
    assert device is not None
    assert again is not None
    assert (again.id == device.id, again.token == device.token) == (True, False)
    for part, fault, seconds in table:
        print(f"{part:24} {fault:8} answered after {seconds:.1f} s")


async def test_a_server_that_asks_for_patience_in_one_room_holds_up_no_other(proxied: tuple[Desk, Proxy], person: NewPerson) -> None:
    desk, proxy = proxied
    ana, jan = await person("ana"), await person("jan")
    rooms = [await one.room(desk.user, direct=True) for one in (ana, jan)]
    proxy.fail("PUT", f"{rooms[0]}/send/m.room.message/", "429", "429", "429")
    await ana.says(rooms[0], "Kako odprem s.p.?")
    await eventually(lambda: "429" in proxy.met)
    await jan.says(rooms[1], "Kako odprem s.p.?")

    await jan.sees(rooms[1], "Odgovor na")
    assert not answers(ana, rooms[0])
    await ana.sees(rooms[0], "Odgovor na")


async def test_it_comes_back_after_an_outage_without_storming_the_server(proxied: tuple[Desk, Proxy], person: NewPerson) -> None:
    desk, proxy = proxied
    ana = await person("ana")
    room = await ana.room(desk.user, direct=True)
    await ana.says(room, "Kako odprem s.p.?")
    await ana.sees(room, "Odgovor na")

    proxy.down = True
    await asyncio.sleep(0.3)
    calls = len(proxy.calls)
    await ana.says(room, "Kako odprem s.p.?")
    await asyncio.sleep(6)
    during = len(proxy.calls) - calls
    proxy.down = False

    await eventually(lambda: answers(ana, room) == 2, 30)
    assert during <= 12  # the HTTP library itself tries a broken connection twice


async def test_malformed_events_do_not_hold_up_their_neighbours(proxied: tuple[Desk, Proxy], person: NewPerson) -> None:
    desk, proxy = proxied
    ana = await person("ana")
    room = await ana.room(desk.user, direct=True)
    await ana.says(room, "Kako odprem s.p.?")
    await ana.sees(room, "Odgovor na")
    junk: list[Any] = [
        None,
        7,
        {},
        {"type": "m.room.message"},
        {"type": "m.room.message", "event_id": "$a", "sender": ana.id, "content": {"msgtype": 3, "body": []}, "origin_server_ts": 1},
        {"type": "m.reaction", "event_id": "$b", "sender": ana.id, "content": {"m.relates_to": 5}, "origin_server_ts": "x"},
        {"type": "m.room.encrypted", "event_id": "$c", "sender": ana.id, "content": {"algorithm": 4}, "origin_server_ts": 1},
        {"type": "m.room.member", "event_id": "$d", "sender": ana.id, "state_key": 4, "content": [], "origin_server_ts": 1},
    ]

    def spoil(sync: Json) -> None:
        for info in sync["rooms"]["join"].values():
            info["timeline"]["events"] = [*junk, *info["timeline"]["events"]]
        sync["to_device"] = {"events": [None, {"type": "m.room.encrypted", "sender": 4, "content": {}}, {"type": 5}]}

    proxy.change_sync.append(spoil)
    await ana.says(room, "Kako odprem s.p.?")
    await eventually(lambda: answers(ana, room) == 2)


@pytest.mark.parametrize(
    ("many", "at_once"), [(40, 5), (150, None), pytest.param(5000, None, marks=pytest.mark.long)], ids=["5 at once", "150", "5000"]
)
async def test_what_was_said_while_it_was_down_is_read_without_gaps(
    proxied: tuple[Desk, Proxy], person: NewPerson, many: int, at_once: int | None
) -> None:
    (desk, proxy), ana = proxied, await person("ana")
    room = await ana.room(desk.user, direct=True)
    await ana.says(room, "!adviser")
    await ana.sees(room, "(zadeva #")
    proxy.down, proxy.sync_limit = True, at_once

    for start in range(0, many, 10):
        await asyncio.gather(*(ana.says(room, f"vrstica {number}") for number in range(start, min(start + 10, many))))
    proxy.down = False
    began = time.monotonic()

    query = f"SELECT count(*) FROM inbox WHERE kind = 'Message' AND room = '{room}'"
    await eventually(lambda: desk.rows(query) == [(many + 1,)], 60 + many / 20, "all lines")
    print(f"\n{many} lines, {at_once or 100} at most in a sync: all read {time.monotonic() - began:.1f} s after the outage")


class Crowd:
    """Many people, each with a direct room; they only write, what they got is read at the end."""

    def __init__(self, synapse: Synapse) -> None:
        self.synapse = synapse
        self.rooms: dict[str, Http] = {}

    async def come(self, many: int, bot: str) -> None:
        for _ in range(many):
            account = await self.synapse.register(f"crowd{next(_numbers)}")
            http = Http(self.synapse.url, account["access_token"])
            answer = await http.call("POST", path("createRoom"), {"invite": [bot], "is_direct": True, "preset": "private_chat"})
            self.rooms[answer["room_id"]] = http

    async def go(self) -> None:
        for http in self.rooms.values():
            await http.close()

    async def writes(self, room: str, text: str) -> None:
        await self.rooms[room].call(
            "PUT", path("rooms", room, "send", "m.room.message", f"c{next(_numbers)}"), {"msgtype": "m.text", "body": text}
        )

    async def heard(self, room: str, bot: str) -> list[str]:
        answer = await self.rooms[room].call("GET", path("rooms", room, "messages"), dir="b", limit=100)
        said = [event for event in answer["chunk"] if event["type"] == "m.room.message" and event["sender"] == bot]
        return [event["content"]["body"] for event in reversed(said)]


@pytest.mark.parametrize(
    ("people", "questions", "kills"), [(20, 2, 2), pytest.param(100, 3, 8, marks=pytest.mark.long)], ids=["short", "long"]
)
async def test_killed_at_random_moments_nothing_is_lost_and_nothing_said_twice(
    synapse: Synapse, own_desk: Desk, people: int, questions: int, kills: int
) -> None:
    desk, crowd, chance = own_desk, Crowd(synapse), random.Random(7)
    await crowd.come(people, desk.user)
    desk.start()
    await desk.is_ready()
    began = time.monotonic()

    async def write(room: str) -> None:
        for _ in range(questions):
            await asyncio.sleep(chance.uniform(0, 4))
            await crowd.writes(room, "Kako odprem s.p.?")

    writing = asyncio.gather(*(write(room) for room in crowd.rooms))
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.5, 3))
        desk.kill()
        desk.start()
        await asyncio.sleep(6)
    await writing

    total = people * questions
    done = "SELECT count(*) FROM inbox WHERE kind = 'Message' AND state = 'done'"
    await eventually(lambda: desk.rows(done) == [(total,)], 60 + 2 * people, "everything is answered")
    await eventually(lambda: desk.rows("SELECT count(*) FROM outbox WHERE state != 'sent'") == [(0,)], 120, "everything is sent")
    seconds = time.monotonic() - began
    heard = Counter[str]()
    for room in crowd.rooms:
        texts = await crowd.heard(room, desk.user)
        heard["welcomes"] += len([text for text in texts if "Tu je" in text])
        heard["answers"] += len([text for text in texts if "Odgovor na" in text])
        assert len([text for text in texts if "Odgovor na" in text]) == questions, texts
    await crowd.go()
    assert heard["welcomes"] == people
    print(f"\n{people} people, {total} questions, {kills} kills: 0 lost, 0 twice, {seconds:.0f} s, {desk.memory():.0f} MiB")
