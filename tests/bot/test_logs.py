"""Nothing that people write, no id or name of theirs and no secret gets into a log, whatever happens and whoever logs it."""

import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import intake, logs
from bot.platforms.base import Batch, NotSent, Refused, Unknown, Unreachable
from handlers.events import Sender, Unreadable
from storage.tables import inbox
from tests.faq import Told, desk
from tests.platforms.botapi import BotApi
from tests.platforms.telegram.desk import ANSWER, QUESTION, Desk
from tests.stage import Stage

PLANTED = ("skrivnostna", "Brezimnik", "987654321", "tajnozeton")
"""A word of a text, a name, an id, a secret."""
TEXT, NAME, ID, SECRET = PLANTED
PERSON = Sender(ID, NAME)
EVERYTHING = (
    "",
    "httpx",
    "httpcore",
    "nio",
    "telegram",
    "aiohttp",
    "sqlalchemy",
    "sqlalchemy.engine",
    "sqlalchemy.pool",
    "aiosqlite",
    "asyncio",
)


@contextmanager
def written(format: str = "console") -> Iterator[io.StringIO]:
    """What is logged, with every library as talkative as it can be."""
    stream = io.StringIO()
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in EVERYTHING}
    handler = logs.to_stream(stream, format)
    root.addHandler(handler)
    for name in EVERYTHING:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def told(message: str, *values: object, name: str = "bot.test") -> str:
    with written() as stream:
        logging.getLogger(name).error(message, *values)
    return stream.getvalue().partition(f"{name}: ")[2].rstrip("\n")


async def test_a_story_with_every_kind_of_trouble_leaves_no_trace_of_the_person(sqlite: AsyncEngine) -> None:
    stage = Stage(sqlite, desk(Told(fails_on="pokvari")))
    words = f"{TEXT} {SECRET}"
    with written("console") as console, written("json") as as_json:
        await stage.happens(stage.message(ID, f"odprem espe {words}", sender=PERSON))
        await stage.happens(stage.message(ID, f"kje je {words}", sender=PERSON))
        for trouble in (
            NotSent(f"user {ID} cannot be reached with Bearer {SECRET}"),
            Unknown(f'no answer to "{words}"'),
            Refused(f'can\'t parse "{words}" of @{NAME}:example.org'),
            Unreachable(f"user {ID} is gone"),
            RuntimeError(words),
        ):
            stage.platform.troubles["staff"] = [trouble]
            await stage.happens(stage.message(ID, f"še {words}", sender=PERSON))
            await stage.later(minutes=10)
        await stage.happens(stage.message("bor", f"pokvari {words}", sender=Sender("bor", NAME)))
        for _ in range(5):
            await stage.later(minutes=1)
        await stage.happens(Unreadable("x", words, f"KeyError: {words}"))
        await an_unreadable_row(stage, words)
    for stream in (console, as_json):
        assert stream.getvalue().count("\n") > 20
        assert [word for word in PLANTED if word in stream.getvalue()] == []


async def an_unreadable_row(stage: Stage, words: str) -> None:
    """pydantic shows what it was given."""
    await intake.store(stage.engine, "fake", Batch((stage.message(ID, words, sender=PERSON),)), stage.desk, stage.now)
    async with stage.engine.begin() as tx:
        await tx.execute(update(inbox).where(inbox.c.state == "waiting").values(data={"text": [words]}))
    await stage.settle()


async def test_a_database_error_shows_no_parameters(stage: Stage) -> None:
    with pytest.raises(IntegrityError) as failed:
        async with stage.engine.begin() as tx:
            await tx.execute(inbox.insert().values(number=1, platform=TEXT, key=NAME, room=ID, sender=SECRET))
    assert [word for word in PLANTED if word in str(failed.value)] == []


