"""The process is killed again and again while many people write: nothing is lost, nothing doubled without saying so, order is kept."""

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.platforms.botapi import BotApi, Group, Person
from tests.platforms.telegram.desk import QUESTION, UNKNOWN, Desk

LABEL = "(možna ponovitev)"
SAYS = {
    QUESTION: "Odgovor na »Kako odprem s.p.?«",
    "Kdaj postanem zavezanec za DDV?": "Odgovor na »Kdaj postanem zavezanec za DDV?«",
    "/stanje": "Nimate odprte zadeve",
    "/teme": "Izberite temo",
}
"""What is said → how what comes back begins."""


@pytest.mark.parametrize(("people", "kills"), [(60, 2), pytest.param(200, 12, marks=pytest.mark.long)])
async def test_killed_at_random_moments_everything_arrives_in_order(api: BotApi, tmp_path: Path, people: int, kills: int) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    staff = api.group("Svetovalci", forum=True)
    desk = Desk(tmp_path, api.url, staff.id)
    asking = [api.user(f"Oseba {number}") for number in range(people)]
    with_ticket, others = asking[: people // 6], asking[people // 6 :]
    begun = time.monotonic()
    await desk.start()
    writing = asyncio.gather(
        *(_writes(person, list(SAYS), chance, kills) for person in others),
        *(_writes(person, [UNKNOWN, *_lines()], chance, kills) for person in with_ticket),
    )
    for _ in range(kills):
        enough = len(api.called("sendMessage")) + chance.randrange(1, 2 * people // kills)
        await api.until(lambda enough=enough: len(api.called("sendMessage")) >= enough, 60)
        await asyncio.sleep(chance.uniform(0, 0.05))
        await desk.kill()
        await desk.start()
    await writing
    try:
        await api.until(lambda: not _missing(api, staff, others), 60 + people)
        await api.until(lambda: len(_topics(api, staff, with_ticket)) == len(with_ticket), 60 + people)
    finally:
        await desk.kill()

    told = api.texts(staff, "general")
    labelled = sum(LABEL in message.text for chat in api.world.chats.values() for message in chat.messages.values())
    for person in others:
        given_up = sum(_is_about(person, text) for text in told)
        _check([text for text in api.texts(person) if "Pozdravljeni" not in text], list(SAYS.values()), person.name, given_up)
    for person, topic in _topics(api, staff, with_ticket).items():
        _check(topic, _lines(), f"{person.name}'s topic")
    print(
        f"{people} people, {4 * people} messages, {kills} kills (seed {seed}): 0 lost, 0 unlabelled duplicates, {labelled} labelled, "
        f"{sum('prejemnik' in text for text in told)} told to the advisers as undelivered, order kept, {time.monotonic() - begun:.0f} s"
    )


def _lines() -> list[str]:
    return [f"Dodatek številka {number}." for number in range(1, 4)]


async def _writes(person: Person, texts: list[str], chance: random.Random, kills: int) -> None:
    for text in texts:
        await asyncio.sleep(chance.uniform(0, 1.5 * kills))
        await person.says(text)


def _missing(api: BotApi, staff: Group, people: Sequence[Person]) -> list[Person]:
    """Who still lacks an answer of which nobody has been told that it could not be delivered."""
    told = api.texts(staff, "general")
    missing = []
    for person in people:
        texts = api.texts(person)
        lacking = sum(not any(beginning in text for text in texts) for beginning in SAYS.values())
        if lacking > sum(_is_about(person, text) for text in told):
            missing.append(person)
    return missing


def _is_about(person: Person, text: str) -> bool:
    """An answer whose fate was unknown twice, because two kills hit it, goes to the advisers."""
    return f"(prejemnik: {person.name})" in text


def _topics(api: BotApi, staff: Group, people: Sequence[Person]) -> dict[Person, list[str]]:
    """What the advisers saw of each of them, complete ones only."""
    found = {}
    for person in people:
        texts = [text for topic in staff.topics if f"· {person.name} ·" in topic.name for text in api.texts(staff, topic)]
        if all(any(line in text for text in texts) for line in _lines()):
            found[person] = texts
    return found


def _check(texts: Sequence[str], expected: Sequence[str], whose: str, given_up: int = 0) -> None:
    first = []
    for beginning in expected:
        places = [place for place, text in enumerate(texts) if beginning in text]
        assert len([place for place in places if LABEL not in texts[place]]) <= 1, f"{whose}: {beginning} twice: {texts}"
        first += places[:1]
    assert len(first) + given_up >= len(expected), f"{whose}: lost: {texts}"
    assert first == sorted(first), f"{whose}: not in order: {texts}"
