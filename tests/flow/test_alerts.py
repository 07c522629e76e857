"""What the advisers are told about the desk itself."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot import intake
from bot.alerts import Alerts, least_free
from bot.platforms.base import Batch
from handlers.alerts import Disk, Signs, tell
from handlers.orders import Order, Say, Text
from tests.faq import TUESDAY, desk
from tests.stage import FakePlatform, Stage

DESK = desk()
GIGABYTE = 10**9
ROOMY, SHORT, NEARLY = Disk(100 * GIGABYTE, 200 * GIGABYTE), Disk(GIGABYTE // 3, 200 * GIGABYTE), Disk(11 * GIGABYTE, 200 * GIGABYTE)


def words(orders: tuple[Order, ...]) -> list[str]:
    return [part.markdown for order in orders if isinstance(order, Say) for part in order.parts if isinstance(part, Text)]


def other_platform() -> FakePlatform:
    platform = FakePlatform()
    platform.name = "matrix"
    return platform


async def test_a_platform_that_is_silent_for_five_minutes_is_told_once_and_again_when_it_is_heard(both_stages: Stage) -> None:
    stage, other = both_stages, other_platform()
    stage.platform.reached_at = other.reached_at = stage.now
    alerts = Alerts(stage.engine, [stage.platform, other], stage.desk, lambda: stage.now)
    for _ in range(8):
        stage.now += timedelta(minutes=1)
        stage.platform.reached_at = stage.now
        await alerts.step()
    again_after_a_restart = Alerts(stage.engine, [stage.platform, other], stage.desk, lambda: stage.now)
    await again_after_a_restart.step()
    other.reached_at = stage.now
    await alerts.step()
    await stage.settle()

    first, second = stage.texts("staff")
    assert first.startswith("Platforma matrix ne odgovarja že od 10.00.")
    assert second.startswith("Platforma matrix spet odgovarja; dosegljiva ni bila od 10.00.")


async def test_a_platform_that_was_never_reached_is_silent_since_the_start(stage: Stage) -> None:
    alerts = Alerts(stage.engine, [stage.platform, other := other_platform()], stage.desk, lambda: stage.now)
    stage.now += timedelta(minutes=6)
    stage.platform.reached_at = stage.now
    await alerts.step()
    await stage.settle()
    assert other.name in stage.last("staff").text


def test_of_the_staff_channels_own_platform_it_is_said_afterwards() -> None:
    silent = tell(Signs({"fake": TUESDAY}, SHORT), {}, DESK, TUESDAY + timedelta(minutes=10))
    assert (dict(silent.known), silent.orders) == ({"deaf fake": TUESDAY}, ())
    later = TUESDAY + timedelta(days=1)
    heard = tell(Signs({"fake": later}, SHORT), silent.known, DESK, later)
    assert heard.known.keys() == {"disk"}
    assert words(heard.orders)[0].startswith("Na disku strežnika je prostora le še za 333 MB.")
    assert "dosegljiva ni bila od 24. 11. 2026 10.00" in words(heard.orders)[1]


def test_a_full_disk_is_told_once_until_there_is_clearly_more_room() -> None:
    first = tell(Signs({}, SHORT), {}, DESK, TUESDAY)
    assert len(first.orders) == 1
    still = tell(Signs({}, NEARLY), first.known, DESK, TUESDAY)
    assert (still.known, still.orders) == (first.known, ())
    assert tell(Signs({}, NEARLY), {}, DESK, TUESDAY).orders == ()
    over = tell(Signs({}, ROOMY), first.known, DESK, TUESDAY)
    assert (dict(over.known), words(over.orders)) == ({}, ["Na disku strežnika je spet dovolj prostora."])


async def test_a_desk_that_does_not_keep_up_says_so_and_when_it_has_caught_up(stage: Stage) -> None:
    stage.platform.reached_at = stage.now + timedelta(hours=1)
    alerts = Alerts(stage.engine, [stage.platform], stage.desk, lambda: stage.now)
    await intake.store(stage.engine, "fake", Batch((stage.message("ana", "kako odprem espe"),)), stage.desk, stage.now)
    stage.now += timedelta(minutes=3)
    await alerts.step()
    await stage.settle()
    assert stage.last("staff").text.startswith("Bot ne dohaja: najstarejše sporočilo čaka na obdelavo že od 10.00.")
    await alerts.step()
    await stage.settle()
    assert stage.last("staff").text == "Bot je spet na tekočem."


def test_the_disk_with_the_least_room_counts(tmp_path: Path) -> None:
    found = least_free([tmp_path, Path("/nowhere")])
    assert found is not None
    assert 0 < found.free < found.total
    assert least_free([]) is None


@pytest.mark.parametrize("language", ["sl", "en"])
def test_every_alert_can_be_said_in_both_languages(language: str) -> None:
    speaking = desk(staff_language=language)
    signs = Signs({"matrix": TUESDAY}, SHORT, TUESDAY)
    begun = tell(signs, {}, speaking, TUESDAY + timedelta(minutes=10))
    over = tell(Signs({"matrix": TUESDAY}, ROOMY), begun.known, speaking, TUESDAY)
    assert len({*words(begun.orders), *words(over.orders)}) == 6
