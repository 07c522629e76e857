"""What the matcher is held against: three usual ways to find the wording that is most like a question."""

from collections.abc import Callable, Sequence

import bm25s
import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from knowledge.words import plain_key

Rank = Callable[[str], Sequence[str]]
"""A question → ids of entries, best first."""


def rapidfuzz(texts: Sequence[str], owners: Sequence[str]) -> Rank:
    def rank(text: str) -> list[str]:
        return _best(owners, [hit[2] for hit in process.extract(plain_key(text), texts, scorer=fuzz.token_set_ratio, limit=30)])

    return rank


def bm25(texts: Sequence[str], owners: Sequence[str]) -> Rank:
    index = bm25s.BM25()
    index.index([text.split() for text in texts], show_progress=False)

    def rank(text: str) -> list[str]:
        found, _ = index.retrieve([plain_key(text).split() or ["?"]], k=30, show_progress=False)
        return _best(owners, [int(place) for place in found[0]])

    return rank


def tfidf(texts: Sequence[str], owners: Sequence[str]) -> Rank:
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    columns = vectoriser.fit_transform(texts).T.tocsr()

    def rank(text: str) -> list[str]:
        alike = (vectoriser.transform([plain_key(text)]) @ columns).toarray().ravel()
        return _best(owners, [int(place) for place in np.argsort(-alike)[:30]])

    return rank


BASELINES = {
    "rapidfuzz token_set, all wordings": rapidfuzz,
    "BM25 (bm25s)": bm25,
    "tf-idf letters, nearest wording": tfidf,
}


def _best(owners: Sequence[str], order: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(owners[place] for place in order))
