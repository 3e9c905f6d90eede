"""What kind of non-answer an answer is: refusal, partial refusal, "I don't know", clarifying question, AI boilerplate.

The score is a linear model over the first 80 words (curate/measure/wordgrams.py), fitted on XSTest completions and
Do-Not-Answer responses (`python -m benchmarks.fit refusal DIR`). Wanted refusals exist (S2): a class is policy, not dirt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curate.measure.buffers import flat
from curate.measure.wordgrams import shipped
from curate.types import F32

VERSION = 1
COLUMNS = ("refusal_score", "refusal_full", "refusal_partial", "dont_know", "clarifying", "ai_boilerplate")
# An opening that is nothing but a refusal, whatever model wrote it and whatever follows.
UNMISTAKABLE = (
    r"(?i)^\W*(?:(?:i['’]?m |i am )?(?:so |very |really )?sorry,? (?:but )?|i apologi[sz]e,? (?:but )?|unfortunately,? )?"
    r"i(?:['’]m| am)? ?(?:can ?not|can['’]?t|won['’]?t|will not|unable to|not able to) "
    r"(?:fulfil|assist with|comply with|complete|process|help (?:you )?with)l? ?(?:this|that|your|the|such|it)\b"
)
# After declining, these turn to an answer all the same.
TURN = (
    r"(?is)^.{0,400}?\b(?:however|but|that said|instead|nevertheless|nonetheless)\b,? (?:here|i can (?:tell|offer|provide|give"
    r"|share|suggest|explain|help)|the (?:following|general)|you (?:can|could|may|might)|some|it is (?:known|believed)|if you)"
)
DONT_KNOW = (
    r"(?i)\b(?:i (?:do not|don['’]?t|dont) (?:actually )?(?:know|have (?:any |enough |access|real[- ]time|specific|the|up[- ]to"
    r"|personal|information|data))|i(?:['’]m| am) not (?:sure|certain|aware|familiar)|i have no (?:information|knowledge|idea"
    r"|data|way)|(?:there is|there's) (?:no|not enough|insufficient) (?:information|data|evidence)|it is (?:unknown|unclear)"
    r"|(?:is|are) not (?:publicly )?(?:known|available|disclosed)|beyond my knowledge|my knowledge cut-?off)"
)
ASKS = (
    r"(?i)\b(?:could|can|would) you (?:please |kindly )?(?:clarify|specify|provide (?:more|additional|further|me with|some|the)"
    r"|share (?:more|the)|tell me (?:more|which|what)|elaborate|explain what|be more specific|rephrase|give me)"
    r"|\b(?:what|which) (?:do you mean|exactly|specific|kind of|type of)\b[^.!\n]{0,80}\?|please (?:provide|clarify|specify|share"
    r"|give me) (?:more|additional|further|the|some|a|your)|need (?:a bit |some )?more (?:information|details|context)"
)
BOILERPLATE = (
    r"(?i)\bas an? (?:ai|artificial intelligence|large language model|language model|assistant|chatbot|virtual)\b"
    r"|\bi(?:['’]m| am) (?:just |only )?an? (?:ai|artificial intelligence|large language|language model)\b"
    r"|\bi do(?:n['’]?t| not) have (?:personal|feelings|emotions|opinions|consciousness|a physical)"
)


def measure_refusal(rows: Any) -> Mapping[str, F32]:
    """refusal_score in 0..1 (NaN for empty answers), and 0/1 classes of the answer; float32 [n] each.

    refusal_full: score .5 and up, or an unmistakable opening, without a turn to an answer; refusal_partial: with one. dont_know: says that it does not
    know. clarifying: short and asks back. ai_boilerplate: speaks of being a model. Classes may overlap but for the first two.
    """
    import pyarrow.compute as pc

    answer = pc.fill_null(rows.column("response"), "")
    score = shipped("refusal").score(*flat(answer))
    declines = (score >= 0.5) | _has(answer, UNMISTAKABLE)
    turns = _has(answer, TURN)
    head = pc.utf8_slice_codeunits(answer, 0, 600)
    short = np.asarray(pc.utf8_length(answer)) < 500
    ends = _has(answer, r"\?\W{0,3}$")
    out = {
        "refusal_score": score,
        "refusal_full": declines & ~turns,
        "refusal_partial": declines & turns,
        "dont_know": _has(head, DONT_KNOW),
        "clarifying": short & (ends | ~declines) & _has(head, ASKS) & ~declines,
        "ai_boilerplate": _has(answer, BOILERPLATE),
    }
    return {name: np.ascontiguousarray(out[name], dtype=np.float32) for name in COLUMNS}


def _has(column: Any, pattern: str) -> np.ndarray:
    import pyarrow.compute as pc

    return np.asarray(pc.match_substring_regex(column, pattern), dtype=np.bool_)
