"""A backup made while the desk runs, put back: the same desk, and nothing that was sent is sent again."""

import argparse
import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import backups, intake, lease, upkeep
from bot.errors import ConfigError
from bot.platforms.base import Batch
from storage import backup, database, erasures, outbox, privacy, schema
from storage.backup import BackupError
from storage.erasures import Mark
from tests.faq import TUESDAY, desk
from tests.stage import Stage

STORY: tuple[Callable[[Stage], Awaitable[object]], ...] = (
    lambda stage: stage.hears("ana", "kako odprem espe"),
    lambda stage: stage.hears("bor", "Kje je pekarna?"),
    lambda stage: stage.adviser("Za vogalom."),
    lambda stage: stage.hears("cene", "davek"),
    lambda stage: stage.presses("cene", "Nič od tega"),
    lambda stage: stage.hears("bor", "Za katerim?"),
    lambda stage: stage.adviser("/zakljuci Lep dan!", ticket=1),
    lambda stage: stage.hears("ana", "Je kje peka?"),
    lambda stage: stage.adviser("Ni je.", ticket=3),
)


def _config(folder: Path, url: str, recipient: str = "") -> Path:
    file = folder / "config.toml"
    file.write_text(f'[storage]\nurl = "{url}"\n[staff]\nplatform = "console"\nroom = "advisers"\n[backup]\nrecipient = "{recipient}"\n')
    return file


def _make(folder: Path, url: str, file: Path, recipient: str = "") -> int:
    return backups.make(argparse.Namespace(config=_config(folder, url, recipient), file=file))


def _restore(folder: Path, url: str, file: Path, **more: object) -> int:
    options = {"config": _config(folder, url), "file": file, "identity": None, "erasures": None, "over": False} | more
    return backups.restore(argparse.Namespace(**options))


async def _tell(
    url: str, story: tuple[Callable[[Stage], Awaitable[object]], ...], *, undelivered: bool = False, unanswered: tuple[str, ...] = ()
) -> Stage:
    async with database.opened(url) as engine:
        await schema.upgrade(engine)
        stage = Stage(engine, desk())
        stage.answering.new_id = stage.delivery.new_id = outbox.new_id  # the ids of an earlier life are taken
        for step in story:
            await step(stage)
        if undelivered:
            await intake.store(engine, "fake", Batch((stage.message("dana", "davek"),)), stage.desk, stage.now)
            await stage.answering.step()
        for who in unanswered:
            await intake.store(
                engine, "fake", Batch((stage.message(who, f"{who} čaka na odgovor", key=f"of {who}"),)), stage.desk, stage.now
            )
    return stage


async def _contents(url: str) -> dict[str, int]:
    async with database.opened(url) as engine, engine.begin() as tx:
        return {
            name: await tx.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in ("inbox", "questions", "tickets", "ticket_lines")
        }


async def _rows(url: str, statement: str) -> list[tuple[object, ...]]:
    async with database.opened(url) as engine, engine.begin() as tx:
        return [tuple(row) for row in await tx.execute(text(statement))]


@pytest.mark.parametrize("seed", range(20))
def test_restored_at_any_point_the_desk_is_the_same_and_sends_nothing_old(tmp_path: Path, seed: int) -> None:
    cut = random.Random(seed).randrange(1, len(STORY) + 1)
    here, there = f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
    asyncio.run(_tell(here, STORY[:cut], undelivered=bool(seed % 2)))
    assert _make(tmp_path, here, tmp_path / "backup") == 0
    kept = asyncio.run(_contents(here))
    assert _restore(tmp_path, there, tmp_path / "backup") == 0

    assert asyncio.run(_contents(there)) == kept
    stage = asyncio.run(_tell(there, (lambda stage: stage.settle(),)))
    assert stage.platform.seen == []
    after = asyncio.run(_tell(there, (lambda stage: stage.hears("nova", "kako odprem espe", key="later"),)))
    assert "Odgovor o sp-register" in after.last("nova").text


