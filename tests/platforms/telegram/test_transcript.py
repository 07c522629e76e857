"""One story as both sides see it; `pytest -s` shows it."""

import textwrap

import pytest

from tests.platforms.botapi import Message
from tests.platforms.telegram.conftest import Scene
from tests.platforms.telegram.desk import QUESTION, UNKNOWN

pytestmark = pytest.mark.asyncio(loop_scope="package")

_WIDTH = 62


async def test_the_whole_way_from_hello_to_thank_you(scene: Scene) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    await ana.says("/start")
    await api.until(lambda: len(api.texts(ana)) == 1)
    await ana.says(QUESTION)
    await api.until(lambda: api.sees(ana)[-1].labels)
    await ana.presses(api.sees(ana)[-1], "Da, hvala")
    await api.until(lambda: "Srečno" in api.texts(ana)[-1])
    topic = await scene.ticket(UNKNOWN)
    await maja.presses(api.sees(staff, topic)[1], "Prevzemi")
    await api.until(lambda: "prevzeto" in scene.said(topic)[-1])
    await maja.says("// šola jo ima", chat=staff, topic=topic)
    answer = await maja.says("V Radovljici, na osnovni šoli.", chat=staff, topic=topic)
    await api.until(lambda: answer.reactions.get(123))
    await ana.sends(photo=True, caption="Takšno?")
    await api.until(lambda: any("Takšno?" in text for text in scene.said(topic)))
    await maja.says("/zakljuci Točno takšno. Srečno!", chat=staff, topic=topic)
    await api.until(lambda: "zaključena" in api.texts(ana)[-1] and topic.closed)

    both = [(True, one) for one in api.sees(ana)] + [(False, one) for one in api.sees(staff, topic) if not one.service]
    both.sort(key=lambda one: one[1].order)
    print(f"\n{'Ana in the private chat':{_WIDTH}} │ the advisers' topic »{topic.name}«\n{'─' * _WIDTH}─┼─{'─' * _WIDTH}")
    for left, message in both:
        for line in _shown(message):
            print(f"{line if left else '':{_WIDTH}} │ {'' if left else line}".rstrip())
    assert topic.closed


def _shown(message: Message) -> list[str]:
    who = message.data["from"]["first_name"]
    content = "" if message.kind == "text" or message.service else f"[{message.kind}] "
    lines = [part for line in (content + message.text).split("\n") if line for part in _wrapped(line)] or [f"[{message.kind}]"]
    marks = "".join(sign for signs in message.reactions.values() for sign in signs)
    buttons = [" ".join(f"[{label}]" for label in message.labels)[:_WIDTH]] if message.labels else []
    return [f"{who}: {lines[0]}"[:_WIDTH], *lines[1:], *buttons, *([f"      {marks}"] if marks else [])]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDTH - 10)
