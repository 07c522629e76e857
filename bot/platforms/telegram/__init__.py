"""Telegram: private chats and groups for people, a forum group for advisers."""

from bot.platforms.telegram.platform import NAME, Telegram, connect

__all__ = ["NAME", "Telegram", "connect"]
