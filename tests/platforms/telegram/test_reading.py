"""Updates as Telegram sends them → what happened, in our words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.platforms.telegram.reading import NAME, Reader, missing_rights, read_updates
from bot.platforms.telegram.rooms import Rooms
from handlers.events import Access, Edit, Event, Message, Moved, Place, Press, Reaction, ThreadChanged, Unreachable, Unreadable

STAFF, GROUP = -1001, -2002
READER = Reader(123, "kki_bot", Rooms(str(STAFF)))
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ANA = {"id": 7, "is_bot": False, "first_name": "Ana", "last_name": "K.", "language_code": "sl"}
BOT = {"id": 123, "is_bot": True, "first_name": "Pomoč"}


def read(**update: Any) -> Event | Unreadable | None:
    events = read_updates([{"update_id": 1, **update}], READER, NOW)
    return events[0] if events else None


def message(chat: int = 7, **content: Any) -> dict[str, Any]:
    type_ = "private" if chat > 0 else "supergroup"
    return {"message_id": 5, "from": ANA, "chat": {"id": chat, "type": type_}, "date": 1764000000} | content


def said(text: str, chat: int = 7, **more: Any) -> Message | None:
    event = read(message=message(chat, text=text, **more))
    assert event is None or isinstance(event, Message)
    return event


def test_a_private_message_is_said_to_the_bot_by_somebody_with_a_name_and_a_language() -> None:
    event = said("Živjo")
    assert event is not None
    assert event.place == Place(NAME, "7")
    assert (event.sender.id, event.sender.name, event.sender.language) == ("7", "Ana K.", "sl")
    assert event.direct
    assert event.addressed
    assert event.at == datetime.fromtimestamp(1764000000, UTC)


def entity(type_: str, text: str, part: str, **more: Any) -> dict[str, Any]:
    offset = len(text[: text.index(part)].encode("utf-16-le")) // 2
    return {"type": type_, "offset": offset, "length": len(part.encode("utf-16-le")) // 2} | more


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("🎨 @kki_bot kako odprem s.p.?", "mention", "@kki_bot"),
        ("/topics", "bot_command", "/topics"),
        ("/teme@KKI_bot", "bot_command", "/teme@KKI_bot"),
    ],
)
def test_in_a_group_the_bot_is_addressed_by_name_or_command(text: str, kind: str, part: str) -> None:
    event = said(text, GROUP, entities=[entity(kind, text, part)])
    assert event is not None
    assert event.addressed
    assert "@kki_bot" not in event.text


@pytest.mark.parametrize(("text", "part"), [("/ban ana", "/ban"), ("/help@other_bot", "/help@other_bot")])
def test_other_bots_commands_and_talk_among_people_are_not_even_handed_over(text: str, part: str) -> None:
    assert said(text, GROUP, entities=[entity("bot_command", text, part)]) is None
    assert said("Greva na kavo?", GROUP) is None


def test_a_reply_to_the_bot_addresses_it_and_the_topics_beginning_is_no_reply() -> None:
    reply = {"message_id": 3, "from": BOT}
    event = said("Kaj pa DDV?", GROUP, reply_to_message=reply)
    assert event is not None
    assert event.reply_to == "3"
    beginning = reply | {"forum_topic_created": {"name": "Splošno"}}
    assert said("Greva?", GROUP, reply_to_message=beginning, message_thread_id=3, is_topic_message=True) is None


def test_in_the_staff_group_everything_is_heard_in_its_topic_and_the_implicit_reply_ignored() -> None:
    event = said("V Radovljici.", STAFF, message_thread_id=3, is_topic_message=True, reply_to_message={"message_id": 3, "from": BOT})
    assert event is not None
    assert event.place.thread == "3"
    assert event.reply_to is None
    real = said("Da.", STAFF, message_thread_id=3, is_topic_message=True, reply_to_message={"message_id": 4, "from": ANA})
    assert real is not None
    assert real.reply_to == "4"


@pytest.mark.parametrize(
    "who",
    [
        {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}, "sender_chat": {"id": STAFF}},
        {"sender_chat": {"id": -3003}, "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}},
        {"forward_origin": {"type": "user"}},
    ],
)
def test_nobody_identifiable_has_an_id_that_could_be_an_advisers(who: dict[str, Any]) -> None:
    event = said("Pozdrav", STAFF, **who)
    assert event is None or not event.sender.id.isdecimal()


def test_a_forwarded_message_of_a_person_is_theirs() -> None:
    event = said("Poglejte.", forward_origin={"type": "user"})
    assert event is not None
    assert event.sender.id == "7"


def test_the_address_behind_a_word_is_not_lost() -> None:
    text = "🎨 Glej tukaj."
    event = said(text, entities=[entity("text_link", text, "tukaj", url="https://spot.gov.si")])
    assert event is not None
    assert event.text == "🎨 Glej tukaj (https://spot.gov.si)."


def test_an_album_is_one_message_with_all_its_pictures_and_words() -> None:
    pictures = [
        {
            "update_id": n,
            "message": message(message_id=n, media_group_id="9", photo=[{"file_id": "s"}, {"file_id": f"f{n}", "file_size": 9}]),
        }
        for n in (5, 6)
    ]
    pictures[1]["message"]["caption"] = "Moja peč"
    between = {"update_id": 7, "message": message(message_id=7, text="In še to.")}
    album, other = read_updates([pictures[0], between, pictures[1]], READER, NOW)
    assert isinstance(album, Message)
    assert [one.ref for one in album.attachments] == ["5:f5", "6:f6"]
    assert album.text == "Moja peč"
    assert isinstance(other, Message)


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        ({"location": {"latitude": 46.1653, "longitude": 14.3065}}, "location", "46.16530, 14.30650"),
        ({"contact": {"phone_number": "+38640", "first_name": "Bor"}}, "contact", "Bor +38640"),
        ({"poll": {"question": "Kdaj?", "options": [{"text": "Zdaj"}, {"text": "Potem"}]}}, "poll", "Kdaj? (Zdaj / Potem)"),
        ({"animation": {"file_id": "a"}, "document": {"file_id": "a", "file_name": "a.gif"}}, "video", ""),
        ({"hologram": {"file_id": "h"}}, "other", ""),
    ],
)
def test_every_kind_is_an_attachment_also_one_that_we_have_never_heard_of(content: dict[str, Any], kind: str, name: str) -> None:
    event = read(message=message(**content))
    assert isinstance(event, Message)
    (attachment,) = event.attachments
    assert (attachment.kind, attachment.name) == (kind, name)


def test_service_messages_and_bots_are_nobodys_words() -> None:
    assert read(message=message(STAFF, new_chat_members=[ANA])) is None
    assert read(message=message(pinned_message={"message_id": 1})) is None
    assert said("Sem bot", **{"from": {"id": 8, "is_bot": True, "first_name": "X"}}) is None


def test_edits_made_in_the_same_second_are_two_events() -> None:
    first, second = (read(edited_message=message(text=text, edit_date=9)) for text in ("ena", "dve"))
    assert isinstance(first, Edit)
    assert isinstance(second, Edit)
    assert first.key != second.key
    assert read(edited_message=message(GROUP, text="ena", edit_date=9)) is None


def test_presses_reactions_and_comings_and_goings() -> None:
    press = read(
        callback_query={"id": "77", "from": ANA, "message": message(STAFF, message_thread_id=3, is_topic_message=True), "data": "x"}
    )
    assert isinstance(press, Press)
    assert (press.key, press.choice, press.message, press.place.thread, press.at) == ("c77", "x", "5", "3", NOW)
    change = {"chat": {"id": 7, "type": "private"}, "message_id": 5, "user": ANA, "date": 9}
    heart = read(message_reaction=change | {"old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "❤"}]})
    assert isinstance(heart, Reaction)
    assert heart.emoji == "❤"
    gone = read(message_reaction=change | {"old_reaction": [{"type": "emoji", "emoji": "❤"}], "new_reaction": []})
    assert isinstance(gone, Reaction)
    assert gone.emoji == ""
    blocked = read(my_chat_member={"chat": {"id": 7, "type": "private"}, "from": ANA, "date": 9, "new_chat_member": {"status": "kicked"}})
    assert isinstance(blocked, Unreachable)
    assert isinstance(read(message=message(STAFF, migrate_to_chat_id=-9)), Moved)
    assert isinstance(read(message=message(STAFF, forum_topic_closed={}, message_thread_id=3, is_topic_message=True)), ThreadChanged)
    assert read(message=message(STAFF, forum_topic_closed={}, **{"from": BOT})) is None


def test_what_the_bot_may_do_in_the_staff_group_is_told_by_what_it_lacks() -> None:
    change = {"chat": {"id": STAFF, "type": "supergroup"}, "from": ANA, "date": 9}
    admin = {"status": "administrator", "can_manage_topics": True, "can_delete_messages": True, "can_pin_messages": False}
    event = read(my_chat_member=change | {"new_chat_member": admin})
    assert isinstance(event, Access)
    assert event.missing == ("pin",)
    assert missing_rights({"status": "left"}) == ("member",)
    assert missing_rights({"status": "creator"}) == ()


@pytest.mark.parametrize("update", [{}, {"message": {}}, {"message": {"message_id": "?"}}, {"callback_query": 5}, {"message": None}])
def test_what_cannot_be_read_is_set_aside_and_holds_up_nobody(update: dict[str, Any]) -> None:
    broken = update | ({} if not update else {"update_id": 1})
    events = read_updates([broken, {"update_id": 2, "message": message(text="Živjo")}], READER, NOW)
    assert isinstance(events[0], Unreadable)
    assert isinstance(events[1], Message)


def test_an_update_of_a_kind_that_is_new_is_no_trouble() -> None:
    assert read(something_new={"id": 1}) is None


def test_a_group_keeps_its_id_with_us_when_telegram_gives_it_another() -> None:
    rooms = Rooms("-4")
    rooms.move("-4", -1004)
    again = Rooms("-4")
    again.remember(rooms.kept)
    assert again.room(-1004) == "-4"
    assert again.chat("-4") == -1004
    configured_anew = Rooms("-1004")
    configured_anew.remember(rooms.kept)
    assert configured_anew.room(-1004) == "-1004"
