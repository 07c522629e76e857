import pytest

from knowledge.clauses import parts, questions, without


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
        ("RADA BI S. P. ALI D. O. O. V KRANJU", []),
        ("How do I start? When must I pay?", ["How do I start", "When must I pay"]),
        ("Imam ženo in otroke. Kaj pa jaz?", []),
        ("Imam ženo in otroke. Koliko plačam davka? Je to kaj ceneje?", ["Koliko plačam davka", "Je to kaj ceneje"]),
    ],
)
def test_two_questions_in_one_are_told_apart(text, expected):
    assert questions(text) == expected
