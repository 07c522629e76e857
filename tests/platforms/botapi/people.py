"""People as tests direct them: what they do in Telegram's apps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.platforms.botapi import files
from tests.platforms.botapi.files import File
from tests.platforms.botapi.methods import EDITABLE_BY_PERSON, origin_of
from tests.platforms.botapi.text import formatted
from tests.platforms.botapi.world import ANONYMOUS, CONTENT, Chat, Json, Message, Query, Topic, World

if TYPE_CHECKING:
    from tests.platforms.botapi.groups import Group

What = bool | str | bytes | dict[str, Any]


class Person:
    """A user. Without `chat` everything happens in the private chat with the bot; `topic` None is a forum's General."""

    def __init__(self, world: World, user: Json) -> None:
        self.world = world
        self.user = user
        self.id = int(user["id"])
        self.name = str(user["first_name"])

    @property
    def chat(self) -> Chat:
        return self.world.chats[self.id]

    async def says(
        self,
        text: str,
        *,
        chat: "Group | None" = None,
        topic: Topic | int | None = None,
        reply_to: Message | None = None,
        mention: bool = False,
        anonymous: bool = False,
        entities: Sequence[Json] = (),
    ) -> Message:
        """`mention` puts the bot's name before the text; `anonymous`: as an admin who hides behind the group."""
        words = f"@{self.world.bot['username']} {text}" if mention else text
        kept, marked = formatted(words, entities)
        return self._post({"text": kept} | ({"entities": marked} if marked else {}), chat, topic, reply_to, anonymous)

    async def sends(
        self,
        *,
        chat: "Group | None" = None,
        topic: Topic | int | None = None,
        reply_to: Message | None = None,
        caption: str = "",
        name: str = "",
        mime: str = "",
        size: int | None = None,
        anonymous: bool = False,
        protected: bool = False,
        **what: Any,
    ) -> Message:
        """One of photo, document, voice, audio, video, video_note, animation, sticker, location, venue, contact, poll, dice.

        Its value is True for a usual one, the bytes, a file name, or fields that differ: `sends(document="račun.pdf", caption="…")`.
        An `album` as in `sends_album`, of which the first is returned.
        """
        ((kind, value),) = what.items()
        if kind == "album":
            return (await self.sends_album(value, chat=chat, topic=topic, reply_to=reply_to, caption=caption))[0]
        content = self._content(kind, value, name, mime, size) | _caption(caption)
        frame = {"has_protected_content": True} if protected else {}
        return self._post(content, chat, topic, reply_to, anonymous, **frame)

    async def sends_album(
        self,
        album: Sequence[str | bytes | tuple[str, What]],
        *,
        chat: "Group | None" = None,
        topic: Topic | int | None = None,
        reply_to: Message | None = None,
        caption: str = "",
    ) -> list[Message]:
        """Several messages with one album id: `["photo", "video"]`, bytes of photos, `("document", "račun.pdf")`. Caption on the first."""
        group = str(13_000_000_000 + next(self.world.ids))
        items: list[tuple[str, What]] = [_album_item(one) for one in album]
        return [
            self._post(
                self._content(kind, value) | (_caption(caption) if number == 0 else {}),
                chat,
                topic,
                reply_to,
                media_group_id=group,
            )
            for number, (kind, value) in enumerate(items)
        ]

    async def edits(self, message: Message, text: str) -> None:
        """The text, or the caption of what has one."""
        assert message.sender == self.id, "people edit their own messages only"
        assert self.world.now() - message.date <= EDITABLE_BY_PERSON, "after 48 hours nothing can be edited"
        message.versions.append(message.text)
        own, marks = ("text", "entities") if "text" in message.data else ("caption", "caption_entities")
        kept, marked = formatted(text)
        data = {key: value for key, value in message.data.items() if key not in (own, marks)}
        message.data = data | {own: kept, "edit_date": int(self.world.now())} | ({marks: marked} if marked else {})
        if self.world.bot_hears(message):
            self.world.updates.add("edited_message", message.chat.id, message.data)

    async def deletes(self, message: Message) -> None:
        """For everybody; bots are not told."""
        message.deleted = True

    async def presses(self, message: Message, button: str) -> Query:
        """A button by its label or data. What is on no button is pressed all the same, as a forger could: `data:…`."""
        known = [one for one in message.buttons if button in (one["text"], one.get("callback_data"))]
        assert known or button.startswith("data:"), f"no button {button!r} among {message.labels} under {message.text!r}"
        data = known[0].get("callback_data") if known else button.removeprefix("data:")
        assert data is not None, f"{button!r} is a link: {known[0]}"
        query = Query(str(4_000_000_000_000 + next(self.world.ids)), self.world.now())
        self.world.queries[query.id] = query
        pressed: Json = {"id": query.id, "from": self.user, "message": message.data, "chat_instance": str(message.chat.id), "data": data}
        self.world.updates.add("callback_query", message.chat.id, pressed)
        return query

    async def reacts(self, message: Message, *emoji: str) -> None:
        """Her reaction is now this; nothing takes it back."""
        before = message.reactions.pop(self.id, [])
        if emoji:
            message.reactions[self.id] = list(emoji)
        chat = message.chat
        if chat.private or chat.bot_is_admin:
            change = {
                "old_reaction": _reactions(before),
                "new_reaction": _reactions(emoji),
                "user": self.user,
                "date": int(self.world.now()),
            }
            self.world.updates.add("message_reaction", chat.id, {"chat": chat.json, "message_id": message.id} | change)

    async def forwards(self, message: Message, *, chat: "Group | None" = None, topic: Topic | int | None = None) -> Message:
        content = {key: message.data[key] for key in CONTENT if key in message.data}
        return self._post(content, chat, topic, None, forward_origin=origin_of(message))

    async def blocks(self) -> None:
        if self.id not in self.world.blocked:
            self.world.blocked.add(self.id)
            _bot_changed(self.chat, self.user, "member", "kicked")

    async def unblocks(self) -> None:
        if self.id in self.world.blocked:
            self.world.blocked.discard(self.id)
            _bot_changed(self.chat, self.user, "kicked", "member")

    async def deletes_account(self) -> None:
        self.world.deactivated.add(self.id)

    def _post(
        self,
        content: Json,
        group: "Group | None",
        topic: Topic | int | None,
        reply_to: Message | None,
        anonymous: bool = False,
        **frame: Any,
    ) -> Message:
        chat = self.chat if group is None else group.chat
        if group is None and self.id in self.world.blocked:  # who writes again has unblocked the bot
            self.world.blocked.discard(self.id)
            _bot_changed(chat, self.user, "kicked", "member")
        thread = topic.id if isinstance(topic, Topic) else topic
        if thread is None and reply_to is not None:
            thread = reply_to.topic
        if anonymous:
            frame["sender_chat"] = chat.json
        return self.world.post(chat, ANONYMOUS if anonymous else self.user, content, thread=thread, reply_to=reply_to, **frame)

    def _content(self, kind: str, value: What, name: str = "", mime: str = "", size: int | None = None) -> Json:
        if kind not in files.KINDS:
            return files.other(kind, value)
        return files.shown(self._file(kind, value, name, mime, size))

    def _file(self, kind: str, value: What, name: str, mime: str, size: int | None) -> File:
        content = value if isinstance(value, bytes) else None
        return self.world.files.add(kind, content, name or (value if isinstance(value, str) else ""), mime, size)


def _caption(caption: str) -> Json:
    kept, marked = formatted(caption)
    return ({"caption": kept} if kept else {}) | ({"caption_entities": marked} if marked else {})


def _album_item(one: str | bytes | tuple[str, What]) -> tuple[str, What]:
    if isinstance(one, tuple):
        return one
    return ("photo", one) if isinstance(one, bytes) else (one, True)


def _reactions(emoji: Sequence[str]) -> list[Json]:
    return [{"type": "emoji", "emoji": sign} for sign in emoji]


def _bot_changed(chat: Chat, by: Json, old: str, new: str) -> None:
    world = chat.world
    ended = {"until_date": 0}
    states = [{"status": one, "user": world.bot} | (ended if one == "kicked" else {}) for one in (old, new)]
    change = {"chat": chat.json, "from": by, "date": int(world.now()), "old_chat_member": states[0], "new_chat_member": states[1]}
    world.updates.add("my_chat_member", chat.id, change)