@pytest.mark.parametrize("seed", range(6))
def test_what_waited_to_be_answered_is_a_matter_for_the_advisers_alone(
    tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = random.Random(seed).randrange(1, len(STORY) + 1)
    here, there = f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
    asyncio.run(_tell(here, STORY[:cut], unanswered=("bor", "eva")))
    _make(tmp_path, here, tmp_path / "backup")
    assert _restore(tmp_path, there, tmp_path / "backup") == 0

    assert "is with the advisers: #" in capsys.readouterr().out
    stage = asyncio.run(_tell(there, (lambda stage: stage.settle(),)))
    assert stage.platform.seen == []
    said = asyncio.run(_rows(there, "SELECT text FROM ticket_lines"))
    assert [who for who in ("bor", "eva") if (f"{who} čaka na odgovor",) not in said] == []
    assert {room for (room,) in asyncio.run(_rows(there, "SELECT room FROM outbox WHERE state = 'waiting'"))} == {"advisers"}


async def test_a_reminder_of_the_time_before_the_restore_does_not_ring_after_it(stage: Stage) -> None:
    await stage.hears("bor", "Kje je pekarna?")
    stage.now += timedelta(days=2)
    async with stage.engine.begin() as tx:
        await backup.settle(tx, (), stage.desk, stage.now)
    before = stage.texts("staff")

    await upkeep.set_again(stage.engine, stage.desk)
    await stage.rings()

    assert stage.texts("staff") == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_is_restored_under_a_desk_that_runs(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}" if kind == "sqlite" else request.getfixturevalue("postgres")
    if kind == "postgresql":
        asyncio.run(_emptied(url))
    asyncio.run(_tell(url, STORY[:1]))
    _make(tmp_path, url, tmp_path / "backup")

    async def while_it_runs() -> None:
        async with database.opened(url) as engine, database.opened(url) as own, lease.held(engine, own, asyncio.Event()):
            with pytest.raises(ConfigError, match="another process runs the desk"):
                await asyncio.to_thread(_restore, tmp_path, url, tmp_path / "backup", over=True)

    asyncio.run(while_it_runs())
    assert _restore(tmp_path, url, tmp_path / "backup") == 0


def test_a_backup_that_cannot_be_written_is_not_blamed_on_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:1]))
    with pytest.raises(BackupError, match="no folder"):
        _make(tmp_path, url, tmp_path / "none" / "backup")


def test_nothing_readable_lies_beside_the_backups_and_what_a_killed_run_left_goes(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "backups").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / 'a.db'}"
    asyncio.run(_tell(url, STORY[:1]))
    left = tmp_path / "data" / ".helpdesk-backup-killed"
    left.mkdir()
    os.utime(left, (0, 0))
    _make(tmp_path, url, tmp_path / "backups" / "backup")

    assert not left.exists()
    assert [file.name for file in (tmp_path / "backups").iterdir()] == ["backup"]


def test_an_encrypted_backup_needs_its_key_and_shows_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:3]))
    assert backups.key(argparse.Namespace(file=tmp_path / "key")) == 0
    recipient = capsys.readouterr().out.rsplit('"', 2)[1]
    assert _make(tmp_path, url, tmp_path / "backup.age", recipient) == 0

    assert b"pekarna" not in (tmp_path / "backup.age").read_bytes()
    assert (tmp_path / "backup.age").stat().st_mode & 0o077 == 0
    with pytest.raises(BackupError, match="--identity"):
        _restore(tmp_path, f"sqlite:///{tmp_path / 'b.db'}", tmp_path / "backup.age")
    assert _restore(tmp_path, f"sqlite:///{tmp_path / 'b.db'}", tmp_path / "backup.age", identity=tmp_path / "key") == 0
    with pytest.raises(BackupError, match="there already"):
        backups.key(argparse.Namespace(file=tmp_path / "key"))


def test_a_newer_state_is_not_overwritten_by_accident(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:2]))
    _make(tmp_path, url, tmp_path / "backup")
    asyncio.run(_tell(url, (lambda stage: stage.happens(stage.message("eva", "davek", key="later")),)))

    with pytest.raises(BackupError, match="1 events"):
        _restore(tmp_path, url, tmp_path / "backup")
    assert _restore(tmp_path, url, tmp_path / "backup", over=True) == 0


def test_a_newer_state_is_seen_when_its_events_are_gone_by_age(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:2]))
    _make(tmp_path, url, tmp_path / "backup")
    asyncio.run(_tell(url, (lambda stage: stage.happens(stage.message("eva", "Kje je peka?", key="later")),)))
    asyncio.run(_rows(url, "DELETE FROM inbox RETURNING number"))

    with pytest.raises(BackupError, match="1 tickets"):
        _restore(tmp_path, url, tmp_path / "backup")


def test_an_adviser_and_somebody_blocked_are_erased_again_and_every_mark_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
    asyncio.run(_tell(here, (*STORY[:3], lambda stage: stage.adviser("/blokiraj žali"))))
    asyncio.run(_rows(here, "DELETE FROM inbox RETURNING number"))
    asyncio.run(_rows(here, "DELETE FROM tickets RETURNING number"))
    asyncio.run(_rows(here, "DELETE FROM questions RETURNING number"))
    asyncio.run(_rows(here, "DELETE FROM conversations RETURNING person"))
    _make(tmp_path, here, tmp_path / "backup")
    marks = {str(Mark(erasures.hashed("fake", person), TUESDAY)) for person in ("bor", "maja", "gone long ago")}
    (tmp_path / "erasures").write_text("\n".join(marks))
    assert _restore(tmp_path, there, tmp_path / "backup", erasures=tmp_path / "erasures") == 0

    assert asyncio.run(_rows(there, "SELECT id FROM advisers")) == []
    assert asyncio.run(_rows(there, "SELECT name, reason, who FROM blocks")) == [("", "", "")]
    capsys.readouterr()
    backups.erased(argparse.Namespace(config=_config(tmp_path, there)))
    assert set(capsys.readouterr().out.splitlines()) >= marks


