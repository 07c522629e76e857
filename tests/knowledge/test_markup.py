import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.markup import Items, Paragraph, Span, escape, fill, outside, parse, plain

ANSWER = """Pridite **brez naročila**.

Dosežete nas:

- e-pošta: {contact.email}
- telefon: {contact.phone}

Odprto: {hours}

1. Pridite.
2. Vprašajte."""


def test_paragraphs_bold_and_links_become_spans():
    blocks = parse("Glejte **točko [SPOT](https://spot.gov.si)**\nali nas.")

    assert blocks == (
        Paragraph(
            (
                Span("Glejte "),
                Span("točko ", bold=True),
                Span("SPOT", bold=True, url="https://spot.gov.si"),
                Span(" ali nas."),
            )
        ),
    )


def test_lists_are_bulleted_or_numbered():
    assert parse("- ena\n- dve\n\n1. prva\n2. druga") == (
        Items(((Span("ena"),), (Span("dve"),))),
        Items(((Span("prva"),), (Span("druga"),)), ordered=True),
    )


def test_what_is_beyond_the_subset_stays_as_it_was_written():
    assert plain("# 5 * 3 <b>x</b> `y` *z*") == "# 5 * 3 <b>x</b> `y` *z*"
    assert plain("[x](javascript:alert(1))") == "[x](javascript:alert(1))"


def test_the_terminal_shows_addresses_once():
    assert plain("Na [SPOT](https://spot.gov.si) ali [https://ajpes.si](https://ajpes.si).\n\n- a\n- b") == (
        "Na SPOT (https://spot.gov.si) ali https://ajpes.si.\n\n• a\n• b"
    )


def test_placeholders_are_filled():
    filled = fill(ANSWER, {"contact.email": "a@b.si", "contact.phone": "04 123", "hours": "pon–pet 9–15"})

    assert "- e-pošta: a@b.si\n- telefon: 04 123" in filled
    assert "Odprto: pon–pet 9–15" in filled


def test_an_item_or_paragraph_without_its_value_is_left_out():
    filled = fill(ANSWER, {"contact.email": "a@b.si", "hours": " "})

    assert filled == "Pridite **brez naročila**.\n\nDosežete nas:\n\n- e-pošta: a@b.si\n\n1. Pridite.\n2. Vprašajte."


def test_a_list_left_out_whole_takes_its_announcement_along():
    assert fill(ANSWER, {}) == "Pridite **brez naročila**.\n\n1. Pridite.\n2. Vprašajte."


def test_values_are_shown_as_they_are():
    value = "**ana_b**@x.si\n1. nadstropje\n- {hours} [x](y) & <b>"

    assert plain(fill("Piši: {contact.email}", {"contact.email": value})) == f"Piši: {value}"


@pytest.mark.parametrize(
    ("markdown", "names"),
    [
        ("Vse **prav**: [tu](https://x.si).\n\n- ena\n- dve", ()),
        ("# Naslov", ("a heading",)),
        ("*poševno* in `koda`", ("italics", "code")),
        ("<b>x</b>", ("HTML",)),
        ("- ena\n  - dve", ("a list inside a list",)),
        ("| a |\n| - |", ("a table",)),
        ("> x", ("a quotation",)),
        ("ena  \ndve", ("a line break inside a paragraph",)),
        ("<https://x.si>", ("an address in angle brackets",)),
        ("![x](y.png)", ("an image",)),
    ],
)
def test_what_is_beyond_the_subset_is_named(markdown, names):
    assert outside(markdown) == names


@given(st.text())
def test_any_text_can_be_parsed_filled_and_looked_through(text):
    parse(text)
    outside(text)
    fill(text, {})


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" ")))
def test_an_escaped_text_shows_as_it_is(text):
    assert plain(escape(text)) == text.strip(" ")


@given(st.text(alphabet="-+*1.) #>[]()`_{}&\\\nab:|<!~="))
def test_an_escaped_text_of_marks_keeps_its_lines(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]

    assert plain(escape(text)) == "\n".join(lines)
