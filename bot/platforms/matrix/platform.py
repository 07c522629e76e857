"""The Matrix platform: what the desk asks of it, passed on to the modules that know how."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot import config
from bot.platforms.base import Batch, File, Receipt
from bot.platforms.matrix import crosssigning, login, media
from bot.platforms.matrix.client import Client, Http, NotReached, ServerError
from bot.platforms.matrix.errands import Errands
from bot.platforms.matrix.keeping import Keeping
from bot.platforms.matrix.login import Device, Store
from bot.platforms.matrix.reading import NAME
from bot.platforms.matrix.receiving import PATIENCE, Receiving
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.sending import Sending
from handlers.events import Attachment, Sender
from handlers.orders import Order

log = logging.getLogger(__name__)


class LoggedOut(Exception):
    """The device is gone from the homeserver: the process has to start anew, as another device."""


class Matrix:
    name = NAME
    idempotent = True
    lanes = 8
    ends = False
    lists_waiting = True

    def __init__(self, client: Client, rooms: Rooms, receiving: Receiving, sending: Sending, largest: int) -> None:
        self.client = client
        self.direct_link: str | None = None  # the bot invites into a private chat by itself (`OpenChat`)
        self._rooms = rooms
        self._receiving = receiving
        self._sending = sending
        self._largest = largest

    @property
    def reached_at(self) -> datetime | None:
        return self._receiving.reached_at

    def receive(self, cursor: str | None) -> AsyncIterator[Batch]:
        return self._receiving.batches(cursor)

    async def send(self, order: Order, key: str, files: Sequence[File] = ()) -> Receipt:
        return await self._sending.send(order, key, files)

    async def fetch(self, attachment: Attachment) -> File:
        return await media.fetch(self.client, attachment, self._largest)

    async def may_advise(self, sender: Sender) -> bool:
        return await self._rooms.may_advise(sender)


@asynccontextmanager
async def connect(
    settings: config.Matrix, staff_room: str | None, clock: Callable[[], datetime], *, patience: timedelta = PATIENCE
) -> AsyncIterator[Matrix]:
    """Log in, publish keys, and hand over the platform. Waits for a homeserver that does not answer; raises ConfigError."""
    store = Store(settings.store)
    with store.locked():
        keeping = Keeping(store.keeping)
        http = Http(settings.homeserver)
        try:
            device = await login.log_in(http, settings, store)
            client = opened(http, device, settings, store)
            errands = None
            try:
                await ready(client, settings, store)
                rooms = Rooms(client, keeping, staff_room)
                errands = Errands(client, rooms, keeping, settings.servers)
                largest = settings.largest_file_mb * 1024 * 1024

                async def log_in_again(error: ServerError) -> None:
                    if error.content.get("soft_logout") is not True:
                        raise LoggedOut(str(error))
                    fresh = await login.again(http, settings, store, device, error)
                    client.access_token = fresh.token

                receiving = Receiving(client, rooms, keeping, errands, clock, log_in_again, patience)
                sending = Sending(client, rooms, keeping, errands, largest)
                yield Matrix(client, rooms, receiving, sending, largest)
            finally:
                if errands:
                    await errands.close()
                await client.close()
        finally:
            await http.close()
            keeping.close()


def opened(http: Http, device: Device, settings: config.Matrix, store: Store) -> Client:
    folder = str(store.folder) if settings.encryption else None
    return Client(http, device.user, device.id, store=folder, pickle_key=store.pickle_key)


async def ready(client: Client, settings: config.Matrix, store: Store) -> None:
    """Publish the device's keys and vouch for it. What fails here is tried again at the next start, and said."""
    if client.machine is None:
        return
    await client.tend()
    try:
        if await crosssigning.ensure(client, crosssigning.load(store.cross_signing), login.password(settings)):
            log.info("this device is cross-signed now")
    except (ServerError, NotReached, crosssigning.Foreign) as error:
        log.error("this device is not cross-signed, so clients may warn about it: %s", error)
