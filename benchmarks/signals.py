"""The sets that the row signals answer: personal data, language, refusals, toxicity, injection, leakage, quality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.quality import Line, by_id, loaded, pick

# The product's kinds by the names that the set uses.
TYPES: Mapping[str, str] = {
    "email": "EMAIL_ADDRESS",
    "card": "CREDIT_CARD",
    "iban": "IBAN_CODE",
    "ssn": "US_SSN",
    "ip": "IP_ADDRESS",
    "phone": "PHONE_NUMBER",
    "licence": "US_DRIVER_LICENSE",
    "secret": "SECRET",
}


def rule_flags(data: Any, *names: str) -> Any:
    """Whether each row fails one of the rules, with the rule table's bounds and the product's own columns."""
    import numpy as np

    from curate.decide import Recipe
    from curate.measure.signals import columns_of

    recipe = Recipe()
    columns = columns_of(data.rows)
    return np.logical_or.reduce([recipe.rule(name).fails(columns[recipe.rule(name).column]) for name in names])


def refusal(folder: Path) -> Iterable[Line]:
    """The rule `refusal`."""
    return _flags(loaded(pick(folder / "refusal_gold/rows.jsonl.gz", "id", "messages")), "refusal")


def leakage(folder: Path) -> Iterable[Line]:
    """The rule `answer_in_prompt`."""
    return _flags(loaded(pick(folder / "leakage_gold/rows.jsonl.gz", "id", "messages")), "answer_in_prompt")


def injection(folder: Path) -> Iterable[Line]:
    """The rules `injection` and `embedded_order` on the text as a prompt."""
    return _flags(_texts(folder / "injection_gold/rows.jsonl.gz"), "injection", "embedded_order")


def toxicity(folder: Path) -> Iterable[Line]:
    """The rule `toxic` on the text as a prompt."""
    return _flags(_texts(folder / "toxicity_gold/rows.jsonl.gz"), "toxic")


def quality(folder: Path) -> Iterable[Line]:
    """The named score `form`: what is visibly wrong with a row. Not whether it is true."""
    from curate.measure.signals import columns_of

    data = loaded(pick(folder / "quality_gold/rows.jsonl.gz", "id", "messages"))
    return [{"id": name, "score": float(v)} for name, v in by_id(data, columns_of(data.rows)["form"])]


def pii(folder: Path) -> Iterable[Line]:
    """Spans of the text as a prompt, in signs."""
    from curate.measure.pii import KINDS, find

    data = _texts(folder / "pii_gold/rows.jsonl.gz")
    texts = data.rows.column("prompt").to_pylist()
    spans: list[list[Line]] = [[] for _ in texts]
    found = find(data.rows.column("prompt"))
    for row, start, end, kind in zip(found.row, found.start, found.end, found.kind, strict=True):
        raw = texts[row].encode()
        first = len(raw[:start].decode())
        last = first + len(raw[start:end].decode())
        spans[row].append({"type": TYPES[KINDS[kind]], "start": first, "end": last})
    return [{"id": name, "spans": value} for name, value in by_id(data, spans)]


def _texts(path: Path) -> Any:
    """The texts of a set as rows whose prompt they are; texts are kept sign by sign."""
    rows = pick(path, "id", "text")
    return loaded([{"id": row["id"], "prompt": row["text"], "completion": ""} for row in rows])


def _flags(data: Any, *names: str) -> list[Line]:
    return [{"id": name, "flag": bool(value)} for name, value in by_id(data, rule_flags(data, *names))]


def language(folder: Path) -> Iterable[Line]:
    """The language of the text, "" = too short or unsure: the text is the row's answer."""
    import numpy as np

    from curate.measure.language import CODES, measure_language

    rows = pick(folder / "language_gold/rows.jsonl.gz", "id", "text")
    data = loaded([{"id": row["id"], "prompt": "", "completion": row["text"]} for row in rows])
    found = measure_language(data.rows)["language"]
    named = ["" if np.isnan(v) else CODES[int(v)] for v in found]
    return [{"id": name, "lang": value} for name, value in by_id(data, named)]
