"""The second loop: one waiting event after another is answered, in one transaction with everything that follows from it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.bell import Bell
from bot.platforms.base import NotSent, Platform
from bot.relearning import Knowledge
from handlers import deliveries
from handlers.desk import Desk
from handlers.events import Event
from handlers.orders import OpenThread, ShowWaiting
from handlers.respond import after_failure, respond
from handlers.situation import Situation, Turn
from storage import database, inbox, outbox, situations
from storage.inbox import BrokenRow, Room, Waiting
from storage.outbox import NewId

log = logging.getLogger(__name__)

_THREAD_SOON = timedelta(seconds=0.5)
MOST_ATTEMPTS = 5
"""After so many failures on one event a person takes over."""

Observer = Callable[[Event, Situation, Turn], None]


class Answering:
    """Answers one event at a time. `observe` is called after each commit."""

    def __init__(
        self,
        engine: AsyncEngine,
        platforms: Mapping[str, Platform],
        desk: Desk,
        clock: Callable[[], datetime],
        *,
        new_id: NewId = outbox.new_id,
        observe: Observer | None = None,
        knowledge: Knowledge | None = None,
    ) -> None:
        self.engine = engine
        self.platforms = platforms
        self.desk = desk
        self.knowledge = knowledge or Knowledge(desk)
        self.clock = clock
        self.new_id = new_id
        self.observe = observe
        self.round_at: datetime | None = None
        """When the loop last came round with the database answering."""
        self._served: deque[Room] = deque(maxlen=inbox.MOST_ROOMS)
        """Whose turn it was lately, so that one who writes much holds up nobody."""

    async def run(self, bell: Bell, wake: Sequence[Bell], stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                busy = await self.step()
            except DBAPIError as error:
                log.error("the database does not answer, trying again in 2 s: %s", type(error.orig).__name__)
                await asyncio.sleep(2)
                continue
            self.round_at = self.clock()
            if busy:
                for other in wake:
                    other.ring()
            else:
                await bell.wait(1)

    async def step(self) -> bool:
        """Deal with the event whose turn it is; False when there is none that is due."""
        try:
            async with self.engine.begin() as tx:
                waiting = await inbox.next_up(tx, self.clock(), self._served)
        except BrokenRow as error:
            await self._set_aside(error.number, str(error))
            return True
        if waiting is None:
            return False
        self._served.append(waiting.room)
        try:
            await self._answer(waiting)
        except DBAPIError:
            raise
        except Exception as error:
            log.exception("#%d failed (attempt %d)", waiting.number, waiting.attempts + 1)
            await self._failed(waiting, error)
        return True

    async def _answer(self, waiting: Waiting) -> None:
        event, now = waiting.event, self.clock()
        try:
            may_advise = not self.desk.is_staff(event) or await self.platforms[event.place.platform].may_advise(event.sender)
        except NotSent as error:
            async with self.engine.begin() as tx:
                await inbox.postpone(tx, waiting.number, now + error.after)
            return
        async with self.engine.begin() as tx:
            self.desk = await self.knowledge.current(tx)
            situation = await situations.load(tx, waiting.number, event, self.desk.staff, may_advise=may_advise)
            if await self._comes_too_early(tx, event, situation):
                await inbox.postpone(tx, waiting.number, now + _THREAD_SOON)
                return
            turn = await asyncio.to_thread(respond, event, situation, self.desk, now)
            await situations.save(tx, waiting.number, event, turn, self.desk.staff, now, self.new_id)
            await self._list_waiting(tx, waiting.number, turn, now)
            await inbox.mark_done(tx, waiting.number)
        if turn.erase:
            await database.overwrite_deleted(self.engine)
        log.info("#%d %s", waiting.number, turn.kind)
        if self.observe:
            self.observe(event, situation, turn)

    async def _comes_too_early(self, tx: AsyncConnection, event: Event, situation: Situation) -> bool:
        """An adviser has written in a ticket's thread before we could note that the thread is there."""
        unknown = self.desk.is_staff(event) and event.place.thread is not None and situation.ticket is None
        return unknown and await outbox.opens_thread(tx, event.place.platform)

    async def _list_waiting(self, tx: AsyncConnection, cause: int, turn: Turn, now: datetime) -> None:
        """Where threads go unnoticed, the waiting tickets also stand in the staff channel's main timeline."""
        staff = self.platforms.get(self.desk.staff.platform)
        opens = any(isinstance(order, OpenThread) for order in turn.orders)  # then the list follows when the thread is there
        if staff is not None and staff.lists_waiting and (turn.ticket or turn.erase) and not opens:
            await outbox.put(tx, (ShowWaiting(place=self.desk.staff),), self.desk.staff, cause, now, new_id=self.new_id)

    async def _failed(self, waiting: Waiting, error: Exception) -> None:
        """Try again in a while; after five failures a person takes over where the program failed."""
        now = self.clock()
        if waiting.attempts + 1 < MOST_ATTEMPTS:
            async with self.engine.begin() as tx:
                await inbox.mark_failed(tx, waiting.number, type(error).__name__, now + timedelta(seconds=2**waiting.attempts))
            return
        try:
            async with self.engine.begin() as tx:
                situation = await situations.load(tx, waiting.number, waiting.event, self.desk.staff)
                turn = after_failure(waiting.event, situation, self.desk, now)
                await situations.save(tx, waiting.number, waiting.event, turn, self.desk.staff, now, self.new_id)
                await self._list_waiting(tx, waiting.number, turn, now)
                await inbox.mark_done(tx, waiting.number)
            log.error("#%d handed to the advisers after %d failures", waiting.number, MOST_ATTEMPTS)
            if self.observe:
                self.observe(waiting.event, situation, turn)
        except DBAPIError:
            raise
        except Exception:
            log.exception("#%d could not even be handed over", waiting.number)
            await self._set_aside(waiting.number, type(error).__name__)

    async def _set_aside(self, number: int, reason: str) -> None:
        async with self.engine.begin() as tx:
            platform = await inbox.quarantine(tx, number, reason)
            alert = deliveries.quarantined(platform, number, self.desk)
            await outbox.put(tx, (alert,), self.desk.staff, number, self.clock(), new_id=self.new_id)
        log.error("#%d set aside: %s", number, reason)
