"""Updates waiting for the bot: the queue, long polling and the webhook."""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.platforms.botapi.errors import bad, conflict
from tests.platforms.botapi.spec import UPDATES

Json = dict[str, Any]

ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Sent only to bots that name them in `allowed_updates`."""
KEPT = 24 * 3600


@dataclass(frozen=True, slots=True)
class Waiting:
    id: int
    at: float
    chat: int
    update: Json


@dataclass
class Webhook:
    url: str = ""
    secret: str | None = None
    max_connections: int = 40
    last_error: str = ""
    last_error_date: int = 0


@dataclass
class Updates:
    """Confirmed only by an offset above them, or by a webhook's 2xx. `now` is the server's clock."""

    now: Callable[[], float]
    pending: deque[Waiting] = field(default_factory=deque)
    allowed: frozenset[str] = UPDATES - ON_REQUEST
    webhook: Webhook = field(default_factory=Webhook)
    webhook_delay: float = 0.5
    """Seconds before a webhook's first repetition; doubled each time up to a minute."""
    next_id: int = 700_000_001
    expired: int = 0
    """How many were thrown away after 24 hours."""

    def __post_init__(self) -> None:
        self._news = asyncio.Event()
        self._poll: asyncio.Future[str] | None = None
        self._lanes: dict[int, deque[Waiting]] = defaultdict(deque)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None
        self.answered: Callable[[Json], None] = lambda call: None
        """What is done with a method that a webhook answered with."""

    def add(self, kind: str, chat: int, content: Json) -> int | None:
        """Queue an update if the bot asked for its kind; its id."""
        if kind not in self.allowed:
            return None
        waiting = Waiting(self.next_id, self.now(), chat, {"update_id": self.next_id, kind: content})
        self.next_id += 1
        self.pending.append(waiting)
        self._news.set()
        if self.webhook.url:
            self._deliver(waiting)
        return waiting.id

    def add_raw(self, update: Json) -> None:
        """Queue whatever a test wants the bot to get: an unknown kind, a broken message."""
        self.pending.append(Waiting(self.next_id, self.now(), 0, {"update_id": self.next_id} | update))
        self.next_id += 1
        self._news.set()
        if self.webhook.url:
            self._deliver(self.pending[-1])

    async def get(self, offset: int = 0, limit: int = 100, timeout: int = 0, allowed_updates: Sequence[str] | None = None) -> list[Json]:  # noqa: ASYNC109
        if self.webhook.url:
            raise conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
        self.allow(allowed_updates)
        self.end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._confirm(offset)
        if not self.pending and timeout > 0:
            await self._wait(min(timeout, 50))
        return [waiting.update for waiting in list(self.pending)[:limit]]

    def allow(self, kinds: Sequence[str] | None) -> None:
        """Remember what the bot wants; nothing said keeps the last, an empty list is the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds) & UPDATES or UPDATES - ON_REQUEST

    def end_poll(self, why: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(why)

    def _confirm(self, offset: int) -> None:
        while self.pending and self.pending[0].at < self.now() - KEPT:
            self.pending.popleft()
            self.expired += 1
        if offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()
        elif offset <= self.next_id + 10:  # from the future: as if nothing was said
            while self.pending and self.pending[0].id < offset:
                self.pending.popleft()

    async def _wait(self, seconds: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        self._news.clear()
        news = asyncio.create_task(self._news.wait())
        try:
            await asyncio.wait([news, poll], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
            if self._poll is poll:
                self._poll = None
        if poll.done():
            raise conflict(poll.result())
        poll.cancel()

    async def set_webhook(self, webhook: Webhook, drop: bool) -> None:
        await self.stop_webhook()
        if webhook.url and not webhook.url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        self.end_poll("terminated by setWebhook request")
        self.webhook = webhook
        if drop:
            self.pending.clear()
        if webhook.url:
            for waiting in self.pending:
                self._deliver(waiting)

    async def stop_webhook(self) -> None:
        tasks = list(self._tasks.values())
        self._tasks.clear()
        self._lanes.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _deliver(self, waiting: Waiting) -> None:
        self._lanes[waiting.chat].append(waiting)
        if waiting.chat not in self._tasks:
            self._tasks[waiting.chat] = asyncio.create_task(self._run_lane(waiting.chat))

    async def _run_lane(self, chat: int) -> None:
        """In order within a chat, chats side by side."""
        lane = self._lanes[chat]
        while lane:
            delay = self.webhook_delay
            while (now := self.now()) - lane[0].at < KEPT and not await self._post(lane[0]):
                self.webhook.last_error_date = int(now)
                await asyncio.sleep(delay)
                delay = min(60.0, 2 * delay)
            done = lane.popleft()
            if done in self.pending:
                self.pending.remove(done)
        self._tasks.pop(chat, None)

    async def _post(self, waiting: Waiting) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60))
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.secret} if self.webhook.secret else {}
        try:
            async with self._session.post(self.webhook.url, json=waiting.update, headers=headers) as answer:
                if 200 <= answer.status < 300:
                    self._take_answer(await answer.read())
                    return True
                self.webhook.last_error = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            self.webhook.last_error = f"Connection failed: {type(error).__name__}"
        return False

    def _take_answer(self, body: bytes) -> None:
        try:
            call = json.loads(body)
        except ValueError:
            return
        if isinstance(call, dict) and "method" in call:
            self.answered(call)


class Clock:
    """The real time, moved on by tests."""

    def __init__(self) -> None:
        self.moved = 0.0

    def __call__(self) -> float:
        return time.time() + self.moved
