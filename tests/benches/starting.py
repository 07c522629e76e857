"""What a start takes: `helpdesk ask` as a whole process, with nothing learnt yet and with everything in the cache."""

import os
import subprocess
import sys
import tempfile
import time

from tests.benches.timing import peak_memory

_FROM_CACHE = 5


def report() -> None:
    print('\nStart: the whole of `helpdesk ask "kako odprem espe"`')
    with tempfile.TemporaryDirectory() as cache:
        rows = [_ask(cache) for _ in range(1 + _FROM_CACHE)]
    for name, (wall, processor, memory) in (("nothing learnt yet", rows[0]), (f"from the cache, best of {_FROM_CACHE}", min(rows[1:]))):
        print(f"  {name:32} {wall:6.2f} s, {processor:6.2f} s of processor time, at most {memory} MB", flush=True)


def _ask(cache: str) -> tuple[float, float, int]:
    start = time.perf_counter()
    command = [sys.executable, "-m", "bot", "ask", "kako odprem espe"]
    process = subprocess.Popen(command, env=os.environ | {"XDG_CACHE_HOME": cache}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, peak_memory(used)


if __name__ == "__main__":
    report()
