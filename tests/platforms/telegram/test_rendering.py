"""Our Markdown → text with entities, counted as Telegram counts."""

from hypothesis import given
from hypothesis import strategies as st
from telegram.constants import MessageEntityType

from bot.platforms.telegram.rendering import TEXT_LIMIT, Mark, Rendered, called, keyboard, relayed, render, split, units
from handlers.events import Sender
from handlers.orders import Choice, Quote, Text, Verb


def shown(whole: Rendered) -> list[tuple[str, str]]:
    """Each entity's kind and the text it covers, cut in UTF-16 as an app does."""
    text = whole.text.encode("utf-16-le")
    return [(one.type, text[2 * one.offset : 2 * (one.offset + one.length)].decode("utf-16-le")) for one in whole.entities]


def test_bold_links_and_lists_are_entities_and_signs_not_markup() -> None:
    whole = render((Text("🎨 **Krepko** in [SPOT](https://spot.gov.si)\n\n- prva\n- druga\n\n1. ena"),))
    assert whole.text == "🎨 Krepko in SPOT\n\n• prva\n• druga\n\n1. ena"
    assert shown(whole) == [("bold", "Krepko"), ("text_link", "SPOT")]


def test_what_people_write_is_never_read_as_markup() -> None:
    whole = render((Text("Vprašanje:"), Quote("**ne** [to](https://x.si) <b>")), quoted=True)
    assert whole.text == "Vprašanje:\n\n**ne** [to](https://x.si) <b>"
    assert shown(whole) == [("blockquote", "**ne** [to](https://x.si) <b>")]
    assert relayed("Ana", "*a*").text == "Ana:\n\n*a*"


def test_an_address_that_telegram_would_not_link_stands_behind_its_words() -> None:
    assert render((Text("[Pišite](mailto:a@b.si)"),)).text == "Pišite (a@b.si)"
    assert render((Text("[a@b.si](mailto:a@b.si)"),)).text == "a@b.si"


def test_a_long_text_is_parted_between_paragraphs() -> None:
    paragraphs = [f"{number} " + "š" * 1500 for number in range(5)]
    pieces = split(Rendered("\n\n".join(paragraphs)))
    assert [piece.text for piece in pieces] == ["\n\n".join(paragraphs[:2]), "\n\n".join(paragraphs[2:4]), paragraphs[4]]


@given(st.text(alphabet="a š🎨\n\t", max_size=400), st.integers(5, 40), st.integers(0, 400), st.integers(0, 400))
def test_no_piece_is_too_long_no_word_is_lost_and_no_entity_reaches_beyond_its_text(text: str, limit: int, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    whole = Rendered(text, (Mark(MessageEntityType.BOLD, start, end),) if end > start else ())
    pieces = split(whole, limit)
    assert "".join("".join(piece.text for piece in pieces).split()) == "".join(text.split())
    marked = ""
    for piece in pieces:
        assert 0 < units(piece.text) <= limit
        assert piece.text == piece.text.strip()
        for entity in piece.entities:
            assert entity.length > 0
            assert entity.offset + entity.length <= units(piece.text)
        marked += "".join(covered for _, covered in shown(piece))
    assert "".join(marked.split()) == "".join(text[start:end].split())


def test_4096_units_fit_in_one_message_and_one_more_does_not() -> None:
    assert len(split(Rendered("🎨" * (TEXT_LIMIT // 2)))) == 1
    assert len(split(Rendered("🎨" * (TEXT_LIMIT // 2) + "a"))) == 2


def test_choices_are_buttons_with_their_opaque_ids_and_links_are_opened_by_the_app() -> None:
    short = keyboard((Choice("Da", Verb.HELPED, id="a"), Choice("Ne", Verb.NOT_HELPED, id="b")))
    assert short is not None
    assert [[button.callback_data for button in row] for row in short.inline_keyboard] == [["a", "b"]]
    long = keyboard((Choice("Kako odprem s.p. in kaj za to potrebujem?", Verb.SHOW_ENTRY, id="a"), Choice("Ne", Verb.KEEP, id="b")))
    assert long is not None
    assert len(long.inline_keyboard) == 2
    link = keyboard((Choice("Odpri", Verb.OPEN_CHAT, url="https://t.me/kki_bot?start=q1"),))
    assert link is not None
    assert link.inline_keyboard[0][0].url == "https://t.me/kki_bot?start=q1"
    assert keyboard(()) is None


def test_advisers_are_mentioned_by_name_so_that_they_are_notified() -> None:
    whole = called((Sender("7", "🎨 Maja"), Sender("8", "Tone"), Sender("console", "Eva")))
    assert whole.text == "🎨 Maja, Tone, Eva"
    assert shown(whole) == [("text_mention", "🎨 Maja"), ("text_mention", "Tone")]
    assert [one.user.id for one in whole.entities if one.user] == [7, 8]
