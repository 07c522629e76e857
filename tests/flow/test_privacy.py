"""What is kept about a person is given to them whole, deleted whole, and deleted by itself in time."""

import json
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import intake, upkeep
from bot.platforms.base import Batch
from handlers.events import Attachment, Sender, Unreadable
from handlers.orders import Relay, ShowState, Sign
from storage import privacy, situations
from storage.tables import blocks, drafts, metadata, tickets
from tests.stage import Stage

WHO, NAME, WORD = "plant0wn1d", "Plantnameža", "lončarstvoplant"
PLANT = Sender(WHO, NAME)


async def _leaves_traces(stage: Stage) -> None:
    """A story after which every table that can hold something about a person does."""
    await stage.hears(WHO, f"kako odprem espe {WORD}1", sender=PLANT)
    await stage.hears(WHO, f"Kje je pekarna {WORD}2?", sender=PLANT)
    await stage.adviser(f"Za vogalom {WORD}3.")
    await stage.adviser(f"// opomba {WORD}4")
    await stage.hears(WHO, f"Za katerim {WORD}5?", sender=PLANT)
    async with stage.engine.begin() as tx:
        await tx.execute(update(tickets).values(comment=f"{WORD}6"))
        row = {"platform": "fake", "person": WHO, "name": NAME, "reason": f"{WORD}7", "who": "Maja", "at": stage.now}
        await tx.execute(insert(blocks).values(**row))
        draft = {"topic": "starting", "state": "open", "entry": "sp-register", "language": "sl", "wording": f"{WORD}8", "answer": ""}
        await tx.execute(insert(drafts).values(**draft, ticket=1, author="maja", author_name="Maja", created_at=stage.now))
    await intake.store(stage.engine, "fake", Batch((stage.message(WHO, f"{WORD}9", sender=PLANT),)), stage.desk, stage.now)
    unread = Unreadable(key="broken", raw=f'{{"from": "{WHO}", "text": "{WORD}10"}}', error="unknown kind")
    await intake.store(stage.engine, "fake", Batch((unread,)), stage.desk, stage.now)
    async with stage.engine.begin() as tx:
        await tx.execute(text("UPDATE inbox SET not_before = :later WHERE state = 'waiting'"), {"later": stage.now + timedelta(days=9)})


async def test_everything_about_a_person_is_in_their_export(both_stages: Stage) -> None:
    await _leaves_traces(both_stages)
    async with both_stages.engine.begin() as tx:
        given = json.dumps(await privacy.export(tx, "fake", WHO), ensure_ascii=False)
    assert [number for number in range(1, 11) if f"{WORD}{number}" not in given] == []
    assert NAME in given


async def test_after_forget_not_a_byte_of_it_is_in_the_files(stage: Stage, tmp_path: Path) -> None:
    await _leaves_traces(stage)
    assert _found(tmp_path, WORD, NAME)
    async with stage.engine.begin() as tx:
        await tx.execute(text("UPDATE inbox SET state = 'done' WHERE state = 'waiting'"))
    await stage.hears(WHO, "/izbrisi", sender=PLANT)
    await stage.presses(WHO, "Da, izbriši vse")
    await stage.settle()

    assert "izbrisani" in stage.last(WHO).text
    assert _found(tmp_path, WORD, NAME) == []
    async with stage.engine.begin() as tx:
        kept = await privacy.export(tx, "fake", WHO)
    assert {name for name, rows in kept.items() if isinstance(rows, list) and rows} <= {"blocks"}


async def test_of_the_threads_of_whoever_is_forgotten_only_the_numbers_stay(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "Sem Ana Novak, kje je pekarna?")
    await stage.adviser("/zakljuci")
    await stage.hears("ana", "Kje je druga pekarna?")
    await stage.adviser("/prevzemi", ticket=2)
    await stage.hears("ana", "/izbrisi")
    await stage.presses("ana", "Da, izbriši vse")

    newest = {seen.place.thread: seen.order for seen in stage.platform.seen if isinstance(seen.order, ShowState)}
    assert {thread: (order.title, order.state) for thread, order in newest.items()} == {"t1": ("#1", "closed"), "t2": ("#2", "closed")}


async def test_who_writes_in_the_thread_of_an_erased_ticket_is_told_why_nothing_is_sent(both_stages: Stage) -> None:
    stage = both_stages
    await stage.hears("ana", "Kje je pekarna?")
    await stage.hears("ana", "/izbrisi")
    await stage.presses("ana", "Da, izbriši vse")

    for written in ("Za vogalom.", "/prevzemi"):
        assert stage.marks(await stage.adviser(written)) == [Sign.FAILED]
        assert stage.last("staff").text == "Ni poslano: ta zadeva je izbrisana, ker je oseba zahtevala izbris svojih podatkov."
    assert stage.marks(await stage.adviser("Dobro jutro!", ticket=7)) == []


