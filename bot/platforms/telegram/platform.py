"""Telegram as one of the desk's platforms."""

import asyncio
import json
import logging
import mimetypes
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from telegram import Bot
from telegram.constants import ChatAction, FileSizeLimit
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.request import BaseRequest, HTTPXRequest

from bot import config
from bot.errors import ConfigError
from bot.platforms.base import Batch, File, NotSent, Paced, Receipt, TooLarge
from bot.platforms.telegram import called, menu, reading, receiving
from bot.platforms.telegram.albums import Albums
from bot.platforms.telegram.members import Members
from bot.platforms.telegram.outage import Outage
from bot.platforms.telegram.pacing import Limits, Pacer
from bot.platforms.telegram.reading import NAME, Json, Reader
from bot.platforms.telegram.rooms import Rooms
from bot.platforms.telegram.sending import Sending
from bot.platforms.telegram.webhook import Webhook
from bot.platforms.telegram.writing import as_id
from handlers.desk import Desk
from handlers.events import Attachment, Message, Sender
from handlers.orders import Order

log = logging.getLogger(__name__)

__all__ = ["NAME", "Telegram", "connect"]

_LANES = 24
_COURTESIES = 50
"""Typing indicators and the like under way at once; beyond that they are left out."""


class Telegram:
    name = NAME
    idempotent = False
    lanes = _LANES
    ends = False
    lists_waiting = False

    def __init__(self, bot: Bot, polling: BaseRequest, desk: Desk, limits: Limits | None = None, webhook: Webhook | None = None) -> None:
        self.bot = bot
        self.polling = polling
        self.desk = desk
        self.webhook = webhook
        self.username = ""
        self.direct_link: str | None = None
        self.rooms = Rooms(desk.staff.room if desk.staff.platform == NAME else "")
        self.outage = Outage(time.monotonic)
        self.albums = Albums()
        self.members = Members(bot, self.rooms, time.monotonic)
        self.sending = Sending(bot, self.rooms, desk, Pacer(time.monotonic, limits), self.outage, self._ask_whether_it_answers)
        self._looking = asyncio.Lock()
        self._courtesies: set[asyncio.Task[None]] = set()

    @property
    def _staff_chat(self) -> int | None:
        return self.rooms.chat(self.rooms.staff) if self.rooms.staff else None

    async def introduce(self) -> None:
        """Learn our own name, and set up the menus. Raises TelegramError."""
        me = await self.bot.get_me()
        self.outage.worked()
        self.username = me.username or ""
        self.direct_link = f"https://t.me/{self.username}?start={{start}}"
        await menu.show(self.bot, self.desk, self._staff_chat)

    @property
    def reached_at(self) -> datetime | None:
        """When it last answered us."""
        return self.outage.reached_at

    async def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        kept = json.loads(cursor) if cursor else {}
        self.rooms.remember(kept)
        self.albums.remember(kept)
        while not self.username:
            await self._introduce_in_the_end()
        async for updates in self._updates():
            self._notice(updates)
            reader = Reader(self.bot.id, self.username, self.rooms)
            events = reading.read_updates(updates, reader, datetime.now(UTC))
            for update in updates:
                self._learn_a_move(update)
            before, kept = kept, {**self.rooms.kept, **self.albums.kept}
            if events or kept != before:
                yield Batch(events, json.dumps(kept) if kept != before else None)
            for event in events:
                if isinstance(event, Message) and not self._is_staff(event):
                    self._show_that_we_work(event)

    def _updates(self) -> AsyncIterator[list[Json]]:
        if self.webhook:
            return called.updates(self.bot, self.webhook, self.outage, self.albums)
        return receiving.updates(self.bot, self.polling, self.outage)

    async def send(self, order: Order, key: str, files: Sequence[File] = ()) -> Receipt:
        return await self.sending.send(order, key, files)

    async def fetch(self, attachment: Attachment) -> File:
        """Raises TooLarge also for what is no file."""
        file_id = attachment.ref.partition(":")[2]
        if not file_id or (attachment.size or 0) > FileSizeLimit.FILESIZE_DOWNLOAD:
            raise TooLarge(f"{attachment.kind} of {attachment.size} bytes")
        try:
            found = await self.bot.get_file(file_id)
            content = bytes(await found.download_as_bytearray())
        except BadRequest as error:
            raise TooLarge(error.message) from error
        except TelegramError as error:
            raise NotSent(error.message) from error
        name = attachment.name or PurePosixPath(found.file_path or attachment.kind).name
        mime = mimetypes.guess_type(found.file_path or name)[0] or "application/octet-stream"
        return File(name, attachment.kind, mime, content)

    async def may_advise(self, sender: Sender) -> bool:
        return await self.members.includes(sender)

    def _is_staff(self, event: Message) -> bool:
        return event.place.room == self.rooms.staff

    def _show_that_we_work(self, message: Message) -> None:
        thread = as_id(message.place.thread)
        self._by_the_way(self.bot.send_chat_action(self.rooms.chat(message.place.room), ChatAction.TYPING, message_thread_id=thread))

    async def _introduce_in_the_end(self) -> None:
        try:
            await self.introduce()
        except TelegramError as error:
            await asyncio.sleep(max(1.0, self.outage.failed(error.message)))

    def _notice(self, updates: Sequence[Json]) -> None:
        """What is done at once, before anything is thought about: a button stops spinning, a member is known to be gone."""
        for update in updates:
            match update:
                case {"callback_query": {"id": str(id)}}:
                    self._by_the_way(self.bot.answer_callback_query(id))
                case {"my_chat_member": {"chat": {"id": int(chat), "type": "group" | "supergroup"}}} if chat != self._staff_chat:
                    log.info("the bot was added to or removed from the group %d; the advisers' group is the one under [staff] room", chat)
                case {"chat_member": {"chat": _, "new_chat_member": _} as change}:
                    self.members.changed(change)

    def _learn_a_move(self, update: Json) -> None:
        match update:
            case {"message": {"chat": {"id": int(old)}, "migrate_to_chat_id": int(new)}}:
                self.rooms.move(self.rooms.room(old), new)

    def _by_the_way(self, call: Coroutine[Any, Any, Any]) -> None:
        """A courtesy: nobody waits for it, and nothing depends on it."""
        if self.outage.is_on or len(self._courtesies) >= _COURTESIES:
            return call.close()
        task = asyncio.create_task(_quietly(call))
        self._courtesies.add(task)
        task.add_done_callback(self._courtesies.discard)
        return None

    async def _ask_whether_it_answers(self) -> None:
        """Before sending, after Telegram was silent: one of us asks something harmless. Raises Paced while it does not answer."""
        if not self.outage.is_on:
            return
        if (seconds := self.outage.wait) or self._looking.locked():
            raise Paced("Telegram does not answer", timedelta(seconds=max(seconds, 0.5)))
        async with self._looking:
            try:
                await self.bot.get_me(read_timeout=5)
            except TelegramError as error:
                seconds = self.outage.failed(error.message)
                raise Paced(error.message, timedelta(seconds=max(seconds, 0.5))) from error
            self.outage.worked()


