"""`python -m tests.simulation --seeds 200`: so many worlds on all cores, and what they break."""

import argparse
import multiprocessing
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.simulation import world
from tests.simulation.invariants import broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=150)
    options = parser.parse_args()
    begun = time.monotonic()
    crashes = bad = 0
    with tempfile.TemporaryDirectory(prefix="simulation-", dir=memory()) as folder, multiprocessing.Pool() as pool:
        empty = world.template(Path(folder))
        seeds = range(options.first, options.first + options.seeds)
        for seed, died, problems in pool.imap_unordered(partial(one, empty, Path(folder), options.steps), seeds):
            crashes += died
            bad += bool(problems)
            for problem in problems:
                print(f"seed {seed}: {problem}")
    print(f"{options.seeds} seeds, {crashes} crashes, {bad} worlds with a broken promise, {time.monotonic() - begun:.0f} s")
    return min(bad, 1)


def one(empty: Path, folder: Path, steps: int, seed: int) -> tuple[int, int, list[str]]:
    try:
        played = world.run(seed, empty, folder, steps)
    except AssertionError as error:
        return seed, 0, [str(error)]
    problems = broken(played)
    played.file.unlink()
    return seed, played.crashes, problems


def memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    sys.exit(main())