async def test_the_whole_process_on_telegram_logs_no_word_name_id_or_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK__LOGS__LEVEL", "DEBUG")
    monkeypatch.setenv("HELPDESK__LOGS__FORMAT", "json")
    token = f"123456:{SECRET}abcdefghijklmnopqrstuvwxyz01"
    async with BotApi(token) as api:
        running = Desk(tmp_path, api.url, api.group("Svetovalci", forum=True).id, token=token)
        await running.start()
        try:
            person = api.user(NAME)
            await api.until(lambda: api.called("getUpdates"), 40)
            for text in (f"{QUESTION}", f"{TEXT}?"):
                await person.says(text)
            await api.until(lambda: any(ANSWER in text for text in api.texts(person)))
            await api.until(lambda: any("zadeva #1" in text for text in api.texts(person)))
        finally:
            await running.stop()
    written = running.log()
    assert [word for word in (TEXT, NAME, str(person.id), SECRET, QUESTION) if word in written] == []
    ways = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert [line["message"] for line in ways if line.get("number") == 1][:2] == ["#1 received from telegram", "#1 answer"]


@pytest.mark.parametrize(
    "secret",
    [
        "123456789:AAE-tajnozetontajnozetontajnozeton1",
        "Bearer syt_tajnozeton",
        "https://example.org/?access_token=tajnozeton",
        "postgresql://desk:tajnozeton@db/desk",
        "@tajnozeton:example.org",
        "!tajnozetontajnozeton:example.org",
        "!tajnozetontajnozetontajnozeton",
        "$tajnozetontajnozeton",
        "tajnozeton@example.org",
        'can\'t parse "tajnozeton"',
        "input_value='tajnozeton'",
        "Forbidden: user 987654321 is gone",
    ],
)
def test_ids_and_secrets_are_taken_out_of_what_others_tell_us(secret: str) -> None:
    shown = told("the platform says: %s; trying again", secret)
    assert "tajnozeton" not in shown
    assert "987654321" not in shown
    assert shown.startswith("the platform says: ")
    assert shown.endswith("; trying again")


@pytest.mark.parametrize(
    "message", ["#128 sent to telegram", "the group -1001234567890", "schema 0002, 10.5 s", "Telegram's chat isn't there, it's gone"]
)
def test_what_the_operator_needs_stays(message: str) -> None:
    assert told(message) == message


def test_of_a_library_only_the_place_remains() -> None:
    shown = told("POST https://example.org/%s", SECRET, name="somelibrary.client")
    assert shown.startswith("(a message of this library: test_logs.py, line ")


def test_of_an_error_its_kind_and_place_remain_down_to_the_first_cause() -> None:
    with written() as stream:
        try:
            try:
                raise KeyError(SECRET)
            except KeyError as error:
                raise ExceptionGroup(SECRET, [ValueError(SECRET)]) from error
        except ExceptionGroup:
            logging.getLogger("bot.test").exception("unforeseen")
    shown = stream.getvalue()
    assert SECRET not in shown
    assert shown.index("builtins.ExceptionGroup") < shown.index("builtins.ValueError") < shown.index("builtins.KeyError")
    assert f"{__file__}:" in shown


def test_one_message_can_be_followed_by_its_number() -> None:
    with written("json") as stream:
        logging.getLogger("bot.answering").info("#%d %s", 128, "answer")
        logging.getLogger("bot.app").info("active")
    first, second = lines(stream)
    assert first == {"time": first["time"], "level": "INFO", "logger": "bot.answering", "message": "#128 answer", "number": 128}
    assert "number" not in second


def test_what_would_end_the_process_is_logged_in_the_same_way() -> None:
    program = f"from bot import logs; logs.start(); raise ValueError({SECRET!r})"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stderr
    assert "stopped by an error that nobody foresaw" in shown
    assert "builtins.ValueError" in shown
    assert SECRET not in shown


def test_an_error_is_given_to_the_operators_program_once_a_minute(tmp_path: Path) -> None:
    file = tmp_path / "errors"
    reporting = logs.Reporting(["sh", "-c", f"cat >> {file}"])
    log = logging.getLogger("bot.test")
    log.addHandler(reporting)
    try:
        for number in (7, 8):
            log.error("#%d failed for @ana:example.org", number)
        log.warning("no error")
    finally:
        log.removeHandler(reporting)
    until = time.monotonic() + 10
    while not (file.exists() and file.read_text().endswith("\n")) and time.monotonic() < until:
        time.sleep(0.01)
    (report,) = [json.loads(line) for line in file.read_text().splitlines()]
    assert (report["level"], report["number"], report["message"]) == ("ERROR", 7, "#7 failed for …")
