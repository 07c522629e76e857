"""The desk's orders, carried out in Matrix. Everything is sent under the order's key, so that a repeat is dropped by the server."""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import nio

from bot.platforms.base import (
    WITHOUT_CONTENT,
    File,
    NotSent,
    Receipt,
    Refused,
    ThreadGone,
    ThreadMade,
    TooLarge,
    Unknown,
    Unreachable,
    left_out,
)
from bot.platforms.matrix import media, rendering
from bot.platforms.matrix.client import Client, Json, NotReached, ServerError, path
from bot.platforms.matrix.errands import Errands
from bot.platforms.matrix.keeping import Carried, Keeping
from bot.platforms.matrix.rooms import Rooms
from handlers.events import Attachment, MessageRef, Place
from handlers.orders import (
    Change,
    Choice,
    Mark,
    OpenChat,
    OpenThread,
    Order,
    React,
    Relay,
    Remove,
    Say,
    SendFile,
    ShowState,
    ShowWaiting,
    Sign,
    destination,
)
from handlers.saying import pieces

log = logging.getLogger(__name__)

_MARKS = {Sign.SENT: "✅", Sign.INTERNAL: "📝", Sign.FAILED: "❌", Sign.SEEN: "👀"}
_MOST_REACTIONS = 6
"""A longer list of choices gets no reactions of the bot's: one may still react, or type the number."""
_SOON = timedelta(seconds=2)
_CHANNEL_TROUBLE = timedelta(seconds=10)
_WAITING = "waiting list"


