"""`helpdesk report`: what the desk learns about itself, on the command line."""

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app, config, drawing
from bot.errors import ConfigError
from bot.running import with_database
from handlers import reports
from handlers.desk import Desk
from handlers.figures import FEWEST, Report, untold
from handlers.orders import Text
from knowledge import markup
from storage import schema, staff, statistics


def report(options: argparse.Namespace) -> int:
    settings = config.read(options.config)
    desk = app.build_desk(settings, app.Idle())
    draw = drawing.drawing(desk.staff_texts)
    if options.png and draw is None:
        raise ConfigError("--png: matplotlib is not installed; install the extra `report` (uv sync --extra report)")

    def give(one: Report) -> None:
        print(json.dumps(_as_json(one), ensure_ascii=False, indent=2) if options.json else _as_text(one, desk))
        if options.png and draw is not None:
            options.png.write_bytes(draw(one))

    async def work(engine: AsyncEngine) -> int:
        await schema.upgrade(engine)
        give(await _read(engine, options.days, desk))
        return 0

    return with_database(settings, work)


async def _read(engine: AsyncEngine, days: int, desk: Desk) -> Report:
    now = app.utc_now()
    today = now.astimezone(desk.hours.zone).date()
    async with engine.begin() as tx:
        figures = await statistics.read(tx, now - timedelta(days=days + 1))
        names = [adviser.name for adviser in await staff.known(tx, desk.staff.platform)]
    return reports.of(figures, today - timedelta(days=days - 1), today, names, desk)


def _as_text(one: Report, desk: Desk) -> str:
    """As the staff channel gets it, without its buttons."""
    return "\n\n".join(
        markup.plain(part.markdown) if isinstance(part, Text) else f"  {part.text}" for part in reports.said(one, desk).parts
    )


def _as_json(one: Report) -> dict[str, Any]:
    decided = one.decided
    return {
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
        "questions": _told(one.questions),
        "decisions": _by_name({decision: decided[decision] for decision in ("answer", "suggest", "escalate")}),
        "days": _by_name({day.isoformat(): counts.total() for day, counts in one.days.items()}),
        "tickets": _told(one.tickets),
        "reply_minutes": one.reply_minutes,
        "ratings": {"like": _told(one.liked), "dislike": _told(one.disliked)},
        "shown": _by_name(dict(one.shown.most_common())),
        "not_helped": _by_name(dict(one.not_helped.most_common())),
        "never_shown": list(one.never_shown),
        "overdue": list(one.overdue),
        "unconfirmed": one.unconfirmed,
        "gaps": [
            {"language": gap.language, "nearest": gap.nearest, "questions": count, "example": gap.example}
            for gap, count in zip(one.gaps, _parts([gap.count for gap in one.gaps]), strict=True)
        ],
    }


def _by_name(counts: Mapping[str, int]) -> dict[str, int | None]:
    return dict(zip(counts, _parts(list(counts.values())), strict=True))


def _parts(counts: Sequence[int]) -> list[int | None]:
    """None for what cannot be told beside its total."""
    hidden = untold([(count,) for count in counts])
    return [None if place in hidden else count for place, count in enumerate(counts)]


def _told(count: int) -> int | str:
    return count if count == 0 or count >= FEWEST else f"<{FEWEST}"
