from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NamedTuple

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot import config
from bot.platforms.telegram import Telegram, connect
from handlers.events import Place
from tests import faq
from tests.platforms.botapi import BotApi, Group, Person, Topic
from tests.platforms.telegram.desk import UNKNOWN, Desk


class Met(NamedTuple):
    """A row of the table of faults."""

    fault: str
    seen: str
    """What people saw of it."""
    seconds: float
    """From its end until everything was as usual."""


_MET = pytest.StashKey[list[Met]]()


@pytest.fixture
def met(pytestconfig: pytest.Config) -> list[Met]:
    """What tests put in here is shown as a table at the end, with `pytest -s`."""
    return pytestconfig.stash.setdefault(_MET, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(_MET, [])
    if rows and config.getoption("capture") == "no":
        terminalreporter.write_line("\n| fault | what people saw | seconds from its end |\n| --- | --- | --- |")
        for row in rows:
            terminalreporter.write_line(f"| {row.fault} | {row.seen} | {row.seconds:.1f} |")


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


@pytest.fixture
def staff(api: BotApi) -> Group:
    return api.group("Svetovalci", forum=True)


@pytest.fixture
async def telegram(api: BotApi, staff: Group) -> AsyncIterator[Telegram]:
    """The platform by itself: what it does with an order, without the process around it."""
    limits = config.TelegramLimits(chat_gap=0, group_minute=1000, second=1000)
    settings = config.Telegram(token=SecretStr(api.token), api_url=api.url, limits=limits)
    async with connect(settings, faq.desk(staff=Place("telegram", str(staff.id)))) as platform:
        yield platform


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
