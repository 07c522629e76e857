"""Updates, asked for one batch at a time: the next is asked for when the last is stored, and only that confirms it to Telegram."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from telegram import Bot
from telegram.error import Conflict, RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.platforms.telegram import reading, troubles
from bot.platforms.telegram.outage import Outage
from bot.platforms.telegram.reading import Json

log = logging.getLogger(__name__)

_POLL = 10
"""Seconds that Telegram may keep an empty answer back; a connection that hangs is given up a little later."""
_ALBUM_PAUSE = 0.7
_MOST = 100


async def updates(bot: Bot, request: BaseRequest, outage: Outage) -> AsyncIterator[list[Json]]:
    """Batches as they come (raw JSON), for ever; whatever happens, asked again."""
    poller = _Poller(bot, request, outage)
    while True:
        batch = await poller.next()
        if batch:
            yield batch
            poller.offset = max(_id(update) for update in batch) + 1


class _Poller:
    def __init__(self, bot: Bot, request: BaseRequest, outage: Outage) -> None:
        self.bot = bot
        self.request = request
        self.outage = outage
        self.offset = 0
        self._failed = True
        self._conflicts = 0

    async def next(self) -> list[Json]:
        """The next batch; empty when there is nothing new, or when it did not work."""
        try:
            # After a failure we want to know at once whether it is over, not only when somebody writes.
            batch = await self._ask(0 if self._failed else _POLL)
            if batch and reading.album_of(batch[-1]):
                batch = await self._whole_album(batch)
        except TelegramError as error:
            self._failed = True
            await self._after(error)
            return []
        self._failed, self._conflicts = False, 0
        self.outage.worked()
        if not batch:
            self.offset = 0  # all is confirmed; Telegram may begin to count anew after a quiet week
        return batch

    async def _ask(self, patience: int) -> list[Json]:
        given = {"offset": self.offset, "limit": _MOST, "timeout": patience, "allowed_updates": json.dumps(reading.KINDS)}
        found: Any = await self.request.post(f"{self.bot.base_url}/getUpdates?{urlencode(given)}", read_timeout=patience + 5)
        if not isinstance(found, list):
            raise TelegramError("Invalid server response")
        if not all(isinstance(update, dict) and "update_id" in update for update in found):
            raise TelegramError("Invalid server response")
        return list(found)

    async def _whole_album(self, batch: list[Json]) -> list[Json]:
        """The rest of an album may still be on its way: what is not confirmed comes again, with it."""
        while len(batch) < _MOST:
            await asyncio.sleep(_ALBUM_PAUSE)
            longer = await self._ask(0)
            if len(longer) <= len(batch):
                break
            batch = longer
        return batch

    async def _after(self, error: TelegramError) -> None:
        match error:
            case RetryAfter():
                await asyncio.sleep(max(1.0, troubles.retry_after(error)))
            case Conflict() if "webhook" in error.message.lower():
                log.error("Telegram: a webhook is set for this bot, but none is configured here: removing it")
                await self._without_webhook()
            case Conflict():
                wait = min(2.0 ** (self._conflicts + 1), 15.0)
                self._conflicts += 1
                log.error("Telegram: another process uses this token; stop it. Trying again in %.0f s", wait)
                await asyncio.sleep(wait)
            case _:
                await asyncio.sleep(max(1.0, self.outage.failed(f"no updates: {error.message}")))

    async def _without_webhook(self) -> None:
        try:
            await self.bot.delete_webhook()
        except TelegramError as error:
            log.error("Telegram: the webhook could not be removed: %s", error.message)
        await asyncio.sleep(1)


def _id(update: Json) -> int:
    return int(update["update_id"])
