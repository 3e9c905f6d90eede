"""The words of a prompt that can name a topic."""

from __future__ import annotations

import re

LENGTH = 2_000  # characters read
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
