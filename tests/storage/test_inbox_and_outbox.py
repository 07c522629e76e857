"""What the two queues promise, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from handlers.events import Message, Place, Sender, Unreadable
from handlers.orders import Choice, OpenThread, Say, Text, Verb
from storage import database, inbox, outbox, schema
from storage.tables import choices
from storage.tables import inbox as inbox_table
from storage.tables import outbox as outbox_table
from tests.faq import STAFF, TUESDAY


def message(key: str, room: str = "ana", text: str = "?") -> Message:
    return Message(key=key, place=Place("fake", room), sender=Sender(room), at=TUESDAY, id=key, text=text)


def say(room: str = "ana", words: str = "x", **more: object) -> Say:
    return Say(place=Place("fake", room), parts=(Text(words),), **more)  # type: ignore[arg-type]


async def put(engine: AsyncEngine, *orders: Say | OpenThread) -> None:
    async with engine.begin() as tx:
        await outbox.put(tx, orders, STAFF, 1, TUESDAY)


async def take(engine: AsyncEngine, most: int = 10) -> list[outbox.Outgoing]:
    async with engine.begin() as tx:
        return await outbox.take(tx, "fake", TUESDAY, most)


async def test_events_and_cursor_are_kept_together_and_once(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        first = await inbox.take_in(tx, "fake", [message("1"), message("1"), message("2")], "c1", TUESDAY)
    async with engine.begin() as tx:
        again = await inbox.take_in(tx, "fake", [message("2"), message("3")], "c2", TUESDAY)
        assert await inbox.cursor(tx, "fake") == "c2"
        assert await inbox.waiting(tx) == 3
    assert [len(first[0]), len(again[0])] == [2, 1]


async def test_the_same_key_on_another_platform_is_another_event(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await inbox.take_in(tx, "fake", [message("1")], None, TUESDAY)
        await inbox.take_in(tx, "other", [message("1")], None, TUESDAY)
        assert await inbox.waiting(tx) == 2


async def test_text_that_a_database_cannot_hold_is_kept_readable(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await inbox.take_in(tx, "fake", [message("1\x00\ud800", text="a\x00b\ud800c 😀")], None, TUESDAY)
        waiting = await inbox.next_up(tx, TUESDAY)
    assert waiting is not None
    assert isinstance(waiting.event, Message)
    assert waiting.event.text == "a\ufffdb\ufffdc 😀"


async def test_a_failed_event_holds_up_its_room_and_no_other(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await inbox.take_in(tx, "fake", [message("1"), message("2"), message("3", "bor")], None, TUESDAY)
        await inbox.mark_failed(tx, 1, "ValueError", TUESDAY + timedelta(seconds=5))
        assert (waiting := await inbox.next_up(tx, TUESDAY))
        assert waiting.event.place.room == "bor"
        assert (waiting := await inbox.next_up(tx, TUESDAY + timedelta(seconds=5)))
        assert (waiting.number, waiting.attempts) == (1, 1)


async def test_an_unreadable_event_is_set_aside_with_what_it_was(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        taken, quarantined = await inbox.take_in(tx, "fake", [Unreadable("x", "{odd}", "KeyError"), message("1")], "c", TUESDAY)
        row = (await tx.execute(select(inbox_table).where(inbox_table.c.state == "quarantined"))).one()
    assert (len(taken), quarantined) == (2, [row.number])
    assert row.data == {"raw": "{odd}"}


async def test_a_row_that_cannot_be_read_any_more_says_which(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await inbox.take_in(tx, "fake", [message("1")], None, TUESDAY)
        await tx.execute(update(inbox_table).values(kind="Nonsense"))
    with pytest.raises(inbox.BrokenRow) as broken:
        async with engine.begin() as tx:
            await inbox.next_up(tx, TUESDAY)
    assert broken.value.number == 1


async def test_orders_leave_one_after_another_in_a_room_and_rooms_side_by_side(engine: AsyncEngine) -> None:
    await put(engine, say("ana", "1"), say("ana", "2"), say("bor", "3"))
    first = await take(engine)
    assert [outgoing.order.place.room for outgoing in first] == ["ana", "bor"]
    assert await take(engine) == []
    async with engine.begin() as tx:
        await outbox.mark_sent(tx, first[0], "m1", TUESDAY)
    assert [outgoing.order.parts for outgoing in await take(engine)] == [(Text("2"),)]


async def test_tickets_in_the_staff_channel_do_not_hold_each_other_up(engine: AsyncEngine) -> None:
    def thread(number: int) -> OpenThread:
        return OpenThread(place=STAFF, ticket=number, title="x", parts=())

    await put(engine, thread(1), Say(place=STAFF, parts=(), ticket=1), thread(2))
    assert [outgoing.ticket for outgoing in await take(engine)] == [1, 2]


async def test_what_was_being_sent_at_a_crash_is_unknown_and_counted(engine: AsyncEngine) -> None:
    await put(engine, say())
    await take(engine)
    async with engine.begin() as tx:
        assert await outbox.recover(tx, "fake") == 1
    (again,) = await take(engine)
    assert again.unknowns == 1


async def test_the_text_of_what_was_sent_is_not_kept(engine: AsyncEngine) -> None:
    await put(engine, say("ana", "skrivnost"))
    (outgoing,) = await take(engine)
    async with engine.begin() as tx:
        await outbox.mark_sent(tx, outgoing, "m1", TUESDAY)
        row = (await tx.execute(select(outbox_table))).one()
    assert (row.state, row.sent_id, row.data) == ("sent", "m1", {})


async def test_choices_get_opaque_ids_and_are_used_up_together(engine: AsyncEngine) -> None:
    await put(engine, say(choices=(Choice("Da", Verb.HELPED), Choice("Ne", Verb.NOT_HELPED))))
    (outgoing,) = await take(engine)
    assert isinstance(outgoing.order, Say)
    ids = [choice.id for choice in outgoing.order.choices]
    assert len(set(ids)) == 2
    assert all(16 <= len(id) <= 64 for id in ids)
    async with engine.begin() as tx:
        await outbox.use_choice(tx, ids[0], TUESDAY)
        assert len((await tx.execute(select(choices).where(choices.c.used_at.is_not(None)))).all()) == 2


async def test_a_room_that_moved_takes_its_waiting_orders_along(engine: AsyncEngine) -> None:
    await put(engine, say("old", "1"))
    async with engine.begin() as tx:
        await outbox.move(tx, "fake", "old", "new")
    (outgoing,) = await take(engine)
    assert outgoing.order.place.room == "new"


async def test_the_schema_is_upgraded_once_and_a_newer_one_is_refused(engine: AsyncEngine) -> None:
    before, after = await schema.upgrade(engine)
    assert before == after
    async with engine.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.NewerSchema, match="9999"):
        await schema.upgrade(engine)


async def test_sqlite_runs_with_the_settings_that_make_a_commit_mean_something(sqlite: AsyncEngine) -> None:
    async with sqlite.begin() as tx:
        found = {
            name: (await tx.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


def test_only_databases_that_we_know_are_opened() -> None:
    with pytest.raises(ValueError, match="mysql"):
        database.open_engine("mysql://localhost/x")
