"""Updates that Telegram brings by calling us, and the care that it goes on doing so."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from telegram import Bot
from telegram.error import TelegramError

from bot.platforms.telegram import reading
from bot.platforms.telegram.albums import PAUSE, Albums
from bot.platforms.telegram.outage import Outage
from bot.platforms.telegram.reading import Json
from bot.platforms.telegram.webhook import Webhook

log = logging.getLogger(__name__)


async def updates(bot: Bot, webhook: Webhook, outage: Outage, albums: Albums) -> AsyncIterator[list[Json]]:
    """Batches as they come, for ever: we listen first, then tell Telegram where."""
    async with webhook.listening():
        caring = asyncio.create_task(_care(bot, webhook, outage))
        try:
            async for batch in webhook.batches(lambda: PAUSE if albums.waiting else None):
                yield albums.through(batch)
        finally:
            caring.cancel()


async def _care(bot: Bot, webhook: Webhook, outage: Outage) -> None:
    """Whoever has the token can send Telegram's calls elsewhere, and we would be deaf without a word: so it is asked again and again."""
    known, last_error = "", datetime.now(UTC)
    while True:
        try:
            if known != webhook.url:
                await bot.set_webhook(webhook.url, secret_token=webhook.secret, allowed_updates=reading.KINDS)
            info = await bot.get_webhook_info()
        except TelegramError as error:
            await asyncio.sleep(max(1.0, outage.failed(f"the webhook could not be set: {error.message}")))
            continue
        outage.worked()
        if info.url != webhook.url:
            log.error("Telegram: somebody set another webhook or asked for updates; setting ours again")
        elif info.last_error_date and info.last_error_date > last_error:
            last_error = info.last_error_date
            log.error("Telegram could not reach our webhook: %s", info.last_error_message)
        known = info.url
        await asyncio.sleep(webhook.look_again if known == webhook.url else 1)
