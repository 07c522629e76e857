"""An album whose messages come one by one."""

from typing import Any

from bot.platforms.telegram.albums import PAUSE, Albums


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def said(number: int, album: str | None = None, sender: int = 7, chat: int = 7) -> dict[str, Any]:
    message = {"message_id": number, "chat": {"id": chat}, "from": {"id": sender}} | ({"media_group_id": album} if album else {})
    return {"update_id": number, "message": message}


def numbers(updates: list[Any]) -> list[int]:
    return [update["update_id"] for update in updates]


def test_it_is_put_aside_until_nothing_more_comes_and_others_do_not_wait_for_it() -> None:
    clock = Clock()
    albums = Albums(clock)
    assert albums.through([said(1, "a"), said(2, sender=8, chat=8)]) == [said(2, sender=8, chat=8)]
    clock.now = PAUSE - 0.1
    assert albums.through([said(3, "a")]) == []
    clock.now = 2 * PAUSE - 0.2
    assert albums.through([]) == []
    clock.now = 2 * PAUSE
    assert numbers(albums.through([])) == [1, 3]
    assert not albums.waiting


def test_what_its_sender_says_next_comes_behind_it() -> None:
    albums = Albums(Clock())
    albums.through([said(1, "a"), said(2, "a")])
    assert numbers(albums.through([said(3)])) == [1, 2, 3]
    albums.through([said(4, "b")])
    assert numbers(albums.through([said(5, "c")])) == [4]


def test_what_is_put_aside_outlives_the_process_and_what_comes_again_is_not_taken_twice() -> None:
    clock = Clock()
    before, after = Albums(clock), Albums(clock)
    before.through([said(1, "a"), said(2, "a")])
    after.remember(before.kept)
    assert after.through([said(2, "a")]) == []
    clock.now = 1
    assert numbers(after.through([])) == [1, 2]
    assert after.through([said(2, "a"), said(1, "a")]) == []
    assert not after.waiting

    again = Albums(clock)
    again.remember(after.kept)
    assert again.through([said(1, "a")]) == []
    assert not again.waiting


def test_what_is_no_update_passes_through_to_be_set_aside_elsewhere() -> None:
    strange: list[Any] = [None, 7, "x", {"message": "?"}, {"message": {"media_group_id": 5}}]
    assert Albums(Clock()).through(strange) == strange
