"""What people and advisers do on Matrix, told through the real process and a real homeserver."""

from typing import Any

from bot.platforms.base import File
from bot.platforms.matrix import media
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.conftest import Office
from tests.platforms.matrix.people import Person
from tests.platforms.matrix.synapse import eventually


async def ask_for_a_human(office: Office, ana: Person, text: str = "Kako odprem s.p.?", *, encrypted: bool = False) -> tuple[str, str]:
    """A question whose answer did not help: the direct room, and the ticket's card in the staff room."""
    room = await ana.room(office.bot, direct=True, encrypted=encrypted)
    await ana.says(room, text)
    answer = await ana.sees(room, "Odgovor na")
    await eventually(lambda: ana.reactions(room, answer["event_id"]) == ["👍", "👎"])
    await ana.reacts(room, answer["event_id"], "👎️")
    card = await office.adviser.sees(office.room, f"🟡 #{await number_of(ana, room)} ")
    return room, card["event_id"]


async def test_of_an_erased_ticket_no_text_stays_in_the_staff_room(either: Office, person: NewPerson) -> None:
    office, encrypted = either, either.encrypted
    ana, maja = await person("ana", encrypted=encrypted), office.adviser
    room, card = await ask_for_a_human(office, ana, encrypted=encrypted)
    said = await maja.in_thread(office.room, card, "Pozdravljeni, pomagam vam.")
    await eventually(lambda: maja.reactions(office.room, said) == ["✅"])
    edits = [one["event_id"] for one in maja.seen[office.room] if _edits(one) == card]
    assert edits
    await ana.says(room, "!izbrisi")
    await ana.sees(room, "izbri")
    await ana.says(room, "Da, izbriši vse")
    await ana.sees(room, "Vaši podatki so izbrisani.")
    for event in (card, said, *edits):
        await eventually(lambda event=event: event in maja.removed(office.room))


def _edits(event: dict[str, Any]) -> str | None:
    relation = event["content"].get("m.relates_to", {})
    return relation.get("event_id") if relation.get("rel_type") == "m.replace" else None


async def number_of(ana: Person, room: str) -> str:
    """Her ticket's number, as she was told."""
    told = await ana.sees(room, "(zadeva #")
    return str(told["content"]["body"]).partition("(zadeva #")[2].partition(")")[0]


async def test_an_answer_is_a_notice_with_html_and_reactions_to_choose_from(office: Office, person: NewPerson) -> None:
    ana = await person("ana")
    room = await ana.room(office.bot, direct=True)
    await ana.says(room, "Kako odprem s.p.?")

    answer = await ana.sees(room, "Odgovor na")
    assert answer["content"]["msgtype"] == "m.notice"
    assert "<strong>Kako odprem s.p.?</strong>" in answer["content"]["formatted_body"]
    assert answer["content"]["m.mentions"] == {}
    await eventually(lambda: ana.reactions(room, answer["event_id"]) == ["👍", "👎"])

    await ana.reacts(room, answer["event_id"], "👍🏽")
    await ana.sees(room, "Me veseli")


async def test_a_ticket_is_a_thread_and_what_the_adviser_writes_there_reaches_the_person(either: Office, person: NewPerson) -> None:
    office, encrypted = either, either.encrypted
    ana, maja = await person("ana", encrypted=encrypted), office.adviser
    room, card = await ask_for_a_human(office, ana, encrypted=encrypted)

    said = await maja.in_thread(office.room, card, "Pozdravljeni, pomagam vam.")
    reply = await ana.sees(room, "Pozdravljeni, pomagam vam.")
    assert "Maja" in reply["content"]["body"]
    assert reply["encrypted"] is encrypted
    await eventually(lambda: maja.reactions(office.room, said) == ["✅"])

    note = await maja.in_thread(office.room, card, "// le za nas")
    await eventually(lambda: maja.reactions(office.room, note) == ["📝"])

    await ana.says(room, "Hvala, še nekaj")
    passed_on = await maja.sees(office.room, "Hvala, še nekaj")
    assert passed_on["content"]["m.relates_to"]["event_id"] == card
    assert all("le za nas" not in text for text in ana.texts(room))

    await maja.in_thread(office.room, card, "!close Srečno!")
    await ana.sees(room, "Srečno!")
    await eventually(lambda: any(edit["body"].startswith("⚪ #") for edit in maja.edits(office.room, card)))
    late = await maja.in_thread(office.room, card, "Še to")
    why = await maja.sees(office.room, "Še ni poslano")
    assert why["content"]["m.relates_to"]["event_id"] == card
    assert all("Še to" not in text for text in ana.texts(room))
    await maja.reacts(office.room, why["event_id"], "1️⃣")
    await ana.sees(room, "Še to")
    await eventually(lambda: maja.reactions(office.room, late) == ["✅"])


