"""Who may act for the desk: everybody else can try what they like."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.platforms.botapi import Message, Person, Topic
from tests.platforms.telegram.conftest import Scene

pytestmark = pytest.mark.asyncio(loop_scope="package")

REFUSED = "💔"


@dataclass
class Try:
    """A ticket that waits, and somebody who tries to do something with it."""

    scene: Scene
    topic: Topic
    card: Message
    eva: Person
    """No adviser."""

    async def says(self, who: Person, **how: bool) -> Message:
        return await who.says("To pišem jaz.", chat=self.scene.staff, topic=self.topic, **how)

    @property
    def button(self) -> str:
        return str(self.card.buttons[0]["callback_data"])


async def an_outsider_writes(this: Try) -> Message | None:
    return await this.says(this.eva)


async def an_outsider_with_an_advisers_name_writes(this: Try) -> Message | None:
    return await this.says(this.scene.api.user("Maja"))


async def an_outsider_presses(this: Try) -> Message | None:
    await this.eva.presses(this.card, "Prevzemi")
    return None


async def an_outsider_commands(this: Try) -> Message | None:
    return await this.eva.says("/prevzemi", chat=this.scene.staff, topic=this.topic)


async def a_former_member_writes(this: Try) -> Message | None:
    await this.scene.staff.admit(this.eva)
    await this.scene.staff.leave(this.eva)
    return await this.says(this.eva)


async def a_former_member_presses(this: Try) -> Message | None:
    await this.scene.staff.admit(this.eva)
    await this.scene.staff.kick(this.eva)
    await this.eva.presses(this.card, "Prevzemi")
    return None


async def an_anonymous_administrator_writes(this: Try) -> Message | None:
    return await this.says(this.scene.maja, anonymous=True)


async def a_channel_writes(this: Try) -> Message | None:
    return await this.scene.staff.channel_says("To pišem jaz.", topic=this.topic)


async def somebody_elses_words_are_forwarded(this: Try) -> Message | None:
    said = await this.eva.says("To pišem jaz.", chat=this.scene.api.group("Drugje", members=[this.eva]))
    return await this.scene.maja.forwards(said, chat=this.scene.staff, topic=this.topic)


async def a_button_is_forged(this: Try) -> Message | None:
    await this.scene.maja.presses(this.card, f"data:{this.button[:-1]}x")
    return None


async def a_button_is_pressed_in_another_chat(this: Try) -> Message | None:
    """Also by an adviser: a button is worth something only where it was offered."""
    elsewhere = this.scene.api.group("Drugje", members=[this.scene.maja])
    message = await this.scene.maja.says("/pomoc@kki_bot", chat=elsewhere)
    await this.scene.maja.presses(message, f"data:{this.button}")
    await this.eva.says("/start")
    await this.eva.presses(this.scene.api.sees(this.eva)[0], f"data:{this.button}")
    return None


async def an_adviser_writes_outside_the_ticket(this: Try) -> Message | None:
    await this.scene.maja.says("To pišem jaz.", chat=this.scene.staff)
    return None


@pytest.mark.parametrize(
    "tries",
    [
        an_outsider_writes,
        an_outsider_with_an_advisers_name_writes,
        an_outsider_presses,
        an_outsider_commands,
        a_former_member_writes,
        a_former_member_presses,
        an_anonymous_administrator_writes,
        a_channel_writes,
        somebody_elses_words_are_forwarded,
        a_button_is_forged,
        a_button_is_pressed_in_another_chat,
        an_adviser_writes_outside_the_ticket,
    ],
)
async def test_nothing_happens_when(scene: Scene, tries: Callable[[Try], Awaitable[Message | None]]) -> None:
    api, ana, maja, staff = scene.api, scene.ana, scene.maja, scene.staff
    topic = await scene.ticket()
    card = next(one for one in api.sees(staff, topic) if one.labels)
    heard = len(api.texts(ana))

    message = await tries(Try(scene, topic, card, api.user("Eva")))

    note = await maja.says("// do sem je vse obdelano", chat=staff, topic=topic)
    await api.until(lambda: note.reactions.get(123) == ["✍"])
    assert len(api.texts(ana)) == heard
    assert "Prevzemi" in card.labels
    assert staff.icon(topic).startswith("❗")
    if message is not None:
        await api.until(lambda: message.reactions.get(123) == [REFUSED])


async def test_two_press_at_once_and_the_second_is_told_who_was_first(scene: Scene) -> None:
    api, maja, staff = scene.api, scene.maja, scene.staff
    nika = api.user("Nika")
    await staff.admit(nika)
    topic = await scene.ticket()
    card = next(one for one in api.sees(staff, topic) if one.labels)
    await asyncio.gather(maja.presses(card, "Prevzemi"), nika.presses(card, "Prevzemi"))
    await api.until(lambda: "že ureja Maja" in scene.said(topic)[-1])
    assert [text for text in scene.said(topic) if "prevzeto" in text] == [text for text in scene.said(topic) if "prevzeto (Maja)" in text]
    assert "Spusti" in card.labels
