"""`make bench`: the matcher beside its baselines: how right, how fast, how ready, and what becomes of that as the FAQ grows.

Every figure of a table is of the same run; times are milliseconds of processor time and best read as ratios to the first row. Each part is
a process of its own, since a process counts the memory of the one that started it as its own.
"""

import subprocess
import sys

if __name__ == "__main__":
    for part in ("quality", "starting", "growth"):
        subprocess.run([sys.executable, "-m", f"tests.benches.{part}"], check=True)
