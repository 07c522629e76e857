"""A Telegram Bot API server that keeps Telegram's rules, and people to play with it.

async with BotApi(token="123:TEST", username="kki_bot") as api:
    ana = api.user("Ana", language="sl")
    await ana.says("Kako se upokojim?")
    await api.until(lambda: api.texts(ana))
"""

from tests.platforms.botapi.faults import Fault, Faults
from tests.platforms.botapi.groups import Group
from tests.platforms.botapi.people import Person
from tests.platforms.botapi.server import BotApi, Call
from tests.platforms.botapi.world import Message, Query, Topic

__all__ = ["BotApi", "Call", "Fault", "Faults", "Group", "Message", "Person", "Query", "Topic"]
