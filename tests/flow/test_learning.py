"""What an adviser answered once, the bot answers from then on: drafts, their second pair of eyes, and personal data kept out of it all."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.relearning import Knowledge, LearningFailed
from handlers.desk import Matcher
from handlers.events import MessageRef, Reaction, Sender
from handlers.orders import Change, OpenThread, ShowState
from handlers.situation import Draft, DraftState
from knowledge.decisions import Decision, Found, Reading
from knowledge.entries import Content
from storage import drafts, tickets
from tests.faq import STAFF, Told, desk
from tests.stage import ADVISER, Seen, Stage

TONE = Sender("tone", "Tone")
QUESTION = "Sem Ana Kos iz Loke. Kje najamem pekarno za delavnico?"
GENERAL = "Sem … iz Loke. Kje najamem pekarno za delavnico?"
ANSWER = "Pozdravljeni, Ana! Pišite na pekarna@example.org ali kki@example.org."


async def answered_by_an_adviser(stage: Stage) -> None:
    await stage.hears("ana", QUESTION)
    await stage.adviser(ANSWER)


async def kept(stage: Stage) -> list[Draft]:
    async with stage.engine.begin() as tx:
        return list(await drafts.in_states(tx, list(DraftState)))


def buttons(stage: Stage) -> list[str]:
    return next(seen.choices for seen in reversed(stage.seen_by("staff")) if seen.choices)


def proposed(stage: Stage) -> Seen:
    """The newest draft that waits for a decision."""
    return next(seen for seen in reversed(stage.seen_by("staff")) if "Odobri" in seen.choices)


async def adviser_presses(stage: Stage, label: str, who: Sender = ADVISER) -> None:
    for seen in reversed(stage.seen_by("staff")):
        for choice in getattr(seen.order, "choices", ()):
            if choice.label == label:
                return await stage.press(who, replace(STAFF, thread=seen.place.thread), choice.id, seen.id)
    raise AssertionError(f"nobody offered {label!r}")


async def test_what_was_answered_becomes_a_draft_in_general_words_and_shows_what_was_left_out(both_stages: Stage) -> None:
    stage = both_stages
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog")

    shown = stage.thread(1)[-1]
    assert GENERAL in shown
    assert "Pozdravljeni, …! Pišite na … ali {contact.email}." in shown
    assert "Izpuščeno: ime in e-naslov" in shown
    assert "Najbližji vnos je »Naslov sp-register«" in shown
    assert buttons(stage) == ["Dodaj k »Naslov sp-register«", "Nov vnos", "Prekliči"]
    (draft,) = await kept(stage)
    assert (draft.state, draft.ticket, draft.author, draft.wording) == (DraftState.BEGUN, 1, ADVISER, GENERAL)


@pytest.mark.parametrize("sign", ["📌", "✍"])
async def test_a_reaction_on_an_answer_makes_a_draft_of_that_answer(stage: Stage, sign: str) -> None:
    await stage.hears("ana", QUESTION)
    answer = await stage.adviser("V stari pekarni.")
    await stage.adviser("Oglasite se tudi na občini, kjer vam povedo vse drugo.")
    place = replace(STAFF, thread="t1")
    await stage.happens(Reaction(key="r1", place=place, sender=ADVISER, at=stage.now, message=answer, emoji=sign))
    assert [draft.answer for draft in await kept(stage)] == ["V stari pekarni."]


async def test_a_closed_ticket_offers_its_answer_for_the_faq_and_a_greeting_is_none(stage: Stage) -> None:
    await answered_by_an_adviser(stage)
    await stage.adviser("/zakljuci Lep dan!")
    await adviser_presses(stage, "V pogosta vprašanja")
    (draft,) = await kept(stage)
    assert draft.answer.startswith("Pozdravljeni, …!")
    await adviser_presses(stage, "V pogosta vprašanja")
    assert len(await kept(stage)) == 1


async def test_as_soon_as_it_is_answered_the_card_offers_the_answer_for_the_faq(stage: Stage) -> None:
    await stage.hears("ana", QUESTION)
    assert "V pogosta vprašanja" not in on_the_card(stage)
    wrong = await stage.adviser("To je daljši odgovor, ki je bil narobe.")
    await stage.adviser("/umakni", reply_to=wrong)
    await stage.adviser("V stari pekarni.")
    choice = on_the_card(stage)["V pogosta vprašanja"]
    for who in (ADVISER, TONE):
        await stage.press(who, replace(STAFF, thread="t1"), choice)
    assert [draft.answer for draft in await kept(stage)] == ["V stari pekarni."]


def on_the_card(stage: Stage) -> dict[str, str]:
    """What can be pressed on the newest ticket's card, and its choice."""
    shown = [seen.order for seen in stage.platform.seen if isinstance(seen.order, OpenThread | ShowState) and seen.order.choices]
    return {choice.label: choice.id for choice in shown[-1].choices}


