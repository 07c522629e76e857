"""The fake Bot API keeps Telegram's rules: checked through python-telegram-bot and raw HTTP."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto, MessageEntity, ReplyParameters, Update
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from tests.platforms.botapi import BotApi, Group, Person
from tests.platforms.botapi.files import PNG
from tests.platforms.botapi.text import formatted, words

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")

EVERYTHING = ["message", "edited_message", "callback_query", "message_reaction", "my_chat_member", "chat_member"]


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as server:
        yield server


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with a_bot(api) as bot:
        yield bot


@pytest.fixture
async def ana(api: BotApi) -> Person:
    person = api.user("Ana")
    await person.says("/start")
    return person


@pytest.fixture
def maja(api: BotApi) -> Person:
    return api.user("Maja")


@pytest.fixture
def group(api: BotApi, maja: Person) -> Group:
    return api.group("Svetovalci", forum=True, members=[maja])


def a_bot(api: BotApi, read_timeout: float = 5.0) -> Bot:
    def request() -> HTTPXRequest:
        return HTTPXRequest(read_timeout=read_timeout)

    return Bot(api.token, f"{api.url}/bot", f"{api.url}/file/bot", request=request(), get_updates_request=request())


async def raw(api: BotApi, method: str, token: str = "", **given: Any) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.post(f"{api.url}/bot{token or api.token}/{method}", json=given) as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def kinds(bot: Bot) -> list[str]:
    return [kind(update) for update in await bot.get_updates(allowed_updates=EVERYTHING)]


def kind(update: Update) -> str:
    return next(key for key in update.to_dict() if key != "update_id")


# --- Calls and parameters


async def test_what_telegram_does_not_know_is_an_error(api: BotApi, ana: Person) -> None:
    assert (await raw(api, "sendMesage", chat_id=ana.id, text="a"))["description"] == "Not Found: method not found"
    assert "has no parameter txt" in (await raw(api, "sendMessage", chat_id=ana.id, txt="a"))["description"]
    assert (await raw(api, "sendMessage", text="a"))["error_code"] == 400
    assert (await raw(api, "getMe", token="9:NO"))["error_code"] == 401
    assert "Boolean expected" in (await raw(api, "sendMessage", chat_id=ana.id, text="a", disable_notification=3))["description"]
    reply = {"message_id": 1, "colour": "red"}
    assert (
        "ReplyParameters has no field colour"
        in (await raw(api, "sendMessage", chat_id=ana.id, text="a", reply_parameters=reply))["description"]
    )


async def test_a_wrong_token_is_told(api: BotApi) -> None:
    bot = Bot("124:OTHER", f"{api.url}/bot")

    with pytest.raises(InvalidToken):
        await bot.initialize()
    await bot.shutdown()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": "  \n"}, "message text is empty"),
        ({"text": "a" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "a", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "can't parse entities"),
        ({"text": "😀", "entities": [{"type": "bold", "offset": 1, "length": 1}]}, "middle of a UTF-16 symbol"),
        ({"text": "abc", "entities": [{"type": "text_link", "offset": 0, "length": 1}]}, "has no url"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "č" * 33}]]}}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}}, "exactly one action"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a", "url": "example"}]]}}, "Wrong HTTP URL"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]] * 101}}, "REPLY_MARKUP_TOO_LONG"),
        ({"text": "a", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "a", "message_thread_id": 1}, "message thread not found"),
    ],
)
async def test_messages_outside_the_limits_are_refused(api: BotApi, ana: Person, given: dict[str, Any], says: str) -> None:
    answer = await raw(api, "sendMessage", chat_id=ana.id, **given)

    assert answer["error_code"] == 400
    assert says in answer["description"]


async def test_text_at_its_limits_arrives_with_its_entities(api: BotApi, bot: Bot, ana: Person) -> None:
    await bot.send_message(ana.id, "😀" * 2048)
    await bot.send_message(ana.id, "😀 krepko", entities=[MessageEntity("bold", 3, 6)])

    assert api.sees(ana)[-1].formatted == [("bold", "krepko")]
    assert len(api.sees(ana)[-2].text) == 2048


def test_links_commands_and_mentions_are_found_in_plain_text() -> None:
    _, entities = formatted("😀 /help@kki_bot in https://kki.si/a?b, @ana ne ana@kki.si")

    assert [entity["type"] for entity in entities] == ["bot_command", "url", "email"]
    assert [entity["offset"] for entity in entities] == [3, 20, 48]


async def test_strangers_blockers_and_the_deleted_cannot_be_written_to(api: BotApi, bot: Bot, ana: Person) -> None:
    stranger = api.user("Neznanka")

    with pytest.raises(Forbidden, match=r"(?i)can't initiate conversation"):
        await bot.send_message(stranger.id, "a")
    with pytest.raises(BadRequest, match=r"(?i)Chat not found"):
        await bot.send_message(5, "a")
    await ana.blocks()
    with pytest.raises(Forbidden, match=r"(?i)blocked by the user"):
        await bot.send_message(ana.id, "a")
    await ana.says("Tu sem")
    await bot.send_message(ana.id, "a")
    assert await kinds(bot) == ["message", "my_chat_member", "my_chat_member", "message"]
    await ana.deletes_account()
    with pytest.raises(Forbidden, match=r"(?i)deactivated"):
        await bot.send_message(ana.id, "a")


# --- Updates


async def test_an_update_is_confirmed_only_by_a_higher_offset(api: BotApi, bot: Bot, ana: Person) -> None:
    await ana.says("ena")
    first = await bot.get_updates(limit=1)

    assert await bot.get_updates(limit=1) == first
    (second,) = await bot.get_updates(offset=first[-1].update_id + 1)
    assert second.message is not None
    assert second.message.text == "ena"
    assert len(await bot.get_updates(offset=second.update_id + 1000)) == 1, "an offset from the future confirms nothing"
    await ana.says("dva")
    assert [update.update_id for update in await bot.get_updates(offset=-1)] == [second.update_id + 1]
    assert api.pending == 1


async def test_updates_are_kept_for_a_day(api: BotApi, bot: Bot, ana: Person) -> None:
    api.later(hours=23)
    await ana.says("novo")
    api.later(hours=2)

    assert [update.message and update.message.text for update in await bot.get_updates()] == ["novo"]


async def test_a_long_poll_ends_with_the_news(api: BotApi, bot: Bot, ana: Person) -> None:
    (first,) = await bot.get_updates()
    poll = asyncio.create_task(bot.get_updates(offset=first.update_id + 1, timeout=10))
    await asyncio.sleep(0.1)
    await ana.says("novica")

    assert len(await asyncio.wait_for(poll, 1)) == 1


async def test_reactions_and_members_come_only_when_asked_for_and_that_is_remembered(
    bot: Bot, ana: Person, group: Group, maja: Person
) -> None:
    message = await ana.says("a")
    await ana.reacts(message, "👍")
    assert [kind(update) for update in await bot.get_updates()] == ["message", "message"]

    await bot.get_updates(allowed_updates=EVERYTHING)
    await ana.reacts(message)
    await group.kick(maja)

    assert [kind(update) for update in await bot.get_updates()][2:] == ["message_reaction", "chat_member", "message"]


async def test_two_pollers_disturb_each_other(api: BotApi, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)

    assert await bot.get_updates() == ()
    with pytest.raises(Conflict, match=r"(?i)terminated by other getUpdates"):
        await first


async def test_a_webhook_gets_updates_in_order_until_they_are_taken(api: BotApi, bot: Bot, ana: Person) -> None:
    got: list[tuple[str | None, str]] = []
    answers = iter([500, 302, 204])

    async def take(request: web.Request) -> web.Response:
        got.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), (await request.json())["message"]["text"]))
        return web.Response(status=next(answers, 200))

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.world.updates.webhook_delay = 0.01
    await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token="skrivnost")
    await ana.says("dva")

    with pytest.raises(Conflict, match=r"(?i)webhook is active"):
        await bot.get_updates()
    await api.until(lambda: api.pending == 0)
    assert got == [("skrivnost", text) for text in ("/start", "/start", "/start", "dva")]
    assert "302" in str((await bot.get_webhook_info()).last_error_message)
    await bot.delete_webhook()
    assert await bot.get_updates() == ()
    await runner.cleanup()


# --- Messages


async def test_editing_follows_the_rules(api: BotApi, bot: Bot, ana: Person) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Da", callback_data="da")]])
    sent = await bot.send_message(ana.id, "Je to to?", reply_markup=keyboard)

    with pytest.raises(BadRequest, match=r"(?i)not modified"):
        await sent.edit_text("Je to to?", reply_markup=keyboard)
    with pytest.raises(BadRequest, match=r"(?i)can't be edited"):
        await bot.edit_message_text("a", ana.id, api.sees(ana)[0].id)
    with pytest.raises(BadRequest, match=r"(?i)not found"):
        await bot.edit_message_text("a", ana.id, 77)
    await sent.edit_text("Popravljeno")

    seen = api.sees(ana)[-1]
    assert (seen.text, seen.versions, seen.edited, seen.labels) == ("Popravljeno", ["Je to to?"], True, [])


async def test_people_edit_and_delete_in_their_own_way(api: BotApi, bot: Bot, ana: Person) -> None:
    message = await ana.says("Zivjo")
    await ana.edits(message, "Živjo")
    await ana.deletes(message)

    assert await kinds(bot) == ["message", "message", "edited_message"]
    with pytest.raises(BadRequest, match=r"(?i)replied not found"):
        await bot.send_message(ana.id, "a", reply_parameters=ReplyParameters(message.id))
    sent = await bot.send_message(ana.id, "a", reply_parameters=ReplyParameters(message.id, allow_sending_without_reply=True))
    assert sent.reply_to_message is None


async def test_messages_can_be_deleted_for_two_days(api: BotApi, bot: Bot, ana: Person) -> None:
    old, new = await bot.send_message(ana.id, "a"), await bot.send_message(ana.id, "b")
    await new.delete()
    api.later(hours=49)

    with pytest.raises(BadRequest, match=r"(?i)can't be deleted"):
        await old.delete()
    with pytest.raises(BadRequest, match=r"(?i)to delete not found"):
        await new.delete()
    assert api.texts(ana) == ["a"]


async def test_a_button_is_answered_within_half_a_minute(api: BotApi, bot: Bot, ana: Person) -> None:
    await bot.send_message(ana.id, "?", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Da", callback_data="id7")]]))
    pressed = await ana.presses(api.sees(ana)[-1], "Da")
    forged = await ana.presses(api.sees(ana)[-1], "data:nekaj")

    queries = [update.callback_query for update in await bot.get_updates() if update.callback_query]
    assert [query.data for query in queries] == ["id7", "nekaj"]
    await queries[0].answer("Hvala")
    assert pressed.answer == {"text": "Hvala"}
    api.later(seconds=31)
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await queries[1].answer()
    assert not forged.answered


async def test_only_some_reactions_exist(api: BotApi, bot: Bot, ana: Person) -> None:
    message = await ana.says("Hvala")

    with pytest.raises(BadRequest, match=r"(?i)reaction_invalid"):
        await bot.set_message_reaction(ana.id, message.id, "✅")
    await bot.set_message_reaction(ana.id, message.id, "👌")

    assert message.reactions == {bot.id: ["👌"]}


async def test_files_go_both_ways(api: BotApi, bot: Bot, ana: Person) -> None:
    sent = await ana.sends(document=b"%PDF", name="račun.pdf", caption="Glejte")
    await ana.sends(document="velik.zip", size=25_000_000)
    updates = await bot.get_updates()
    assert updates[1].message is not None
    assert updates[1].message.document is not None
    assert updates[1].message.document.file_name == "račun.pdf"
    assert bytes(await (await updates[1].message.document.get_file()).download_as_bytearray()) == b"%PDF"
    assert updates[2].message is not None
    assert updates[2].message.document is not None
    with pytest.raises(BadRequest, match=r"(?i)too big"):
        await updates[2].message.document.get_file()

    await bot.send_document(ana.id, b"besedilo", filename="odgovor.txt", caption="Izvolite")
    await bot.send_document(ana.id, updates[1].message.document.file_id)
    with pytest.raises(BadRequest, match=r"(?i)IMAGE_PROCESS_FAILED"):
        await bot.send_photo(ana.id, b"ni slika")
    with pytest.raises(BadRequest, match=r"(?i)type Document as Photo"):
        await bot.send_photo(ana.id, updates[1].message.document.file_id)
    assert [message.data["document"]["file_name"] for message in api.sees(ana)[-2:]] == ["odgovor.txt", "račun.pdf"]
    assert sent.kind == "document"


async def test_every_kind_of_message_can_be_sent_and_read(api: BotApi, bot: Bot, ana: Person) -> None:
    names = words("photo document voice audio video video_note animation sticker location venue contact poll dice")
    for name in names:
        what: dict[str, Any] = {name: True}
        await ana.sends(**what)

    updates = await bot.get_updates()
    assert all(getattr(update.message, name) for update, name in zip(updates[1:], names, strict=True))
    assert [message.kind for message in api.sees(ana)[1:]] == names


async def test_albums_stay_together(api: BotApi, bot: Bot, ana: Person, group: Group) -> None:
    album = await ana.sends_album(["photo", b"\x89PNG druga", ("video", "film.mp4")], caption="Trije")
    topic = await bot.create_forum_topic(group.id, "#1")
    copies = await bot.copy_messages(group.id, ana.id, [message.id for message in album], message_thread_id=topic.message_thread_id)
    sent = await bot.send_media_group(ana.id, [InputMediaPhoto(PNG, caption="Ena"), InputMediaPhoto(PNG)])

    copied = api.sees(group, topic.message_thread_id)[-3:]
    assert [message.id for message in copied] == [copy.message_id for copy in copies]
    assert len({message.album for message in album}) == 1
    assert len({message.album for message in copied}) == 1
    assert copied[0].album != album[0].album
    assert copied[0].text == "Trije"
    assert sent[0].media_group_id == sent[1].media_group_id
    with pytest.raises(BadRequest, match=r"(?i)strictly increasing"):
        await bot.copy_messages(group.id, ana.id, [3, 2])
    with pytest.raises(BadRequest, match=r"(?i)to copy not found"):
        await bot.copy_message(group.id, ana.id, 99)


# --- Groups and topics


async def test_messages_in_a_topic_carry_its_first_message(bot: Bot, group: Group, maja: Person) -> None:
    topic = await bot.create_forum_topic(group.id, "#1 Ana")
    card = await bot.send_message(group.id, "kartica", message_thread_id=topic.message_thread_id)
    await maja.says("odgovor", chat=group, topic=group.topic("#1"))
    await maja.says("nasploh", chat=group)

    inside, general = [update.message for update in await bot.get_updates()]
    assert card.message_thread_id == topic.message_thread_id
    assert inside is not None
    assert inside.is_topic_message
    assert inside.reply_to_message is not None
    assert inside.reply_to_message.message_id == topic.message_thread_id
    assert inside.reply_to_message.forum_topic_created is not None
    assert general is not None
    assert general.message_thread_id is None
    with pytest.raises(BadRequest, match=r"(?i)thread not found"):
        await bot.send_message(group.id, "a", message_thread_id=1)


async def test_deleted_and_closed_topics_refuse(api: BotApi, bot: Bot, group: Group) -> None:
    thread = (await bot.create_forum_topic(group.id, "#1")).message_thread_id
    await group.close_topic(group.topic("#1"))
    await bot.send_message(group.id, "z vsemi pravicami", message_thread_id=thread)
    await group.take_rights("can_manage_topics")
    with pytest.raises(BadRequest, match=r"(?i)topic_closed"):
        await bot.send_message(group.id, "a", message_thread_id=thread)
    with pytest.raises(BadRequest, match=r"(?i)not enough rights"):
        await bot.create_forum_topic(group.id, "#2")

    await group.delete_topic(group.topic("#1"))
    with pytest.raises(BadRequest, match=r"(?i)thread not found"):
        await bot.send_message(group.id, "a", message_thread_id=thread)
    api.world.topic_gone = "TOPIC_DELETED"
    with pytest.raises(BadRequest, match=r"(?i)topic_deleted"):
        await bot.send_message(group.id, "a", message_thread_id=thread)
    assert await kinds(bot) == ["message", "my_chat_member"], "closing and the right taken; deleting a topic is told to nobody"


async def test_topics_are_changed_once(bot: Bot, group: Group) -> None:
    thread = (await bot.create_forum_topic(group.id, "#1")).message_thread_id
    icon = (await bot.get_forum_topic_icon_stickers())[0]
    await bot.edit_forum_topic(group.id, thread, "#1 · zaprto", icon.custom_emoji_id)
    await bot.close_forum_topic(group.id, thread)

    topic = group.topic("#1")
    assert (topic.name, group.icon(topic), topic.closed) == ("#1 · zaprto", icon.emoji, True)
    with pytest.raises(BadRequest, match=r"(?i)not_modified"):
        await bot.close_forum_topic(group.id, thread)
    with pytest.raises(BadRequest, match=r"(?i)not_modified"):
        await bot.edit_forum_topic(group.id, thread, "#1 · zaprto")
    with pytest.raises(BadRequest, match=r"(?i)document_invalid"):
        await bot.edit_forum_topic(group.id, thread, icon_custom_emoji_id="1")
    with pytest.raises(BadRequest, match=r"(?i)too long"):
        await bot.create_forum_topic(group.id, "a" * 129)


async def test_privacy_mode_lets_through_commands_and_replies_to_the_bot(api: BotApi, bot: Bot, ana: Person) -> None:
    club = api.group("Klub", members=[ana], bot_is_admin=False)
    await ana.says("kar tako", chat=club)
    await ana.says("povej", chat=club, mention=True)
    await ana.says("/help", chat=club)
    await ana.says("/help@kki_bot", chat=club)
    await bot.send_message(club.id, "Pomoč")
    await ana.says("Hvala", chat=club, reply_to=api.sees(club)[-1])
    await ana.says("/help", chat=club)

    texts = [update.message.text for update in await bot.get_updates() if update.message][1:]
    assert texts == ["/help@kki_bot", "Hvala", "/help"]
    api.world.privacy = False
    await ana.says("zdaj vse", chat=club)
    await api.user("Drugi", bot=True).says("nikoli", chat=club)
    assert [update.message and update.message.text for update in await bot.get_updates()][-1] == "zdaj vse"


async def test_admins_may_hide_and_channels_speak(bot: Bot, group: Group, maja: Person) -> None:
    await maja.says("skrito", chat=group, anonymous=True)
    await group.channel_says("novica")

    messages = [update.message for update in await bot.get_updates() if update.message]
    assert [message.sender_chat and message.sender_chat.type for message in messages] == ["supergroup", "channel"]
    assert all(message.from_user and message.from_user.is_bot for message in messages)


async def test_a_reply_in_a_plain_supergroup_has_a_thread_but_no_topic(api: BotApi, bot: Bot, ana: Person) -> None:
    club = api.group("Klub", members=[ana])
    first = await ana.says("Kdo ve?", chat=club)
    await ana.says("jaz", chat=club, reply_to=first)

    *_, reply = [update.message for update in await bot.get_updates() if update.message]
    assert (reply.message_thread_id, reply.is_topic_message) == (first.id, None)
    await bot.send_message(club.id, "a", reply_parameters=ReplyParameters(reply.message_id))
    with pytest.raises(BadRequest, match=r"(?i)thread not found"):
        await bot.send_message(club.id, "a", message_thread_id=reply.message_thread_id)


async def test_protected_and_service_messages_cannot_be_copied(bot: Bot, ana: Person, group: Group, maja: Person) -> None:
    secret = await ana.sends(photo=True, protected=True)
    await group.admit(ana)

    with pytest.raises(BadRequest, match=r"(?i)can't be copied"):
        await bot.copy_message(group.id, ana.id, secret.id)
    *_, joined = [update.message for update in await bot.get_updates() if update.message]
    assert joined.new_chat_members
    with pytest.raises(BadRequest, match=r"(?i)can't be copied"):
        await bot.copy_message(ana.id, group.id, joined.message_id)


async def test_an_upgraded_group_tells_its_new_id(api: BotApi, bot: Bot, ana: Person) -> None:
    club = api.group("Klub", members=[ana], basic=True)
    old, new = club.id, await club.upgrade_to_supergroup()

    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old, "a")
    assert moved.value.new_chat_id == new
    await bot.send_message(new, "a")
    told = [update.message for update in await bot.get_updates() if update.message][1:]
    assert [(message.chat_id, message.migrate_to_chat_id, message.migrate_from_chat_id) for message in told] == [
        (old, new, None),
        (new, None, old),
    ]


async def test_members_and_the_bots_own_place_can_be_looked_up(api: BotApi, bot: Bot, group: Group, maja: Person, ana: Person) -> None:
    assert (await bot.get_chat_member(group.id, maja.id)).status == "member"
    assert (await bot.get_chat_member(group.id, ana.id)).status == "left"
    assert [one.status for one in await bot.get_chat_administrators(group.id)] == ["creator", "administrator"]
    await group.kick(maja)
    assert (await bot.get_chat_member(group.id, maja.id)).status == "kicked"
    await group.remove_bot()
    with pytest.raises(Forbidden, match=r"(?i)bot was kicked"):
        await bot.get_chat_member(group.id, maja.id)
    await group.add_bot(rights={"can_pin_messages": False})
    assert (await bot.get_chat(group.id)).is_forum


async def test_commands_and_descriptions_are_kept_by_language(bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("pomoc", "Pomoč")], language_code="sl")
    await bot.set_my_description("Pomočnik")

    assert await bot.get_my_commands() == ()
    assert (await bot.get_my_commands(language_code="sl"))[0].command == "pomoc"
    assert (await bot.get_my_description("en")).description == "Pomočnik"
    with pytest.raises(BadRequest, match=r"(?i)command_invalid"):
        await bot.set_my_commands([BotCommand("Pomoč", "Pomoč")])


# --- Limits and faults


async def test_who_sends_too_fast_is_told_to_wait(api: BotApi, bot: Bot, ana: Person) -> None:
    for _ in range(5):
        await bot.send_message(ana.id, "a")
    assert {limit for limit, *_ in api.violations} == {"chat"}

    api.limits = True
    with pytest.raises(RetryAfter):
        await bot.send_message(ana.id, "a")
    api.later(seconds=4)
    await bot.send_message(ana.id, "a")


async def test_a_group_takes_twenty_a_minute(api: BotApi, bot: Bot, group: Group) -> None:
    for _ in range(21):
        api.later(seconds=1.1)
        await bot.send_message(group.id, "a")

    assert [limit for limit, *_ in api.violations] == ["group"]


async def test_faults_come_before_or_after_the_effect(api: BotApi, bot: Bot, ana: Person) -> None:
    for fault, error in [
        (api.faults.fail("sendMessage", code=500), NetworkError),
        (api.faults.fail("sendMessage", code=429, retry_after=7), RetryAfter),
        (api.faults.fail("sendMessage", code=401, chat=ana.id), InvalidToken),
        (api.faults.html("sendMessage"), NetworkError),
        (api.faults.drop("sendMessage"), NetworkError),
    ]:
        with pytest.raises(error):
            await bot.send_message(ana.id, "nikoli")
        assert fault.met == 1
    assert api.texts(ana) == []

    api.faults.drop("sendMessage", after=True)
    with pytest.raises(NetworkError):
        await bot.send_message(ana.id, "vseeno")
    api.faults.slow("sendMessage", 0.1)
    await bot.send_message(ana.id, "počasi")
    assert api.texts(ana) == ["vseeno", "počasi"]


async def test_silence_and_absence(api: BotApi, ana: Person) -> None:
    async with a_bot(api, read_timeout=0.2) as bot:
        api.faults.hang("sendMessage", after=True)
        with pytest.raises(TimedOut):
            await bot.send_message(ana.id, "tiho")
        await api.goes_down()
        with pytest.raises(NetworkError):
            await bot.send_message(ana.id, "nikogar")
        await api.comes_back()
        await bot.send_message(ana.id, "spet")

    assert api.texts(ana) == ["tiho", "spet"]


async def test_a_lost_answer_to_get_updates_confirms_what_was_asked(api: BotApi, bot: Bot, ana: Person) -> None:
    (first,) = await bot.get_updates()
    await ana.says("še ena")
    api.faults.drop("getUpdates", after=True)
    with pytest.raises(NetworkError):
        await bot.get_updates(offset=first.update_id + 1)

    assert [update.message and update.message.text for update in await bot.get_updates(offset=first.update_id + 1)] == ["še ena"]


async def test_it_runs_as_a_process_and_is_directed_over_http(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.platforms.botapi", "--log", str(log), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as session:

        async def post(path: str, **given: Any) -> Any:
            async with session.post(f"{url}/{path}", json=given) as answer:
                return await answer.json()

        ana = (await post("control/user", name="Ana"))["id"]
        said = await post("control/do", who=ana, does="says", args=["Živjo"])
        await post("control/do", who=ana, does="edits", args=[{"message": [ana, said["message_id"]]}, "Živijo"])
        assert [update["update_id"] for update in (await post("bot123:TEST/getUpdates"))["result"]] == [700_000_001, 700_000_002]
        await post("control/faults", does="fail", args=["sendMessage", 1, 429])
        assert (await post("bot123:TEST/sendMessage", chat_id=ana, text="a"))["parameters"] == {"retry_after": 1}
        await post("bot123:TEST/sendMessage", chat_id=ana, text="Pozdravljeni")

        assert [message["text"] for message in await post("control/sees", where=ana)] == ["Živijo", "Pozdravljeni"]
        assert [call["method"] for call in await post("control/calls", since=1)] == ["sendMessage", "sendMessage"]
    process.kill()
    await process.wait()
    assert [json.loads(line)["error"] for line in log.read_text().splitlines()] == [0, 429, 0]
