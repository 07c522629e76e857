"""Matrix's events in our words. Pure: a (decrypted) event as it came, and what is known of its room."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from handlers.events import Attachment, Edit, Event, Message, Place, Press, Reaction, Removal, Sender, Unreachable, Unreadable

NAME = "matrix"

Raw = Mapping[str, Any]

_ASK = re.compile(r"\s*!(?:ask|vprasaj|vprašaj)\b[\s:,]*", re.IGNORECASE)
_MEDIA = {"m.image": "photo", "m.file": "document", "m.audio": "audio", "m.video": "video"}
_POLLS = ("m.poll.start", "org.matrix.msc3381.poll.start")
_LOCATION = re.compile(r"geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Room:
    """What is known of a room when an event in it is read."""

    id: str
    """As the desk knows it, whatever it was upgraded to since."""
    me: str
    my_name: str = ""
    direct: bool = True
    staff: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


def happened(event: Raw, room: Room) -> dict[str, Any] | None:
    """Where, when and by whom, or None when even that cannot be read."""
    try:
        return _happened(event, room)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def read_event(event: Raw, room: Room) -> Event | Unreadable | None:
    """What happened, or None for what we have no use for: our own doings, notices, state, and kinds that say nothing."""
    try:
        if event.get("sender") == room.me or "redacted_because" in (event.get("unsigned") or {}):
            return None
        return _read(event, room)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        return Unreadable(_key(event), json.dumps(event, default=str)[:65536], f"{type(error).__name__}: {error}")


def _key(event: Raw) -> str:
    return str(event.get("event_id") or f"unreadable {hash(json.dumps(event, default=str, sort_keys=True)):x}")


def _read(event: Raw, room: Room) -> Event | None:
    kind = event["type"]
    match kind:
        case "m.room.message":
            return _message(event, room)
        case "m.sticker":
            return _said(event, room, "", (_file(event["content"], "sticker"),))
        case "m.reaction":
            relation = event["content"].get("m.relates_to") or {}
            if relation.get("rel_type") != "m.annotation":
                return None
            return Reaction(**_happened(event, room), message=_text(relation["event_id"]), emoji=_text(relation["key"]))
        case "m.room.redaction":
            return Removal(**_happened(event, room), message=_text(event.get("redacts") or event["content"]["redacts"]))
        case "m.room.member":
            return _membership(event, room)
        case _ if kind in _POLLS:
            return _said(event, room, _poll(event["content"]), (Attachment("poll"),))
        case _:
            return None


def _message(event: Raw, room: Room) -> Event | None:
    content = event["content"]
    if not content:
        return None  # redacted
    relation = content.get("m.relates_to") or {}
    if relation.get("rel_type") == "m.replace":
        new = content.get("m.new_content") or content
        if new.get("msgtype") == "m.notice":
            return None
        return Edit(**_happened(event, room), id=_text(relation["event_id"]), text=_text(new["body"]))
    kind, body = _text(content["msgtype"]), _text(content["body"])
    match kind:
        case "m.notice" | "m.key.verification.request":
            return None
        case "m.text" | "m.emote":
            return _said(event, room, _without_fallback(body, relation))
        case "m.location":
            return _said(event, room, _located(content), (Attachment("location", ref=_text(content["geo_uri"])),))
        case _ if kind in _MEDIA:
            voice = "org.matrix.msc3245.voice" in content or "m.voice" in content
            return _said(event, room, _caption(content), (_file(content, "voice" if voice else _MEDIA[kind]),))
        case _:
            return _said(event, room, body, (Attachment("other"),))


def _said(event: Raw, room: Room, text: str, attachments: tuple[Attachment, ...] = ()) -> Message:
    content = event["content"]
    relation = content.get("m.relates_to") or {}
    answered = (relation.get("m.in_reply_to") or {}).get("event_id")
    falls_back = relation.get("rel_type") == "m.thread" and relation.get("is_falling_back", False)
    asked, text = _asked(text, content, room)
    return Message(
        **_happened(event, room),
        id=_text(event["event_id"]),
        text=text,
        attachments=attachments,
        reply_to=_text(answered) if answered and not falls_back else None,
        addressed=room.direct or room.staff or asked,
    )


def _happened(event: Raw, room: Room) -> dict[str, Any]:
    sender, id = _text(event["sender"]), _text(event["event_id"])
    return {
        "key": id,
        "place": Place(NAME, room.id, _thread(event, room)),
        "sender": Sender(sender, room.names.get(sender) or sender[1:].partition(":")[0]),
        "at": datetime.fromtimestamp(int(event["origin_server_ts"]) / 1000, UTC),
        "direct": room.direct,
    }


def _thread(event: Raw, room: Room) -> str | None:
    """The thread's root; what is asked in a shared room's main timeline is answered in a thread of its own."""
    relation = event["content"].get("m.relates_to") or {}
    if relation.get("rel_type") == "m.thread":
        return _text(relation["event_id"])
    asked_here = event["type"] == "m.room.message" and relation.get("rel_type") is None
    return _text(event["event_id"]) if asked_here and not room.direct and not room.staff else None


def _membership(event: Raw, room: Room) -> Event | None:
    """In a direct room the person's leaving means that nothing reaches them there any more."""
    membership, who = event["content"]["membership"], event["state_key"]
    happened = _happened(event, room)
    if room.staff or not room.direct or membership not in ("leave", "ban"):
        return None
    before = ((event.get("unsigned") or {}).get("prev_content") or {}).get("membership")
    if who == event["sender"] and before in (None, "join", "invite"):
        return Unreachable(**happened, reason="left")
    if who == room.me:
        return Unreachable(**happened, reason="banned" if membership == "ban" else "removed")
    return None