async def test_an_adviser_claims_and_closes_by_reaction(office: Office, person: NewPerson) -> None:
    maja = office.adviser
    _, card = await ask_for_a_human(office, await person("ana"))
    await eventually(lambda: maja.reactions(office.room, card)[:2] == ["🙋", "✅"])  # the nearest entries' numbers follow

    await maja.reacts(office.room, card, "🙋")
    await eventually(lambda: any(edit["body"].startswith("🔵 #") for edit in maja.edits(office.room, card)))
    await eventually(lambda: "↩️" in maja.reactions(office.room, card, office.bot))

    await maja.reacts(office.room, card, "✅")
    await eventually(lambda: any(edit["body"].startswith("⚪ #") for edit in maja.edits(office.room, card)))


async def test_the_waiting_list_stands_in_the_main_timeline_and_is_edited(office: Office, person: NewPerson) -> None:
    maja = office.adviser
    _, card = await ask_for_a_human(office, await person("ana"))

    def lists() -> list[Any]:
        return [one for one in maja.messages(office.room) if card in one["content"].get("formatted_body", "")]

    await eventually(lists, what="a list with a link to the thread")
    assert lists()[-1]["content"]["m.mentions"] == {"room": True}
    assert "m.relates_to" not in lists()[-1]["content"]

    await maja.in_thread(office.room, card, "Odgovor")
    await eventually(lambda: [one for one in maja.edits(office.room, lists()[-1]["event_id"]) if card not in one["formatted_body"]])


async def test_edits_and_removals_follow_to_the_other_side(office: Office, person: NewPerson) -> None:
    ana, maja = await person("ana"), office.adviser
    room, card = await ask_for_a_human(office, ana)
    said = await maja.in_thread(office.room, card, "Prvi odgovor")
    copy = (await ana.sees(room, "Prvi odgovor"))["event_id"]

    new = {"msgtype": "m.text", "body": "Lep pozdrav"}
    await maja.sends(
        office.room,
        {"msgtype": "m.text", "body": "* Lep pozdrav", "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": said}},
    )
    await eventually(lambda: any("Lep pozdrav" in edit["body"] for edit in ana.edits(room, copy)))

    await maja.client.redact(office.room, said, "redact1")
    await eventually(
        lambda: any(event["type"] == "m.room.redaction" and event["redacts"] == copy for event in ana.seen[room] if "redacts" in event)
    )


async def test_in_a_shared_room_it_answers_only_when_asked_and_in_a_thread(office: Office, person: NewPerson) -> None:
    ana, jan = await person("ana"), await person("jan")
    room = await ana.room(office.bot, jan.id)
    await jan.join(room)
    await eventually(lambda: not ana.client.rooms[room].users[office.bot].invited)
    await ana.says(room, "Jan, kako odprem s.p.?")
    asked = await ana.says(room, "!ask Kako odprem s.p.?")

    answer = await jan.sees(room, "Odgovor na")
    assert answer["content"]["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": asked,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": asked},
    }
    mentioned = await jan.says(room, "Desk: kdaj moram v DDV?", **{"m.mentions": {"user_ids": [office.bot]}})
    await eventually(lambda: [one for one in jan.messages(room) if (one["content"].get("m.relates_to") or {}).get("event_id") == mentioned])
    assert len([text for text in jan.texts(room) if "Odgovor na Kako" in text]) == 1
    assert office.desk.rows(f"SELECT count(*) FROM inbox WHERE kind = 'Message' AND room = '{room}'") == [(2,)]


