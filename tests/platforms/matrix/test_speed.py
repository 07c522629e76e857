"""How fast it is with a hundred rooms, beside a bare echo loop on nio against the same homeserver."""

import asyncio
import time

import nio
import pytest

from bot.platforms.matrix.client import Http, path
from tests.platforms.matrix.desk import Desk
from tests.platforms.matrix.synapse import Synapse, eventually
from tests.platforms.matrix.test_faults import Crowd

_PEOPLE = 100


async def echoed(synapse: Synapse, crowd: Crowd, echo: nio.AsyncClient) -> float:
    """Answers a second of a program that does nothing but answer, from its callbacks."""
    answered = 0

    async def answer(room: nio.MatrixRoom, event: nio.Event) -> None:
        nonlocal answered
        if event.sender != echo.user_id:
            await echo.room_send(room.room_id, "m.room.message", {"msgtype": "m.notice", "body": event.source["content"]["body"]})
            answered += 1

    echo.add_event_callback(answer, nio.RoomMessageText)
    task = asyncio.create_task(echo.sync_forever(timeout=5000))
    await asyncio.sleep(1)
    began = time.monotonic()
    await asyncio.gather(*(crowd.writes(room, "echo") for room in crowd.rooms))
    await eventually(lambda: answered >= _PEOPLE, 120)
    seconds = time.monotonic() - began
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return _PEOPLE / seconds


async def seconds_to_first_sync(desk: Desk, someone: Http, room: str) -> float:
    """From the start of the process until what was new when it started is stored."""
    cursor = "SELECT cursor FROM cursors WHERE platform = 'matrix'"
    before = desk.rows(cursor)
    await someone.call("PUT", path("rooms", room, "state", "m.room.topic"), {"topic": "new"})
    began = time.monotonic()
    desk.start()
    await eventually(lambda: desk.rows(cursor) not in ([], before), 60)
    return time.monotonic() - began


@pytest.mark.long
async def test_a_hundred_rooms_are_answered_about_as_fast_as_by_a_bare_echo(synapse: Synapse, own_desk: Desk) -> None:
    account = await synapse.register("echo")
    echo = nio.AsyncClient(synapse.url, account["user_id"])
    echo.restore_login(account["user_id"], account["device_id"], account["access_token"])
    echoes, crowd = Crowd(synapse), Crowd(synapse)
    await echoes.come(_PEOPLE, account["user_id"])
    for room in echoes.rooms:
        await echo.join(room)
    await echo.sync(timeout=0)
    bare = await echoed(synapse, echoes, echo)
    await echo.close()
    await echoes.go()

    await crowd.come(_PEOPLE, own_desk.user)
    own_desk.start()
    await own_desk.is_ready()
    room, last = list(crowd.rooms.items())[-1]

    async def is_in() -> bool:
        return own_desk.user in (await last.call("GET", path("rooms", room, "joined_members")))["joined"]

    await eventually(is_in, 400, "the last invitation, at a bounded rate")
    own_desk.kill()
    started = await seconds_to_first_sync(own_desk, last, room)
    began = time.monotonic()
    await asyncio.gather(*(crowd.writes(room, "Kako odprem s.p.?") for room in crowd.rooms))
    sent = "SELECT count(*) FROM outbox WHERE kind = 'Say' AND state = 'sent'"
    await eventually(lambda: own_desk.rows(sent) == [(2 * _PEOPLE,)], 200)
    seconds = time.monotonic() - began
    await crowd.go()
    print(
        f"\nbare echo {bare:.0f} answers/s; desk {2 * _PEOPLE / seconds:.0f} messages/s with {2 * _PEOPLE / seconds * 2:.0f} events/s "
        f"(each answer has two reactions); with {_PEOPLE} rooms the first sync is stored {started:.1f} s after the start, "
        f"{own_desk.memory():.0f} MiB"
    )
    assert 2 * _PEOPLE / seconds > bare / 10
