"""What whoever watches the desk from outside is told."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app
from bot.errors import ConfigError
from bot.health import Health, Watched
from bot.platforms.base import Batch, NotSent
from handlers.events import Sender
from tests.faq import Told, desk
from tests.stage import FakePlatform, Stage

SINCE = datetime(2026, 11, 24, 9, tzinfo=app.utc_now().tzinfo)


@dataclass
class Loop:
    round_at: datetime | None = None
    failures: dict[str, int] = field(default_factory=dict)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def asked(health: Health) -> AsyncIterator[ClientSession]:
    port = free_port()
    async with health.listening(f"127.0.0.1:{port}"), ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session


async def get(health: Health, path: str) -> tuple[int, str]:
    async with asked(health) as session, session.get(path) as response:
        return response.status, await response.text()


def samples(exposition: str) -> dict[tuple[str, ...], float]:
    """Name and label values → value."""
    families = text_string_to_metric_families(exposition)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def watched(platform: FakePlatform, answering: Loop, delivery: Loop) -> Watched:
    return Watched(SINCE, [platform], {"answering": answering}, {"fake": delivery})


def test_all_is_well_while_loops_come_round_and_platforms_answer() -> None:
    platform, now = FakePlatform(), SINCE + timedelta(hours=1)
    platform.reached_at = now - timedelta(seconds=90)
    recent = Loop(now - timedelta(seconds=90))
    assert watched(platform, recent, recent).troubles(now) == []


def test_a_silent_platform_and_a_loop_that_hangs_are_named() -> None:
    platform, now = FakePlatform(), SINCE + timedelta(hours=1)
    platform.reached_at = now - timedelta(seconds=91)
    troubles = watched(platform, Loop(now - timedelta(seconds=100)), Loop(now - timedelta(seconds=120))).troubles(now)
    assert troubles == [
        "answering has not come round for 100 s; does the database answer?",
        "delivery to fake has not come round for 120 s; does the database answer?",
        "fake has not answered for 91 s",
    ]


def test_at_the_start_everything_has_time_to_come_up() -> None:
    watch = watched(FakePlatform(), Loop(), Loop())
    assert watch.troubles(SINCE + timedelta(seconds=90)) == []
    assert len(watch.troubles(SINCE + timedelta(seconds=91))) == 3


async def test_health_is_200_while_standing_by_and_when_well_and_503_with_the_reason_otherwise(sqlite: AsyncEngine) -> None:
    now = SINCE
    health = Health(sqlite, lambda: now)
    assert await get(health, "/healthz") == (200, "standing by\n")
    health.watched = watched(FakePlatform(), Loop(SINCE + timedelta(hours=1)), Loop(SINCE + timedelta(hours=1)))
    assert await get(health, "/healthz") == (200, "ok\n")
    now = SINCE + timedelta(seconds=95)
    assert await get(health, "/healthz") == (503, "fake has not answered for 95 s\n")


async def test_the_figures_say_what_happened_and_nothing_about_anybody(sqlite: AsyncEngine) -> None:
    health = Health(sqlite, lambda: stage.now)
    stage = Stage(sqlite, desk(health.metrics.timed(Told())))  # type: ignore[arg-type]
    stage.answering.observe = health.metrics.count
    health.watched = Watched(stage.now, [stage.platform], {"answering": stage.answering}, {"fake": stage.delivery})
    await stage.happens(stage.message("987654321", "kako odprem espe", sender=Sender("987654321", "Brezimnik")))
    await stage.hears("bor", "Kje je pekarna?")
    await stage.hears("john", "what is the tax")
    stage.platform.troubles["bor"] = [NotSent("away")]
    await stage.adviser("Za vogalom.")
    stage.platform.reached_at = stage.now
    stage.now += timedelta(seconds=7)

    status, exposition = await get(health, "/metrics")

    found = samples(exposition)
    assert status == 200
    assert found["helpdesk_decisions_total", "answer", "sl"] == 1
    assert found["helpdesk_decisions_total", "suggest", "en"] == 1
    assert found["helpdesk_questions_total", "sl", "fake"] == 2
    assert found["helpdesk_tickets", "answered"] == 1
    assert found["helpdesk_tickets", "closed"] == 0
    assert found["helpdesk_outbox", "fake"] == 1
    assert found["helpdesk_outbox_age_seconds", "fake"] == 7
    assert found["helpdesk_reached_seconds", "fake"] == 7
    assert found["helpdesk_send_failures_total", "fake", "NotSent"] == 1
    assert found["helpdesk_matching_seconds_count",] == 3
    assert found["helpdesk_inbox",] == 0
    assert not any(word in exposition for word in ("987654321", "Brezimnik", "pekarna", "maja"))


async def test_the_operators_page_names_every_figure_and_no_other(sqlite: AsyncEngine) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    _, exposition = await get(Health(sqlite, app.utc_now), "/metrics")
    given = {family.name for family in text_string_to_metric_families(exposition)}
    named = {name.removesuffix("_total") for name in re.findall(r"`(helpdesk_\w+)", page)}
    assert {name for name in given if not name.endswith("_created")} == named


async def test_without_a_database_the_figures_say_so(sqlite: AsyncEngine) -> None:
    async with sqlite.begin() as tx:
        await tx.execute(text("DROP TABLE outbox"))
    assert await get(Health(sqlite, app.utc_now), "/metrics") == (503, "the database does not answer\n")


async def test_an_address_that_cannot_be_had_is_told_with_its_key(sqlite: AsyncEngine) -> None:
    health = Health(sqlite, app.utc_now)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=rf"\[health\] listen: {address} cannot be listened on: .*; choose another"):
            async with health.listening(address):
                pass
    for wrong in ("no-such-host.invalid:8080", "127.0.0.1:99999"):
        with pytest.raises(ConfigError, match=rf"\[health\] listen: {wrong}"):
            async with health.listening(wrong):
                pass


async def test_without_an_address_nothing_listens(sqlite: AsyncEngine) -> None:
    async with Health(sqlite, app.utc_now).listening(""):
        pass


async def test_every_loop_of_the_running_desk_comes_round(sqlite: AsyncEngine) -> None:
    health = Health(sqlite, app.utc_now)
    platform = AwaitingRounds(health)
    async with asyncio.timeout(20):
        await app.run(sqlite, desk(), [platform], health=health)
    assert health.watched is not None
    assert health.watched.loops.keys() == {"answering", "upkeep", "alerts"}
    assert health.watched.senders.keys() == {"fake"}


class AwaitingRounds(FakePlatform):
    """Ends when every loop has come round."""

    ends = True

    def __init__(self, health: Health) -> None:
        super().__init__()
        self.health = health

    async def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        watched = self.health.watched
        assert watched is not None
        for loop in (*watched.loops.values(), *watched.senders.values()):
            while loop.round_at is None:  # noqa: ASYNC110 - it does not tell
                await asyncio.sleep(0.01)
        for batch in ():
            yield batch
