from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.platforms.botapi import BotApi, Group, Person, Topic
from tests.platforms.telegram.desk import UNKNOWN, Desk


@dataclass
class Scene:
    """A person, an adviser, the staff group and the running desk."""

    api: BotApi
    desk: Desk
    ana: Person
    maja: Person
    staff: Group

    async def ticket(self, text: str = UNKNOWN, by: Person | None = None) -> Topic:
        """The person asks what the FAQ does not know; the ticket's topic, with its card in it."""
        person, before = by or self.ana, len(self.staff.topics)
        await person.says(text)
        await self.api.until(lambda: len(self.staff.topics) > before and self.said(self.staff.topics[-1]))
        await self.api.until(lambda: "(zadeva #" in self.api.texts(person)[-1])
        return self.staff.topics[-1]

    def said(self, topic: Topic) -> list[str]:
        """What the bot said in a topic."""
        return self.api.texts(self.staff, topic)

    @property
    def general(self) -> list[str]:
        return self.api.texts(self.staff, "general")


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """One desk for all stories that do not kill it: it starts longer than a story takes."""
    async with BotApi() as api:
        staff = api.group("Svetovalci", forum=True)
        desk = Desk(tmp_path_factory.mktemp("desk"), api.url, staff.id)
        await desk.start()
        try:
            await api.until(lambda: api.called("getUpdates"), 40)
            yield Scene(api, desk, api.user("Ana"), api.user("Maja"), staff)
        finally:
            await desk.kill()


@pytest_asyncio.fixture(loop_scope="package")
async def scene(stage: Scene) -> Scene:
    """The desk runs; the people are new, and the adviser is a member."""
    ana, maja = stage.api.user("Ana"), stage.api.user("Maja")
    stage.api.world.topic_gone = "message thread not found"
    await stage.staff.admit(maja)
    return Scene(stage.api, stage.desk, ana, maja, stage.staff)
