"""What the calibrator looks at: how far the best entry leads, and how near its wordings really are.

The lead alone cannot tell a question that no entry answers, since every signal must prefer some entry. How similar the nearest wording
of that entry is, in words, in meaning and in spelling (rapidfuzz), can.
"""

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from knowledge.learning.members import Members, Views

Floats = NDArray[np.float32]
_COMPARED = 8

NAMES = ("lead", "odds", "against none", "margin", "margin lead", "nearest words", "nearest spelling", "known words", "length")
SEMANTIC_NAMES = ("nearest meaning", "mean meaning", "words agree", "meaning agrees", "signals agree")


def names(signals: int) -> tuple[str, ...]:
    """By how many signals there are: words alone, or words and meaning."""
    return NAMES + (SEMANTIC_NAMES if signals > 1 else ())


def gather(members: Members, views: Views, log_p: Floats, none: int | None) -> Floats:
    """Questions × signals, for the best real entry of each. `none`: the number, the last, of the pseudo-entry for out-of-scope ones."""
    real = log_p if none is None else log_p[:, :none]
    if real.shape[1] == 1:
        real = np.column_stack([real, real])  # an entry that is alone is no lead over others
    order = np.argpartition(-real, 1, axis=1)[:, :2]
    number = np.arange(len(real))
    swap = real[number, order[:, 0]] < real[number, order[:, 1]]
    order[swap] = order[swap][:, ::-1]
    best, second = order[:, 0], order[:, 1]
    p_best, p_second = real[number, best], real[number, second]
    other = np.full(len(real), -8.0, np.float32) if none is None else log_p[:, none]
    columns = [
        np.clip(p_best - p_second, 0, 8),
        np.clip(p_best - np.log1p(-np.minimum(np.exp(p_best), 1 - 1e-4)), -8, 8),
        np.clip(p_best - other, -8, 8),
        views.margins[number, best],
        _lead(views.margins, best),
    ]
    nearest_words, nearest_spelling = np.zeros(len(real), np.float32), np.zeros(len(real), np.float32)
    nearest_meaning, mean_meaning = np.zeros(len(real), np.float32), np.zeros(len(real), np.float32)
    folded = [wording.text for wording in views.wordings]
    for i, entry in enumerate(best):
        own = members.of_entry(entry)
        if own.start == own.stop:
            continue
        alike = members.alike(entry, views.rows.row(i))
        nearest_words[i] = alike.max()
        if views.placed is not None and members.placed is not None:
            meaning = members.placed[own] @ views.placed[i]
            nearest_meaning[i], mean_meaning[i] = meaning.max(), meaning.mean()
        # Only the few wordings that share most words can be spelt most alike.
        close = [members.folded[own.start + example] for example in np.argsort(-alike, kind="stable")[:_COMPARED]]
        found = process.extractOne(folded[i], close, scorer=fuzz.token_set_ratio)
        nearest_spelling[i] = found[1] / 100 if found else 0
    columns += [nearest_words, nearest_spelling, _known(members, views), np.log1p([len(text.split()) for text in folded])]
    if views.semantic is not None:
        columns += [
            nearest_meaning,
            mean_meaning,
            np.clip(views.lexical[number, best], -8, 0),
            np.clip(views.semantic[number, best], -8, 0),
            (views.lexical.argmax(axis=1) == views.semantic.argmax(axis=1)).astype(np.float32),
        ]
    return np.column_stack(columns).astype(np.float32)


def _lead(scores: Floats, best: NDArray[np.intp]) -> Floats:
    """How far the best entry is ahead of all others, by one signal; negative where that signal prefers another."""
    number = np.arange(len(scores))
    if scores.shape[1] == 1:
        return scores[:, 0]
    others = scores.copy()
    others[number, best] = -np.inf
    return np.asarray(scores[number, best] - others.max(axis=1), np.float32)


def _known(members: Members, views: Views) -> Floats:
    """The share of a question's words that the wordings use."""
    index = members.vectoriser.lemmas.index
    shares = [sum(index.get(word, -1) in members.known for word in one.terms) / max(1, len(one.terms)) for one in views.wordings]
    return np.array(shares, np.float32)
