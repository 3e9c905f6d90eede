"""People beside the judge: whose word counts, agreement on shared rows, and the bound that agrees best with them."""

from __future__ import annotations

import numpy as np
import pytest

from curate.judge.trust import weighted_kappa
from curate.overrides import Overrides
from curate.people.judged import people, shared
from curate.store import Label, Said
from curate.types import Evidence, Pairs

NONE = np.zeros(0, np.int32)


def evidence_of(count: int) -> Evidence:
    ids = np.array([f"{n:016x}-0".encode() for n in range(1, count + 1)])
    return Evidence("", ids, np.zeros(count, np.bool_), {}, {}, Pairs(NONE, NONE, {}, np.zeros(0, np.uint16), {}))


def label(n: int, row: str, value: str, who: str = "ann", score: int | None = None, settled: bool = False) -> Label:
    return Label(n, 1, row, who, Said(value, score), "", settled, "")


def test_a_decision_by_hand_wins_then_what_was_settled_then_the_majority() -> None:
    evidence = evidence_of(6)
    ids = [i.decode() for i in evidence.ids.tolist()]
    labels = [
        label(1, ids[0], "bad"),
        label(2, ids[1], "good"), label(3, ids[1], "bad", "bob"),  # a tie drops
        label(4, ids[2], "bad"), label(5, ids[2], "bad", "bob"), label(6, ids[2], "good", "both", settled=True),
        label(7, ids[3], "good", score=5), label(8, ids[3], "good", "bob", score=4),
        label(9, "0000000000000000-7", "good"),
    ]  # fmt: skip
    found = people(evidence, Overrides.of({ids[0]: ("keep", ""), ids[4]: ("review", "")}), labels)
    said = {ids[r]: bool(k) for r, k in zip(found.rows.tolist(), found.keep.tolist(), strict=True)}
    assert said == {ids[0]: True, ids[1]: False, ids[2]: True, ids[3]: True}
    assert found.score[[ids[r] for r in found.rows].index(ids[3])] == 4.5


def test_the_bound_that_agrees_best_is_proposed_with_both_kappas() -> None:
    evidence = evidence_of(60)
    ids = [i.decode() for i in evidence.ids.tolist()]
    overall = np.array([1 + n % 5 for n in range(60)], np.float32)
    overall[50:] = np.nan
    labels = [label(n, i, "good" if overall[n] >= 3 else "bad", score=int(1 + n % 5)) for n, i in enumerate(ids)]
    told = shared(overall, people(evidence, Overrides(), labels), 4.5)
    assert told.rows == 50 and told.kept == 30 and told.scored == 50
    assert told.bound is not None and 2 < told.bound <= 3 and told.best == 1.0 and told.kappa == pytest.approx(1.0)
    kept = np.array([v >= 3 for v in overall[:50]])
    assert told.now == pytest.approx(weighted_kappa((overall[:50] >= 4.5).astype(np.int64), kept.astype(np.int64), 2))
    few = shared(overall, people(evidence, Overrides(), labels[:12]), 3.5)
    assert few.bound is None and np.isnan(few.best) and few.rows == 12
    nobody = shared(overall, people(evidence, Overrides(), []), 3.5)
    assert nobody.rows == 0 and nobody.bound is None
