"""One world: people, advisers, a clock, and a desk that dies and starts again."""

import asyncio
import hashlib
import itertools
import logging
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import event as sa_event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import intake, upkeep
from bot.answering import Answering
from bot.delivery import Delivery
from handlers.events import Edit, Event, Message, Place, Press, Reaction, Sender, Unreadable
from storage import database, schema
from tests.faq import TUESDAY, Told, desk
from tests.simulation.servers import Crash, Faults, Server

STAFF = Place("tele", "staff")
PEOPLE = {"ana": "tele", "bor": "tele", "cene": "matr", "dana": "matr", "eva": "tele"}
ADVISERS = (Sender("adviser-maja", "Maja"), Sender("adviser-nik", "Nik"))
SECRET = "skrivna opomba"
_QUEUES = ("inbox", "outbox")
BUG = "hrošč"
"""The matcher fails on this word every time."""


@dataclass
class Asked:
    """What a person wrote, and whether it has to be found again at the end."""

    key: str
    who: str
    text: str


@dataclass
class World:
    seed: int
    file: Path
    log: list[str] = field(default_factory=list)
    now: datetime = TUESDAY
    asked: list[Asked] = field(default_factory=list)
    replied: list[tuple[str, str, str]] = field(default_factory=list)
    """Messages of advisers that have to be marked: the message's id, what it says, and the thread."""
    unreadable: list[str] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    crashes: int = 0
    disk_full: int = 0
    """How many more commits fail."""

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.faults = Faults(Random(self.seed + 1), log=self.log)
        self.servers = {
            "tele": Server("tele", False, self.faults, self.log),
            "matr": Server("matr", True, self.faults, self.log),
        }
        self.desk = desk(Told(fails_on=BUG), staff=STAFF)
        self.keys = itertools.count(1)
        self.ids = itertools.count(1)

    def new_id(self) -> str:
        return f"id{next(self.ids)}"

    def clock(self) -> datetime:
        return self.now

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256("\n".join(self.log).encode()).hexdigest()

    def somebody_acts(self) -> None:
        """A person or an adviser does something; the platform keeps it until the desk has confirmed it."""
        act = self.chance.choices(
            (
                self._asks,
                self._writes_on,
                self._presses,
                self._edits,
                self._replies,
                self._commands,
                self._presses_as_adviser,
                self._oddities,
            ),
            (30, 12, 14, 3, 20, 10, 6, 5),
        )[0]
        act()

    def _asks(self) -> None:
        who, number = self.chance.choice(list(PEOPLE)), next(self.keys)
        form = self.chance.choices(
            ("kako odprem espe {m}", "Kje je pekarna {m}?", "davek {m}", "človek prosim {m}", f"{BUG} {{m}}", "živjo"),
            (40, 25, 20, 6, 2, 7),
        )[0]
        self._person_says(who, form.format(m=f"za {who} {number}"), number)

    def _writes_on(self) -> None:
        who, number = self.chance.choice(list(PEOPLE)), next(self.keys)
        self._person_says(who, f"Še to za {who} {number}.", number)

    def _person_says(self, who: str, text: str, number: int) -> None:
        key = f"k{number}"
        self._hand_over(PEOPLE[who], Message(**self._by(who, key), id=f"p{number}", text=text))
        if f"za {who}" in text:
            self.asked.append(Asked(key, who, text))

    def _presses(self) -> None:
        who = self.chance.choice(list(PEOPLE))
        offers = self.servers[PEOPLE[who]].offers(who)
        if not offers:
            return
        effect, choice = self.chance.choice(offers)
        for _ in range(self.chance.choice((1, 1, 1, 2))):  # some press twice
            press = Press(**self._by(who, f"k{next(self.keys)}"), choice=choice.id, message=effect.id)
            self._hand_over(PEOPLE[who], press)

    def _edits(self) -> None:
        mine = [one for one in self.asked[-20:] if one.who not in self.forgotten]
        if mine:
            one = self.chance.choice(mine)
            edit = Edit(**self._by(one.who, f"k{next(self.keys)}"), id=f"p{one.key[1:]}", text=f"{one.text} (popravek)")
            self._hand_over(PEOPLE[one.who], edit)

    def _commands(self) -> None:
        who, number = self.chance.choice(list(PEOPLE)), next(self.keys)
        text = self.chance.choice(("/stanje", "/svetovalec", "/teme", "/zasebnost", "/mojipodatki", "/jezik en", "/preklici", "/start"))
        self._person_says(who, text, number)

    def _replies(self) -> None:
        """An adviser writes in a ticket's thread: to whom it goes stands in the thread's card."""
        server = self.servers[STAFF.platform]
        cards = [effect for effect in server.seen_in(STAFF.room) if effect.thread and effect.thread in server.threads]
        cards = [effect for effect in cards if effect.thread in self._threads()]
        if not cards:
            return
        thread = self.chance.choice(cards[-12:]).thread
        assert thread is not None
        whom = next((who for who in PEOPLE if any(f"· {who.capitalize()} ·" in card.text for card in cards if card.thread == thread)), None)
        number = next(self.keys)
        text = self.chance.choices(
            (f"Odgovor za {whom} {number}.", f"// {SECRET} {number}", "/prevzemi", "/zakljuci", "/odpri", "/spusti"), (60, 15, 8, 10, 4, 3)
        )[0]
        if whom is None and text.startswith("Odgovor"):
            return
        sender = self.chance.choice(ADVISERS)
        place = Place(STAFF.platform, STAFF.room, thread)
        self._hand_over(STAFF.platform, Message(key=f"k{number}", place=place, sender=sender, at=self.now, id=f"a{number}", text=text))
        if not text.startswith("/") or text.startswith("//"):
            self.replied.append((f"a{number}", text, thread))

    def _threads(self) -> set[str]:
        """Those that are a ticket's. A thread that was made just before a crash, and made again, is nobody's."""
        with closing(sqlite3.connect(self.file)) as db:
            known = {row[0] for row in db.execute("SELECT thread FROM tickets WHERE thread IS NOT NULL")}
        return known - self.servers[STAFF.platform].dropped

    def _presses_as_adviser(self) -> None:
        server = self.servers[STAFF.platform]
        if offers := server.offers(STAFF.room):
            effect, choice = self.chance.choice(offers)
            for sender in ADVISERS[: self.chance.choice((1, 2))]:
                place = Place(STAFF.platform, STAFF.room, effect.thread)
                press = Press(key=f"k{next(self.keys)}", place=place, sender=sender, at=self.now, choice=choice.id, message=effect.id)
                self._hand_over(STAFF.platform, press)

    def _oddities(self) -> None:
        server, number = self.servers[self.chance.choice(list(self.servers))], next(self.keys)
        match self.chance.choice(("unreadable", "reaction", "blocked", "thread deleted", "forget", "disk full", "clock")):
            case "unreadable":
                self.unreadable.append(f"k{number}")
                self._hand_over(server.name, Unreadable(f"k{number}", "{…", "unknown kind"))
            case "reaction":
                who = self.chance.choice(list(PEOPLE))
                if seen := self.servers[PEOPLE[who]].seen_in(who):
                    self._hand_over(PEOPLE[who], Reaction(**self._by(who, f"k{number}"), message=seen[-1].id, emoji="👍"))
            case "blocked":
                who = self.chance.choice(list(PEOPLE))
                self.servers[PEOPLE[who]].gone ^= {who}
            case "thread deleted":
                staff = self.servers[STAFF.platform]
                if alive := sorted(staff.threads - staff.dropped):
                    staff.dropped.add(self.chance.choice(alive))
            case "forget":
                who = self.chance.choice(list(PEOPLE))
                self._person_says(who, "/izbrisi", number)
                self._hand_over(PEOPLE[who], Message(**self._by(who, f"k{next(self.keys)}"), id=f"p{number}y", text="Da, izbriši vse"))
                self.forgotten.add(who)
            case "disk full":
                self.disk_full = self.chance.randrange(1, 4)
            case "clock":
                self.now += timedelta(hours=self.chance.choice((-1, 5, 30, 24 * 8)))

    def _by(self, who: str, key: str) -> dict[str, object]:
        return {"key": key, "place": Place(PEOPLE[who], who), "sender": Sender(who, who.capitalize()), "at": self.now}

    def _hand_over(self, platform: str, event: Event | Unreadable) -> None:
        self.log.append(f"> {platform} {type(event).__name__} {event.key} {getattr(event, 'text', '')[:40]!r}")
        self.servers[platform].pending.append(event)


