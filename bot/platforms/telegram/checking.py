"""`helpdesk check`: is the token known, is the bot in the staff group, may it do what it has to there; with the way out for each."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from telegram import Bot
from telegram.constants import ChatType
from telegram.error import ChatMigrated, InvalidToken, TelegramError

from bot import config
from bot.platforms.telegram.platform import opened
from bot.platforms.telegram.reading import Json, missing_rights

_RIGHTS = {
    "topics": "Manage topics: every ticket gets a topic of its own",
    "delete": "Delete messages: what an adviser takes back is deleted",
    "pin": "Pin messages: the bot may pin a ticket's card",
}


_PRIVACY = {
    False: "privacy mode on: in people's groups it hears commands and replies, and its @name only where it is an administrator",
    True: "privacy mode off: it is sent everything said in its groups, and keeps what is said to it (@BotFather: /setprivacy)",
}


class Finding(NamedTuple):
    ok: bool
    name: str
    text: str
    """What was found, with the way out where it is not as it should be."""


async def findings(settings: config.Config) -> AsyncIterator[Finding]:
    """Raises ConfigError when the token cannot even be read."""
    assert settings.telegram is not None
    async with AsyncExitStack() as stack:
        bot, _ = await opened(settings.telegram, stack)
        found = await _bot(bot, settings.telegram)
        yield found
        if found.ok and settings.staff.platform == "telegram":
            yield await _staff_group(bot, settings.staff.room)


async def _bot(bot: Bot, settings: config.Telegram) -> Finding:
    name = "telegram"
    try:
        me = await bot.get_me()
        hook = await bot.get_webhook_info()
    except InvalidToken:
        return Finding(False, name, "[telegram] token: Telegram does not know it; @BotFather shows the right one under /mybots")
    except TelegramError as error:
        return Finding(False, name, f"[telegram] api_url: {settings.api_url} does not answer ({error.message}); is the network there?")
    if hook.last_error_message and settings.webhook_url:
        return Finding(False, name, f"[telegram] webhook_url: Telegram cannot deliver to {hook.url}: {hook.last_error_message}")
    way = f"called at {settings.webhook_url}" if settings.webhook_url else "asks for updates by itself"
    return Finding(True, name, f"@{me.username}, {way}, {_PRIVACY[bool(me.can_read_all_group_messages)]}")


async def _staff_group(bot: Bot, room: str) -> Finding:
    name = "telegram staff group"
    if not room.lstrip("-").isdecimal():
        return Finding(False, name, f'[staff] room: expected a group\'s id such as "-1001234567890", got {room!r}')
    try:
        chat = await bot.get_chat(int(room))
        member = (await bot.get_chat_member(chat.id, bot.id)).to_dict()
    except ChatMigrated as error:
        return Finding(False, name, f'[staff] room: the group has a new id; put room = "{error.new_chat_id}"')
    except TelegramError as error:
        return Finding(False, name, f"[staff] room: the bot does not see {room} ({error.message}); add it to the group and check the id")
    if problems := missing(str(chat.type), bool(chat.is_forum), member):
        return Finding(False, name, f"{chat.title}: " + "; ".join(problems))
    return Finding(True, name, f"{chat.title}, with topics; the bot may manage topics, pin and delete")


def missing(type: str, is_forum: bool, member: Json) -> Sequence[str]:
    """What keeps the staff group from working as it should, each with the way out."""
    if type not in (ChatType.GROUP, ChatType.SUPERGROUP):
        return [f"is a {type} chat; make a group for the advisers and put its id here"]
    problems = [] if is_forum else ["topics are off, so tickets work by replies only; turn them on in the group's settings (Topics)"]
    if member["status"] not in ("administrator", "creator"):
        return [*problems, "the bot is no administrator; make it one in the group's settings, with Manage topics, Delete and Pin messages"]
    lacking = [_RIGHTS[right] for right in missing_rights(member) if is_forum or right != "topics"]
    return [*problems, *(f"the bot lacks the right to {right[0].lower()}{right[1:]}" for right in lacking)]
