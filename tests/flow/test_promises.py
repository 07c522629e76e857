"""What a ticket says of itself stays true: after an answer is taken back, a follow-up, a handing back; and nobody closes it unasked."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.events import Edit
from handlers.orders import Sign
from handlers.situation import DraftState, State
from storage import drafts
from tests.faq import LJUBLJANA, STAFF, TUESDAY, desk
from tests.flow.test_desk import ENTRY, TONE, card, edits, history, kept, lines, offered, press, removes
from tests.flow.test_time import GOOD, MORE_HELP, POOR, SOLVED, channel, until
from tests.stage import ADVISER, Stage


def on(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=LJUBLJANA)  # type: ignore[misc, arg-type]


@pytest.fixture
async def slow(engine: AsyncEngine) -> Stage:
    """A desk at which a reply can be taken back for ten seconds, on both databases."""
    return Stage(engine, desk(undo=10))


async def answered(stage: Stage) -> str:
    """Ana asks, ten minutes later Maja answers; the answer's id."""
    await stage.hears("ana", "Kje je pekarna?")
    await stage.later(minutes=10)
    return await stage.adviser("Za vogalom.")


# — an answer taken back —


@pytest.mark.parametrize("how", ["/umakni", "// Za vogalom.", "removed"])
async def test_a_question_whose_answer_was_taken_back_in_time_waits_for_the_adviser_as_before(slow: Stage, how: str) -> None:
    reply = await answered(slow)
    match how:
        case "/umakni":
            await slow.adviser(how, reply_to=reply)
        case "removed":
            await removes(slow, reply)
        case note:
            await edits(slow, reply, note)

    again = await kept(slow)
    assert (again.state, again.adviser, again.waiting_since) == (State.CLAIMED, ADVISER, TUESDAY)
    assert card(slow)[:2] == ["Spusti", "Zaključi"]
    await slow.hears("ana", "/stanje")
    await slow.later(seconds=10)
    assert slow.last("ana").text == "Zadevo #1 že ureja svetovalna ekipa. Odgovorimo predvidoma do srede, 25. 11. 2026, do 10. ure."
    await slow.adviser("/vrsta", ticket=None)
    assert "ureja Maja" in slow.last("staff").text


async def test_the_adviser_is_reminded_of_an_answer_taken_back_and_the_person_asked_nothing(slow: Stage) -> None:
    reply = await answered(slow)
    await slow.adviser("/umakni", reply_to=reply)
    await slow.later(hours=4)
    assert slow.thread(1)[-1].startswith("@Maja Oseba v zadevi #1 še čaka na odgovor.")
    said = slow.texts("ana")
    await slow.later(days=10)
    assert slow.texts("ana") == said
    assert (await kept(slow)).is_open


async def test_an_answer_deleted_at_the_persons_side_is_owed_again(stage: Stage) -> None:
    reply = await answered(stage)
    await stage.later(days=1)
    await stage.adviser("/umakni", reply_to=reply)
    assert stage.last("ana").text == "[removed]"
    again = await kept(stage)
    assert (again.state, again.waiting_since, again.claimed_at) == (State.CLAIMED, TUESDAY, stage.now)


async def test_a_question_with_another_answer_that_stands_stays_answered(slow: Stage) -> None:
    await answered(slow)
    await slow.later(minutes=1)
    slip = await slow.adviser("In še to.")
    await slow.adviser("/umakni", reply_to=slip)
    assert (await kept(slow)).state is State.ANSWERED


async def test_an_answer_to_an_earlier_question_does_not_stand_for_the_one_taken_back(slow: Stage) -> None:
    await answered(slow)
    await slow.later(minutes=5)
    asked_again = slow.now
    await slow.hears("ana", "Za katerim?")
    await slow.later(minutes=5)
    await slow.hears("ana", "Ste tam?")
    reply = await slow.adviser("Za levim.")
    await slow.adviser("/umakni", reply_to=reply)
    again = await kept(slow)
    assert (again.state, again.waiting_since) == (State.CLAIMED, asked_again)


