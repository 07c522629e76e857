"""Logging: one line a step, no words of people, no ids of theirs, no secrets; at any level, whoever writes it.

What we log ourselves is a sentence of ours, from which ids and secrets are taken out to be sure. What libraries log holds texts, addresses
and tokens: of their warnings only the place remains, and of every error its type and where it happened.
"""

import logging
import queue
import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

_OURS = ("bot", "handlers", "knowledge", "storage")
_NUMBER = "#%d"
"""How a line about one message begins."""
_LONGEST = 300
_REPORT_AGAIN = 60.0

log = logging.getLogger(__name__)

_PRIVATE = re.compile(
    r"""
      \d{6,}:[\w-]{30,}                      # a Telegram bot's token
    | (?i:bearer\s|token=|password=|secret=)[^\s;,&]+
    | \bsyt_\w+                              # a Matrix access token
    | (?<=//)[^/\s@]+@                       # user and password of an address
    | [@\#](?=[^\W\d])[^\s:,;'"]*:[\w.-]+(?::\d+)?  # a Matrix user, an alias
    | [!$][\w/+-]{8,}(?::[\w.-]+)?           # a Matrix room or event
    | [\w.+-]+@[\w-]+\.[\w.-]+               # an e-mail address
    | (?<![\w\#.:-])\d{6,}(?![\w.])          # a Telegram user; a group's id has a minus
    | "[^"]*" | (?<!\w)'[^']*'              # what an error quotes
    """,
    re.VERBOSE,
)


def start(level: str = "INFO", format: str = "console", error_command: Sequence[str] = ()) -> None:
    """Log to standard error, for the whole process; what would end it with an error is logged in the same way."""
    handlers = [to_stream(sys.stderr, format)]
    if error_command:
        handlers.append(Reporting(error_command))
    logging.basicConfig(level=level, handlers=handlers, force=True)
    sys.excepthook = _stopped
    threading.excepthook = lambda gone: _stopped(gone.exc_type, gone.exc_value or gone.exc_type(), gone.exc_traceback)


def to_stream(stream: TextIO, format: str = "console") -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Json() if format == "json" else _Console())
    handler.addFilter(_is_told)
    return handler


class Reporting(logging.Handler):
    """Give errors to a program of the operator's, each as a line of JSON on its standard input; one a minute from the same place."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__(logging.ERROR)
        self.setFormatter(_Json())
        self._command = list(command)
        self._last: dict[tuple[str, int], float] = {}
        self._waiting: queue.Queue[str] = queue.Queue(100)
        threading.Thread(target=self._work, name="error reports", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        place = (record.pathname, record.lineno)
        if record.created - self._last.get(place, 0.0) < _REPORT_AGAIN:
            return
        self._last[place] = record.created
        with suppress(queue.Full):
            self._waiting.put_nowait(self.format(record))

    def _work(self) -> None:
        while True:
            line = self._waiting.get()
            try:
                subprocess.run(self._command, input=line + "\n", text=True, timeout=10, check=True, capture_output=True)
            except (OSError, subprocess.SubprocessError) as error:
                log.warning("[logs] error_command does not work: %s", type(error).__name__)


def _is_told(record: logging.LogRecord) -> bool:
    return _is_ours(record) or record.levelno >= logging.WARNING


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in _OURS


class _Console(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: ", "%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        record.asctime = self.formatTime(record, self.datefmt)
        return "\n".join([self.formatMessage(record) + _said(record), *_trail(_error(record))])


class _Json(JsonFormatter):
    """`time`, `level`, `logger`, `message`; `number` where it is about one message; `error` and `trail` where something broke."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        log_data |= {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _said(record),
        }
        if isinstance(record.args, tuple) and str(record.msg).startswith(_NUMBER):
            log_data["number"] = record.args[0]
        if (error := _error(record)) is not None:
            log_data |= {"error": type(error).__name__, "trail": list(_trail(error))}


def _said(record: logging.LogRecord) -> str:
    """Ours without anything private; a library's only by its place, which says enough to whoever looks it up."""
    if not _is_ours(record):
        return f"(a message of this library: {Path(record.pathname).name}, line {record.lineno})"
    lines = record.getMessage().splitlines() or [""]
    return _PRIVATE.sub("…", lines[0])[:_LONGEST]


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _trail(error: BaseException | None) -> Iterator[str]:
    """What kind of error, and where, back to its first cause. Not what it says: that may be somebody's words."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
        if isinstance(error, BaseExceptionGroup):
            for part in error.exceptions:
                yield from (f"  {line}" for line in _trail(part))
        error = error.__cause__ or error.__context__


def _stopped(kind: type[BaseException], error: BaseException, trail: TracebackType | None) -> None:
    log.critical("stopped by an error that nobody foresaw", exc_info=(kind, error, trail))
