"""A nap that can be cut short."""

import asyncio


class Bell:
    """Rung when there is something to do; rings are not lost while nobody waits."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self, most: float) -> None:
        """Until it rings, at most so many seconds."""
        try:
            async with asyncio.timeout(most):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()
