"""Which room is which: upgraded ones under their first id, direct and shared ones, and who is in the staff room now."""

import time
from collections.abc import Mapping
from typing import Any

from bot.platforms.base import NotSent
from bot.platforms.matrix import reading
from bot.platforms.matrix.client import Client, NotReached, ServerError, path
from bot.platforms.matrix.keeping import Keeping
from handlers.events import Sender

_FRESH = 60.0
"""Seconds that a look at the staff room's members is good for."""


class Rooms:
    def __init__(self, client: Client, keeping: Keeping, staff: str | None) -> None:
        self.client = client
        self.keeping = keeping
        self.staff = staff
        self.ready = False
        """Which rooms we are in is known: the first sync is done."""
        self._moves = keeping.moves()
        self._members: frozenset[str] = frozenset()
        self._looked = float("-inf")

    def actual(self, room: str) -> str:
        """Where a room that the desk knows is now."""
        while new := self._moves.get(room):
            room = new
        return room

    def known(self, room: str) -> str:
        """The id under which the desk has known a room from the beginning."""
        back = {new: old for old, new in self._moves.items()}
        while old := back.get(room):
            room = old
        return room

    def move(self, old: str, new: str) -> None:
        """A room goes on as another: the desk need not know."""
        if new != old and self.actual(new) != old:
            self.keeping.move(old, new)
            self._moves = self.keeping.moves()

    def is_staff(self, room: str) -> bool:
        return self.staff is not None and self.known(room) == self.staff

    def is_direct(self, room: str) -> bool:
        """Nobody but one person and the bot reads along, and nobody can come in unasked. Rooms we are no longer in count as such."""
        found = self.client.rooms.get(room)
        return found is None or (len(found.users) <= 2 and found.join_rule != "public")

    def with_person(self, person: str) -> str | None:
        """A direct room with this person, who may be invited only."""
        return next(
            (id for id, room in self.client.rooms.items() if person in room.users and not self.is_staff(id) and self.is_direct(id)), None
        )

    def is_in(self, room: str, person: str) -> bool:
        found = self.client.rooms.get(room)
        return found is not None and person in found.users and not found.users[person].invited

    def is_empty(self, room: str) -> bool:
        found = self.client.rooms.get(room)
        return found is not None and set(found.users) <= {self.client.user_id}

    def view(self, room: str, sender: str = "") -> reading.Room:
        found = self.client.rooms.get(room)
        users: Mapping[str, Any] = found.users if found else {}
        names = {user: users[user].display_name for user in (sender,) if user in users and users[user].display_name}
        me = users.get(self.client.user_id)
        staff = self.is_staff(room)
        return reading.Room(
            id=self.known(room),
            me=self.client.user_id,
            my_name=(me.display_name if me else "") or "",
            direct=not staff and self.is_direct(room),
            staff=staff,
            names=names,
        )

    async def may_advise(self, sender: Sender) -> bool:
        """By membership of the staff room, looked up at most a minute ago; a stranger makes us look again."""
        if self.staff is None:
            return False
        age = time.monotonic() - self._looked
        if age > _FRESH or sender.id not in self._members:
            try:
                answer = await self.client.http.call("GET", path("rooms", self.actual(self.staff), "joined_members"))
            except (ServerError, NotReached) as error:
                raise NotSent(f"the staff room's members: {error}") from error
            self._members = frozenset(answer.get("joined") or ())
            self._looked = time.monotonic()
        return sender.id in self._members
