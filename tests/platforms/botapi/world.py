"""Who is there and what was said: people, chats, topics, messages, as Telegram keeps them."""

import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.botapi import text
from tests.platforms.botapi.errors import ApiError, bad, forbidden, slow_down
from tests.platforms.botapi.files import Files
from tests.platforms.botapi.text import words
from tests.platforms.botapi.updates import Clock, Updates

Json = dict[str, Any]

RIGHTS = words(
    "can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members can_promote_members can_change_info "
    "can_invite_users can_post_stories can_edit_stories can_delete_stories can_pin_messages can_manage_topics"
)
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
LINKED_CHANNEL = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
CHANNEL = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
CONTENT = words(
    "text entities link_preview_options photo animation document voice audio video video_note sticker venue location contact "
    "poll dice caption caption_entities show_caption_above_media has_media_spoiler"
)
TEXT = frozenset({"text", "entities"})


@dataclass(eq=False)
class Message:
    """One message as everybody in the chat sees it. `data` is the Bot API's object."""

    chat: "Chat"
    data: Json
    service: bool = False
    deleted: bool = False
    protected: bool = False
    pinned: bool = False
    keyboard: list[str] = field(default_factory=list)
    """The reply keyboard that came with it."""
    reactions: dict[int, list[str]] = field(default_factory=dict)
    """By user id; the bot's own too."""
    versions: list[str] = field(default_factory=list)
    """The texts it had before."""
    order: int = field(default_factory=itertools.count().__next__)
    """Among the messages of all chats."""

    @property
    def id(self) -> int:
        return int(self.data["message_id"])

    @property
    def text(self) -> str:
        return str(self.data.get("text", self.data.get("caption", "")))

    @property
    def entities(self) -> list[Json]:
        found: list[Json] = self.data.get("entities") or self.data.get("caption_entities") or []
        return list(found)

    @property
    def formatted(self) -> list[tuple[str, str]]:
        """Each entity's kind and the text it covers."""
        return [(one["type"], text.cut(self.text, one["offset"], one["length"])) for one in self.entities]

    @property
    def kind(self) -> str:
        """`text`, `photo`, `voice` …, or the name of a service message."""
        known = [*CONTENT, *(key for key in self.data if key not in _FRAME)]
        return next((key for key in known if key in self.data and not key.startswith(("caption", "entities"))), "")

    @property
    def buttons(self) -> list[Json]:
        return [button for row in self.data.get("reply_markup", {}).get("inline_keyboard", []) for button in row]

    @property
    def labels(self) -> list[str]:
        return [button["text"] for button in self.buttons]

    @property
    def sender(self) -> int:
        return int(self.data["from"]["id"])

    @property
    def by_bot(self) -> bool:
        return bool(self.sender == self.chat.world.bot["id"])

    @property
    def edited(self) -> bool:
        return "edit_date" in self.data

    @property
    def thread(self) -> int | None:
        found = self.data.get("message_thread_id")
        return None if found is None else int(found)

    @property
    def topic(self) -> int | None:
        """The topic it is in; plain supergroups count threads too, but these are none."""
        return self.thread if self.data.get("is_topic_message") else None

    @property
    def reply_to(self) -> int | None:
        """The message it answers; not the topic's creation message that every message in a topic carries."""
        found = self.data.get("reply_to_message", {}).get("message_id")
        return None if found is None or found == self.topic else int(found)

    @property
    def album(self) -> str | None:
        return self.data.get("media_group_id")

    @property
    def date(self) -> int:
        return int(self.data["date"])


_FRAME = frozenset(
    words(
        "message_id message_thread_id from sender_chat date chat reply_to_message is_topic_message edit_date media_group_id "
        "reply_markup forward_origin is_automatic_forward has_protected_content author_signature quote"
    )
)


@dataclass(eq=False)
class Topic:
    """A forum's topic; `id` is its thread id and its creation message's."""

    id: int
    name: str
    icon: str = ""
    closed: bool = False
    deleted: bool = False
    by_bot: bool = False


@dataclass(eq=False)
class Chat:
    world: "World"
    id: int
    type: str
    title: str = ""
    forum: bool = False
    bot_status: str = "member"
    rights: dict[str, bool] = field(default_factory=dict)
    members: dict[int, str] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    migrated_to: int | None = None
    may_write: bool = True
    """For a bot that is a plain member."""
    last_bot: bool = False
    """Our bot was the last bot that wrote."""
    last_id: int = 0
    """In supergroups 1 is taken: it stands for General."""
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def private(self) -> bool:
        return self.type == "private"

    @property
    def bot_is_admin(self) -> bool:
        return self.bot_status == "administrator"

    @property
    def json(self) -> Json:
        if self.private:
            user = self.world.users[self.id]
            return {"id": self.id, "type": "private"} | {key: user[key] for key in ("first_name", "last_name", "username") if key in user}
        return {"id": self.id, "type": self.type, "title": self.title} | ({"is_forum": True} if self.forum else {})

    def may(self, right: str) -> bool:
        return self.private or (self.bot_is_admin and self.rights.get(right, False))


@dataclass(eq=False)
class Query:
    """A button that was pressed; `answer` is what the person then saw (None: nothing yet)."""

    id: str
    at: float
    answer: Json | None = None

    @property
    def answered(self) -> bool:
        return self.answer is not None


