"""What the bot can do to chats, topics and itself: the other half of the methods."""

from tests.platforms.botapi.errors import bad
from tests.platforms.botapi.methods import Json, Method
from tests.platforms.botapi.world import RIGHTS, Chat, Topic, World

ICONS = {
    "5312536423851630001": "💡",
    "5312016608254762256": "⚡️",
    "5377316857231450742": "❓",
    "5417915203100613993": "💬",
    "5237699328843200968": "✅",
    "5379748062124056162": "❗️",
    "5310228579009699834": "🎉",
    "5309929258443874898": "🔎",
    "5348436127038579546": "📆",
    "5420216386448270341": "🔥",
}
"""Some of Telegram's icons for topics, by custom emoji id."""
COLOURS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)


def get_me(world: World, p: Json) -> Json:
    more = dict.fromkeys(["supports_inline_queries", "can_connect_to_business", "has_main_web_app"], False)
    return world.bot | more | {"can_join_groups": True, "can_read_all_group_messages": not world.privacy}


def get_chat(world: World, p: Json) -> Json:
    chat = world.chat(p["chat_id"])
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    more: Json = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, True)}
    return chat.json | more | ({} if chat.private else {"permissions": {"can_send_messages": True}})


def get_chat_member(world: World, p: Json) -> Json:
    chat, id = world.chat(p["chat_id"]), p["user_id"]
    if id == world.bot["id"]:
        return member(chat, world.bot, chat.bot_status)
    if id not in world.users:
        raise bad("PARTICIPANT_ID_INVALID")
    return member(chat, world.users[id], "member" if chat.private else chat.members.get(id, "left"))


def get_chat_administrators(world: World, p: Json) -> list[Json]:
    chat = world.chat(p["chat_id"])
    if chat.private:
        raise bad("there are no administrators in the private chat")
    people = [member(chat, world.users[id], status) for id, status in chat.members.items() if status in ("creator", "administrator")]
    people = [one for one in people if not one["user"]["is_bot"]]
    return people + ([member(chat, world.bot, "administrator")] if chat.bot_is_admin else [])


def get_chat_member_count(world: World, p: Json) -> int:
    return sum(status in ("creator", "administrator", "member") for status in world.chat(p["chat_id"]).members.values()) + 1


def leave_chat(world: World, p: Json) -> bool:
    world.chat(p["chat_id"]).bot_status = "left"
    return True


def member(chat: Chat, user: Json, status: str) -> Json:
    """A ChatMember object."""
    own: Json = {}
    if status == "administrator":
        given = chat.rights if user["id"] == chat.world.bot["id"] else dict.fromkeys(RIGHTS, True)
        own = {"can_be_edited": False, "is_anonymous": False} | {right: given.get(right, False) for right in RIGHTS}
    elif status == "creator":
        own = {"is_anonymous": False}
    elif status == "kicked":
        own = {"until_date": 0}
    return {"status": status, "user": user} | own


def create_forum_topic(world: World, p: Json) -> Json:
    chat = _forum(world, p)
    if not chat.may("can_manage_topics"):
        raise bad("not enough rights to create a topic")
    _check_icon(p)
    topic = open_topic(world, chat, world.bot, p["name"], p.get("icon_custom_emoji_id", ""), p.get("icon_color", COLOURS[0]))
    made: Json = chat.messages[topic.id].data["forum_topic_created"]
    return made | {"message_thread_id": topic.id}


def edit_forum_topic(world: World, p: Json) -> bool:
    chat, topic = _own_topic(world, p)
    _check_icon(p)
    if p.get("name") == "":
        p = {key: value for key, value in p.items() if key != "name"}
    name, icon = p.get("name", topic.name), p.get("icon_custom_emoji_id", topic.icon)
    if (name, icon) == (topic.name, topic.icon):
        raise bad("TOPIC_NOT_MODIFIED")
    change_topic(world, chat, world.bot, topic, name, icon)
    return True


def close_forum_topic(world: World, p: Json) -> bool:
    return _set_closed(world, p, True)


def reopen_forum_topic(world: World, p: Json) -> bool:
    return _set_closed(world, p, False)


def _set_closed(world: World, p: Json, closed: bool) -> bool:
    chat, topic = _own_topic(world, p)
    if topic.closed == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    close_topic(world, chat, world.bot, topic, closed)
    return True


def delete_forum_topic(world: World, p: Json) -> bool:
    chat = _forum(world, p)
    topic = _existing(world, chat, p)
    if not chat.may("can_delete_messages"):
        raise bad("not enough rights to delete a topic")
    remove_topic(chat, topic)
    return True