async def test_a_person_who_leaves_is_reported_on_the_ticket(office: Office, person: NewPerson) -> None:
    ana, maja = await person("ana"), office.adviser
    room, _ = await ask_for_a_human(office, ana)

    await ana.call("POST", "rooms", room, "leave", body={})

    await maja.sees(office.room, "ni več mogoče")


async def test_polls_places_stickers_and_voice_messages_reach_the_thread(office: Office, person: NewPerson) -> None:
    ana, maja = await person("ana"), office.adviser
    room, card = await ask_for_a_human(office, ana)

    question = {"question": {"m.text": [{"body": "Kdaj?"}]}, "answers": [{"id": "1", "m.text": [{"body": "Zdaj"}]}]}
    await ana.sends(room, {"m.poll": question, "m.text": [{"body": "Kdaj?"}]}, "m.poll.start")
    await maja.sees(office.room, ":\n> Kdaj?\n> • Zdaj")
    await ana.sends(room, {"msgtype": "m.location", "body": "Tukaj", "geo_uri": "geo:46.1653,14.3065"})
    place = await maja.sees(office.room, "https://www.openstreetmap.org/?mlat=46.1653&mlon=14.3065")
    assert place["content"]["m.relates_to"]["event_id"] == card
    voice = await media.upload(ana.client, File("glas.ogg", "voice", "audio/ogg", b"OggS"), encrypt=False)
    await ana.sends(room, voice)
    sticker = await media.upload(ana.client, File("mačka.png", "photo", "image/png", b"\x89PNG"), encrypt=False)
    await ana.sends(room, {"body": "mačka", "url": sticker["url"], "info": {"mimetype": "image/png"}}, "m.sticker")

    def kinds() -> list[str]:
        return [one["content"]["msgtype"] for one in maja.messages(office.room) if one["content"]["msgtype"] in ("m.audio", "m.image")]

    await eventually(lambda: kinds()[-2:] == ["m.audio", "m.image"])
    spoken = next(one for one in reversed(maja.messages(office.room)) if one["content"]["msgtype"] == "m.audio")
    assert "org.matrix.msc3245.voice" in spoken["content"]


async def test_a_reaction_is_shown_on_the_other_side_until_it_is_taken_back(office: Office, person: NewPerson) -> None:
    ana, maja = await person("ana"), office.adviser
    room, _ = await ask_for_a_human(office, ana)
    said = await ana.says(room, "Nujno je")
    copy = await maja.sees(office.room, "Nujno je")

    await maja.reacts(office.room, copy["event_id"], "❤️")
    await eventually(lambda: ana.standing(room, said) == ["❤️"])
    other = await maja.reacts(office.room, copy["event_id"], "🙏")
    await eventually(lambda: ana.standing(room, said) == ["🙏"])
    await maja.client.redact(office.room, other, "back1")

    await eventually(lambda: not ana.standing(room, said))


async def test_what_the_bot_says_is_silent_until_a_person_wants_it_otherwise(office: Office, person: NewPerson) -> None:
    ana, maja = await person("ana"), office.adviser
    room, card = await ask_for_a_human(office, ana)
    await maja.in_thread(office.room, card, "Prvi odgovor")
    await ana.sees(room, "Prvi odgovor")
    assert ana.unread[room] == 0

    await ana.call("PUT", "pushrules", "global", "override", ".m.rule.suppress_notices", "enabled", body={"enabled": False})
    await maja.in_thread(office.room, card, "Drugi odgovor")
    await ana.sees(room, "Drugi odgovor")
    await eventually(lambda: ana.unread[room] == 1)


async def test_a_choice_made_in_a_shared_room_is_answered_in_its_thread(office: Office, person: NewPerson) -> None:
    ana, jan = await person("ana"), await person("jan")
    room = await ana.room(office.bot, jan.id)
    await jan.join(room)
    await eventually(lambda: not ana.client.rooms[room].users[office.bot].invited)
    asked = await ana.says(room, "!ask Kako odprem s.p.?")
    answer = await ana.sees(room, "Odgovor na")
    await eventually(lambda: ana.reactions(room, answer["event_id"]) == ["👍", "👎"])

    await ana.reacts(room, answer["event_id"], "👍")
    thanks = await ana.sees(room, "Me veseli")
    assert thanks["content"]["m.relates_to"]["event_id"] == asked
