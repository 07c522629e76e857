"""A person in a private chat on Telegram, advisers in an encrypted room on Matrix."""

from bot.platforms.base import File
from bot.platforms.matrix import media
from tests.platforms.botapi import BotApi
from tests.platforms.botapi.files import PNG
from tests.platforms.both.conftest import LIMIT, Start, content_of, kept, transcript
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.synapse import eventually

UNKNOWN = "Kje dobim lončarsko peč?"


async def test_everything_goes_both_ways_between_a_private_chat_and_a_thread(api: BotApi, start: Start, person: NewPerson) -> None:
    ana, maja = api.user("Ana"), await person("maja", encrypted=True)
    desk = await start("matrix", "")
    desk.staff_room = room = await maja.room(encrypted=True, power_level_content_override={"users": {desk.user: 50}})
    desk.start()
    await desk.is_ready()

    # The question becomes a thread as soon as the bot is in the room, the adviser's answer a message.
    await ana.says(UNKNOWN)
    await api.until(lambda: "(zadeva #1)" in api.texts(ana)[-1])
    await maja.call("POST", "rooms", room, "invite", body={"user_id": desk.user})
    card = (await maja.sees(room, "🟡 #1 ", 40))["event_id"]
    said = await maja.in_thread(room, card, "Poskusite v Radovljici.")
    await api.until(lambda: api.texts(ana)[-1].endswith("Poskusite v Radovljici."))
    reply = api.sees(ana)[-1]
    await eventually(lambda: maja.reactions(room, said) == ["✅"])

    # Files, person to adviser: encrypted on their way into the room.
    paper = b"%PDF-1.4 " + bytes(range(256)) * 300
    for kind, msgtype, content in (("photo", "m.image", PNG), ("document", "m.file", paper), ("voice", "m.audio", b"OggS" + paper)):
        await ana.sends(**{kind: content})
        seen = await eventually(
            lambda msgtype=msgtype: next((one for one in maja.messages(room) if one["content"]["msgtype"] == msgtype), None)
        )
        assert (seen["encrypted"], "url" in seen["content"]) == (True, False)
        assert seen["content"]["m.relates_to"]["event_id"] == card
        assert await content_of(maja.client, seen) == content
    await ana.sends(location=True)
    await maja.sees(room, "Ana: 📍 46.")

    # Files, adviser to person.
    relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": card}}
    for kind, name, mime, content in (
        ("photo", "peč.png", "image/png", PNG),
        ("document", "odločba.pdf", "application/pdf", paper),
        ("voice", "glas.ogg", "audio/ogg", b"OggS"),
    ):
        await maja.sends(room, await media.upload(maja.client, File(name, kind, mime, content), encrypt=True) | relation)
        shown = await api.until(lambda kind=kind: [one for one in api.sees(ana) if one.by_bot and one.kind == kind][-1])
        assert kept(api, shown) == content

    # What is too large stays behind, and both sides know.
    await ana.sends(document="film.zip", size=30 * LIMIT)
    await maja.sees(room, "📎 film.zip (ni preneseno: preveliko")
    too_large = File("slike.zip", "document", "application/zip", bytes(LIMIT + 1))
    await maja.sends(room, await media.upload(maja.client, too_large, encrypt=True) | relation)
    await api.until(lambda: "[dokument: slike.zip] (ni preneseno" in api.texts(ana)[-1])
    await maja.sees(room, "priloge »slike.zip«")

    # Reactions, edits and removals.
    more = await ana.says("Nujno je.")
    copy = await maja.sees(room, "Ana: Nujno je.")
    given = await maja.reacts(room, copy["event_id"], "❤️")
    await api.until(lambda: more.reactions.get(123) == ["❤"])
    await maja.client.redact(room, given, "back")
    await api.until(lambda: not more.reactions.get(123))
    await ana.reacts(reply, "👍")
    await maja.sees(room, "👍")
    await ana.edits(more, "Ni nujno.")
    await maja.sees(room, "Ni nujno.")
    new = {"msgtype": "m.text", "body": "Poskusite v Kamniku."}
    edited = {"msgtype": "m.text", "body": "* Poskusite v Kamniku.", "m.new_content": new}
    await maja.sends(room, edited | {"m.relates_to": {"rel_type": "m.replace", "event_id": said}})
    await api.until(lambda: "Kamniku" in reply.text)
    await maja.client.redact(room, said, "away")
    await api.until(lambda: reply.deleted)

    await maja.in_thread(room, card, "!zakljuci Srečno!")
    await api.until(lambda: any("Srečno!" in text for text in api.texts(ana)))
    await eventually(lambda: any(edit["body"].startswith("⚪ #1") for edit in maja.edits(room, card)))
    transcript("Ana in the private chat", [f"{one.data['from']['first_name']}: [{one.kind}] {one.text}" for one in api.sees(ana)])
    transcript("the staff room", [f"{one['sender']}: {one['content'].get('body')}" for one in maja.seen[room] if "body" in one["content"]])
