"""python -m benchmarks.topic_names DIR [COMPONENT]: whether a topic's name says what the people who labelled the rows call it.

Reads labels, so it only scores: topics are found by `benchmarks.quality topics` without them. A topic's intent is the label of
most of its rows; its name hits when one of the intent's own words ("exchange", "rate" of exchange_rate) has the stem of a word in
the name. Topics without a subject to name are counted apart: out of scope, and intents of joining words only (who_made_you).
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.quality import Line, by_id, loaded, pick
from curate.measure.topic_words import JOINING, stem

NO_SUBJECT = frozenset({"oos"})


def named(rows: list[Line]) -> list[tuple[str, str]]:
    """(intent of most rows, name) of every topic of one component under the default recipe."""
    from curate.decide import decide, preset, topics_of
    from curate.measure.run import measure

    data = loaded([{"id": row["id"], "prompt": row["text"], "completion": ""} for row in rows])
    recipe = preset("default")
    evidence = measure(data, recipe=recipe)
    verdicts = decide(evidence, recipe)
    found = topics_of(evidence, verdicts)
    if found is None:
        return []
    label = {row["id"]: str(row["topic"]) for row in rows}
    held: list[Counter[str]] = [Counter() for _ in found.names]
    for name, topic in by_id(data, np.asarray(verdicts.topic).tolist()):
        if topic >= 0:
            held[topic][label[name]] += 1
    pairs = zip(held, found.names, strict=True)
    return [(min(c, key=lambda k: (-c[k], k)), name) for c, name in pairs if c]


def subject_of(intent: str) -> set[str]:
    """Stems of the words of an intent that name a subject: of exchange_rate both, of who_made_you none."""
    words = re.split(r"[^a-z0-9]+", intent.lower())
    return {stem(w) for w in words if w and w not in JOINING and intent not in NO_SUBJECT}


def hits(intent: str, name: str) -> bool:
    """Whether a word of the intent's subject is in the name, but for its ending."""
    return bool({stem(w) for w in re.split(r"[^a-z0-9]+", name.lower())} & subject_of(intent))


def main(words: list[str]) -> int:
    if len(words) not in (1, 2) or not Path(words[0]).is_dir():
        sys.stderr.write("usage: python -m benchmarks.topic_names DIR [COMPONENT]; DIR is a folder such as gold/dev\n")
        return 2
    component = words[1] if len(words) == 2 else "clinc150"
    path = Path(words[0]) / "topics_gold/rows.jsonl.gz"
    rows = [r for r in pick(path, "id", "text", "component", "topic") if r["component"] == component]
    every = named(rows)
    subject = [(intent, name) for intent, name in every if subject_of(intent)]
    missed = [(intent, name) for intent, name in subject if not hits(intent, name)]
    for intent, name in missed:
        print(f"  {intent:<28}{name}")
    share = 1 - len(missed) / max(len(subject), 1)
    print(f"{component}: {share:.1%} of {len(subject)} topics are named by their intent's subject; "
          f"{len(every) - len(subject)} more have no subject to name")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
