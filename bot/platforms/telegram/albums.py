"""Albums, where Telegram brings their messages one by one: a webhook gets the next only when the last is confirmed.

They are put aside until the album is whole, and that means on the disk, in the platform's cursor: so they can be confirmed.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.platforms.telegram.reading import Json, album_of

PAUSE = 0.7
"""Seconds after which nothing more of an album is expected."""
_REMEMBERED = 200


@dataclass
class _Album:
    whose: Any
    at: float = 0.0
    updates: list[Json] = field(default_factory=list)


class Albums:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._albums: dict[str, _Album] = {}
        self._passed: deque[int] = deque(maxlen=_REMEMBERED)
        """Updates that went on with their album: brought again, they would be taken for another message."""

    @property
    def waiting(self) -> bool:
        return bool(self._albums)

    @property
    def kept(self) -> dict[str, Any]:
        """What must not be lost."""
        waiting = [update for album in self._albums.values() for update in album.updates]
        return {"albums": waiting, "passed": list(self._passed)} if waiting or self._passed else {}

    def remember(self, kept: Json) -> None:
        self._passed.extend(kept.get("passed", ()))
        for update in kept.get("albums", ()):
            self._put_aside(str(album_of(update)), update)

    def through(self, updates: Sequence[Json]) -> list[Json]:
        """What is to be read now: everything else at once, an album when its sender says something else, or nothing more for a while."""
        ready: list[Json] = []
        for update in updates:
            album = album_of(update)
            ready += self._whole([id for id, one in self._albums.items() if one.whose == _whose(update) and id != album])
            if album is None:
                ready.append(update)
            elif update.get("update_id") not in self._passed:
                self._put_aside(album, update)
        return ready + self._whole([id for id, one in self._albums.items() if self._clock() - one.at >= PAUSE])

    def _put_aside(self, album: str, update: Json) -> None:
        one = self._albums.setdefault(album, _Album(_whose(update)))
        one.at = self._clock()
        if update not in one.updates:
            one.updates.append(update)

    def _whole(self, ids: Sequence[str]) -> list[Json]:
        ready = [update for id in ids for update in self._albums.pop(id).updates]
        self._passed.extend(update["update_id"] for update in ready if "update_id" in update)
        return ready


def _whose(update: Json) -> Any:
    """Chat and sender; None for what is not said."""
    match update:
        case {"message": {"chat": {"id": chat}, "from": {"id": sender}}}:
            return chat, sender
        case {"edited_message": {"chat": {"id": chat}, "from": {"id": sender}}}:
            return chat, sender
        case _:
            return None
