"""Attachments: fetched and decrypted, uploaded and encrypted where the room is."""

import asyncio
import io
import json
import mimetypes
from typing import Any
from urllib.parse import urlsplit

from nio.crypto.attachments import decrypt_attachment, encrypt_attachment

from bot.platforms.base import File, NotSent, TooLarge
from bot.platforms.matrix.client import Client, Json, NotReached, ServerError, path
from handlers.events import Attachment
from handlers.orders import SendFile

_WITHIN = 120.0
_MESSAGES = {"photo": "m.image", "sticker": "m.image", "video": "m.video", "audio": "m.audio", "voice": "m.audio"}
_PIECE = 65536


async def fetch(client: Client, attachment: Attachment, largest: int) -> File:
    """Raises TooLarge for what is larger, or has no content at all (a location, a poll), or is gone; NotSent when it may come yet."""
    ref = _reference(attachment)
    if ref is None or (attachment.size or 0) > largest:
        raise TooLarge(attachment.kind)
    url = urlsplit(ref["url"])
    try:
        where = path("media", "download", url.netloc, url.path.strip("/"), under="/_matrix/client/v1")
        content = await _download(client, where, largest)
    except NotReached as error:
        raise NotSent(str(error)) from error
    except ServerError as error:
        if error.status in (429, 500, 502, 503, 504):
            raise NotSent(str(error)) from error
        raise TooLarge(f"not there any more: {error}") from error
    if "key" in ref:
        try:
            content = await asyncio.to_thread(decrypt_attachment, content, ref["key"], ref["hash"], ref["iv"])
        except Exception as error:
            raise TooLarge(f"cannot be decrypted: {type(error).__name__}") from error
    return File(attachment.name, attachment.kind, ref.get("mime") or "application/octet-stream", content)


def _reference(attachment: Attachment) -> dict[str, str] | None:
    try:
        ref = json.loads(attachment.ref)
    except ValueError:
        return None
    return ref if isinstance(ref, dict) and str(ref.get("url")).startswith("mxc://") else None


async def _download(client: Client, where: str, largest: int) -> bytes:
    async with client.http.request("GET", where, within=_WITHIN) as response:
        if response.status >= 400:
            raise ServerError(response.status, {"error": response.reason})
        content = bytearray()
        async for piece in response.content.iter_chunked(_PIECE):
            content += piece
            if len(content) > largest:
                raise TooLarge("larger than it was said to be")
        return bytes(content)


def made(order: SendFile) -> File:
    """A file of ours, as what it is shown."""
    if order.is_picture:
        return File(order.name, "photo", "image/png", order.data)
    return File(order.name, "document", mimetypes.guess_type(order.name)[0] or "text/plain", order.data)


async def upload(client: Client, file: File, *, encrypt: bool) -> Json:
    """The content of the message that shows this file. Raises ServerError or NotReached."""
    name = file.name or f"{file.kind}{mimetypes.guess_extension(file.mime) or ''}"
    content, keys, mime = file.content, None, file.mime
    if encrypt:
        content, keys = await asyncio.to_thread(encrypt_attachment, file.content)
        mime = "application/octet-stream"
    where = "/_matrix/media/v3/upload"
    query = {} if encrypt else {"filename": name}
    async with client.http.request("POST", where, io.BytesIO(content), mime, within=_WITHIN, **query) as response:
        answer = await response.json(content_type=None) if response.status < 500 else {}
        if response.status >= 400:
            raise ServerError(response.status, answer if isinstance(answer, dict) else {})
    return _message(file, name, str(answer["content_uri"]), keys)


def _message(file: File, name: str, url: str, keys: dict[str, Any] | None) -> Json:
    message: Json = {
        "msgtype": _MESSAGES.get(file.kind, "m.file"),
        "body": name,
        "filename": name,
        "info": {"mimetype": file.mime, "size": len(file.content)},
        "m.mentions": {},
    }
    if file.kind == "voice":
        message["org.matrix.msc3245.voice"] = {}
    if keys is None:
        return message | {"url": url}
    return message | {"file": {**keys, "url": url, "mimetype": file.mime}}
