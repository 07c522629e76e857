import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.language import detect


@pytest.mark.parametrize(
    "text",
    [
        "Kako odprem s.p.?",
        "ali moram placati davek",
        "kva nej z mušterjo podpišem",
        "racun",
        "a mormo kej prjavt",
        "Kdaj moram oddati invoice za client iz tujine?",
        "rabm portfolio",
    ],
)
def test_slovene_is_recognised(text):
    assert detect(text) == "sl"


@pytest.mark.parametrize(
    "text",
    [
        "How do I register?",
        "taxes",
        "I want sell my candles by internet",
        "where in Škofja Loka is the help desk",
        "do i need a popoldanski s.p. for this",
        "thanks",
    ],
)
def test_english_is_recognised(text):
    assert detect(text) == "en"


@pytest.mark.parametrize("text", ["", "😊", "SAZAS IPF ZAMP", "12345", "DDV", "?"])
def test_what_could_be_either_is_not_clear(text):
    assert detect(text) is None


def test_a_conversation_changes_its_language_for_a_sentence_not_for_a_loanword():
    assert detect("freelancer status") == "en"
    assert detect("freelancer status", so_far="sl") is None
    assert detect("What does it cost to register?", so_far="sl") == "en"
    assert detect("Koliko stane prijava?", so_far="en") == "sl"


@given(st.text())
def test_any_text_can_be_asked_about(text):
    assert detect(text) in ("sl", "en", None)