class Sending:
    def __init__(self, client: Client, rooms: Rooms, keeping: Keeping, errands: Errands, largest: int) -> None:
        self.client = client
        self.rooms = rooms
        self.keeping = keeping
        self.errands = errands
        self.largest = largest

    async def send(self, order: Order, key: str, files: Sequence[File]) -> Receipt:
        room = self.rooms.actual(destination(order)[1])
        if room not in self.client.rooms:
            raise self._gone(room, "not in this room") if self.rooms.ready else NotSent("the rooms are not known yet", _SOON)
        thread = order.place.thread if isinstance(order, Say | Relay | ShowState | SendFile) else None
        async with self._translated(room, thread, opens=isinstance(order, OpenThread)):
            receipt = await self._carry_out(order, room, key, files)
        self.errands.said(room)
        return receipt

    async def _carry_out(self, order: Order, room: str, key: str, files: Sequence[File]) -> Receipt:
        match order:
            case Say(place=place, parts=parts, choices=choices, reply_to=reply_to, mentions=mentions):
                content = rendering.called(mentions, rendering.render(parts, choices))
                id = await self._message(room, place, content, key, reply_to)
                await self._offer(room, id, choices, key)
                return Receipt(id)
            case Relay():
                return await self._relay(order, room, key, files)
            case OpenThread(place=Place(thread=str(root)), choices=choices):
                await self._offer(room, root, choices, key)
                return Receipt(root, thread=root)
            case OpenThread(title=title, parts=parts, choices=choices):
                content = rendering.message(rendering.render_card(title, parts, choices))
                raise ThreadMade(await self.client.send_event(room, "m.room.message", content, key))
            case ShowState(place=Place(thread=str(root)), state=state, title=title, choices=choices):
                await self._edit_card(room, root, key, lambda card: rendering.with_state(card, state, title, choices))
                if choices:
                    await self._offer(room, root, choices, key)
            case Change(message=message):
                return await self._change(order, message, room, key)
            case Remove(message=message):
                await self._remove(room, message.id, key)
            case Mark():
                await self._mark(order, room, key)
            case React(message=message, emoji=emoji):
                await self._show_reaction(room, message.id, emoji, key)
            case OpenChat():
                await self._open_chat(order, key)
            case SendFile(place=place, parts=parts):
                text = rendering.message(rendering.render(parts))
                id = await self._message(room, place, text, key, None)
                shown = await media.upload(self.client, media.made(order), encrypt=self._seals(room))
                await self._message(room, place, shown, f"{key}-f0", None)
                return Receipt(id)
            case ShowWaiting():
                await self._show_waiting(order, room, key)
        return Receipt()

    async def _message(self, room: str, place: Place, content: Json, key: str, reply_to: str | None) -> str:
        return await self.client.send_event(room, "m.room.message", rendering.related(content, place.thread, reply_to), key)

    # — choices —

    async def _offer(self, room: str, event: str, choices: Sequence[Choice], key: str) -> None:
        """Reactions placed by the bot, each standing for a choice; those that stand for nothing any more are taken away."""
        signs = rendering.signs(choices)
        self.keeping.offer(event, {sign: choice.id for sign, choice in zip(signs, choices, strict=True) if sign})
        for number, (sign, reaction) in enumerate(self.keeping.placed(event).items()):
            await self._remove(room, reaction, f"{key}-x{number}")
            self.keeping.unplace(event, sign)
        if len(choices) > _MOST_REACTIONS:
            return
        for number, sign in enumerate(signs):
            missing = sign and not self.keeping.is_placed(event, sign)
            if missing and (placed := await self._react(room, event, sign, f"{key}-r{number}")):
                self.keeping.place(event, sign, placed)

    async def _react(self, room: str, event: str, sign: str, key: str) -> str | None:
        """None when the room does not allow it or it is there already."""
        try:
            return await self.client.send_event(room, "m.reaction", rendering.annotation(event, sign), key)
        except ServerError as error:
            if error.code not in ("M_DUPLICATE_ANNOTATION", "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN", "M_INVALID_PARAM"):
                raise
            log.info("no reaction in %s: %s", room, error)
            return None

    async def _show_reaction(self, room: str, event: str, sign: str, key: str) -> None:
        """One at a time, as the other side has one at a time."""
        if before := self.keeping.shown(event):
            await self._remove(room, before, f"{key}-x")
        self.keeping.show(event, await self._react(room, event, sign, key) if sign else None)

    # — a private chat —

    async def _open_chat(self, order: OpenChat, key: str) -> None:
        """In the room that the two have already, or in a new one. A repeat finds the room of the first time."""
        room = self.rooms.with_person(order.person) or await self._new_chat(order.person)
        self.keeping.carry(Carried(room, order.person, order.word, key))

    async def _new_chat(self, person: str) -> str:
        body: Json = {"preset": "private_chat", "is_direct": True, "invite": [person]}
        if self.client.machine is not None:
            content = {"algorithm": "m.megolm.v1.aes-sha2"}
            body["initial_state"] = [{"type": "m.room.encryption", "state_key": "", "content": content}]
        return str((await self.client.http.call("POST", path("createRoom"), body))["room_id"])

    # — what is changed —

    async def _change(self, order: Change, message: MessageRef, room: str, key: str) -> Receipt:
        if order.parts:
            new = rendering.message(rendering.render(order.parts, order.choices))
            await self.client.send_event(room, "m.room.message", rendering.edited(message.id, new), key)
        elif order.choices:
            await self._edit_card(room, message.id, key, lambda card: rendering.with_choices(card, order.choices))
        await self._offer(room, message.id, order.choices, key)
        return Receipt(message.id)

    async def _edit_card(self, room: str, event: str, key: str, changed: rendering.Changed) -> None:
        """Edit what stands there now. Nothing when it is gone: then there is nothing to show it on."""
        card = await self._current(room, event)
        if card and card.get("body"):
            new = rendering.message(changed(card))
            if new["body"] != card["body"]:
                await self.client.send_event(room, "m.room.message", rendering.edited(event, new), key)

    async def _current(self, room: str, event: str) -> Json | None:
        """A message of ours as it reads now, with its last edit."""
        raw = await self._fetched(room, event)
        if raw is None or raw.get("sender") != self.client.user_id:
            return None
        clear = self._opened(room, raw)
        edit = ((raw.get("unsigned") or {}).get("m.relations") or {}).get("m.replace")
        if isinstance(edit, dict) and edit.get("content") and (edited := self._opened(room, edit)):
            return edited["content"].get("m.new_content") or (clear or {}).get("content")
        return (clear or {}).get("content")

    def _opened(self, room: str, raw: Json) -> Json | None:
        if raw.get("type") != "m.room.encrypted":
            return raw
        try:
            return self.client.open(room, raw)
        except ValueError:
            return None

    async def _fetched(self, room: str, event: str) -> Json | None:
        try:
            return await self.client.http.call("GET", path("rooms", room, "event", event))
        except ServerError as error:
            if error.status in (403, 404):
                return None
            raise

    async def _remove(self, room: str, event: str, key: str) -> None:
        """With its edits: each of them is an event of its own that holds the whole text."""
        try:
            edits = await self.client.edits(room, event)
            for number, edit in enumerate(edits):
                await self.client.redact(room, edit, f"{key}-e{number}")
            await self.client.redact(room, event, key)
        except ServerError as error:
            if error.status not in (403, 404):
                raise
            log.info("could not remove a message in %s: %s", room, error)

    # — marks —

    async def _mark(self, order: Mark, room: str, key: str) -> None:
        await self._show_reaction(room, order.message.id, _MARKS[order.sign], key)
        if order.sign is Sign.FAILED and order.text:
            raw = await self._fetched(room, order.message.id)
            relation = ((raw or {}).get("content") or {}).get("m.relates_to") or {}
            thread = relation.get("event_id") if relation.get("rel_type") == "m.thread" else None
            text = rendering.related(rendering.message(rendering.plain(order.text)), thread, order.message.id)
            await self.client.send_event(room, "m.room.message", text, f"{key}-why")

    # — what others wrote —

    async def _relay(self, order: Relay, room: str, key: str, files: Sequence[File]) -> Receipt:
        if order.origin.platform == order.place.platform:
            files = await self._own_files(order.attachments)
        uploaded = [(file, content) for file in files if (content := await self._uploaded(room, file))]
        missing = left_out(order.attachments, [file for file, _ in uploaded])
        first, *others = pieces(order.text)
        text = rendering.render_relay(replace(order, text=first), missing)
        id = await self._message(room, order.place, rendering.message(text), key, order.reply_to)
        for number, piece in enumerate(others):
            text = rendering.render_relay(replace(order, text=piece, note=""), ())
            await self._message(room, order.place, rendering.message(text), f"{key}-t{number}", None)
        for number, (_, content) in enumerate(uploaded):
            await self._message(room, order.place, content, f"{key}-f{number}", None)
        return Receipt(id, missing=tuple(one for one in missing if one.kind not in WITHOUT_CONTENT))

    async def _own_files(self, attachments: Sequence[Attachment]) -> list[File]:
        files = []
        for attachment in attachments:
            try:
                files.append(await media.fetch(self.client, attachment, self.largest))
            except TooLarge as error:
                log.info("an attachment is not carried over: %s", error)
        return files

    async def _uploaded(self, room: str, file: File) -> Json | None:
        """The message that shows this file; None when it is larger than we or the homeserver allow."""
        if len(file.content) > self.largest:
            return None
        try:
            return await media.upload(self.client, file, encrypt=self._seals(room))
        except ServerError as error:
            if error.status != 413:
                raise
            log.warning("the homeserver takes no file of %d bytes", len(file.content))
            return None

    def _seals(self, room: str) -> bool:
        return self.client.machine is not None and self.client.encrypts(room)

    # — the list of waiting tickets —

    async def _show_waiting(self, order: ShowWaiting, room: str, key: str) -> None:
        """One message in the main timeline. Somebody new in it calls for attention, so it is said anew; all else is edited quietly."""
        known = json.loads(self.keeping.noted(_WAITING) or "{}")
        if known.get("room") != room:  # the staff room was upgraded, or is another: nothing stands there yet
            known = {}
        waiting = [item.ticket for item in order.waiting]
        shown = rendering.render_waiting(order, room)
        if known.get("key") == key or known.get("body") == rendering.digest(shown):
            return
        event = known.get("event")
        new = bool(set(waiting) - set(known.get("waiting") or ()))
        if event and not new:
            await self.client.send_event(room, "m.room.message", rendering.edited(event, rendering.message(shown)), key)
        elif new:
            content = rendering.message(shown, mentions={"room": True})
            last, event = event, await self.client.send_event(room, "m.room.message", content, key)
            if last and last != event:
                await self._remove(room, last, f"{key}-x")
        else:
            return
        state = {"event": event, "room": room, "waiting": waiting, "body": rendering.digest(shown), "key": key}
        self.keeping.note(_WAITING, json.dumps(state))

    # — errors —

    @asynccontextmanager
    async def _translated(self, room: str, thread: str | None, *, opens: bool) -> AsyncIterator[None]:
        try:
            yield
        except NotReached as error:
            if opens:  # the thread may be there: whoever writes in it is waited for
                raise Unknown(str(error)) from error
            raise NotSent(str(error), _SOON) from error  # it may have arrived; but the same key does not arrive twice
        except ServerError as error:
            raise self._named(error, room, thread) from error
        except nio.LocalProtocolError as error:
            raise Unknown(str(error)) from error

    def _named(self, error: ServerError, room: str, thread: str | None) -> Exception:
        if error.status == 429:
            return NotSent(str(error), timedelta(seconds=error.retry_after or 5))
        if error.status >= 500 or error.status in (401, 408):
            return NotSent(str(error), _SOON)
        if error.status in (403, 404):
            upgrading = self.keeping.noted(f"upgrading {room}")
            return NotSent("the room is being upgraded", _CHANNEL_TROUBLE) if upgrading else self._gone(room, str(error))
        if thread and ("relation" in error.message.lower() or "thread" in error.message.lower()):
            return ThreadGone(str(error))
        return Refused(str(error))

    def _gone(self, room: str, reason: str) -> Exception:
        """A person who is gone cannot be told; what is to be said in the staff room waits until the bot is let in (again)."""
        return NotSent(f"the staff room: {reason}", _CHANNEL_TROUBLE) if self.rooms.is_staff(room) else Unreachable(reason)
