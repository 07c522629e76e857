"""The desk in two hundred worlds full of faults keeps its promises; planted bugs show that the worlds would notice."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faq import desk
from tests.simulation import bugs, soak, world
from tests.simulation.__main__ import one


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.template(tmp_path_factory.mktemp("template"))


def test_the_same_seed_gives_the_same_log(empty: Path, tmp_path: Path) -> None:
    first, second = (world.run(7, empty, tmp_path) for _ in range(2))
    assert first.log == second.log
    assert first.fingerprint != world.run(8, empty, tmp_path).fingerprint


def test_two_hundred_worlds_full_of_faults_keep_every_promise() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "200", "--steps", "80"]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, played.stdout + played.stderr
    print(played.stdout)


def caught(bug: bugs.Bug, empty: Path, folder: Path, most: int = 40) -> tuple[int, str]:
    """How many worlds it took to notice, and by what."""
    with bug():
        for seed in range(most):
            _, _, problems = one(empty, folder, 150, seed)
            if problems:
                return seed + 1, problems[0]
    raise AssertionError(f"not noticed in {most} worlds")


@pytest.mark.parametrize("name", bugs.ALL)
def test_a_planted_bug_is_noticed(name: str, empty: Path, tmp_path: Path) -> None:
    seeds, by = caught(bugs.ALL[name], empty, tmp_path)
    print(f"| {name} | {seeds} | {by.partition(':')[0]} |")


async def test_a_soak_deals_with_everything_and_reads_its_memory(tmp_path: Path) -> None:
    read: list[soak.Reading] = []
    await soak.play(tmp_path, 1000, desk(), read.append)
    assert read[-1].taken + read[-1].sent >= 1000
    assert -0.5 < soak.growth(read) < 0.5
    print(read[-1])
