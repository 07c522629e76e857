"""What the bot can do to messages. Each function takes the world and the checked parameters and returns the answer's `result`."""

from collections.abc import Callable
from typing import Any

from tests.platforms.botapi import files
from tests.platforms.botapi.errors import bad
from tests.platforms.botapi.spec import REACTIONS, SPEC, Upload
from tests.platforms.botapi.world import CONTENT, Chat, Message, World

Json = dict[str, Any]
Method = Callable[[World, Json], Any]

FILE_KINDS = {"sendPhoto": "photo", "sendDocument": "document", "sendVoice": "voice", "sendAudio": "audio", "sendVideo": "video"}
FILE_KINDS |= {"sendVideoNote": "video_note", "sendAnimation": "animation", "sendSticker": "sticker"}
STALE = 30.0
EDITABLE_BY_PERSON = DELETABLE = 48 * 3600


def send_message(world: World, p: Json) -> Json:
    content = world.content(p)
    if "link_preview_options" in p:
        content["link_preview_options"] = p["link_preview_options"]
    return _send(world, p, content).data


def file_sender(method: str) -> Method:
    kind = FILE_KINDS[method]

    def send_file(world: World, p: Json) -> Json:
        world.writable(p["chat_id"])
        caption = world.content(p, "caption")
        return _send(world, p, files.shown(world.files.take(kind, _attached(p, p[kind]))) | caption).data

    return send_file


def other_sender(kind: str) -> Method:
    def send_other(world: World, p: Json) -> Json:
        given = {key: value for key, value in p.items() if key in files.other(kind, None)[kind]}
        if kind == "poll":
            given["options"] = [{"text": one["text"], "voter_count": 0, "persistent_id": str(i)} for i, one in enumerate(p["options"])]
        return _send(world, p, files.other(kind, given)).data

    return send_other


def send_media_group(world: World, p: Json) -> list[Json]:
    """All of them are sent, or none."""
    world.writable(p["chat_id"])
    kinds = {item["type"] for item in p["media"]}
    if len(kinds) > 1 and kinds & {"audio", "document"}:
        raise bad("documents and audio can't be mixed with other media types")
    contents = [
        files.shown(world.files.take(item["type"], _attached(p, item["media"]))) | world.content(item, "caption") for item in p["media"]
    ]
    return [message.data for message in _send_album(world, p, contents)]


def copy_message(world: World, p: Json) -> Json:
    source = _source(world, p, p["message_id"], "copy")
    content = _content_of(source)
    if "caption" in p and not {"text", "sticker", "location", "contact", "poll", "dice"} & set(content):
        content = {key: value for key, value in content.items() if not key.startswith("caption")} | world.content(p, "caption")
    return {"message_id": _send(world, p, content).id}


def copy_messages(world: World, p: Json) -> list[Json]:
    """Those that cannot be found or copied are left out; albums stay albums."""
    sources = _sources(world, p, "copy")
    drop = ("caption", "caption_entities") if p.get("remove_caption") else ()
    contents = [{key: value for key, value in _content_of(source).items() if key not in drop} for source in sources]
    return [{"message_id": message.id} for message in _send_album(world, p, contents, [source.album for source in sources])]


def forward_message(world: World, p: Json) -> Json:
    source = _source(world, p, p["message_id"], "forward")
    return _send(world, p, _content_of(source), forward_origin=origin_of(source)).data


def forward_messages(world: World, p: Json) -> list[Json]:
    return [{"message_id": forward_message(world, p | {"message_id": source.id})["message_id"]} for source in _sources(world, p, "forward")]


def origin_of(source: Message) -> Json:
    return source.data.get("forward_origin") or {"type": "user", "date": source.date, "sender_user": source.data["from"]}


def edit_message_text(world: World, p: Json) -> Json:
    message = _editable(world, p)
    if "text" not in message.data:
        raise bad("there is no text in the message to edit")
    return _edit(world, message, world.content(p), p)


def edit_message_caption(world: World, p: Json) -> Json:
    message = _editable(world, p)
    if not {"photo", "document", "voice", "audio", "video", "animation"} & set(message.data):
        raise bad("there is no caption in the message to edit")
    return _edit(world, message, world.content(p, "caption"), p)


def edit_message_reply_markup(world: World, p: Json) -> Json:
    message = _editable(world, p)
    same = {key: message.data[key] for key in _WORDS if key in message.data}
    return _edit(world, message, same, p)


