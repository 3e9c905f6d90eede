"""What a judge said of pairs as columns of the pair table, beside the built-in model's and NLI's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from curate.decide.recipe import Judge
from curate.judge.pairs import RELATIONS, Ruling, pairs_key, rulings
from curate.store import Judgements
from curate.types import F32, Dataset, Evidence, Measure, Pairs

VERSION = 1
OWN = "conflict_unjudged"  # what the other voices say, where a judge took their place
SPLIT = 0.5  # both orders asked, two answers given: nothing is told


def with_pairs(evidence: Evidence, dataset: Dataset, settings: Judge, ledger: Judgements) -> Evidence:
    """The evidence with conflict_judge and same_judge: 1, 0, or SPLIT where the orders disagree; NaN = not asked.

    Where both orders agree, `conflict` is the judge's word and conflict_unjudged keeps the other voices'. The same object when
    nothing changed. Needs the pair table; without it nothing is said.
    """
    found = rulings(ledger, settings) if settings.enabled and ledger.exists else []
    held = at_pairs(evidence, dataset, found)
    here = [found[k] for k in np.flatnonzero(held >= 0).tolist()]
    made = _measure(settings, here) if here else None
    before = next((m for m in evidence.made if m.name == "judge_pairs"), None)
    if before == made:
        return evidence
    scores = {k: v for k, v in evidence.pairs.scores.items() if k not in ("conflict_judge", "same_judge", OWN)}
    if OWN in evidence.pairs.scores:
        scores["conflict"] = evidence.pairs.scores[OWN]
    if made is not None:
        scores = _spoken(evidence.pairs, scores, held[held >= 0], np.array([r.relation for r in here]))
    others = tuple(m for m in evidence.made if m.name != "judge_pairs")
    return replace(evidence, pairs=replace(evidence.pairs, scores=scores), made=others + ((made,) if made else ()))


def _spoken(
    pairs: Pairs, scores: Mapping[str, F32], at: NDArray[np.int64], relation: NDArray[np.int64]
) -> dict[str, F32]:
    out = dict(scores)
    for name, wanted in (("conflict_judge", "contradiction"), ("same_judge", "duplicate")):
        said = np.full(len(pairs), np.nan, np.float32)
        said[at] = np.where(relation < 0, SPLIT, relation == RELATIONS.index(wanted))
        out[name] = said
    sure = np.isin(out["conflict_judge"], np.array([0, 1], np.float32))
    out[OWN] = scores["conflict"]
    out["conflict"] = np.where(sure, out["conflict_judge"], scores["conflict"]).astype(np.float32)
    for values in out.values():
        values.flags.writeable = False
    return out


def at_pairs(evidence: Evidence, dataset: Dataset, found: list[Ruling]) -> NDArray[np.int64]:
    """int64 [k]: the place in Pairs of each ruling, -1 where these data have no such pair."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pairs, n = evidence.pairs, len(evidence)
    if not found or not len(pairs):
        return np.full(len(found), -1, np.int64)
    column = dataset.rows.column("content")
    wanted = pa.array([c for r in found for c in (r.one, r.two)], column.type)
    first = pc.index_in(wanted, value_set=pa.chunked_array(column.chunks, column.type).combine_chunks())
    row = pc.fill_null(first, -1).to_numpy(zero_copy_only=False).astype(np.int64).reshape(-1, 2)
    content = evidence.classes["content"].astype(np.int64)
    a, b = content[row[:, 0]], content[row[:, 1]]
    key = pairs.i.astype(np.int64) * n + pairs.j
    asked = np.minimum(a, b) * n + np.maximum(a, b)
    at = np.minimum(np.searchsorted(key, asked), key.shape[0] - 1)
    return np.where((row >= 0).all(axis=1) & (key[at] == asked), at, -1)


def _measure(settings: Judge, found: list[Ruling]) -> Measure:
    digest = blake2b(digest_size=8)
    for r in found:
        digest.update(f"{r.one} {r.two} {r.relation}\n".encode())
    params = (("key", pairs_key(settings)), ("rulings", digest.hexdigest()))
    return Measure("judge_pairs", VERSION, params, "set", settings.model)


@dataclass(frozen=True, slots=True)
class PairTrust:
    """How far to trust rulings. pairs: asked in both orders; turned: of them, another relation in the other order; firsts of sides: how
    often the answer shown first was called right when one side was; longer of chosen: how often the side called right both times is longer."""

    pairs: int
    turned: int
    firsts: int
    sides: int
    longer: int
    chosen: int


def pair_trust(evidence: Evidence, dataset: Dataset, ledger: Judgements, settings: Judge) -> PairTrust | None:
    """Position and verbosity of the judge over the pairs of these data; None when none was asked."""
    found = rulings(ledger, settings)
    at = at_pairs(evidence, dataset, found)
    here = [(found[k], int(at[k])) for k in np.flatnonzero(at >= 0).tolist()]
    if not here:
        return None
    words = evidence.columns["answer_words"]
    longer, chosen = 0, 0
    content = dataset.rows.column("content")
    for r, place in here:
        rows = (int(evidence.pairs.i[place]), int(evidence.pairs.j[place]))
        one, two = rows if content[rows[0]].as_py() == r.one else rows[::-1]
        if r.right in (0, 1) and words[one] != words[two]:
            chosen += 1
            longer += bool((words[one] > words[two]) == (r.right == 0))
    said = [r for r, _ in here]
    return PairTrust(
        len(said),
        sum(r.relation < 0 for r in said),
        sum(r.firsts for r in said),
        sum(r.sides for r in said),
        longer,
        chosen,
    )
