"""What the teacher wrote, as rows of a file with their provenance; and what to look for in them as a whole."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from curate.make.teacher import TeacherWork
from curate.store import Judgements

# Words that name a field where a wrong answer harms: its rows need a person who knows (S1: never synthetic without a check).
RISKY: Mapping[str, re.Pattern[str]] = {
    "medicine": re.compile(
        r"\b(?:dos(?:e|age)|mg|symptom|medication|diagnos\w+|patient|prescri\w+|tablet|drug)s?\b", re.I
    ),
    "law": re.compile(
        r"\b(?:lawsuit|liab\w+|statut\w+|contract law|plaintiff|attorney|legal advice|court|tenant|custody)\b", re.I
    ),
    "finance": re.compile(
        r"\b(?:invest\w*|mortgage|tax(?:es|able)?|loan|interest rate|stock market|pension|portfolio)\b", re.I
    ),
    "security": re.compile(
        r"\b(?:exploit|malware|vulnerabilit\w+|firewall|phishing|sql injection|cve-\d+|password hash\w*)\b", re.I
    ),
}
RISK_SHARE = 0.05  # of the rows that speak of a field before it is named
_LAYOUT = (("headings", re.compile(r"^#{1,6} ", re.M)), ("numbered lists", re.compile(r"^\s*\d+[.)] ", re.M)), ("bullets", re.compile(r"^\s*[-*•] ", re.M)),
           ("bold", re.compile(r"\*\*[^*]+\*\*")))  # fmt: skip
COLLAPSED = 0.5  # of answers with one layout or one opening, and twice the share of the pool


@dataclass(frozen=True, slots=True)
class Written:
    """One written row with where it comes from."""

    prompt: str
    answer: str
    request: str
    seed: str


def written(work: TeacherWork, ledger: Judgements, names: Mapping[str, str]) -> list[Written]:
    """Every row that the ledger holds of these requests, in the order of asking."""
    known = ledger.known(work.key)
    out: list[Written] = []
    for name, seed in names.items():
        found = known.get(name)
        if found is not None and not found.reason:
            out += [Written(q, a, name, seed) for q, a in json.loads(found.raw)]
    return out


def lines(work: TeacherWork, rows: Sequence[Written], ids: Mapping[str, str]) -> Iterator[str]:
    """JSON lines: messages, and `synthetic` with model, hash of the prompt, kind and the seed's row id."""
    for row in rows:
        made = {
            "model": work.settings.model,
            "prompt": work.prompt,
            "kind": work.kind,
            "seeds": [ids[row.seed]],
            "request": row.request,
        }
        messages = [{"role": "user", "content": row.prompt}, {"role": "assistant", "content": row.answer}]
        yield json.dumps({"messages": messages, "synthetic": made}, ensure_ascii=False, sort_keys=True) + "\n"


def risks(texts: Sequence[str]) -> dict[str, int]:
    """Fields in which these rows need a check by someone who knows, with how many rows speak of each."""
    found = {name: sum(bool(sign.search(t)) for t in texts) for name, sign in RISKY.items()}
    return {name: n for name, n in found.items() if n > RISK_SHARE * max(len(texts), 1)}


def style(answers: Sequence[str]) -> dict[str, float]:
    """Shares of answers with each layout, and of the most frequent first three words."""
    n = max(len(answers), 1)
    out = {name: sum(bool(sign.search(a)) for a in answers) / n for name, sign in _LAYOUT}
    openings = Counter(" ".join(a.lower().split()[:3]) for a in answers)
    out["the same opening"] = max(openings.values(), default=0) / n
    return out


def collapse(made: Sequence[str], pool: Sequence[str]) -> list[str]:
    """Sentences that say in what the written answers have become alike; [] when they have not."""
    ours, theirs = style(made), style(pool)
    return [f"{ours[k]:.0%} of the written answers have {k}, {theirs[k]:.0%} of the pool's" for k in ours
            if ours[k] > COLLAPSED and ours[k] > 2 * theirs[k]]  # fmt: skip
