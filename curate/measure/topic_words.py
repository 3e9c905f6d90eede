"""The words of a prompt that can name a topic."""

from __future__ import annotations

import re

import numpy as np

from curate.types import WordTable

LENGTH = 2_000  # characters read
VOCABULARY = 20_000
ENDINGS = ("ings", "ing", "ies", "ed", "es", "s", "e", "y")
# Words of two signs or more with at least one letter ("w2", "401k"); Chinese, Japanese and Thai, which write spaces, in pairs.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]+|(?=\d*[^\W\d_])[^\W_{_UNSPACED}]+(?:['’][^\W\d_]+)?")
_PAIRED = re.compile(f"[{_UNSPACED}]")
# Words that join others, in English; what joins words in other languages stands in every topic and so scores low.
JOINING = frozenset(
    ["a", "about", "above", "after", "again", "against", "all", "also", "am", "an", "and", "any", "anyone", "anything", "are", "aren't", "as", "at", "be", "because", "been", "before", "being", "below", "between", "both", "but", "by", "can", "can't", "cannot", "could", "couldn't", "did", "didn't", "do", "does", "doesn't", "doing", "don't", "down", "during", "each", "either", "else", "ever", "every", "few", "for", "from", "further", "get", "gets", "getting", "give", "given", "go", "goes", "going", "got", "had", "hadn't", "has", "hasn't", "have", "haven't", "having", "he", "he's", "her", "here", "hers", "herself", "him", "himself", "his", "how", "how's", "however", "i", "i'd", "i'll", "i'm", "i've", "if", "in", "into", "is", "isn't", "it", "it's", "its", "itself", "just", "kindly", "let", "let's", "like", "made", "make", "makes", "making", "many", "may", "me", "might", "mine", "more", "most", "much", "must", "my", "myself", "need", "needs", "nor", "not", "now", "of", "off", "on", "once", "one", "only", "or", "other", "others", "our", "ours", "ourselves", "out", "over", "own", "per", "quite", "rather", "really", "same", "several", "shall", "she", "she's", "should", "shouldn't", "since", "so", "some", "someone", "something", "such", "than", "that", "that's", "the", "their", "theirs", "them", "themselves", "then", "there", "there's", "these", "they", "they're", "this", "those", "though", "through", "to", "too", "under", "until", "up", "upon", "us", "use", "used", "using", "very", "want", "wants", "was", "wasn't", "way", "we", "we're", "we've", "were", "weren't", "what", "what's", "when", "when's", "where", "where's", "whether", "which", "while", "who", "who's", "whom", "whose", "why", "why's", "will", "with", "within", "without", "won't", "would", "wouldn't", "yet", "you", "you'd", "you'll", "you're", "you've", "your", "yours", "yourself"]
)  # fmt: skip


def words_of(text: str) -> list[str]:
    """Words of the text's first 2,000 characters, in lower case, joining words left out."""
    out: list[str] = []
    for word in _WORD.findall(text[:LENGTH].lower()):
        if _PAIRED.match(word):
            out += [word[i : i + 2] for i in range(max(len(word) - 1, 1))]
        elif len(word) > 1 and word not in JOINING:
            out.append(word)
    return out


def stem(word: str) -> str:
    """The word without a plural or verb ending, so that "card" and "cards" are one; never under three letters."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def word_table(texts: list[str]) -> WordTable:
    """The words of each text that at least two texts hold; words of one stem are one word, shown in its most common form.

    A word counts once per text, so that one long prompt can't name a topic. At most the 20,000 most common words.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=words_of, dtype=np.int32, binary=True)
    try:
        counts = counter.fit_transform(texts)
    except ValueError:  # no word at all
        return WordTable(np.zeros(len(texts) + 1, np.int64), np.empty(0, np.int32), ())
    shown = counter.get_feature_names_out()
    common = np.asarray(counts.sum(axis=0)).ravel()
    stems, of = np.unique([stem(w) for w in shown], return_inverse=True)
    form = np.empty(stems.shape[0], np.int64)
    order = np.lexsort((-np.arange(of.shape[0]), common))
    form[of[order]] = order  # the last written is the most common
    text = np.repeat(np.arange(len(texts)), np.diff(counts.indptr))
    pair = np.unique(text.astype(np.int64) * stems.shape[0] + of[counts.indices])
    held = np.bincount(pair % stems.shape[0], minlength=stems.shape[0])
    use = np.sort(np.lexsort((np.arange(held.shape[0]), -held))[:VOCABULARY])
    use = use[held[use] >= 2]
    new = np.full(stems.shape[0], -1, np.int64)
    new[use] = np.arange(use.shape[0])
    text, word = pair // stems.shape[0], new[pair % stems.shape[0]]
    text, word = text[word >= 0], word[word >= 0]
    start = np.searchsorted(text, np.arange(len(texts) + 1)).astype(np.int64)
    return WordTable(start, word.astype(np.int32), tuple(str(shown[w]) for w in form[use]))
