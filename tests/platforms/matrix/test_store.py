"""The store's folder: one process, one device, cross-signing keys of its own, a copy while it is used."""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.config import Matrix as Settings
from bot.errors import ConfigError
from bot.platforms.matrix import backup, crosssigning, login
from bot.platforms.matrix.client import Client, Http, path
from bot.platforms.matrix.platform import opened, ready
from handlers.events import Message
from tests.platforms.conftest import NewPerson
from tests.platforms.matrix.synapse import Synapse, eventually
from tests.platforms.matrix.test_encryption import listening


@dataclass
class Account:
    """The bot's account, whose keys another client published before."""

    user: str
    token: str


@pytest.fixture
async def foreign(synapse: Synapse, tmp_path: Path) -> Account:
    account = await synapse.register("foreign" + tmp_path.name.replace("_", ""))
    http = Http(synapse.url, account["access_token"])
    keys = crosssigning.load(tmp_path / "theirs.json")
    await http.call("POST", path("keys", "device_signing", "upload"), crosssigning.described(keys, account["user_id"]))
    await http.close()
    return Account(account["user_id"], account["access_token"])


async def master_key(synapse: Synapse, account: Account) -> str | None:
    http = Http(synapse.url, account.token)
    answer = await http.call("POST", path("keys", "query"), {"device_keys": {account.user: []}})
    await http.close()
    return crosssigning._public(answer["master_keys"][account.user])


def test_a_second_process_does_not_get_the_store(tmp_path: Path) -> None:
    with login.Store(tmp_path).locked(), pytest.raises(ConfigError, match="is in use by another process; stop that one first"):  # noqa: SIM117
        with login.Store(tmp_path).locked():
            pass


async def test_an_access_token_is_enough_for_a_device_that_clients_trust(synapse: Synapse, tmp_path: Path) -> None:
    account = await synapse.register("token")
    file = tmp_path / "token"
    file.write_text(account["access_token"] + "\n")
    settings = Settings(homeserver=synapse.url, user=account["user_id"], access_token_file=file, store=tmp_path / "store")
    http, store = Http(synapse.url), login.Store(settings.store)
    device = await login.log_in(http, settings, store)
    assert device.id == account["device_id"]
    client = opened(http, device, settings, store)
    await ready(client, settings, store)
    assert await crosssigning.is_signed(client, crosssigning.load(store.cross_signing))
    await client.close()

    http, wrong = Http(synapse.url), settings.model_copy(update={"user": "@somebody:else.example"})
    with pytest.raises(ConfigError, match="whose access token this is"):
        await login.log_in(http, wrong, store)
    await http.close()


async def test_cross_signing_keys_that_are_not_ours_stay_without_the_password(
    synapse: Synapse, foreign: Account, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = await master_key(synapse, foreign)
    file = tmp_path / "token"
    file.write_text(foreign.token)
    settings = Settings(homeserver=synapse.url, user=foreign.user, access_token_file=file, store=tmp_path / "store")
    http, store = Http(synapse.url), login.Store(settings.store)
    client: Client = opened(http, await login.log_in(http, settings, store), settings, store)
    with caplog.at_level(logging.ERROR):
        await ready(client, settings, store)
    await client.close()
    assert "cross-signing keys that are not in this store" in caplog.text
    assert await master_key(synapse, foreign) == before


async def test_with_the_password_they_are_replaced_and_that_is_said(
    synapse: Synapse, foreign: Account, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = await master_key(synapse, foreign)
    with caplog.at_level(logging.WARNING):
        async with listening(synapse, foreign.user, tmp_path) as (matrix, _):
            assert await crosssigning.is_signed(matrix.client, crosssigning.load(tmp_path / "store" / "cross-signing.json"))
    assert "its other sessions have to be verified anew" in caplog.text
    assert await master_key(synapse, foreign) != before


async def test_a_copy_made_while_the_desk_runs_goes_on_as_the_same_device(synapse: Synapse, person: NewPerson, tmp_path: Path) -> None:
    bot = (await synapse.register("copied"))["user_id"]
    ana = await person("ana", encrypted=True)
    cursors: list[str | None] = [None]
    async with listening(synapse, bot, tmp_path, cursors=cursors) as (matrix, events):
        room = await ana.room(bot, direct=True, encrypted=True)
        await ana.says(room, "prvo")
        await eventually(lambda: [event.text for event in events if isinstance(event, Message)] == ["prvo"])
        device = matrix.client.device_id
        backup.copy(tmp_path / "store", tmp_path / "copy")
    await ana.says(room, "drugo")
    shutil.rmtree(tmp_path / "store")
    (tmp_path / "copy").rename(tmp_path / "store")

    async with listening(synapse, bot, tmp_path, cursors=cursors) as (matrix, events):
        assert matrix.client.device_id == device
        await eventually(lambda: [event.text for event in events if isinstance(event, Message)] == ["drugo"])
    with pytest.raises(FileExistsError):
        backup.copy(tmp_path / "store", tmp_path)
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "store").iterdir() if file.name != "lock")
