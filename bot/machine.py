"""What the machine that the desk runs on has to be like: files, disks, clock, libraries."""

import errno
import os
import socket
import sqlite3
import stat
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from bot.alerts import least_free
from bot.platforms.findings import Finding
from handlers.alerts import Disk

Version = tuple[int, int, int]

_OLDEST_SQLITE: Version = (3, 35, 0)
_WAL_RESET_FIXED: Mapping[tuple[int, int], int] = {(3, 44): 6, (3, 50): 7, (3, 51): 3}
"""https://sqlite.org/wal.html#walresetbug: mended in these releases and in everything from 3.52 on."""
_ON_THE_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs", "afs", "ncpfs"}
)
_MOST_SKEW = timedelta(seconds=30)
_CONTAINER_SECRETS = Path("/run/secrets")
"""What lies here nobody outside of the container sees; who may read it there, the engine decides."""
_CREDENTIALS = Path("/run/credentials")

_LOGIN = "are user and password in [storage] url right?"
_ROOM = "make room on the disk (`df -h`); if there is enough, the disk itself fails (`dmesg`)"
_WAYS_OUT: Mapping[str | int, str] = {
    "28000": _LOGIN,
    "28P01": _LOGIN,
    "3D000": "make it (`createdb`), or name another in [storage] url",
    sqlite3.SQLITE_CANTOPEN: "is its folder there, and the desk's user its owner?",
    sqlite3.SQLITE_NOTADB: "name another file in [storage] url",
    sqlite3.SQLITE_READONLY: "make the desk's user its owner",
    sqlite3.SQLITE_FULL: _ROOM,
    sqlite3.SQLITE_IOERR: _ROOM,
}
"""By PostgreSQL's SQLSTATE, or SQLite's error code."""
_LASTING = frozenset({"28000", "28P01", "3D000", sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB})


def readable(file: Path, key: str) -> Finding:
    """A file with a secret: there, not empty, and for nobody else to read."""
    try:
        empty = not file.read_text(encoding="utf-8").strip()
        mode = file.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        way_out = "put the secret there, readable for the desk's user"
        if file.is_relative_to(_CREDENTIALS):
            way_out = "systemd puts it there while the service runs, for its user alone; `journalctl --unit helpdesk` has what it found"
        return Finding(key, f"{file} cannot be read: {reason}; {way_out}", ok=False)
    if empty:
        return Finding(key, f"{file} is empty; put the secret there", ok=False)
    if mode & stat.S_IROTH and not file.is_relative_to(_CONTAINER_SECRETS):
        return Finding(key, f"everybody on this machine may read {file}; `chmod 600 {file}`", ok=False)
    return Finding(key, str(file))


class Trouble(NamedTuple):
    text: str
    """With the way out."""
    lasting: bool
    """Only other settings help; anything else may pass."""


def database_trouble(error: DBAPIError) -> Trouble:
    """What keeps the database from being used."""
    cause = error.orig
    if isinstance(cause, OSError):
        way_out = "is PostgreSQL running, are host and port in [storage] url right?"
        return Trouble(f"{str(cause) or 'no answer'}; {way_out}", lasting=False)
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return Trouble("; ".join(filter(None, (str(cause), _WAYS_OUT.get(code)))), lasting=code in _LASTING)


def sqlite_version(version: Version = sqlite3.sqlite_version_info) -> Finding:
    name, text = "sqlite", ".".join(map(str, version))
    if version < _OLDEST_SQLITE:
        return Finding(name, f"{text} is too old; take Python with SQLite 3.51.3 or newer", ok=False)
    if has_wal_reset_bug(version):
        way_out = "leave the database to the desk while it runs, or take SQLite 3.51.3, 3.50.7, 3.44.6 or newer, or PostgreSQL"
        harm = "two processes that write in the same instant may damage the file (WAL-reset bug; rare, and the desk is one process)"
        return Finding(name, f"{text}: {harm}; {way_out}", remark=True)
    return Finding(name, text)


