"""The rule table: every row rule as data, and the bit matrix that applying it gives.

A slider, a histogram line, a TOML table, a rejection reason and a line of lineage are all made from one entry here.
To add a rule: a column in curate/measure, an entry here, a test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.decide.rule import INF, Act, Rule, fact
from curate.decide.signal_rules import SIGNAL_RULES
from curate.types import U64, Bool, masks_of, words_for

__all__ = [
    "BIT",
    "CODES",
    "INF",
    "LATER",
    "RULES",
    "Act",
    "Rule",
    "bit",
    "codes_of",
    "hits",
    "mark",
    "mask_of",
    "no_reasons",
    "with_later",
]

# Order is stage order: the first failing rule is the row's "first" reason. Bounds here are the widest.
_FORM_RULES: tuple[Rule, ...] = (
    fact("empty_prompt", "prompt_empty", "review", "No user turn says anything.", "S3 level 1"),
    fact("empty_answer", "answer_empty", "drop", "The answer is empty or only white space.", "S3 level 1"),
    fact(
        "role_order",
        "role_fault",
        "review",
        "Turns do not alternate, or a system turn stands mid-way.",
        "S3 level 1",
    ),
    fact(
        "last_role_user",
        "last_not_assistant",
        "review",
        "The conversation does not end with an answer.",
        "formats 4.2",
    ),
    Rule(
        "too_short_prompt",
        "prompt_words",
        help="Fewer words in the prompt than `low`. Defect: S1's 20 rejects S0's own questions of four and five words (D3).",
        source="S1 min_input_tokens",
        unit="words",
        span=(0, 100),
    ),
    Rule(
        "too_long_prompt",
        "prompt_words",
        help="More words in the prompt than `high`.",
        source="S1 max_input_tokens",
        unit="words",
        span=(0, 4096),
    ),
    Rule(
        "too_short_answer",
        "answer_words",
        help="Fewer words in the answer than `low`. Defect: S1's 10 rejects short labels (D28).",
        source="S1 min_output_tokens",
        unit="words",
        span=(0, 200),
    ),
    Rule(
        "too_long_answer",
        "answer_words",
        help="More words in the answer than `high`.",
        source="S1 max_output_tokens",
        unit="words",
        span=(0, 4096),
    ),
    Rule(
        "answer_below_median",
        "answer_ratio",
        action="review",
        unit="x the median answer",
        span=(0, 1),
        help="Words in the answer over this dataset's median, below `low`: a word-count floor that fits labels too.",
        source="replaces fixed floors, which reject short labels (requirements D3, D28)",
    ),
    Rule(
        "answer_above_median",
        "answer_ratio",
        action="review",
        unit="x the median answer",
        span=(1, 100),
        help="Words in the answer over the median of this dataset, above `high`.",
        source="requirements D12",
    ),
    Rule(
        "answer_characters",
        "first_answer_chars",
        help="Characters in the first answer outside `low`..`high`. Defect: a floor of 10 rejects short labels (D28).",
        source="S3 level 1: 10-4000",
        unit="characters",
        span=(0, 10000),
    ),
    Rule(
        "repeated_bigrams",
        "repeated_bigrams",
        help="Share of word pairs in the answer that repeat (10 words and up). Defect: grows with length, so clean long prose comes near .15 (D15).",
        source="S1 max_repetition_ratio; grows with length (requirements D15)",
        span=(0, 1),
    ),
    Rule(
        "repetitive_answer",
        "window_repetition",
        span=(0, 1),
        help="Share of repeated word pairs in the worst 100-word window: the same bound at every length.",
        source="length-aware form of S1's repetition rule (requirements D15)",
    ),
    fact(
        "bad_phrase",
        "bad_phrase",
        "drop",
        'One of S0\'s phrases stands in the last answer. Defects: word boundaries are ignored, so "as an air pump" counts (D31); '
        "wanted refusals go too (D13).",
        "S0 bad_phrases",
    ),
    fact(
        "special_token",
        "special_token",
        "review",
        "A model's control token stands in the text as literal characters.",
        "gold/README: 55,185 answers of one public set",
    ),
    fact(
        "placeholder",
        "placeholder",
        "review",
        "A template slot was never filled (<noinput>, [insert name], TODO).",
        "Alpaca: 768 rows",
    ),
    Rule(
        "low_shape",
        "shape_s0",
        help="S0's composite of length, structure and phrases. Shape, not quality: at chance on labels. Defects: its own good answer of "
        "27 words scores .516 and goes (D1), a refusal with a list scores .7 and stays (D2).",
        source="S0: .4 length + .3 structure + .3 phrases, keep >= .7",
        span=(0, 1),
    ),
    Rule(
        "low_diversity",
        "shape_s3",
        help="S3's subtractive score of the first answer. Shape, not quality: at chance on labels. Defects: low diversity alone gives .7 and "
        'goes (D14); "undefined" in code, "ERROR" in logs and wanted refusals go too (D13).',
        source="S3 level 2: keep > .7",
        span=(0, 1),
    ),
    Rule(
        "low_judge_score",
        "judge_overall",
        help="The judge's overall score is below `low`.",
        source="S1 min_quality_score 3.5",
        unit="of 5",
        span=(1, 5),
    ),
    fact(
        "judge_exclude",
        "judge_exclude",
        "drop",
        "The judge gave a 1, or an overall under 3.",
        "S1 judge prompt",
    ),
    fact(
        "judge_failed",
        "judge_failed",
        "review",
        "The judge was asked and gave no score that could be read; off, the row is kept and flagged.",
        "S1 loses such rows (requirements D10)",
    ),
)

RULES: tuple[Rule, ...] = (*_FORM_RULES, *SIGNAL_RULES)

# Codes after the row rules, in stage order. (code, action, help, source)
LATER: tuple[tuple[str, Act, str, str], ...] = (
    (
        "contaminated",
        "drop",
        "The question stands in a frozen evaluation set; the witness is the evaluation row.",
        "S1: freeze eval first, remove the train row",
    ),
    ("exact_copy", "drop", "An equal row is kept; the witness names it.", "S1 exact_dedup"),
    (
        "near_text",
        "drop",
        "Prompt and answer share nearly all their character 5-grams with the witness.",
        "S1, S3: Jaccard .8",
    ),
    (
        "near_meaning",
        "drop",
        "Prompt and answer lie next to the witness in meaning, and no guard differs.",
        "S0: cosine .95; S1: .92",
    ),
    (
        "contradiction",
        "review",
        "Nearly the same question has an answer that cannot also be right.",
        "S0: the metformin pair",
    ),
    (
        "over_cap",
        "drop",
        "Its topic holds more rows than the cap; a keyed shuffle chose which stay.",
        "S1 max_per_topic",
    ),
    (
        "time_straddle",
        "drop",
        "Split by time: its question or group began before the cut and is kept there; this later row is left out.",
        "S1 temporal leakage",
    ),
    ("override_drop", "drop", "A person dropped the row.", "overrides"),
    ("override_review", "review", "A person sent the row to review.", "overrides"),
)

BIT: Mapping[str, int] = {code: b for b, (code, *_) in enumerate(LATER)}


def codes_of(rules: Sequence[Rule]) -> tuple[str, ...]:
    """Every code that a recipe with these rules can give, in stage order: the row rules, then the later stages."""
    return tuple(r.name for r in rules) + tuple(BIT)


CODES: tuple[str, ...] = codes_of(RULES)
_HELP: Mapping[str, str] = {r.name: r.help for r in RULES} | {code: help for code, _, help, _ in LATER}


def help_of(code: str) -> str:
    """What a reason says, in a sentence."""
    return _HELP.get(code, "A rule of the recipe's own.")


def bit(code: str) -> np.uint64:
    """The mask of a later stage's code in that stage's own word; `with_later` moves it behind the row rules."""
    return np.uint64(1 << BIT[code])


def no_reasons(n: int, rules: Sequence[Rule]) -> U64:
    """uint64 [n, words] of zeros, with room for every code of the rules and the later stages."""
    return np.zeros((n, words_for(len(rules) + len(LATER))), dtype=np.uint64)


def mark(reasons: U64, place: int, rows: NDArray[np.int64]) -> None:
    """Set bit `place` (a code's place in the stage order) on the rows."""
    reasons[rows, place >> 6] |= np.uint64(1 << (place & 63))


def with_later(reasons: U64, later: U64, rules: Sequence[Rule]) -> None:
    """Set the later stages' bits (uint64 [n], see `bit`) behind those of the row rules."""
    word, shift = divmod(len(rules), 64)
    reasons[:, word] |= later << np.uint64(shift)
    if shift + len(LATER) > 64:
        reasons[:, word + 1] |= later >> np.uint64(64 - shift)


def mask_of(rules: Sequence[Rule], action: Act) -> U64:
    """uint64 [words]: the bits whose effect is `action`, of row rules as set and of the later stages."""
    acting = {r.name for r in rules if r.action == action} | {code for code, act, *_ in LATER if act == action}
    return masks_of(codes_of(rules), acting)


def hits(reasons: U64, mask: U64) -> Bool:
    """Bool [n]: rows that carry any bit of the mask."""
    out = np.zeros(reasons.shape[0], dtype=np.bool_)
    for word in np.flatnonzero(mask).tolist():
        out |= (reasons[:, word] & mask[word]) != 0
    return out
