"""What the platform itself has to remember, beside the encryption keys: ids and ciphertext, never what somebody said."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.platforms.matrix.rendering import plain_sign

_TABLES = """
CREATE TABLE IF NOT EXISTS offers (event TEXT, sign TEXT, choice TEXT, reaction TEXT, PRIMARY KEY (event, sign)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS locked (event TEXT PRIMARY KEY, room TEXT, session TEXT, since TEXT, raw TEXT);
CREATE TABLE IF NOT EXISTS asked (room TEXT, sender TEXT, at TEXT, PRIMARY KEY (room, sender)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moved (old TEXT PRIMARY KEY, new TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS invitations (room TEXT PRIMARY KEY, via TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS carried (room TEXT, person TEXT, word TEXT, key TEXT, PRIMARY KEY (room, person)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS given (number INTEGER PRIMARY KEY, reaction TEXT UNIQUE, message TEXT);
CREATE TABLE IF NOT EXISTS shown (message TEXT PRIMARY KEY, reaction TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""

_MOST_GIVEN = 10_000


@dataclass(frozen=True, slots=True)
class Carried:
    """What a person brings along into a private chat, as a link with this word would: said for them when they are there."""

    room: str
    person: str
    word: str
    key: str


@dataclass(frozen=True, slots=True)
class Locked:
    """An event that could not be decrypted yet."""

    event: str
    room: str
    session: str
    since: datetime
    raw: Mapping[str, Any]


class Keeping:
    """A small SQLite file in the store's folder. Every call is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;" + _TABLES)

    def close(self) -> None:
        self._db.close()

    def offer(self, event: str, choices: Mapping[str, str]) -> None:
        """Which choice each reaction to this message stands for; what it offered before is gone."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("DELETE FROM offers WHERE event = ? AND reaction IS NULL", (event,))
            self._db.execute("UPDATE offers SET choice = '' WHERE event = ?", (event,))
            rows = [(event, plain_sign(sign), choice) for sign, choice in choices.items()]
            upsert = "INSERT INTO offers VALUES (?, ?, ?, NULL) ON CONFLICT DO UPDATE SET choice = excluded.choice"
            self._db.executemany(upsert, rows)

    def choice(self, event: str, sign: str) -> str | None:
        return self._value("SELECT choice FROM offers WHERE event = ? AND sign = ?", event, plain_sign(sign)) or None

    def place(self, event: str, sign: str, reaction: str) -> None:
        """The bot's own reaction with this sign, so that it can be taken away."""
        self._db.execute("UPDATE offers SET reaction = ? WHERE event = ? AND sign = ?", (reaction, event, plain_sign(sign)))

    def placed(self, event: str) -> dict[str, str]:
        """The bot's reactions to this message that offer nothing any more, by sign."""
        query = "SELECT sign, reaction FROM offers WHERE event = ? AND reaction IS NOT NULL AND choice = ''"
        return dict(self._db.execute(query, (event,)).fetchall())

    def is_placed(self, event: str, sign: str) -> bool:
        query = "SELECT reaction FROM offers WHERE event = ? AND sign = ?"
        return self._value(query, event, plain_sign(sign)) is not None

    def unplace(self, event: str, sign: str) -> None:
        self._db.execute("DELETE FROM offers WHERE event = ? AND sign = ? AND choice = ''", (event, sign))

    def give(self, reaction: str, message: str) -> None:
        """Somebody's reaction and what it is to: when it is taken back, only its own id is told. The oldest are forgotten."""
        with self._db:
            self._db.execute("INSERT OR IGNORE INTO given (reaction, message) VALUES (?, ?)", (reaction, message))
            self._db.execute("DELETE FROM given WHERE number <= (SELECT max(number) FROM given) - ?", (_MOST_GIVEN,))

    def given(self, reaction: str) -> str | None:
        return self._value("SELECT message FROM given WHERE reaction = ?", reaction)

    def show(self, message: str, reaction: str | None) -> None:
        """The bot's own reaction that shows somebody else's; None when it shows none any more."""
        if reaction is None:
            self._db.execute("DELETE FROM shown WHERE message = ?", (message,))
        else:
            self._db.execute("INSERT OR REPLACE INTO shown VALUES (?, ?)", (message, reaction))

    def shown(self, message: str) -> str | None:
        return self._value("SELECT reaction FROM shown WHERE message = ?", message)

    def carry(self, one: Carried) -> None:
        self._db.execute("INSERT OR REPLACE INTO carried VALUES (?, ?, ?, ?)", (one.room, one.person, one.word, one.key))

    def carried(self) -> list[Carried]:
        return [Carried(*row) for row in self._db.execute("SELECT room, person, word, key FROM carried")]

    def set_down(self, room: str) -> None:
        self._db.execute("DELETE FROM carried WHERE room = ?", (room,))

    def lock_away(self, room: str, session: str, raw: Mapping[str, Any], now: datetime) -> None:
        row = (str(raw["event_id"]), room, session, now.isoformat(), json.dumps(raw))
        self._db.execute("INSERT OR IGNORE INTO locked VALUES (?, ?, ?, ?, ?)", row)

    def locked(self, sessions: Sequence[str] | None = None) -> list[Locked]:
        """Oldest first; of these sessions, or all."""
        where = "" if sessions is None else f"WHERE session IN ({','.join('?' * len(sessions))})"
        values = tuple(sessions or ())
        rows = self._db.execute(f"SELECT event, room, session, since, raw FROM locked {where} ORDER BY rowid", values)
        return [Locked(event, room, session, datetime.fromisoformat(since), json.loads(raw)) for event, room, session, since, raw in rows]

    def unlock(self, events: Sequence[str]) -> None:
        with self._db:
            self._db.executemany("DELETE FROM locked WHERE event = ?", [(event,) for event in events])

    def last_asked(self, room: str, sender: str) -> datetime | None:
        at = self._value("SELECT at FROM asked WHERE room = ? AND sender = ?", room, sender)
        return datetime.fromisoformat(at) if at else None

    def ask(self, room: str, sender: str, now: datetime) -> None:
        self._db.execute("INSERT OR REPLACE INTO asked VALUES (?, ?, ?)", (room, sender, now.isoformat()))

    def move(self, old: str, new: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO moved VALUES (?, ?)", (old, new))

    def moves(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT old, new FROM moved").fetchall())

    def invite(self, room: str, via: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO invitations VALUES (?, ?)", (room, via))

    def invitations(self) -> dict[str, str]:
        return dict(self._db.execute("SELECT room, via FROM invitations").fetchall())

    def uninvite(self, room: str) -> None:
        self._db.execute("DELETE FROM invitations WHERE room = ?", (room,))

    def note(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        return self._value("SELECT value FROM notes WHERE name = ?", name)

    def _value(self, query: str, *values: str) -> str | None:
        row = self._db.execute(query, values).fetchone()
        return None if row is None or row[0] is None else str(row[0])
