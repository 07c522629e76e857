"""What advisers can do with a ticket, each command and each button told as a story."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import intake
from bot.platforms.base import Batch, Unknown, Unreachable
from handlers.events import Attachment, Edit, Message, MessageRef, Removal, Sender
from handlers.orders import Change, OpenThread, Relay, Remove, ShowState, Sign, Text
from handlers.situation import Line, State, Ticket
from handlers.states import UNTIL_THEY_WRITE
from knowledge.decisions import Candidate, Decision, NotFound, Reading
from knowledge.entries import Reply
from storage import staff, tickets
from tests.faq import CONTENT, LJUBLJANA, STAFF, Told, desk
from tests.stage import ADVISER, FakePlatform, Stage

TONE = Sender("tone", "Tone Novak")
EVA = Sender("eva", "Eva Kos")
ENTRY, OTHER_ENTRY = "Naslov sp-register (60 %)", "Naslov sp-vs-doo (30 %)"
REPLIES = (
    Reply("pozdrav", {"sl": "Pozdrav", "en": "Greeting"}, {"sl": "Tu {adviser}, zadeva {ticket}.", "en": "This is {adviser}."}),
    Reply("termin", {"sl": "Pogovor v živo", "en": "Meet"}, {"sl": "Termin: {contact.appointment}\n\nPišite.", "en": "Write."}),
)


@dataclass
class Nearly(Told):
    """Finds nothing, with these probabilities."""

    probabilities: tuple[float, ...] = ()

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        candidates = tuple(Candidate(one, p) for one, p in zip(CONTENT.entries, self.probabilities, strict=False))
        return NotFound(Reading("sl", candidates, ()))


@pytest.fixture
async def slow(sqlite: AsyncEngine) -> Stage:
    """A desk at which a reply can be taken back for ten seconds."""
    return Stage(sqlite, desk(undo=10))


async def asked(stage: Stage, who: str = "ana", text: str = "Kje je pekarna?") -> None:
    await stage.hears(who, text)


async def press(stage: Stage, label: str, ticket: int | None = 1, who: Sender = ADVISER) -> None:
    """An adviser presses the newest button with this label in a ticket's thread."""
    message, choice = offered(stage, label, ticket)
    await stage.press(who, replace(STAFF, thread=f"t{ticket}" if ticket else None), choice, message)


def offered(stage: Stage, label: str, ticket: int | None = 1) -> tuple[str, str]:
    """Message and choice."""
    for seen in reversed(stage.platform.seen):
        for choice in getattr(seen.order, "choices", ()):
            if choice.label == label and seen.place.room == "staff" and choice.ticket == ticket:
                card = seen.order.card if isinstance(seen.order, ShowState) else None
                return (card.id if card else seen.id), choice.id
    raise AssertionError(f"nobody offered {label!r}")


def card(stage: Stage, ticket: int = 1) -> list[str]:
    """What the ticket's card offers now."""
    shown = [seen for seen in stage.platform.seen if isinstance(seen.order, OpenThread | ShowState) and seen.order.ticket == ticket]
    return next(seen.choices for seen in reversed(shown) if seen.choices)


def title(stage: Stage, ticket: int = 1) -> str:
    shown = [seen.order for seen in stage.platform.seen if isinstance(seen.order, OpenThread | ShowState)]
    return next(order.title for order in reversed(shown) if order.ticket == ticket)


async def kept(stage: Stage, number: int = 1) -> Ticket:
    async with stage.engine.begin() as tx:
        ticket = await tickets.by_number(tx, number)
    assert ticket is not None
    return ticket


async def lines(stage: Stage, number: int = 1) -> list[Line]:
    async with stage.engine.begin() as tx:
        return list(await tickets.lines(tx, [number]))


async def history(stage: Stage, number: int = 1) -> list[tuple[str, str]]:
    async with stage.engine.begin() as tx:
        return [(happening.who, happening.what) for happening in await tickets.history(tx, number)]


async def edits(stage: Stage, message: str, text: str, who: Sender = ADVISER) -> None:
    place, key = replace(STAFF, thread="t1"), f"e{next(stage.keys)}"
    await stage.happens(Edit(key=key, place=place, sender=who, at=stage.now, id=message, text=text))


async def removes(stage: Stage, message: str) -> None:
    place, key = replace(STAFF, thread="t1"), f"e{next(stage.keys)}"
    await stage.happens(Removal(key=key, place=place, sender=ADVISER, at=stage.now, message=message))


# — states and their times —


async def test_a_ticket_knows_since_when_it_waits_who_has_it_and_when_it_was_answered(both_stages: Stage) -> None:
    stage = both_stages
    await asked(stage)
    opened = stage.now
    assert (await kept(stage)).waiting_since == opened

    await stage.later(minutes=5)
    await stage.hears("ana", "Ste tam?")
    await stage.adviser("/prevzemi")
    claimed = await kept(stage)
    assert (claimed.waiting_since, claimed.claimed_at) == (opened, stage.now)

    await stage.later(minutes=5)
    await stage.adviser("Za vogalom.")
    answered = await kept(stage)
    assert (answered.state, answered.waiting_since, answered.answered_at) == (State.ANSWERED, None, stage.now)

    await stage.later(minutes=5)
    await stage.hears("ana", "Za katerim?")
    again = await kept(stage)
    assert (again.state, again.waiting_since) == (State.CLAIMED, stage.now)

    await stage.adviser("/zakljuci")
    assert (await kept(stage)).waiting_since is None
    await stage.later(minutes=5)
    await stage.adviser("/odpri")
    assert (await kept(stage)).waiting_since == stage.now


