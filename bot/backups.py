"""`helpdesk db backup`, `restore` and `key`: the database and the encryption keys in one file, encrypted with age."""

import argparse
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import pyrage
from pyrage import x25519
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app, config, lease
from bot.config import Config
from bot.errors import ConfigError
from bot.running import with_database
from storage import backup, database, erasures, schema
from storage.backup import BackupError, Extent
from storage.erasures import Mark

_AGE = b"age-encryption.org/"
_MANIFEST = "manifest.json"
_KEYS = "matrix-store"
_PREFIX = ".helpdesk-backup-"
_LONGEST = 3600.0
"""Seconds that making a backup may take."""


def make(options: argparse.Namespace) -> int:
    """Copy everything into one file while the desk runs."""
    settings = config.read(options.config)
    recipient = recipient_of(settings)
    target: Path = options.file
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise BackupError(f"{target}: {target.parent} is no folder that can be written to")

    async def work(engine: AsyncEngine) -> int:
        aside = _aside(settings)
        with tempfile.TemporaryDirectory(dir=aside, prefix=_PREFIX) as folder:
            made = Path(folder) / "backup.tar"
            rows = await _pack(engine, settings, made)
            whole = target.with_name(f".{target.name}.part")
            whole.touch(0o600)
            try:
                if recipient:
                    pyrage.encrypt_file(str(made), str(whole), [recipient])
                else:
                    shutil.copyfile(made, whole)
                os.replace(whole, target)
            finally:
                whole.unlink(missing_ok=True)
        print(f"{options.file}: {rows} rows{', encrypted' if recipient else ''}")
        if not recipient:
            print("not encrypted: set [backup] recipient, which `helpdesk db key` makes", file=sys.stderr)
        return 0

    return with_database(settings, work, reading=True)


def restore(options: argparse.Namespace) -> int:
    """Put a backup in place of the database. Stop the desk first."""
    settings = config.read(options.config)

    async def work(engine: AsyncEngine) -> int:
        with tempfile.TemporaryDirectory(prefix="helpdesk-") as folder:
            _unpack(options.file, options.identity, Path(folder))
            _, ours = await schema.upgrade(engine)
            async with lease.nobody_active(engine):
                return await _put_back(engine, settings, Path(folder), ours, options)

    return with_database(settings, work)


def erased(options: argparse.Namespace) -> int:
    """Who was erased, as marks that name nobody: kept elsewhere, they are erased again when an older backup is restored."""

    async def work(engine: AsyncEngine) -> int:
        async with engine.begin() as tx:
            for mark in await erasures.all_marks(tx):
                print(mark)
        return 0

    return with_database(config.read(options.config), work, reading=True)


def key(options: argparse.Namespace) -> int:
    """A new pair of keys: the public one goes into the configuration, the secret one somewhere else than the backups."""
    identity = x25519.Identity.generate()
    try:
        with open(os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{identity}\n")
    except FileExistsError:
        raise BackupError(f"{options.file} is there already: a key that is overwritten opens no backup any more") from None
    print(f"""{options.file}: the secret key; keep it away from the server, in two places. Into the configuration, under [backup]:

recipient = "{identity.to_public()}\"""")
    return 0


def _aside(settings: Config) -> Path:
    """Where the copy lies until it is encrypted: with the database, not with the backups, which go elsewhere.

    What a run left there that was ended in the middle is removed.
    """
    address = make_url(settings.storage.url)
    folder = Path(address.database or "").parent if address.get_backend_name() == "sqlite" else Path(tempfile.gettempdir())
    for left in folder.glob(f"{_PREFIX}*"):
        if time.time() - left.stat().st_mtime > _LONGEST:
            shutil.rmtree(left, ignore_errors=True)
    return folder


async def _pack(engine: AsyncEngine, settings: Config, file: Path) -> int:
    """The database as it is at one moment, then the encryption keys: they may be newer than what was read with them, never older."""
    rows = 0
    with tarfile.open(file, "w") as archive:
        async with backup.snapshot(engine) as tx:
            manifest = {
                "format": 1,
                "at": app.utc_now().isoformat(timespec="seconds"),
                "schema": await schema.revision(tx),
                "extent": asdict(await backup.extent(tx)),
            }
            _add(archive, _MANIFEST, json.dumps(manifest, indent=2))
            for name in backup.tables():
                lines = [line async for line in backup.lines(tx, name)]
                rows += len(lines) - 1
                _add(archive, f"tables/{name}.jsonl", "\n".join(lines))
        if settings.matrix and settings.matrix.encryption and settings.matrix.store.is_dir():
            from bot.platforms.matrix.backup import copy

            with tempfile.TemporaryDirectory(dir=file.parent) as folder:
                copy(settings.matrix.store, Path(folder))
                archive.add(folder, _KEYS)
    return rows


def _add(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))


