"""Telegram's limits, kept by schedule: who may send when, decided before anything is sent."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_MOST_CHATS = 5000


@dataclass(frozen=True)
class Limits:
    """As Telegram states them."""

    chat_gap: float = 1.0
    """Seconds between two messages in a chat."""
    group_minute: int = 20
    """Messages a minute in a group."""
    second: int = 30
    """Messages a second in all."""


@dataclass
class _Chat:
    turns: deque[float]
    """When the last messages may be sent, those that wait included."""
    sent: deque[float]
    """When the last messages were sent."""
    silent_until: float = 0.0


class Pacer:
    """Gives every order its turn in its chat. One that has to wait keeps the turn it was given, so that nobody overtakes."""

    def __init__(self, clock: Callable[[], float], limits: Limits | None = None) -> None:
        self._clock = clock
        self._limits = limits or Limits()
        self._chats: dict[int, _Chat] = {}
        self._sent: deque[float] = deque(maxlen=self._limits.second)
        self._waiting: dict[str, float] = {}

    def wait(self, chat: int, key: str) -> float:
        """Seconds until the order with this key may send a message; 0: now, and it is counted."""
        now = self._clock()
        known = self._known(chat, now)
        turn = self._waiting.pop(key, None) or self._next_turn(known, chat, now)
        # Turns are given ahead; what was sent a little later than its turn moves those behind it.
        turn = max(turn, known.silent_until, self._after(known.sent, chat, now), self._free_second(now))
        if turn <= now:
            known.sent.append(now)
            self._sent.append(now)
            return 0.0
        self._waiting[key] = turn
        return turn - now

    def count(self, chat: int, messages: int) -> None:
        """So many more messages went out with the last one, as those of an album do."""
        now = self._clock()
        known = self._known(chat, now)
        for _ in range(messages):
            known.sent.append(now)
            self._sent.append(now)

    def silence(self, chat: int, seconds: float) -> None:
        """Telegram asked us to leave this chat alone for a while (429)."""
        now = self._clock()
        known = self._known(chat, now)
        known.silent_until = max(known.silent_until, now + seconds)

    def _known(self, chat: int, now: float) -> _Chat:
        if chat not in self._chats:
            if len(self._chats) >= _MOST_CHATS:
                self._forget_quiet(now)
            most = self._limits.group_minute
            self._chats[chat] = _Chat(deque(maxlen=most), deque(maxlen=most))
        return self._chats[chat]

    def _next_turn(self, known: _Chat, chat: int, now: float) -> float:
        turn = self._after(known.turns, chat, now)
        known.turns.append(turn)
        return turn

    def _after(self, times: deque[float], chat: int, now: float) -> float:
        """The earliest moment that the chat's own limits allow after these."""
        turn = max(now, times[-1] + self._limits.chat_gap) if times else now
        if chat < 0 and len(times) == times.maxlen:  # a group
            turn = max(turn, times[0] + 60)
        return turn

    def _free_second(self, now: float) -> float:
        """When fewer than so many were sent in the second before."""
        return self._sent[0] + 1 if len(self._sent) == self._sent.maxlen else now

    def _forget_quiet(self, now: float) -> None:
        self._chats = {
            id: chat for id, chat in self._chats.items() if chat.silent_until > now or (chat.turns and chat.turns[-1] > now - 60)
        }
