from datetime import date

import pytest

from knowledge.checks import check, stale
from knowledge.content import load

TODAY = date(2026, 11, 24)


def problems_of(folder, today=TODAY):
    """Without the one that a small FAQ cannot avoid."""
    found = [problem for problem in check(load(folder), folder, today) if "at least 40 are needed" not in problem.message]
    return [("warning: " if problem.warning else "") + str(problem) for problem in found]


def test_a_good_entry_has_no_problem_but_too_few_wordings(folder):
    assert [str(problem) for problem in check(load(folder), folder, TODAY)] == [
        "starting/sp-register.toml: [sl] wordings: are 2; at least 40 are needed",
        "starting/sp-register.toml: [en] wordings: are 1; at least 40 are needed",
    ]


ANSWER = "You register at a SPOT point."


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("reviewed =", 'related = ["vat"]\nreviewed =', "related: there is no entry vat"),
        ("reviewed =", 'related = ["sp-register"]\nreviewed =', "related: names the entry itself"),
        ('"https://spot.gov.si"', '"spot.gov.si"', "[sources, no. 1] url: is no address (https://…): spot.gov.si"),
        ("reviewed = 2026-11-20", "reviewed = 2026-12-01", "reviewed: 2026-12-01 is yet to come"),
        ("review_by = 2027-01-31", "review_by = 2026-11-20", "review_by: 2026-11-20 is not after the last review, 2026-11-20"),
        ("How do I register as a sole trader?", "x" * 61, "[en] title: has 61 characters; a button shows 60"),
        (ANSWER, "x" * 1501, "[en] answer: has 1501 characters; at most 1500 are read"),
        (ANSWER, "# You", "[en] answer: uses a heading; only paragraphs, lists, **bold** and [links](https://…) are shown everywhere"),
        (ANSWER, "At [SPOT](spot).", "[en] answer: links to what is no address (https://…): spot"),
        (ANSWER, "Or { so.", "[en] answer: has a curly bracket that belongs to no placeholder"),
        (ANSWER, "It costs EUR 60,000.", '[en] answer: "EUR 6" has no year in its paragraph'),
        (ANSWER, "Since 2026.\\n\\nIt is 22 %.", '[en] answer: "22 %" has no year in its paragraph'),
    ],
)
def test_a_breach_of_the_rules_is_named(folder, change, old, new, problem):
    change(old, new)

    assert problems_of(folder) == [f"starting/sp-register.toml: {problem}"]


def test_an_unknown_placeholder_is_named(folder, change):
    change(ANSWER, "Write to {contact.fax}, or to {contact.email}.")

    (problem,) = problems_of(folder)
    assert problem.startswith("starting/sp-register.toml: [en] answer: there is no placeholder {contact.fax}; known are contact.address,")


@pytest.mark.parametrize(
    "answer", ["EUR 60,000 (2026).", "Leta 2026 je prag\\n60.000 EUR in 22 %.", "Call {contact.phone}, [write](mailto:a@b.si)."]
)
def test_amounts_with_a_year_and_known_placeholders_are_fine(folder, change, answer):
    change(ANSWER, answer)

    assert problems_of(folder) == []


def test_a_review_that_is_due_is_a_warning(folder):
    assert problems_of(folder, date(2027, 2, 1)) == ["warning: starting/sp-register.toml: review_by: the review was due on 2027-01-31"]


def test_the_same_wording_in_two_places_is_named(folder, write, change):
    other = (folder / "starting/sp-register.toml").read_text("utf-8")
    for old, new in [("Kako odprem", "Kako zaprem"), ("rada bi", "ne bi več"), ("open an", "close an"), ("register as a", "stop being a")]:
        other = other.replace(old, new)
    write("starting/close.toml", other)
    change('"How do I open an s.p.?"', '"how do i CLOSE an sp", "a b", "A B!"')
    write("out-of-scope.toml", '[near]\nsl = ["Rada bi postala podjetnica."]')

    assert [problem for problem in problems_of(folder) if "would go" not in problem] == [
        'out-of-scope.toml: sl: "Rada bi postala podjetnica." stands also in starting/sp-register.toml, [sl] wordings',
        'starting/sp-register.toml: [en] wordings: "how do i CLOSE an sp" stands also in starting/close.toml, [en] wordings',
        'warning: starting/sp-register.toml: [en] wordings: "A B!" stands there twice',
    ]


def test_files_that_are_not_read_and_topics_without_entries_are_warnings(folder, write):
    write("starting/notes.txt", "")
    write("topics.toml", '[starting]\nsl = "Z"\nen = "S"\n[tax]\nsl = "D"\nen = "T"')

    assert problems_of(folder) == [
        "warning: starting/notes.txt: the file: is not read: entries are <topic>/<id>.toml",
        "warning: topics.toml: [tax]: has no entry",
    ]


def test_replies_keep_to_the_subset(folder, write):
    write("small-talk.toml", '[hi.sl]\nreply = "*Živjo*"\nphrases = ["hej"]\n[hi.en]\nreply = "Hi"\nphrases = ["hi"]')

    (problem,) = problems_of(folder)
    assert problem.startswith("small-talk.toml: [hi.sl] reply: uses italics")


def test_what_needs_a_look_is_listed_with_the_overdue_first(folder, write):
    entry = (folder / "starting/sp-register.toml").read_text("utf-8")
    write("starting/a.toml", entry.replace("review_by = 2027-01-31", "review_by = 2027-06-30"))
    write("starting/b.toml", entry.replace("review_by = 2027-01-31", 'confirmed_by = "Ana"'))

    found = stale(load(folder), date(2027, 2, 1))

    assert [(one.entry.id, one.overdue, one.unconfirmed) for one in found] == [("sp-register", True, True), ("a", False, True)]
