import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.content import from_lines
from knowledge.decisions import Found, NotFound, SmallTalk, Unsure, Wish
from knowledge.matching import Settings, confusions, train

IN_WORDS = Settings(semantic=False)


def ids(entries):
    return [entry.id for entry in entries]


@pytest.mark.parametrize("text", ["Kako odprem s.p.?", "KAKO ODPREM SP", "kako odprem espe?", "Živjo, kako odprem s.p.? Hvala lepa!"])
def test_a_question_asked_as_in_the_faq_is_answered(matcher, text):
    decision = matcher.decide(text)

    assert isinstance(decision, Found)
    assert ids(decision.entries) == ["sp-register"]
    assert decision.reading.language == "sl"
    assert decision.reading.candidates[0].probability > 0.8


def test_carons_and_slips_do_not_matter(matcher):
    decision = matcher.decide("kako zascitim svojo ilustarcijo")

    assert isinstance(decision, Found)
    assert ids(decision.entries) == ["copyright-basics"]


@pytest.mark.parametrize(
    "text", ["Kako zaščitim ilustracijo?", "Odprla bi s. p. Kako to naredim?", "how do i register an s.p. and what now"]
)
def test_shouting_changes_no_decision(matcher, text):
    assert matcher.decide(text.upper()).reading.candidates == matcher.decide(text).reading.candidates


def test_a_question_that_may_be_meant_is_offered(matcher):
    decision = matcher.decide("Nekaj bi rad vprašal o avtorski pravici v tujini")

    assert isinstance(decision, Unsure)
    assert decision.options[0].id == "copyright-basics"
    assert len(decision.options) <= 3


@pytest.mark.parametrize("text", ["Kje v Kranju se dobi dobra pica?", "qwrtz hjkl", "Kakšno bo jutri vreme?"])
def test_what_the_faq_does_not_know_is_not_found(matcher, text):
    assert isinstance(matcher.decide(text), NotFound)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("Kako odprem s.p.? Kdaj postanem zavezanec za DDV?", ["sp-register", "vat-threshold"]),
        ("How do I protect my drawing and how do I open an s.p.?", ["copyright-basics", "sp-register"]),
    ],
)
def test_two_questions_in_one_get_two_answers(matcher, text, entries):
    decision = matcher.decide(text)

    assert isinstance(decision, Found)
    assert ids(decision.entries) == entries


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Dober dan!", "greeting"),
        ("dobr dan", "greeting"),
        ("Živjo! Hvala lepa.", "thanks"),
        ("👍👍", "thanks"),
        ("🙈", "noise"),
        ("?!", "noise"),
    ],
)
def test_small_talk_is_no_question(matcher, text, kind):
    decision = matcher.decide(text)

    assert isinstance(decision, SmallTalk)
    assert decision.kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("rad bi govoril s clovekom", "human"),
        ("Adviser", "human"),
        ("Kako odprem s.p.? Rad bi govoril s človekom.", "human"),
        ("That didn't help", "did_not_help"),
        ("to mi ni pomagalo!!", "did_not_help"),
    ],
)
def test_a_wish_is_heard(matcher, text, kind):
    decision = matcher.decide(text)

    assert isinstance(decision, Wish)
    assert decision.kind == kind


def test_a_follow_up_is_read_with_the_question_before(matcher):
    alone = matcher.decide("in kje se to naredi?")
    after = matcher.decide("in kje se to naredi?", "sl", earlier="Rada bi registrirala samostojno dejavnost")

    assert after.reading.candidates[0].entry.id == "sp-register"
    assert after.reading.candidates[0].probability > (alone.reading.candidates[0].probability if alone.reading.candidates else 0)
    assert "read together with the question before it" in after.reading.reasons


def test_the_answer_comes_in_the_language_of_the_text_else_of_the_conversation(matcher):
    assert matcher.decide("How do I open an s.p.?", "sl").reading.language == "en"
    assert matcher.decide("ddv", "en").reading.language == "en"
    assert matcher.decide("ddv").reading.language == "sl"


