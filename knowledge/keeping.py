"""Values kept in a file in such a way that their large arrays are read from the disk only where they are looked at."""

import mmap
import os
import pickle
import struct
from pathlib import Path
from typing import Any

_NUMBERS = struct.Struct("<Q")
_ALIGNED = 64


def keep(path: Path, value: object) -> None:
    """The pickled value, then its arrays as they lie in memory. Raises OSError."""
    arrays: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, protocol=5, buffer_callback=arrays.append)
    parts = [memoryview(body), *(array.raw() for array in arrays)]
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    with unfinished.open("wb") as file:
        for number in (len(parts), *(part.nbytes for part in parts)):
            file.write(_NUMBERS.pack(number))
        for part in parts:
            file.write(bytes(-file.tell() % _ALIGNED))
            file.write(part)
    unfinished.replace(path)


def load(path: Path) -> Any:
    """Only from a folder of our own: whoever can write there can run code as us anyway. The arrays cannot be changed."""
    with path.open("rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    (count,) = _NUMBERS.unpack_from(whole)
    place = _NUMBERS.size * (count + 1)
    parts = []
    for number in range(count):
        (size,) = _NUMBERS.unpack_from(whole, _NUMBERS.size * (number + 1))
        place += -place % _ALIGNED
        parts.append(whole[place : place + size])
        place += size
    return pickle.loads(parts[0], buffers=parts[1:])