async def test_a_reopened_ticket_whose_answer_was_taken_back_waits_since_it_was_reopened(slow: Stage) -> None:
    await answered(slow)
    await slow.later(minutes=1)
    await slow.adviser("/zakljuci")
    await slow.later(minutes=1)
    await slow.adviser("/odpri")
    reopened = slow.now
    await slow.later(minutes=1)
    reply = await slow.adviser("Za levim.")
    await slow.adviser("/umakni", reply_to=reply)
    assert (await kept(slow)).waiting_since == reopened


async def test_an_entry_taken_back_takes_its_proposed_wording_with_it(slow: Stage) -> None:
    await slow.hears("ana", "Kje je pekarna?")
    await press(slow, ENTRY)
    shown = slow.seen_by("staff")[-1].id
    await press(slow, "Pošlji tako, kot je")
    async with slow.engine.begin() as tx:
        assert [draft.state for draft in await drafts.undecided(tx)] == [DraftState.OPEN]

    await slow.adviser("/umakni", reply_to=shown)
    assert (await kept(slow)).state is State.CLAIMED
    assert slow.thread(1)[-1] == "Predlog 1 je preklican."
    async with slow.engine.begin() as tx:
        assert not await drafts.undecided(tx)


async def test_the_first_human_reply_in_the_report_is_one_that_was_not_taken_back(slow: Stage) -> None:
    for who in ("ana", "bor", "cene", "dana", "eva"):
        await slow.hears(who, "Kje je pekarna?")
    for ticket in range(1, 6):
        reply = await slow.adviser("Za vogalom.", ticket=ticket)
        await slow.adviser("/umakni", ticket=ticket, reply_to=reply)
    await slow.adviser("/porocilo", ticket=None)
    assert "Prvi odgovor človeka" not in slow.last("staff").text

    await slow.later(minutes=40)
    for ticket in range(1, 6):
        await slow.adviser("Pri cerkvi.", ticket=ticket)
    await slow.adviser("/porocilo", ticket=None)
    assert "najpozneje po 40 min" in slow.last("staff").text


# — promises —


async def test_a_follow_up_has_a_promise_of_its_own(both_stages: Stage) -> None:
    stage = both_stages
    await answered(stage)
    assert (await kept(stage)).expected_by is None
    await until(stage, 2026, 11, 26, 10, 0)
    await stage.hears("ana", "Za katerim?")
    await stage.hears("ana", "/stanje")
    assert "Odgovorimo predvidoma do petka, 27. 11. 2026, do 10. ure." in stage.last("ana").text
    await stage.later(hours=4)
    assert stage.thread(1)[-1].endswith("Odgovor je obljubljen do petka, 27. 11. 2026, do 10. ure.")
    await until(stage, 2026, 11, 27, 9, 0)
    assert "Odgovor je obljubljen danes do 10. ure." in channel(stage)[-1]