async def test_numbers_are_hidden_in_the_names_of_files_and_in_what_advisers_copied(stage: Stage) -> None:
    await stage.hears("ana", "Kje je pekarna?")
    await stage.hears("ana", "", attachments=(Attachment("document", "f1", "emso_0101006500006.pdf"),))
    relay = next(seen.order for seen in reversed(stage.platform.seen) if isinstance(seen.order, Relay))
    assert [attachment.name for attachment in relay.attachments] == ["emso_•••••••••••••.pdf"]
    assert stage.thread(1)[-1] == "V sporočilu osebe je zakrit podatek: EMŠO."

    await stage.adviser("/zakljuci")
    await stage.hears("ana", "Kje je druga pekarna?")
    await stage.adviser("// EMŠO je 0101006500006", ticket=2)
    await stage.adviser("/zdruzi 1", ticket=2)
    transcript = next(text for text in reversed(stage.thread(1)) if "(opomba)" in text)
    assert "EMŠO je •••••••••••••" in transcript


def _found(folder: Path, *words: str) -> list[str]:
    """Which of the words stand in the database's files, the write-ahead log among them."""
    contents = [file.read_bytes() for file in folder.glob("test.db*")]
    return [word for word in words if any(word.encode() in content or json.dumps(word)[1:-1].encode() in content for content in contents)]


async def test_over_four_hundred_days_nothing_is_kept_longer_than_promised(stage: Stage) -> None:
    begun = stage.now
    for day in range(0, 400, 20):
        stage.now = begun + timedelta(days=day)
        await stage.hears(f"oseba{day}", f"kako odprem espe dan{day}x")
        await stage.hears(f"druga{day}", f"Kje je pekarna dan{day}x?")
        ticket = max(int(seen.place.thread[1:]) for seen in stage.seen_by("staff") if seen.place.thread)
        await stage.adviser(f"Odgovor dan{day}x.", ticket=ticket)
        if day != 100:
            await stage.adviser("/zakljuci", ticket=ticket)
        await upkeep.expire(stage.engine, stage.desk, stage.now)
        kept = await _everything(stage.engine)
        for earlier in range(0, day + 1, 20):
            there = f"dan{earlier}x" in kept
            assert there == (day - earlier <= 90) or (there and earlier == 100), (
                f"day {day}: what was said on day {earlier} is there: {there}"
            )


async def _everything(engine: AsyncEngine) -> str:
    async with engine.begin() as tx:
        rows = [str(row) for name in metadata.tables for row in await tx.execute(text(f"SELECT * FROM {name}"))]
    return "\n".join(rows)


async def test_what_could_not_be_read_is_not_kept_longer_than_the_log(stage: Stage) -> None:
    await stage.happens(Unreadable(key="broken", raw=f'{{"text": "{WORD}"}}', error="unknown kind"))
    await upkeep.expire(stage.engine, stage.desk, stage.now + timedelta(days=31))
    assert WORD not in await _everything(stage.engine)


async def test_erased_by_the_operator_a_person_is_gone_from_the_staff_channel_too(stage: Stage) -> None:
    await stage.hears(WHO, f"Kje je pekarna {WORD}?", sender=PLANT)
    async with stage.engine.begin() as tx:
        await situations.erase(tx, "fake", WHO, stage.desk, stage.now)
    await stage.settle()

    assert "[removed]" in [seen.text for seen in stage.platform.seen]
    assert "zahtevala izbris" in stage.thread(1)[-1]
    assert [seen.order.title for seen in stage.platform.seen if isinstance(seen.order, ShowState)] == ["#1"]
    assert WORD not in await _everything(stage.engine)


async def test_an_adviser_who_is_erased_is_named_nowhere_and_what_they_had_is_anybodys(both_stages: Stage) -> None:
    stage, nika = both_stages, Sender("nika0", "Nikaplant")
    await stage.hears("ana", "Kje je pekarna?")
    await stage.adviser("/prevzemi", who=nika)
    await stage.hears("bor", "Kje je pošta?")
    await stage.adviser("Za vogalom.", ticket=2, who=nika)
    await stage.adviser("/blokiraj žali", ticket=2, who=nika)
    async with stage.engine.begin() as tx:
        draft = {"topic": "starting", "state": "approved", "entry": "sp-register", "language": "sl", "wording": "kje", "answer": ""}
        names = {"author": nika.id, "author_name": nika.name, "decided_by": nika.id, "decided_name": nika.name}
        await tx.execute(insert(drafts).values(**draft, **names, created_at=stage.now))
        given = await privacy.export(tx, "fake", nika.id)
        await privacy.erase(tx, "fake", nika.id, stage.now)

    assert [name for name, rows in given.items() if name.startswith("advised_") and not rows] == []
    assert "pekarna" not in json.dumps(given)
    kept = await _everything(stage.engine)
    assert nika.name not in kept
    assert nika.id not in kept
    await stage.adviser("/prevzemi")
    assert "Maja" in await _everything(stage.engine)


def test_a_new_table_cannot_be_forgotten_by_those_who_forget() -> None:
    """Whoever adds a table says here whether it holds something about a person; if so, export and erase have to know it."""
    about_people = {"inbox", "outbox", "conversations", "questions", "tickets", "ticket_lines", "ticket_history", "choices", "drafts"}
    about_people |= {"blocks", "advisers", "erasures"}
    about_nobody = {"cursors", "counters", "due", "statistics", "leases"}
    assert set(metadata.tables) == about_people | about_nobody
