"""Reasons: a packed matrix with room for every rule that a recipe has, its own ones too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from decide_worlds import World, evidence, near_off

from curate.decide import Recipe, decide
from curate.decide.rules import BIT, Rule
from curate.overrides import Overrides
from curate.types import Action

BARE = near_off(Recipe())


@pytest.mark.parametrize("more", [0, 20, 34, 60, 100, 170])
def test_codes_have_room_however_many_rules(more: int) -> None:
    texts, rows = tuple((k, 0, k) for k in range(6)), tuple((k, False) for k in range(6))
    ev = evidence(World(texts, rows, tuple(range(6)), {}, {"answer_words": np.arange(6, dtype=np.float32)}, ()))
    own = [Rule(f"own_{k}", "answer_words", high=float(k % 7), action="review", enabled=True) for k in range(more)]
    ev = replace(ev, columns={"answer_words": np.arange(6, dtype=np.float32)})
    gone = Overrides(ids=(ev.ids[0].decode(),), actions=("drop",), notes=("",))
    recipe = replace(BARE, rules=(*BARE.rules, *own), overrides=gone)
    verdicts = decide(ev, recipe)
    assert verdicts.codes == (*(r.name for r in recipe.rules), *BIT)
    assert verdicts.reasons.shape == (6, -(-len(verdicts.codes) // 64))
    for row in range(6):
        failed = [r.name for r in own if ev.columns["answer_words"][row] > r.high]
        assert verdicts.why(row) == (*failed, *(["override_drop"] if row == 0 else []))
    counted = {c: n for c, n in zip(verdicts.funnel.codes, verdicts.funnel.all, strict=True) if n}
    assert counted == verdicts.counts(np.flatnonzero(verdicts.action != Action.KEEP))
    assert all(int(verdicts.carries(c).sum()) == n for c, n in verdicts.counts().items())
    assert not verdicts.carries("no_such_code").any()
