"""Who we are on the homeserver: one device for ever, kept with its keys in the store's folder, used by one process only."""

import asyncio
import fcntl
import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import config
from bot.errors import ConfigError
from bot.platforms.matrix.client import Http, Json, NotReached, ServerError, path

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Device:
    user: str
    id: str
    token: str


class Store:
    """The folder with everything that the encryption needs to go on: part of every backup."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigError(f"[matrix] store: {folder} cannot be made: {error.strerror}") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Two processes with one key store would make each other's messages undecryptable."""
        with open(self.folder / "lock", "w", encoding="ascii") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ConfigError(f"[matrix] store: {self.folder} is in use by another process; stop that one first") from None
            yield

    @property
    def pickle_key(self) -> str:
        """What nio encrypts its keys with: random, made once."""
        file = self.folder / "pickle-key"
        if not file.exists():
            self._write(file, secrets.token_urlsafe(32))
        return file.read_text("ascii")

    @property
    def cross_signing(self) -> Path:
        return self.folder / "cross-signing.json"

    @property
    def keeping(self) -> Path:
        return self.folder / "desk.db"

    def device(self) -> Device | None:
        try:
            saved = json.loads((self.folder / "device.json").read_text("utf-8"))
            return Device(saved["user"], saved["id"], saved["token"])
        except (OSError, ValueError, KeyError):
            return None

    def save(self, device: Device) -> None:
        self._write(self.folder / "device.json", json.dumps({"user": device.user, "id": device.id, "token": device.token}))

    @staticmethod
    def _write(file: Path, text: str) -> None:
        new = file.with_name(file.name + ".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)


def password(settings: config.Matrix) -> str | None:
    if settings.password is None and settings.password_file is None:
        return None
    return config.secret(settings.password, settings.password_file, "[matrix] password_file")


async def log_in(http: Http, settings: config.Matrix, store: Store, *, patient: bool = True) -> Device:
    """The device we always were, with a token that works; a new one at first start. Waits for the server unless told not to."""
    pause = 1.0
    while True:
        try:
            return await _log_in(http, settings, store)
        except NotReached as error:
            problem, wait = f"[matrix] homeserver: {settings.homeserver} does not answer: {error}", pause
        except ServerError as error:
            if error.status in (401, 403):
                raise ConfigError(f"[matrix] user, password: the homeserver refuses them: {error}") from None
            if error.status < 500 and error.status != 429:
                raise ConfigError(f"[matrix] homeserver: {settings.homeserver} answered {error}") from None
            problem, wait = f"[matrix] homeserver: {settings.homeserver} answered {error}", max(pause, error.retry_after or 0)
        if not patient:
            raise ConfigError(problem)
        log.warning("%s; again in %d s", problem, wait)
        await asyncio.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _log_in(http: Http, settings: config.Matrix, store: Store) -> Device:
    saved = store.device()
    if settings.access_token_file is not None:
        return await _with_token(http, settings, store)
    if saved is None or saved.user != settings.user:
        return await _with_password(http, settings, store, None)
    http.token = saved.token
    try:
        await http.call("GET", path("account", "whoami"))
    except ServerError as error:
        if error.status != 401:
            raise
        return await again(http, settings, store, saved, error)
    return saved


async def again(http: Http, settings: config.Matrix, store: Store, device: Device, error: ServerError) -> Device:
    """After a soft logout the device is still ours; after a real one it is gone with its keys, and we are a new one."""
    soft = error.content.get("soft_logout") is True
    if not soft:
        log.error("this device was logged out at the homeserver; its encryption keys are of no more use, so the bot becomes a new device")
    return await _with_password(http, settings, store, device.id if soft else None)


async def _with_token(http: Http, settings: config.Matrix, store: Store) -> Device:
    http.token = config.secret(None, settings.access_token_file, "[matrix] access_token_file")
    answer = await http.call("GET", path("account", "whoami"))
    if answer["user_id"] != settings.user or not answer.get("device_id"):
        raise ConfigError(f"[matrix] user: expected {answer['user_id']!r}, whose access token this is, got {settings.user!r}")
    device = Device(answer["user_id"], answer["device_id"], http.token)
    store.save(device)
    return device


async def _with_password(http: Http, settings: config.Matrix, store: Store, device: str | None) -> Device:
    secret = password(settings)
    if secret is None:
        raise ConfigError("[matrix] access_token_file: the homeserver does not take this token any more; make a new one")
    body: Json = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": settings.user},
        "password": secret,
        "initial_device_display_name": settings.device_name,
    }
    http.token = ""
    answer = await http.call("POST", path("login"), body | ({"device_id": device} if device else {}))
    made = Device(answer["user_id"], answer["device_id"], answer["access_token"])
    store.save(made)
    http.token = made.token
    return made
