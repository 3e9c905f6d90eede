"""Compare: two texts, or two answers to one question, as numbers that a person can follow.

Each pair's words are matched by dictionary form; what matches no word of the other side is looked up in WordNet
(relation.py). Sentences are aligned by the words that they share, and denial, opposites, numbers and order are compared
inside the sentence pair that fits best. All features are symmetric.
"""

from __future__ import annotations

from typing import Any, no_type_check

import numpy as np
from numba import njit
from numpy.typing import NDArray

from curate.measure.clauses import Said
from curate.measure.lexicon import net
from curate.measure.matching import alike, mark_asked, opening, same_number, stand
from curate.types import F32, I32

FEATURES: tuple[str, ...] = (
    "lead_opposed", "lead_same", "lead_one", "stance_opposed", "stance_same",
    "best_overlap", "best_denial", "denial_aligned", "agree_aligned", "first_denial",
    "denial_one", "denial_both", "weak_one", "weak_both", "hedge_one", "hedge_both",
    "best_opposite", "best_sister", "best_same", "best_wider", "best_left_low", "best_left_high",
    "any_opposite", "any_sister", "number_differs", "number_same", "number_part",
    "focus_cover_low", "focus_cover_high", "focus_low", "focus_high", "focus_alike", "focus_same",
    "all_cover_low", "all_cover_high", "name_differs", "name_same", "side_opposed",
    "quantity_one", "order_differs", "length_low", "length_high", "length_ratio", "sentences_high",
    "best_action", "equal_words", "focus_letters", "asked_low", "asked_high", "best_cousin",
    "void_one", "void_both", "open_one", "open_both", "off_one", "off_both",
)  # fmt: skip
SENTENCES = 16
UNMATCHED = 14  # words of either side that are looked up against each other
_S = SENTENCES


