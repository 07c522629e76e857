"""How long the event loop stands still while questions are decided in a thread, as `bot.answering` does it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import numpy as np

_DECISIONS = 200
_NAP = 0.001


def report(decide: Callable[[str], object], texts: Sequence[str]) -> None:
    async def deciding() -> None:
        for text in texts[:_DECISIONS]:
            await asyncio.to_thread(decide, text)

    async def idling() -> None:
        await asyncio.sleep(2)

    print(f"\nThe event loop is late by (ms; a nap of {1000 * _NAP:.0f} ms, again and again)")
    for name, busy in (("while nothing happens", idling), (f"during {_DECISIONS} decisions", deciding)):
        late = asyncio.run(_lateness(busy))
        print(f"  {name:32} p50 {np.median(late):5.1f}   p99 {np.percentile(late, 99):5.1f}   most {late.max():5.1f}", flush=True)


async def _lateness(busy: Callable[[], Awaitable[None]]) -> np.ndarray:
    late = []
    task = asyncio.ensure_future(busy())
    while not task.done():
        start = time.perf_counter()
        await asyncio.sleep(_NAP)
        late.append(1000 * (time.perf_counter() - start - _NAP))
    return np.array(late)
