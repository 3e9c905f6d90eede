"""Toxicity and prompt injection: what offends people, and what would give orders to a judge or to the next model.

Toxicity is a linear model over words and word pairs, fitted on Davidson, HateCheck, OpenAI moderation and Stormfront rows:
a screen for review, not a classifier of hate. On Stormfront, whose hate needs no slur, it finds about half. Injection is a
list of patterns in three families; every repeat in them is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curate.measure.buffers import flat
from curate.measure.wordgrams import shipped
from curate.types import F32

VERSION = 1
COLUMNS = ("toxicity", "injection", "embedded_order")
# Orders to drop what was said before, another role without rules, or a fixed output.
INJECTION = (
    r"(?i)\b(?:ignore|disregard|forget|override|bypass|skip|discard)\b[^.!?\n]{0,40}\b(?:previous|prior|above|before|earlier|preceding"
    r"|following|all|any|your|these|those|the|safety|system)\b[^.!?\n]{0,40}\b(?:instruction|prompt|direction|command|rule|guideline"
    r"|message|polic|context|filter|restriction|programming|training)"
    r"|\bignore (?:everything|all of the above|what (?:i|you) (?:said|were told))"
    r"|\bdo anything now\b|\b(?:DAN|STAN|DUDE|AIM|jailbreak|developer|god|sudo|evil)[ -](?:mode|prompt)\b|\bact as a? ?DAN\b"
    r"|\b(?:broken|freed?|released|liberated) (?:free )?(?:of|from) (?:the |all |their |its )?(?:typical |usual )?(?:confines|rules|restrictions|limits|constraints)"
    r"|\b(?:do|does|did|will|need) ?n[o'’]t (?:need to |have to )?(?:abide by|follow|adhere to|comply with|obey) (?:the|any|all|your|its|their|openai)[^.!?\n]{0,40}(?:rule|polic|guideline|restriction|norm)"
    r"|\bfrom now on,? you(?:['’]re| are| will|['’]ll| must| shall| should)\b"
    r"|\byou are (?:going to|about to|now going to) (?:act|pretend|play|immerse|be|become|simulate|roleplay)\b"
    r"|\b(?:without|no|free of) (?:any )?(?:moral|ethical|content|safety) (?:restrictions?|filters?|guidelines?|limit\w*)\b"
    r"|\bstop everything\b|\bjust (?:say|print|output|write|reply|respond|repeat)\b[^.!?\n]{0,12}[\"'“:]"
    r"|\b(?:reveal|show|print|repeat|output|display|tell me|give me|leak|what (?:is|are|were))\b[^.!?\n]{0,30}\b(?:your|the|initial|original|hidden|system|above)\b[^.!?\n]{0,20}\b(?:system prompt|initial prompt|hidden prompt|prompt above|instructions above|secret key|original instructions|initial instructions)"
    r"|\b(?:rate|score|grade|give|award|assign|mark)\b[^.!?\n]{0,30}\b(?:this|my|the|it)\b[^.!?\n]{0,30}\b(?:5/5|10/10|5 out of 5|10 out of 10|highest|maximum|perfect|full|top) ?(?:score|marks?|rating|points?|grade)?\b[^.!?\n]{0,30}\b(?:score|rating|regardless|whatever|no matter|always)"
    r"|\bas (?:the|a) (?:judge|grader|evaluator),? you (?:must|should|will|have to)\b|\bnew instructions?:|\[(?:system|admin|developer)\]\s*:"
)
# Orders about the shape or the content of the reply, as they are planted in documents (BIPIA's families).
ORDER = (
    r"(?i)(?:\b(?:your|the) (?:response|reply|answer|message|output)s?\b[^.!?\n]{0,60}\b(?:base ?\d\d|caesar|cipher|encod\w*|encrypt\w*|revers\w*|backwards?|emojis?|anagram\w*"
    r"|misspell\w*|typos?|scrambl\w*|substitut\w*|homophon\w*|alphanumeric|pig latin|morse|leet\w*|rot13|binary|hexadecimal)"
    r"|\b(?:encod|encrypt|revers|scrambl|render|obfuscat|invert|shift|rearrange|replac|substitut|anagram|introduc|remov)\w*\b[^.!?\n]{0,50}\b(?:your|every|each) (?:\w+ )?(?:response|reply|answer|message|output|letter|word|keyword|spaces?)\b"
    r"|\b(?:add|append|includ|insert|integrat|incorporat|augment|enhanc|modify|modifi|embed|weav)\w*\b[^.!?\n]{0,60}\b(?:to|in|into|with|of)? ?your (?:response|reply|answer|message|output)"
    r"|\bin your (?:response|reply|answer|message|output),? (?:mention|suggest|include|add|recommend|promote|say|state|encourage|advise|claim)"
    r"|\b(?:provide|write|give|express|translate|render|convert|deliver|present|use)\b[^.!?\n]{0,40}\byour (?:response|reply|answer|message|output) (?:backwards?|in (?:reverse|base|french|spanish|italian|german|portuguese|russian|chinese|japanese|emoji)|into|to (?:french|spanish|italian|german|portuguese|russian|chinese|japanese)|using|as emojis?))"
)
NAMES = ("prompt", "response", "system")


def measure_safety(rows: Any) -> Mapping[str, F32]:
    """toxicity: the worse of prompt and answer, 0..1; injection, embedded_order: 0/1 over every text; float32 [n] each."""
    import pyarrow.compute as pc

    model = shipped("toxicity")
    texts = {name: pc.fill_null(rows.column(name), "") for name in NAMES}
    toxic = [model.score(*flat(texts[name])) for name in ("prompt", "response")]
    found = {}
    for name, pattern in (("injection", INJECTION), ("embedded_order", ORDER)):
        found[name] = np.logical_or.reduce([np.asarray(pc.match_substring_regex(t, pattern)) for t in texts.values()])
    out = {"toxicity": np.fmax(*toxic), **found}
    return {name: np.ascontiguousarray(out[name], dtype=np.float32) for name in COLUMNS}
