"""Telegram's errors, in the words of who has to go on from there."""

from datetime import timedelta

import httpx
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.platforms.base import NotSent, Paced, Refused, ThreadGone, Unknown, Unreachable

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_THREAD_GONE = ("thread not found", "topic_deleted", "topic_id_invalid", "topic not found", "topic deleted")
_NOBODY_THERE = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "bot was blocked", "bot was kicked")
_MAY_NOT = (
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_admin_required",
    "chat_write_forbidden",
    "not a member",
)


def translated(error: TelegramError) -> Exception:
    """What the caller of `send` is told."""
    words = error.message
    match error:
        case RetryAfter():
            return Paced(words, timedelta(seconds=retry_after(error)))
        case Forbidden():
            return Unreachable(words)
        case BadRequest() if _says(error, _THREAD_GONE):
            return ThreadGone(words)
        case BadRequest() if _says(error, _NOBODY_THERE) or _says(error, _MAY_NOT):
            return Unreachable(words)
        case BadRequest():
            return Refused(words)
        case InvalidToken() | Conflict():
            return NotSent(words)
        case NetworkError() if never_left(error):
            return NotSent(words)
        case _:
            return Unknown(words)


def retry_after(error: RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


def never_left(error: TelegramError) -> bool:
    """The request certainly did not reach Telegram."""
    return isinstance(error.__cause__, _NEVER_LEFT)


def is_outage(error: TelegramError) -> bool:
    """Telegram, or the way to it, is the trouble; not what we asked for."""
    if isinstance(error, BadRequest | Forbidden | RetryAfter | Conflict):
        return False
    return isinstance(error, NetworkError | TimedOut | InvalidToken) or "Invalid server response" in error.message


def may_not(error: TelegramError) -> bool:
    """The bot lacks a right."""
    return _says(error, _MAY_NOT)


def thread_gone(error: TelegramError) -> bool:
    return _says(error, _THREAD_GONE)


def says(error: TelegramError, *words: str) -> bool:
    return _says(error, words)


def _says(error: TelegramError, phrases: tuple[str, ...]) -> bool:
    words = error.message.lower()
    return any(phrase in words for phrase in phrases)