# — taking back before delivery —


async def test_a_reply_waits_ten_seconds_and_is_marked_when_it_is_seen_and_when_it_arrived(slow: Stage) -> None:
    await asked(slow)
    before = slow.texts("ana")
    reply = await slow.adviser("Za vogalom.")
    assert slow.texts("ana") == before
    assert slow.marks(reply) == [Sign.SEEN]

    await slow.later(seconds=9)
    assert slow.texts("ana") == before
    await slow.later(seconds=1)
    assert slow.last("ana").text == "Svetovanje (Maja): Za vogalom."
    assert slow.marks(reply) == [Sign.SEEN, Sign.SENT]


async def test_what_is_corrected_before_delivery_is_sent_as_corrected(slow: Stage) -> None:
    await asked(slow)
    reply = await slow.adviser("Za voglom.")
    await edits(slow, reply, "Za vogalom.")
    await slow.later(seconds=10)
    assert slow.last("ana").text == "Svetovanje (Maja): Za vogalom."
    assert not any("voglom" in text for text in slow.texts("ana"))

    await edits(slow, reply, "Za levim vogalom.")
    assert slow.last("ana").text == "Svetovanje (Maja):\n\nZa levim vogalom."


@pytest.mark.parametrize("command", ["/umakni", "/delete", "!umakni"])
async def test_what_is_taken_back_before_delivery_never_leaves(slow: Stage, command: str) -> None:
    await asked(slow)
    before = slow.texts("ana")
    reply = await slow.adviser("Za vogalom.")
    await slow.adviser(command, reply_to=reply)
    assert slow.marks(reply) == [Sign.SEEN, Sign.INTERNAL]
    assert slow.last("staff").text == "umaknjeno, osebi ni poslano"
    await slow.later(minutes=5)
    assert slow.texts("ana") == before
    assert Sign.FAILED not in slow.marks(reply)


async def test_a_message_removed_from_the_channel_before_delivery_never_leaves_either(slow: Stage) -> None:
    await asked(slow)
    before = slow.texts("ana")
    await removes(slow, await slow.adviser("Za vogalom."))
    await slow.later(minutes=5)
    assert slow.texts("ana") == before
    assert ("Maja", "withdrew") in await history(slow)


async def test_a_message_turned_into_a_note_by_an_edit_is_taken_back(slow: Stage) -> None:
    await asked(slow)
    reply = await slow.adviser("Ta človek spet!")
    await edits(slow, reply, "// Ta človek spet!")
    await slow.later(seconds=10)
    assert not any("spet" in text for text in slow.texts("ana"))


async def test_what_waits_behind_a_reply_that_was_taken_back_goes_on(slow: Stage) -> None:
    await asked(slow)
    reply = await slow.adviser("/zakljuci Lep dan!")
    await slow.adviser("/umakni", reply_to=reply)
    await slow.later(seconds=10)
    assert slow.last("ana").text.startswith("Zadeva #1 je zaključena.")
    assert not any("Lep dan" in text for text in slow.texts("ana"))


@pytest.mark.parametrize("corrected", [True, False], ids=["corrected", "withdrawn"])
async def test_a_correction_that_comes_while_the_reply_is_under_way_is_carried_after_it(both_stages: Stage, corrected: bool) -> None:
    stage = both_stages

    class Busy(FakePlatform):
        async def send(self, order: Any, key: str, files: Any = ()) -> Any:
            receipt = await super().send(order, key, files)
            if isinstance(order, Relay) and order.report:
                await meanwhile()
            return receipt

    async def meanwhile() -> None:
        async with stage.engine.begin() as tx:
            line = await tickets.line_of(tx, MessageRef("fake", "staff", "a2"))
            assert line is not None
            changes = {"text": "Za vogalom."} if corrected else {"author": "withdrawn", "text": ""}
            await tickets.add_line(tx, replace(line, **changes))

    stage.delivery.platform = stage.platform = Busy()
    await asked(stage)
    assert await stage.adviser("Za voglom.") == "a2"
    followed = stage.last("ana")
    assert isinstance(followed.order, Change if corrected else Remove)
    assert followed.text == ("Svetovanje (Maja):\n\nZa vogalom." if corrected else "[removed]")


async def test_a_correction_and_the_delivery_of_what_it_corrects_at_the_same_time_lose_nothing(both_stages: Stage) -> None:
    stage, place = both_stages, replace(STAFF, thread="t1")
    await asked(stage)
    for round_ in range(5):
        reply = Message(key=f"r{round_}", place=place, sender=ADVISER, at=stage.now, id=f"r{round_}", text=f"Napaka {round_}")
        edit = Edit(key=f"e{round_}", place=place, sender=ADVISER, at=stage.now, id=f"r{round_}", text=f"Prav {round_}")
        await intake.store(stage.engine, "fake", Batch((reply, edit)), stage.desk, stage.now)
        await stage.answering.step()
        await asyncio.gather(stage.answering.step(), stage.delivery.step())
        await stage.settle()
        assert f"Prav {round_}" in stage.last("ana").text


async def test_a_reply_of_unknown_fate_that_was_taken_back_is_sent_again_and_removed(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk(undo=10), FakePlatform(idempotent=True))
    await asked(stage)
    stage.platform.troubles["ana"] = [Unknown("no answer")]
    stage.platform.lost_answer = True
    reply = await stage.adviser("Za vogalom.")
    await stage.later(seconds=10)
    await stage.adviser("/umakni", reply_to=reply)
    await stage.later(minutes=1)
    assert stage.last("ana").text == "[removed]"