def delete_message(world: World, p: Json) -> bool:
    chat = world.chat(p["chat_id"])
    message = world.message(chat, p["message_id"], bad("message to delete not found"))
    foreign = not chat.private and not message.by_bot
    too_old = message.date < world.now() - DELETABLE and not (not chat.private and chat.may("can_delete_messages"))
    if too_old or (foreign and not chat.may("can_delete_messages")) or message.kind in ("forum_topic_created", "supergroup_chat_created"):
        raise bad("message can't be deleted for everyone" if too_old else "message can't be deleted")
    message.deleted = True
    return True


def delete_messages(world: World, p: Json) -> bool:
    """Those that are not there are skipped."""
    chat = world.chat(p["chat_id"])
    for id in p["message_ids"]:
        if id in chat.messages and not chat.messages[id].deleted:
            delete_message(world, {"chat_id": chat.id, "message_id": id})
    return True


def set_message_reaction(world: World, p: Json) -> bool:
    chat = world.chat(p["chat_id"])
    message = world.message(chat, p["message_id"], bad("message to react not found"))
    if chat.id in world.blocked:
        world.writable(chat.id)
    if message.service:
        raise bad("message can't be reacted")
    wanted = p.get("reaction", [])
    emoji = [_sign(one) for one in wanted]
    present = {sign for signs in message.reactions.values() for sign in signs}
    if not all(sign in REACTIONS if one["type"] == "emoji" else sign in present for one, sign in zip(wanted, emoji, strict=True)):
        raise bad("REACTION_INVALID")
    if len(emoji) > 1:
        raise bad("REACTIONS_TOO_MANY")
    message.reactions.pop(world.bot["id"], None)
    if emoji:
        message.reactions[world.bot["id"]] = emoji
    return True


def _sign(reaction: Json) -> str:
    return str(reaction.get("emoji", reaction.get("custom_emoji_id", ""))).replace("\ufe0f", "")


def pinner(pinned: bool) -> Method:
    def pin(world: World, p: Json) -> bool:
        chat = world.writable(p["chat_id"])
        if "message_id" not in p:
            raise bad("message to unpin not found")
        message = world.message(chat, p["message_id"], bad(f"message to {'pin' if pinned else 'unpin'} not found"))
        if not chat.may("can_pin_messages"):
            raise bad("not enough rights to manage pinned messages in the chat")
        message.pinned = pinned
        return True

    return pin


def answer_callback_query(world: World, p: Json) -> bool:
    query = world.queries.get(p["callback_query_id"])
    if query is None or world.now() - query.at > STALE or query.answered:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    query.answer = {key: p[key] for key in ("text", "show_alert", "url") if key in p}
    return True


def send_chat_action(world: World, p: Json) -> bool:
    chat = world.writable(p["chat_id"])
    world.topic(chat, p.get("message_thread_id"))
    if p["action"] not in SPEC["chat_actions"]:
        raise bad("wrong parameter action in request")
    return True


def get_file(world: World, p: Json) -> Json:
    return world.files.find(p["file_id"])


_WORDS = ("text", "entities", "caption", "caption_entities", "link_preview_options")


def _send(world: World, p: Json, content: Json, pace: int = 1, **frame: Any) -> Message:
    chat, topic, answered = _destination(world, p)
    markup = p.get("reply_markup", {})
    if "inline_keyboard" in markup:
        _check_buttons(markup["inline_keyboard"])
        frame["reply_markup"] = markup
    if p.get("protect_content"):
        frame["has_protected_content"] = True
    if pace:
        world.pace(chat, pace)
    message = world.post(chat, world.bot, content, thread=topic, reply_to=answered, **frame)
    message.keyboard = [button["text"] for row in markup.get("keyboard", []) for button in row]
    return message


def _send_album(world: World, p: Json, contents: list[Json], albums: list[str | None] | None = None) -> list[Message]:
    """One after another; what was together stays together, under a new album id."""
    chat, _, _ = _destination(world, p)
    world.pace(chat, len(contents))
    names = albums if albums is not None else ["new"] * len(contents)
    fresh = {name: str(13_000_000_000 + next(world.ids)) for name in set(names) if name}
    sent = []
    for content, name in zip(contents, names, strict=True):
        sent.append(_send(world, p, content, pace=0, **({"media_group_id": fresh[name]} if name else {})))
    return sent


