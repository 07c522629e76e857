"""What was approved in chat is found at once, by its wording or nearly so, and nothing else changes."""

from dataclasses import replace
from datetime import date

import pytest

from knowledge import matching
from knowledge.decisions import Decision, Found, NotFound, Reading, SmallTalk
from knowledge.drafts import Addition, Overlay, merged, missing, title
from tests.faq import CONTENT

ON = date(2026, 11, 24)
WORDING = Addition("vat-rates", "tax", "sl", "Koliko davka plačam na prodajo keramike v Nemčijo?", "", ON)
ENTRY = Addition("najem-ateljeja", "starting", "sl", "Kje v Škofji Loki najamem atelje?", "V **nekdanji vojašnici**.", ON)


class Below:
    """A matcher that decides one thing."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision

    def decide(self, text: str, language: str | None = None, earlier: str | None = None) -> Decision:
        return self.decision


NOTHING = NotFound(Reading("sl", (), ()))


def overlay(*additions: Addition, below: Decision = NOTHING) -> Overlay:
    return Overlay(Below(below), merged(CONTENT, additions), additions)


def answered(decision: Decision) -> str | None:
    return decision.entries[0].id if isinstance(decision, Found) else None


def test_a_wording_goes_to_its_entry_and_a_new_entry_has_the_language_it_was_answered_in() -> None:
    content = merged(CONTENT, [WORDING, ENTRY])

    assert content.entry("vat-rates").sides["sl"].wordings[-1] == WORDING.wording
    new = content.entry("najem-ateljeja")
    assert list(new.sides) == ["sl"]
    assert new.side("en") == new.sides["sl"]
    assert (new.topic, new.reviewed, new.confirmed_by) == ("starting", ON, "")
    assert content.digest != CONTENT.digest


def test_the_same_additions_make_the_same_content() -> None:
    assert merged(CONTENT, [WORDING, ENTRY]) == merged(CONTENT, [WORDING, ENTRY])


def test_a_wording_for_an_entry_that_is_gone_is_left_out() -> None:
    assert merged(CONTENT, [replace(WORDING, entry="gone")]).entries == CONTENT.entries


def test_a_later_wording_for_a_new_entry_joins_it_in_whatever_language() -> None:
    english = Addition("najem-ateljeja", "starting", "en", "Where can I rent a studio?", "", ON)
    new = merged(CONTENT, [ENTRY, english]).entry("najem-ateljeja")
    assert new.sides["sl"].wordings == (ENTRY.wording, english.wording)


def test_what_a_curator_has_put_into_the_files_is_not_added_again_under_whichever_entry() -> None:
    files = merged(CONTENT, [replace(ENTRY, entry="atelje", wording="kje v Škofji loki NAJAMEM atelje")])
    assert missing(files, [WORDING, ENTRY]) == (WORDING,)


def test_a_long_wording_makes_a_title_that_fits_on_a_button() -> None:
    assert len(title("Kako " * 40)) == 60


@pytest.mark.parametrize(
    "text",
    [
        "Koliko davka plačam na prodajo keramike v Nemčijo?",
        "koliko davka placam na prodajo keramike v nemcijo",
        "KOLIKO DAVKA PLAČAM NA PRODAJO KERAMIKE V NEMČIJO!!!",
        "Na prodajo keramike v Nemčijo plačam koliko davka?",
        "Koliko davka plačam na prodajo kermike v Nemčijo?",
    ],
)
def test_an_approved_wording_is_found_as_written_in_other_order_and_with_slips(text: str) -> None:
    assert answered(overlay(WORDING).decide(text)) == "vat-rates"


@pytest.mark.parametrize(
    "text",
    [
        "Koliko davka plačam na prodajo keramike v Švico?",
        "Koliko davka plačam na prodajo slik v Nemčijo?",
        "Koliko časa potuje pošiljka v Nemčijo?",
        "davek",
        "",
    ],
)
def test_another_question_is_left_to_the_matcher_however_like_it_looks(text: str) -> None:
    assert overlay(WORDING).decide(text) is NOTHING


def test_small_talk_and_what_the_matcher_is_sure_of_stay_as_they_are() -> None:
    greeting = SmallTalk("greeting", Reading("sl", (), ()))
    assert overlay(WORDING, below=greeting).decide("Koliko davka plačam na prodajo kermike v Nemčijo?") is greeting
    other = Found((CONTENT.entries[0],), Reading("sl", (), ()))
    assert overlay(WORDING, below=other).decide("Koliko davka plačam na prodajo keramik0 v Nemčijo?") is other


def test_of_two_approved_wordings_the_nearer_one_answers() -> None:
    other = replace(WORDING, entry="sp-register", wording="Koliko davka plačam na prodajo keramike v Italijo?")
    both = overlay(WORDING, other)
    assert answered(both.decide("koliko davka placam na prodajo keramike v italjo")) == "sp-register"
    assert answered(both.decide("koliko davka placam na prodajo keramike v nemcjo")) == "vat-rates"


def test_the_matcher_learns_what_was_approved() -> None:
    content = merged(CONTENT, [WORDING, ENTRY])
    matcher = matching.train(content, matching.Settings(semantic=False))
    assert answered(matcher.decide("kje v škofji loki najamem atelje")) == "najem-ateljeja"
    assert answered(matcher.decide("koliko davka plačam na prodajo keramike v nemčijo")) == "vat-rates"