async def test_taking_back_after_delivery_removes_the_persons_copy(stage: Stage) -> None:
    await asked(stage)
    reply = await stage.adviser("Za vogalom.")
    command = await stage.adviser("/umakni", reply_to=reply)
    assert stage.last("ana").text == "[removed]"
    assert stage.marks(command) == [Sign.SENT]
    await edits(stage, reply, "Vseeno za vogalom.")
    assert stage.last("ana").text == "[removed]"


async def test_only_an_advisers_own_words_can_be_taken_back(stage: Stage) -> None:
    await asked(stage)
    await stage.hears("ana", "Ste tam?")
    command = await stage.adviser("/umakni", reply_to=stage.seen_by("staff")[-1].id)
    assert stage.marks(command) == [Sign.FAILED]


async def test_an_edit_of_a_last_word_corrects_the_words_alone(stage: Stage) -> None:
    await asked(stage)
    reply = await stage.adviser("/close Lep dn!")
    await edits(stage, reply, "/close Lep dan!")
    assert stage.last("ana").text == "Svetovanje (Maja):\n\nLep dan!"
    await edits(stage, reply, "/vrsta")
    assert stage.last("ana").text == "Svetovanje (Maja):\n\nLep dan!"


# — somebody else's ticket, and a closed one —


async def held(stage: Stage, text: str = "Pri cerkvi.", **more: Any) -> str:
    """Maja has the ticket, and Tone writes in it."""
    await asked(stage)
    await stage.adviser("/prevzemi")
    return await stage.adviser(text, who=TONE, **more)


async def test_a_second_adviser_is_asked_before_anything_is_sent(both_stages: Stage) -> None:
    stage = both_stages
    photo = Attachment("photo", "ref")
    message = await held(stage, attachments=(photo,))
    assert not any("Pri cerkvi" in text for text in stage.texts("ana"))
    assert stage.thread(1)[-1] == "Še ni poslano: zadevo #1 ureja Maja. Kaj naj naredim?"
    assert stage.seen_by("staff")[-1].order.reply_to == message

    await press(stage, "Pošlji", who=TONE)
    relay = next(seen.order for seen in stage.seen_by("ana") if isinstance(seen.order, Relay))
    assert (relay.author, relay.text, relay.attachments) == ("Svetovanje (Tone Novak)", "Pri cerkvi.", (photo,))
    assert stage.marks(message) == [Sign.SENT]
    ticket = await kept(stage)
    assert (ticket.adviser, ticket.state) == (ADVISER, State.ANSWERED)


async def test_a_second_adviser_can_take_the_ticket_over_and_send(stage: Stage) -> None:
    await held(stage)
    await press(stage, "Prevzemi in pošlji", who=TONE)
    assert "Svetovanje (Tone Novak): Pri cerkvi." in stage.texts("ana")
    assert "Zadeva #1: zdaj jo ureja Tone Novak." in stage.thread(1)
    assert (await kept(stage)).adviser == TONE
    assert ("Tone Novak", "took_over") in await history(stage)


async def test_a_second_adviser_can_leave_it_as_a_note(stage: Stage) -> None:
    message = await held(stage)
    await press(stage, "Ne pošlji", who=TONE)
    await stage.later(minutes=1)
    assert not any("Pri cerkvi" in text for text in stage.texts("ana"))
    assert stage.marks(message) == [Sign.INTERNAL]
    assert (await lines(stage))[-1].author == "note"


async def test_of_two_presses_about_a_held_message_the_first_decides(stage: Stage) -> None:
    await held(stage)
    question, send = offered(stage, "Pošlji")
    _, keep = offered(stage, "Ne pošlji")
    await stage.press(ADVISER, replace(STAFF, thread="t1"), keep, question)
    await stage.press(TONE, replace(STAFF, thread="t1"), send, question)
    assert not any("Pri cerkvi" in text for text in stage.texts("ana"))
    assert stage.thread(1)[-1] == "O tem je že odločeno."


async def test_a_held_message_can_be_corrected_and_taken_back(stage: Stage) -> None:
    message = await held(stage)
    await edits(stage, message, "Pri šoli.", who=TONE)
    await press(stage, "Pošlji", who=TONE)
    assert stage.last("ana").text == "Svetovanje (Tone Novak): Pri šoli."

    second = await stage.adviser("In pri cerkvi.", who=TONE)
    await stage.adviser("/umakni", who=TONE, reply_to=second)
    await press(stage, "Pošlji", who=TONE)
    assert stage.last("ana").text == "Svetovanje (Tone Novak): Pri šoli."
    assert stage.thread(1)[-1] == "O tem je že odločeno."