@njit(
    "void(int64[::1], int32[::1], int16[::1], uint8[::1], float64[::1], int8[::1], boolean[::1],"
    "uint64[::1], int32[::1], uint16[::1], int8[::1], int32[::1], int8[::1], uint64[::1],"
    "int32[:, ::1], int32[::1], uint64[::1], int32[::1], int32[::1], int32[::1], float32[:, ::1])",
    cache=True,
    nogil=True,
)
@no_type_check
def _compare(
    start, word, sentence, mark, value, dim, asked, key, lex, bits, side, other, group, letters,
    senses, up, opposites, first, left, right, out):  # fmt: skip
    hits = np.zeros((_S, _S), np.float64)
    size = np.zeros((2, _S), np.int64)
    deny = np.zeros((2, _S), np.int64)
    ask = np.zeros((2, _S), np.int64)
    seen = np.zeros(_S, np.int64)
    matched = np.zeros((2, 512), np.int64)
    un = np.zeros((2, UNMATCHED), np.int64)
    gone = np.zeros((2, UNMATCHED), np.int64)
    lo, hi = np.zeros(2, np.int64), np.zeros(2, np.int64)
    lead, sents = np.zeros(2, np.int64), np.zeros(2, np.int64)
    stats = np.zeros((2, 16), np.float64)
    for e in range(left.shape[0]):
        hits[:] = 0
        size[:] = 0
        deny[:] = 0
        ask[:] = 0
        stats[:] = 0
        for s in range(2):
            row = left[e] if s == 0 else right[e]
            lo[s], hi[s] = start[row], start[row + 1]
            lead[s] = opening(lo[s], hi[s], word, mark, bits)
            skip = 1 if lead[s] != 0 else 0
            sents[s] = 0
            for t in range(lo[s], hi[s]):
                matched[s, t - lo[s]] = -1
                k = min(np.int64(sentence[t]), _S - 1)
                sents[s] = max(sents[s], k + 1)
                f = bits[word[t]]
                aside = t + 1 < hi[s] and bits[word[t + 1]] & 32768 != 0  # not only, none other than
                if k == 0:
                    stats[s, 9] += (f & 2 != 0 and not aside) or f & 8192 != 0
                    stats[s, 10] += f & 16384 != 0
                if t >= lo[s] + skip:
                    if f & 2:
                        # "Canberra, not Sydney" says Canberra
                        other_one = (
                            t > lo[s]
                            and mark[t - 1] & 4
                            and t + 1 < hi[s]
                            and (mark[t + 1] & 1 or bits[word[t + 1]] & 64)
                        )
                        if not aside and not (other_one and not mark[t] & 2):
                            deny[s, k] += 1
                            stats[s, 0] += 1
                    if f & 4:
                        stats[s, 1] += 1
                if f & 8:
                    stats[s, 2] += 1
                stats[s, 3] += side[word[t]]
                if f & 512:
                    stats[s, 4] += 1
                if f & 1024:
                    stats[s, 5] += 1
                if f & 1 or (f & 128 and not f & 64) or (t < lo[s] + skip):
                    continue
                size[s, k] += 1
                stats[s, 6] += 1
                if asked[t]:
                    ask[s, k] += 1
                    stats[s, 8] += 1
                else:
                    stats[s, 7] += 1
        # the same word on the other side, and what each sentence pair shares
        for t in range(lo[0], hi[0]):
            f = bits[word[t]]
            if f & 1 or (f & 128 and not f & 64) or (t == lo[0] and lead[0] != 0):
                continue
            seen[:] = 0
            k = min(np.int64(sentence[t]), _S - 1)
            for u in range(lo[1], hi[1]):
                same = key[word[t]] == key[word[u]]
                if not same and f & 64 and bits[word[u]] & 64:
                    same = same_number(value[t], dim[t], value[u], dim[u])
                if same:
                    if u == lo[1] and lead[1] != 0:
                        continue
                    if matched[0, t - lo[0]] < 0:
                        matched[0, t - lo[0]] = u
                    if matched[1, u - lo[1]] < 0:
                        matched[1, u - lo[1]] = t
                    m = min(np.int64(sentence[u]), _S - 1)
                    if seen[m] == 0:
                        hits[k, m] += 1
                        seen[m] = 1
        best, bi, bj, differ, agree = -1.0, 0, 0, 0.0, 0.0
        for k in range(sents[0]):
            for m in range(sents[1]):
                total = size[0, k] + size[1, m]
                if total == 0:
                    continue
                d = min(1.0, 2.0 * hits[k, m] / total)
                odd = (deny[0, k] + deny[1, m]) & 1
                w = d * min(1.0, 0.5 + 0.1 * hits[k, m])
                if odd:
                    differ = max(differ, d)
                else:
                    agree = max(agree, d)
                if w > best:
                    best, bi, bj = w, k, m
        total = size[0, bi] + size[1, bj]
        overlap = 2.0 * hits[bi, bj] / total if total else 0.0
        # what the question's nearest sentence says
        stance = np.zeros(2, np.int64)
        for s in range(2):
            if lead[s] != 0:
                stance[s] = lead[s]
                continue
            top, at = 0.0, -1
            for k in range(sents[s]):
                if ask[s, k] >= 1:
                    share = ask[s, k] / (1.0 + size[s, k]) * min(1.0, 0.4 + 0.2 * ask[s, k])
                    if share > top:
                        top, at = share, k
            if at >= 0 and top >= 0.3:
                stance[s] = -1 if deny[s, at] & 1 else 1
        # unmatched words of the best sentence pair
        nn = np.zeros(2, np.int64)
        for s in range(2):
            want = bi if s == 0 else bj
            for t in range(lo[s], hi[s]):
                f = bits[word[t]]
                if (
                    min(np.int64(sentence[t]), _S - 1) != want
                    or f & (1 | 64)
                    or f & 128
                    or (t == lo[s] and lead[s] != 0)
                ):
                    continue
                if matched[s, t - lo[s]] < 0 and nn[s] < UNMATCHED:
                    un[s, nn[s]] = t
                    gone[s, nn[s]] = 0
                    nn[s] += 1
        kinds = np.zeros(8, np.int64)
        for rank in range(4):  # same, then opposite, then sister, then the rest: a word is used once
            for x in range(nn[0]):
                for y in range(nn[1]):
                    if gone[0, x] or gone[1, y]:
                        continue
                    a, b = word[un[0, x]], word[un[1, y]]
                    r = stand(a, b, lex, other, group, senses, up, opposites, first)
                    if r == 0 and alike(letters[a], letters[b]) >= 60:
                        r = 1
                    if (
                        (rank == 0 and r == 1)
                        or (rank == 1 and r == 3)
                        or (rank == 2 and r == 4)
                        or (rank == 3 and r > 0)
                    ):
                        kinds[r] += 1
                        gone[0, x] = gone[1, y] = 1
        rest0, rest1 = 0, 0
        for x in range(nn[0]):
            rest0 += 1 - gone[0, x]
        for y in range(nn[1]):
            rest1 += 1 - gone[1, y]
        # opposites and sisters anywhere; focus: words that the question does not have
        far_opposite, far_sister = 0, 0
        cover = np.zeros(2, np.float64)
        both = np.zeros(2, np.float64)
        nf = np.zeros(2, np.int64)
        names = np.zeros((2, 2), np.int64)
        for s in range(2):
            for t in range(lo[s], hi[s]):
                f = bits[word[t]]
                if f & 1 or (f & 128 and not f & 64) or (t == lo[s] and lead[s] != 0):
                    continue
                hit = matched[s, t - lo[s]] >= 0
                both[s] += hit
                if mark[t] & 1 and (not mark[t] & 2 or lex[word[t]] < 0 or hi[s] - lo[s] <= 6) and not asked[t]:
                    names[s, 1 if hit else 0] += 1
                if asked[t]:
                    continue
                cover[s] += hit
                if not hit and not f & 64 and nf[s] < UNMATCHED:
                    un[s, nf[s]] = t
                    gone[s, nf[s]] = 0
                    nf[s] += 1
        close = 0
        for rank in range(3):
            for x in range(nf[0]):
                for y in range(nf[1]):
                    if gone[0, x] or gone[1, y]:
                        continue
                    a, b = word[un[0, x]], word[un[1, y]]
                    r = stand(a, b, lex, other, group, senses, up, opposites, first)
                    like = alike(letters[a], letters[b])
                    close = max(close, like)
                    if rank == 0 and (r == 1 or r == 2 or like >= 60):
                        cover[0] += 1
                        cover[1] += 1
                        gone[0, x] = gone[1, y] = 1
                    elif rank == 1 and r == 3:
                        far_opposite += 1
                        gone[0, x] = gone[1, y] = 1
                    elif rank == 2 and r == 4:
                        far_sister += 1
                        gone[0, x] = gone[1, y] = 1
        # numbers that the question does not have
        numbers = np.zeros((2, 2), np.int64)
        for s in range(2):
            for t in range(lo[s], hi[s]):
                if bits[word[t]] & 64 and not asked[t]:
                    hit = False
                    o = 1 - s
                    for u in range(lo[o], hi[o]):
                        if bits[word[u]] & 64 and same_number(value[t], dim[t], value[u], dim[u]):
                            hit = True
                            break
                    numbers[s, 1 if hit else 0] += 1
        some0, some1 = numbers[0, 0] + numbers[0, 1], numbers[1, 0] + numbers[1, 1]
        # order: the same words in another one
        inverted, steps, last, equal = 0, 0, -1, 1
        for t in range(lo[0], hi[0]):
            u = matched[0, t - lo[0]]
            f = bits[word[t]]
            if u < 0:
                if not f & 1:
                    equal = 0
                continue
            if min(np.int64(sentence[t]), _S - 1) != bi:
                continue
            if last >= 0:
                steps += 1
                if u < last:
                    inverted += 1
            last = u
        for u in range(lo[1], hi[1]):
            if matched[1, u - lo[1]] < 0 and not bits[word[u]] & 1:
                equal = 0
        n0, n1 = float(hi[0] - lo[0]), float(hi[1] - lo[1])
        f0, f1 = stats[0, 7], stats[1, 7]
        c0 = min(1.0, cover[0] / f0) if f0 else 1.0
        c1 = min(1.0, cover[1] / f1) if f1 else 1.0
        b0 = both[0] / stats[0, 6] if stats[0, 6] else 1.0
        b1 = both[1] / stats[1, 6] if stats[1, 6] else 1.0
        d0, d1 = stats[0, 0] > 0, stats[1, 0] > 0
        odd = (deny[0, bi] + deny[1, bj]) & 1
        x0, x1 = deny[0, 0] & 1, deny[1, 0] & 1
        o = out[e]
        o[0] = lead[0] * lead[1] == -1
        o[1] = lead[0] * lead[1] == 1
        o[2] = (lead[0] == 0) != (lead[1] == 0)
        o[3] = stance[0] * stance[1] == -1
        o[4] = stance[0] * stance[1] == 1
        o[5] = overlap
        o[6] = odd * overlap
        o[7] = differ
        o[8] = agree
        o[9] = x0 != x1
        o[10] = d0 != d1
        o[11] = d0 and d1
        o[12] = (stats[0, 1] > 0) != (stats[1, 1] > 0)
        o[13] = stats[0, 1] > 0 and stats[1, 1] > 0
        o[14] = (stats[0, 2] > 0) != (stats[1, 2] > 0)
        o[15] = stats[0, 2] > 0 and stats[1, 2] > 0
        o[16] = min(kinds[3], 3)
        o[17] = min(kinds[4], 3)
        o[18] = min(kinds[1], 3)
        o[19] = min(kinds[2], 3)
        o[20] = min(rest0, rest1)
        o[21] = max(rest0, rest1)
        o[22] = min(far_opposite, 3)
        o[23] = min(far_sister, 3)
        o[24] = some0 > 0 and some1 > 0 and numbers[0, 1] == 0 and numbers[1, 1] == 0
        o[25] = numbers[0, 1] > 0 and numbers[1, 1] > 0
        o[26] = numbers[0, 1] > 0 and (numbers[0, 0] > 0 or numbers[1, 0] > 0)
        o[27] = min(c0, c1)
        o[28] = max(c0, c1)
        o[29] = min(min(f0, f1), 20)
        o[30] = min(max(f0, f1), 60)
        o[31] = min(cover[0], cover[1])
        o[32] = (f0 == 0) + (f1 == 0)
        o[33] = min(b0, b1)
        o[34] = max(b0, b1)
        o[35] = min(min(names[0, 0], names[1, 0]), 5)
        o[36] = min(names[0, 1], names[1, 1]) > 0
        o[37] = stats[0, 3] * stats[1, 3] < 0
        o[38] = (stats[0, 4] > 0) != (stats[1, 4] > 0)
        o[39] = inverted / steps if steps >= 2 else 0.0
        o[40] = np.log1p(min(n0, n1))
        o[41] = np.log1p(max(n0, n1))
        o[42] = np.log((1 + max(n0, n1)) / (1 + min(n0, n1)))
        o[43] = max(sents[0], sents[1])
        o[44] = min(kinds[6], 3)
        o[45] = equal
        o[46] = close / 100.0
        o[47] = min(stats[0, 8], stats[1, 8])
        o[48] = max(stats[0, 8], stats[1, 8])
        o[49] = min(kinds[5], 3)
        v0, v1, w0, w1 = stats[0, 9] > 0, stats[1, 9] > 0, stats[0, 10] > 0, stats[1, 10] > 0
        o[50], o[51] = v0 != v1, v0 and v1
        o[52], o[53] = w0 != w1, w0 and w1
        o[54], o[55] = (v0 or w0) != (v1 or w1), (v0 or w0) and (v1 or w1)


def compare(texts: Said, asked: NDArray[np.bool_], left: I32, right: I32) -> F32:
    """float32 [m, len(FEATURES)]: the texts left[e] and right[e]. asked: bool per token, in its question too."""
    n, w = net(), texts.words
    out = np.zeros((left.shape[0], len(FEATURES)), dtype=np.float32)
    _compare(texts.start, texts.word, texts.sentence, texts.mark, texts.value, texts.dim, asked,
             w.key, w.lex, w.bits, w.side, w.other, w.kind, w.letters, n.senses, n.up, n.opposites, n.first,
             left, right, out)  # fmt: skip
    return out


def asked_of(texts: Said, questions: Said | None, question: I32) -> NDArray[np.bool_]:
    """bool [t]: tokens of each text that stand in its question (question[row], -1 = none)."""
    out = np.zeros(texts.word.shape[0], dtype=np.bool_)
    if questions is not None:
        w: Any = texts.words
        mark_asked(texts.start, texts.word, w.key, questions.start, questions.word,
               questions.words.key, question, out)  # fmt: skip
    return out
