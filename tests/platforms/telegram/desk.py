"""The real process, `helpdesk run`, on a tiny FAQ against the Bot API server of the tests."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[3]

QUESTION = "Kako odprem s.p.?"
ANSWER = "Odgovor na »Kako odprem s.p.?«"
UNKNOWN = "Kje dobim lončarsko peč?"

_ENTRIES = {
    "starting/sp-register": ("Kako odprem s.p.?", "How do I register as a sole trader?"),
    "tax/vat-threshold": ("Kdaj postanem zavezanec za DDV?", "When must I register for VAT?"),
}
_ENTRY = """
reviewed = 2026-11-20
[[sources]]
title = "SPOT"
url = "https://spot.gov.si"
[sl]
title = "{sl}"
wordings = ["{sl}"]
answer = "Odgovor na **»{sl}«**.\\n\\n- Prva točka\\n- [SPOT](https://spot.gov.si)"
[en]
title = "{en}"
wordings = ["{en}"]
answer = "The answer to **“{en}”**.\\n\\n- One thing"
"""
_DAYS = "\n".join(f'{day} = ["00:00-23:59"]' for day in ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])


def tiny_faq(folder: Path) -> Path:
    """Two entries, so that the process is ready at once."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "topics.toml").write_text('[starting]\nsl = "Začetek"\nen = "Starting"\n[tax]\nsl = "Davki"\nen = "Taxes"\n', "utf-8")
    for name, (sl, en) in _ENTRIES.items():
        file = folder / f"{name}.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(_ENTRY.format(sl=sl, en=en), "utf-8")
    return folder


@dataclass
class Desk:
    """May be killed and started again."""

    folder: Path
    api_url: str
    room: int
    token: str = "123:TEST"
    telegram: Mapping[str, str] = field(default_factory=dict)
    """More keys of `[telegram]`."""
    storage: str = ""
    """The database's address, if it is not a file in the folder."""
    limits: str = "{ chat_gap = 0.0, group_minute = 1000, second = 1000 }"
    undo_seconds: int = 0
    process: "asyncio.subprocess.Process | None" = None

    @property
    def config(self) -> Path:
        file = self.folder / "config.toml"
        more = "\n".join(f"{key} = {value}" for key, value in self.telegram.items())
        file.write_text(
            f"""
[desk]
knowledge = "{tiny_faq(self.folder / "faq")}"
[desk.hours]
{_DAYS}
[storage]
url = "{self.storage or f"sqlite:///{self.folder / 'desk.db'}"}"
[staff]
platform = "telegram"
room = "{self.room}"
undo_seconds = {self.undo_seconds}
[telegram]
token = "{self.token}"
api_url = "{self.api_url}"
limits = {self.limits}
{more}
[matching]
semantic = false
[health]
listen = ""
""",
            "utf-8",
        )
        return file

    async def start(self) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--config", str(self.config),
                cwd=_ROOT, env=environment, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip

    async def kill(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def stop(self) -> int:
        """The exit code, within the 15 s that are promised."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 15)

    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text("utf-8") if file.exists() else ""

    def rows(self, query: str) -> list[Any]:
        try:
            with closing(sqlite3.connect(f"file:{self.folder / 'desk.db'}?mode=ro", uri=True, timeout=5)) as db:
                return db.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []
