"""What Telegram hands over, in our words: an update as it came (JSON) → an event, or None for what is of no use to us."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.platforms.telegram import content
from bot.platforms.telegram.rooms import Rooms
from handlers import commands
from handlers.events import (
    Access,
    Attachment,
    Edit,
    Event,
    Message,
    Moved,
    Place,
    Press,
    Reaction,
    Sender,
    ThreadChanged,
    Unreachable,
    Unreadable,
)

NAME = "telegram"
KINDS = ["message", "edited_message", "callback_query", "message_reaction", "my_chat_member", "chat_member"]
"""The updates that we ask for."""

Json = Mapping[str, Any]

_GROUP_BOT = 1087968824  # "GroupAnonymousBot" writes for admins who hide behind the group
_THREAD_EVENTS = ("forum_topic_closed", "forum_topic_reopened", "forum_topic_edited")
_OWN_COMMANDS = {name for english, (slovene, _) in commands.NAMES.items() for name in (english, slovene)}


@dataclass(frozen=True)
class Reader:
    """What has to be known to read an update."""

    bot: int
    """The bot's own id."""
    username: str
    rooms: Rooms

    def is_staff(self, chat: Json) -> bool:
        return self.rooms.room(chat["id"]) == self.rooms.staff


def read_updates(updates: Sequence[Json], reader: Reader, now: datetime) -> tuple[Event | Unreadable, ...]:
    """Events in their order; the messages of an album are one event, in the place of its first."""
    events = []
    for members in _albums_together(updates):
        event = _guarded(members, reader, now)
        if event is not None:
            events.append(event)
    return tuple(events)


def album_of(update: Any) -> str | None:
    """Also of what is no update at all."""
    match update:
        case {"message": {"media_group_id": str(album)}}:
            return album
        case _:
            return None


def _albums_together(updates: Sequence[Json]) -> list[list[Json]]:
    together: list[list[Json]] = []
    by_album: dict[str, list[Json]] = {}
    for update in updates:
        album = album_of(update)
        if album is not None and album in by_album:
            by_album[album].append(update)
            continue
        members = [update]
        together.append(members)
        if album is not None:
            by_album[album] = members
    return together


def _guarded(updates: Sequence[Json], reader: Reader, now: datetime) -> Event | Unreadable | None:
    """An update that we cannot read is set aside: it must not hold up those behind it."""
    try:
        return read_update(updates[0], reader, now, album=updates[1:])
    except Exception as error:
        raw = json.dumps(list(updates), ensure_ascii=False)
        return Unreadable(key=f"u{_digest(raw)}", raw=raw, error=f"{type(error).__name__}: {error}")


def read_update(update: Json, reader: Reader, now: datetime, album: Sequence[Json] = ()) -> Event | None:
    """What happened; `now` for what Telegram gives no time to. Raises whatever comes of an update that is not as it should be."""
    match update:
        case {"message": message}:
            return _message(message, reader, [one["message"] for one in album])
        case {"edited_message": message}:
            return _edit(message, reader)
        case {"callback_query": query}:
            return _press(query, reader, now)
        case {"message_reaction": change}:
            return _reaction(change, reader)
        case {"my_chat_member": change}:
            return _standing(change, reader)
        case {"update_id": int()}:
            return None
        case _:
            raise ValueError("not an update")


def _message(message: Json, reader: Reader, album: Sequence[Json]) -> Event | None:
    happened = _happened(f"m{message['chat']['id']}/{message['message_id']}", message, reader)
    if "migrate_to_chat_id" in message:
        return Moved(**happened, room=str(message["migrate_to_chat_id"]))
    if any(name in message for name in _THREAD_EVENTS):
        by_hand = reader.is_staff(message["chat"]) and message["from"]["id"] != reader.bot
        return ThreadChanged(**happened) if by_hand else None
    if content.is_service(message) or _is_a_bot(message):
        return None
    addressed = _is_addressed(message, reader)
    if not addressed and not reader.is_staff(message["chat"]):
        return None  # what people say among themselves is none of our business, and not kept
    attachments = tuple(found for one in (message, *album) if (found := content.attachment(one)))
    texts = [text for one in (message, *album) if (text := content.text(one))]
    said = "\n\n".join(texts)
    return Message(
        **happened,
        id=str(message["message_id"]),
        text=said if _is_private(message) or reader.is_staff(message["chat"]) else _without_mention(said, reader),
        attachments=attachments or _unknown_kind(message, said),
        reply_to=_reply_to(message),
        addressed=addressed,
    )


def _edit(message: Json, reader: Reader) -> Event | None:
    """In groups only advisers' edits matter: answers there are for everybody and stand as they are."""
    if (not _is_private(message) and not reader.is_staff(message["chat"])) or _is_a_bot(message):
        return None
    said = content.text(message)
    key = f"e{message['chat']['id']}/{message['message_id']}/{message.get('edit_date')}/{_digest(said)}"
    return Edit(**_happened(key, message, reader), id=str(message["message_id"]), text=said)


def _press(query: Json, reader: Reader, now: datetime) -> Event | None:
    message = query.get("message")
    if message is None or "data" not in query:
        return None  # pressed on something sent through another bot
    told = {"chat": message["chat"], "from": query["from"], "date": 0}
    place = {name: message[name] for name in ("message_thread_id", "is_topic_message") if name in message}
    happened = _happened(f"c{query['id']}", told | place, reader)
    return Press(**(happened | {"at": now}), choice=str(query["data"]), message=str(message["message_id"]))


