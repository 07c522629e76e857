"""The console desk: the shipped FAQ, a temporary database, no account."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from bot import app, logs
from bot.config import Config
from bot.platforms.console import NAME, STAFF_ROOM, Console, typed
from storage import database, schema

HOURS = {day: ["09:00-15:00"] for day in ("monday", "tuesday", "wednesday", "thursday")} | {"friday": ["09:00-13:00"]}

_INTRO = """\
Podporna točka v tem oknu. Pišite kot oseba, ki sprašuje; vse ostalo je na zaslonu.
The desk in this window. Write as the person who asks.

  kako odprem espe            vprašanje · a question
  press 1   ali   1           izbira · a choice
  #1 Pozdravljeni, …          svetovanje odgovori v zadevi 1 · an adviser replies in ticket 1
  #1 ^ /umakni                odgovor na zadnje sporočilo · a reply to the last message
  #1 press 1                  izbira svetovanja · an adviser's choice
  # /vrsta                    kanal za svetovalce · the staff channel
  as Ana: Where do I start?   govori druga oseba · somebody else speaks

Konec · end: Ctrl-D
"""


def demo(options: argparse.Namespace) -> int:
    logs.start("WARNING")
    asyncio.run(run(settings(desk={"knowledge": str(options.knowledge), "hours": HOURS}), as_json=options.json))
    return 0


def settings(**sections: object) -> Config:
    """The demo's configuration: as shipped, with example opening hours and the staff channel on the console."""
    given = {"desk": {"hours": HOURS}, "staff": {"platform": NAME, "room": STAFF_ROOM, "undo_seconds": 0}}
    return Config.model_validate(given | sections)


async def run(config: Config, *, as_json: bool = False) -> None:
    interactive = sys.stdin.isatty() and not as_json
    desk = app.build_desk(config)
    if interactive:
        print(_INTRO)
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as folder:
        async with database.opened(f"sqlite:///{Path(folder) / 'demo.db'}") as engine:
            await schema.upgrade(engine)
            lines = typed(sys.stdin, "\noseba → " if interactive else "")
            console = Console(lines, sys.stdout, app.utc_now, lambda: app.settled(engine), as_json=as_json)
            await app.run(engine, desk, [console], observe=console.observe)