class Life:
    """One process, from its start to its death."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.engine = database.open_engine(f"sqlite:///{world.file}")
        self.connections: list[Any] = []
        self._plant_faults(self.engine)
        servers = world.servers
        self.answering = Answering(self.engine, servers, world.desk, world.clock, new_id=world.new_id)
        self.deliveries = {
            name: Delivery(self.engine, server, servers, world.desk, world.clock, new_id=world.new_id) for name, server in servers.items()
        }

    async def start(self) -> None:
        for delivery in self.deliveries.values():
            await delivery.recover()
        await upkeep.set_again(self.engine, self.world.desk)

    async def take_in(self, name: str) -> None:
        server = self.world.servers[name]
        batch = server.batch()
        if batch.events:
            await intake.store(self.engine, name, batch, self.world.desk, self.world.now)
            server.confirm(batch)

    async def step(self) -> bool:
        """One step of one loop; whether there was anything to do."""
        what = self.world.chance.choice(("take_in", "take_in", "answer", "answer", "deliver", "deliver", "ring"))
        name = self.world.chance.choice(list(self.world.servers))
        match what:
            case "take_in":
                await self.take_in(name)
            case "answer":
                return await self.answering.step()
            case "deliver":
                return await self.deliveries[name].step()
            case "ring":
                await upkeep.ring(self.engine, self.world.desk, self.world.now)
        return True

    def _plant_faults(self, engine: AsyncEngine) -> None:
        world = self.world

        def before_commit(_: object) -> None:
            if world.disk_full and not world.faults.quiet:
                world.disk_full -= 1
                raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))
            if world.faults.strike("died before a commit", 0.4):
                raise Crash

        def begin(_: object) -> None:
            if world.faults.strike("died between two commits", 0.4):
                raise Crash

        def connect(connection: Any, _: object) -> None:
            self.connections.append(connection.driver_connection)

        sa_event.listen(engine.sync_engine, "connect", connect)
        sa_event.listen(engine.sync_engine, "commit", before_commit)
        sa_event.listen(engine.sync_engine, "begin", begin)

    async def die(self) -> None:
        """With it ends everything that it had begun."""
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self.engine.dispose()
        for connection in self.connections:  # one that was in use when it died is not in the pool
            await connection.close()


async def play(world: World, steps: int) -> None:
    """So many steps with faults, then without, until everything has settled. Raises AssertionError when it never does."""
    life = await _begin(world)
    for _ in range(steps):
        if world.chance.random() < 0.35:
            world.somebody_acts()
        world.now += timedelta(seconds=world.chance.choice((0, 0, 1, 3, 20)))
        life = await _survive(world, life)
    world.faults.quiet = True
    for server in world.servers.values():
        server.gone.clear()
    try:
        await _settle(world, life)
    finally:
        await life.die()


async def _settle(world: World, life: Life) -> None:
    for _ in range(40):
        if await _drained(world, life):
            return
        world.now += timedelta(minutes=5)
    raise AssertionError("it never settles")


async def _survive(world: World, life: Life) -> Life:
    """One step. A process that dies is started again, and so is one whose disk is full."""
    died = True
    try:
        await life.step()
        died = False
    except* Crash:
        world.crashes += 1
    except* DBAPIError:
        pass
    if died:
        await life.die()
        return await _begin(world)
    return life


async def _begin(world: World) -> Life:
    while True:
        life = Life(world)
        try:
            await life.start()
            return life
        except (Crash, DBAPIError):
            await life.die()


async def _drained(world: World, life: Life) -> bool:
    """Do all there is to do; whether nothing had to wait."""
    busy = True
    while busy:
        busy = any(server.pending for server in world.servers.values())
        for name in world.servers:
            await life.take_in(name)
        await upkeep.ring(life.engine, world.desk, world.now)
        while await life.answering.step():
            busy = True
        for delivery in life.deliveries.values():
            while await delivery.step():
                busy = True
    with closing(sqlite3.connect(world.file)) as db:
        waiting = [
            db.execute(f"SELECT count(*) FROM {table} WHERE state IN ('waiting', 'sending', 'unknown')").fetchone()[0] for table in _QUEUES
        ]
    return not any(waiting)


def template(folder: Path) -> Path:
    """An empty database with the current schema, to be copied: making one takes longer than a whole life."""
    file = folder / "template.db"

    async def make() -> None:
        async with database.opened(f"sqlite:///{file}") as engine:
            await schema.upgrade(engine)
            await database.overwrite_deleted(engine)

    asyncio.run(make())
    return file


def run(seed: int, empty: Path, folder: Path, steps: int = 150) -> World:
    """Play one world to its end; its invariants are not looked at here."""
    logging.disable(logging.CRITICAL)
    file = folder / f"{seed}.db"
    shutil.copyfile(empty, file)
    world = World(seed, file)
    asyncio.run(play(world, steps))
    return world