def test_what_waited_is_erased_with_who_wrote_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:1], unanswered=("eva",)))
    _make(tmp_path, url, tmp_path / "backup")
    (tmp_path / "erasures").write_text(str(Mark(erasures.hashed("fake", "eva"), TUESDAY)))
    assert _restore(tmp_path, url, tmp_path / "backup", erasures=tmp_path / "erasures") == 0

    assert asyncio.run(_contents(url))["tickets"] == 0
    assert asyncio.run(_rows(url, "SELECT number FROM inbox WHERE sender = 'eva'")) == []


def test_marks_that_are_none_stop_a_restore(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:1]))
    _make(tmp_path, url, tmp_path / "backup")
    (tmp_path / "odd").write_text("no mark")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for file in (tmp_path / "odd", tmp_path / "bytes", tmp_path / "none"):
        with pytest.raises(BackupError, match="--erasures"):
            _restore(tmp_path, url, tmp_path / "backup", erasures=file)


def test_who_came_back_after_an_erasure_that_the_backup_knows_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:3]))
    asyncio.run(_erase(url, "bor"))
    asyncio.run(_tell(url, (lambda stage: stage.happens(stage.message("bor", "Kje je peka?", key="again")),)))
    _make(tmp_path, url, tmp_path / "backup")
    capsys.readouterr()
    backups.erased(argparse.Namespace(config=_config(tmp_path, url)))
    (tmp_path / "erasures").write_text(capsys.readouterr().out)

    for target in (url, f"sqlite:///{tmp_path / 'new.db'}"):
        assert _restore(tmp_path, target, tmp_path / "backup", erasures=tmp_path / "erasures") == 0
        assert "0 people" in capsys.readouterr().out
        assert asyncio.run(_rows(target, "SELECT person FROM tickets")) == [("bor",)]


def test_who_was_erased_after_the_backup_is_erased_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:3]))
    _make(tmp_path, url, tmp_path / "backup")
    asyncio.run(_erase(url, "bor"))
    backups.erased(argparse.Namespace(config=_config(tmp_path, url)))
    (tmp_path / "erasures").write_text(capsys.readouterr().out.splitlines()[-1])

    for target, more in ((url, {}), (f"sqlite:///{tmp_path / 'new.db'}", {"erasures": tmp_path / "erasures"})):
        assert _restore(tmp_path, target, tmp_path / "backup", **more) == 0
        assert "1 people" in capsys.readouterr().out
        for file in tmp_path.glob(f"{target.rsplit('/', 1)[1]}*"):
            assert b"pekarna" not in file.read_bytes()


async def _erase(url: str, person: str) -> None:
    async with database.opened(url) as engine:
        async with engine.begin() as tx:
            await privacy.erase(tx, "fake", person, Stage.now)
        await database.overwrite_deleted(engine)


def test_one_kind_of_database_can_become_the_other(tmp_path: Path, postgres: str) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY))
    _make(tmp_path, url, tmp_path / "backup")
    asyncio.run(_emptied(postgres))
    assert _restore(tmp_path, postgres, tmp_path / "backup") == 0

    assert asyncio.run(_contents(postgres)) == asyncio.run(_contents(url))
    after = asyncio.run(_tell(postgres, (lambda stage: stage.hears("nova", "Kje je pekarna?", key="later"),)))
    assert "zadeva #4" in after.last("nova").text
    _make(tmp_path, postgres, tmp_path / "second")
    assert _restore(tmp_path, f"sqlite:///{tmp_path / 'b.db'}", tmp_path / "second") == 0


async def _emptied(url: str) -> None:
    async with database.opened(url) as engine, engine.begin() as tx:
        await tx.execute(text("DROP SCHEMA public CASCADE"))
        await tx.execute(text("CREATE SCHEMA public"))


@pytest.mark.parametrize("broken", [b"", b"no backup", b"age-encryption.org/v1\n"])
def test_what_is_no_backup_changes_nothing(tmp_path: Path, broken: bytes) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    asyncio.run(_tell(url, STORY[:1]))
    (tmp_path / "backup").write_bytes(broken)
    (tmp_path / "key").write_text("AGE-SECRET-KEY-1NOTAKEY\n")
    with pytest.raises(BackupError):
        _restore(tmp_path, url, tmp_path / "backup", identity=tmp_path / "key")
    assert asyncio.run(_contents(url))["questions"] == 1
