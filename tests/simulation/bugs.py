"""Bugs planted on purpose: the simulation has to find each of them. Here, and only here, names are patched: the patch is the bug."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from bot import answering, delivery, intake
from bot.answering import Answering
from bot.delivery import Delivery
from bot.platforms.base import Receipt
from handlers import deliveries
from handlers.orders import Quote, Relay, Say
from handlers.situation import Turn
from storage import due, inbox, outbox, privacy, situations
from tests.simulation.world import Life

Bug = Callable[[], Any]


def _confirms_before_it_stores() -> Any:
    async def take_in(self: Life, name: str) -> None:
        server = self.world.servers[name]
        batch = server.batch()
        server.confirm(batch)
        if batch.events:
            await intake.store(self.engine, name, batch, self.world.desk, self.world.now)

    return patch.object(Life, "take_in", take_in)


def _stores_events_without_a_unique_key() -> Any:
    take_in, count = inbox.take_in, iter(range(10**9))

    async def without(tx: Any, platform: str, events: Sequence[Any], *rest: Any) -> Any:
        return await take_in(tx, platform, [replace(event, key=f"{event.key}/{next(count)}") for event in events], *rest)

    return patch.object(inbox, "take_in", without)


def _stores_half_a_batch() -> Any:
    store = intake.store

    async def half(engine: Any, platform: str, batch: Any, *rest: Any) -> None:
        await store(engine, platform, replace(batch, events=batch.events[: max(1, len(batch.events) - 1)]), *rest)

    return patch.object(intake, "store", half)


def _marks_done_before_it_answers() -> Any:
    answer = Answering._answer

    async def early(self: Answering, waiting: Any) -> None:
        async with self.engine.begin() as tx:
            await inbox.mark_done(tx, waiting.number)
        await answer(self, waiting)

    return patch.object(Answering, "_answer", early)


def _answers_in_one_transaction_and_marks_done_in_the_next() -> Any:
    mark_done, later = inbox.mark_done, []

    async def never(tx: Any, number: int) -> None:
        later.append(number)

    answer = Answering._answer

    async def split(self: Answering, waiting: Any) -> None:
        await answer(self, waiting)
        async with self.engine.begin() as tx:
            while later:
                await mark_done(tx, later.pop())

    return _both(patch.object(inbox, "mark_done", never), patch.object(Answering, "_answer", split))


def _notes_as_sent_before_it_sends() -> Any:
    async def carry_out(self: Delivery, outgoing: Any, order: Any) -> None:
        await self._arrived(outgoing, order, Receipt("early", f"t{outgoing.ticket}"))
        with suppress(Exception):
            await self.platform.send(order, outgoing.key, ())

    return patch.object(Delivery, "_carry_out", carry_out)


def _forgets_at_start_what_was_on_its_way() -> Any:
    async def recover(tx: Any, platform: str) -> int:
        return 0

    return patch.object(outbox, "recover", recover)


def _sends_again_at_start_without_a_word() -> Any:
    async def recover(tx: Any, platform: str) -> int:
        return (await tx.execute(outbox.update(outbox.outbox).where(outbox.outbox.c.state == "sending").values(state="waiting"))).rowcount

    return patch.object(outbox, "recover", recover)


def _does_not_label_repeats() -> Any:
    return patch.object(delivery, "_labelled", lambda order, label: order)


def _takes_a_lost_answer_for_not_sent() -> Any:
    async def mark_unknown(tx: Any, outgoing: Any, error: str, again: Any) -> None:
        await outbox.put_back(tx, outgoing, error, again)

    return patch.object(outbox, "mark_unknown", mark_unknown)


def _does_not_wait_for_the_one_before() -> Any:
    take = outbox.take

    async def newest_first(tx: Any, platform: str, now: Any, most: int) -> Any:
        waiting = outbox.outbox.c.state.in_(("waiting", "unknown"))
        rows = await tx.execute(
            outbox.select(outbox.outbox)
            .where(outbox.outbox.c.platform == platform, waiting, outbox.outbox.c.not_before <= now)
            .order_by(outbox.outbox.c.number.desc())
            .limit(1)
        )
        taken = [outbox._outgoing(row) for row in rows]
        if not taken:
            return await take(tx, platform, now, most)
        await tx.execute(outbox.update(outbox.outbox).where(outbox.outbox.c.number == taken[0].number).values(state="sending"))
        return taken

    return patch.object(outbox, "take", newest_first)


def _turned(change: Callable[[Any, Turn], Turn]) -> Any:
    respond = answering.respond

    def changed(event: Any, situation: Any, desk: Any, now: Any) -> Turn:
        return change(situation, respond(event, situation, desk, now))

    return patch.object(answering, "respond", changed)


def _answers_into_the_wrong_room() -> Any:
    def change(situation: Any, turn: Turn) -> Turn:
        others = [ticket for ticket in situation.open_tickets if situation.ticket and ticket.person != situation.ticket.person]
        if not others:
            return turn
        place = others[0].place
        orders = tuple(
            replace(order, place=place) if isinstance(order, Relay) and order.report and order.place.platform == place.platform else order
            for order in turn.orders
        )
        return replace(turn, orders=orders)

    return _turned(change)


def _sends_notes_to_the_person() -> Any:
    def change(situation: Any, turn: Turn) -> Turn:
        notes = [line for line in turn.lines if line.author == "note"]
        if not notes or situation.ticket is None:
            return turn
        said = Say(place=situation.ticket.place, parts=(Quote(notes[0].text),))
        return replace(turn, orders=(*turn.orders, said))

    return _turned(change)


def _does_not_mark_what_advisers_write() -> Any:
    return patch.object(deliveries, "arrived", lambda order, desk, missing=(): ())


def _never_gives_up_on_a_failing_event() -> Any:
    return patch.object(answering, "MOST_ATTEMPTS", 10**9)


def _drops_a_failing_event() -> Any:
    async def failed(self: Answering, waiting: Any, error: Exception) -> None:
        async with self.engine.begin() as tx:
            await inbox.mark_done(tx, waiting.number)

    return patch.object(Answering, "_failed", failed)


def _sets_aside_in_silence() -> Any:
    take_in = inbox.take_in

    async def silent(*arguments: Any) -> Any:
        taken, _ = await take_in(*arguments)
        return taken, []

    return patch.object(inbox, "take_in", silent)


def _rings_and_forgets_to_say_so() -> Any:
    async def ring(tx: Any, now: Any) -> list[Any]:
        events = await due_ring(tx, now)
        return events[1:]

    due_ring = due.ring
    return patch.object(due, "ring", ring)


def _opens_a_second_ticket() -> Any:
    async def none(*_: Any) -> None:
        return None

    return patch.object(situations.tickets, "open_of", none)


def _forgets_only_half() -> Any:
    erase = privacy.erase

    async def half(tx: Any, platform: str, person: str, *rest: Any, **more: Any) -> None:
        kept = (await tx.execute(privacy.select(privacy.questions).where(privacy.questions.c.person == person))).mappings().all()
        await erase(tx, platform, person, *rest, **more)
        for row in kept:
            await tx.execute(privacy.questions.insert().values(**row))

    return patch.object(privacy, "erase", half)


def _does_not_sync_to_the_disk() -> Any:
    """At a crash the last commit is not there: the file as it was before it is put back."""
    begin, die = Life.step, Life.die

    async def step(self: Life) -> bool:
        files = [self.world.file.with_name(self.world.file.name + end) for end in ("", "-wal")]
        self.world.before = {file: file.read_bytes() for file in files if file.exists()}  # type: ignore[attr-defined]
        return await begin(self)

    async def lost(self: Life) -> None:
        await die(self)
        if not self.world.faults.quiet and (before := getattr(self.world, "before", None)):
            self.world.file.with_name(self.world.file.name + "-shm").unlink(missing_ok=True)
            for file, content in before.items():
                file.write_bytes(content)

    return _both(patch.object(Life, "step", step), patch.object(Life, "die", lost))


@contextmanager
def _both(*patches: Any) -> Iterator[None]:
    with patches[0]:
        if patches[1:]:
            with _both(*patches[1:]):
                yield
        else:
            yield


ALL: dict[str, Bug] = {
    name.removeprefix("_").replace("_", " "): bug
    for name, bug in list(globals().items())
    if callable(bug) and name.startswith("_") and name not in ("_both", "_turned") and not name.startswith("__")
}
