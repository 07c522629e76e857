"""Desks with their staff rooms: two that run for all stories, and one's own for those who kill it."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.desk import Desk
from tests.platforms.matrix.people import Person
from tests.platforms.matrix.synapse import Synapse, eventually

_numbers = itertools.count(1)


@dataclass
class Office:
    """A desk that runs, an adviser, and their staff room."""

    desk: Desk
    adviser: Person
    room: str

    @property
    def encrypted(self) -> bool:
        return self.adviser.client.encrypts(self.room)

    @property
    def bot(self) -> str:
        return self.desk.user


async def new_desk(synapse: Synapse, folder: Path, *, encrypted: bool) -> Desk:
    """Not started yet; its staff room is open to whoever comes, since each test brings an adviser of its own."""
    bot = (await synapse.register(f"desk{next(_numbers)}"))["user_id"]
    owner = await Person.new(synapse, f"owner{next(_numbers)}")
    try:
        levels = {"users": {bot: 50}}
        room = await owner.room(bot, encrypted=encrypted, preset="public_chat", power_level_content_override=levels)
    finally:
        await owner.close()
    return Desk(folder, synapse, bot, room)


async def _running(synapse: Synapse, folder: Path, *, encrypted: bool) -> Desk:
    desk = await new_desk(synapse, folder, encrypted=encrypted)
    desk.start()
    await desk.is_ready()
    return desk


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def plain_desk(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    desk = await _running(synapse, tmp_path_factory.mktemp("plain"), encrypted=False)
    yield desk
    desk.kill()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sealed_desk(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    desk = await _running(synapse, tmp_path_factory.mktemp("sealed"), encrypted=True)
    yield desk
    desk.kill()


async def with_adviser(desk: Desk, person: NewPerson, *, encrypted: bool) -> Office:
    maja = await person("maja", encrypted=encrypted)
    await maja.join(desk.staff_room)
    members = maja.client.rooms[desk.staff_room].users
    await eventually(lambda: desk.user in members and not members[desk.user].invited, what="the bot in its staff room")
    return Office(desk, maja, desk.staff_room)


@pytest.fixture
async def office(plain_desk: Desk, person: NewPerson) -> Office:
    return await with_adviser(plain_desk, person, encrypted=False)


@pytest.fixture
async def sealed_office(sealed_desk: Desk, person: NewPerson) -> Office:
    return await with_adviser(sealed_desk, person, encrypted=True)


@pytest.fixture(params=["plain", "encrypted"])
def either(request: pytest.FixtureRequest) -> Office:
    """Once with an unencrypted staff room and once with an encrypted one."""
    office: Office = request.getfixturevalue("office" if request.param == "plain" else "sealed_office")
    return office


@pytest.fixture
async def own_desk(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk that a test may start, kill and start again."""
    desk = await new_desk(synapse, tmp_path, encrypted=True)
    yield desk
    desk.kill()
