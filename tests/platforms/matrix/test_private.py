"""From a room where others read along into a private chat, with the question."""

from bot.platforms.matrix.client import Json
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.conftest import Office
from tests.platforms.matrix.people import Person
from tests.platforms.matrix.synapse import eventually
from tests.platforms.matrix.test_stories import number_of

UNKNOWN = "Kje dobim lončarsko peč?"


async def ask_among_others(office: Office, ana: Person, *others: Person) -> tuple[str, Json]:
    """The shared room, and the bot's offer to go on in private."""
    room = await ana.room(office.bot, *(one.id for one in others))
    for one in others:
        await one.join(room)
    await eventually(lambda: not ana.client.rooms[room].users[office.bot].invited)
    asked = await ana.says(room, f"!ask {UNKNOWN}")
    offer = await ana.sees(room, "zaseben pogovor")
    assert offer["content"]["m.relates_to"]["event_id"] == asked
    await eventually(lambda: ana.reactions(room, offer["event_id"]) == ["✉️"])
    return room, offer


async def test_the_question_comes_along_when_the_asker_consents_and_accepts_the_invitation(office: Office, person: NewPerson) -> None:
    ana, jan, maja = await person("ana", encrypted=True), await person("jan"), office.adviser
    room, offer = await ask_among_others(office, ana, jan)
    assert not any(UNKNOWN in text for text in maja.texts(office.room))

    await ana.reacts(room, offer["event_id"], "✉️")
    said = await ana.sees(room, "Nadaljujmo v zasebnem pogovoru")
    assert said["content"]["m.relates_to"]["event_id"] == offer["content"]["m.relates_to"]["event_id"]
    (private,) = await eventually(lambda: ana.invites)
    assert not any(UNKNOWN in text for text in maja.texts(office.room))

    await ana.join(private)
    number = await number_of(ana, private)
    card = await maja.sees(office.room, f"🟡 #{number} ")
    assert UNKNOWN in card["content"]["body"]
    assert ana.client.encrypts(private)
    await maja.in_thread(office.room, card["event_id"], "V Radovljici.")
    assert (await ana.sees(private, "V Radovljici."))["encrypted"]
    assert not any("Radovljici" in text for text in jan.texts(room))


async def test_who_talks_with_the_bot_already_is_not_invited_again_and_others_do_not_get_the_question(
    office: Office, person: NewPerson
) -> None:
    ana, jan, maja = await person("ana"), await person("jan", encrypted=True), office.adviser
    private = await ana.room(office.bot, direct=True)
    await ana.says(private, "Kako odprem s.p.?")
    await ana.sees(private, "Odgovor na")
    room, offer = await ask_among_others(office, ana, jan)

    await jan.reacts(room, offer["event_id"], "✉️")
    (jans,) = await eventually(lambda: [invite for invite in jan.invites if invite != room])
    await jan.join(jans)
    await jan.sees(jans, "Tu je")
    assert not any("zadeva #" in text for text in jan.texts(jans))

    await ana.reacts(room, offer["event_id"], "✉️")
    card = await maja.sees(office.room, f"🟡 #{await number_of(ana, private)} ")
    assert UNKNOWN in card["content"]["body"]
    assert not ana.invites
