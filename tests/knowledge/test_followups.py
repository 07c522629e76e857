import numpy as np
import pytest

from knowledge.followups import leaning, together
from knowledge.learning.training import Ranked
from knowledge.words import Wording


def ranked(**probabilities: float) -> Ranked:
    return Ranked(
        entries=tuple(probabilities),
        probabilities=tuple(probabilities.values()),
        among_first=max(probabilities.values()),
        answer_from=0.9,
        evidence={},
        wording=Wording("", ()),
        row=(np.zeros(0, np.int32), np.zeros(0, np.float32)),
    )


SP = ranked(register=0.98, close=0.01)


@pytest.mark.parametrize(
    ("text", "language", "how"),
    [
        ("in koliko to stane?", "sl", "points back"),
        ("Kdo jih pa lahko dobi?", "sl", "points back"),
        ("kaj pa za društvo", "sl", "carries on"),
        ("Koliko časa traja?", "sl", "bare"),
        ("And how long does that take?", "en", "points back"),
        ("What about paintings?", "en", "carries on"),
        ("When is the deadline?", "en", "bare"),
    ],
)
def test_a_short_text_may_lean_on_the_one_before(text, language, how):
    assert leaning(text, language, lambda word: True) == how


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Kako odprem s.p.?", "sl"),
        ("copyright", "en"),
        ("How do I go about applying to the ministry?", "en"),
        ("In že dolgo si želim odpreti svojo galerijo v Kranju, kjer bi razstavljala keramiko", "sl"),
        ("?!", "sl"),
        ("Kje dobim lončarsko peč?", "sl"),
        ("E poi?", "it"),
    ],
)
def test_a_text_of_its_own_does_not(text, language):
    assert leaning(text, language, lambda word: word != "loncarsko") is None


def test_a_text_without_a_subject_takes_that_of_the_question_before():
    assert together(ranked(cost=0.2), SP, "carries on") == SP
    assert together(ranked(cost=0.6), SP, "points back") == SP


def test_a_bare_text_is_asked_about():
    assert together(ranked(cost=0.2), SP, "bare").probabilities[:2] == (0.49, 0.1)


def test_both_readings_that_agree_are_as_sure_as_the_surer_one():
    assert together(ranked(register=0.95), ranked(register=0.7), "carries on").probabilities == (0.95,)
    assert together(ranked(register=0.5), SP, "carries on") == SP


def test_a_new_subject_that_is_clear_prevails_unless_the_text_points_back():
    contributions = ranked(contributions=0.95)

    assert together(contributions, SP, "carries on") == contributions
    assert together(contributions, SP, "points back").probabilities[:2] == (0.49, 0.475)


def test_two_subjects_are_a_question_to_the_person():
    both = together(ranked(contributions=0.6), SP, "carries on")

    assert both.entries == ("register", "contributions", "close")
    assert both.probabilities[0] < both.answer_from
    assert both.among_first == 0.98
