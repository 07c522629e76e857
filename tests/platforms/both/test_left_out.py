"""Which attachments did not come along."""

from bot.platforms.base import File, left_out
from handlers.events import Attachment


def file(kind: str, name: str) -> File:
    return File(name, kind, "application/octet-stream", b"")


def test_an_attachment_without_a_name_may_have_got_one_on_the_way() -> None:
    assert left_out([Attachment("photo")], [file("photo", "file_1.jpg")]) == []


def test_what_has_no_file_is_left_out_wherever_it_stands() -> None:
    first, large, last = Attachment("document", name="a.pdf"), Attachment("video", name="b.mp4"), Attachment("document", name="c.pdf")
    assert left_out([first, large, last], [file("document", "a.pdf"), file("document", "c.pdf")]) == [large]
    assert left_out([large, first], []) == [large, first]
