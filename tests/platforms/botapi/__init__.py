"""A Telegram Bot API server that keeps Telegram's rules, and people to play with it.

async with BotApi(token="123:TEST", username="kki_bot") as api:
    ana = api.user("Ana", language="sl")
    await ana.says("Kako se upokojim?")
    await api.until(lambda: api.texts(ana))

It is stricter than Telegram where a mistake would pass unseen: unknown parameters, limits and overlapping entities are errors. It does
not know parse_mode, inline queries, channels, payments, stories, business accounts, managed bots; a method that Telegram has and this
server has not answers 400. How long Telegram is cross after a 429, and its limits on making topics, are not played.
"""

from tests.platforms.botapi.faults import Fault, Faults
from tests.platforms.botapi.groups import Group
from tests.platforms.botapi.people import Person
from tests.platforms.botapi.server import BotApi, Call
from tests.platforms.botapi.world import Message, Query, Topic

__all__ = ["BotApi", "Call", "Fault", "Faults", "Group", "Message", "Person", "Query", "Topic"]
