import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.words import LONGEST, Words, fold, lemma, normalise, plain_key, split


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("  Kako\n\todprem   S.P.? ", "kako odprem s.p.?"),
        ("ＦＵＬＬ ﬁne", "full fine"),
        ("prav\u200bica\u00ad \u202ednar\u202c", "pravica dnar"),
        ("c\u030cas", "čas"),
        ("z\u0335\u0336\u0337alg\u0489o", "zalgo"),
        ("prosiiiim!!!", "prosim!!!"),
        ("", ""),
    ],
)
def test_a_text_has_one_normal_form(typed, normal):
    assert normalise(typed) == normal


def test_a_text_is_cut_after_a_thousand_characters_of_its_normal_form():
    assert len(normalise("ab " * 10_000)) == LONGEST
    assert normalise("\u200b" * 10_000 + "vprašanje") == "vprašanje"


@pytest.mark.parametrize("typed", ["s.p.", "S. P.", "sp"])
def test_abbreviations_are_one_word(typed):
    assert split(normalise(f"odprem {typed} danes")) == ["odprem", "sp", "danes"]


def test_numbers_are_one_word():
    assert split("nad 60.000 eur, d. o. o. 2,5") == ["nad", "60000", "eur", "doo", "2", "5"]


def test_diacritics_fold():
    assert fold("žlahtna ščuka, Đorđe") == "zlahtna scuka, Dorde"
    assert plain_key("Ali ŽE plačam?!") == plain_key("ali ze placam")


@pytest.mark.parametrize(("word", "base"), [("računov", "racun"), ("racunov", "racun"), ("invoices", "invoice"), ("xyzzyx", "xyzzyx")])
def test_lemmas_are_found_with_and_without_carons(word, base):
    assert lemma(word) == base


@pytest.fixture
def words(small_faq):
    return Words(small_faq)


def test_spoken_forms_and_synonyms_are_read_as_the_standard_form(words):
    assert words.read("Kva je espe?").terms == words.read("kaj je s.p.").terms
    assert words.read("samostojna podjetnica").terms == ("samostojen", "podjetnica")
    assert words.read("davka na dodano vrednost").terms == ("ddv",)


def test_a_slip_is_corrected_to_a_word_of_the_faq(words):
    assert words.read("odpiarnje").corrections == (("odpiarnje", "odpiranje"),)
    assert words.read("registrriram dejavnst").terms == words.read("registriram dejavnost").terms


def test_a_slip_in_a_wording_is_no_word_of_the_faq(small_faq):
    entry = small_faq.entries[0]
    typed = ("Kako poteka registracija?", "registracija zame", "Koliko stane registracija?", "kje je registrcija")
    side = replace(entry.sides["sl"], wordings=(*entry.sides["sl"].wordings, *typed))
    faq = replace(small_faq, entries=(replace(entry, sides={**entry.sides, "sl": side}), *small_faq.entries[1:]))
    assert Words(faq).read("registrcija").corrections == (("registrcija", "registracija"),)


def test_the_standard_form_of_a_text_keeps_its_punctuation(words):
    assert words.standard("Kva je espe, odpiarnje RACUNA?!") == "kaj je espe, odpiranje računa?!"


@pytest.mark.parametrize("good", ["pravila", "lopata", "photography", "nozem", "2026abc"])
def test_a_good_word_is_never_corrected(words, good):
    assert words.read(good).corrections == ()


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    assert len(normalise(text)) <= LONGEST
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(text)) == fold(text)
    plain_key(text)


@pytest.mark.parametrize("unit", ["a\u0301", "\u0315\u0316\u0301", "\ufdfa", "x", "🙂", "gvqf ", "\u202e", "s.", "c s z "])
def test_long_texts_are_read_in_bounded_time(words, unit):
    text = unit * (65_536 // len(unit))

    began = time.perf_counter()
    words.read(text)

    assert time.perf_counter() - began < 2
