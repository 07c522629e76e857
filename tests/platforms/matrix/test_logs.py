"""What the whole process writes into its log, from the first message to the adviser's reply, at the loudest level."""

import json

import pytest

from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.conftest import with_adviser
from tests.platforms.matrix.desk import Desk
from tests.platforms.matrix.synapse import eventually

ASKED, REPLIED = "Kje dobim skrivnopeč iz Podlubnika?", "Skrivnoodgovor, pokličite."


async def test_the_whole_process_logs_no_word_name_id_or_token(own_desk: Desk, person: NewPerson, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK__LOGS__LEVEL", "DEBUG")
    monkeypatch.setenv("HELPDESK__LOGS__FORMAT", "json")
    own_desk.start()
    await own_desk.is_ready()
    office = await with_adviser(own_desk, person, encrypted=True)
    ana = await person("ana", encrypted=True)
    room = await ana.room(office.bot, direct=True, encrypted=True)
    await ana.says(room, ASKED)
    card = await office.adviser.sees(office.room, "🟡 #1 ")
    await office.adviser.in_thread(office.room, card["event_id"], REPLIED)
    await ana.sees(room, REPLIED)
    await eventually(lambda: "relay sent to matrix" in own_desk.log())
    own_desk.stop()

    written = own_desk.log()
    assert [line for line in written.splitlines() if not line.startswith("{")] == []
    private = (
        ASKED,
        "skrivnopeč",
        REPLIED,
        "Skrivnoodgovor",
        ana.client.user_id,
        office.adviser.client.user_id,
        own_desk.user,
        room,
        office.room,
        "syt_",
    )
    assert [word for word in private if word in written] == []
    assert "#1 received from matrix" in [json.loads(line)["message"] for line in written.splitlines()]
