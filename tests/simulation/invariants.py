"""What has to be true at the end of every world, whatever happened in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC

from handlers.orders import Mark, Say, ShowState, ShowWaiting, Sign
from tests.simulation.servers import LABEL, Effect, Server
from tests.simulation.world import PEOPLE, SECRET, STAFF, World

_TWICE_IS_ONCE = (ShowState, ShowWaiting)


def broken(world: World) -> list[str]:
    """The promises that this world has broken, with what shows it."""
    with closing(sqlite3.connect(world.file)) as db:
        checks = (_lost(world, db), _sent(world, db), _order(world, db), _dues(world, db), _alerts(world, db), _forgotten(world, db))
        return (
            [problem for check in checks for problem in check]
            + [problem for server in world.servers.values() for problem in (*_wrong(server), *_twice(server))]
            + list(_unmarked(world))
            + list(_pressed_twice(world))
        )


def _lost(world: World, db: sqlite3.Connection) -> Iterator[str]:
    """Every question has a visible end: answered, offered a choice for, or in a ticket. People who asked to be forgotten are."""
    kept = "\n".join(row[0] for row in db.execute("SELECT text FROM questions UNION SELECT text FROM ticket_lines"))
    for one in world.asked:
        if one.who not in world.forgotten and one.text not in kept:
            yield f"lost: {one.who} wrote {one.text!r} ({one.key})"
    stuck = db.execute("SELECT count(*) FROM inbox WHERE state NOT IN ('done', 'quarantined')").fetchone()[0]
    if stuck:
        yield f"stuck: {stuck} events"
    for one in world.asked:
        number = db.execute("SELECT number FROM inbox WHERE key = ?", (one.key,)).fetchone()
        if number is None:
            yield f"never stored: {one.key}"
        elif one.who not in world.forgotten and not db.execute("SELECT 1 FROM outbox WHERE cause = ?", number).fetchone():
            yield f"no visible end: {one.text!r}"


def _sent(world: World, db: sqlite3.Connection) -> Iterator[str]:
    """What is noted as sent was sent; nothing waits for ever."""
    for platform, key, state in db.execute("SELECT platform, key, state FROM outbox"):
        if state == "sent" and not world.servers[platform].sent(key):
            yield f"noted as sent, never sent: {key}"
        elif state not in ("sent", "failed"):
            yield f"never sent: {key} is {state}"


def _order(world: World, db: sqlite3.Connection) -> Iterator[str]:
    """First in, first out within a room, and within a ticket in the staff channel."""
    lanes: dict[tuple[str, str], list[int]] = {}
    numbers = {
        key: (number, platform, lane) for number, platform, lane, key in db.execute("SELECT number, platform, lane, key FROM outbox")
    }
    for server in world.servers.values():
        for effect in server.effects:
            if effect.first and effect.key in numbers:
                number, platform, lane = numbers[effect.key]
                lanes.setdefault((platform, lane), []).append(number)
    for lane, seen in lanes.items():
        if seen != sorted(seen):
            yield f"out of order in {lane}"


def _dues(world: World, db: sqlite3.Connection) -> Iterator[str]:
    """No reminder is forgotten, none comes twice."""
    late = db.execute(
        "SELECT count(*) FROM due WHERE NOT rung AND at <= ?", (f"{world.now.astimezone(UTC):%Y-%m-%d %H:%M:%S}",)
    ).fetchone()[0]
    rung = db.execute("SELECT count(*) FROM due WHERE rung AND ticket IN (SELECT number FROM tickets)").fetchone()[0]
    events = db.execute("SELECT count(*) FROM inbox WHERE platform = 'clock'").fetchone()[0]
    if late:
        yield f"forgotten: {late} reminders"
    if rung > events:
        yield f"rung without an event: {rung} of {events}"


def _alerts(world: World, db: sqlite3.Connection) -> Iterator[str]:
    """What could not be read is told to the advisers."""
    told = "\n".join(effect.text for effect in world.servers[STAFF.platform].seen_in(STAFF.room))
    for key in world.unreadable:
        row = db.execute("SELECT number FROM inbox WHERE key = ?", (key,)).fetchone()
        if row is None or f"številko {row[0]}." not in told:
            yield f"set aside in silence: {key}"


def _forgotten(world: World, db: sqlite3.Connection) -> Iterator[str]:
    """Of somebody who asked to be forgotten and has written nothing since, nothing is left."""
    for who in world.forgotten:
        if db.execute("SELECT count(*) FROM conversations WHERE person = ?", (who,)).fetchone()[0]:
            continue  # they came back, or thought better of it
        for table in ("questions", "tickets"):
            if db.execute(f"SELECT count(*) FROM {table} WHERE person = ?", (who,)).fetchone()[0]:
                yield f"not forgotten: {who} in {table}"


def _wrong(server: Server) -> Iterator[str]:
    """What is for one person reaches nobody else; notes reach no person."""
    for effect in server.effects:
        if effect.room == STAFF.room:
            continue
        if SECRET in effect.text:
            yield f"a note left: {effect.text!r} to {effect.room}"
        for who in PEOPLE:
            if who != effect.room and f"za {who} " in effect.text:
                yield f"to the wrong person: {effect.text!r} to {effect.room}"


def _twice(server: Server) -> Iterator[str]:
    """Nothing arrives twice without saying so; where the platform drops repeats, nothing at all."""
    for effect in server.effects:
        if not effect.first and not isinstance(effect.order, _TWICE_IS_ONCE) and _is_read(effect) and LABEL not in effect.text:
            yield f"twice in {effect.room}: {effect.text[:60]!r}"


def _is_read(effect: Effect) -> bool:
    """Edits, removals and marks show the same when they are done again."""
    return isinstance(effect.order, Say) or bool(getattr(effect.order, "author", ""))


def _unmarked(world: World) -> Iterator[str]:
    """Everything that an adviser writes in a ticket ends marked as sent, internal or failed, unless the ticket is forgotten."""
    if world.forgotten:
        return
    effects = world.servers[STAFF.platform].effects
    orders = [effect.order for effect in effects]
    marked = {order.message.id for order in orders if isinstance(order, Mark) and order.sign is not Sign.SEEN}
    asked = {effect.thread for effect in effects if "Še ni poslano" in effect.text}
    deleted = world.servers[STAFF.platform].dropped  # with everything that was written in them
    for id, text, thread in world.replied:
        if id not in marked and thread not in asked | deleted:
            yield f"unmarked: {text!r}"


def _pressed_twice(world: World) -> Iterator[str]:
    """One ticket at a time: a button that is pressed twice hands over once."""
    with closing(sqlite3.connect(world.file)) as db:
        rows = db.execute(
            "SELECT person, count(*) FROM tickets WHERE state != 'closed' GROUP BY platform, room, person HAVING count(*) > 1"
        )
        for who, count in rows:
            yield f"{count} open tickets of {who}"