async def _quietly(call: Coroutine[Any, Any, Any]) -> None:
    try:
        await call
    except TelegramError as error:
        log.debug("a courtesy failed: %s", error.message)


@asynccontextmanager
async def connect(settings: config.Telegram, desk: Desk) -> AsyncIterator[Telegram]:
    """Raises ConfigError when Telegram does not know the token; when it does not answer, we start all the same and go on asking."""
    async with AsyncExitStack() as stack:
        bot, polling = await opened(settings, stack)
        limits = Limits(settings.limits.chat_gap, settings.limits.group_minute, settings.limits.second)
        platform = Telegram(bot, polling, desk, limits, _webhook(settings))
        try:
            await platform.introduce()
        except InvalidToken:
            raise ConfigError("[telegram] token: Telegram does not know it; @BotFather shows the right one under /mybots") from None
        except TelegramError as error:
            log.error("Telegram does not answer yet (%s); going on asking", error.message)
        yield platform


async def opened(settings: config.Telegram, stack: AsyncExitStack) -> tuple[Bot, BaseRequest]:
    """The bot, and connections of its own for the long wait for updates."""
    token = config.secret(settings.token, settings.token_file, "[telegram] token_file")
    root = settings.api_url.rstrip("/")
    request = HTTPXRequest(
        connection_pool_size=_LANES + _COURTESIES + 8, connect_timeout=5, read_timeout=10, write_timeout=10, pool_timeout=5
    )
    polling = HTTPXRequest(connection_pool_size=2, connect_timeout=5, pool_timeout=5)
    try:
        bot = Bot(token, base_url=f"{root}/bot", base_file_url=f"{root}/file/bot", request=request, get_updates_request=polling)
    except InvalidToken:
        raise ConfigError('[telegram] token: expected "123456789:…" as @BotFather gives it') from None
    for one in (request, polling):
        await one.initialize()
        stack.push_async_callback(one.shutdown)
    return bot, polling


def _webhook(settings: config.Telegram) -> Webhook | None:
    if settings.webhook_url is None:
        return None
    secret = config.secret(None, settings.webhook_secret_file, "[telegram] webhook_secret_file")
    return Webhook(settings.webhook_url, secret, settings.webhook_listen)
