"""Staff groups of other kinds, through the real process."""

from pathlib import Path

from tests.platforms.botapi import BotApi
from tests.platforms.telegram.desk import UNKNOWN, Desk


async def test_a_group_without_topics_works_by_replies_and_goes_on_as_a_supergroup(api: BotApi, tmp_path: Path) -> None:
    ana, maja = api.user("Ana"), api.user("Maja")
    staff = api.group("Majhna skupina", basic=True, members=[maja])
    desk = Desk(tmp_path, api.url, staff.id)
    await desk.start()
    try:
        await ana.says(UNKNOWN)
        card = await api.until(lambda: next((one for one in api.sees(staff) if UNKNOWN in one.text), None), 30)
        await maja.says("V Radovljici.", chat=staff, reply_to=card)
        await api.until(lambda: "V Radovljici." in api.texts(ana)[-1])
        await ana.says("Hvala.")
        await api.until(lambda: api.texts(staff)[-1] == "#1 · Ana:\n\nHvala.")

        new = await staff.upgrade_to_supergroup()
        await api.until(lambda: str(new) in api.texts(staff)[-1])
        await desk.kill()
        await desk.start()  # with the old id in its configuration
        await ana.says("Še nekaj.")
        copy = await api.until(lambda: next((one for one in api.sees(staff) if one.text == "#1 · Ana:\n\nŠe nekaj."), None), 30)
        await maja.says("Kar povejte.", chat=staff, reply_to=copy)
        await api.until(lambda: "Kar povejte." in api.texts(ana)[-1])
        assert await desk.stop() == 0
    finally:
        await desk.kill()
