"""For `helpdesk check`: does the account work, is its device trusted, and may it do in the staff room what it has to?"""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

from bot import config
from bot.config import Config
from bot.errors import ConfigError
from bot.platforms.findings import Finding
from bot.platforms.matrix import crosssigning, login
from bot.platforms.matrix.client import Client, Http, Json, NotReached, ServerError, path
from bot.platforms.matrix.login import Store
from bot.platforms.matrix.platform import opened

_NEEDED = {
    "m.room.message": "write",
    "m.room.encrypted": "write encrypted messages",
    "m.reaction": "react (that is how choices and marks are shown)",
    "m.room.redaction": "remove its own messages",
}
_CREATORS_RULE_FROM = 12


async def findings(settings: Config) -> AsyncIterator[Finding]:
    """One after another; what depends on something that is wrong is left out."""
    assert settings.matrix is not None
    matrix, staff = settings.matrix, settings.staff
    http = Http(matrix.homeserver, within=15)
    try:
        with ExitStack() as stack:
            store = Store(matrix.store)
            running = _in_use(store, stack)
            device = store.device() if running else None
            if device:
                http.token = device.token
            else:
                device = await login.log_in(http, matrix, store, patient=False)
            yield Finding("matrix account", f"{device.user} at {matrix.homeserver}, device {device.id}")
            client = Client(http, device.user, device.id, store=None) if running else opened(http, device, matrix, store)
            try:
                if matrix.encryption:
                    yield await _encryption(client, matrix, store, running=running)
                if staff.platform == "matrix":
                    async for finding in _staff_room(client, matrix, staff.room):
                        yield finding
            finally:
                await client.close()
    except ConfigError as error:
        yield Finding("matrix account", str(error), ok=False)
    except (ServerError, NotReached) as error:
        yield Finding("matrix", f"[matrix] homeserver: {matrix.homeserver}: {error}", ok=False)
    finally:
        await http.close()


def _in_use(store: Store, stack: ExitStack) -> bool:
    """The desk is running: then its keys are not touched, and what others see of them is all that is looked at."""
    try:
        stack.enter_context(store.locked())
    except ConfigError:
        if store.device() is None:
            raise
        return True
    return False


async def _encryption(client: Client, matrix: config.Matrix, store: Store, *, running: bool) -> Finding:
    name = "matrix encryption"
    if not running:
        await client.tend()
        answer = await client.http.call("POST", path("keys", "query"), {"device_keys": {client.user_id: []}})
        keys = (((answer.get("device_keys") or {}).get(client.user_id) or {}).get(client.device_id) or {}).get("keys") or {}
        assert client.machine is not None
        if keys.get(f"ed25519:{client.device_id}") != client.machine.account.identity_keys["ed25519"]:
            way_out = f"stop the desk, move {store.folder} away and start it again: it becomes a new device"
            return Finding(name, f"the homeserver knows other keys for this device than the store has; {way_out}", ok=False)
        try:
            await crosssigning.ensure(client, crosssigning.load(store.cross_signing), None)
        except crosssigning.Foreign:
            return Finding(name, f"the account has cross-signing keys that are not in {store.folder}; {_replaced(matrix)}", ok=False)
    if not store.cross_signing.exists() or not await crosssigning.is_signed(client, crosssigning.load(store.cross_signing)):
        way_out = "give [matrix] password or password_file, so that its cross-signing keys can be made anew"
        return Finding(name, f"the device is not cross-signed, so clients may hide what the bot says; {way_out}", ok=False)
    return Finding(name, "keys published, device cross-signed" + (" (the desk is running)" if running else ""))


def _replaced(matrix: config.Matrix) -> str:
    """Only the desk itself replaces them: whoever only checks must not break another session of the account."""
    if login.password(matrix) is None:
        return "bring its folder back, or give [matrix] password or password_file, so that the desk can replace them"
    return "bring its folder back, or start the desk: it replaces them, and other sessions of the account have to be verified anew"


async def _staff_room(client: Client, matrix: config.Matrix, room: str) -> AsyncIterator[Finding]:
    name = "matrix staff room"
    if not room.startswith("!"):
        yield Finding(name, f'[staff] room: expected a room\'s id ("!…", in its settings under Advanced), got {room!r}', ok=False)
        return
    try:
        state = await client.http.call("GET", path("rooms", room, "joined_members"))
    except ServerError as error:
        if error.status not in (403, 404):
            raise
        try:
            await client.http.call("POST", path("join", room), {})
            state = await client.http.call("GET", path("rooms", room, "joined_members"))
        except ServerError:
            yield Finding(name, f"the bot is not in {room}: invite {client.user_id} into it", ok=False)
            return
    others = len(state.get("joined") or {}) - 1
    if replacement := (await _state(client, room, "m.room.tombstone") or {}).get("replacement_room"):
        yield Finding(name, f"{room} was upgraded to {replacement}, where the desk follows it: invite {client.user_id} there")
        return
    encrypted = await _state(client, room, "m.room.encryption") is not None
    if encrypted and not matrix.encryption:
        yield Finding(name, f"{room} is encrypted: set [matrix] encryption = true", ok=False)
        return
    yield Finding(name, f"{room}, {others} others in it, {'encrypted' if encrypted else 'not encrypted'}")
    missing = _missing(await _state(client, room, "m.room.power_levels") or {}, await _creators(client, room), client.user_id)
    if missing:
        way_out = f"raise the power level of {client.user_id} to moderator (50)"
        yield Finding("matrix rights", f"the bot may not {', '.join(missing)} in the staff room: {way_out}", ok=False)
    else:
        yield Finding("matrix rights", "write, react, remove its own messages, mention the room")


def _missing(levels: Json, creators: set[str], user: str) -> list[str]:
    """What the bot needs and its power level does not allow."""
    if user in creators:
        return []
    own = _number((levels.get("users") or {}).get(user), _number(levels.get("users_default"), 0))
    events = levels.get("events") or {}
    missing = [what for event, what in _NEEDED.items() if own < _number(events.get(event), _number(levels.get("events_default"), 0))]
    if own < _number((levels.get("notifications") or {}).get("room"), 50):
        missing.append("mention the whole room")
    return missing


async def _creators(client: Client, room: str) -> set[str]:
    """Since room version 12 the creators may do everything and stand in no list."""
    create = await _event(client, room, "m.room.create")
    content = create.get("content") or {}
    version = str(content.get("room_version") or "1")
    if not version.isdecimal() or int(version) < _CREATORS_RULE_FROM:
        return set()
    return {str(create.get("sender")), *(content.get("additional_creators") or ())}


async def _state(client: Client, room: str, kind: str) -> Json | None:
    try:
        return await client.http.call("GET", path("rooms", room, "state", kind))
    except ServerError as error:
        if error.status == 404:
            return None
        raise


async def _event(client: Client, room: str, kind: str) -> Json:
    try:
        return await client.http.call("GET", path("rooms", room, "state", kind), format="event")
    except ServerError:
        return {}


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
