"""Telegram's limits, in virtual time."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from bot.platforms.telegram.outage import Outage
from bot.platforms.telegram.pacing import Limits, Pacer


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def sent(pacer: Pacer, clock: Clock, orders: list[tuple[int, str]], seconds: float) -> list[tuple[float, int, str]]:
    """Everybody tries again when told to; who sent when."""
    done, due = [], dict.fromkeys(orders, clock.now)
    end = clock.now + seconds
    while due and clock.now < end:
        for order in [order for order in orders if due.get(order, end) <= clock.now]:
            if wait := pacer.wait(*order):
                due[order] = clock.now + wait
            else:
                done.append((clock.now, *order))
                del due[order]
        clock.now += 0.05
    return done


def test_a_second_lies_between_two_messages_in_a_chat_and_nobody_overtakes() -> None:
    clock = Clock()
    done = sent(Pacer(clock), clock, [(7, f"k{number}") for number in range(5)], 20)
    times = [at for at, _, _ in done]
    assert [key for _, _, key in done] == [f"k{number}" for number in range(5)]
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(times))


def test_a_group_gets_twenty_messages_a_minute() -> None:
    clock = Clock()
    done = sent(Pacer(clock), clock, [(-7, f"k{number}") for number in range(50)], 300)
    times = [at for at, _, _ in done]
    assert len(times) == 50
    assert all(later - earlier >= 59.999 for earlier, later in zip(times, times[20:], strict=False))


def test_an_album_counts_as_many_messages_as_it_has() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    assert pacer.wait(-7, "album") == 0
    pacer.count(-7, 9)
    done = sent(pacer, clock, [(-7, f"k{number}") for number in range(11)], 100)
    assert [at - 1000 < 60 for at, _, _ in done] == [True] * 10 + [False]


def test_thirty_messages_a_second_in_all() -> None:
    clock = Clock()
    done = sent(Pacer(clock), clock, [(chat, f"k{chat}") for chat in range(1, 101)], 30)
    times = [at for at, _, _ in done]
    assert len(times) == 100
    assert all(later - earlier >= 0.999 for earlier, later in zip(times, times[30:], strict=False))
    assert times[-1] - times[0] < 5


def test_a_429_silences_that_chat_only() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    pacer.silence(7, 10)
    assert pacer.wait(7, "a") == 10
    assert pacer.wait(8, "b") == 0
    clock.now += 10
    assert pacer.wait(7, "a") == 0


def test_quiet_chats_are_forgotten() -> None:
    clock = Clock()
    pacer = Pacer(clock, Limits(second=10**6))
    for chat in range(1, 12_000):
        pacer.wait(chat, f"k{chat}")
        clock.now += 0.1
    assert len(pacer._chats) <= 5001


def test_an_outage_is_asked_about_less_than_once_a_second_and_noticed_within_fifteen() -> None:
    clock = Clock()
    outage = Outage(clock)
    asked: Counter[int] = Counter()
    pauses = []
    while clock.now < 1300:
        if outage.wait == 0:
            asked[int(clock.now)] += 1
            pauses.append(outage.failed("502"))
            outage.failed("502 for another, who asked at the same time")
        clock.now += 0.1
    assert max(asked.values()) == 1
    assert max(pauses) == 15
    outage.worked()
    assert not outage.is_on
    assert outage.wait == 0
