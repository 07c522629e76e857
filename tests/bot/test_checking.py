"""The doctor: what it finds on this machine, and the way out that it shows."""

import argparse
import asyncio
import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app, checking, cli, config, machine, running
from bot.errors import TryAgain
from bot.health import Health
from handlers.alerts import Disk
from storage import database, schema

_ENTRY = """
reviewed = 2026-11-20
confirmed_by = "test"
[[sources]]
title = "SPOT"
url = "https://spot.gov.si"
[sl]
title = "Kako odprem s.p.?"
wordings = [{sl}]
answer = "Na točki SPOT."
[en]
title = "How do I register?"
wordings = [{en}]
answer = "At a SPOT point."
"""
_WORDS = {"sl": "Kako odprem s.p. v letu", "en": "How do I register in year"}

CONFIG = """
[desk]
knowledge = "{folder}/faq"
{hours}
[storage]
url = "{url}"
[staff]
platform = "telegram"
room = "-1001234567890"
[telegram]
token_file = "{folder}/token"
[matching]
semantic = false
cache = "{folder}/cache"
[health]
listen = ""
{more}
"""
HOURS = '[desk.hours]\nmonday = ["09:00-15:00"]'


def configured(folder: Path, *, hours: str = HOURS, url: str = "", more: str = "") -> Path:
    file = folder / "config.toml"
    file.write_text(CONFIG.format(folder=folder, hours=hours, url=url or f"sqlite:///{folder / 'desk.db'}", more=more))
    return file


def checked(file: Path, capsys: pytest.CaptureFixture[str], *, offline: bool = True) -> tuple[int, dict[str, str]]:
    """The exit code, and name → mark and text."""
    status = checking.check(argparse.Namespace(config=file, offline=offline))
    lines = [line for line in capsys.readouterr().out.splitlines() if line[:1] in ("✓", "✗", "!")]
    return status, {line[2:].partition(": ")[0]: line[:2] + line.partition(": ")[2] for line in lines}


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    wordings = {language: ", ".join(f'"{words} {number}?"' for number in range(40)) for language, words in _WORDS.items()}
    (tmp_path / "faq" / "starting").mkdir(parents=True)
    (tmp_path / "faq" / "topics.toml").write_text('[starting]\nsl = "Začetek"\nen = "Starting"\n')
    (tmp_path / "faq" / "starting" / "sp-register.toml").write_text(_ENTRY.format(**wordings))
    token = tmp_path / "token"
    token.write_text("123:abc")
    token.chmod(0o600)
    return tmp_path