def open_topic(world: World, chat: Chat, who: Json, name: str, icon: str = "", colour: int = COLOURS[0]) -> Topic:
    made: Json = {"name": name, "icon_color": colour} | ({"icon_custom_emoji_id": icon} if icon else {})
    topic = Topic(chat.last_id + 1, name, icon, by_bot=who["id"] == world.bot["id"])
    chat.topics[topic.id] = topic
    world.post(chat, who, {"forum_topic_created": made}, thread=topic.id, service=True)
    return topic


def change_topic(world: World, chat: Chat, who: Json, topic: Topic, name: str, icon: str) -> None:
    changed = ({"name": name} if name != topic.name else {}) | ({"icon_custom_emoji_id": icon} if icon != topic.icon else {})
    topic.name, topic.icon = name, icon
    world.post(chat, who, {"forum_topic_edited": changed}, thread=topic.id, service=True)


def close_topic(world: World, chat: Chat, who: Json, topic: Topic, closed: bool) -> None:
    topic.closed = closed
    world.post(chat, who, {"forum_topic_closed" if closed else "forum_topic_reopened": {}}, thread=topic.id, service=True)


def remove_topic(chat: Chat, topic: Topic) -> None:
    """With all its messages; nobody is told."""
    topic.deleted = True
    for message in chat.messages.values():
        message.deleted |= message.topic == topic.id


def get_forum_topic_icon_stickers(world: World, p: Json) -> list[Json]:
    look = {"type": "custom_emoji", "width": 100, "height": 100, "is_animated": True, "is_video": False}
    return [
        look | {"file_id": f"icon-{id}", "file_unique_id": id, "emoji": emoji, "custom_emoji_id": id, "needs_repainting": False}
        for id, emoji in ICONS.items()
    ]


def set_my_commands(world: World, p: Json) -> bool:
    if len(p["commands"]) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for one in p["commands"]:
        if not one["command"].isascii() or not one["command"].replace("_", "").isalnum() or one["command"] != one["command"].lower():
            raise bad("BOT_COMMAND_INVALID")
    _check_language(p)
    world.commands[_scope(p)] = p["commands"]
    return True


def get_my_commands(world: World, p: Json) -> list[Json]:
    return world.commands.get(_scope(p), [])


def delete_my_commands(world: World, p: Json) -> bool:
    world.commands.pop(_scope(p), None)
    return True


def _scope(p: Json) -> tuple[str, str]:
    scope = p.get("scope", {"type": "default"})
    return " ".join(str(value) for value in scope.values()), p.get("language_code", "")


def profile_setter(name: str) -> Method:
    def set_it(world: World, p: Json) -> bool:
        _check_language(p)
        world.profile[name, p.get("language_code", "")] = p.get(name, "")
        return True

    return set_it


def profile_getter(name: str) -> Method:
    def get_it(world: World, p: Json) -> Json:
        usual = world.profile.get((name, ""), world.bot["first_name"] if name == "name" else "")
        return {name: world.profile.get((name, p.get("language_code", ""))) or usual}

    return get_it


def _check_language(p: Json) -> None:
    if (code := p.get("language_code")) and not (len(code) == 2 and code.isascii() and code.islower()):
        raise bad("invalid language code specified")


def _forum(world: World, p: Json) -> Chat:
    chat = world.chat(p["chat_id"])
    if not chat.forum:
        raise bad("the chat is not a forum")
    return chat


def _existing(world: World, chat: Chat, p: Json) -> Topic:
    topic = chat.topics.get(p["message_thread_id"])
    if topic is None or topic.deleted:
        raise bad("TOPIC_ID_INVALID" if topic is None or "not found" in world.topic_gone else world.topic_gone)
    return topic


def _own_topic(world: World, p: Json) -> tuple[Chat, Topic]:
    chat = _forum(world, p)
    topic = _existing(world, chat, p)
    if not chat.bot_is_admin or not (topic.by_bot or chat.may("can_manage_topics")):
        raise bad("not enough rights to manage the topic")
    return chat, topic


def _check_icon(p: Json) -> None:
    if (icon := p.get("icon_custom_emoji_id")) and icon not in ICONS:
        raise bad("DOCUMENT_INVALID")


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "leaveChat": leave_chat,
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "closeForumTopic": close_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
    "deleteForumTopic": delete_forum_topic,
    "getForumTopicIconStickers": get_forum_topic_icon_stickers,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyDescription": profile_setter("description"),
    "getMyDescription": profile_getter("description"),
    "setMyShortDescription": profile_setter("short_description"),
    "getMyShortDescription": profile_getter("short_description"),
    "setMyName": profile_setter("name"),
    "getMyName": profile_getter("name"),
}