async def test_what_is_written_in_a_closed_ticket_opens_it_again_when_the_adviser_wants(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/zakljuci")
    await stage.adviser("Še nekaj: zaprto je ob nedeljah.", who=TONE)
    assert not any("nedeljah" in text for text in stage.texts("ana"))
    assert stage.seen_by("staff")[-1].choices == ["Odpri in pošlji", "Ne pošlji"]

    await press(stage, "Odpri in pošlji", who=TONE)
    assert stage.last("ana").text == "Svetovanje (Tone Novak): Še nekaj: zaprto je ob nedeljah."
    ticket = await kept(stage)
    assert (ticket.state, ticket.adviser, ticket.closed_at) == (State.ANSWERED, TONE, None)
    await stage.hears("ana", "Hvala!")
    assert stage.thread(1)[-1] == "Ana: Hvala!"


async def test_nobody_writes_on_an_earlier_ticket_while_the_person_has_another_one_open(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/zakljuci")
    await asked(stage, text="Kje je čevljar?")
    message = await stage.adviser("Še nekaj.")
    assert stage.marks(message) == [Sign.FAILED]
    await stage.adviser("/odpri")
    assert "odprto zadevo #2" in stage.thread(1)[-1]
    assert (await kept(stage)).state is State.CLOSED


async def test_an_adviser_is_told_on_the_held_message_that_the_person_is_gone(stage: Stage) -> None:
    message = await held(stage)
    stage.platform.troubles["ana"] = [Unreachable()]
    await press(stage, "Pošlji", who=TONE)
    assert stage.marks(message) == [Sign.FAILED]


# — who has it —


async def test_who_claims_a_claimed_ticket_is_told_who_has_it_and_may_take_it_over(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/prevzemi")
    await stage.adviser("/prevzemi")
    assert stage.thread(1)[-1] == "Zadevo #1 že urejate vi."
    await stage.adviser("/claim", who=TONE)
    assert stage.thread(1)[-1] == "Zadevo #1 že ureja Maja."
    await press(stage, "Vseeno prevzemi", who=TONE)
    assert stage.thread(1)[-1] == "Zadeva #1: zdaj jo ureja Tone Novak."
    assert (await kept(stage)).adviser == TONE


@pytest.mark.parametrize("name", ["Tone Novak", "tone", "@Ton", "novak"])
async def test_a_ticket_is_handed_to_a_colleague_by_name(stage: Stage, name: str) -> None:
    await asked(stage)
    await stage.adviser("/vrsta", ticket=None, who=TONE)
    await stage.adviser("/vrsta", ticket=None, who=EVA)
    await stage.adviser(f"/predaj {name}")
    assert (await kept(stage)).adviser == TONE
    assert stage.thread(1)[-1] == "@Tone Novak Zadeva #1: Maja jo predaja. Zdaj jo ureja Tone Novak."
    assert stage.seen_by("staff")[-1].order.mentions == (TONE,)
    assert ("Maja → Tone Novak", "assigned") in await history(stage)


@pytest.mark.parametrize("name", ["", "To", "Micka"])
async def test_a_name_that_fits_nobody_or_several_gets_the_names(stage: Stage, name: str) -> None:
    await asked(stage)
    for who in (TONE, Sender("tom", "Tomaž")):
        await stage.adviser("/vrsta", ticket=None, who=who)
    await stage.adviser(f"/assign {name}")
    assert "Tomaž in Tone Novak" in stage.thread(1)[-1]
    assert (await kept(stage)).adviser is None


async def test_a_ticket_is_handed_back(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/prevzemi")
    await press(stage, "Spusti")
    ticket = await kept(stage)
    assert (ticket.state, ticket.adviser) == (State.WAITING, None)
    assert card(stage)[:2] == ["Prevzemi", "Zaključi"]


async def test_the_cards_buttons_follow_what_is_done_by_command(stage: Stage) -> None:
    await asked(stage)
    assert card(stage) == ["Prevzemi", "Zaključi", ENTRY, OTHER_ENTRY, "Naslov vat-threshold (5 %)"]
    await stage.adviser("Za vogalom.")
    assert card(stage)[:2] == ["Spusti", "Zaključi"]
    await press(stage, "Zaključi")
    assert card(stage) == ["Odpri znova"]
    await press(stage, "Odpri znova")
    assert card(stage)[:2] == ["Spusti", "Zaključi"]


# — putting off —


@pytest.mark.parametrize(
    ("day", "until"),
    [
        ("jutri", datetime(2026, 11, 25, 9, tzinfo=LJUBLJANA)),
        ("tomorrow", datetime(2026, 11, 25, 9, tzinfo=LJUBLJANA)),
        ("petek", datetime(2026, 11, 27, 9, tzinfo=LJUBLJANA)),
        ("v soboto", datetime(2026, 11, 30, 9, tzinfo=LJUBLJANA)),  # closed on weekends
        ("3", datetime(2026, 11, 27, 9, tzinfo=LJUBLJANA)),
        ("24. 12.", datetime(2026, 12, 24, 9, tzinfo=LJUBLJANA)),
        ("2026-12-25", datetime(2026, 12, 28, 9, tzinfo=LJUBLJANA)),  # a holiday
    ],
)
async def test_a_ticket_is_put_off_until_the_desk_opens_on_that_day(stage: Stage, day: str, until: datetime) -> None:
    await asked(stage)
    await stage.adviser(f"/odlozi {day}")
    assert (await kept(stage)).snoozed_until == until


async def test_a_ticket_that_is_put_off_is_shown_so_and_is_back_when_the_person_writes(both_stages: Stage) -> None:
    stage = both_stages
    await asked(stage)
    await stage.adviser("/snooze friday")
    assert title(stage) == "#1 · Ana · Kje je pekarna? · ⏸ 27. 11. 2026"
    assert "odloženo do 27. 11. 2026 ali dokler se oseba ne oglasi" in stage.thread(1)[-1]
    await stage.adviser("/vrsta", ticket=None)
    assert "odloženo do 27. 11. 2026" in stage.last("staff").text

    await stage.hears("ana", "Sem jo že našla.")
    assert (await kept(stage)).snoozed_until is None
    assert title(stage) == "#1 · Ana · Kje je pekarna?"


async def test_without_a_day_a_ticket_is_put_off_until_the_person_writes(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/prevzemi")
    await stage.adviser("/odlozi")
    assert (await kept(stage)).snoozed_until == UNTIL_THEY_WRITE
    assert title(stage).endswith("⏸")
    await stage.later(days=20)
    assert (await kept(stage)).is_open
    await stage.adviser("/vrsta", ticket=None)
    assert "odloženo, dokler se oseba ne oglasi" in stage.last("staff").text
    await stage.hears("ana", "Hvala!")
    assert (await kept(stage)).snoozed_until is None


async def test_a_day_that_nobody_understands_puts_nothing_off(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/odlozi enkrat drugič")
    assert stage.thread(1)[-1].startswith("Do kdaj?")
    assert (await kept(stage)).snoozed_until is None


# — closing and opening —


async def test_a_person_closes_the_ticket_by_saying_that_it_is_solved(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("Za vogalom.")
    await stage.hears("ana", "hvala, rešeno", reply_to=stage.last("ana").id)
    assert stage.last("ana").text.startswith("Zadeva #1 je zaključena.")
    assert "Ana: hvala, rešeno" in stage.thread(1)
    assert stage.thread(1)[-1] == "Zadeva #1: zaključeno, oseba pravi, da je rešena."
    assert (await history(stage))[-1] == ("person", "closed")
    assert card(stage) == ["Odpri znova"]


@pytest.mark.parametrize("words", ["rešeno? meni ni", "to sicer ni rešeno, ampak povejte mi še, kako je s parkiranjem pri pekarni"])
async def test_longer_words_and_questions_close_nothing(stage: Stage, words: str) -> None:
    await asked(stage)
    await stage.hears("ana", words)
    assert (await kept(stage)).is_open


# — help while answering —


async def test_an_entry_on_the_card_is_shown_with_a_press_and_sent_with_another(both_stages: Stage) -> None:
    stage = both_stages
    await asked(stage)
    await press(stage, ENTRY)
    shown = stage.seen_by("staff")[-1]
    assert shown.text.startswith("Naslov sp-register\n\nOdgovor o sp-register.")
    assert shown.choices == ["Pošlji tako, kot je", "Nič od tega"]
    assert len(stage.texts("ana")) == 2

    await press(stage, "Pošlji tako, kot je")
    assert stage.last("ana").text.startswith("Odgovor o sp-register.")
    assert "Vir: FURS" in stage.last("ana").text
    assert stage.last("ana").choices == []
    ticket = await kept(stage)
    assert (ticket.state, ticket.adviser, ticket.answered_at) == (State.ANSWERED, ADVISER, stage.now)
    assert ("Maja", "sent_entry") in await history(stage)
    line = next(line for line in await lines(stage) if line.author == "adviser")
    assert line.text.startswith("Odgovor o sp-register.")
    assert (line.adviser, line.copy) == (ADVISER, MessageRef("fake", "ana", stage.last("ana").id))


async def test_the_person_reads_a_sent_entry_in_their_language(stage: Stage) -> None:
    await asked(stage, "john", "what is the meaning of life")
    await press(stage, ENTRY)
    await press(stage, "Pošlji tako, kot je")
    assert stage.last("john").text.startswith("Answer about sp-register.")


async def test_a_reply_to_a_shown_entry_sends_ones_own_sentence_and_the_entry(stage: Stage) -> None:
    await asked(stage)
    await press(stage, ENTRY)
    shown = stage.seen_by("staff")[-1].id
    reply = await stage.adviser("To vam bo prišlo prav:", reply_to=shown)
    assert stage.texts("ana")[-2] == "Svetovanje (Maja): To vam bo prišlo prav:"
    assert stage.last("ana").text.startswith("Odgovor o sp-register.")
    assert stage.marks(reply) == [Sign.SENT]

    await stage.adviser("In še to.", reply_to=shown)
    assert stage.last("ana").text == "Svetovanje (Maja): In še to."
    await press(stage, "Pošlji tako, kot je")
    assert stage.thread(1)[-1] == "O tem je že odločeno."


async def test_a_sent_entry_can_be_taken_back_too(slow: Stage) -> None:
    await asked(slow)
    await press(slow, ENTRY)
    shown = slow.seen_by("staff")[-1].id
    await press(slow, "Pošlji tako, kot je")
    await slow.adviser("/umakni", reply_to=shown)
    await slow.later(minutes=1)
    assert not any("Odgovor o sp-register" in text for text in slow.texts("ana"))

    await press(slow, OTHER_ENTRY)
    shown = slow.seen_by("staff")[-1].id
    await press(slow, "Pošlji tako, kot je")
    await slow.later(seconds=10)
    assert slow.last("ana").text.startswith("Odgovor o sp-vs-doo.")
    assert slow.marks(shown) == [Sign.SENT]


async def test_none_of_these_takes_the_entries_off_the_card_for_good(stage: Stage) -> None:
    await asked(stage)
    await press(stage, ENTRY)
    await press(stage, "Nič od tega")
    assert card(stage) == ["Prevzemi", "Zaključi"]
    assert ("Maja", "none_fit") in await history(stage)
    await stage.adviser("/prevzemi")
    assert card(stage) == ["Spusti", "Zaključi"]


async def test_an_entry_is_not_sent_past_whoever_has_the_ticket(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/prevzemi")
    await press(stage, ENTRY, who=TONE)
    shown = stage.seen_by("staff")[-1].id
    await stage.adviser("Evo:", who=TONE, reply_to=shown)
    assert stage.thread(1)[-1] == "Zadevo #1 že ureja Maja."
    await press(stage, "Pošlji tako, kot je", who=TONE)
    assert stage.thread(1)[-1] == "Zadevo #1 že ureja Maja."
    assert not any("Odgovor o" in text for text in stage.texts("ana"))


@pytest.mark.parametrize("command", ["/vnos odprem espe", "/entry register"])
async def test_entries_are_found_by_words_and_sent_from_there(stage: Stage, command: str) -> None:
    await asked(stage)
    await stage.adviser(command)
    assert stage.seen_by("staff")[-1].choices[:2] == [ENTRY, OTHER_ENTRY]
    await press(stage, OTHER_ENTRY)
    await press(stage, "Pošlji tako, kot je")
    assert stage.last("ana").text.startswith("Odgovor o sp-vs-doo.")


async def test_an_entry_is_shown_at_once_by_its_id_and_outside_a_ticket_only_shown(stage: Stage) -> None:
    await stage.adviser("/vnos vat-rates", ticket=None)
    assert stage.last("staff").text.startswith("Naslov vat-rates")
    assert stage.last("staff").choices == []
    await stage.adviser("/vnos odprem espe", ticket=None)
    await press(stage, ENTRY, ticket=None)
    assert stage.last("staff").text.startswith("Naslov sp-register")
    await stage.adviser("/vnos", ticket=None)
    assert stage.last("staff").text.startswith("Napišite še besede")


async def test_the_card_names_the_persons_earlier_tickets(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/zakljuci")
    await asked(stage, text="Kje je čevljar?")
    await asked(stage, "bor", "Kje je trgovina?")
    assert "Prejšnje zadeve: #1 (zaključeno, 24. 11. 2026)." in stage.thread(2)[0]
    assert "Prejšnje zadeve" not in stage.thread(3)[0]


@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        ((0.3, 0.2), "Dva vnosa sta podobno verjetna"),
        ((0.24, 0.05), "Najbližji vnos ni dovolj verjeten"),
        ((0.04, 0.03), "Najbližji vnos ni dovolj verjeten"),
    ],
)
async def test_the_card_calls_two_entries_equally_likely_only_when_they_are(
    sqlite: AsyncEngine, probabilities: tuple[float, ...], said: str
) -> None:
    stage = Stage(sqlite, desk(Nearly(probabilities=probabilities)))
    await asked(stage)
    assert said in stage.thread(1)[0]


@pytest.mark.parametrize(
    ("probabilities", "offered", "said"),
    [
        ((0.4, 0.004), ["Naslov sp-register (40 %)"], "Najbližji vnosi: Naslov sp-register (40 %)."),
        ((0.004,), [], "Noben vnos ni blizu."),
    ],
)
async def test_the_card_offers_no_entry_that_is_hardly_possible(
    sqlite: AsyncEngine, probabilities: tuple[float, ...], offered: list[str], said: str
) -> None:
    stage = Stage(sqlite, desk(Nearly(probabilities=probabilities)))
    await asked(stage)
    assert card(stage)[2:] == offered
    assert said in stage.thread(1)[0]


async def test_titles_are_quoted_as_the_channels_language_does(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk(staff_language="en"))
    await asked(stage, text="davek")
    await stage.presses("ana", "Nič od tega")
    assert "offered a choice: “Title sp-register”, “Title sp-vs-doo”" in stage.thread(1)[0]


async def test_an_earlier_ticket_is_a_link_where_threads_have_addresses(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk(thread_link="https://t.me/c/99/{thread}"))
    await asked(stage)
    await stage.adviser("/zakljuci")
    await asked(stage, text="Kje je čevljar?")

    (card,) = [seen.order for seen in stage.seen_by("staff") if isinstance(seen.order, OpenThread) and seen.order.ticket == 2]
    assert any("[#1](https://t.me/c/99/t1)" in part.markdown for part in card.parts if isinstance(part, Text))


async def test_a_reply_at_hand_is_sent_in_the_persons_language_with_its_placeholders_filled(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk(replies=REPLIES))
    await asked(stage)
    reply = await stage.adviser("/odgovor pozdrav")
    assert stage.last("ana").text == "Svetovanje (Maja): Tu Maja, zadeva 1."
    assert stage.marks(reply) == [Sign.SENT]
    await stage.adviser("/reply živo")
    assert stage.last("ana").text == "Svetovanje (Maja): Pišite."
    await asked(stage, "john", "what is the meaning of life")
    await stage.adviser("/reply pozdrav", ticket=2)
    assert stage.last("john").text == "Adviser (Maja): This is Maja."


@pytest.mark.parametrize("name", ["", " po", " ničesar takega"])
async def test_without_a_name_that_fits_one_the_replies_at_hand_are_listed(sqlite: AsyncEngine, name: str) -> None:
    stage = Stage(sqlite, desk(replies=REPLIES))
    await asked(stage)
    before = stage.texts("ana")
    await stage.adviser(f"/odgovor{name}")
    assert "• pozdrav – Pozdrav\n• termin – Pogovor v živo" in stage.thread(1)[-1]
    assert stage.texts("ana") == before


# — merging, history —


async def test_a_second_ticket_is_merged_into_the_first_with_all_that_was_said(both_stages: Stage) -> None:
    stage = both_stages
    await asked(stage)
    await stage.adviser("/zakljuci")
    await asked(stage, text="Kje je čevljar?")
    await stage.adviser("Kateri?", ticket=2)
    question = stage.last("ana").id
    await stage.adviser("/zdruzi 1", ticket=2)

    first, second = await kept(stage, 1), await kept(stage, 2)
    assert (first.state, first.adviser, second.state) == (State.ANSWERED, ADVISER, State.CLOSED)
    assert "Vaši zadevi #1 in #2 sta zdaj ena, #1." in stage.last("ana").text
    here = next(text for text in stage.thread(1) if text.startswith("Zadeva #2 je zdaj del te zadeve"))
    assert "Ana:\n\nKje je čevljar?\n\nMaja:\n\nKateri?" in here
    assert "združena z zadevo #1" in stage.thread(2)[-1]
    assert card(stage, 1)[:2] == ["Spusti", "Zaključi"]

    await stage.hears("ana", "Tisti z zelenimi vrati.", reply_to=question)
    assert stage.thread(1)[-1] == "Ana: Tisti z zelenimi vrati."
    assert ("Maja", "merged") in await history(stage, 1)
    assert ("Maja", "merged_into:1") in await history(stage, 2)


async def test_after_merging_the_history_has_the_changes_of_both_and_no_opening_as_a_message_not_shown(both_stages: Stage) -> None:
    stage = both_stages
    await asked(stage)
    await stage.adviser("/zakljuci")
    await stage.later(minutes=5)
    await asked(stage, text="Kje je čevljar?")
    await stage.adviser("Za vogalom.", ticket=2)
    await stage.later(minutes=5)
    await stage.adviser("/zdruzi 1", ticket=2)

    await stage.adviser("/zgodovina")
    assert stage.thread(1)[-1].splitlines()[2:] == [
        "• oseba · odprto · 24. 11. 2026 10.00",
        "• Maja · zaključeno · 24. 11. 2026 10.00",
        "• oseba · odprto · 24. 11. 2026 10.05",
        "• Maja · odgovorjeno · 24. 11. 2026 10.05",
        "• Maja · združeno · 24. 11. 2026 10.10",
    ]
    await stage.adviser("/zgodovina", ticket=2)
    assert stage.thread(2)[-1].splitlines()[2:] == ["• Maja · združeno z zadevo #1 · 24. 11. 2026 10.10"]


async def test_a_rating_goes_along_when_tickets_are_merged(both_stages: Stage) -> None:
    stage = both_stages
    await asked(stage)
    await stage.adviser("/zakljuci")
    await asked(stage, text="Kje je čevljar?")
    await stage.adviser("/zakljuci", ticket=2)
    await stage.presses("ana", "👍 Dobro")
    await stage.hears("ana", "Prijazno.")
    await stage.adviser("/zdruzi 1", ticket=2)

    first, second = await kept(stage, 1), await kept(stage, 2)
    assert (first.liked, first.comment) == (True, "Prijazno.")
    assert (second.liked, second.comment) == (None, "")


async def test_a_ticket_that_is_part_of_another_one_stays_closed_and_says_where_the_conversation_goes_on(both_stages: Stage) -> None:
    stage = both_stages
    await asked(stage)
    await stage.adviser("/zakljuci")
    await asked(stage, text="Kje je čevljar?")
    await stage.adviser("/zakljuci", ticket=2)
    await stage.adviser("/zdruzi 1", ticket=2)

    await press(stage, "Odpri znova", ticket=2)
    assert stage.thread(2)[-1] == "ta zadeva je del zadeve #1, zato pišite tam."
    read = stage.texts("ana")
    reply = await stage.adviser("Je še kaj?", ticket=2)
    assert stage.marks(reply) == [Sign.FAILED]
    assert stage.texts("ana") == read
    assert not (await kept(stage, 2)).is_open

    await stage.presses("ana", "Potrebujem še pomoč")  # under the goodbye of the second
    assert ((await kept(stage, 1)).is_open, (await kept(stage, 2)).is_open) == (True, False)


async def test_only_tickets_of_the_same_person_are_merged(stage: Stage) -> None:
    await asked(stage)
    await asked(stage, "bor", "Kje je čevljar?")
    await stage.adviser("/merge 2")
    assert stage.thread(1)[-1] == "Ta oseba nima druge zadeve."
    await stage.adviser("/zakljuci")
    await asked(stage, text="Kje je trgovina?")
    await stage.adviser("/merge 2", ticket=3)
    assert "Druge zadeve te osebe: #1." in stage.thread(3)[-1]
    assert (await kept(stage, 2)).is_open


async def test_the_history_says_who_did_what_and_when(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/prevzemi")
    await stage.later(minutes=5)
    await stage.adviser("Za vogalom.")
    await stage.adviser("/zgodovina")
    assert stage.thread(1)[-1].splitlines()[2:] == [
        "• oseba · odprto · 24. 11. 2026 10.00",
        "• Maja · prevzeto · 24. 11. 2026 10.00",
        "• Maja · odgovorjeno · 24. 11. 2026 10.05",
    ]


async def test_the_history_names_both_who_hand_a_ticket_over_and_whoever_has_no_name_by_the_desks_word(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("// Kdo ve?", who=TONE)
    await stage.adviser("/prevzemi", who=Sender("x1"))
    await stage.adviser("/predaj Tone")
    await stage.adviser("/zgodovina")
    assert [line.rpartition(" · ")[0] for line in stage.thread(1)[-1].splitlines()[-2:]] == [
        "• Svetovanje · prevzeto",
        "• Maja → Tone Novak · predano",
    ]


# — stopping somebody —


async def test_somebody_who_is_blocked_is_told_once_and_then_not_heard(both_stages: Stage) -> None:
    stage = both_stages
    await asked(stage)
    await stage.adviser("/blokiraj žalitve")
    assert "ne odgovarjamo več" in stage.last("ana").text
    assert not (await kept(stage)).is_open
    said, read = stage.texts("staff"), stage.texts("ana")

    await stage.hears("ana", "Skrivna žalitev!")
    await stage.hears("ana", "odprem espe")
    assert (stage.texts("staff"), stage.texts("ana")) == (said, read)
    async with stage.engine.begin() as tx:
        for table in ("inbox", "questions", "ticket_lines", "outbox"):
            assert "krivna" not in str((await tx.exec_driver_sql(f"SELECT * FROM {table}")).all())
    await stage.hears("bor", "odprem espe")
    assert stage.last("bor").text.startswith("Odgovor")


async def test_who_is_blocked_can_still_see_and_delete_what_is_kept(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/block insults")
    await stage.hears("ana", "/mojipodatki")
    assert "moji-podatki" in stage.last("ana").order.name
    assert "insults" in stage.last("ana").order.content
    await stage.hears("ana", "/izbrisi")
    await stage.hears("ana", "da")
    assert "izbrisani" in stage.last("ana").text


async def test_a_blocked_persons_ticket_cannot_be_written_in_until_they_are_unblocked(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/blokiraj")
    assert "razlog" in stage.thread(1)[-1]
    await stage.adviser("/blokiraj žalitve")
    await stage.adviser("/blokiraj spet")
    assert stage.thread(1)[-1] == "Tej osebi že ne odgovarjamo (odločitev: Maja)."
    assert stage.marks(await stage.adviser("Kako ste?")) == [Sign.FAILED]

    await stage.adviser("/odblokiraj")
    assert stage.thread(1)[-1] == "Ana: spet odgovarjamo."
    await stage.adviser("/odblokiraj")
    assert stage.thread(1)[-1] == "Ta oseba ni blokirana."
    assert [what for _, what in await history(stage)] == ["opened", "blocked", "unblocked"]
    await stage.hears("ana", "odprem espe")
    assert stage.last("ana").text.startswith("Odgovor")


async def test_the_channel_lists_who_is_blocked_and_unblocks_by_number(stage: Stage) -> None:
    await stage.adviser("/blokiraj", ticket=None)
    assert stage.last("staff").text == "Nihče ni blokiran."
    for number, who in enumerate(("ana", "bor"), 1):
        await asked(stage, who)
        await stage.adviser(f"/blokiraj razlog {who}", ticket=number)
        await stage.later(minutes=1)
    await stage.adviser("/block", ticket=None)
    assert "• 2. Bor · fake · razlog bor · Maja, 24. 11. 2026" in stage.last("staff").text
    await stage.hears("ana", "/izbrisi")
    await stage.presses("ana", "Da, izbriši vse")
    await stage.adviser("/block", ticket=None)
    assert "• 1. oseba brez imena · fake · Maja, 24. 11. 2026" in stage.last("staff").text
    await stage.adviser("/unblock 2", ticket=None)
    assert stage.last("staff").text == "Bor: spet odgovarjamo."
    async with stage.engine.begin() as tx:
        assert [block.person.id for block in await staff.blocked(tx)] == ["ana"]


# — in general —


async def test_commands_outside_a_ticket_say_where_they_work(stage: Stage) -> None:
    for command in ("/prevzemi", "/spusti", "/predaj Maja", "/zakljuci", "/odpri", "/odlozi", "/umakni", "/zdruzi 1", "/zgodovina"):
        message = await stage.adviser(command, ticket=None)
        assert stage.marks(message) == [Sign.FAILED], command


async def test_commands_on_a_closed_ticket_say_that_it_is_closed(stage: Stage) -> None:
    await asked(stage)
    await stage.adviser("/zakljuci")
    for command in ("/prevzemi", "/spusti", "/predaj Maja", "/zakljuci", "/odlozi"):
        await stage.adviser(command)
        assert stage.thread(1)[-1] == "Zadeva #1 je že zaključena. Znova jo odprete z /odpri.", command


async def test_the_help_lists_the_commands(stage: Stage) -> None:
    await stage.adviser("/pomoc", ticket=None)
    assert "/odlozi dan" in stage.last("staff").text


async def test_a_button_of_another_ticket_works_wherever_it_is_pressed_and_for_its_own_ticket(stage: Stage) -> None:
    await asked(stage)
    await asked(stage, "bor", "Kje je čevljar?")
    message, close = offered(stage, "Zaključi", ticket=2)
    await stage.press(ADVISER, replace(STAFF, thread="t1"), close, message)
    assert (await kept(stage, 1)).is_open
    assert not (await kept(stage, 2)).is_open


async def test_an_english_desk_says_all_of_it_in_english(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk(staff_language="en"))
    await asked(stage)
    await stage.adviser("/claim")
    await stage.adviser("At the church.", who=TONE)
    assert stage.thread(1)[-1] == "Not sent yet: Maja has ticket #1. What shall I do?"
    await press(stage, "Take over and send", who=TONE)
    await stage.adviser("/snooze tomorrow", who=TONE)
    assert stage.thread(1)[-1] == "Ticket #1: put off until 25 November 2026, or until the person writes (Tone Novak)."
    await stage.adviser("/history")
    assert "Tone Novak · taken over" in stage.thread(1)[-1]