def _unpack(file: Path, identity: Path | None, folder: Path) -> None:
    try:
        with file.open("rb") as opened:
            encrypted = opened.read(len(_AGE)) == _AGE
        if encrypted:
            if identity is None:
                raise BackupError(f"{file} is encrypted: name the secret key with --identity")
            secret = x25519.Identity.from_str(identity.read_text(encoding="utf-8").strip().splitlines()[-1])
            pyrage.decrypt_file(str(file), str(folder / "backup.tar"), [secret])
            file = folder / "backup.tar"
        with tarfile.open(file) as archive:
            archive.extractall(folder, filter="data")
    except (OSError, tarfile.TarError, pyrage.DecryptError, pyrage.IdentityError, IndexError) as error:
        raise BackupError(f"{file}: cannot be read as a backup: {error}") from None
    if not (folder / _MANIFEST).is_file():
        raise BackupError(f"{file}: not a backup of this program")


async def _put_back(engine: AsyncEngine, settings: Config, folder: Path, ours: str, options: argparse.Namespace) -> int:
    manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    if manifest["schema"] != ours:
        raise BackupError(f"the backup has schema {manifest['schema']}, this version {ours}: restore it with the version that made it")
    then, now = Extent(**manifest["extent"]), app.utc_now()
    keys, marks = _keys_to_put_back(settings, folder / _KEYS), _marks(options.erasures)
    desk = app.build_desk(settings, app.Idle())
    async with engine.begin() as tx:
        later = (await backup.extent(tx)).beyond(then)
        if later and not options.over:
            came = ", ".join(f"{count} {what}" for what, count in later.items())
            raise BackupError(f"the database holds more than the backup of {manifest['at']}: {came} came later; say --over to lose them")
        forgotten = {*await erasures.all_marks(tx), *marks}
        await backup.empty(tx)
        rows = 0
        for name in backup.tables():
            with (folder / "tables" / f"{name}.jsonl").open(encoding="utf-8") as lines:
                rows += await backup.fill(tx, name, lines)
        settled = await backup.settle(tx, forgotten, desk, now)
    await database.overwrite_deleted(engine)
    if keys is not None:
        shutil.copytree(folder / _KEYS, keys, dirs_exist_ok=True)
    print(f"restored as of {manifest['at']}: {rows} rows{', with the encryption keys' if keys else ''}")
    print(f"{settled.erased} people who were erased since are erased again; {settled.unsent} messages that waited then will not be sent")
    if settled.tickets:
        print(f"what waited to be answered is with the advisers: {', '.join(f'#{number}' for number in settled.tickets)}")
    return 0


def _keys_to_put_back(settings: Config, kept: Path) -> Path | None:
    """Where the encryption keys go. Raises BackupError when others are there."""
    if settings.matrix is None or not kept.is_dir():
        return None
    store = settings.matrix.store
    if store.is_dir() and any(store.iterdir()):
        raise BackupError(f"[matrix] store: {store} holds encryption keys; move it away first, they may be newer than the backup's")
    return store


def _marks(file: Path | None) -> list[Mark]:
    try:
        return [erasures.read_mark(line) for line in file.read_text(encoding="utf-8").splitlines()] if file else []
    except OSError as error:
        raise BackupError(f"--erasures: {file} cannot be read: {error}") from None
    except ValueError as error:
        raise BackupError(f"--erasures: {file} is not what `helpdesk db erasures` printed: {str(error)[:80]}") from None


def recipient_of(settings: Config) -> x25519.Recipient | None:
    """Whose key opens the backups; None when they are not encrypted. Raises ConfigError when it is no key."""
    if not settings.backup.recipient:
        return None
    try:
        return x25519.Recipient.from_str(settings.backup.recipient)
    except pyrage.RecipientError as error:
        raise ConfigError(f'[backup] recipient: expected a public age key ("age1…"): {error}') from None
