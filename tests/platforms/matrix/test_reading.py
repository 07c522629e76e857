"""Matrix's events in our words."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.platforms.matrix import reading
from bot.platforms.matrix.reading import Room
from handlers.events import Edit, Message, Reaction, Removal, Unreachable, Unreadable

ROOM = Room("!r", "@desk:x", "Desk", names={"@ana:x": "Ana"})
SHARED = replace(ROOM, direct=False)


def event(content: dict[str, Any], kind: str = "m.room.message", **more: Any) -> dict[str, Any]:
    return {"type": kind, "event_id": "$1", "sender": "@ana:x", "origin_server_ts": 1000, "content": content} | more


def text(body: str, **more: Any) -> dict[str, Any]:
    return event({"msgtype": "m.text", "body": body, **more})


def read(raw: dict[str, Any], room: Room = ROOM) -> Any:
    return reading.read_event(raw, room)


def test_text_is_a_message_with_the_senders_name() -> None:
    message = read(text("Živjo"))
    assert isinstance(message, Message)
    assert (message.text, message.sender.name, message.key, message.place.thread) == ("Živjo", "Ana", "$1", None)


@pytest.mark.parametrize(
    "raw",
    [
        event({"msgtype": "m.notice", "body": "from a program"}),
        text("mine") | {"sender": "@desk:x"},
        event({}),
        event({"msgtype": "m.key.verification.request", "body": "?"}),
        event({"name": "A"}, "m.room.name", state_key=""),
        text("gone") | {"unsigned": {"redacted_because": {}}},
    ],
)
def test_notices_our_own_words_and_states_are_nothing(raw: dict[str, Any]) -> None:
    assert read(raw) is None


@pytest.mark.parametrize(
    "raw", [{}, event({"msgtype": 3}), text(5), event({"m.relates_to": 5}, "m.reaction"), text("a") | {"sender": None}]
)  # type: ignore[arg-type]
def test_what_is_malformed_is_set_aside_and_never_raises(raw: dict[str, Any]) -> None:
    assert isinstance(read(raw), Unreadable)


def test_an_edit_names_the_message_it_changes() -> None:
    new = {"msgtype": "m.text", "body": "popravljeno"}
    edit = read(text("* popravljeno", **{"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}))
    assert isinstance(edit, Edit)
    assert (edit.id, edit.text) == ("$0", "popravljeno")


def test_in_a_thread_the_reply_to_its_last_message_is_only_a_fallback() -> None:
    relation = {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": True, "m.in_reply_to": {"event_id": "$9"}}
    message = read(text("a", **{"m.relates_to": relation}))
    assert (message.place.thread, message.reply_to) == ("$root", None)
    assert read(text("a", **{"m.relates_to": relation | {"is_falling_back": False}})).reply_to == "$9"


def test_the_quotation_that_older_clients_put_before_a_reply_is_left_out() -> None:
    body = "> <@desk:x> Odgovor\n> še vrstica\n\nHvala"
    assert read(text(body, **{"m.relates_to": {"m.in_reply_to": {"event_id": "$9"}}})).text == "Hvala"
    assert read(text("> <b> citat")).text == "> <b> citat"


def test_reactions_and_redactions() -> None:
    reaction = read(event({"m.relates_to": {"rel_type": "m.annotation", "event_id": "$9", "key": "👍"}}, "m.reaction"))
    assert isinstance(reaction, Reaction)
    assert (reaction.message, reaction.emoji) == ("$9", "👍")
    assert read(event({}, "m.room.redaction", redacts="$9")).message == "$9"
    assert isinstance(read(event({"redacts": "$9"}, "m.room.redaction")), Removal)


def test_an_encrypted_file_carries_its_key() -> None:
    file = {"url": "mxc://x/1", "key": {"k": "K"}, "iv": "IV", "hashes": {"sha256": "H"}}
    message = read(
        event({"msgtype": "m.image", "body": "Poglejte", "filename": "a.png", "file": file, "info": {"size": 5, "mimetype": "image/png"}})
    )
    (attachment,) = message.attachments
    assert (message.text, attachment.kind, attachment.name, attachment.size) == ("Poglejte", "photo", "a.png", 5)
    assert json.loads(attachment.ref) == {"url": "mxc://x/1", "mime": "image/png", "key": "K", "iv": "IV", "hash": "H"}


@pytest.mark.parametrize(
    ("raw", "kind", "text_"),
    [
        (event({"msgtype": "m.audio", "body": "v.ogg", "url": "mxc://x/1", "org.matrix.msc3245.voice": {}}), "voice", ""),
        (event({"msgtype": "m.audio", "body": "a.mp3", "url": "mxc://x/1"}), "audio", ""),
        (event({"msgtype": "m.video", "body": "v.mp4", "url": "mxc://x/1"}), "video", ""),
        (event({"body": "mačka", "url": "mxc://x/1"}, "m.sticker"), "sticker", ""),
        (event({"msgtype": "m.location", "body": "Tukaj", "geo_uri": "geo:46.1,14.3;u=5"}), "location", "Tukaj"),
        (event({"msgtype": "org.example.new", "body": "nekaj"}), "other", "nekaj"),
        (
            event({"m.poll": {"question": {"m.text": [{"body": "Kdaj?"}]}, "answers": [{"m.text": [{"body": "Zdaj"}]}]}}, "m.poll.start"),
            "poll",
            "Kdaj?\n• Zdaj",
        ),
    ],
)
def test_every_kind_of_message_arrives(raw: dict[str, Any], kind: str, text_: str) -> None:
    message = read(raw)
    assert message.attachments[0].kind == kind
    assert message.text.startswith(text_)


@pytest.mark.parametrize(
    ("body", "more", "asked", "words"),
    [
        ("Kako odprem s.p.?", {}, False, "Kako odprem s.p.?"),
        ("!ask Kako?", {}, True, "Kako?"),
        ("Desk: Kako?", {"m.mentions": {"user_ids": ["@desk:x"]}}, True, "Kako?"),
        ("Desk: Kako?", {"m.mentions": {}}, False, "Desk: Kako?"),
        ("Hej Desk, kako?", {}, True, "Hej Desk, kako?"),
        ("Deskriptor", {}, False, "Deskriptor"),
    ],
)
def test_in_a_shared_room_only_what_is_said_to_the_bot_is_for_it(body: str, more: dict[str, Any], asked: bool, words: str) -> None:
    message = read(text(body, **more), SHARED)
    assert (message.addressed, message.text) == (asked, words)
    assert message.place.thread == "$1"


def test_leaving_a_direct_room_makes_a_person_unreachable_and_only_there() -> None:
    left = event({"membership": "leave"}, "m.room.member", state_key="@ana:x", unsigned={"prev_content": {"membership": "join"}})
    assert isinstance(read(left), Unreachable)
    assert read(left, SHARED) is None
    assert isinstance(read(event({"membership": "ban"}, "m.room.member", state_key="@desk:x")), Unreachable)


def test_what_was_said_before_the_bot_was_invited_is_not_for_it() -> None:
    old, invite, between, join, new = (
        text("old"),
        event({"membership": "invite"}, "m.room.member", state_key="@desk:x"),
        text("between"),
        event({"membership": "join"}, "m.room.member", state_key="@desk:x", unsigned={"prev_content": {"membership": "invite"}}),
        text("new"),
    )
    assert reading.since_invited([old, invite, between, join, new], "@desk:x") == [between, join, new]
    assert reading.since_invited([old, join, new], "@desk:x") == [new]
    assert reading.since_invited([old, new], "@desk:x") == [old, new]
