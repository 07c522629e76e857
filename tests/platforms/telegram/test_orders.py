"""What Telegram is asked to do for an order; the platform by itself, against the Bot API server of the tests."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.platforms.base import File, NotSent, Receipt, ThreadGone, ThreadMade, TooLate
from bot.platforms.telegram import Telegram, topics
from bot.platforms.telegram.members import Members
from bot.platforms.telegram.rooms import Rooms
from handlers.events import Attachment, MessageRef, Place, Sender
from handlers.orders import Change, Choice, Mark, OpenThread, Order, Relay, Remove, Say, SendFile, ShowState, Sign, Text, Verb
from tests.platforms.botapi import BotApi, Group, Person
from tests.platforms.botapi.files import PNG

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")

LONG = "Beseda in še ena. " * 70
CLAIM = Choice("Prevzemi", Verb.CLAIM, ticket=1, id="claim-id")


@pytest.fixture
async def ana(api: BotApi) -> Person:
    person = api.user("Ana")
    await person.says("/start")
    return person


def opening(staff: Group, title: str = "#1 · Ana · Kje?") -> OpenThread:
    return OpenThread(place=Place("telegram", str(staff.id)), ticket=1, title=title, parts=(Text("Zadeva #1"),), choices=(CLAIM,))


async def opened(telegram: Telegram, order: OpenThread) -> Receipt:
    """As delivery does it: first the topic, then its card."""
    with pytest.raises(ThreadMade) as made:
        await telegram.send(order, "k")
    return await telegram.send(replace(order, place=replace(order.place, thread=made.value.thread)), "k")


def from_elsewhere(person: Person, *kinds: str, text: str = "Poglejte.") -> Relay:
    attachments = tuple(Attachment(kind, ref=f"mxc://{number}", name=f"{kind}{number}") for number, kind in enumerate(kinds))
    return Relay(
        place=Place("telegram", str(person.id)),
        ticket=1,
        author="Svetovanje (Maja)",
        text=text,
        origin=MessageRef("matrix", "!staff", "$1"),
        attachments=attachments,
    )


def files(order: Relay) -> list[File]:
    return [File(one.name, one.kind, "application/octet-stream", PNG) for one in order.attachments]


@pytest.mark.parametrize(
    ("kind", "method"),
    [("photo", "sendPhoto"), ("document", "sendDocument"), ("voice", "sendVoice"), ("audio", "sendAudio"), ("video", "sendVideo")],
)
async def test_a_file_of_another_platform_is_sent_as_what_it_is_with_the_words_under_it(
    api: BotApi, telegram: Telegram, ana: Person, kind: str, method: str
) -> None:
    order = from_elsewhere(ana, kind)
    await telegram.send(order, "k", files(order))
    assert api.called(method)
    assert (api.sees(ana)[-1].kind, api.sees(ana)[-1].text) == (kind, "Svetovanje (Maja):\n\nPoglejte.")
    assert ("bold", "Svetovanje (Maja):") in api.sees(ana)[-1].formatted


async def test_a_picture_of_ours_is_sent_as_a_photo(api: BotApi, telegram: Telegram, ana: Person) -> None:
    picture = b64encode(PNG).decode()
    place, parts = Place("telegram", str(ana.id)), (Text("Vprašanja po dnevih"),)
    await telegram.send(SendFile(place=place, name="report.png", content=picture, encoded=True, parts=parts), "k")
    assert (api.sees(ana)[-1].kind, api.sees(ana)[-1].text) == ("photo", "Vprašanja po dnevih")


async def test_what_telegram_does_not_take_as_a_picture_goes_as_a_document(api: BotApi, telegram: Telegram, ana: Person) -> None:
    order = from_elsewhere(ana, "photo")
    await telegram.send(order, "k", [File("slika.tiff", "photo", "image/tiff", b"no picture")])
    assert api.sees(ana)[-1].kind == "document"


async def test_words_too_long_for_a_caption_go_before_the_file(api: BotApi, telegram: Telegram, ana: Person) -> None:
    order = from_elsewhere(ana, "document", text=LONG)
    await telegram.send(order, "k", files(order))
    text, document = api.sees(ana)[-2:]
    assert LONG.strip() in text.text
    assert (document.kind, document.text) == ("document", "")


async def test_pictures_of_another_platform_are_an_album_and_what_is_too_large_is_named(
    api: BotApi, telegram: Telegram, ana: Person
) -> None:
    order = from_elsewhere(ana, "photo", "photo", "video", "document", text="")
    await telegram.send(order, "k", files(order)[:3])
    text, *album = api.sees(ana)[-3:]
    assert {one.album for one in (text, *album)} == {album[0].album}
    assert "[dokument: document3]" in text.text


async def test_a_copied_picture_whose_words_are_too_long_for_a_caption_keeps_them(
    api: BotApi, telegram: Telegram, staff: Group, ana: Person
) -> None:
    card = await opened(telegram, opening(staff))
    photo = await ana.sends(photo=True, caption=LONG[:1020])
    relay = Relay(
        place=Place("telegram", str(staff.id), card.thread),
        ticket=1,
        author="Ana",
        text=photo.text,
        origin=MessageRef("telegram", str(ana.id), str(photo.id)),
        attachments=(Attachment("photo", ref=f"{photo.id}:x"),),
    )
    await telegram.send(relay, "k2")
    text, copy = api.sees(staff, staff.topics[-1])[-2:]
    assert photo.text in text.text
    assert (copy.kind, copy.text) == ("photo", "")


async def test_the_topic_is_noted_before_its_card_is_sent_so_that_no_second_one_is_made(
    api: BotApi, telegram: Telegram, staff: Group
) -> None:
    order = opening(staff)
    with pytest.raises(ThreadMade) as made:
        await telegram.send(order, "k")
    assert not api.called("sendMessage")
    again = replace(order, place=replace(order.place, thread=made.value.thread))
    api.faults.fail("sendMessage", 1, 409)
    with pytest.raises(NotSent):
        await telegram.send(again, "k")
    assert (await telegram.send(again, "k")).thread == made.value.thread
    assert [topic.name for topic in staff.topics] == ["#1 · Ana · Kje?"]

    await staff.delete_topic(staff.topics[0])
    with pytest.raises(ThreadGone):
        await telegram.send(again, "k3")


async def test_a_new_state_changes_the_cards_buttons_and_leaves_them_when_it_offers_nothing_new(
    api: BotApi, telegram: Telegram, staff: Group
) -> None:
    receipt = await opened(telegram, opening(staff))
    card = api.sees(staff, staff.topics[-1])[-1]
    place = Place("telegram", str(staff.id), receipt.thread)
    ref = MessageRef("telegram", str(staff.id), str(receipt.id))
    release = Choice("Spusti", Verb.RELEASE, ticket=1, id="release-id")
    await telegram.send(ShowState(place=place, ticket=1, state="claimed", title="#1", choices=(release,), card=ref), "k2")
    assert card.labels == ["Spusti"]
    await telegram.send(ShowState(place=place, ticket=1, state="answered", title="#1"), "k3")
    assert card.labels == ["Spusti"]
    card.deleted = True
    await telegram.send(ShowState(place=place, ticket=1, state="claimed", title="#1", choices=(CLAIM,), card=ref), "k4")


async def test_after_two_days_telegram_deletes_no_more_and_that_is_said(api: BotApi, telegram: Telegram, ana: Person) -> None:
    said = await telegram.send(Say(place=Place("telegram", str(ana.id)), parts=(Text("Prosim."),)), "k")
    api.later(hours=49)
    with pytest.raises(TooLate):
        await telegram.send(Remove(message=MessageRef("telegram", str(ana.id), str(said.id))), "k2")


@pytest.mark.parametrize(
    "order",
    [
        lambda ref: Change(message=ref, choices=(CLAIM,)),
        lambda ref: Remove(message=ref),
        lambda ref: Mark(message=ref, sign=Sign.SENT),
    ],
)
async def test_what_is_to_be_done_to_a_message_that_is_gone_is_as_good_as_done(telegram: Telegram, ana: Person, order: object) -> None:
    made: Order = order(MessageRef("telegram", str(ana.id), "999"))  # type: ignore[operator]
    assert await telegram.send(made, "k")


def test_a_topics_name_is_on_one_line_not_too_long_and_nothing_in_it_turns_around() -> None:
    assert topics.shown("#1 · Ana\u202e · \u2066izbriši\n\nvse 👩\u200d🎨") == "#1 · Ana · izbriši vse 👩\u200d🎨"
    assert topics.shown("🎨" * 100) == "🎨" * 64
    assert topics.shown("\u202e") == "…"


async def test_a_topic_with_a_hostile_name_is_made(telegram: Telegram, staff: Group) -> None:
    await opened(telegram, opening(staff, "#1 · Ana · " + "\u202e🎨\n" * 200))
    assert len(staff.topics[-1].name.encode("utf-16-le")) <= 256


async def test_who_left_is_known_to_be_gone_a_minute_later_even_if_nobody_told(api: BotApi, telegram: Telegram, staff: Group) -> None:
    maja, now = api.user("Maja"), timedelta()
    await staff.admit(maja)
    members = Members(telegram.bot, Rooms(str(staff.id)), lambda: now.total_seconds())
    assert await members.includes(Sender(str(maja.id)))
    staff.chat.members[maja.id] = "left"
    now = timedelta(seconds=59)
    assert await members.includes(Sender(str(maja.id)))
    now = timedelta(seconds=61)
    assert not await members.includes(Sender(str(maja.id)))


async def test_it_says_when_telegram_last_answered(api: BotApi, telegram: Telegram, ana: Person) -> None:
    before = telegram.reached_at
    assert before is not None
    await telegram.send(Say(place=Place("telegram", str(ana.id)), parts=(Text("Prosim."),)), "k")
    assert telegram.reached_at is not None
    assert telegram.reached_at > before
