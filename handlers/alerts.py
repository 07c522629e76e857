"""What the advisers are told about the desk itself: once when it begins, once when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.desk import Desk
from handlers.hours import written
from handlers.orders import Order
from handlers.saying import to_staff

DEAF_AFTER = timedelta(minutes=5)
BEHIND_AFTER = timedelta(minutes=2)

_MEGABYTE = 1_000_000
_LEAST_FREE = 500 * _MEGABYTE
_LEAST_SHARE = 0.05
_ENOUGH = 1.2
"""So many times that much has to be free again before it is over, so that it is not said at every file that comes and goes."""

_DEAF, _DISK, _BEHIND = "deaf ", "disk", "behind"


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes."""

    free: int
    total: int

    def is_short(self, times: float) -> bool:
        return self.free < times * _LEAST_FREE or self.free < times * _LEAST_SHARE * self.total


@dataclass(frozen=True, slots=True)
class Signs:
    """How the desk is doing."""

    heard: Mapping[str, datetime]
    """By platform: when it last answered."""
    disk: Disk | None = None
    """The one with the least room."""
    waiting_since: datetime | None = None
    """When the oldest event that is not dealt with came in."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the advisers know of from now on, with since when it is so; and what is to be said to them."""

    known: Mapping[str, datetime]
    orders: tuple[Order, ...] = ()


def tell(signs: Signs, known: Mapping[str, datetime], desk: Desk, now: datetime) -> Told:
    """While the staff channel's own platform is silent nothing is said; when it is heard again, it is said since when it was not."""
    troubles = _troubles(signs, known, now)
    mute = f"{_DEAF}{desk.staff.platform}"
    if mute in troubles:
        return Told({mute: troubles[mute], **known})
    begun = [_begins(name, since, signs, desk, now) for name, since in troubles.items() if name not in known]
    over = [_is_over(name, since, desk, now) for name, since in known.items() if name not in troubles]
    return Told({name: known.get(name, since) for name, since in troubles.items()}, tuple(to_staff(desk, text) for text in begun + over))


def _troubles(signs: Signs, known: Mapping[str, datetime], now: datetime) -> Mapping[str, datetime]:
    """By name, with since when it is so."""
    found = {f"{_DEAF}{platform}": at for platform, at in signs.heard.items() if now - at > DEAF_AFTER}
    if signs.disk is not None and signs.disk.is_short(_ENOUGH if _DISK in known else 1):
        found[_DISK] = now
    if signs.waiting_since is not None and now - signs.waiting_since > BEHIND_AFTER:
        found[_BEHIND] = signs.waiting_since
    return found


def _begins(name: str, since: datetime, signs: Signs, desk: Desk, now: datetime) -> str:
    texts, when = desk.staff_texts, _when(since, desk, now)
    match name:
        case "disk":
            return texts.alert_disk.format(free=signs.disk.free // _MEGABYTE if signs.disk else 0)
        case "behind":
            return texts.alert_behind.format(since=when)
        case _:
            return texts.alert_deaf.format(platform=name.removeprefix(_DEAF), since=when)


def _is_over(name: str, since: datetime, desk: Desk, now: datetime) -> str:
    texts = desk.staff_texts
    match name:
        case "disk":
            return texts.alert_disk_over
        case "behind":
            return texts.alert_behind_over
        case _:
            return texts.alert_heard.format(platform=name.removeprefix(_DEAF), since=_when(since, desk, now))


def _when(at: datetime, desk: Desk, now: datetime) -> str:
    """`10.05`; with the day when it is another."""
    local, texts = at.astimezone(desk.hours.zone), desk.staff_texts
    clock = texts.hour_minute.format(hour=local.hour, minute=local.minute)
    return clock if local.date() == now.astimezone(desk.hours.zone).date() else f"{written(local.date(), texts)} {clock}"