def _destination(world: World, p: Json) -> tuple[Chat, int | None, Message | None]:
    chat = world.writable(p["chat_id"])
    world.topic(chat, p.get("message_thread_id"))
    answered = _answered(world, chat, p)
    thread = p.get("message_thread_id")
    if thread is None and answered is not None and answered.topic is not None:
        thread = answered.topic
        world.topic(chat, thread)
    return chat, thread, answered


def _answered(world: World, chat: Chat, p: Json) -> Message | None:
    wanted = p.get("reply_parameters")
    if wanted is None:
        return None
    source = world.chat(wanted.get("chat_id", chat.id))
    answered = source.messages.get(wanted["message_id"])
    thread = p.get("message_thread_id")
    strange = answered is not None and thread is not None and answered.topic != thread
    if answered is None or answered.deleted or strange:
        if wanted.get("allow_sending_without_reply"):
            return None
        raise bad("message to be replied not found")
    if "quote" in wanted and wanted["quote"] not in answered.text:
        raise bad("QUOTE_TEXT_INVALID")
    return answered


def _source(world: World, p: Json, id: int, verb: str) -> Message:
    world.writable(p["chat_id"])
    source = world.message(world.chat(p["from_chat_id"]), id, bad(f"message to {verb} not found"))
    if source.service or source.protected:
        raise bad("message can't be copied" if verb == "copy" else "the message can't be forwarded")
    return source


def _sources(world: World, p: Json, verb: str) -> list[Message]:
    world.writable(p["chat_id"])
    chat, ids = world.chat(p["from_chat_id"]), p["message_ids"]
    if sorted(set(ids)) != ids:
        raise bad("message identifiers must be in a strictly increasing order")
    found = [message for id in ids if (message := chat.messages.get(id)) and not (message.deleted or message.service or message.protected)]
    if not found:
        raise bad(f"there are no messages to {verb}")
    return found


def _content_of(source: Message) -> Json:
    return {key: source.data[key] for key in CONTENT if key in source.data}


def _editable(world: World, p: Json) -> Message:
    if "chat_id" not in p or "message_id" not in p:
        raise bad("message identifier is not specified")
    chat = world.chat(p["chat_id"])
    message = world.message(chat, p["message_id"], bad("message to edit not found"))
    if not message.by_bot or message.service or "forward_origin" in message.data:
        raise bad("message can't be edited")
    return message


def _edit(world: World, message: Message, words: Json, p: Json) -> Json:
    """Telegram takes a text edited without a keyboard as a text without one."""
    markup = p.get("reply_markup", {})
    _check_buttons(markup.get("inline_keyboard", []))
    if "keyboard" in markup:
        raise bad("inline keyboard expected")
    new = words | ({"reply_markup": markup} if markup.get("inline_keyboard") else {})
    compared = ("text", "entities", "caption", "caption_entities", "reply_markup")
    if {key: message.data[key] for key in compared if key in message.data} == {key: new[key] for key in compared if key in new}:
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a current content "
            "and reply markup of the message"
        )
    if new.get("text", new.get("caption", "")) != message.text:
        message.versions.append(message.text)
    kept = {key: value for key, value in message.data.items() if key not in (*_WORDS, "reply_markup")}
    message.data = kept | new | {"edit_date": int(world.now())}
    return message.data


def _check_buttons(rows: list[list[Json]]) -> None:
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100:
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        does = set(button) - {"text", "style", "icon_custom_emoji_id"}
        if not button["text"].strip() or len(does) != 1:
            raise bad("can't parse inline keyboard button: text and exactly one action expected")
        if "url" in button and not button["url"].startswith(("https://", "http://", "tg://")):
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")


def _attached(p: Json, value: Any) -> Any:
    """A file named by `attach://` is another part of the same request."""
    if isinstance(value, str) and value.startswith("attach://"):
        upload = p.get(value.removeprefix("attach://"))
        if not isinstance(upload, Upload):
            raise bad(f"file {value} not found in the request")
        return upload
    return value


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    **{method: file_sender(method) for method in FILE_KINDS},
    **{f"send{kind.capitalize()}": other_sender(kind) for kind in ("location", "venue", "contact", "poll", "dice")},
    "sendMediaGroup": send_media_group,
    "copyMessage": copy_message,
    "copyMessages": copy_messages,
    "forwardMessage": forward_message,
    "forwardMessages": forward_messages,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "setMessageReaction": set_message_reaction,
    "pinChatMessage": pinner(True),
    "unpinChatMessage": pinner(False),
    "answerCallbackQuery": answer_callback_query,
    "sendChatAction": send_chat_action,
    "getFile": get_file,
}
