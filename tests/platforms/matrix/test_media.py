"""What a file of ours is on Matrix."""

from base64 import b64encode

import pytest

from bot.platforms.matrix import media
from handlers.events import Place
from handlers.orders import SendFile

PLACE = Place("matrix", "!room:example.org")


@pytest.mark.parametrize(
    ("order", "kind", "mime", "content"),
    [
        (SendFile(place=PLACE, name="podatki.json", content='{"š": 1}'), "document", "application/json", '{"š": 1}'.encode()),
        (SendFile(place=PLACE, name="report.png", content=b64encode(b"\x89PNG").decode(), encoded=True), "photo", "image/png", b"\x89PNG"),
    ],
)
def test_our_data_are_a_document_and_our_pictures_an_image(order: SendFile, kind: str, mime: str, content: bytes) -> None:
    file = media.made(order)
    assert (file.name, file.kind, file.mime, file.content) == (order.name, kind, mime, content)
