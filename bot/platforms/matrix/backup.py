"""A copy of the key store's folder, made while the desk runs."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

_NOT_KEPT = ("lock", ".new", "-journal", "-wal", "-shm")


def copy(store: Path, to: Path) -> None:
    """Everything that is needed to go on as the same device; `to` is made, or has to be empty. Raises OSError or sqlite3.Error.

    Copy the desk's database before: keys may be newer than what was read with them, never older.
    """
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(to.iterdir()):
        raise FileExistsError(f"{to} is not empty")
    for file in sorted(store.iterdir()):
        if not file.is_file() or file.name.endswith(_NOT_KEPT):
            continue
        os.close(os.open(to / file.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if file.suffix == ".db":
            with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to / file.name)) as target:
                source.backup(target)
        else:
            shutil.copyfile(file, to / file.name)
