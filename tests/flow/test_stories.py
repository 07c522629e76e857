"""What people can do, told as stories through the three loops on a real database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import upkeep
from bot.platforms.base import NotSent, Refused, ThreadGone, Unknown, Unreachable
from handlers import commands
from handlers.events import Edit, MessageRef, Place, Press, Reaction, Removal, Sender, Unreadable
from handlers.events import Unreachable as PersonGone
from handlers.orders import OpenThread, SendFile, ShowState, Sign
from storage import conversations, tickets
from tests.faq import STAFF, Told, desk
from tests.stage import ADVISER, FakePlatform, Stage


async def test_the_first_question_is_welcomed_and_answered_with_source_and_review_date(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "kako odprem espe")

    welcome, answer = stage.texts("ana")
    assert "Podporna točka" in welcome
    assert "/zasebnost" in welcome
    assert answer.startswith("Odgovor o sp-register.")
    assert "kki@example.org" in answer
    assert "FURS" in answer
    assert "24. 11. 2026" in answer
    assert stage.last("ana").choices == ["Da, hvala", "Ne, naj odgovori človek"]


async def test_a_greeting_first_is_answered_by_the_welcome_alone(stage: Stage) -> None:
    await stage.hears("ana", "živjo")
    assert len(stage.texts("ana")) == 1
    await stage.hears("ana", "živjo")
    assert stage.last("ana").text == "Pozdravljeni!"


async def test_an_english_question_is_answered_in_english(stage: Stage) -> None:
    await stage.hears("john", "how do I register")
    assert stage.last("john").text.startswith("Answer about sp-register.")
    assert "Source: FURS" in stage.last("john").text
    assert "24 November 2026" in stage.last("john").text


async def test_a_chosen_language_stays_whatever_the_person_writes(stage: Stage) -> None:
    await stage.hears("ana", "/jezik en")
    await stage.hears("ana", "odprem espe")
    assert stage.last("ana").text.startswith("Answer")


async def test_when_unsure_the_person_chooses_and_gets_that_answer(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "davek")
    assert stage.last("ana").choices == ["Naslov sp-register", "Naslov sp-vs-doo", "Nič od tega"]
    await stage.presses("ana", "Naslov sp-vs-doo")
    assert stage.last("ana").text.startswith("Odgovor o sp-vs-doo.")


@pytest.mark.parametrize("typed", ["2", "2.", " 2) ", "2\ufe0f\u20e3", "naslov SP-VS-DOO"])
async def test_a_choice_can_be_typed_by_number_or_by_its_words(stage: Stage, typed: str) -> None:
    await stage.hears("ana", "davek")
    await stage.hears("ana", typed)
    assert stage.last("ana").text.startswith("Odgovor o sp-vs-doo.")


async def test_none_of_these_goes_to_the_advisers_with_what_was_offered(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "davek na pse")
    await stage.presses("ana", "Nič od tega")

    assert "zadeva #1" in stage.last("ana").text
    assert "danes do 16. ure" not in stage.last("ana").text
    assert "do srede, 25. 11. 2026, do 10. ure" in stage.last("ana").text
    card = stage.thread(1)[0]
    assert "davek na pse" in card
    assert "Nič od tega ni bilo pravo" in card
    assert "Naslov sp-register (60 %)" in card
    assert "slovenščina" in card


async def test_what_an_adviser_replies_reaches_the_person_who_asked(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "Kje je najbližja pekarna?")
    reply = await stage.adviser("Za vogalom.")

    assert stage.last("ana").text == "Svetovanje (Maja): Za vogalom."
    assert stage.marks(reply) == [Sign.SENT]


@pytest.mark.parametrize("note", ["// pozor", "/note pozor", "!opomba pozor", "  //pozor"])
async def test_a_note_never_leaves(stage: Stage, note: str) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    before = stage.texts("ana")
    message = await stage.adviser(note)
    assert stage.texts("ana") == before
    assert stage.marks(message) == [Sign.INTERNAL]


async def test_a_mistyped_command_is_not_sent_to_the_person(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    before = stage.texts("ana")
    message = await stage.adviser("/zakluci hvala")
    assert stage.texts("ana") == before
    assert stage.marks(message) == [Sign.FAILED]
    await stage.adviser(" /zakluci je ukaz")
    assert "/zakluci je ukaz" in stage.last("ana").text


async def test_everything_written_while_a_ticket_is_open_goes_to_it(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    said = len(stage.texts("ana"))
    await stage.hears("ana", "odprem espe")
    assert len(stage.texts("ana")) == said
    assert stage.thread(1)[-1] == "Ana: odprem espe"


async def test_after_closing_a_new_question_is_a_new_question(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/close Lep dan!")
    assert stage.texts("ana")[-2] == "Svetovanje (Maja): Lep dan!"
    assert stage.last("ana").text.startswith("Zadeva #1 je zaključena. Novo vprašanje lahko postavite kadar koli.")
    await stage.hears("ana", "odprem espe")
    assert stage.last("ana").text.startswith("Odgovor")


async def test_a_reply_to_a_closed_matter_opens_it_again(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    answer = stage.last("ana").id
    await stage.adviser("/zakljuci")
    await stage.hears("ana", "Za katerim?", reply_to=answer)
    assert "spet odprta" in stage.last("ana").text
    assert stage.thread(1)[-1] == "Ana: Za katerim?"
    await stage.adviser("Za levim.")
    assert stage.last("ana").text.endswith("Za levim.")


async def test_the_button_under_a_closed_matter_opens_it_again_once(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/close")
    await stage.presses("ana", "Potrebujem še pomoč")
    assert "#1 je spet odprta" in stage.last("ana").text


@pytest.mark.parametrize("words", ["rad bi govoril s človekom", "/svetovalec", "!adviser", "/adviser"])
async def test_a_human_can_be_asked_for_at_any_moment(stage: Stage, words: str) -> None:
    await stage.hears("ana", words)
    assert "zadeva #1" in stage.last("ana").text
    await stage.hears("ana", "gre za moj honorar")
    assert stage.thread(1)[-1] == "Ana: gre za moj honorar"


async def test_did_not_help_opens_a_ticket_with_question_answer_and_candidates(stage: Stage) -> None:
    await stage.hears("ana", "odprem espe")
    await stage.presses("ana", "Ne, naj odgovori človek")
    card = stage.thread(1)[0]
    assert "odprem espe" in card
    assert "»Naslov sp-register«" in card
    assert "ni pomagalo" in card
    assert "(60 %)" in card


async def test_saying_that_it_did_not_help_does_the_same(stage: Stage) -> None:
    await stage.hears("ana", "odprem espe")
    await stage.hears("ana", "to mi ni pomagalo")
    assert "»Naslov sp-register«" in stage.thread(1)[0]


async def test_yes_after_an_answer_is_a_thank_you_and_no_ticket(stage: Stage) -> None:
    await stage.hears("ana", "odprem espe")
    await stage.hears("ana", "da")
    assert stage.last("ana").text == "Me veseli. Srečno pri delu!"
    async with stage.engine.begin() as tx:
        assert (question := await conversations.question(tx, 1))
        assert question.helped is True
        assert not await tickets.still_open(tx)


async def test_two_questions_get_two_answers(stage: Stage) -> None:
    await stage.hears("ana", "povej oboje")
    assert "Odgovor o sp-register" in stage.last("ana").text
    assert "Odgovor o sp-vs-doo" in stage.last("ana").text


async def test_small_talk_is_never_a_ticket(stage: Stage) -> None:
    await stage.hears("ana", "si robot")
    assert stage.last("ana").text == "Program sem."
    assert not stage.thread(1)


async def test_a_follow_up_is_understood_with_the_question_before_for_half_an_hour(stage: Stage) -> None:
    await stage.hears("ana", "odprem espe")
    await stage.hears("ana", "davek in koliko to stane")
    await stage.later(minutes=31)
    await stage.hears("ana", "davek in kdaj")
    assert [earlier for _, _, earlier in stage.desk.matcher.asked] == [None, "odprem espe", None]


async def test_claiming_is_seen_and_only_one_adviser_gets_it(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/prevzemi")
    await stage.adviser("/claim", who=Sender("tone", "Tone"))
    assert stage.thread(1)[-2:] == ["Zadeva #1: prevzeto (Maja).", "Zadevo #1 že ureja Maja."]
    await stage.adviser("/spusti")
    assert stage.thread(1)[-1] == "Zadeva #1 spet čaka (Maja)."


async def test_the_queue_lists_open_tickets_with_their_state(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.hears("bor", "Kje je čevljar?")
    await stage.adviser("/claim", ticket=2)
    await stage.adviser("/vrsta", ticket=None)
    queue = stage.last("staff").text
    assert "2 odprti zadevi" in queue
    assert "#1 · Ana · Kje je pekarna? · čaka na nas · 10.00" in queue
    assert "#2 · Bor · Kje je čevljar? · ureja Maja · 10.00" in queue


async def test_card_buttons_claim_and_close(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    card = next(seen for seen in stage.platform.seen if isinstance(seen.order, OpenThread))
    claim = card.order.choices[0]
    await stage.press(ADVISER, replace(STAFF, thread="t1"), claim.id, card.id)
    assert "Zadeva #1: prevzeto (Maja)." in stage.thread(1)
    changed = next(seen for seen in stage.platform.seen if isinstance(seen.order, ShowState))
    assert changed.choices == ["Spusti", "Zaključi", "Naslov sp-register (60 %)", "Naslov sp-vs-doo (30 %)", "Naslov vat-threshold (5 %)"]
    assert changed.order.card == MessageRef("fake", "staff", card.id)


async def test_a_button_pressed_elsewhere_or_forged_does_nothing_for_the_ticket(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    card = next(seen for seen in stage.platform.seen if isinstance(seen.order, OpenThread))
    await stage.press(stage.person("eva"), stage.place("eva"), card.order.choices[1].id)
    await stage.press(ADVISER, STAFF, "forged")
    async with stage.engine.begin() as tx:
        ticket = await tickets.by_number(tx, 1)
    assert ticket is not None
    assert ticket.is_open


async def test_who_is_no_member_of_the_staff_channel_can_do_nothing(stage: Stage) -> None:
    stage.platform.advisers = {"maja"}
    await stage.hears("ana", "Kje je pekarna?")
    before = stage.texts("ana")
    message = await stage.adviser("Pri meni doma.", who=Sender("eve", "Maja"))
    await stage.adviser("/close", who=Sender("eve", "Maja"))
    assert stage.texts("ana") == before
    assert stage.marks(message) == [Sign.FAILED]


async def test_what_people_write_can_neither_format_nor_mention_in_the_staff_channel(stage: Stage) -> None:
    await stage.hears("ana", "**krepko** [klik](https://zlo.example) @room", sender=Sender("ana", "**Maja** @room [x](y)"))
    card = next(seen.order for seen in stage.platform.seen if isinstance(seen.order, OpenThread))
    ours = " ".join(part.markdown for part in card.parts if hasattr(part, "markdown"))
    assert "zlo.example" not in ours
    assert "@room" not in ours
    assert "**Maja**" not in ours


async def test_an_adviser_cannot_be_talked_over_while_commands_still_work(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.hears("ana", "/stanje")
    assert "Zadeva #1 čaka" in stage.last("ana").text
    await stage.hears("bor", "Kje je čevljar?")
    await stage.hears("bor", "/status")
    assert "Pred njo čaka 1 zadeva." in stage.last("bor").text


async def test_topics_lead_to_an_answer_and_its_no_carries_the_entry(stage: Stage) -> None:
    await stage.hears("ana", "/teme")
    assert stage.last("ana").choices == ["Začetek", "Davki"]
    await stage.presses("ana", "Davki")
    assert stage.last("ana").choices == ["Naslov vat-threshold", "Naslov vat-rates", "Vse teme"]
    await stage.presses("ana", "Naslov vat-rates")
    assert stage.last("ana").text.startswith("Odgovor o vat-rates.")
    await stage.presses("ana", "Ne, naj odgovori človek")
    assert "»Naslov vat-rates«" in stage.thread(1)[0]


async def test_start_with_a_deep_link_opens_that_topic(stage: Stage) -> None:
    await stage.hears("ana", "/start tax")
    assert "Podporna točka" in stage.texts("ana")[0]
    assert stage.last("ana").choices[0] == "Naslov vat-threshold"


async def test_mydata_is_a_file_with_everything(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "odprem espe skrivnost1")
    await stage.hears("ana", "/svetovalec")
    await stage.hears("ana", "skrivnost2")
    await stage.adviser("skrivnost3")
    await stage.hears("ana", "/mojipodatki")
    file = stage.last("ana").order
    assert isinstance(file, SendFile)
    for secret in ("skrivnost1", "skrivnost2", "skrivnost3"):
        assert secret in file.content


async def test_forget_deletes_everything_after_one_confirmation(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "Skrivnost o pekarni")
    await stage.hears("ana", "še ena skrivnost")
    await stage.hears("ana", "/izbrisi")
    assert "#1 je še odprta" in stage.last("ana").text
    await stage.presses("ana", "Da, izbriši vse")
    assert "izbrisani" in stage.last("ana").text
    assert any("zahtevala izbris" in text for text in stage.thread(1))
    async with stage.engine.begin() as tx:
        for table in ("inbox", "outbox", "conversations", "questions", "tickets", "ticket_lines", "ticket_history", "choices"):
            rows = [str(row) for row in await tx.exec_driver_sql(f"SELECT * FROM {table}")]
            assert not [row for row in rows if "krivnost" in row or "'ana'" in row or "Ana" in row], table
    await stage.hears("bor", "Kje je čevljar?")
    assert "zadeva #2" in stage.last("bor").text


async def test_forget_can_be_declined(stage: Stage) -> None:
    await stage.hears("ana", "odprem espe")
    await stage.hears("ana", "/forget")
    await stage.hears("ana", "ne")
    assert stage.last("ana").text == "Vse ostane, kot je."


async def test_what_is_closed_long_enough_is_deleted_and_what_is_open_stays(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "Skrivnost o pekarni")
    await stage.adviser("/close")
    await stage.hears("bor", "Kje je čevljar?")
    await stage.hears("eva", "odprem espe")
    await upkeep.expire(stage.engine, stage.desk, stage.now + timedelta(days=89))
    async with stage.engine.begin() as tx:
        assert await tickets.by_number(tx, 1)
    await upkeep.expire(stage.engine, stage.desk, stage.now + timedelta(days=91))
    async with stage.engine.begin() as tx:
        assert await tickets.by_number(tx, 1) is None
        assert [ticket.number for ticket in await tickets.still_open(tx)] == [2]
        assert await conversations.question(tx, 1) is None
        assert await conversations.question(tx, 3)
        assert await conversations.find(tx, "fake", "eva", "eva") is None
        assert await conversations.find(tx, "fake", "bor", "bor")
        for table in ("inbox", "outbox", "questions", "ticket_lines", "choices"):
            assert "krivnost" not in str((await tx.exec_driver_sql(f"SELECT * FROM {table}")).all())


async def test_the_same_event_handed_over_again_is_one_event(both_stages: Stage) -> None:
    stage = both_stages
    message = stage.message("ana", "odprem espe")
    await stage.happens(message, message)
    await stage.happens(message)
    assert len(stage.texts("ana")) == 2


async def test_a_handler_that_fails_five_times_becomes_a_ticket(sqlite) -> None:  # type: ignore[no-untyped-def]
    stage = Stage(sqlite, desk(Told(fails_on="hrošč")))
    await stage.hears("ana", "hrošč v programu")
    await stage.hears("bor", "odprem espe")
    assert stage.last("bor").text.startswith("Odgovor")
    for _ in range(5):
        await stage.later(seconds=20)
    assert "zadeva #1" in stage.last("ana").text
    assert "hrošč v programu" in stage.thread(1)[0]
    assert "petkrat" in stage.thread(1)[0]


async def test_order_is_kept_in_a_room_behind_an_event_that_fails(sqlite) -> None:  # type: ignore[no-untyped-def]
    stage = Stage(sqlite, desk(Told(fails_on="hrošč")))
    await stage.hears("ana", "hrošč")
    await stage.hears("ana", "odprem espe")
    assert stage.texts("ana") == []
    for _ in range(5):
        await stage.later(seconds=20)
    assert stage.thread(1)[-1] == "Ana: odprem espe"


async def test_an_unreadable_event_is_set_aside_and_its_neighbours_are_served(both_stages: Stage) -> None:
    stage = both_stages
    before, after = stage.message("ana", "odprem espe"), stage.message("bor", "odprem espe")
    await stage.happens(before, Unreadable("x", '{"odd": true}', "KeyError"), after)
    assert stage.texts("ana")
    assert stage.texts("bor")
    assert "ni bilo mogoče prebrati" in stage.last("staff").text


async def test_a_message_that_was_not_sent_is_sent_later_and_order_is_kept(stage: Stage) -> None:
    stage.platform.troubles["ana"] = [NotSent("down")]
    await stage.hears("ana", "odprem espe")
    assert stage.texts("ana") == []
    await stage.later(seconds=60)
    assert len(stage.texts("ana")) == 2
    assert stage.texts("ana")[0].startswith("Pozdravljeni")


async def test_a_send_of_unknown_fate_is_repeated_once_with_a_label(stage: Stage) -> None:
    stage.platform.troubles["ana"] = [Unknown("no answer")]
    stage.platform.lost_answer = True
    await stage.hears("ana", "/help")
    await stage.later(seconds=60)
    assert stage.texts("ana")[0].startswith("Pozdravljeni")
    assert stage.texts("ana")[1].startswith("(možna ponovitev)")


async def test_a_second_unknown_goes_to_the_advisers_as_undelivered(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    stage.platform.troubles["ana"] = [Unknown("no answer"), Unknown("no answer")]
    reply = await stage.adviser("Za vogalom.")
    for _ in range(3):
        await stage.later(minutes=10)
    assert stage.marks(reply) == [Sign.FAILED]


async def test_where_the_platform_drops_repeats_an_unknown_send_is_just_sent_again(sqlite) -> None:  # type: ignore[no-untyped-def]
    stage = Stage(sqlite, desk(), FakePlatform(idempotent=True))
    stage.platform.troubles["ana"] = [Unknown("no answer")]
    stage.platform.lost_answer = True
    await stage.hears("ana", "/help")
    await stage.later(minutes=10)
    assert [text[:11] for text in stage.texts("ana")] == ["Pozdravljen", "Napišite vp"]


async def test_an_adviser_is_told_when_the_person_cannot_be_reached(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    stage.platform.troubles["ana"] = [Unreachable()]
    reply = await stage.adviser("Za vogalom.")
    assert stage.marks(reply) == [Sign.FAILED]
    assert "ni dosegljiva" in stage.last("staff").text


async def test_a_refused_message_is_said_once_as_plain_text(stage: Stage) -> None:
    stage.platform.troubles["ana"] = [None, Refused("entities")]
    await stage.hears("ana", "odprem espe")
    assert stage.last("ana").text.startswith("Odgovor o sp-register.")
    assert stage.last("ana").choices == []


async def test_a_deleted_thread_is_made_again_with_its_history(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    stage.platform.troubles["staff"] = [ThreadGone()]
    await stage.hears("ana", "Ste tam?")
    again = [text for text in stage.thread(1) if "izginila" in text]
    assert len(again) == 1
    assert "Kje je pekarna?" in again[0]
    assert stage.thread(1)[-1] == "Ana: Ste tam?"


async def test_edits_are_shown_to_advisers_with_the_earlier_text(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?", id="p9")
    event = Edit(key="e1", place=stage.place("ana"), sender=stage.person("ana"), at=stage.now, id="p9", text="Kje je nova pekarna?")
    await stage.happens(event)
    assert "Ana (popravljeno sporočilo): Kje je nova pekarna?" in stage.thread(1)
    assert stage.thread(1)[-1].endswith("Kje je pekarna?")


async def test_an_advisers_correction_and_withdrawal_follow_to_the_person(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    reply = await stage.adviser("Za voglom.")
    place = replace(STAFF, thread="t1")
    await stage.happens(Edit(key="e1", place=place, sender=ADVISER, at=stage.now, id=reply, text="Za vogalom."))
    assert stage.last("ana").text == "Svetovanje (Maja):\n\nZa vogalom."
    await stage.happens(Removal(key="e2", place=place, sender=ADVISER, at=stage.now, message=reply))
    assert stage.last("ana").text == "[removed]"


async def test_reactions_and_leaving_are_shown_on_the_ticket(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    place, person = stage.place("ana"), stage.person("ana")
    await stage.happens(Reaction(key="r", place=place, sender=person, at=stage.now, message=stage.last("ana").id, emoji="👍"))
    assert "👍" in stage.thread(1)[-1]
    await stage.happens(PersonGone(key="u", place=place, sender=person, at=stage.now, reason="blocked"))
    assert "ni več mogoče doseči" in stage.thread(1)[-1]


async def test_a_press_of_an_old_button_is_answered_and_harmless(stage: Stage) -> None:
    await stage.hears("ana", "odprem espe")
    seen = stage.last("ana")
    no = seen.order.choices[1]
    await stage.press(stage.person("ana"), stage.place("ana"), no.id, seen.id)
    await stage.press(stage.person("ana"), stage.place("ana"), no.id, seen.id)
    assert "ne velja več" in stage.last("ana").text
    assert len([seen for seen in stage.platform.seen if isinstance(seen.order, OpenThread)]) == 1


async def test_press_by_number(stage: Stage) -> None:
    await stage.hears("ana", "davek")
    await stage.happens(Press(key="n", place=stage.place("ana"), sender=stage.person("ana"), at=stage.now, number=3))
    assert "zadeva #1" in stage.last("ana").text


async def test_in_a_group_what_would_open_a_ticket_moves_to_a_private_chat_with_the_question(sqlite) -> None:  # type: ignore[no-untyped-def]
    stage = Stage(sqlite, desk(direct_links={"fake": "https://chat.example/bot?start={start}"}))
    group = Place("fake", "group")
    await stage.hears("ana", "Kje je pekarna?", place=group, direct=False)
    invitation = stage.last("group").order
    assert invitation.choices[0].url == "https://chat.example/bot?start=q1"
    assert not stage.seen_by("staff")

    await stage.hears("eva", "/start q1")
    assert not stage.seen_by("staff")
    await stage.hears("ana", "/start q1")
    assert "Kje je pekarna?" in stage.thread(1)[0]


async def test_in_a_group_questions_are_answered_and_personal_commands_are_not(stage: Stage) -> None:
    group = Place("fake", "group")
    await stage.hears("ana", "odprem espe", place=group, direct=False)
    assert len(stage.texts("group")) == 1
    assert stage.last("group").text.startswith("Odgovor")
    await stage.hears("ana", "/mojipodatki", place=group, direct=False)
    assert "zaseben pogovor" in stage.last("group").text
    await stage.hears("ana", "pogovor med drugimi", place=group, direct=False, addressed=False)
    assert len(stage.texts("group")) == 2


async def test_a_question_from_before_an_outage_gets_an_apology_and_a_human(stage: Stage) -> None:
    await stage.hears("ana", "odprem espe", at=stage.now - timedelta(hours=7))
    assert stage.last("ana").text.startswith("Oprostite")
    assert "odprem espe" in stage.thread(1)[0]


async def test_a_reply_in_a_thread_that_is_just_being_made_waits_for_it(sqlite) -> None:  # type: ignore[no-untyped-def]
    stage = Stage(sqlite, desk(), platform=FakePlatform(idempotent=True))
    stage.platform.troubles["staff"] = [Unknown("the answer was lost")]
    stage.platform.lost_answer = True
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Za vogalom.")
    assert "vogalom" not in stage.last("ana").text

    await stage.later(seconds=6)
    await stage.later(seconds=1)

    assert stage.last("ana").text.endswith("Za vogalom.")


async def test_the_language_is_changed_with_a_press(stage: Stage) -> None:
    await stage.hears("ana", "/jezik")
    assert stage.last("ana").choices == ["Slovenščina", "English"]

    await stage.presses("ana", "English")
    await stage.hears("ana", "odprem espe")

    assert stage.last("ana").text.startswith("Answer about sp-register.")


@pytest.mark.parametrize("language", ["sl", "en"])
async def test_no_command_ever_shows_a_placeholder(stage: Stage, language: str) -> None:
    """Before anything was asked, after an answer and while advisers are asked, with an open ticket, and when it is closed."""
    await stage.hears("ana", f"/language {language}")
    names = [name for english, (slovene, _) in commands.NAMES.items() for name in (english, slovene)]
    for name in (*names, "register", *names, "Kje je pekarna?", *names):
        await stage.hears("ana", name if name not in names else f"/{name}")
    await stage.adviser("/zakljuci")
    for name in names:
        await stage.hears("ana", f"/{name}")

    assert [text for text in stage.texts("ana") if "{" in text] == []


async def test_the_last_question_is_quoted_where_no_ticket_is_open(stage: Stage) -> None:
    await stage.hears("ana", "kako odprem espe")
    await stage.hears("ana", "/stanje")
    assert stage.last("ana").text == "Nimate odprte zadeve. Vaše zadnje vprašanje:\n\nkako odprem espe"
