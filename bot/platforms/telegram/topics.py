"""A ticket's topic in a forum group: made, named, given an icon for its state, closed and opened."""

import logging
import unicodedata

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.platforms.telegram import troubles
from handlers.situation import State

log = logging.getLogger(__name__)

_NAME_LENGTH = 128
_UNSEEN = ("Cc", "Cf")
_JOINER = "\u200d"  # holds the parts of an emoji together
_ICONS = {
    State.WAITING: ("❗", "❓", "🔥"),
    State.CLAIMED: ("👀", "🔎", "📝"),
    State.ANSWERED: ("💬", "🗣", "📣"),
    State.CLOSED: ("✅", "🏁", "🏆"),
}
"""In order of preference: Telegram offers a fixed set to every bot."""


class Topics:
    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self._icons: dict[str, str] | None = None

    async def make(self, chat: int, name: str) -> int | None:
        """The new topic's id; None where the group has none or the bot may not make them."""
        try:
            icon = await self._icon(State.WAITING)
            topic = await self.bot.create_forum_topic(chat, shown(name), icon_custom_emoji_id=icon)
        except BadRequest as error:
            if not troubles.may_not(error) and not troubles.says(error, "not a forum"):
                raise
            log.warning("no topic can be made in the staff group (%s): the ticket is one message there", error.message)
            return None
        return topic.message_thread_id

    async def show(self, chat: int, thread: int, state: str, name: str) -> None:
        """Raises BadRequest when the topic is gone; that the bot may not change it is no reason to hold up what comes after."""
        icon = await self._icon(State(state))
        await self._quietly(self.bot.edit_forum_topic, chat, thread, name=shown(name), icon_custom_emoji_id=icon)
        change = self.bot.close_forum_topic if state == State.CLOSED else self.bot.reopen_forum_topic
        await self._quietly(change, chat, thread)

    async def reopened(self, chat: int, thread: int) -> bool:
        try:
            return bool(await self.bot.reopen_forum_topic(chat, thread))
        except BadRequest as error:
            return troubles.says(error, "not_modified")

    async def _quietly(self, call, *given, **named) -> None:  # type: ignore[no-untyped-def]
        try:
            await call(*given, **named)
        except BadRequest as error:
            if troubles.thread_gone(error):
                raise
            if not troubles.says(error, "not_modified"):
                log.warning("a topic's state is not shown: %s", error.message)

    async def _icon(self, state: State) -> str | None:
        if self._icons is None:
            try:
                stickers = await self.bot.get_forum_topic_icon_stickers()
            except TelegramError:
                return None
            self._icons = {_bare(sticker.emoji or ""): sticker.custom_emoji_id or "" for sticker in stickers}
        return next((self._icons[emoji] for emoji in _ICONS[state] if self._icons.get(emoji)), None)


def shown(name: str) -> str:
    """A topic's name as Telegram takes it: on one line, not too long, and without signs that would turn its parts around."""
    plain = "".join(sign for sign in " ".join(name.split()) if unicodedata.category(sign) not in _UNSEEN or sign == _JOINER)
    return plain.encode("utf-16-le", "ignore")[: 2 * _NAME_LENGTH].decode("utf-16-le", "ignore") or "…"


def _bare(emoji: str) -> str:
    return emoji.replace("\ufe0f", "")
