"""Text and files into a chat, in several messages where one does not hold them."""

import asyncio
from dataclasses import dataclass, field

from telegram import Bot, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, ReplyParameters

from bot.platforms.base import Receipt
from bot.platforms.telegram import rendering
from bot.platforms.telegram.pacing import Pacer
from bot.platforms.telegram.rendering import Rendered
from handlers.desk import Desk

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass
class Steps:
    """How far an order of several calls has come: tried again, it goes on from there."""

    key: str
    pieces: list[Rendered] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    """The messages sent for it."""
    interrupted: bool = False
    has_turn: bool = False

    def keep_turn(self) -> None:
        """It goes on at once: its turn among the chat's messages is not used up yet."""
        self.has_turn = True

    def take_turn(self) -> bool:
        had, self.has_turn = self.has_turn, False
        return had


class Writing:
    def __init__(self, bot: Bot, pacer: Pacer, desk: Desk) -> None:
        self.bot = bot
        self.pacer = pacer
        self.desk = desk

    async def text(
        self,
        chat: int,
        whole: Rendered,
        steps: Steps,
        *,
        thread: str | None = None,
        reply_to: str | None = None,
        buttons: InlineKeyboardMarkup | None = None,
    ) -> Receipt:
        """One message, or several; the first carries the reply, the last the buttons. The first one's id is the receipt."""
        if not steps.sent:
            steps.pieces = self._pieces(whole)
        last = len(steps.pieces) - 1
        for number, piece in enumerate(steps.pieces):
            if number < len(steps.sent):
                continue
            if number:
                await self.turn(chat, steps)
            message = await self.bot.send_message(
                chat,
                self._again(piece, steps).text,
                entities=self._again(piece, steps).entities,
                message_thread_id=as_id(thread),
                reply_parameters=reply(reply_to) if number == 0 else None,
                reply_markup=buttons if number == last else None,
                link_preview_options=_NO_PREVIEW,
            )
            steps.sent.append(message.message_id)
        return Receipt(str(steps.sent[0]))

    async def upload(self, chat: int, file: InputFile, caption: Rendered | None, *, picture: bool, thread: str | None = None) -> Receipt:
        send = self.bot.send_photo if picture else self.bot.send_document
        message = await send(
            chat,
            file,
            caption=caption.text if caption else None,
            caption_entities=caption.entities if caption else None,
            message_thread_id=as_id(thread),
        )
        return Receipt(str(message.message_id))

    async def turn(self, chat: int, steps: Steps) -> None:
        """Wait for the turn of one more message of the same order."""
        while seconds := self.pacer.wait(chat, f"{steps.key}/{len(steps.sent)}"):  # noqa: ASYNC110
            await asyncio.sleep(seconds)

    def _pieces(self, whole: Rendered) -> list[Rendered]:
        room_for_label = rendering.TEXT_LIMIT - 100
        limit = rendering.TEXT_LIMIT if rendering.units(whole.text) <= rendering.TEXT_LIMIT else room_for_label
        return rendering.split(whole, limit) or [Rendered("…")]

    def _again(self, piece: Rendered, steps: Steps) -> Rendered:
        """A piece that may have arrived already, while those before it certainly have, says so itself."""
        if not steps.sent or not steps.interrupted:
            return piece
        label = self.desk.speaks(self.desk.language).sent_again
        return rendering.plain(label) + Rendered("\n\n") + piece


def reply(id: str | None) -> ReplyParameters | None:
    return ReplyParameters(int(id), allow_sending_without_reply=True) if id is not None else None


def as_id(id: str | None) -> int | None:
    return int(id) if id is not None else None
