"""How long, and how much memory."""

import resource
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np


def milliseconds(run: Callable[[str], object], texts: Sequence[str]) -> tuple[float, float]:
    """Median and 99th percentile of processor time, in which other work on the machine does not count; after one that does not count."""
    run(texts[0])
    took = []
    for text in texts:
        start = time.thread_time()
        run(text)
        took.append((time.thread_time() - start) * 1000)
    return float(np.median(took)), float(np.percentile(took, 99))


def peak_memory(used: resource.struct_rusage) -> int:
    """The most that was resident, in MB; the system counts in kB, macOS in bytes."""
    return int(used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))
