"""The bot's own cross-signing keys: what tells current clients that its device is really the bot's.

Three keys: the master key stands for the account, the self-signing key (signed by it) vouches for devices, the user-signing key for
other people (the bot vouches for nobody). Clients without warnings need all three and the device's signature.
"""

import base64
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nio.api import Api

from bot.platforms.matrix.client import Client, Json, ServerError, path

log = logging.getLogger(__name__)

_KINDS = ("master", "self_signing", "user_signing")


class Foreign(Exception):
    """The account has cross-signing keys that are not in our store, and the server wants more than a password to replace them."""


@dataclass(frozen=True, slots=True)
class Keys:
    master: Ed25519PrivateKey
    self_signing: Ed25519PrivateKey
    user_signing: Ed25519PrivateKey


def load(file: Path) -> Keys:
    """The keys from the store; made when there are none."""
    if not file.exists():
        seeds = {kind: _base64(os.urandom(32)) for kind in _KINDS}
        new = file.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as stream:
            json.dump(seeds, stream)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
    seeds = json.loads(file.read_text("ascii"))
    return Keys(*(Ed25519PrivateKey.from_private_bytes(_bytes(seeds[kind])) for kind in _KINDS))


async def ensure(client: Client, keys: Keys, password: str | None) -> bool:
    """Publish the keys and sign our device and the master key, where that is not done yet; True when something was.

    Keys that are on the account and not in our store are replaced with the password, and left alone without: then it raises Foreign.
    """
    known = await _published(client)
    changed = False
    if _public(known["master"]) != public(keys.master) or _public(known["self_signing"]) != public(keys.self_signing):
        await _publish(client, keys, password)
        known = await _published(client)
        changed = True
    device, master = known["device"], known["master"]
    if device and not _signed(device, client.user_id, public(keys.self_signing)):
        body = {client.user_id: {client.device_id: signed(device, client.user_id, keys.self_signing)}}
        await _sign(client, body)
        changed = True
    if master and client.machine is not None and not _signed(master, client.user_id, client.device_id or ""):
        signature = client.machine.sign_json(_bare(master))
        own = {**_bare(master), "signatures": {client.user_id: {f"ed25519:{client.device_id}": signature}}}
        await _sign(client, {client.user_id: {public(keys.master): own}})
        changed = True
    return changed


async def is_signed(client: Client, keys: Keys) -> bool:
    """Whether others see our device as vouched for by our own keys."""
    known = await _published(client)
    return (
        _public(known["master"]) == public(keys.master)
        and _public(known["self_signing"]) == public(keys.self_signing)
        and _signed(known["device"], client.user_id, public(keys.self_signing))
    )


def described(keys: Keys, user: str) -> Json:
    """The three public keys as the server wants them: the other two signed by the master key."""
    content: Json = {"master_key": _key("master", keys.master, user)}
    content["self_signing_key"] = signed(_key("self_signing", keys.self_signing, user), user, keys.master)
    content["user_signing_key"] = signed(_key("user_signing", keys.user_signing, user), user, keys.master)
    return content


def signed(content: Json, user: str, key: Ed25519PrivateKey) -> Json:
    signature = key.sign(Api.to_canonical_json(_bare(content)).encode())
    return {**_bare(content), "signatures": {user: {f"ed25519:{public(key)}": _base64(signature)}}}


def public(key: Ed25519PrivateKey) -> str:
    return _base64(key.public_key().public_bytes_raw())


async def _publish(client: Client, keys: Keys, password: str | None) -> None:
    """The first time the server takes them as they are; to replace others it asks for the password."""
    body = described(keys, client.user_id)
    target = path("keys", "device_signing", "upload")
    try:
        await client.http.call("POST", target, body)
    except ServerError as error:
        if error.status != 401 or "flows" not in error.content:
            raise
        if password is None or not any(flow.get("stages") == ["m.login.password"] for flow in error.content["flows"]):
            raise Foreign("the account has cross-signing keys that are not in this store") from error
        identifier = {"type": "m.id.user", "user": client.user_id}
        proof = {"type": "m.login.password", "identifier": identifier, "password": password, "session": error.content.get("session")}
        await client.http.call("POST", target, body | {"auth": proof})
        log.warning("the account's cross-signing keys were not in this store and are replaced: its other sessions have to be verified anew")


async def _sign(client: Client, body: Json) -> None:
    answer = await client.http.call("POST", path("keys", "signatures", "upload"), body)
    if failures := answer.get("failures"):
        raise ServerError(400, {"errcode": "M_INVALID_SIGNATURE", "error": json.dumps(failures)[:300]})


async def _published(client: Client) -> dict[str, Json]:
    user = client.user_id
    answer = await client.http.call("POST", path("keys", "query"), {"device_keys": {user: []}})
    device = ((answer.get("device_keys") or {}).get(user) or {}).get(client.device_id)
    return {
        "master": (answer.get("master_keys") or {}).get(user) or {},
        "self_signing": (answer.get("self_signing_keys") or {}).get(user) or {},
        "device": device or {},
    }


def _key(usage: str, key: Ed25519PrivateKey, user: str) -> Json:
    return {"user_id": user, "usage": [usage], "keys": {f"ed25519:{public(key)}": public(key)}}


def _public(key: Json) -> str | None:
    return next(iter((key.get("keys") or {}).values()), None)


def _signed(content: Json, user: str, by: str) -> bool:
    return f"ed25519:{by}" in ((content.get("signatures") or {}).get(user) or {})


def _bare(content: Json) -> Json:
    return {key: value for key, value in content.items() if key not in ("signatures", "unsigned")}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> Any:
    return base64.b64decode(text + "=" * (-len(text) % 4))
