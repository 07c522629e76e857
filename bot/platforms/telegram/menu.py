"""The menu of commands, as it opens behind the "/" in Telegram's apps."""

import logging
import re
from collections.abc import Mapping

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram.error import TelegramError

from handlers import advisers, commands
from handlers.desk import Desk
from handlers.texts import Texts

log = logging.getLogger(__name__)

_LINE = re.compile(r"^- /([a-z]+)[^–]*– (.+)$", re.MULTILINE)
_LONGEST = 256


async def show(bot: Bot, desk: Desk, staff_chat: int | None) -> None:
    """Set the menus; without them everything still works."""
    try:
        for language, texts in desk.texts.items():
            await bot.set_my_commands(person_menu(texts), BotCommandScopeAllPrivateChats(), language_code=language)
        await bot.set_my_commands(person_menu(desk.speaks(desk.language)), BotCommandScopeAllPrivateChats())
        if staff_chat is not None:
            await bot.set_my_commands(adviser_menu(desk.staff_texts), BotCommandScopeChat(staff_chat))
    except TelegramError as error:
        log.warning("Telegram: the menu of commands could not be set: %s", error.message)


def person_menu(texts: Texts) -> list[BotCommand]:
    return _menu(texts.help, texts, {english: slovene for english, (slovene, _) in commands.NAMES.items()})


def adviser_menu(texts: Texts) -> list[BotCommand]:
    return _menu(texts.staff_help, texts, {english: slovene for english, (slovene, _) in advisers.NAMES.items()})


def _menu(help_: str, texts: Texts, names: Mapping[str, str]) -> list[BotCommand]:
    """What the help says about each command, so that it is written only once."""
    known = {*names, *names.values()}
    return [BotCommand(name, says[:1].upper() + says[1:_LONGEST]) for name, says in _LINE.findall(help_) if name in known]
