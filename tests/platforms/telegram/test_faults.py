"""Telegram in trouble, through the real process: nothing is lost, nothing comes twice without saying so, and it goes on by itself."""

import asyncio
import time

import pytest

from tests.platforms.botapi import BotApi, Fault, Faults, Person
from tests.platforms.telegram.conftest import Met, Scene
from tests.platforms.telegram.desk import ANSWER, QUESTION

pytestmark = pytest.mark.asyncio(loop_scope="package")

LABEL = "(možna ponovitev)"
SAYS = {
    "401": "401",
    "404": "404",
    "409": "409 (another process)",
    "429": "429",
    "500": "500",
    "html": "a page with 502",
    "drop": "connection broken",
    "drop after": "connection broken after the effect",
    "hang": "no answer",
    "hang after": "no answer after the effect",
}


def answers(api: BotApi, person: Person) -> list[str]:
    return [text for text in api.texts(person) if ANSWER in text]


@pytest.mark.parametrize(
    "fault", ["401", "409", "html", "drop", *(pytest.param(one, marks=pytest.mark.long) for one in ("404", "429", "500", "hang"))]
)
async def test_updates_go_on_by_themselves_after(scene: Scene, met: list[Met], fault: str) -> None:
    api, ana = scene.api, scene.ana
    made = _make(api.faults, fault, "getUpdates", None)
    await ana.says("/jezik sl")  # ends the wait that is under way
    await api.until(lambda: made.met, 20)
    begun = time.monotonic()
    await ana.says(QUESTION)
    await asyncio.sleep(2.5)
    asked, down = made.met, time.monotonic() - begun
    api.faults.clear()
    over = time.monotonic()
    await api.until(lambda: answers(api, ana), 30)

    assert asked <= down + 1
    assert len(answers(api, ana)) == 1
    met.append(Met(f"getUpdates: {SAYS[fault]}", f"the answer, once; {asked} requests in {down:.1f} s", time.monotonic() - over))


async def test_an_answer_arrives_once_or_says_that_it_may_be_a_repeat(scene: Scene, met: list[Met]) -> None:
    """Each fault meets somebody else's answer, all at the same time."""
    api = scene.api
    faults = ("401", "404", "409", "429", "500", "html", "drop", "drop after", "hang", "hang after")
    people = {fault: api.user(f"Oseba {fault}") for fault in faults}
    for person in people.values():
        await person.says("/jezik sl")
    await api.until(lambda: all("Odgovarjam" in api.texts(person)[-1] for person in people.values()), 30)

    async def asks(fault: str, person: Person) -> None:
        _make(api.faults, fault, "sendMessage", 1, chat=person.id)
        begun = time.monotonic()
        await person.says(QUESTION)
        await api.until(lambda: len(answers(api, person)) == (2 if "after" in fault else 1), 30)
        seen = f"the answer, then once more with {LABEL}" if "after" in fault else "the answer, once"
        met.append(Met(f"sendMessage: {SAYS[fault]}", seen, time.monotonic() - begun))

    await asyncio.gather(*(asks(fault, person) for fault, person in people.items()))
    for fault, person in people.items():
        plain = [text for text in answers(api, person) if LABEL not in text]
        assert len(plain) <= 1, fault
        assert len(answers(api, person)) == (2 if "after" in fault else 1), fault


async def test_a_fate_unknown_twice_is_told_to_the_advisers_and_not_tried_for_ever(scene: Scene, met: list[Met]) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    api.faults.drop("sendMessage", None, after=True, chat=ana.id)
    begun = time.monotonic()
    said = await maja.says("V Radovljici.", chat=staff, topic=topic)
    await api.until(lambda: said.reactions.get(123) == ["💔"], 40)
    met.append(Met("sendMessage: every answer lost", f"💔 for the adviser; the person twice, once with {LABEL}", time.monotonic() - begun))
    api.faults.clear()
    await api.until(lambda: "ni znano, ali je sporočilo prispelo" in scene.said(topic)[-1])
    copies = [text for text in api.texts(ana) if "V Radovljici." in text]
    assert len(copies) == 2
    assert LABEL in copies[1]


async def test_one_chat_that_is_told_to_slow_down_holds_up_nobody_else(scene: Scene, met: list[Met]) -> None:
    api, ana = scene.api, scene.ana
    bor = api.user("Bor")
    slow = api.faults.fail("sendMessage", 1, 429, chat=ana.id, retry_after=4)
    await ana.says(QUESTION)
    await api.until(lambda: slow.met)
    begun = time.monotonic()
    await bor.says(QUESTION)
    await api.until(lambda: answers(api, bor))
    assert time.monotonic() - begun < 3
    assert not answers(api, ana)
    await api.until(lambda: answers(api, ana))
    assert time.monotonic() - begun > 3
    seen = "that person the answer when asked to, others at once"
    met.append(Met("sendMessage: 429 for one person, retry after 4 s", seen, time.monotonic() - begun - 4))


async def test_while_telegram_is_down_it_is_asked_less_than_once_a_second_however_many_wait(scene: Scene, met: list[Met]) -> None:
    api = scene.api
    people = [api.user(f"Oseba {number}") for number in range(12)]
    for person in people:
        await person.says("/jezik sl")
    await api.until(lambda: all(api.texts(person) for person in people))
    api.faults.html("*", None)
    before = len(api.calls)
    await people[0].says("/jezik sl")  # ends the wait that is under way
    await asyncio.sleep(7)
    asked = len(api.calls) - before
    api.faults.clear()
    over = time.monotonic()
    for person in people:
        await person.says(QUESTION)
    await api.until(lambda: all(answers(api, person) for person in people), 30)
    seen = f"12 people their answers, once; {asked} requests in 7 s"
    met.append(Met("everything: a page with 502 for 7 s", seen, time.monotonic() - over))
    assert asked <= 7


async def test_nothing_is_lost_while_the_connection_is_refused(scene: Scene, met: list[Met]) -> None:
    """As without a network, or with a name that cannot be looked up."""
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    await api.goes_down()
    await ana.says("Še nekaj.")
    said = await maja.says("V Radovljici.", chat=staff, topic=topic)
    await asyncio.sleep(3)
    await api.comes_back()
    over = time.monotonic()
    await api.until(lambda: "V Radovljici." in api.texts(ana)[-1] and said.reactions.get(123) == ["👌"], 30)
    await api.until(lambda: "Ana:\n\nŠe nekaj." in scene.said(topic))
    assert len([text for text in api.texts(ana) if "V Radovljici." in text]) == 1
    met.append(Met("connections refused for 3 s", "both sides what the other wrote, once", time.monotonic() - over))


async def test_an_update_that_cannot_be_read_is_set_aside_and_said(scene: Scene) -> None:
    api, ana = scene.api, scene.ana
    api.world.updates.add("message", ana.id, {"message_id": "?", "chat": {"id": ana.id}})
    api.world.updates.add("something_new", ana.id, {"id": 1})
    await ana.says(QUESTION)
    await api.until(lambda: answers(api, ana))
    await api.until(lambda: "ni bilo mogoče prebrati" in scene.general[-1])


def _make(faults: Faults, fault: str, method: str, times: int | None, chat: int | None = None) -> Fault:
    kind, _, after = fault.partition(" ")
    match kind:
        case "drop":
            return faults.drop(method, times, after=bool(after), chat=chat)
        case "hang":
            return faults.hang(method, times, after=bool(after), chat=chat)
        case "html":
            return faults.html(method, times, after=bool(after), chat=chat)
        case code:
            return faults.fail(method, times, int(code), after=bool(after), chat=chat)
