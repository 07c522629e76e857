"""The third loop: orders are carried out, first in first out within a room. Commit, send, commit."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.bell import Bell
from bot.platforms.base import (
    File,
    Moved,
    NotSent,
    Paced,
    Platform,
    Receipt,
    Refused,
    ThreadGone,
    ThreadMade,
    TooLarge,
    TooLate,
    Unknown,
    Unreachable,
)
from handlers import deliveries
from handlers.desk import Desk
from handlers.events import MessageRef
from handlers.orders import (
    GiveData,
    Mark,
    OpenThread,
    Order,
    Part,
    Quote,
    Relay,
    Say,
    SendFile,
    ShowState,
    ShowWaiting,
    Sign,
    Text,
    destination,
)
from handlers.situation import Line
from knowledge import markup
from storage import conversations, database, outbox, privacy, tickets
from storage.outbox import NewId, Outgoing

log = logging.getLogger(__name__)

_LONGEST_WAIT = timedelta(seconds=20)


class Delivery:
    """Carries out what is in the outbox for one platform."""

    def __init__(
        self,
        engine: AsyncEngine,
        platform: Platform,
        platforms: Mapping[str, Platform],
        desk: Desk,
        clock: Callable[[], datetime],
        *,
        new_id: NewId = outbox.new_id,
    ) -> None:
        self.engine = engine
        self.platforms = platforms
        self.platform = platform
        self.desk = desk
        self.clock = clock
        self.new_id = new_id
        self.round_at: datetime | None = None
        """When the loop last came round with the database answering."""
        self.failures: Counter[str] = Counter()
        """How often something was not sent, by what went wrong."""

    async def run(self, bell: Bell, stopping: asyncio.Event) -> None:
        """One order a lane at a time, lanes beside each other: one that hangs holds up nobody else."""
        await self.recover()
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            while not stopping.is_set():
                try:
                    ready = await self._take(self.platform.lanes - len(under_way))
                except DBAPIError as error:
                    log.error("the database does not answer, trying again in 2 s: %s", type(error.orig).__name__)
                    await asyncio.sleep(2)
                    continue
                self.round_at = self.clock()
                for outgoing, order in ready:
                    task = tasks.create_task(self._carry_out(outgoing, order))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    task.add_done_callback(lambda _: bell.ring())
                if not ready:
                    await bell.wait(0.5)

    async def recover(self) -> None:
        """What was on its way when the process died may have arrived."""
        async with self.engine.begin() as tx:
            if lost_sight_of := await outbox.recover(tx, self.platform.name):
                log.warning("%d messages on %s may or may not have arrived before the restart", lost_sight_of, self.platform.name)

    async def step(self) -> bool:
        """Carry out the next order of each free lane; False when there is nothing to do."""
        ready = await self._take(self.platform.lanes)
        async with asyncio.TaskGroup() as tasks:
            for outgoing, order in ready:
                tasks.create_task(self._carry_out(outgoing, order))
        return bool(ready)

    async def _take(self, most: int) -> list[tuple[Outgoing, Order]]:
        if most <= 0:
            return []
        async with self.engine.begin() as tx:
            taken = await outbox.take(tx, self.platform.name, self.clock(), most)
            prepared = [(outgoing, await self._prepared(tx, outgoing)) for outgoing in taken]
        ready = [(outgoing, order) for outgoing, order in prepared if order is not None]
        return ready if ready or not taken else await self._take(most)

    async def _carry_out(self, outgoing: Outgoing, order: Order) -> None:
        try:
            if outgoing.unknowns > 1 and not self.platform.idempotent and not self._in_staff_channel(order):
                return await self._give_up(outgoing, self.desk.staff_texts.reason_unknown)
            receipt = await self._send(outgoing, order)
        except Paced as error:
            async with self.engine.begin() as tx:
                await outbox.postpone(tx, outgoing, self.clock() + error.after)
        except NotSent as error:
            wait = max(error.after, min(timedelta(seconds=2**outgoing.attempts), _LONGEST_WAIT))
            log.warning("#%d to %s not sent, again in %d s: %s", outgoing.cause, self.platform.name, wait.total_seconds(), error)
            async with self.engine.begin() as tx:
                await outbox.put_back(tx, outgoing, str(error), self.clock() + wait)
        except Unreachable:
            await self._give_up(outgoing, self.desk.staff_texts.reason_unreachable)
        except TooLate:
            await self._give_up(outgoing, self.desk.staff_texts.reason_too_late)
        except ThreadMade as made:
            await self._thread_made(outgoing, made.thread)
        except ThreadGone:
            await (self._thread_made(outgoing, None) if isinstance(order, OpenThread) else self._open_again(outgoing))
        except Moved as error:
            async with self.engine.begin() as tx:
                await outbox.move(tx, self.platform.name, destination(order)[1], error.room)
                await outbox.put_back(tx, outgoing, str(error), self.clock())
        except Refused as error:
            await self._refused(outgoing, error)
        except Exception as error:
            if not isinstance(error, Unknown):
                log.exception("#%d to %s: unforeseen", outgoing.cause, self.platform.name)
            wait = timedelta(seconds=min(5 * 2**outgoing.unknowns, 300))
            async with self.engine.begin() as tx:
                await outbox.mark_unknown(tx, outgoing, str(error), self.clock() + wait)
        else:
            await asyncio.shield(self._arrived(outgoing, order, receipt))
        return None

    async def _send(self, outgoing: Outgoing, order: Order) -> Receipt:
        try:
            return await self.platform.send(order, outgoing.key, await self._files(order))
        except (Paced, ThreadMade):
            raise
        except Exception as error:
            self.failures[type(error).__name__] += 1
            raise

    async def _files(self, order: Order) -> list[File]:
        """A relay's attachments from another platform, as far as they can be carried over; the text names them all."""
        if not isinstance(order, Relay) or order.origin.platform == self.platform.name:
            return []
        files = []
        for attachment in order.attachments:
            try:
                files.append(await self.platforms[order.origin.platform].fetch(attachment))
            except TooLarge:
                log.info("an attachment is too large to be carried over from %s", order.origin.platform)
        return files

    async def _arrived(self, outgoing: Outgoing, sent: Order, receipt: Receipt) -> None:
        now, order = self.clock(), outgoing.order
        async with self.engine.begin() as tx:
            await self._record(tx, outgoing, receipt, now)
            await outbox.mark_sent(tx, outgoing, receipt.id, now)
            await self._follow_up(tx, outgoing, deliveries.arrived(order, self.desk, receipt.missing))
            await self._overtaken(tx, outgoing, sent)
            if isinstance(order, OpenThread) and self.platform.lists_waiting:
                await self._follow_up(tx, outgoing, (ShowWaiting(place=self.desk.staff),))
        if outgoing.forget:
            await database.overwrite_deleted(self.engine)
        log.info("#%d %s sent to %s", outgoing.cause, type(order).__name__.lower(), self.platform.name)

    async def _record(self, tx: AsyncConnection, outgoing: Outgoing, receipt: Receipt, now: datetime) -> None:
        """Remember which message is whose copy, so that replies, edits and reactions find their way."""
        order = outgoing.order
        platform, room = destination(order)
        sent = MessageRef(platform, room, receipt.id) if receipt.id else None
        match order:
            case OpenThread(ticket=number):
                await tickets.set_thread(tx, number, receipt.thread)
                if sent:
                    await tickets.add_line(tx, Line(ticket=number, author="bot", text="", at=now, copy=sent))
            case Relay(origin=origin) | Say(report=MessageRef() as origin) if sent:
                await tickets.set_copy(tx, origin, sent)
            case Say(ticket=int(number)) if sent:
                await tickets.add_line(tx, Line(ticket=number, author="bot", text=_plain(order.parts), at=now, copy=sent))

    async def _overtaken(self, tx: AsyncConnection, outgoing: Outgoing, sent: Order) -> None:
        """What an adviser corrected or withdrew while it was on its way is put right now."""
        if (written := deliveries.written(sent)) is None:
            return
        line = await tickets.line_of(tx, written)
        ticket = await tickets.by_number(tx, line.ticket) if line else None
        if line is not None and ticket is not None:
            await self._follow_up(tx, outgoing, deliveries.overtaken(sent, line, ticket, self.desk))

    async def _give_up(self, outgoing: Outgoing, reason: str) -> None:
        now = self.clock()
        log.error("#%d %s to %s given up", outgoing.cause, type(outgoing.order).__name__.lower(), self.platform.name)
        async with self.engine.begin() as tx:
            await outbox.mark_failed(tx, outgoing, reason, now)
            person = await conversations.person_in(tx, *destination(outgoing.order))
            await self._follow_up(tx, outgoing, deliveries.undelivered(outgoing.order, outgoing.ticket, person, reason, self.desk))

    async def _refused(self, outgoing: Outgoing, error: Refused) -> None:
        """Say it once more without any markup or choices; then tell the advisers."""
        log.error("#%d refused by %s: %s", outgoing.cause, self.platform.name, error)
        plain = _without_markup(outgoing.order)
        if plain == outgoing.order:
            return await self._give_up(outgoing, self.desk.staff_texts.reason_refused)
        async with self.engine.begin() as tx:
            await outbox.change(tx, outgoing, plain, "refused")
        return None

    async def _thread_made(self, outgoing: Outgoing, thread: str | None) -> None:
        """What is left of opening a thread is its card; None: not even the thread is there."""
        order = outgoing.order
        assert isinstance(order, OpenThread)
        async with self.engine.begin() as tx:
            await tickets.set_thread(tx, order.ticket, thread)
            await outbox.change(tx, outgoing, replace(order, place=replace(order.place, thread=thread)), "thread made or gone")

    async def _open_again(self, outgoing: Outgoing) -> None:
        """The thread was deleted: the order goes into a new one."""
        async with self.engine.begin() as tx:
            ticket = await tickets.by_number(tx, outgoing.ticket) if outgoing.ticket is not None else None
            if ticket is None:
                await outbox.mark_failed(tx, outgoing, "thread gone", self.clock())
                return
            await tickets.set_thread(tx, ticket.number, None)
            history = await tickets.lines(tx, [ticket.number])
            order = deliveries.thread_again(ticket, history, self.desk)
            await outbox.put_before(tx, outgoing, order, self.desk.staff, self.clock(), self.new_id)
            await self._follow_up(tx, outgoing, (deliveries.thread_gone(ticket, self.desk),))

    async def _prepared(self, tx: AsyncConnection, outgoing: Outgoing) -> Order | None:
        """The order as it is to be sent: its ticket's thread looked up, a repeat labelled, personal data filled in.

        None when the adviser has taken it back.
        """
        order = outgoing.order
        if (written := deliveries.written(order)) and (line := await tickets.line_of(tx, written)):
            if line.author == "withdrawn" and not outgoing.unknowns:
                await outbox.mark_failed(tx, outgoing, "withdrawn", self.clock())
                log.info("#%d withdrawn before it was sent to %s", outgoing.cause, self.platform.name)
                return None
            order = deliveries.as_it_reads(order, line)
        if isinstance(order, GiveData):
            order = await self._data(tx, order)
        if isinstance(order, ShowWaiting):
            return deliveries.waiting(await tickets.still_open(tx), self.desk, self.clock())
        if isinstance(order, Say | Relay | ShowState) and order.ticket is not None and self._in_staff_channel(order):
            ticket = await tickets.by_number(tx, order.ticket)
            order = replace(order, place=replace(order.place, thread=ticket.thread if ticket else None))
            if ticket and isinstance(order, ShowState) and order.choices:
                order = replace(order, card=await tickets.card(tx, ticket.number))
        if outgoing.unknowns and not self.platform.idempotent:
            order = _labelled(order, self.desk.speaks(self.desk.language).sent_again)
        return order

    async def _data(self, tx: AsyncConnection, order: GiveData) -> SendFile:
        texts = self.desk.speaks(order.language)
        data = await privacy.export(tx, order.place.platform, order.person)
        content = json.dumps(data, ensure_ascii=False, indent=2)
        return SendFile(place=order.place, name=texts.data_file, content=content, parts=(Text(texts.data_sent),))

    async def _follow_up(self, tx: AsyncConnection, outgoing: Outgoing, orders: tuple[Order, ...]) -> None:
        await outbox.put(tx, orders, self.desk.staff, outgoing.cause, self.clock(), new_id=self.new_id)

    def _in_staff_channel(self, order: Order) -> bool:
        return destination(order) == (self.desk.staff.platform, self.desk.staff.room)


def _labelled(order: Order, label: str) -> Order:
    match order:
        case Say() | OpenThread():
            return replace(order, parts=(Text(label), *order.parts))
        case Relay():
            return replace(order, note=label)
        case SendFile():
            return replace(order, parts=(Text(label), *order.parts))
        case Mark(sign=Sign.FAILED):
            return replace(order, text=f"{label}\n\n{order.text}")
        case _:
            return order


def _without_markup(order: Order) -> Order:
    match order:
        case Say():
            return replace(order, parts=(Quote(_plain(order.parts)),), choices=(), reply_to=None)
        case OpenThread():
            return replace(order, parts=(Quote(_plain(order.parts)),), choices=())
        case Relay():
            return replace(order, attachments=(), reply_to=None)
        case _:
            return order


def _plain(parts: tuple[Part, ...]) -> str:
    return "\n\n".join(markup.plain(part.markdown) if isinstance(part, Text) else part.text for part in parts)