def test_on_a_sound_installation_every_line_is_right(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = checked(configured(sound), capsys)
    assert [line for line in found.values() if line.startswith("✗")] == []
    assert found["[telegram] token_file"] == f"✓ {sound}/token"
    assert found["storage"] == f"✓ {sound}/desk.db will be made at the first start"
    assert found["time zone"].startswith("✓ Europe/Ljubljana, now ")
    assert {"settings", "texts", "knowledge base", "matcher", "meaning", "opening hours", "sqlite", "disk", "health"} <= found.keys()
    assert status == 0


def test_each_fault_is_named_with_its_way_out(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sound / "token").chmod(0o644)
    status, found = checked(configured(sound, hours="", url="sqlite:////nowhere/desk.db", more='[backup]\nrecipient = "age1x"'), capsys)
    assert found["[telegram] token_file"] == f"✗ everybody on this machine may read {sound}/token; `chmod 600 {sound}/token`"
    assert "set at least one day" in found["opening hours"]
    assert found["database folder"].startswith("✗ /nowhere is not there; `mkdir -p /nowhere`")
    assert found["backup"].startswith('✗ [backup] recipient: expected a public age key ("age1…")')
    assert status == 1


def test_a_missing_secret_is_one_fault_and_its_platform_is_not_asked(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sound / "token").unlink()
    _, found = checked(configured(sound), capsys, offline=False)
    assert [name for name, line in found.items() if line.startswith("✗")] == ["[telegram] token_file"]


def test_settings_with_a_password_in_them_are_for_the_desks_group(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = configured(sound, url="postgresql://desk:secret@127.0.0.1:1/desk")
    file.chmod(0o644)
    assert f"`chgrp helpdesk {file} && chmod 640 {file}`" in checked(file, capsys)[1]["settings"]
    file.chmod(0o640)
    assert checked(file, capsys)[1]["settings"] == f"✓ {file}"


REFUSED = URL.create("postgresql", username="desk", host="127.0.0.1", port=1, database="desk")
"""Nobody listens there."""


@pytest.mark.parametrize(
    ("change", "status", "way_out"),
    [
        (lambda _: REFUSED, 1, "is PostgreSQL running, are host and port in [storage] url right?"),
        (lambda url: url.set(host="desk.invalid", query={}), 1, "are host and port in [storage] url right?"),
        (lambda url: url.set(database="nothing"), 2, "make it (`createdb`)"),
        (lambda url: url.set(username="nobody"), 2, "are user and password in [storage] url right?"),
    ],
)
def test_a_database_that_may_come_back_is_no_fault_of_the_settings(
    change: Callable[[URL], URL], status: int, way_out: str, sound: Path, postgres: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """After exit code 2 systemd does not start the desk again."""
    file = configured(sound, url=change(make_url(postgres)).render_as_string(hide_password=False))
    with pytest.raises(SystemExit) as left:
        cli.main(["db", "upgrade", "--config", str(file)])
    assert left.value.code == status
    assert way_out in capsys.readouterr().err
    assert way_out in checked(file, capsys)[1]["storage"]


def test_a_full_disk_may_be_made_room_on(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "desk.db")) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.execute("CREATE TABLE tickets (number INTEGER)")
    trouble = machine.database_trouble(OperationalError("CREATE", None, full.value))
    assert trouble.text.startswith("database or disk is full; make room on the disk")
    assert not trouble.lasting


def test_another_file_that_cannot_be_opened_is_not_called_the_database(sound: Path) -> None:
    async def work(engine: AsyncEngine) -> int:
        return os.open("/nowhere/desk.db.lock", os.O_RDONLY)

    with pytest.raises(TryAgain, match=r"^/nowhere/desk\.db\.lock: No such file or directory$"):
        running.with_database(config.read(configured(sound)), work)


def test_settings_that_cannot_be_read_are_a_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[staff]\nplatform = "console"\nroom = "x"\n[storage]\nurl = "mysql://x"\n[health]\nport = 1\n')
    assert checking.check(argparse.Namespace(config=file, offline=True)) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"✗ settings: {file}: [storage] url: expected")
    assert second == f"✗ settings: {file}: [health] port: unknown key; config.example.toml lists them all"


async def test_the_database_is_looked_at_and_not_changed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    async with database.opened(url) as engine:
        async with engine.begin() as tx:
            before, head = await schema.compare(tx)
        assert before is None
        await schema.upgrade(engine)
        async with engine.begin() as tx:
            assert await schema.compare(tx) == (head, head)
            await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        async with engine.begin() as tx:
            with pytest.raises(schema.NewerSchema, match="9999"):
                await schema.compare(tx)


@pytest.mark.parametrize(
    ("version", "has_bug"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)
def test_sqlite_with_the_wal_reset_bug_is_remarked(version: machine.Version, has_bug: bool) -> None:
    finding = machine.sqlite_version(version)
    assert (finding.ok, finding.remark) == (True, has_bug)


def test_sqlite_that_is_too_old_is_refused() -> None:
    assert not machine.sqlite_version((3, 34, 1)).ok


def test_a_database_on_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/export {tmp_path} nfs4 rw 0 0\n")
    assert "is on a network file system (nfs4)" in machine.disk_of_database(tmp_path, mounts).text
    mounts.write_text(f"server:/export / nfs4 rw 0 0\n/dev/sda1 {tmp_path} ext4 rw 0 0\n")
    assert machine.disk_of_database(tmp_path, mounts).ok


@pytest.mark.parametrize("content", [None, "", b"\xff\xfe"])
def test_a_secret_has_to_be_there(tmp_path: Path, content: str | bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    finding = machine.readable(file, "[telegram] token_file")
    assert not finding.ok
    assert "put the secret there" in finding.text


def test_a_credential_is_there_while_the_service_runs() -> None:
    finding = machine.readable(Path("/run/credentials/helpdesk.service/telegram-token"), "[telegram] token_file")
    assert "systemd puts it there while the service runs" in finding.text
    assert "put the secret there" not in finding.text


def test_a_clock_that_is_wrong_is_told() -> None:
    now = app.utc_now()
    assert machine.skew("Telegram", now - timedelta(seconds=20), now).ok
    assert machine.skew("Telegram", now - timedelta(seconds=61), now).text.startswith("61 s ahead of Telegram's; ")
    assert machine.skew("Telegram", now + timedelta(seconds=61), now).text.startswith("61 s behind Telegram's; ")


@pytest.mark.parametrize(
    ("disk", "ok"), [(Disk(499_000_000, 5_000_000_000), False), (Disk(600_000_000, 100_000_000_000), False), (Disk(2**40, 2**41), True)]
)
def test_a_disk_that_is_nearly_full_is_told(disk: Disk, ok: bool) -> None:
    assert machine.room(disk).ok is ok


async def test_the_health_port_is_free_taken_or_the_desks_own(sqlite: AsyncEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
        assert not machine.port(listen.replace("127.0.0.1", "192.0.2.1")).ok
    assert machine.port(listen).text == f"http://{listen}/healthz is free"
    async with Health(sqlite, app.utc_now).listening(listen):
        assert (await asyncio.to_thread(machine.port, listen)).text == "the desk is running: standing by"


class NotTheDesk(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def another_program() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), NotTheDesk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_another_program_on_the_health_port_is_not_called_the_desk() -> None:
    with another_program() as listen:
        finding = machine.port(listen)
    assert finding.text == f"[health] listen: another program answers at {listen}; choose another port"
    assert not finding.ok