async def test_the_answer_is_offered_for_the_faq_as_well_when_the_person_or_the_clock_closes(both_stages: Stage) -> None:
    stage = both_stages
    await answered_by_an_adviser(stage)
    await stage.hears("ana", "hvala, rešeno")
    assert stage.last("staff").text == "Zadeva #1: zaključeno, oseba pravi, da je rešena."
    assert stage.last("staff").choices == ["V pogosta vprašanja"]

    await stage.hears("bor", "Kje najamem mlin?")
    await stage.adviser("V dolini.", ticket=2)
    await stage.later(days=7)
    assert stage.thread(2)[-1] == "Zadeva #2: zaključeno, ker se oseba ni več oglasila."
    await adviser_presses(stage, "V pogosta vprašanja")
    assert [draft.answer for draft in await kept(stage)] == ["V dolini."]


async def test_a_ticket_closed_without_an_answer_offers_nothing(stage: Stage) -> None:
    await stage.hears("ana", QUESTION)
    await stage.adviser("/zakljuci")
    assert "V pogosta vprašanja" not in [label for seen in stage.seen_by("staff") for label in seen.choices]
    await stage.adviser("/predlog")
    assert "Tu enega od njiju še ni" in stage.thread(1)[-1]


async def test_the_second_person_approves_and_the_bot_answers_by_it_at_once(both_stages: Stage) -> None:
    stage = both_stages
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog")
    await adviser_presses(stage, "Nov vnos")
    proposal = proposed(stage)
    assert "nov vnos v temi »Začetek« (slovenščina) · iz zadeve #1" in proposal.text
    assert "Manjka še: angleščina" in proposal.text
    assert proposal.place == STAFF

    await adviser_presses(stage, "Odobri", TONE)

    outcome = stage.platform.seen[-1]
    assert isinstance(outcome.order, Change)
    assert outcome.text.endswith("✓ Predlog 1: odobreno (Tone). Bot že odgovarja z njim.")
    await stage.hears("bor", "sem … iz loke, kje najamem pekarno za delavnico")
    assert stage.last("bor").text.startswith("Pozdravljeni, …! Pišite na … ali kki@example.org.")
    await stage.hears("bor", "Kje najamem mlin?")
    assert "zadeva #2" in stage.last("bor").text
    (draft,) = await kept(stage)
    assert (draft.state, draft.decided_by, draft.decided_at) == (DraftState.APPROVED, TONE, stage.now)


def another_process(stage: Stage) -> Stage:
    """At work on the same database."""
    other = Stage(stage.engine, desk())
    other.keys, other.answering.new_id, other.delivery.new_id = stage.keys, stage.new_id, stage.new_id
    return other


async def test_another_process_answers_by_it_too_and_so_does_one_that_starts_later(both_stages: Stage) -> None:
    stage, other = both_stages, another_process(both_stages)
    await answered_by_an_adviser(stage)
    await other.hears("cene", "živjo")
    await stage.adviser("/predlog vnos")
    await stage.adviser("/odobri 1", ticket=None, who=TONE)

    for process in (other, another_process(stage)):
        await process.hears("cene", GENERAL)
        assert process.last("cene").text.startswith("Pozdravljeni, …!")


