"""What an adviser writes waits a moment, and can be taken back before it is sent."""

from pathlib import Path

from tests.platforms.botapi import BotApi
from tests.platforms.telegram.desk import UNKNOWN, Desk


async def test_a_reply_taken_back_in_time_never_reaches_the_person(api: BotApi, tmp_path: Path) -> None:
    ana, maja, staff = api.user("Ana"), api.user("Maja"), api.group("Svetovalci", forum=True)
    await staff.admit(maja)
    desk = Desk(tmp_path, api.url, staff.id, undo_seconds=3)
    await desk.start()
    try:
        await ana.says(UNKNOWN)
        topic = await api.until(lambda: staff.topics[0], 40)
        await api.until(lambda: "(zadeva #1)" in api.texts(ana)[-1])

        wrong = await maja.says("Narobe.", chat=staff, topic=topic)
        await maja.says("/umakni", chat=staff, topic=topic, reply_to=wrong)
        await api.until(lambda: wrong.reactions.get(123) == ["✍"])  # a note now
        await maja.says("V Radovljici.", chat=staff, topic=topic)

        await api.until(lambda: any("V Radovljici." in text for text in api.texts(ana)))
        assert not any("Narobe." in text for text in api.texts(ana))
        assert await desk.stop() == 0
    finally:
        await desk.kill()
