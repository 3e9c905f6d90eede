"""Questions: what kind of answer a prompt asks for, read from its words: yes or no, one thing, a list, or anything that fits.

A prompt with many right answers (write, suggest, give an example, name some) has no contradiction in two of them.
Kinds are read by patterns, one pass of Arrow's regular expressions each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BE = "is|are|was|were|am|do|does|did|can|could|will|would|should|shall|has|have|had|may|might|must|isn't|aren't|don't|doesn't"
# Verbs that ask for something made: every good answer differs from every other.
_MAKE = """write|compose|generate|create|come up|suggest|propose|brainstorm|design|imagine|invent|devise|draft|craft|
produce|make|build|develop|construct|rewrite|re-write|rephrase|paraphrase|reword|restate|edit|revise|improve|summari[sz]e|
simplify|describe|discuss|elaborate|explain|outline|illustrate|demonstrate|narrate|tell|show|provide|give|offer|list|name|
enumerate|identify|add|insert|fill|complete|continue|finish|extend|expand|think|find|recommend|prepare|plan|formulate|share|
pretend|act|sing|draw|sketch|choose|pick|select|use|combine|turn|change|modify|transform|reorder|rearrange|arrange|organi[sz]e|
express|convince|persuade|argue|reply|respond|ask|analy[sz]e|compare|contrast|evaluate|assess|critique|review|consider|
research|look|talk|introduce|implement|print|predict|guess|infer|interpret|reflect|explore|highlight|state|mention|present|
report|point|replace|delete|remove|shorten|condense|reduce|advise|adapt|brief|clarify|communicate|debate|depict|detail|
differentiate|distinguish|encourage|examine|hypothesi[sz]e|include|incorporate|join|justify|let|optimi[sz]e|pose|rank|
refine|reformat|relate|role|simulate|speculate|strengthen|structure|substitute|synthesi[sz]e|tweet|update|visuali[sz]e|
translate|convert this|convert the sentence|convert the following|form|group|sort|rate|assign|output|code|program""".replace(
    "\n", ""
)
_OPENING = r"^(?:please |kindly |now |then |can you |could you |would you |will you |i want you to |i need you to |i would like you to |i'd like you to |help me |let's |given .{0,120}?, |using .{0,120}?, |based on .{0,120}?, |in \w+ (?:words|sentences|lines?), |you are .{0,200}?[.!] ?|as an? [^,.]{0,60}, )*"
# ... but one that names a single thing asks for that thing.
_ONE = r"(?:name|state|find|identify|give|tell|provide|show|choose|pick|select|mention|predict|output|print|report) (?:me )?(?:the (?:\w+ )?\w*[^s\W]\b|what|who|which|when|where|if|whether|how many|how much)"
KINDS: tuple[str, ...] = ("yes_no", "who", "where", "when", "how_many", "why", "how", "plural", "what")
_PATTERNS: dict[str, str] = {
    "yes_no": rf"^(?:{_BE})\b|[,.:\n]\s*(?:so |then )?(?:{_BE}) (?:it|he|she|they|we|you|i|there|this|that|the|an?|my|your|his|her)\b[^.\n]*\?|true or false|yes or no",
    "who": r"\b(?:who|whose|whom)\b",
    "where": r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|town|county|continent)\b",
    "when": r"\bwhen (?:is|are|was|were|do|does|did|will|has|have|had|should|can)\b|\b(?:what|which) (?:year|date|day|month|century)\b",
    "how_many": r"\bhow (?:many|much|old|long|far|often|tall|big|fast|high|deep|heavy)\b",
    "why": r"\bwhy\b",
    "how": r"\bhow (?:do|does|did|is|are|was|were|can|could|to|would|should|will|has|have)\b",
    "plural": r"\b(?:what|which) (?:are|were)\b|\bwhat (?:kinds?|types?|sorts?) of\b|\bwhich (?:\w+ )?\w+s\b|\bwhat (?:\w+ )?\w+s (?:are|were|have|do|can|did)\b|\bsome\b|\blists?\b|\bexamples?\b",
    "what": r"\b(?:what|which)\b",
}  # fmt: skip
_THINGS = """examples?|ways?|reasons?|ideas?|tips|suggestions?|synonyms?|antonyms?|sentences?|stories|story|poems?|jokes?|haikus?|
tweets?|slogans?|titles?|names?|facts?|words?|benefits?|advantages|disadvantages|steps|questions?|things|items|types|kinds|
uses?|activities|recipes?|books?|movies|songs?|quotes?|features?|strategies|methods?|hobbies|places|topics?|characteristics|
qualities|skills|adjectives|verbs|nouns|metaphors?|similes?|headlines?|hashtags?|paragraphs?|essays?|dialogues?|
conversations?|letters?|emails?|scripts?|scenes?|characters?|lines""".replace("\n", "")
_NOUNS = """(?:\\w+ )?(?:benefits|advantages|disadvantages|effects|causes|reasons|ways|main|key|most|best|different|types|pros|
steps|implications|consequences|challenges|characteristics|features|components|uses|symptoms|differences|factors|impacts?|
goals?|themes?|similarities)""".replace("\n", "")
_BROAD = (
    r"^(?:why|how)\b", r"\bwhy (?:is|are|was|were|do|does|did|should|would|can|could)\b",
    r"\bhow (?:can|could|do|should|would|to|might|does|did|has|have|will|is|are|was|were)\b",
    rf"\b(?:an?|one|some|any|two|three|four|five|six|seven|ten|several|\d+) (?:\w+ ){{0,3}}(?:{_THINGS})\b",
    r"\bexamples?\b", r"\b(?:what|which) (?:are|were) (?:the |some |all |your |its |their )*(?:\w+ )?\w+s\b", r"\byour (?:favou?rite|opinion|thoughts|view|experience|name|day|plan|goal|dream)\b",
    r"\bdo you (?:think|like|believe|feel|prefer|have|want|enjoy)\b", r"\bwhat (?:would|should|could|might|can) \w+\b",
    rf"\bwhat (?:are|were|is|was) (?:some\b|(?:the |an? )?{_NOUNS}\b)", r"\bwhat is (?:the )?(?:best|purpose|importance|impact|significance|meaning of|difference)\b",
    r"\bwhat (?:kind|type|sort)s? of\b", r"\bwhat (?:do|did|does) .{1,60} (?:mean|look like|think)\b",
    r"\brandom\b|\bimagin|\bcreative\b|\bhypothetical\b|\bpoem\b|\bstory\b|\bjoke\b|\bhaiku\b|\bscenario\b",
    r"\bcomplications\b|\beffects?\b|\bsymptoms\b",
)  # fmt: skip


def kinds(prompts: Any) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Of an Arrow string column of prompts: float32 [n, len(KINDS)] of 0 and 1; bool [n], asks for something made, so
    that any two answers may differ; bool [n], broad: good answers name different things, but none denies another."""
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(pc.utf8_slice_codeunits(pc.utf8_lower(pc.fill_null(prompts, "")), 0, 600))
    columns = [_matches(text, _PATTERNS[name]) for name in KINDS]
    made = _matches(text, rf"{_OPENING}(?:{_MAKE})\b")
    one = _matches(text, rf"{_OPENING}{_ONE}")
    broad = _matches(text, "|".join(f"(?:{p})" for p in _BROAD))
    return np.column_stack(columns).astype(np.float32), made & ~one, broad | (made & one)


def _matches(text: Any, pattern: str) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    return np.asarray(pc.match_substring_regex(text, pattern).to_numpy(zero_copy_only=False), dtype=np.bool_)
