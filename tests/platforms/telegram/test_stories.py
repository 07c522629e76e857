"""People and advisers in Telegram's apps, through the real process."""

import pytest

from tests.platforms.telegram.conftest import Scene
from tests.platforms.telegram.desk import ANSWER, QUESTION, UNKNOWN

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_question_is_welcomed_and_answered_with_buttons_that_go_once_pressed(scene: Scene) -> None:
    api, ana = scene.api, scene.ana
    await ana.says(QUESTION)
    await api.until(lambda: len(api.texts(ana)) == 2)

    welcome, answer = api.texts(ana)
    assert "Podporna točka" in welcome
    assert answer.startswith(ANSWER)
    assert ("text_link", "SPOT") in api.sees(ana)[-1].formatted
    assert api.called("sendChatAction")

    query = await ana.presses(api.sees(ana)[-1], "Da, hvala")
    await api.until(lambda: len(api.texts(ana)) == 3)
    await api.until(lambda: not api.sees(ana)[-2].labels and query.answered)


async def test_from_the_question_to_the_advisers_answer_and_back(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket(UNKNOWN)
    card = api.sees(staff, topic)[-1]
    assert topic.name.endswith(f" · Ana · {UNKNOWN}")
    assert topic.name.startswith("#")
    assert ("blockquote", UNKNOWN) in card.formatted
    assert staff.icon(topic).startswith("❗")

    await maja.presses(card, "Prevzemi")
    await api.until(lambda: "Spusti" in card.labels and staff.icon(topic) == "🔎")
    said = await maja.says("Poskusite v Radovljici.", chat=staff, topic=topic)
    await api.until(lambda: api.texts(ana)[-1] == "Svetovanje (Maja):\n\nPoskusite v Radovljici.")
    await api.until(lambda: said.reactions.get(123) == ["👌"] and staff.icon(topic) == "💬")

    note = await maja.says("// verjetno jo ima šola", chat=staff, topic=topic)
    await api.until(lambda: note.reactions.get(123) == ["✍"])
    await ana.says("Hvala!")
    await api.until(lambda: scene.said(topic)[-1] == "Ana:\n\nHvala!")

    await maja.edits(said, "Poskusite v Kamniku.")
    await api.until(lambda: "Kamniku" in api.sees(ana)[-2].text)
    await maja.says("/umakni", chat=staff, topic=topic, reply_to=said)
    await api.until(lambda: not any("Kamniku" in text for text in api.texts(ana)))

    await maja.says("/zakljuci Lep pozdrav", chat=staff, topic=topic)
    await api.until(lambda: topic.closed and staff.icon(topic) == "✅")
    await api.until(lambda: "Potrebujem še pomoč" in api.sees(ana)[-1].labels)
    await ana.presses(api.sees(ana)[-1], "Potrebujem še pomoč")
    await api.until(lambda: not topic.closed)


async def test_every_kind_of_message_reaches_the_ticket_and_albums_stay_albums(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    for kind in (
        "photo",
        "document",
        "voice",
        "video",
        "video_note",
        "audio",
        "animation",
        "sticker",
        "location",
        "venue",
        "contact",
        "poll",
        "dice",
    ):
        await ana.sends(**{kind: True})
        await api.until(lambda kind=kind: api.sees(staff, topic)[-1].kind == kind)
    await ana.sends_album(["photo", "video", "photo"], caption="Moja peč")
    await api.until(lambda: len([one for one in api.sees(staff, topic) if one.album]) == 3)
    assert len({one.album for one in api.sees(staff, topic) if one.album}) == 1

    await ana.sends(photo=True, caption="Račun")
    await api.until(lambda: api.sees(staff, topic)[-1].text == "Ana:\n\nRačun")
    await ana.sends(photo=True, protected=True)
    await api.until(lambda: "[slika]" in scene.said(topic)[-1])

    await maja.sends_album([("document", "a.pdf"), ("document", "b.pdf")], chat=staff, topic=topic)
    await api.until(lambda: len([one for one in api.sees(ana) if one.by_bot and one.album]) == 2)
    await maja.sends(voice=True, chat=staff, topic=topic)
    await api.until(lambda: api.sees(ana)[-1].kind == "voice")


async def test_edits_reactions_and_a_blocked_bot_are_shown_on_the_ticket(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    more = await ana.says("Nujno je.")
    await api.until(lambda: scene.said(topic)[-1] == "Ana:\n\nNujno je.")
    await ana.edits(more, "Ni nujno.")
    await api.until(lambda: any("Ni nujno." in text for text in scene.said(topic)) and "Nujno je." in scene.said(topic)[-1])

    copy = next(one for one in api.sees(staff, topic) if one.text == "Ana:\n\nNujno je.")
    await maja.reacts(copy, "❤")
    await api.until(lambda: more.reactions.get(123) == ["❤"])
    await maja.says("Prav.", chat=staff, topic=topic)
    await api.until(lambda: "Prav." in api.texts(ana)[-1])
    await ana.reacts(api.sees(ana)[-1], "👍")
    await api.until(lambda: "👍" in scene.said(topic)[-1])

    await ana.blocks()
    await api.until(lambda: "ni več mogoče doseči" in scene.said(topic)[-1])
    said = await maja.says("Ste še tam?", chat=staff, topic=topic)
    await api.until(lambda: said.reactions.get(123) == ["💔"] and "ni dosegljiva" in scene.said(topic)[-1])
    assert api.sees(staff, topic)[-1].reply_to == said.id


async def test_commands_and_deep_links_speak_the_persons_language(scene: Scene) -> None:
    api = scene.api
    john = api.user("John", language="en")
    await john.says("/start tax")
    await api.until(lambda: api.sees(john)[-1].labels == ["When must I register for VAT?", "All topics"])
    await john.presses(api.sees(john)[-1], "When must I register for VAT?")
    await api.until(lambda: "The answer to" in api.texts(john)[-1])
    menus = {language: [one["command"] for one in menu] for (scope, language), menu in api.world.commands.items() if "private" in scope}
    assert "svetovalec" in menus["sl"]
    assert "adviser" in menus["en"]
    of_staff = next(menu for (scope, _), menu in api.world.commands.items() if str(scene.staff.id) in scope)
    assert "prevzemi" in [one["command"] for one in of_staff]


async def test_in_a_groups_topic_the_answer_comes_where_it_was_asked(scene: Scene) -> None:
    api, ana = scene.api, scene.ana
    group = api.group("Ustvarjalci s temami", forum=True, members=[ana])
    topic = await group.create_topic("Vprašanja", by=ana)
    await ana.says(QUESTION, chat=group, topic=topic, mention=True)
    await api.until(lambda: any(ANSWER in text for text in api.texts(group, topic)))
    await api.until(lambda: any(call.parameters.get("message_thread_id") == topic.id for call in api.called("sendChatAction")))
    assert not api.texts(group, "general")


async def test_in_a_group_only_what_is_said_to_the_bot_is_answered_and_a_ticket_moves_to_the_private_chat(scene: Scene) -> None:
    api, ana = scene.api, scene.ana
    group = api.group("Ustvarjalci", members=[ana])
    among_themselves = "Greva na kavo?"
    await ana.says(among_themselves, chat=group)
    await ana.says(QUESTION, chat=group, mention=True)
    await api.until(lambda: any(ANSWER in text for text in api.texts(group)))
    assert not any(among_themselves in str(row) for table in ("inbox", "questions") for row in scene.desk.rows(f"SELECT * FROM {table}"))

    await ana.says(UNKNOWN, chat=group, mention=True)
    await api.until(lambda: api.sees(group)[-1].labels == ["Odpri zasebni pogovor"])
    link = api.sees(group)[-1].buttons[0]["url"]
    assert link.startswith("https://t.me/kki_bot?start=q")
    before = len(scene.staff.topics)
    await ana.says(f"/start {link.partition('=')[2]}")
    await api.until(lambda: "(zadeva #" in api.texts(ana)[-1] and len(scene.staff.topics) == before + 1)
    await api.until(lambda: UNKNOWN in scene.said(scene.staff.topics[-1])[0])


@pytest.mark.parametrize("error", ["message thread not found", "TOPIC_DELETED"])
async def test_a_deleted_topic_comes_again_with_its_history(scene: Scene, error: str) -> None:
    api, ana, staff = scene.api, scene.ana, scene.staff
    api.world.topic_gone = error
    topic = await scene.ticket()
    await ana.says("Pred izbrisom.")
    await api.until(lambda: "Pred izbrisom." in scene.said(topic)[-1])
    await staff.delete_topic(topic)
    await ana.says("Po izbrisu.")
    await api.until(lambda: staff.topics[-1].name == topic.name and scene.said(staff.topics[-1])[-1] == "Ana:\n\nPo izbrisu.")
    assert UNKNOWN in scene.said(staff.topics[-1])[0]
    assert "Pred izbrisom." in scene.said(staff.topics[-1])[0]
    await api.until(lambda: "izbrisana" in scene.general[-1])


async def test_a_topic_closed_or_renamed_by_hand_is_put_right(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    name = topic.name
    await staff.close_topic(topic, by=maja)
    await api.until(lambda: not topic.closed and "na roko" in scene.general[-1])
    await staff.rename_topic(topic, "Nekaj", by=maja)
    await api.until(lambda: topic.name == name)
    await ana.says("Tu sem.")
    await api.until(lambda: scene.said(topic)[-1] == "Ana:\n\nTu sem.")


async def test_rights_taken_and_the_bot_removed_nothing_is_lost(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    await staff.take_rights("can_manage_topics")
    await api.until(lambda: "manjka: upravljanje tem" in scene.general[-1])
    question = "Kje dobim kovaški meh?"
    await ana.says(question)
    await api.until(lambda: any(question in text for text in scene.general))
    card = next(one for one in api.sees(staff) if question in one.text)
    await maja.says("V Radovljici.", chat=staff, reply_to=card)
    await api.until(lambda: "V Radovljici." in api.texts(ana)[-1])
    await staff.give_rights()
    await api.until(lambda: "spet vse" in scene.general[-1])

    await staff.remove_bot()
    bor = api.user("Bor")
    await bor.says("Kje dobim barvno steklo?")
    await api.until(lambda: "(zadeva #" in api.texts(bor)[-1])
    await staff.add_bot()
    await api.until(lambda: "barvno steklo" in scene.said(staff.topics[-1])[0], 30)
    await api.until(lambda: "spet vse" in scene.general[-1])


async def test_long_answers_arrive_whole_in_several_messages(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    words = "\n\n".join(f"Odstavek {number}: " + "čšž 🎨 " * 40 for number in range(30))
    for part in (words[:4000], words[4000:8000]):
        await ana.says(part)
    await api.until(lambda: any("Odstavek 24" in text for text in scene.said(topic)))
    said = await maja.says(words[:4090], chat=staff, topic=topic)
    await api.until(lambda: said.reactions.get(123) == ["👌"])
    pieces = [text for text in api.texts(ana) if "Odstavek" in text]
    assert len(pieces) == 2
    assert "".join("".join(pieces).split()).removeprefix("Svetovanje(Maja):") == "".join(words[:4090].split())


async def test_the_cards_buttons_follow_also_what_is_done_by_words(scene: Scene) -> None:
    api, maja, staff = scene.api, scene.maja, scene.staff
    topic = await scene.ticket()
    card = next(one for one in api.sees(staff, topic) if one.labels)
    await maja.says("V Radovljici.", chat=staff, topic=topic)  # the first who replies has claimed it
    await api.until(lambda: "Spusti" in card.labels)
    await maja.says("/spusti", chat=staff, topic=topic)
    await api.until(lambda: "Prevzemi" in card.labels)
    await maja.says("/zakljuci", chat=staff, topic=topic)
    await api.until(lambda: "Prevzemi" not in card.labels and "Zaključi" not in card.labels)
    await maja.presses(card, card.labels[0])
    await api.until(lambda: not topic.closed and "Zaključi" in card.labels)


async def test_a_deleted_account_is_told_on_the_ticket(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    await ana.deletes_account()
    said = await maja.says("V Radovljici.", chat=staff, topic=topic)
    await api.until(lambda: said.reactions.get(123) == ["💔"] and "ni dosegljiva" in scene.said(topic)[-1])
    assert api.sees(staff, topic)[-1].reply_to == said.id


async def test_of_an_erased_ticket_only_the_number_of_its_topic_stays(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    await ana.says("/izbrisi")
    await api.until(lambda: "Da, izbriši vse" in api.sees(ana)[-1].labels)
    await ana.presses(api.sees(ana)[-1], "Da, izbriši vse")
    await api.until(lambda: topic.name == topic.name.partition(" ")[0] and topic.closed)
    assert not any(UNKNOWN in text for text in scene.said(topic))
    said = await maja.says("Ste še tam?", chat=staff, topic=topic)
    await api.until(lambda: said.reactions.get(123) == ["💔"] and "izbrisana" in scene.said(topic)[-1])


async def test_what_is_older_than_two_days_cannot_be_taken_back_and_the_adviser_is_told_why(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    said = await maja.says("V Radovljici.", chat=staff, topic=topic)
    await api.until(lambda: said.reactions.get(123) == ["👌"])
    api.later(hours=49)
    try:
        command = await maja.says("/umakni", chat=staff, topic=topic, reply_to=said)
        await api.until(lambda: command.reactions.get(123) == ["💔"] and "prestaro" in scene.said(topic)[-1])
    finally:
        api.world.now.moved = 0
    assert "V Radovljici." in api.texts(ana)[-1]


async def test_a_question_from_before_a_long_outage_gets_an_apology_and_a_human(scene: Scene) -> None:
    api, ana, staff = scene.api, scene.ana, scene.staff
    before = len(staff.topics)
    api.later(hours=-7)
    await ana.says(QUESTION)
    api.world.now.moved = 0
    await api.until(lambda: len(staff.topics) == before + 1 and QUESTION in scene.said(staff.topics[-1])[0])
    await api.until(lambda: any(text.startswith("Oprostite") and "(zadeva #" in text for text in api.texts(ana)))
    assert not any(ANSWER in text for text in api.texts(ana))