async def test_an_answer_in_one_language_says_so_in_the_other(stage: Stage) -> None:
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    await stage.adviser("/odobri 1", ticket=None, who=TONE)
    await stage.hears("john", "/language en")
    await stage.hears("john", GENERAL)
    assert stage.last("john").text.startswith("So far we have this answer in one language only (slovenščina).\n\nPozdravljeni")


async def test_a_wording_joins_the_nearest_entry(stage: Stage) -> None:
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog")
    await adviser_presses(stage, "Dodaj k »Naslov sp-register«")
    assert "nova ubeseditev vnosa »Naslov sp-register«" in proposed(stage).text
    await adviser_presses(stage, "Odobri", TONE)
    await stage.hears("bor", GENERAL)
    assert stage.last("bor").text.startswith("Odgovor o sp-register.")


async def test_nobody_approves_their_own_draft_and_is_told_who_may(stage: Stage) -> None:
    await stage.adviser("/queue", ticket=None, who=TONE)
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    await adviser_presses(stage, "Odobri")
    assert stage.last("staff").text == "Svojega predloga ne morete odobriti. To lahko stori Tone."
    await adviser_presses(stage, "Odobri", TONE)  # the button is still there for whoever may
    assert [draft.state for draft in await kept(stage)] == [DraftState.APPROVED]


async def test_with_nobody_else_known_anybody_else_may_approve(stage: Stage) -> None:
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    await stage.adviser("/odobri 1", ticket=None)
    assert stage.last("staff").text.endswith("To lahko stori kdor koli drug iz ekipe.")


async def test_of_two_presses_the_first_decides_and_the_second_is_told(stage: Stage) -> None:
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    assert stage.thread(1)[-1] == "Predlog 1 čaka, da o njem odloči še kdo. Izpuščeno: ime in e-naslov ali uporabniško ime."
    await adviser_presses(stage, "Zavrni", TONE)
    await adviser_presses(stage, "Odobri", Sender("eva", "Eva"))
    assert stage.last("staff").text == "✗ Predlog 1: zavrnjeno (Tone)."
    await stage.hears("bor", GENERAL)
    assert "zadeva #2" in stage.last("bor").text
    assert [(draft.wording, draft.decided_by) for draft in await kept(stage)] == [("", TONE)]


async def test_two_decisions_at_the_same_time_are_one(engine: AsyncEngine) -> None:
    draft = Draft(1, "sp-register", "starting", "sl", "kje", ADVISER, Stage(engine, desk()).now, state=DraftState.OPEN)
    async with engine.begin() as tx:
        await drafts.save(tx, draft)
    approved, rejected = (replace(draft, state=state, decided_by=TONE) for state in (DraftState.APPROVED, DraftState.REJECTED))
    async with engine.begin() as tx:
        await drafts.save(tx, approved)
    with pytest.raises(drafts.DecidedAlready):
        async with engine.begin() as tx:
            await drafts.save(tx, rejected)
    async with engine.begin() as tx:
        assert [one.state for one in await drafts.in_states(tx, list(DraftState))] == [DraftState.APPROVED]
        assert await drafts.revision(tx) == 1


async def test_a_draft_can_be_corrected_before_it_is_approved_and_an_old_button_does_not_approve_the_new_text(stage: Stage) -> None:
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    old = proposed(stage)
    await stage.adviser("/popravi 1 ubeseditev: Kje najamem pekarno?", ticket=None, who=TONE)
    await stage.adviser("/edit 1 answer: V stari pekarni.\nOglasite se na občini.", ticket=None, who=TONE)
    await stage.press(TONE, STAFF, old.order.choices[0].id, old.id)
    assert "medtem popravljen" in stage.last("staff").text

    await adviser_presses(stage, "Odobri", TONE)
    await stage.hears("bor", "kje najamem pekarno")
    assert stage.last("bor").text.startswith("V stari pekarni.\n\nOglasite se na občini.")


