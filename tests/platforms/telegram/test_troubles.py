"""What an error of Telegram's means for who wanted to send."""

from datetime import timedelta

import httpx
import pytest
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.platforms.base import NotSent, Paced, Refused, ThreadGone, Unknown, Unreachable
from bot.platforms.telegram import troubles


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (caused(NetworkError("no such name"), httpx.ConnectError("Temporary failure in name resolution")), NotSent),
        (caused(NetworkError("refused"), httpx.ConnectError("Connection refused")), NotSent),
        (caused(TimedOut(), httpx.ConnectTimeout("")), NotSent),
        (caused(TimedOut(), httpx.PoolTimeout("")), NotSent),
        (caused(TimedOut(), httpx.ReadTimeout("")), Unknown),
        (caused(NetworkError("broken"), httpx.ReadError("")), Unknown),
        (NetworkError("Bad Gateway"), Unknown),
        (InvalidToken("Unauthorized"), NotSent),
        (Conflict("terminated by other getUpdates request"), NotSent),
        (Forbidden("Forbidden: bot was blocked by the user"), Unreachable),
        (Forbidden("Forbidden: user is deactivated"), Unreachable),
        (BadRequest("chat not found"), Unreachable),
        (BadRequest("not enough rights to send text messages to the chat"), Unreachable),
        (BadRequest("message thread not found"), ThreadGone),
        (BadRequest("TOPIC_DELETED"), ThreadGone),
        (BadRequest("can't parse entities: unsupported start tag"), Refused),
        (TelegramError("something new"), Unknown),
    ],
)
def test_an_error_says_what_to_do_next(error: TelegramError, means: type[Exception]) -> None:
    assert type(troubles.translated(error)) is means


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_slow_down_says_for_how_long() -> None:
    trouble = troubles.translated(RetryAfter(7))
    assert isinstance(trouble, Paced)
    assert trouble.after == timedelta(seconds=7)