def _asked(text: str, content: Raw, room: Room) -> tuple[bool, str]:
    """Whether it is said to the bot, and the words without the address."""
    if room.staff:
        return True, text
    without = _ASK.sub("", text, count=1) if _ASK.match(text) else None
    if without is not None:
        return True, without
    mentions = content.get("m.mentions")
    if isinstance(mentions, Mapping):
        asked = room.me in (mentions.get("user_ids") or ())
    else:
        asked = bool(_names_me(text, room)) or f"matrix.to/#/{room.me}" in str(content.get("formatted_body", ""))
    return asked, _without_name(text, room) if asked or room.direct else text


def _names_me(text: str, room: Room) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in _my_names(room))


def _without_name(text: str, room: Room) -> str:
    names = "|".join(re.escape(name) for name in _my_names(room))
    return re.sub(rf"^\s*@?(?:{names})(?!\w)\s*[:,]?\s*", "", text, count=1, flags=re.IGNORECASE)


def _my_names(room: Room) -> list[str]:
    return sorted({name for name in (room.me, room.my_name) if name}, key=len, reverse=True)


def _without_fallback(body: str, relation: Raw) -> str:
    """Older clients repeat the message they answer as a quotation before their own words."""
    if "m.in_reply_to" not in relation or not body.startswith("> <"):
        return body
    lines = body.split("\n")
    while lines and lines[0].startswith(">"):
        lines.pop(0)
    return "\n".join(lines[1:] if lines and not lines[0].strip() else lines)


def _caption(content: Raw) -> str:
    body, name = _text(content["body"]), content.get("filename")
    return body if name and name != body else ""


def _file(content: Raw, kind: str) -> Attachment:
    """An attachment with what is needed to fetch and decrypt it again."""
    info = content.get("info") or {}
    encrypted = content.get("file")
    ref = {"url": _text(encrypted["url"] if encrypted else content["url"]), "mime": str(info.get("mimetype") or "")}
    if encrypted:
        ref |= {"key": _text(encrypted["key"]["k"]), "iv": _text(encrypted["iv"]), "hash": _text(encrypted["hashes"]["sha256"])}
    size = info.get("size")
    name = content.get("filename") or content["body"]
    return Attachment(kind, json.dumps(ref), _text(name)[:200], size if isinstance(size, int) else None)


def _located(content: Raw) -> str:
    found = _LOCATION.match(_text(content["geo_uri"]))
    link = f"https://www.openstreetmap.org/?mlat={found[1]}&mlon={found[2]}" if found else content["geo_uri"]
    return f"{_text(content['body'])}\n{link}"


def _poll(content: Raw) -> str:
    poll = content.get("m.poll") or content["org.matrix.msc3381.poll.start"]
    lines = [_extensible(poll["question"]), *(f"• {_extensible(answer)}" for answer in poll["answers"][:20])]
    return "\n".join(lines)


def _extensible(content: Raw) -> str:
    """Text in one of the ways that extensible events write it."""
    text = content.get("m.text", content.get("org.matrix.msc1767.text", content.get("body", "")))
    return text if isinstance(text, str) else str(text[0]["body"])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value


def pressed(reaction: Reaction, choice: str, thread: str | None) -> Press:
    """A reaction that stands for a choice; `thread` is where the choice was offered."""
    place = replace(reaction.place, thread=thread)
    return Press(
        key=reaction.key,
        place=place,
        sender=reaction.sender,
        at=reaction.at,
        direct=reaction.direct,
        choice=choice,
        message=reaction.message,
    )


def taken_back(removal: Removal, message: str) -> Reaction:
    """What was removed was a reaction to this message."""
    return Reaction(
        key=removal.key, place=removal.place, sender=removal.sender, at=removal.at, direct=removal.direct, message=message, emoji=""
    )


def since_invited(events: list[Any], me: str) -> list[Any]:
    """Where the bot has just come into a room: what was said since it was invited; nothing older."""
    joined = _last(events, me, "join")
    if joined is None:
        return events
    invited = _last(events[:joined], me, "invite")
    return events[(joined if invited is None else invited) + 1 :]


def _last(events: list[Any], me: str, membership: str) -> int | None:
    """Where the bot's membership last became this."""
    for place in range(len(events) - 1, -1, -1):
        event = events[place]
        if not isinstance(event, Mapping) or event.get("type") != "m.room.member" or event.get("state_key") != me:
            continue
        before = ((event.get("unsigned") or {}).get("prev_content") or {}).get("membership")
        if (event.get("content") or {}).get("membership") == membership and before != membership:
            return place
    return None
