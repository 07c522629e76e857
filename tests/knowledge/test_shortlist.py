from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from knowledge.content import from_lines
from knowledge.entries import SmallTalkKind
from knowledge.phrases import Phrases
from knowledge.shortlist import Shortlist
from knowledge.words import plain_key

WORDS = st.lists(st.text("abcč ñ", min_size=1, max_size=12), min_size=1, max_size=30, unique=True)


@given(words=WORDS, word=st.text("abcč ñ", min_size=1, max_size=12))
def test_no_word_within_reach_is_missed(words, word):
    for reach in (1, 2):
        near = Shortlist(words).near(word, len(word) - reach, len(word) + reach, 2 * reach)

        assert {one for one in words if OSA.distance(word, one) <= reach} <= set(near)


def test_the_order_is_the_one_that_was_given():
    assert Shortlist(["dcba", "abc", "x", "abcd"]).near("abcd", 3, 4, 1) == ["dcba", "abc", "abcd"]
    assert Shortlist([]).near("abcd", 3, 4, 1) == []


@given(phrases=WORDS, typed=st.text("abcč ñ", min_size=1, max_size=14))
def test_a_phrase_is_found_as_if_all_were_compared(phrases, typed):
    kind = SmallTalkKind("greeting", {"sl": tuple(phrases)}, {"sl": ""})
    key, keys = plain_key(typed), list(dict.fromkeys(filter(None, map(plain_key, phrases))))

    hit = process.extractOne(key, [one for one in keys if len(one) > 5], scorer=fuzz.ratio, score_cutoff=88) if len(key) > 5 else None
    said = Phrases(replace(from_lines([]), small_talk=(kind,))).find(typed) if key else None

    assert (said and plain_key(said.phrase)) == (key if key in keys else hit and hit[0]) or not key
