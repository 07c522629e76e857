"""The people and faults over HTTP, for a server that runs as a process of its own.

Every call is `POST /control/<what>` with a JSON object:

    user    {"name": "Ana"}                                         -> {"id": 1001}
    group   {"title": "Svetovalci", "forum": true, "members": [1001]} -> {"id": -100…}
    do      {"who": 1001, "does": "says", "args": ["Živjo"], "with": {"chat": {"group": -100…}}}
    faults  {"does": "fail", "args": ["sendMessage", 3], "with": {"code": 500}}
    sees    {"where": 1001, "topic": null}                          -> messages
    calls   {"since": 0}                                            -> calls
    set     {"limits": true, "privacy": false, "topic_gone": "TOPIC_DELETED"}
    later   {"hours": 25}

Arguments that are not plain values: {"message": [chat, id]}, {"person": id}, {"group": id}, {"topic": [group, id]}.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.platforms.botapi.faults import Fault
from tests.platforms.botapi.groups import Group
from tests.platforms.botapi.people import Person
from tests.platforms.botapi.server import BotApi, Call
from tests.platforms.botapi.world import Json, Message, Query, Topic


def control(api: BotApi) -> None:
    """Let the server be directed over HTTP; before it starts to listen."""
    actions: dict[str, Callable[[BotApi, Json], Awaitable[Any]]] = {
        "user": _user,
        "group": _group,
        "do": _do,
        "faults": _faults,
        "sees": _sees,
        "calls": _calls,
        "set": _set,
        "later": _later,
    }

    async def answer(request: web.Request) -> web.Response:
        action = actions.get(request.match_info["what"])
        if action is None:
            return web.json_response({"error": f"one of {', '.join(actions)} expected"}, status=404)
        try:
            return web.json_response(_shown(await action(api, await request.json())))
        except (AssertionError, LookupError, TypeError, AttributeError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    api.routes.append(web.post("/control/{what}", answer))


async def _user(api: BotApi, p: Json) -> Person:
    return api.user(**p)


async def _group(api: BotApi, p: Json) -> Group:
    return api.group(**p | {"members": [api.people[id] for id in p.get("members", [])]})


async def _do(api: BotApi, p: Json) -> Any:
    values = {name: _meant(api, value) for name, value in p.get("with", {}).items()}
    return await getattr(_somebody(api, p["who"]), p["does"])(*(_meant(api, value) for value in p.get("args", [])), **values)


async def _faults(api: BotApi, p: Json) -> Any:
    return getattr(api.faults, p["does"])(*p.get("args", []), **p.get("with", {}))


async def _sees(api: BotApi, p: Json) -> Any:
    return api.sees(_somebody(api, p["where"]), p.get("topic"), deleted=p.get("deleted", False))


async def _calls(api: BotApi, p: Json) -> Any:
    return api.calls[p.get("since", 0) :]


async def _set(api: BotApi, p: Json) -> None:
    for name in ("limits", "privacy", "topic_gone"):
        setattr(api.world, name, p.get(name, getattr(api.world, name)))


async def _later(api: BotApi, p: Json) -> None:
    api.later(**p)


def _somebody(api: BotApi, id: int) -> Person | Group:
    return api.people[id] if id in api.people else _that_group(api, id)


def _that_group(api: BotApi, id: int) -> Group:
    return next(
        group for group in api.groups if id in (group.id, *(old for old in api.world.chats if api.world.chats[old].migrated_to == group.id))
    )


def _meant(api: BotApi, value: Any) -> Any:
    match value:
        case {"message": [chat, id]}:
            return api.world.chats[chat].messages[id]
        case {"topic": [chat, id]}:
            return _that_group(api, chat).chat.topics[id]
        case {"person": id} | {"group": id}:
            return _somebody(api, id)
        case _:
            return value


def _shown(value: Any) -> Any:
    match value:
        case list():
            return [_shown(one) for one in value]
        case Message():
            return value.data | {"deleted": value.deleted, "edited": value.edited, "labels": value.labels}
        case Person() | Group() | Topic():
            return {"id": value.id}
        case Query():
            return {"id": value.id, "answer": value.answer}
        case Fault():
            return {"left": value.left, "met": value.met}
        case Call():
            parameters = {
                name: one if isinstance(one, str | int | float | dict | list | None) else str(one) for name, one in value.parameters.items()
            }
            return {
                "method": value.method,
                "parameters": parameters,
                "at": value.at,
                "error": value.error,
                "description": value.description,
            }
        case _:
            return value
