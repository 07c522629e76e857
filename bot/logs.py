"""Logging: one line a step, no words of people, no secrets."""

import logging
import sys

_QUIET = ("httpx", "httpcore", "nio", "telegram", "aiohttp.access", "alembic", "sqlalchemy", "peewee", "aiosqlite")


def start(level: str = "INFO") -> None:
    """Log to standard error. The libraries' own lines are kept out: they hold tokens and texts."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
