"""What one side wrote, to the other: Telegram's own content as a copy, that of other platforms as files."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from telegram import Bot, InputFile, InputMediaDocument, InputMediaPhoto, InputMediaVideo
from telegram.error import BadRequest

from bot.platforms.base import WITHOUT_CONTENT, File, Receipt, left_out
from bot.platforms.quoting import inert
from bot.platforms.telegram import rendering, troubles
from bot.platforms.telegram.rendering import Rendered
from bot.platforms.telegram.rooms import Rooms
from bot.platforms.telegram.writing import Steps, Writing, as_id, reply
from handlers.desk import Desk
from handlers.events import Attachment
from handlers.orders import Relay
from handlers.texts import Texts

_CAPTIONED = frozenset({"photo", "video", "audio", "voice", "document"})
_ALBUM = 10
_UNCOPIED = ("can't be copied", "message to copy not found", "no messages to copy", "protected content", "message_id_invalid")


class Relaying:
    def __init__(self, bot: Bot, rooms: Rooms, desk: Desk, writing: Writing) -> None:
        self.bot = bot
        self.rooms = rooms
        self.desk = desk
        self.writing = writing

    async def relay(self, order: Relay, chat: int, steps: Steps, files: Sequence[File]) -> Receipt:
        if self._in_channel(order) and order.place.thread is None:
            order = replace(order, author=f"#{order.ticket} · {order.author}")
        if not order.attachments:
            return await self._text(order, chat, steps)
        if order.origin.platform != order.place.platform:
            return await self._files(order, chat, steps, files)
        try:
            if len(order.attachments) > 1:
                return await self._album(order, chat, steps)
            return await self._copy(order, chat, steps)
        except BadRequest as error:
            if not troubles.says(error, *_UNCOPIED):
                raise
            return await self._text(order, chat, Steps(f"{steps.key}/words"), order.attachments)

    async def _text(self, order: Relay, chat: int, steps: Steps, named: Sequence[Attachment] = ()) -> Receipt:
        whole = rendering.relayed(order.author, order.text, order.note, quoted=self._in_channel(order))
        whole = rendering.joined([whole, *(rendering.plain(placeholder(one, self._texts(order))) for one in named)], "\n")
        return await self.writing.text(chat, whole, steps, thread=order.place.thread, reply_to=order.reply_to)

    async def _copy(self, order: Relay, chat: int, steps: Steps) -> Receipt:
        """A copy keeps every kind of content without our ever loading it."""
        attachment = order.attachments[0]
        caption = rendering.relayed(order.author, order.text, order.note, quoted=self._in_channel(order))
        fits = attachment.kind in _CAPTIONED and rendering.units(caption.text) <= rendering.CAPTION_LIMIT
        if not fits:
            await self._heading(order, chat, steps, whole=attachment.kind in _CAPTIONED)
        copied = await self.bot.copy_message(
            chat,
            self.rooms.chat(order.origin.room),
            _message_of(attachment),
            caption=caption.text if fits else "" if attachment.kind in _CAPTIONED else None,
            caption_entities=caption.entities if fits else None,
            message_thread_id=as_id(order.place.thread),
            reply_parameters=reply(order.reply_to),
        )
        return Receipt(str(copied.message_id))

    async def _album(self, order: Relay, chat: int, steps: Steps) -> Receipt:
        await self._heading(order, chat, steps)
        ids = sorted({_message_of(attachment) for attachment in order.attachments})
        copied = await self.bot.copy_messages(chat, self.rooms.chat(order.origin.room), ids, message_thread_id=as_id(order.place.thread))
        if not copied:
            return await self._text(order, chat, Steps(f"{steps.key}/words"), order.attachments)
        self.writing.pacer.count(chat, len(copied) - 1)
        return Receipt(str(copied[0].message_id))

    async def _heading(self, order: Relay, chat: int, steps: Steps, *, whole: bool = False) -> None:
        """What has no caption of its own gets a line before it, where it would not be clear whose it is or that it may be a repeat."""
        unclear = self._in_channel(order) and order.place.thread is None
        if order.note or unclear or whole:
            text = order.text if whole else ""
            await self.writing.text(
                chat, rendering.relayed(order.author, text, order.note, quoted=self._in_channel(order)), steps, thread=order.place.thread
            )
            await self.writing.turn(chat, steps)

    async def _files(self, order: Relay, chat: int, steps: Steps, files: Sequence[File]) -> Receipt:
        """From another platform. What could not be carried over is named."""
        missing = left_out(order.attachments, files)
        caption = rendering.relayed(order.author, order.text, order.note, quoted=self._in_channel(order))
        caption = rendering.joined([caption, *(rendering.plain(self._named(one, order)) for one in missing)], "\n")
        albums = _albums(files)
        alone = len(albums) == 1 and rendering.units(caption.text) <= rendering.CAPTION_LIMIT
        place: dict[str, Any] = {"message_thread_id": as_id(order.place.thread)}
        if not alone:
            await self.writing.text(chat, caption, steps, thread=order.place.thread, reply_to=order.reply_to)
        for number, album in enumerate(albums, len(steps.pieces)):
            if number < len(steps.sent):
                continue
            if steps.sent:
                await self.writing.turn(chat, steps)
            steps.sent.append(await self._upload(chat, album, caption if alone else None, place))
        return Receipt(str(steps.sent[0]), missing=tuple(one for one in missing if one.kind not in WITHOUT_CONTENT))

    def _named(self, attachment: Attachment, order: Relay) -> str:
        named = placeholder(attachment, self._texts(order))
        return f"{named} ({order.not_carried})" if order.not_carried and attachment.kind not in WITHOUT_CONTENT else named

    async def _upload(self, chat: int, album: Sequence[File], caption: Rendered | None, place: dict[str, Any]) -> int:
        words: dict[str, Any] = {"caption": caption.text, "caption_entities": caption.entities} if caption else {}
        if len(album) > 1:
            types: dict[str, Any] = {"photo": InputMediaPhoto, "video": InputMediaVideo}
            media = [types.get(file.kind, InputMediaDocument)(file.content, filename=file.name or file.kind) for file in album]
            sent = await self.bot.send_media_group(chat, media, **words, **place)
            self.writing.pacer.count(chat, len(sent) - 1)
            return sent[0].message_id
        file = album[0]
        methods: dict[str, Any] = {
            "photo": self.bot.send_photo,
            "video": self.bot.send_video,
            "audio": self.bot.send_audio,
            "voice": self.bot.send_voice,
        }
        if method := methods.get(file.kind):
            try:
                return int((await method(chat, _upload(file), **words, **place)).message_id)
            except BadRequest as error:
                if troubles.thread_gone(error) or troubles.says(error, "topic_closed", "chat not found"):
                    raise  # else it is not what Telegram takes for such a file: as a document it goes
        return (await self.bot.send_document(chat, _upload(file), **words, **place)).message_id

    def _texts(self, order: Relay) -> Texts:
        return self.desk.staff_texts if self._in_channel(order) else self.desk.speaks(self.desk.language)

    def _in_channel(self, order: Relay) -> bool:
        return order.place.room == self.desk.staff.room


def placeholder(attachment: Attachment, texts: Texts) -> str:
    """What stands for something that cannot be shown: `[lokacija: 46.16530, 14.30650]`."""
    kind = texts.attachment.get(attachment.kind, texts.attachment["other"])
    name = " ".join(inert(attachment.name).split())
    return f"[{kind}: {name}]" if name else f"[{kind}]"


def _message_of(attachment: Attachment) -> int:
    return int(attachment.ref.partition(":")[0])


def _upload(file: File) -> InputFile:
    return InputFile(file.content, filename=file.name or file.kind)


def _albums(files: Sequence[File]) -> list[list[File]]:
    """Pictures and films together, documents together, everything else alone."""
    albums: list[list[File]] = []
    for file in files:
        if albums and len(albums[-1]) < _ALBUM and _class(file) == _class(albums[-1][0]) != "":
            albums[-1].append(file)
        else:
            albums.append([file])
    return albums


def _class(file: File) -> str:
    return {"photo": "visual", "video": "visual", "document": "document"}.get(file.kind, "")