async def test_a_wording_can_be_moved_to_another_entry(stage: Stage) -> None:
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog ubeseditev")
    await stage.adviser("/popravi 1 vnos: vat-rates", ticket=None, who=TONE)
    await stage.adviser("/popravi 1 vnos: tega-ni", ticket=None, who=TONE)
    assert stage.last("staff").text.startswith("Na primer: /popravi 3")
    await stage.adviser("/odobri 1", ticket=None, who=TONE)
    await stage.hears("bor", GENERAL)
    assert stage.last("bor").text.startswith("Odgovor o vat-rates.")


async def test_the_open_ones_are_listed_and_shown_at_a_press(stage: Stage) -> None:
    await stage.adviser("/predlogi", ticket=None)
    assert stage.last("staff").text == "Noben predlog ne čaka."
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    await stage.adviser("/drafts", ticket=None, who=TONE)
    assert stage.last("staff").text == "1 predlog čaka na odločitev:"
    await adviser_presses(stage, f"1 · {GENERAL}", TONE)
    assert stage.last("staff").choices == ["Odobri", "Zavrni"]


async def test_a_cancelled_draft_leaves_nothing_behind(stage: Stage) -> None:
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog")
    await adviser_presses(stage, "Prekliči")
    assert stage.thread(1)[-1] == "Predlog 1 je preklican."
    assert await kept(stage) == []
    await adviser_presses(stage, "Nov vnos")
    assert stage.last("staff").text == "Predloga 1 ni več."


async def test_when_an_adviser_sends_an_entry_the_question_is_proposed_as_a_wording_of_it(stage: Stage) -> None:
    await stage.hears("ana", QUESTION)
    await stage.adviser("/vnos vat-rates")
    await adviser_presses(stage, "Pošlji tako, kot je")
    assert "nova ubeseditev vnosa »Naslov vat-rates«" in proposed(stage).text
    (draft,) = await kept(stage)
    assert (draft.state, draft.entry, draft.wording, draft.answer, draft.ticket) == (DraftState.OPEN, "vat-rates", GENERAL, "", 1)


async def test_after_an_erasure_no_draft_leads_back_to_the_person(both_stages: Stage) -> None:
    stage = both_stages
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    await stage.adviser("/odobri 1", ticket=None, who=TONE)
    await stage.adviser("/predlog ubeseditev")
    await stage.hears("ana", "/izbrisi")
    await stage.presses("ana", "Da, izbriši vse")

    (draft,) = await kept(stage)
    assert (draft.state, draft.ticket) == (DraftState.APPROVED, None)
    assert "Ana" not in draft.wording + draft.answer
    await stage.adviser("/odobri 2", ticket=None, who=TONE)
    assert stage.last("staff").text.startswith("Napišite številko odprtega predloga")


class Learning:
    """Learns when it is told to; knows everything that was approved, and says so."""

    def __init__(self) -> None:
        self.asked: list[Content] = []
        self.done = asyncio.Event()
        self.fails = False

    async def __call__(self, content: Content) -> Matcher:
        self.asked.append(content)
        await self.done.wait()
        self.done.clear()
        if self.fails:
            raise LearningFailed("a test")
        return Sure(content)


class Sure(Told):
    def __init__(self, content: Content) -> None:
        super().__init__()
        self.content = content

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        return Found((self.content.entries[-1],), Reading("sl", (), ()))


async def test_what_was_approved_is_learnt_beside_the_answering_and_then_known_in_other_words(stage: Stage) -> None:
    learning = Learning()
    stage.answering.knowledge = knowledge = Knowledge(stage.desk, learning)
    task = asyncio.create_task(knowledge.run())
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    await stage.adviser("/odobri 1", ticket=None, who=TONE)
    await stage.hears("bor", GENERAL)
    assert stage.last("bor").text.startswith("Pozdravljeni, …!")
    await stage.hears("bor", "Kdo peče?")
    assert "zadeva #2" in stage.last("bor").text

    learning.done.set()
    await asyncio.sleep(0)
    await stage.hears("cene", "Kdo peče?")
    assert stage.last("cene").text.startswith("Pozdravljeni, …!")
    task.cancel()


