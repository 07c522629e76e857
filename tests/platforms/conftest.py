"""One homeserver a run, and people on it: for the stories on Matrix and for those across platforms."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.platforms.matrix.people import Person
from tests.platforms.matrix.synapse import Synapse, running

NewPerson = Callable[..., Awaitable[Person]]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def synapse() -> Iterator[Synapse]:
    with running() as server:
        yield server


@asynccontextmanager
async def people(synapse: Synapse, folder: Path) -> AsyncIterator[NewPerson]:
    """Makes people; with `encrypted=True` they have keys, kept in the folder."""
    made: list[Person] = []

    async def new(name: str, *, encrypted: bool = False) -> Person:
        number = next(_numbers)
        store = folder / f"{name}{number}"
        store.mkdir()
        one = await Person.new(synapse, f"{name}{number}", str(store) if encrypted else None)
        made.append(one)
        return one

    yield new
    for one in made:
        await one.close()


@pytest.fixture
async def person(synapse: Synapse, tmp_path: Path) -> AsyncIterator[NewPerson]:
    async with people(synapse, tmp_path) as new:
        yield new
