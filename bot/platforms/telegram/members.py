"""Who is in the staff group, as Telegram said at most a minute ago."""

from collections.abc import Callable
from datetime import timedelta

from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.platforms.base import NotSent
from bot.platforms.telegram.reading import Json, is_member
from bot.platforms.telegram.rooms import Rooms
from handlers.events import Sender

_FRESH = 60.0
_PATIENCE = 3.0


class Members:
    def __init__(self, bot: Bot, rooms: Rooms, clock: Callable[[], float]) -> None:
        self.bot = bot
        self.rooms = rooms
        self._clock = clock
        self._known: dict[str, tuple[float, bool]] = {}

    async def includes(self, sender: Sender) -> bool:
        """Raises NotSent when Telegram cannot be asked."""
        if not sender.id.isdecimal():
            return False  # a channel, a group, an anonymous admin, somebody else's words
        asked_at = self._clock()
        known = self._known.get(sender.id)
        if known and asked_at - known[0] < _FRESH:
            return known[1]
        found = await self._ask(int(sender.id))
        self._known[sender.id] = asked_at, found
        return found

    def changed(self, change: Json) -> None:
        """Telegram told us that somebody came or went."""
        if self.rooms.room(change["chat"]["id"]) == self.rooms.staff:
            self._known[str(change["new_chat_member"]["user"]["id"])] = self._clock(), is_member(change["new_chat_member"])

    async def _ask(self, user: int) -> bool:
        try:
            member = await self.bot.get_chat_member(self.rooms.chat(self.rooms.staff), user, read_timeout=_PATIENCE)
        except (BadRequest, Forbidden):
            return False
        except TelegramError as error:
            raise NotSent(error.message, timedelta(seconds=2)) from error
        return is_member(member.to_dict())
