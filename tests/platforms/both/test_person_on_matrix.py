"""A person in an encrypted direct room on Matrix, advisers in a forum on Telegram."""

from typing import Any

from bot.platforms.base import File
from bot.platforms.matrix import media
from tests.platforms.botapi import BotApi
from tests.platforms.botapi.files import PNG
from tests.platforms.both.conftest import LIMIT, Start, content_of, kept, transcript
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.synapse import eventually

UNKNOWN = "Kje dobim lončarsko peč?"


async def test_everything_goes_both_ways_between_an_encrypted_room_and_a_topic(api: BotApi, start: Start, person: NewPerson) -> None:
    maja, staff = api.user("Maja"), api.group("Svetovalci", forum=True)
    await staff.admit(maja)
    desk = await start("telegram", str(staff.id))
    ana = await person("ana", encrypted=True)
    room = await ana.room(desk.user, direct=True, encrypted=True)

    # The question becomes a topic, the adviser's answer an encrypted notice.
    await ana.says(room, UNKNOWN)
    topic = await api.until(lambda: staff.topics[-1])
    await api.until(lambda: UNKNOWN in api.texts(staff, topic)[-1])
    said = await maja.says("Poskusite v Radovljici.", chat=staff, topic=topic)
    reply = await ana.sees(room, "Svetovanje (Maja): Poskusite v Radovljici.")
    assert (reply["encrypted"], reply["content"]["msgtype"]) == (True, "m.notice")
    await api.until(lambda: said.reactions.get(123) == ["👌"])

    # Files, person to advisers.
    picture, paper = PNG, b"%PDF-1.4 " + bytes(range(256)) * 300
    for kind, name, mime, content in (
        ("photo", "peč.png", "image/png", picture),
        ("document", "načrt.pdf", "application/pdf", paper),
        ("voice", "glas.ogg", "audio/ogg", b"OggS" + paper),
    ):
        await ana.sends(room, await media.upload(ana.client, File(name, kind, mime, content), encrypt=True))
        shown = await api.until(lambda kind=kind: [one for one in api.sees(staff, topic) if one.by_bot and one.kind == kind][-1])
        assert kept(api, shown) == content

    # Files, adviser to person.
    sent: dict[str, Any] = {"photo": ("m.image", PNG), "document": ("m.file", b"%PDF-1.4 odlo\xc4\x8dba"), "voice": ("m.audio", b"OggS da")}
    for kind, (msgtype, content) in sent.items():
        await maja.sends(chat=staff, topic=topic, **{kind: content})
        seen = await eventually(
            lambda msgtype=msgtype: next((one for one in ana.messages(room) if one["content"]["msgtype"] == msgtype), None)
        )
        assert seen["encrypted"]
        assert "url" not in seen["content"]
        assert await content_of(ana.client, seen) == content
    assert "org.matrix.msc3245.voice" in seen["content"]

    # What is too large stays behind, and both sides know.
    too_large = File("film.mp4", "video", "video/mp4", bytes(LIMIT + 1))
    await ana.sends(room, await media.upload(ana.client, too_large, encrypt=True))
    await api.until(lambda: "[video: film.mp4] (ni preneseno" in api.texts(staff, topic)[-1])
    await maja.sends(document=bytes(LIMIT + 1), name="slike.zip", chat=staff, topic=topic)
    await ana.sees(room, "📎 slike.zip (ni preneseno: preveliko")
    await api.until(lambda: "priloge »slike.zip«" in api.texts(staff, topic)[-1])

    # Reactions, edits and removals.
    more = await ana.says(room, "Nujno je.")
    copy = await api.until(lambda: [one for one in api.sees(staff, topic) if "Nujno je." in one.text][-1])
    await maja.reacts(copy, "❤")
    await eventually(lambda: ana.reactions(room, more) == ["❤"])
    await maja.reacts(copy)
    await eventually(lambda: ana.removed(room))
    await ana.reacts(room, reply["event_id"], "👍")
    await api.until(lambda: "👍" in api.texts(staff, topic)[-1])
    new = {"msgtype": "m.text", "body": "Ni nujno."}
    relation = {"rel_type": "m.replace", "event_id": more}
    await ana.sends(room, {"msgtype": "m.text", "body": "* Ni nujno.", "m.new_content": new, "m.relates_to": relation})
    await api.until(lambda: any("Ni nujno." in text for text in api.texts(staff, topic)))
    await maja.edits(said, "Poskusite v Kamniku.")
    await eventually(lambda: any("Kamniku" in edit["body"] for edit in ana.edits(room, reply["event_id"])))
    await ana.client.redact(room, more, "away")
    await api.until(lambda: "Nujno je." in api.texts(staff, topic)[-1] or "Ni nujno." in api.texts(staff, topic)[-1])
    await maja.says("/umakni", chat=staff, topic=topic, reply_to=said)
    await eventually(lambda: reply["event_id"] in ana.removed(room))

    await maja.says("/zakljuci Srečno!", chat=staff, topic=topic)
    await ana.sees(room, "Srečno!")
    await api.until(lambda: topic.closed)
    transcript(
        "Ana in her encrypted room",
        [f"{one['sender']}: {one['content'].get('body')}" for one in ana.seen[room] if "body" in one["content"]],
    )
    transcript(
        f"the topic »{topic.name}«", [f"{one.data['from']['first_name']}: [{one.kind}] {one.text}" for one in api.sees(staff, topic)]
    )
