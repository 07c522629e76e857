"""A group keeps one id with us for ever, though Telegram gives it another when it becomes a supergroup."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Rooms:
    """Ours ↔ Telegram's. What was learnt is stored as the platform's cursor, so that an old id in the configuration goes on working."""

    staff: str
    """The staff group's id as configured."""
    moved: dict[str, str] = field(default_factory=dict)
    """Ours → Telegram's, where they differ."""

    def chat(self, room: str) -> int:
        """The id under which Telegram knows the room now."""
        return int(self.moved.get(room, room))

    def room(self, chat: int | str) -> str:
        """Our id of a chat of Telegram's."""
        id = str(chat)
        if id == self.staff:
            return id
        return next((ours for ours, theirs in self.moved.items() if theirs == id), id)

    def move(self, room: str, chat: int | str) -> None:
        if room != str(chat):
            self.moved[room] = str(chat)

    @property
    def kept(self) -> dict[str, Any]:
        """What must not be lost."""
        return {"moved": dict(self.moved)} if self.moved else {}

    def remember(self, kept: Mapping[str, Any]) -> None:
        self.moved |= kept.get("moved", {})