def _reaction(change: Json, reader: Reader) -> Event | None:
    if "user" not in change or (change["chat"]["type"] != "private" and not reader.is_staff(change["chat"])):
        return None
    before, after = (_emoji(change[side]) for side in ("old_reaction", "new_reaction"))
    emoji = next((one for one in after if one not in before), after[-1] if after else "")
    key = f"r{change['chat']['id']}/{change['message_id']}/{change['user']['id']}/{change['date']}/{','.join(after)}"
    happened = _happened(key, {"chat": change["chat"], "from": change["user"], "date": change["date"]}, reader)
    return Reaction(**happened, message=str(change["message_id"]), emoji=emoji)


def _emoji(reactions: Sequence[Json]) -> list[str]:
    return [str(reaction["emoji"]) for reaction in reactions if reaction.get("type") == "emoji"]


def _standing(change: Json, reader: Reader) -> Event | None:
    """A person blocked the bot, or the bot's rights in the staff group are others now."""
    member = change["new_chat_member"]
    happened = _happened(f"s{change['chat']['id']}/{change['date']}/{_digest(json.dumps(member, sort_keys=True))}", change, reader)
    if change["chat"]["type"] == "private":
        return Unreachable(**happened, reason="blocked") if member["status"] == "kicked" else None
    return Access(**happened, missing=missing_rights(member)) if reader.is_staff(change["chat"]) else None


def missing_rights(member: Json) -> tuple[str, ...]:
    """Of what the bot needs in the staff group; `member` alone when it is not there at all."""
    match member:
        case {"status": "left" | "kicked"} | {"status": "restricted", "is_member": False}:
            return ("member",)
        case {"status": "creator"}:
            return ()
        case _:
            return tuple(name for name, right in RIGHTS.items() if not member.get(right))


RIGHTS = {"topics": "can_manage_topics", "delete": "can_delete_messages", "pin": "can_pin_messages"}
"""Our word for a right → Telegram's."""


def is_member(member: Json) -> bool:
    return member["status"] in ("creator", "administrator", "member") or (member["status"] == "restricted" and bool(member["is_member"]))


def _happened(key: str, message: Json, reader: Reader) -> dict[str, Any]:
    chat = message["chat"]
    thread = str(message["message_thread_id"]) if message.get("is_topic_message") else None
    return {
        "key": key,
        "place": Place(NAME, reader.rooms.room(chat["id"]), thread),
        "sender": _sender(message),
        "at": datetime.fromtimestamp(message["date"], UTC),
        "direct": chat["type"] == "private",
    }


def _sender(message: Json) -> Sender:
    """Who speaks for themselves. Behind a group or channel, or with somebody else's words, nobody does: that is no adviser's id."""
    user = message.get("from") or {}
    name = " ".join(str(user[part]) for part in ("first_name", "last_name") if user.get(part))
    if "sender_chat" in message or user.get("id") in (None, _GROUP_BOT):
        return Sender(f"chat:{message.get('sender_chat', {}).get('id', 'anonymous')}", str(message.get("author_signature", "")))
    if "forward_origin" in message and message["chat"]["type"] != "private":
        return Sender(f"forwarded:{user['id']}", name)
    return Sender(str(user["id"]), name, user.get("language_code"))


def _is_private(message: Json) -> bool:
    return bool(message["chat"]["type"] == "private")


def _is_a_bot(message: Json) -> bool:
    """Whoever writes as a group or channel is a person, though Telegram names a bot of its own as the sender."""
    return bool((message.get("from") or {}).get("is_bot")) and "sender_chat" not in message


def _is_addressed(message: Json, reader: Reader) -> bool:
    """In a group: our command, our name, or a reply to us."""
    if _is_private(message):
        return True
    replied = message.get("reply_to_message") or {}
    if replied.get("from", {}).get("id") == reader.bot and "forum_topic_created" not in replied:
        return True
    return any(_names_us(entity, message, reader) for entity in content.entities(message))


def _names_us(entity: Json, message: Json, reader: Reader) -> bool:
    words = content.part(message, entity).lower()
    match entity["type"]:
        case "mention":
            return words == f"@{reader.username}".lower()
        case "text_mention":
            return bool(entity["user"]["id"] == reader.bot)
        case "bot_command" if entity["offset"] == 0:
            name, _, bot = words[1:].partition("@")
            return bot == reader.username.lower() if bot else name in _OWN_COMMANDS
        case _:
            return False


def _without_mention(text: str, reader: Reader) -> str:
    mention = f"@{reader.username}".lower()
    words = [word for word in text.split(" ") if word.lower().rstrip(",:;") != mention]
    return " ".join(words).strip()


def _reply_to(message: Json) -> str | None:
    """In a topic everything that is no reply is a "reply" to the topic's beginning."""
    replied = message.get("reply_to_message")
    if replied is None or "forum_topic_created" in replied:
        return None
    if message.get("is_topic_message") and replied["message_id"] == message["message_thread_id"]:
        return None
    return str(replied["message_id"])


def _unknown_kind(message: Json, said: str) -> tuple[Attachment, ...]:
    return () if said else (Attachment("other", ref=f"{message['message_id']}:"),)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
