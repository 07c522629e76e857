"""Groups as tests direct them: topics, members, the bot's rights."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.platforms.botapi import chats
from tests.platforms.botapi.people import Person
from tests.platforms.botapi.text import formatted
from tests.platforms.botapi.world import CHANNEL, LINKED_CHANNEL, RIGHTS, Chat, Json, Message, Topic, World


class Group:
    """A group, supergroup or forum. `chat` and `id` change when it is upgraded. Who does something is `owner` unless said."""

    def __init__(self, world: World, chat: Chat, owner: Person) -> None:
        self.world = world
        self.chat = chat
        self.owner = owner

    @property
    def id(self) -> int:
        return self.chat.id

    @property
    def topics(self) -> list[Topic]:
        """Those that are there."""
        return [topic for topic in self.chat.topics.values() if not topic.deleted]

    def topic(self, name: str) -> Topic:
        """The newest topic whose name holds these words."""
        found = [topic for topic in self.topics if name in topic.name]
        assert found, f"no topic {name!r} among {[topic.name for topic in self.topics]}"
        return found[-1]

    def icon(self, topic: Topic) -> str:
        """The emoji it shows."""
        return chats.ICONS.get(topic.icon, "")

    async def create_topic(self, name: str, by: Person | None = None) -> Topic:
        return chats.open_topic(self.world, self.chat, self._user(by), name)

    async def delete_topic(self, topic: Topic) -> None:
        """By hand in an app: no update tells of it."""
        chats.remove_topic(self.chat, topic)

    async def close_topic(self, topic: Topic, by: Person | None = None) -> None:
        chats.close_topic(self.world, self.chat, self._user(by), topic, True)

    async def reopen_topic(self, topic: Topic, by: Person | None = None) -> None:
        chats.close_topic(self.world, self.chat, self._user(by), topic, False)

    async def rename_topic(self, topic: Topic, name: str, by: Person | None = None) -> None:
        chats.change_topic(self.world, self.chat, self._user(by), topic, name, topic.icon)

    async def admit(self, person: Person) -> None:
        self._change_member(person, "member")
        self._service({"new_chat_members": [person.user]}, person.user)

    async def promote(self, person: Person) -> None:
        self._change_member(person, "administrator")

    async def leave(self, person: Person) -> None:
        self._change_member(person, "left")
        self._service({"left_chat_member": person.user}, person.user)

    async def kick(self, person: Person, by: Person | None = None) -> None:
        self._change_member(person, "kicked")
        self._service({"left_chat_member": person.user}, self._user(by))

    async def remove_bot(self, by: Person | None = None) -> None:
        self._change_bot("kicked", {}, by)

    async def add_bot(self, by: Person | None = None, *, admin: bool = True, rights: Mapping[str, bool] = {}) -> None:
        """Back again; as in the apps with the rights of an admin, or as a plain member."""
        self._change_bot("administrator" if admin else "member", all_rights(rights) if admin else {}, by)
        self._service({"new_chat_members": [self.world.bot]}, self._user(by))

    async def take_rights(self, *rights: str) -> None:
        """From the bot, which stays an admin; all of them when none is named: it is a plain member then."""
        left = self.chat.rights | dict.fromkeys(rights, False)
        self._change_bot(*(("administrator", left) if rights else ("member", {})), None)

    async def give_rights(self, *rights: str) -> None:
        self._change_bot("administrator", self.chat.rights | dict.fromkeys(rights or RIGHTS, True), None)

    async def mute_bot(self, muted: bool = True) -> None:
        """As a plain member it may not write."""
        self.chat.may_write = not muted

    async def set_forum(self, forum: bool) -> None:
        """Topics switched on or off."""
        self.chat.forum = forum

    async def upgrade_to_supergroup(self, *, forum: bool = False) -> int:
        """The group goes on under another id, which is returned; the bot stays what it was."""
        old = self.chat
        new = Chat(self.world, -1_002_000_000_000 - next(self.world.ids), "supergroup", old.title, forum, last_id=1)
        new.members, new.bot_status, new.rights = old.members, old.bot_status, old.rights
        self.world.chats[new.id] = new
        self._service({"migrate_to_chat_id": new.id}, self.owner.user)
        old.migrated_to, self.chat = new.id, new
        self._service({"migrate_from_chat_id": old.id}, self.owner.user)
        return new.id

    async def linked_channel_says(self, text: str) -> Message:
        """A post of the linked channel, forwarded here by Telegram."""
        return self._channel_post(text, LINKED_CHANNEL, is_automatic_forward=True)

    async def channel_says(self, text: str, *, topic: Topic | None = None) -> Message:
        """Somebody who writes in a channel's name."""
        return self._channel_post(text, CHANNEL, thread=topic.id if topic else None)

    def _channel_post(self, text: str, sender: Json, **frame: Any) -> Message:
        kept, marked = formatted(text)
        channel = {"id": -1_003_000_000_001, "type": "channel", "title": "Novice"}
        content = {"text": kept} | ({"entities": marked} if marked else {})
        return self.world.post(self.chat, sender, content, sender_chat=channel, **frame)

    def _service(self, content: Json, by: Json) -> None:
        self.world.post(self.chat, by, content, service=True)

    def _user(self, by: Person | None) -> Json:
        return (by or self.owner).user

    def _change_member(self, person: Person, status: str) -> None:
        chat = self.chat
        old = chats.member(chat, person.user, chat.members.get(person.id, "left"))
        chat.members[person.id] = status
        if chat.bot_is_admin:
            self._tell("chat_member", person.user, old, chats.member(chat, person.user, status))

    def _change_bot(self, status: str, rights: Mapping[str, bool], by: Person | None) -> None:
        chat = self.chat
        old = chats.member(chat, self.world.bot, chat.bot_status)
        chat.bot_status, chat.rights = status, dict(rights)
        self._tell("my_chat_member", self._user(by), old, chats.member(chat, self.world.bot, status))

    def _tell(self, kind: str, by: Json, old: Json, new: Json) -> None:
        change = {"chat": self.chat.json, "from": by, "date": int(self.world.now()), "old_chat_member": old, "new_chat_member": new}
        self.world.updates.add(kind, self.chat.id, change)


def make_group(world: World, title: str, owner: Person, members: Sequence[Person], *, kind: str, forum: bool) -> Group:
    first = -1_001_000_000_000 if kind == "supergroup" else -4_000_000_000
    chat = Chat(world, first - next(world.ids), kind, title, forum, last_id=int(kind == "supergroup"))
    chat.members = {person.id: "member" for person in members} | {owner.id: "creator"}
    world.chats[chat.id] = chat
    return Group(world, chat, owner)


def all_rights(given: Mapping[str, bool]) -> dict[str, bool]:
    """What an admin bot may do: everything that is not denied in `given`."""
    return dict.fromkeys(RIGHTS, True) | dict(given)
