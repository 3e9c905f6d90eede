"""Spoken: what made two answers a contradiction, as one of a few reasons, with the words of each answer that it rests on.

The model's sum is taken apart by feature (trees.parts); a reason can only speak where its words stand in the texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.measure.clauses import PAUSE, Said
from curate.measure.conflict import COLUMNS, Asked, asked, features, model
from curate.measure.lexicon import NEG, NO, NUMBER, STOP, UNIT, WEAK, YES, net
from curate.measure.matching import same_number, stand
from curate.measure.trees import parts

Span = tuple[int, int]
# reason -> the features whose splits are its voice, most telling first where voices are equal
REASONS: Mapping[str, tuple[str, ...]] = {
    "yes / no": ("lead_opposed", "lead_same", "lead_one", "stance_opposed", "stance_same"),
    "one side denies": ("best_denial", "denial_aligned", "agree_aligned", "first_denial", "denial_one", "denial_both",
                        "weak_one", "weak_both", "void_one", "void_both", "off_one", "off_both", "open_one", "open_both"),
    "opposite words": ("best_opposite", "any_opposite", "side_opposed"),
    "different numbers": ("number_differs", "number_same", "number_part"),
    "different things of one kind": ("best_sister", "any_sister", "best_cousin", "best_action"),
    "different names": ("name_differs", "name_same"),
    "different answers": ("answer_beyond", "focus_cover_low", "focus_cover_high", "focus_alike", "focus_low", "focus_high", "focus_letters",
                          "answer_cosine", "best_overlap", "best_left_low", "best_left_high", "to_question_low",
                          "to_question_high"),
}  # fmt: skip
MOST = 14  # words of a side that are looked up or marked


def spoken(
    rows: Any, pair: Sequence[int], scores: Mapping[str, NDArray[Any]]
) -> tuple[str, tuple[tuple[Span, ...], tuple[Span, ...]], dict[str, float]]:
    """(reason, spans of each answer's telling words in characters, log odds by reason) of one pair of rows.

    scores: arrays of length 1, the pair's own with its guards.
    """
    import pyarrow as pa

    from curate.measure.classes import prompt_view

    table = rows.take(pa.array(list(pair)))
    texts = asked(prompt_view(table), table.column("response"))
    one, two = np.zeros(1, np.int32), np.ones(1, np.int32)
    voice = parts(model(), features(texts, scores, one, two).x)[0]
    odds = {
        name: float(sum(voice[COLUMNS.index(feature)] for feature in group if feature in COLUMNS))
        for name, group in REASONS.items()
    }
    found = _words(texts)
    able = [name for name in REASONS if found.get(name, ((), ()))[0] or found.get(name, ((), ()))[1]]
    best = max(able, key=lambda name: odds[name]) if able else "different answers"
    answers = table.column("response").to_pylist()
    tokens = found.get(best, ((), ()))
    marks = (_spans(texts.answers, tokens[0], answers[0]), _spans(texts.answers, tokens[1], answers[1]))
    return best, marks, dict(sorted(odds.items(), key=lambda item: -item[1]))


def _words(texts: Asked) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """The tokens of both answers that each reason would rest on."""
    a, w, n = texts.answers, texts.answers.words, net()
    sides = [range(int(a.start[s]), int(a.start[s + 1])) for s in (0, 1)]
    bits = w.bits[a.word]
    key = w.key[a.word]
    here = [{int(key[t]) for t in side} for side in sides]
    content = [[t for t in side if not bits[t] & (STOP | UNIT) or bits[t] & NUMBER] for side in sides]
    alone = [[t for t in content[s] if int(key[t]) not in here[1 - s] and not bits[t] & NUMBER] for s in (0, 1)]
    lead = tuple(tuple(t for t in side[:1] if bits[t] & (YES | NO) and a.mark[t] & PAUSE) for side in sides)
    deny = tuple(tuple(t for t in side if bits[t] & (NEG | WEAK) and t not in lead[s]) for s, side in enumerate(sides))
    out: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
    if lead[0] and lead[1]:
        out["yes / no"] = (lead[0], lead[1])
    if bool(deny[0]) != bool(deny[1]) or len(deny[0]) % 2 != len(deny[1]) % 2:
        out["one side denies"] = (deny[0], deny[1])
    numbers = [[t for t in side if bits[t] & NUMBER and not texts.in_prompt[t]] for side in sides]
    odd = [
        tuple(
            t for t in numbers[s]
            if not any(same_number(a.value[t], a.dim[t], a.value[u], a.dim[u]) for u in numbers[1 - s])
        )
        for s in (0, 1)
    ]  # fmt: skip
    if odd[0] and odd[1]:
        out["different numbers"] = (odd[0], odd[1])
    for name, kinds in (("opposite words", (3,)), ("different things of one kind", (4, 5, 6))):
        hits = [
            (t, u)
            for t in alone[0][:MOST]
            for u in alone[1][:MOST]
            if stand(a.word[t], a.word[u], w.lex, w.other, w.kind, n.senses, n.up, n.opposites, n.first) in kinds
        ]
        if hits:
            out[name] = (tuple(sorted({t for t, _ in hits})), tuple(sorted({u for _, u in hits})))
    if "opposite words" not in out:  # safe, avoided
        lean = [sum(int(w.side[a.word[t]]) for t in side) for side in sides]
        if lean[0] * lean[1] < 0:
            words = [tuple(t for t in side if w.side[a.word[t]] * lean[s] > 0) for s, side in enumerate(sides)]
            out["opposite words"] = (words[0], words[1])
    names = [tuple(t for t in alone[s][:MOST] if a.mark[t] & 1 and not texts.in_prompt[t]) for s in (0, 1)]
    if names[0] and names[1]:
        out["different names"] = (names[0], names[1])
    fresh = [tuple(t for t in alone[s] if not texts.in_prompt[t])[:MOST] for s in (0, 1)]
    if fresh[0] or fresh[1]:
        out["different answers"] = (fresh[0], fresh[1])
    return out


def _spans(texts: Said, tokens: Sequence[int], text: str | None) -> tuple[Span, ...]:
    """Character spans of tokens; neighbours that only a blank parts are one span."""
    raw = (text or "").encode()
    out: list[Span] = []
    for t in tokens:
        begin = len(raw[: texts.begin[t]].decode("utf-8", "replace"))
        end = begin + len(raw[texts.begin[t] : texts.end[t]].decode("utf-8", "replace"))
        if out and begin - out[-1][1] <= 1:
            out[-1] = (out[-1][0], end)
        else:
            out.append((begin, end))
    return tuple(out)
