"""The way of approved drafts into the FAQ's files and out of the database's care, as a curator goes it; and how they are learnt."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import cli
from bot.relearning import LearningFailed, in_a_process
from handlers.events import Sender
from handlers.situation import Draft, DraftState
from knowledge import matching
from knowledge.decisions import Found
from storage import database, drafts, schema
from tests.faq import CONTENT

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A desk with a small FAQ and three drafts: a wording, a new entry, and one that nobody approved."""
    faq = tmp_path / "faq"
    (faq / "tax").mkdir(parents=True)
    (faq / "topics.toml").write_text('[tax]\nsl = "Davki"\nen = "Taxes"\n')
    side = 'title = "{0}"\nwordings = ["{0}?"]\nanswer = "{0}."\n'
    (faq / "tax" / "vat.toml").write_text(f"reviewed = 2026-11-20\n[sl]\n{side.format('DDV')}[en]\n{side.format('VAT')}")
    asyncio.run(_fill(f"sqlite:///{tmp_path / 'desk.db'}"))
    file = tmp_path / "config.toml"
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    file.write_text(f'[desk]\nknowledge = "{faq}"\n[storage]\nurl = "{url}"\n[staff]\nplatform = "console"\nroom = "advisers"\n')
    return file


async def _fill(url: str) -> None:
    async with database.opened(url) as engine:
        await schema.upgrade(engine)
        async with engine.begin() as tx:
            await drafts.save(tx, _draft(1, "vat", "kaj je davek na dodano"))
            await drafts.save(tx, _draft(2, "najem", "kje najamem atelje", answer="V vojašnici."))
            await drafts.save(tx, _draft(3, "vat", "česa nihče ni odobril", state=DraftState.OPEN))


def _draft(number: int, entry: str, wording: str, answer: str = "", state: DraftState = DraftState.APPROVED) -> Draft:
    return Draft(number, entry, "tax", "sl", wording, Sender("maja", "Maja"), NOON, answer, state)


def states(config: Path) -> list[str]:
    async def read() -> list[str]:
        async with database.opened(f"sqlite:///{config.with_name('desk.db')}") as engine, engine.begin() as tx:
            return [draft.state for draft in await drafts.in_states(tx, list(DraftState))]

    return asyncio.run(read())


def helpdesk(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def test_approved_drafts_are_written_into_a_copy_of_the_faq(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    assert helpdesk("kb", "export", copy, "--config", config) == 0

    assert "tax/vat.toml: wordings, 1 added" in capsys.readouterr().out
    assert "kaj je davek na dodano" in (copy / "tax" / "vat.toml").read_text()
    assert "V vojašnici." in (copy / "tax" / "najem.toml").read_text()
    assert "kaj je davek" not in (tmp_path / "faq" / "tax" / "vat.toml").read_text()
    assert states(config) == ["exported", "exported", "open"]
    assert helpdesk("kb", "export", tmp_path / "again", "--config", config) == 0
    assert not (tmp_path / "again" / "tax" / "najem.toml").exists()
    assert helpdesk("kb", "export", tmp_path / "again", "--all", "--config", config) == 0
    assert (tmp_path / "again" / "tax" / "najem.toml").exists()


def test_what_is_in_the_files_is_done_and_what_the_curator_left_out_only_when_told(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faq = tmp_path / "faq"
    helpdesk("kb", "export", faq, "--config", config)
    (faq / "tax" / "najem.toml").unlink()

    assert helpdesk("kb", "import", "--config", config) == 0
    assert "draft 2 (najem): not in the files, still in use beside them" in capsys.readouterr().out
    assert states(config) == ["done", "exported", "open"]
    assert helpdesk("kb", "import", "--drop", "--config", config) == 0
    assert states(config) == ["done", "done", "open"]


def test_unfinished_files_are_not_taken_in(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    helpdesk("kb", "export", tmp_path / "faq", "--config", config)
    assert helpdesk("kb", "import", "--config", config) == 2
    assert 'tax/najem.toml: [en]: has no "en" side' in capsys.readouterr().err
    assert states(config) == ["exported", "exported", "open"]


async def test_a_process_of_its_own_learns_and_what_it_learnt_is_used_here(tmp_path: Path) -> None:
    matcher = await in_a_process(matching.Settings(semantic=False, cache=tmp_path))(replace(CONTENT, entries=CONTENT.entries[-2:]))
    decision = matcher.decide("kako vat-rates")
    assert isinstance(decision, Found)
    assert decision.entries[0].id == "vat-rates"


async def test_a_process_that_comes_to_nothing_is_told_from_one_that_learnt(tmp_path: Path) -> None:
    with pytest.raises(LearningFailed, match="ended with 1"):
        await in_a_process(matching.Settings(semantic=False, cache=tmp_path))(None)  # type: ignore[arg-type]
