"""Files: what a person attaches, what the bot uploads, and what `getFile` finds again."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from tests.platforms.botapi.errors import ApiError, bad
from tests.platforms.botapi.spec import Upload

Json = dict[str, Any]

MEGABYTE = 1024 * 1024
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
_TYPICAL = {
    "photo": ("photo.jpg", "image/jpeg", PNG),
    "document": ("document.pdf", "application/pdf", b"%PDF-1.4 content"),
    "voice": ("voice.ogg", "audio/ogg", b"OggS content"),
    "audio": ("audio.mp3", "audio/mpeg", b"ID3 content"),
    "video": ("video.mp4", "video/mp4", b"ftyp content"),
    "video_note": ("video_note.mp4", "video/mp4", b"ftyp content"),
    "animation": ("animation.mp4", "video/mp4", b"ftyp content"),
    "sticker": ("sticker.webp", "image/webp", b"RIFF content"),
}
KINDS = tuple(_TYPICAL)


@dataclass(frozen=True, slots=True)
class File:
    id: str
    unique: str
    kind: str
    name: str
    mime: str
    content: bytes
    size: int

    @property
    def path(self) -> str:
        return f"{self.kind}s/file_{self.unique}{PurePath(self.name).suffix}"

    @property
    def reference(self) -> Json:
        return {"file_id": self.id, "file_unique_id": self.unique, "file_size": self.size}


class Files:
    def __init__(self) -> None:
        self.by_id: dict[str, File] = {}
        self.by_path: dict[str, File] = {}

    def add(self, kind: str, content: bytes | None = None, name: str = "", mime: str = "", size: int | None = None) -> File:
        usual_name, usual_mime, usual_content = _TYPICAL[kind]
        number, content = len(self.by_id) + 1, usual_content if content is None else content
        size = len(content) if size is None else size
        file = File(f"{kind}-{number:06}-ID", f"{number:06}", kind, name or usual_name, mime or usual_mime, content, size)
        self.by_id[file.id] = self.by_path[file.path] = file
        return file

    def take(self, kind: str, value: str | Upload) -> File:
        """A file the bot sends: uploaded now, or known by its id."""
        if isinstance(value, Upload):
            return self._upload(kind, value)
        if value.startswith(("http://", "https://")):
            raise bad("failed to get HTTP URL content")
        file = self.by_id.get(value.removesuffix("-s"))
        if file is None:
            raise bad("wrong file identifier/HTTP URL specified")
        if file.kind != kind:
            raise bad(f"can't use file of type {file.kind.capitalize()} as {kind.capitalize()}")
        return file

    def _upload(self, kind: str, upload: Upload) -> File:
        if not upload.content:
            raise bad("file must be non-empty")
        if len(upload.content) > (10 if kind == "photo" else 50) * MEGABYTE:
            raise ApiError(413, "Request Entity Too Large")
        if kind == "photo" and not upload.content.startswith(_IMAGES):
            raise bad("IMAGE_PROCESS_FAILED")
        return self.add(kind, upload.content, upload.name, upload.mime)

    def find(self, file_id: str) -> Json:
        file = self.by_id.get(file_id.removesuffix("-s"))
        if file is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if file.size > 20 * MEGABYTE:
            raise bad("file is too big")
        return file.reference | {"file_path": file.path}


def shown(file: File) -> Json:
    """The part of a message that a file makes."""
    side = {"width": 640, "height": 480}
    named = {"file_name": file.name, "mime_type": file.mime}
    match file.kind:
        case "photo":
            small = {"file_id": f"{file.id}-s", "file_unique_id": f"{file.unique}s", "file_size": 1, "width": 90, "height": 67}
            return {"photo": [small, file.reference | side]}
        case "document":
            return {"document": file.reference | named}
        case "voice":
            return {"voice": file.reference | {"duration": 3, "mime_type": file.mime}}
        case "audio":
            return {"audio": file.reference | named | {"duration": 3}}
        case "video_note":
            return {"video_note": file.reference | {"length": 240, "duration": 3}}
        case "sticker":
            return {"sticker": file.reference | {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}}
        case "animation":
            animation = file.reference | named | side | {"duration": 3}
            return {"animation": animation, "document": file.reference | named}
        case _:
            return {"video": file.reference | named | side | {"duration": 3}}


def other(kind: str, value: Any) -> Json:
    """Content without a file: a place, a contact, a poll, dice. `value` overrides what is usual."""
    usual: dict[str, Json] = {
        "location": {"latitude": 46.1657, "longitude": 14.3064},
        "contact": {"phone_number": "+38640123456", "first_name": "Ana"},
        "dice": {"emoji": "🎲", "value": 4},
        "poll": {
            "id": "5000000001",
            "question": "Kdaj?",
            "options": [
                {"text": "Danes", "voter_count": 0, "persistent_id": "0"},
                {"text": "Jutri", "voter_count": 0, "persistent_id": "1"},
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        },
        "venue": {"location": {"latitude": 46.1657, "longitude": 14.3064}, "title": "Sokolski dom", "address": "Mestni trg 16"},
    }
    content = {kind: usual[kind] | (value if isinstance(value, dict) else {})}
    return content | ({"location": content["venue"]["location"]} if kind == "venue" else {})
