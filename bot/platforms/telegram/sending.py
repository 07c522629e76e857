"""Orders → calls of the Bot API, and what became of them in our words."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from telegram import Bot, InputFile, ReactionTypeEmoji
from telegram.error import BadRequest, ChatMigrated, RetryAfter, TelegramError

from bot.platforms.base import File, NotSent, Paced, Receipt, Refused, ThreadGone, ThreadMade, TooLate, Unknown, Unreachable
from bot.platforms.telegram import rendering, topics, troubles
from bot.platforms.telegram.outage import Outage
from bot.platforms.telegram.pacing import Pacer
from bot.platforms.telegram.relaying import Relaying
from bot.platforms.telegram.rooms import Rooms
from bot.platforms.telegram.writing import Steps, Writing
from handlers.desk import Desk
from handlers.orders import Change, Choice, Mark, OpenThread, Order, React, Relay, Remove, Say, SendFile, ShowState, Sign, destination

_SIGNS = {Sign.SENT: "👌", Sign.INTERNAL: "✍", Sign.FAILED: "💔", Sign.SEEN: "👀"}
"""Among the reactions that Telegram allows; ✅ is not."""
_CHANNEL_TROUBLE = timedelta(seconds=10)


class Sending:
    def __init__(self, bot: Bot, rooms: Rooms, desk: Desk, pacer: Pacer, outage: Outage, ask: Callable[[], Awaitable[None]]) -> None:
        self.bot = bot
        self.rooms = rooms
        self.desk = desk
        self.pacer = pacer
        self.outage = outage
        self._ask = ask
        self._steps: dict[str, Steps] = {}
        self.writing = Writing(bot, pacer, desk)
        self.relaying = Relaying(bot, rooms, desk, self.writing)
        self.topics = topics.Topics(bot)

    async def send(self, order: Order, key: str, files: Sequence[File] = ()) -> Receipt:
        """Raises the errors of `bot.platforms.base`."""
        await self._ask()
        room = destination(order)[1]
        chat = self.rooms.chat(room)
        steps = self._steps.setdefault(key, Steps(key))
        if _is_message(order) and not steps.take_turn() and (seconds := self.pacer.wait(chat, key)):
            raise Paced("the limits of Telegram", timedelta(seconds=seconds))
        try:
            receipt = await self._healed(order, chat, steps, files)
        except TelegramError as error:
            steps.interrupted = True
            raise self._trouble(error, order, room, chat) from error
        self._steps.pop(key, None)
        self.outage.worked()
        return receipt

    def _trouble(self, error: TelegramError, order: Order, room: str, chat: int) -> Exception:
        if isinstance(error, RetryAfter):
            self.pacer.silence(chat, troubles.retry_after(error))
        if isinstance(error, ChatMigrated):
            self.rooms.move(room, error.new_chat_id)
            return Paced(error.message, timedelta(0))
        if troubles.is_outage(error):
            self.outage.failed(error.message)
        else:
            self.outage.worked()
        trouble = troubles.translated(error)
        in_channel = room == self.desk.staff.room
        if isinstance(trouble, Unreachable) and in_channel:
            # Tickets are not given up because the bot was removed: they wait until it is back, and one of them looks for all.
            self.pacer.silence(chat, _CHANNEL_TROUBLE.total_seconds())
            return NotSent(f"the staff group: {error.message}; add the bot to it as an administrator", _CHANNEL_TROUBLE)
        if isinstance(trouble, ThreadGone) and not in_channel:
            return NotSent(error.message, timedelta(seconds=1))
        if isinstance(order, Remove) and troubles.says(error, "can't be deleted for everyone"):
            return TooLate(error.message)
        if isinstance(trouble, Unknown) and not _is_message(order):
            return NotSent(error.message)  # done twice is as good as once
        return trouble

    async def _healed(self, order: Order, chat: int, steps: Steps, files: Sequence[File]) -> Receipt:
        """A topic closed by hand is opened again; where that is not allowed, or a group's topic is gone, the main chat has to do."""
        try:
            return await self._carry_out(order, chat, steps, files)
        except BadRequest as error:
            thread = order.place.thread if isinstance(order, Say | Relay | SendFile | OpenThread) else None
            in_channel = destination(order)[1] == self.desk.staff.room
            if thread is None:
                raise
            if troubles.says(error, "topic_closed"):
                if in_channel and await self.topics.reopened(chat, int(thread)):
                    return await self._carry_out(order, chat, steps, files)
            elif in_channel or not troubles.thread_gone(error):
                raise
            assert isinstance(order, Say | Relay | SendFile | OpenThread)
            return await self._carry_out(replace(order, place=replace(order.place, thread=None)), chat, steps, files)

    async def _carry_out(self, order: Order, chat: int, steps: Steps, files: Sequence[File]) -> Receipt:
        in_channel = destination(order)[1] == self.desk.staff.room
        match order:
            case Say(place=place, parts=parts, choices=choices, reply_to=reply_to, mentions=mentions):
                whole = rendering.joined([rendering.called(mentions), rendering.render(parts, quoted=in_channel)], "\n")
                if in_channel and order.ticket is not None and place.thread is None and f"#{order.ticket}" not in whole.text:
                    whole = rendering.plain(f"#{order.ticket}") + rendering.Rendered("\n") + whole
                buttons = rendering.keyboard(choices)
                return await self.writing.text(chat, whole, steps, thread=place.thread, reply_to=reply_to, buttons=buttons)
            case Relay():
                return await self.relaying.relay(order, chat, steps, files)
            case OpenThread():
                return await self._open_thread(order, chat, steps)
            case ShowState(place=place, state=state, title=title, choices=choices, card=card):
                if card is not None and choices:
                    await self._offer(chat, int(card.id), choices)
                if place.thread is not None:
                    await self.topics.show(chat, int(place.thread), state, title)
                return Receipt()
            case Change():
                return await self._change(order, chat)
            case Remove(message=message):
                await _unless(self.bot.delete_message(chat, int(message.id)), "message to delete not found")
                return Receipt()
            case React(message=message, emoji=emoji):
                await self._react(chat, int(message.id), emoji)
                return Receipt()
            case Mark():
                return await self._mark(order, chat, steps)
            case SendFile(place=place, name=name, parts=parts):
                file = InputFile(order.data, filename=name)
                caption = rendering.split(rendering.render(parts), rendering.CAPTION_LIMIT)[:1]
                return await self.writing.upload(chat, file, caption[0] if caption else None, picture=order.is_picture, thread=place.thread)
            case _:
                raise Refused(f"Telegram carries out no {type(order).__name__}")

    async def _open_thread(self, order: OpenThread, chat: int, steps: Steps) -> Receipt:
        """First the topic, then the card in it; where there are no topics, or no right to make one, the card alone."""
        thread = order.place.thread
        if thread is None and (made := await self.topics.make(chat, order.title)) is not None:
            steps.keep_turn()
            raise ThreadMade(str(made))
        card = rendering.render(order.parts, quoted=True)
        receipt = await self.writing.text(chat, card, steps, thread=thread, buttons=rendering.keyboard(order.choices))
        return Receipt(receipt.id, thread)

    async def _change(self, order: Change, chat: int) -> Receipt:
        id, buttons = int(order.message.id), rendering.keyboard(order.choices)
        if not order.parts:
            await self._offer(chat, id, order.choices)
            return Receipt(str(id))
        whole = rendering.render(order.parts, quoted=order.message.room == self.desk.staff.room)
        try:
            text = rendering.split(whole)[0]
            await self.bot.edit_message_text(text.text, chat, id, entities=text.entities, reply_markup=buttons)
        except BadRequest as error:
            if troubles.says(error, "no text in the message"):
                caption = rendering.split(whole, rendering.CAPTION_LIMIT)[0]
                edited = self.bot.edit_message_caption(
                    chat, id, caption=caption.text, caption_entities=caption.entities, reply_markup=buttons
                )
                await _unless(edited, "not modified")
            elif not troubles.says(error, "not modified"):
                raise
        return Receipt(str(id))

    async def _offer(self, chat: int, id: int, choices: Sequence[Choice]) -> None:
        """Other buttons under a message; nothing when it is not there any more."""
        changed = self.bot.edit_message_reply_markup(chat, id, reply_markup=rendering.keyboard(choices))
        await _unless(changed, "not modified", "message to edit not found", "message can't be edited", "message_id_invalid")

    async def _mark(self, order: Mark, chat: int, steps: Steps) -> Receipt:
        """A reaction; in words where reactions are not allowed, and always when something failed."""
        id = order.message.id
        shown = await self._react(chat, int(id), _SIGNS[order.sign])
        if order.text and (order.sign is Sign.FAILED or not shown):
            return await self.writing.text(chat, rendering.plain(order.text), steps, reply_to=id)
        return Receipt()

    async def _react(self, chat: int, id: int, emoji: str) -> bool:
        """False when it cannot be shown."""
        reaction = [ReactionTypeEmoji(emoji.replace("\ufe0f", ""))] if emoji else []
        try:
            await self.bot.set_message_reaction(chat, id, reaction)
        except BadRequest as error:
            return troubles.says(error, "message to react not found", "not modified")
        return True


def _is_message(order: Order) -> bool:
    """What Telegram counts as a message, and what must not be done twice."""
    return isinstance(order, Say | Relay | OpenThread | SendFile) or (isinstance(order, Mark) and order.sign is Sign.FAILED)


async def _unless(call: Awaitable[object], *excuses: str) -> None:
    """Do it; these refusals mean that it is as good as done."""
    try:
        await call
    except BadRequest as error:
        if not troubles.says(error, *excuses):
            raise
