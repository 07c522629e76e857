"""While Telegram does not answer: who may try again, and when. Fewer than one request a second, and no more than 15 s of silence."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

log = logging.getLogger(__name__)

_LONGEST = 15.0


class Outage:
    """Shared by all who send, so that they do not all find out for themselves."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._since: float | None = None
        self._again_at = 0.0
        self.reached_at: datetime | None = None
        """When Telegram last answered."""

    @property
    def is_on(self) -> bool:
        return self._since is not None

    @property
    def wait(self) -> float:
        """Seconds until somebody may look whether it is over."""
        return max(0.0, self._again_at - self._clock()) if self.is_on else 0.0

    def failed(self, reason: str) -> float:
        """Telegram did not answer as it should; seconds until the next try."""
        now = self._clock()
        if self._since is None:
            self._since = now
        if self._again_at <= now:
            self._again_at = now + min(2.0 ** (self._failures + 1), _LONGEST)
            self._failures += 1
            log.error("Telegram: %s; trying again in %.0f s", reason, self._again_at - now)
        return self._again_at - now

    def worked(self) -> None:
        self.reached_at = datetime.now(UTC)
        if self._since is not None:
            log.warning("Telegram answers again after %.0f s", self._clock() - self._since)
        self._since, self._failures, self._again_at = None, 0, 0.0
