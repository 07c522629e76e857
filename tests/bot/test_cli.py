"""The command line, as people and scripts call it: the real program on a small FAQ."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

_ENTRY = """
reviewed = 2026-11-20
review_by = 2027-01-31

[[sources]]
title = "SPOT: Registracija"
url = "https://spot.gov.si"

[sl]
title = "Kako odprem s.p.?"
keywords = ["espe"]
wordings = ["Kako odprem s.p.?", "odpiram svoj espe", "kje se registriram kot podjetnik", "rada bi postala podjetnica", "kaj rabim za espe"]
answer = "S.p. odprete na točki SPOT."

[en]
title = "How do I register as a sole trader?"
keywords = ["sole trader"]
wordings = ["How do I register as a sole trader?", "open s.p.", "become self-employed", "where do I sign up", "starting as sole trader"]
answer = "You register at a SPOT point."
"""


def helpdesk(*arguments: str, folder: Path, text: str = "", environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"TMPDIR": str(folder)} | (environment or {}),
    )


@pytest.fixture(scope="module")
def faq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faq")
    (folder / "topics.toml").write_text('[starting]\nsl = "Začetek"\nen = "Starting out"\n')
    (folder / "starting").mkdir()
    (folder / "starting" / "sp-register.toml").write_text(_ENTRY)
    return folder


@pytest.fixture
def config(faq: Path, tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(
        f'[desk]\nknowledge = "{faq}"\n[desk.hours]\nmonday = ["09:00-15:00"]\n'
        f'[storage]\nurl = "sqlite:///{tmp_path / "desk.db"}"\n[staff]\nplatform = "console"\nroom = "advisers"\n'
    )
    return file


def test_demo_carries_each_line_through_and_prints_what_each_side_sees(faq: Path, tmp_path: Path) -> None:
    story = "Kje je pekarna?\n#1 // interno\n#1 Za vogalom.\nas Ana: Kako odprem s.p.?\nas Ana: press 1\n# /vrsta\n"
    done = helpdesk("demo", "--knowledge", str(faq), folder=tmp_path, text=story)
    again = helpdesk("demo", "--knowledge", str(faq), folder=tmp_path, text=story)
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert any(line.startswith("bot → oseba: ") for line in lines)
    assert any(line.startswith("bot → advisers #1: ") for line in lines)
    assert "bot → oseba: Svetovanje: Za vogalom." in lines
    assert any(line.startswith("bot → Ana: ") for line in lines)
    assert "interno" not in "".join(line for line in lines if line.startswith("bot → oseba"))
    same = (text.replace(done.stdout[-40:-1], "") for text in (done.stdout, again.stdout))
    assert len(set(same)) <= 2


def test_demo_with_json_gives_one_line_for_each_line_said(faq: Path, tmp_path: Path) -> None:
    story = "Kako odprem s.p.?\npress 2\n#1 Pozdravljeni!\nhvala za odgovor\n/stanje\n#1 /close\n"
    done = helpdesk("demo", "--json", "--knowledge", str(faq), folder=tmp_path, text=story)
    rows: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["decision"] for row in rows] == ["answer", "escalate", "adviser", "ticket", "command", "adviser"]
    assert rows[0]["entries"][0]["id"] == "sp-register"
    assert rows[0]["choices"] == ["Da, hvala", "Ne, naj odgovori človek"]
    assert [row["ticket"] for row in rows] == [None, 1, 1, 1, 1, 1]
    assert [row["by"] for row in rows] == ["oseba", "oseba", "adviser", "oseba", "oseba", "adviser"]
    assert rows[2]["to_person"] == ["Svetovanje: Pozdravljeni!"]
    assert all("je zdaj zaprta" in text for text in rows[3]["to_person"])  # the clock is the real one


def test_at_the_console_advisers_press_by_number_what_their_thread_was_offered_last(faq: Path, tmp_path: Path) -> None:
    story = "Kje je pekarna?\n#1 press 1\n#1 /vnos sp-register\n#1 press 1\nas Tone: #1 Živjo\n#1 press 3\n#1 press 9\n"
    done = helpdesk("demo", "--knowledge", str(faq), folder=tmp_path, text=story)
    assert done.stderr == ""
    assert "bot → advisers #1: Zadeva #1: prevzeto (Svetovanje)." in done.stdout
    assert "bot → oseba: S.p. odprete na točki SPOT." in done.stdout
    assert "      3. Ne pošlji" in done.stdout
    assert "bot → oseba: Svetovanje (Tone)" not in done.stdout


def test_kb_check_finds_what_is_wrong_with_the_replies_beside_the_faq(faq: Path, tmp_path: Path) -> None:
    shutil.copytree(faq, tmp_path / "faq")
    (tmp_path / "replies.toml").write_text('[hi]\ntitle = { sl = "Živjo", en = "Hi" }\nsl = "Živjo, {nome}."\nen = "Hi."\n')
    done = helpdesk("kb", "check", str(tmp_path / "faq"), folder=tmp_path)
    assert done.returncode == 1
    assert "replies.toml: [hi] sl: there is no placeholder {nome}" in done.stdout


def test_ask_explains_itself_and_keeps_other_keys_and_order(faq: Path, tmp_path: Path) -> None:
    shown = helpdesk("ask", "Kako odprem s.p.?", "--knowledge", str(faq), folder=tmp_path)
    assert shown.stdout.startswith("answer (sl")
    assert "sp-register" in shown.stdout
    lines = '{"text": "Kako odprem s.p.?", "n": 1}\n{"text": "qwertz", "lang": "en", "n": 2}\n'
    done = helpdesk("ask", "--jsonl", "--knowledge", str(faq), folder=tmp_path, text=lines)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert (rows[0]["n"], rows[0]["decision"], rows[1]["n"]) == (1, "answer", 2)
    assert set(rows[1]) == {"text", "lang", "decision", "entries", "ms", "n"}


def test_eval_measures_the_faq_or_a_knowledge_base_that_is_not_ours(faq: Path, tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    questions.write_text(
        '{"text": "Kako odprem s.p.?", "lang": "sl", "labels": ["sp-register"]}\n{"text": "vreme", "lang": "sl", "labels": []}\n'
    )
    report = json.loads(helpdesk("eval", str(questions), "--json", "--knowledge", str(faq), folder=tmp_path).stdout)
    assert report
    train = tmp_path / "t.jsonl"
    train.write_text("".join(f'{{"text": "{word} {n}", "label": "{word}"}}\n' for word in ("a card", "the loan") for n in range(5)))
    test = tmp_path / "t2.jsonl"
    test.write_text('{"text": "the loan 2", "lang": "en", "labels": ["the loan"]}\n')
    assert helpdesk("eval", str(test), "--train", str(train), "--no-semantic", folder=tmp_path).returncode == 0


def test_a_reader_who_has_seen_enough_is_no_error(faq: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    listing = [sys.executable, "-u", "-m", "bot", "kb", "list", "--knowledge", str(faq)]
    done = subprocess.run(listing, stdout=writing, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_kb_lists_shows_and_checks(faq: Path, tmp_path: Path) -> None:
    assert "1 entries, 5 wordings (sl), 5 wordings (en)" in helpdesk("kb", "list", "--knowledge", str(faq), folder=tmp_path).stdout
    assert "točki SPOT" in helpdesk("kb", "show", "sp-register", "--knowledge", str(faq), folder=tmp_path).stdout
    assert "confirmed by nobody" in helpdesk("kb", "stale", "--knowledge", str(faq), folder=tmp_path).stdout
    checked = helpdesk("kb", "check", str(faq), folder=tmp_path)
    assert checked.returncode == 1
    assert "starting/sp-register.toml: [sl] wordings" in checked.stdout
    missing = helpdesk("kb", "show", "nope", "--knowledge", str(faq), folder=tmp_path)
    assert (missing.returncode, missing.stderr) == (2, "nope: no such entry; `helpdesk kb list` shows them all\n")


def test_wrong_configuration_is_exit_2_with_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[staff]\nplatform = "console"\nroom = "x"\n[storage]\nurl = "mysql://x"\n')
    for command in (["run"], ["check"], ["db", "upgrade"], ["person", "export", "console", "ana"]):
        done = helpdesk(*command, "--config", str(file), folder=tmp_path)
        assert done.returncode == 2, command
        assert "[storage] url: expected" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_opened_is_told(config: Path, tmp_path: Path) -> None:
    nowhere = {"HELPDESK__STORAGE__URL": "sqlite:////nowhere/desk.db"}
    done = helpdesk("db", "upgrade", "--config", str(config), folder=tmp_path, environment=nowhere)
    assert done.returncode == 2
    assert "the database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_says_a_line_for_each_thing(config: Path, tmp_path: Path) -> None:
    done = helpdesk("check", "--config", str(config), folder=tmp_path)
    assert "✓ storage: " in done.stdout
    assert "✗ knowledge base: " in done.stdout
    assert done.returncode == 1


def test_run_keeps_the_conversation_and_person_export_and_erase_reach_it(config: Path, tmp_path: Path) -> None:
    assert helpdesk("run", "--config", str(config), folder=tmp_path, text="Kje je pekarna?\n").returncode == 0
    export = helpdesk("person", "export", "console", "oseba", "--config", str(config), folder=tmp_path)
    assert "Kje je pekarna?" in export.stdout
    assert helpdesk("person", "erase", "console", "oseba", "--config", str(config), folder=tmp_path).returncode == 0
    assert helpdesk("person", "export", "console", "oseba", "--config", str(config), folder=tmp_path).returncode == 1
    assert b"pekarna" not in b"".join(file.read_bytes() for file in tmp_path.glob("desk.db*"))


def test_sigterm_stops_the_desk_cleanly(config: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run", "--config", str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("Kje je pekarna?\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith("bot → oseba")
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert time.monotonic() - start < 15


@pytest.mark.parametrize("command", [[], ["run"], ["demo"], ["ask"], ["eval"], ["kb", "check"], ["db", "upgrade"], ["person", "export"]])
def test_every_command_has_help_with_an_example(command: list[str], tmp_path: Path) -> None:
    done = helpdesk(*command, "--help", folder=tmp_path)
    assert done.returncode == 0
    assert not command or "Example:\n  helpdesk" in done.stdout


def test_at_the_console_a_reply_takes_back_and_reopens(faq: Path, tmp_path: Path) -> None:
    """`^` replies to the last message: an adviser's own with /umakni, the person's with what was said to them."""
    lines = "svetovalec\n#1 Pozdravljeni\n#1 ^ /umakni\n#1 /zakljuci\n^ Samo še to\n"
    done = helpdesk("demo", "--json", "--knowledge", str(faq), folder=tmp_path, text=lines)
    said: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert "✗" in said[2]["to_person"]
    assert "✓ izbrisano pri osebi" in said[2]["to_advisers"]
    assert any("spet odprta" in text for text in said[4]["to_person"])