async def test_more_words_of_a_person_who_waits_put_off_no_promise(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    promised = (await kept(stage)).expected_by
    await stage.later(hours=2)
    await stage.hears("ana", "Ste tam?")
    assert (await kept(stage)).expected_by == promised


async def test_a_ticket_that_an_adviser_opens_again_has_a_new_promise(stage: Stage) -> None:
    await answered(stage)
    await stage.adviser("/zakljuci")
    await until(stage, 2026, 11, 26, 10, 0)
    await stage.adviser("/odpri")
    assert (await kept(stage)).expected_by == on(2026, 11, 27, 10, 0)


async def test_who_writes_on_while_the_desk_is_closed_is_told_once_when_to_expect_an_answer(stage: Stage) -> None:
    await answered(stage)
    await until(stage, 2026, 11, 26, 20, 0)
    before = len(stage.texts("ana"))
    await stage.hears("ana", "Za katerim?")
    await stage.hears("ana", "Ker sta dva.")
    assert stage.texts("ana")[before:] == [
        "Podporna točka je zdaj zaprta, spet odpremo v petek, 27. 11. 2026, ob 9. uri. "
        "Odgovorimo predvidoma do petka, 27. 11. 2026, do 15. ure."
    ]


async def test_who_only_says_something_friendly_while_the_desk_is_closed_is_promised_nothing(stage: Stage) -> None:
    await answered(stage)
    await until(stage, 2026, 11, 26, 20, 0)
    before = stage.texts("ana")
    await stage.hears("ana", "živjo")
    assert stage.texts("ana") == before


async def test_who_writes_on_while_somebody_is_there_is_told_nothing(stage: Stage) -> None:
    await answered(stage)
    before = stage.texts("ana")
    await stage.hears("ana", "Za katerim?")
    assert stage.texts("ana") == before


# — closing what somebody else has —


async def claimed(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/prevzemi")


async def test_a_last_word_in_a_colleagues_ticket_is_held_and_closes_when_the_adviser_insists(both_stages: Stage) -> None:
    stage = both_stages
    await claimed(stage)
    message = await stage.adviser("/zakljuci Vse dobro!", who=TONE)
    assert (await kept(stage)).is_open
    assert not any("Vse dobro" in text for text in stage.texts("ana"))
    assert stage.thread(1)[-1] == "Še ni poslano: zadevo #1 ureja Maja. Kaj naj naredim?"
    assert stage.seen_by("staff")[-1].choices == ["Pošlji in zaključi", "Ne pošlji"]

    await press(stage, "Pošlji in zaključi", who=TONE)
    assert stage.texts("ana")[-2] == "Svetovanje (Tone Novak): Vse dobro!"
    assert stage.last("ana").text.startswith("Zadeva #1 je zaključena.")
    assert stage.marks(message) == [Sign.SENT]
    assert not (await kept(stage)).is_open


async def test_a_last_word_that_is_not_sent_after_all_closes_nothing(stage: Stage) -> None:
    await claimed(stage)
    message = await stage.adviser("/zakljuci Vse dobro!", who=TONE)
    question, close = offered(stage, "Pošlji in zaključi")
    await press(stage, "Ne pošlji", who=TONE)
    await stage.press(TONE, STAFF, close, question)
    assert stage.thread(1)[-1] == "O tem je že odločeno."
    assert stage.marks(message) == [Sign.INTERNAL]
    assert [line.author for line in await lines(stage) if line.text == "Vse dobro!"] == ["held", "note"]
    assert (await kept(stage)).is_open


async def test_a_held_last_word_that_was_taken_back_closes_nothing(stage: Stage) -> None:
    await claimed(stage)
    message = await stage.adviser("/zakljuci Vse dobro!", who=TONE)
    await stage.adviser("/umakni", who=TONE, reply_to=message)
    await press(stage, "Pošlji in zaključi", who=TONE)
    assert stage.thread(1)[-1] == "O tem je že odločeno."
    assert (await kept(stage)).is_open


@pytest.mark.parametrize(("how", "told"), [("/zakljuci", True), ("Zaključi", True), ("/zakljuci -", False)])
async def test_who_closes_a_colleagues_ticket_without_a_word_is_asked_too(stage: Stage, how: str, told: bool) -> None:
    await claimed(stage)
    said = len(stage.texts("ana"))
    await (stage.adviser(how, who=TONE) if how.startswith("/") else press(stage, how, who=TONE))
    assert (await kept(stage)).is_open
    assert stage.thread(1)[-1] == "Zadevo #1 že ureja Maja."

    await press(stage, "Vseeno zaključi", who=TONE)
    assert not (await kept(stage)).is_open
    assert len(stage.texts("ana")) == said + told


async def test_a_colleague_who_presses_close_leaves_the_cards_buttons_to_whoever_has_the_ticket(stage: Stage) -> None:
    await claimed(stage)
    await press(stage, "Zaključi", who=TONE)
    await press(stage, "Zaključi")
    assert not (await kept(stage)).is_open


@pytest.mark.parametrize("command", ["/zakljuci -", "/close -"])
async def test_a_ticket_is_closed_silently(stage: Stage, command: str) -> None:
    reply = await answered(stage)
    said = stage.texts("ana")
    message = await stage.adviser(command)
    await edits(stage, message, command)
    assert stage.texts("ana") == said
    assert (await kept(stage)).state is State.CLOSED
    assert stage.thread(1)[-1] == "Zadeva #1: zaključeno (Maja)."
    assert (await history(stage))[-1] == ("Maja", "closed")
    assert stage.marks(reply) == [Sign.SENT]


async def test_a_last_word_that_is_edited_into_a_silent_close_stays_as_it_was(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    last = await stage.adviser("/zakljuci Lep dan!")
    said = stage.texts("ana")
    await stage.happens(Edit(key="e", place=STAFF, sender=ADVISER, at=stage.now, id=last, text="/zakljuci -"))
    assert stage.texts("ana") == said


# — handing back, putting off —


async def test_a_ticket_handed_back_is_called_out_half_an_hour_later_and_only_then(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/prevzemi")
    await stage.later(hours=2)
    await stage.adviser("/spusti")
    await stage.later(minutes=29)
    assert not [text for text in stage.thread(1) if "ni prevzel" in text]
    await stage.later(minutes=1)
    assert "ni prevzel" in stage.thread(1)[-1]


async def test_a_ticket_claimed_after_it_was_called_out_is_called_out_again_when_it_is_handed_back(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.later(minutes=30)
    await stage.adviser("/prevzemi")
    await stage.adviser("/spusti")
    await stage.later(minutes=30)
    assert len([text for text in stage.thread(1) if "ni prevzel" in text]) == 2


async def test_handing_back_what_nobody_has_puts_no_reminder_off(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.later(minutes=20)
    await stage.adviser("/spusti")
    await stage.later(minutes=10)
    assert "ni prevzel" in stage.thread(1)[-1]


async def test_an_answered_ticket_that_is_handed_back_still_waits_for_the_person(both_stages: Stage) -> None:
    stage = both_stages
    await answered(stage)
    await stage.adviser("/spusti")
    ticket = await kept(stage)
    assert (ticket.state, ticket.adviser, ticket.waiting_since) == (State.ANSWERED, None, None)
    assert stage.thread(1)[-1] == "Zadeve #1 zdaj ne ureja nihče; čaka na osebo (Maja)."
    assert card(stage)[:2] == ["Prevzemi", "Zaključi"]
    await stage.hears("ana", "Za katerim?")
    assert (await kept(stage)).state is State.WAITING


async def test_an_answered_ticket_put_off_until_the_person_writes_is_asked_about_and_closed(stage: Stage) -> None:
    await answered(stage)
    await stage.adviser("/odlozi")
    await stage.later(days=3)
    assert stage.last("ana").choices == [SOLVED, MORE_HELP]
    await stage.later(days=4)
    assert (await kept(stage)).state is State.CLOSED


# — history and rating —


async def test_the_history_knows_follow_ups_the_end_of_a_snooze_and_the_rating(both_stages: Stage) -> None:
    stage = both_stages
    await answered(stage)
    await stage.hears("ana", "Za katerim?")
    await stage.adviser("/odlozi jutri")
    await until(stage, 2026, 11, 25, 9, 0)
    await stage.adviser("/odlozi petek")
    await stage.hears("ana", "Ste tam?")
    await stage.adviser("/zakljuci")
    await stage.presses("ana", GOOD)
    changes = [change for change in await history(stage) if change[1] in ("wrote_again", "woke", "rated")]
    assert changes == [("person", "wrote_again"), ("clock", "woke"), ("person", "woke"), ("person", "rated")]
    await stage.adviser("/zgodovina")
    for line in ("oseba · spet čaka na odgovor", "samodejno · konec odloga", "oseba · ocenjeno"):
        assert line in stage.thread(1)[-1]


async def test_the_history_knows_that_a_person_asked_for_an_adviser_after_an_answer(stage: Stage) -> None:
    await answered(stage)
    await stage.hears("ana", "/svetovalec")
    assert (await history(stage))[-1] == ("person", "wrote_again")
    assert "Odgovorimo predvidoma do srede, 25. 11. 2026" in stage.last("ana").text


@pytest.mark.parametrize("rated", ["pressed", "typed"])
async def test_a_second_tap_takes_nothing_from_the_sentence_that_follows_the_rating(stage: Stage, rated: str) -> None:
    await answered(stage)
    await stage.adviser("/zakljuci")
    goodbye = stage.last("ana")
    await (stage.presses("ana", GOOD) if rated == "pressed" else stage.hears("ana", GOOD))
    poor = next(choice for choice in goodbye.order.choices if choice.label == POOR)  # type: ignore[union-attr]
    await stage.press(stage.person("ana"), stage.place("ana"), poor.id, goodbye.id)
    assert "ne velja več" in stage.last("ana").text
    await stage.hears("ana", "Hitro in prijazno.")
    assert (await kept(stage)).comment == "Hitro in prijazno."