def test_the_answer_comes_in_a_language_that_the_faq_speaks():
    matcher = train(from_lines([{"text": "Kako odprem s.p.?", "label": "sp", "lang": "sl"}]), IN_WORDS)

    assert matcher.decide("How do I open an s.p.?", "en").reading.language == "sl"


def test_a_decision_explains_itself(matcher):
    question = "kdaj postanm zavezanec za ddv v trgovini"
    reasons = matcher.decide(question).reading.reasons

    assert any(reason.startswith("words: ") for reason in reasons)
    assert "postanm read as postanem" in reasons
    assert any("vat-threshold" in reason and "like" in reason for reason in matcher.nearest(question))


def test_probabilities_are_in_order_and_add_up_to_one_at_most(matcher):
    candidates = matcher.decide("ddv in avtorske pravice za samostojno dejavnost").reading.candidates

    probabilities = [candidate.probability for candidate in candidates]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1.001


def test_a_wording_of_two_entries_is_no_reason_to_be_sure():
    matcher = train(from_lines([{"text": "how much is it", "label": label} for label in ("price", "tax")]), IN_WORDS)

    assert isinstance(matcher.decide("how much is it"), Unsure)


def test_an_empty_faq_finds_nothing():
    assert isinstance(train(from_lines([]), IN_WORDS).decide("Kako odprem s.p.?"), NotFound)


def test_the_same_training_decides_the_same(small_faq):
    first, second = train(small_faq, IN_WORDS), train(small_faq, IN_WORDS)

    for text in ("registracija dejavnosti", "vat for my drawing", "Kdo mi pomaga?"):
        assert first.decide(text) == second.decide(text)


NOUNS = ("guitar", "piano", "violin", "trumpet", "cello", "flute", "harp", "drum", "organ", "banjo")
ASKED = (
    "where to buy a {}",
    "{} repair near me",
    "how long does a {} last",
    "my {} is broken",
    "is a {} heavy",
    "price of one {}",
    "tune the {} today",
)


def test_a_larger_faq_teaches_its_own_threshold():
    """A stricter precision never answers more."""
    content = from_lines([{"text": asked.format(noun), "label": noun} for noun in NOUNS for asked in ASKED])
    texts = [f"I lost my old {noun} yesterday" for noun in NOUNS]

    answered = [
        sum(isinstance(matcher.decide(text), Found) for text in texts)
        for matcher in (train(content, Settings(precision=precision, semantic=False)) for precision in (0.5, 0.97, 1.0))
    ]

    assert answered == sorted(answered, reverse=True)
    assert answered[0] == len(NOUNS)


def test_a_wording_in_the_wrong_entry_is_seen():
    lines = [{"text": asked.format(noun), "label": noun} for noun in ("piano", "flute") for asked in ASKED]
    lines.append({"text": "is the piano heavy", "label": "flute"})

    found = confusions(from_lines(lines))

    assert [(one.entry.id, one.taken_for.id) for one in found if one.wording == "is the piano heavy"] == [("flute", "piano")]


HOSTILE = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="s.p?! ,in\n\u0301\u202e\u200b😊", max_size=400),
    st.lists(st.sampled_from(["Kako odprem s.p.?", "in", "Hvala lepa", "ddv", "<b>", "'; DROP TABLE", "\x00", "👍"]), max_size=40).map(
        " ".join
    ),
)


@settings(max_examples=60, deadline=None)
@given(text=HOSTILE, earlier=st.one_of(st.none(), HOSTILE))
def test_any_text_gets_a_decision(text, earlier):
    assert MATCHER.decide(text, None, earlier) == MATCHER.decide(text, None, earlier)


MATCHER = train(from_lines([{"text": asked.format(noun), "label": noun} for noun in NOUNS[:3] for asked in ASKED[:3]]), IN_WORDS)


@pytest.mark.parametrize(
    "unit", ["a\u0301", "\u0301", "\ufdfa", "x", "🙂", "gvqf ", "\u202e", "?", "ddv? ", "in kako ", "Hvala lepa! ", "\n", "a, "]
)
def test_sixty_four_kibibytes_of_anything_take_bounded_time(matcher, unit):
    text = unit * (65_536 // len(unit))

    began = time.perf_counter()
    matcher.decide(text, earlier=text)

    assert time.perf_counter() - began < 2