class World:
    def __init__(self, bot: Json) -> None:
        self.bot = bot
        self.now = Clock()
        self.updates = Updates(self.now)
        self.files = Files()
        self.users: dict[int, Json] = {}
        self.chats: dict[int, Chat] = {}
        self.blocked: set[int] = set()
        self.deactivated: set[int] = set()
        self.privacy = True
        self.limits = False
        self.violations: list[tuple[str, int, float]] = []
        """Which limit was passed, in which chat and when, while `limits` is off."""
        self.topic_gone = "message thread not found"
        self.queries: dict[str, Query] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self.ids = itertools.count(1)
        self._sent: deque[float] = deque(maxlen=30)

    def chat(self, chat_id: int | str) -> Chat:
        """The chat as the bot may see it."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad("chat not found")
        if chat.migrated_to is not None:
            raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
        if chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {'group' if chat.type == 'group' else 'supergroup'} chat")
        if chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {'group' if chat.type == 'group' else 'supergroup'} chat")
        return chat

    def writable(self, chat_id: int | str) -> Chat:
        """The chat if the bot may write to it now."""
        if isinstance(chat_id, int) and self.users.get(chat_id, {}).get("is_bot"):
            raise forbidden("bots can't send messages to bots")
        if chat_id in self.deactivated:
            raise forbidden("user is deactivated")
        if chat_id in self.blocked:
            raise forbidden("bot was blocked by the user")
        chat = self.chat(chat_id)
        if chat.private and not chat.messages:
            raise forbidden("bot can't initiate conversation with a user")
        if not chat.private and not chat.bot_is_admin and not chat.may_write:
            raise bad("not enough rights to send text messages to the chat")
        return chat

    def topic(self, chat: Chat, thread: int | None) -> Topic | None:
        """The topic the bot wants to write to; None is General, which must not be named."""
        if thread is None:
            return None
        topic = chat.topics.get(thread)
        if topic is None:
            raise bad("message thread not found")
        if topic.deleted:
            raise bad(self.topic_gone)
        if topic.closed and not chat.may("can_manage_topics"):
            raise bad("TOPIC_CLOSED")
        return topic

    def message(self, chat: Chat, message_id: int, error: ApiError) -> Message:
        message = chat.messages.get(message_id)
        if message is None or message.deleted:
            raise error
        return message

    def post(
        self,
        chat: Chat,
        sender: Json,
        content: Json,
        *,
        thread: int | None = None,
        reply_to: Message | None = None,
        service: bool = False,
        **frame: Any,
    ) -> Message:
        """Put a message into a chat; the bot is told of it when it may know."""
        chat.last_id += 1
        data: Json = {"message_id": chat.last_id, "from": sender, "chat": chat.json, "date": int(self.now())} | frame | content
        if thread is not None:
            data |= {"message_thread_id": thread, "is_topic_message": True}
        if reply_to is not None or (thread is not None and thread != chat.last_id):
            answered = reply_to or chat.messages[thread or 0]
            data["reply_to_message"] = {key: value for key, value in answered.data.items() if key != "reply_to_message"}
        if reply_to is not None and chat.type == "supergroup" and not chat.forum:
            data["message_thread_id"] = reply_to.data.get("message_thread_id", reply_to.id)  # no topic, yet Telegram counts a thread
        message = Message(chat, data, service, protected=bool(data.get("has_protected_content")))
        chat.messages[chat.last_id] = message
        chat.last_bot = sender["id"] == self.bot["id"] or (chat.last_bot and not sender["is_bot"])
        if self.bot_hears(message):
            self.updates.add("message", chat.id, data)
        return message

    def bot_hears(self, message: Message) -> bool:
        """Never itself nor other bots; in groups what privacy mode lets through."""
        chat, sender = message.chat, message.data["from"]
        if sender["id"] == self.bot["id"] or (sender["is_bot"] and sender not in (ANONYMOUS, CHANNEL)):
            return False
        if chat.private:
            return sender["id"] not in self.blocked
        if chat.bot_status not in ("member", "administrator"):
            return False
        return message.service or chat.bot_is_admin or not self.privacy or self._is_meant(message)

    def _is_meant(self, message: Message) -> bool:
        if message.reply_to is not None and message.data["reply_to_message"]["from"]["id"] == self.bot["id"]:
            return True
        commands = [command for kind, command in message.formatted if kind == "bot_command"]
        return any(self._is_own(command, message.chat) for command in commands)

    def _is_own(self, command: str, chat: Chat) -> bool:
        _, at, name = command.partition("@")
        return name.lower() == self.bot["username"].lower() if at else chat.last_bot

    def pace(self, chat: Chat, count: int = 1) -> None:
        """Telegram's limits: one message a second in a chat (three at once pass), twenty a minute in a group, thirty a second in all.

        Each a little less strict, so that who keeps them exactly does not fail by a delay on the way.
        """
        now = self.now()
        for _ in range(count):
            waits = {
                "chat": 2.75 - (now - chat.sent[-3]) if len(chat.sent) >= 3 else 0.0,
                "group": 59.5 - (now - chat.sent[0]) if not chat.private and len(chat.sent) >= 20 else 0.0,
                "all": 0.9 - (now - self._sent[0]) if len(self._sent) >= 30 else 0.0,
            }
            limit, wait = max(waits.items(), key=lambda item: item[1])
            if wait > 0:
                if self.limits:
                    raise slow_down(int(wait) + 1)
                self.violations.append((limit, chat.id, now))
            chat.sent.append(now)
            self._sent.append(now)

    def content(self, values: Json, key: str = "text") -> Json:
        """Text or caption with its entities, as it is kept."""
        own, raw = ("text", "entities") if key == "text" else ("caption", "caption_entities")
        if values.get("parse_mode"):
            raise bad("this server reads entities only, not parse_mode")
        kept, entities = text.formatted(values.get(own) or "", values.get(raw) or ())
        if key == "text" and not kept:
            raise bad("message text is empty")
        return ({own: kept} if kept else {}) | ({raw: entities} if entities else {})
