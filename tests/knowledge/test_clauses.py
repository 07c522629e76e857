import pytest

from knowledge.clauses import leans_back, parts, questions, without


def test_punctuation_sets_parts_apart_but_not_abbreviations():
    assert parts("Živjo! Odprem s.p. ali d.o.o., prosim?") == ["Živjo", " Odprem s.p", " ali d.o.o", " prosim"]


def test_unwanted_parts_go_from_both_ends_only():
    greetings = {"Živjo", "hvala"}

    def is_greeting(part):
        return part.strip() in greetings

    assert without("Živjo, hvala. Kako se piše hvala, prosim? hvala!", is_greeting) == "Kako se piše hvala, prosim?"
    assert without("Živjo, hvala!", is_greeting) == "Živjo, hvala!"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kako odprem s.p.?", []),
        ("Kako odprem s.p. in koliko me to stane?", ["Kako odprem s.p.", "koliko me to stane"]),
        ("Odprla bi d. o. o. ali s. p. v Kranju", []),
        ("How do I start? When must I pay?", ["How do I start", "When must I pay"]),
        ("Imam ženo in otroke. Kaj pa jaz?", ["Imam ženo in otroke", "Kaj pa jaz"]),
    ],
)
def test_two_questions_in_one_are_told_apart(text, expected):
    assert questions(text) == expected


@pytest.mark.parametrize("text", ["in koliko to stane?", "And how long does that take?", "kaj pa za društvo", "A je to obvezno?"])
def test_a_short_text_may_lean_on_the_one_before(text):
    assert leans_back(text)


@pytest.mark.parametrize(
    "text", ["Kako odprem s.p.?", "copyright", "In že dolgo si želim odpreti svojo galerijo v Kranju, kjer bi razstavljala keramiko"]
)
def test_a_text_of_its_own_does_not(text):
    assert not leans_back(text)