def has_wal_reset_bug(version: Version) -> bool:
    *release, patch = version
    return version < (3, 52, 0) and patch < _WAL_RESET_FIXED.get((release[0], release[1]), patch + 1)


def disk_of_database(folder: Path, mounts: Path = Path("/proc/mounts")) -> Finding:
    """SQLite's write-ahead log needs memory that all its users share, so the file has to be on a disk of this machine."""
    name = "database folder"
    if not folder.is_dir():
        return Finding(name, f"{folder} is not there; `mkdir -p {folder}`, owned by the desk's user", ok=False)
    if not os.access(folder, os.W_OK):
        return Finding(name, f"{folder} cannot be written; make the desk's user its owner", ok=False)
    kind = filesystem(folder, mounts)
    if kind in _ON_THE_NETWORK:
        return Finding(
            name, f"{folder} is on a network file system ({kind}), where SQLite loses data; use a local disk or PostgreSQL", ok=False
        )
    return Finding(name, f"{folder}{f' ({kind})' if kind else ''}")


def filesystem(folder: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The kind of file system that a folder is on; empty where that is not said."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    kinds = {point.encode().decode("unicode_escape"): kind for _, point, kind, *_ in (line.split(" ") for line in lines)}
    place = folder.resolve()
    return next((kinds[str(parent)] for parent in (place, *place.parents) if str(parent) in kinds), "")


def disk(folders: tuple[Path, ...]) -> Finding:
    return room(least_free(folders))


def room(found: Disk | None) -> Finding:
    if found is None:
        return Finding("disk", "no folder here to look at")
    free = f"{found.free / 1e9:.1f} GB free of {found.total / 1e9:.0f} GB"
    if found.is_short(1):
        return Finding("disk", f"only {free}; make room, or move the database", ok=False)
    return Finding("disk", free)


def clock(name: str, url: str, now: datetime) -> Finding | None:
    """Our clock beside a server's; None when that cannot be asked."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=5) as answer:
            said = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        said = error.headers.get("Date")
    except (OSError, ValueError):
        return None
    return skew(name, parsedate_to_datetime(said), now) if said else None


def skew(name: str, theirs: datetime, now: datetime) -> Finding:
    seconds = (now - theirs).total_seconds()
    if abs(seconds) > _MOST_SKEW.total_seconds():
        way = "ahead of" if seconds > 0 else "behind"
        return Finding("clock", f"{abs(seconds):.0f} s {way} {name}'s; `timedatectl set-ntp true` keeps it right", ok=False)
    return Finding("clock", f"agrees with {name}'s")


def port(listen: str) -> Finding:
    """Whether the health port can be had; or whether the desk has it already."""
    name = "health"
    if not listen:
        return Finding(name, '[health] listen is empty, so nobody can ask whether the desk is well; "127.0.0.1:8080" is usual', remark=True)
    host, _, number = listen.rpartition(":")
    try:
        with socket.create_server((host, int(number))):
            return Finding(name, f"http://{listen}/healthz is free")
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE and (desk := _running(listen)):
            return desk
        return Finding(name, f"[health] listen: {listen} cannot be listened on: {error}; choose another address or port", ok=False)


def _running(listen: str) -> Finding | None:
    """What the desk says that runs there; or that it is not the desk."""
    try:
        with urllib.request.urlopen(f"http://{listen}/healthz", timeout=3) as answer:
            return Finding("health", f"the desk is running: {_line(answer.read(1000))}")
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
            return Finding("health", f"[health] listen: another program answers at {listen}; choose another port", ok=False)
        return Finding("health", f"the desk is running, and not well: {_line(error.read(1000))}", ok=False)
    except (OSError, ValueError):
        return None


def _line(said: bytes) -> str:
    return "; ".join(said.decode("utf-8", "replace").split("\n")).strip("; ")
