"""The real process, `helpdesk run`, on a tiny FAQ."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.platforms.matrix.synapse import Synapse, eventually

_ROOT = Path(__file__).parents[3]

_ENTRIES = {
    "starting/sp-register": (
        "Kako odprem s.p.?",
        "How do I register as a sole trader?",
        ["odpreti espe", "registracija s.p."],
        ["register"],
    ),
    "tax/vat-threshold": ("Kdaj postanem zavezanec za DDV?", "When must I register for VAT?", ["prag za DDV"], ["VAT threshold"]),
}

_ENTRY = """
reviewed = 2026-11-20
[[sources]]
title = "SPOT"
url = "https://spot.gov.si"
[sl]
title = "{sl}"
keywords = []
wordings = {sl_more}
answer = "Odgovor na **{sl}**\\n\\n- Prva točka\\n- [SPOT](https://spot.gov.si)"
[en]
title = "{en}"
keywords = []
wordings = {en_more}
answer = "The answer to **{en}**\\n\\n- One thing"
"""


def tiny_faq(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "topics.toml").write_text('[starting]\nsl = "Začetek"\nen = "Starting"\n[tax]\nsl = "Davki"\nen = "Taxes"\n')
    for name, (sl, en, sl_more, en_more) in _ENTRIES.items():
        file = folder / f"{name}.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(_ENTRY.format(sl=sl, en=en, sl_more=sl_more, en_more=en_more).replace("'", '"'), "utf-8")
    return folder


@dataclass
class Desk:
    """`helpdesk run` as a process of its own; may be killed and started again."""

    folder: Path
    synapse: Synapse
    user: str
    staff_room: str
    homeserver: str = ""
    staff_platform: str = "matrix"
    sections: str = ""
    """More sections of the configuration."""
    settings: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def config(self) -> Path:
        file = self.folder / "config.toml"
        more = "\n".join(f"{key} = {value}" for key, value in self.settings.items())
        file.write_text(
            f"""
[desk]
knowledge = "{tiny_faq(self.folder / "faq")}"
[desk.hours]
monday = ["00:00-23:59"]
tuesday = ["00:00-23:59"]
wednesday = ["00:00-23:59"]
thursday = ["00:00-23:59"]
friday = ["00:00-23:59"]
saturday = ["00:00-23:59"]
sunday = ["00:00-23:59"]
[storage]
url = "sqlite:///{self.folder / "desk.db"}"
[staff]
platform = "{self.staff_platform}"
room = "{self.staff_room}"
undo_seconds = 0
[matrix]
homeserver = "{self.homeserver or self.synapse.url}"
user = "{self.user}"
password = "secret"
store = "{self.folder / "store"}"
{more}
{self.sections}
[matching]
semantic = false
[health]
listen = ""
""",
            "utf-8",
        )
        return file

    def start(self) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "bot", "run", "--config", str(self.config)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    async def is_ready(self, within: float = 40.0) -> None:
        """Its first sync is stored."""
        await eventually(
            lambda: self.rows("SELECT cursor FROM cursors WHERE platform = 'matrix'"), within, self.log()[-2000:] or "the desk starts"
        )

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> tuple[int, float]:
        """Exit code and seconds."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20), time.monotonic() - began

    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text("utf-8") if file.exists() else ""

    def rows(self, query: str) -> list[Any]:
        file = self.folder / "desk.db"
        if not file.exists():
            return []
        try:
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5) as db:
                return db.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            pass

    def memory(self) -> float:
        """MiB in use."""
        assert self.process
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
