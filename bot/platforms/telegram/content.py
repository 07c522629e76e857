"""What a message holds: its text, and what is attached to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from handlers.events import Attachment

Json = Mapping[str, Any]

FILES = {
    "photo": "photo",
    "live_photo": "photo",
    "animation": "video",  # comes with a `document` beside it, so it stands first
    "video": "video",
    "video_note": "video",
    "audio": "audio",
    "voice": "voice",
    "sticker": "sticker",
    "document": "document",
}
"""Telegram's kinds that are files → ours."""
OTHERS = {
    "venue": "location",  # comes with a `location` beside it
    "location": "location",
    "contact": "contact",
    "poll": "poll",
    "dice": "other",
    "game": "other",
    "story": "other",
    "checklist": "other",
    "paid_media": "other",
    "invoice": "other",
    "giveaway": "other",
}


def _words_in(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What a message is that is neither service nor known to us: anything beyond these and the kinds above.
_FRAME = _words_in(
    """
    message_id message_thread_id direct_messages_topic from sender_chat sender_boost_count sender_business_bot sender_tag date
    guest_query_id business_connection_id chat forward_origin is_topic_message is_automatic_forward reply_to_message external_reply
    quote reply_to_story reply_to_checklist_task_id reply_to_poll_option_id via_bot guest_bot_caller_user guest_bot_caller_chat
    edit_date has_protected_content is_from_offline is_paid_post media_group_id author_signature paid_star_count link_preview_options
    suggested_post_info effect_id show_caption_above_media has_media_spoiler reply_markup
    """
)
_SERVICE = _words_in(
    """
    new_chat_members left_chat_member chat_owner_left chat_owner_changed new_chat_title new_chat_photo delete_chat_photo
    group_chat_created supergroup_chat_created channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id
    migrate_from_chat_id pinned_message successful_payment refunded_payment users_shared chat_shared gift unique_gift
    gift_upgrade_sent connected_website write_access_allowed passport_data proximity_alert_triggered boost_added chat_background_set
    checklist_tasks_done checklist_tasks_added direct_message_price_changed forum_topic_created forum_topic_edited forum_topic_closed
    forum_topic_reopened general_forum_topic_hidden general_forum_topic_unhidden giveaway_created giveaway_winners giveaway_completed
    managed_bot_created paid_message_price_changed poll_option_added poll_option_deleted suggested_post_approved
    suggested_post_approval_failed suggested_post_declined suggested_post_paid suggested_post_refunded video_chat_scheduled
    video_chat_started video_chat_ended video_chat_participants_invited web_app_data
    """
)


def is_service(message: Json) -> bool:
    """Something that Telegram says, not a person; also a message with nothing in it."""
    return bool(_SERVICE & message.keys()) or not message.keys() - _FRAME


def text(message: Json) -> str:
    """Text or caption; the address behind a word follows it, so that no link is lost on the way."""
    said = _said(message)
    units = said.encode("utf-16-le")
    for entity in sorted(entities(message), key=lambda one: int(one["offset"]), reverse=True):
        url = entity.get("url")
        if entity["type"] == "text_link" and url and url.rstrip("/") != part(message, entity).rstrip("/"):
            end = 2 * (int(entity["offset"]) + int(entity["length"]))
            units = units[:end] + f" ({url})".encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le", "replace")


def entities(message: Json) -> Sequence[Json]:
    found: Sequence[Json] = message.get("entities") or message.get("caption_entities") or ()
    return found


def part(message: Json, entity: Json) -> str:
    """The words that an entity stands on; Telegram counts in UTF-16."""
    units = _said(message).encode("utf-16-le")
    return units[2 * int(entity["offset"]) : 2 * (int(entity["offset"]) + int(entity["length"]))].decode("utf-16-le", "replace")


def _said(message: Json) -> str:
    if "rich_message" in message and "text" not in message:
        return "\n".join(_words(message["rich_message"].get("blocks", ())))
    return str(message.get("text") or message.get("caption") or "")


def _words(node: Any) -> list[str]:
    """All words in nested blocks, in their order."""
    match node:
        case str():
            return [node]
        case list():
            return [word for one in node for word in _words(one)]
        case dict():
            return [word for key, value in node.items() if key == "text" or isinstance(value, list | dict) for word in _words(value)]
        case _:
            return []


def attachment(message: Json) -> Attachment | None:
    """What is attached. Its reference is the message (to copy it) and the file (to fetch it)."""
    id = message["message_id"]
    for kind, ours in FILES.items():
        if kind in message:
            file = message[kind]
            if kind == "photo":  # in several sizes, the largest last
                file = file[-1]
            name = str(file.get("file_name") or file.get("emoji") or "")
            return Attachment(ours, ref=f"{id}:{file['file_id']}", name=name, size=file.get("file_size"))
    for kind, ours in OTHERS.items():
        if kind in message:
            return Attachment(ours, ref=f"{id}:", name=_described(kind, message[kind]))
    return None


def _described(kind: str, value: Any) -> str:
    match kind, value:
        case "venue", {"title": title, "address": address}:
            return f"{title}, {address}"
        case "location", {"latitude": latitude, "longitude": longitude}:
            return f"{latitude:.5f}, {longitude:.5f}"
        case "contact", {"phone_number": phone, "first_name": first}:
            return " ".join(str(one) for one in (first, value.get("last_name"), phone) if one)
        case "poll", {"question": question, "options": options}:
            return f"{question} ({' / '.join(str(option['text']) for option in options)})"
        case "dice", {"emoji": emoji, "value": points}:
            return f"{emoji} {points}"
        case "game" | "invoice", {"title": title}:
            return str(title)
        case "checklist", {"title": title, "tasks": tasks}:
            return f"{title} ({' / '.join(str(task['text']) for task in tasks)})"
        case _:
            return ""