async def test_when_learning_fails_what_was_approved_is_found_word_for_word(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    learning = Learning()
    learning.fails = True
    stage.answering.knowledge = knowledge = Knowledge(stage.desk, learning)
    task = asyncio.create_task(knowledge.run())
    await answered_by_an_adviser(stage)
    await stage.adviser("/predlog vnos")
    await stage.adviser("/odobri 1", ticket=None, who=TONE)
    learning.done.set()
    await stage.hears("bor", GENERAL)
    await asyncio.sleep(0)
    await stage.hears("cene", GENERAL)
    assert stage.last("cene").text.startswith("Pozdravljeni, …!")
    assert "word for word" in caplog.text
    assert not task.done()
    task.cancel()


# — personal data —

EMSO = "0101006500006"
HIDDEN = "•" * 13


async def test_an_emso_is_warned_of_and_hidden_from_the_advisers_until_one_asks(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", f"{EMSO} je moj EMŠO, kje je pekarna?")

    assert "ne potrebujemo podatka, ki ste ga napisali (EMŠO)" in stage.last("ana").text
    assert stage.last("ana").choices == ["Izbriši podatek", "Ne, ohrani"]
    assert not [text for text in stage.texts("staff") if EMSO in text]
    assert HIDDEN in stage.thread(1)[0]
    async with stage.engine.begin() as tx:
        assert EMSO not in (await tickets.by_number(tx, 1)).title

    await adviser_presses(stage, "Pokaži zakrito")
    assert stage.thread(1)[-1] == f"Zakrito, prikazano na zahtevo (Maja):\n\n{EMSO} je moj EMŠO, kje je pekarna?"
    async with stage.engine.begin() as tx:
        assert [(one.who, one.what) for one in await tickets.history(tx, 1)][-1] == ("Maja", "unmasked")


async def test_what_a_person_adds_to_a_ticket_is_hidden_too(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.hears("ana", "moja kartica je 4111 1111 1111 1111")
    assert "Ana: moja kartica je •••• •••• •••• ••••" in stage.thread(1)
    assert stage.thread(1)[-1] == "V sporočilu osebe je zakrit podatek: številka kartice."


async def test_the_person_has_it_taken_out_of_what_is_kept_and_of_what_an_adviser_had_shown(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", f"Kje je pekarna? EMŠO {EMSO}")
    await stage.hears("ana", f"še enkrat: {EMSO}")
    await adviser_presses(stage, "Pokaži zakrito")
    shown = stage.last("staff").id
    await stage.presses("ana", "Izbriši podatek")

    assert "izbrisan iz našega zapisa" in stage.last("ana").text
    changes = [
        seen for seen in stage.platform.seen if isinstance(seen.order, Change) and seen.order.message == MessageRef("fake", "staff", shown)
    ]
    assert HIDDEN in changes[-1].text
    async with stage.engine.begin() as tx:
        assert not [line for line in await tickets.lines(tx, [1]) if EMSO in line.text]
    await stage.adviser("/predlog")
    await adviser_presses(stage, "Pokaži zakrito")
    assert EMSO not in stage.last("staff").text


async def test_a_typed_number_still_answers_what_was_asked_last(stage: Stage) -> None:
    await stage.hears("ana", f"odprem espe, {EMSO}")
    warning, answer = stage.texts("ana")[-2:]
    assert "ne potrebujemo" in warning
    assert answer.startswith("Odgovor o sp-register.")
    await stage.hears("ana", "1")
    assert stage.last("ana").text.startswith("Me veseli.")
    await stage.hears("ana", f"odprem espe, {EMSO}")
    await stage.hears("ana", "izbriši podatek")
    assert "izbrisan iz našega zapisa" in stage.last("ana").text


async def test_yes_to_the_warning_alone_takes_it_out(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.hears("ana", EMSO)
    await stage.hears("ana", "da")
    assert "izbrisan iz našega zapisa" in stage.last("ana").text


async def test_what_advisers_write_is_never_hidden(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("Nakažite na SI56 1910 0000 0123 438.")
    assert stage.last("ana").text.endswith("SI56 1910 0000 0123 438.")
