"""The command `curate judge pairs`: whether two rows repeat or contradict each other, asked in both orders within typed dollars."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from curate.judging import BaseUrl, Model, PricesFile, Timeout, messenger_of, say_left_out
from curate.running import run_all
from curate.views.console import progress_bars, say, stopped, write_json
from curate.views.options import Data, Frozen, Json, LimitValues, Map, NoVectors, OpenTest, Preset, RecipeFile
from curate.views.refuse import refuse_place

Which = Annotated[
    str, typer.Option(help="contradictions (over the bar, the surest first) or duplicates (next to the threshold).")
]
Count = Annotated[int, typer.Option(min=1, help="At most this many pairs; each is asked twice, once in each order.")]
Spend = Annotated[
    float | None,
    typer.Option(min=0, help="The most that may be spent, in dollars: the confirmation. Without it nothing is sent."),
]


def pairs_command(
    data: Data,
    spend: Spend = None,
    which: Which = "contradictions",
    count: Count = 20,
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    model: Model = None,
    open_test: OpenTest = None,
    prices: PricesFile = None,
    base_url: BaseUrl = None,
    timeout: Timeout = 60.0,
    json_file: Json = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Ask whether two rows repeat or contradict each other, in both orders; without --spend say what that would cost."""
    from curate.judge.choose import choose_pairs
    from curate.judge.live import stopped as raise_if_stopped
    from curate.judge.pairs import plan_pairs
    from curate.judge.plan import begin, carry_out
    from curate.judge.prices import read_prices
    from curate.ship.sealed import left_out
    from curate.store import Judgements, Store, Workspace
    from curate.views.judge import plan_json, print_pairs

    refuse_place(json_file, [*data, *frozen])
    store = Store()
    made = run_all(data, frozen, recipe, preset, None, None, None, no_vectors, maps, limits)
    held = made.verdicts.recipe.judge
    settings = replace(held, enabled=True, model=model or held.model, max_rows=0)
    hidden = left_out(made.dataset, Workspace(store), "curate judge", open_test)
    say_left_out(hidden)
    at = choose_pairs(made.evidence, made.verdicts.recipe, which, count, hidden)
    plan = plan_pairs(made.dataset, made.evidence, at.tolist(), settings, store, read_prices(store.home, prices))
    ledger, told = Judgements(Workspace(store)), plan_json(plan) | {"pairs": int(at.shape[0])}
    if spend is not None and len(plan):
        messenger = messenger_of(settings.model, base_url, timeout)
        run = begin(plan, ledger, spend)
        with progress_bars() as progress:
            done = carry_out(plan, ledger, run, messenger, progress, stopped)
        raise_if_stopped(done)
        told |= {
            "run": run.number,
            "spent": ledger.spent(run.number).dollars,
            "failed": done.failed,
            "not_asked": done.left,
        }
        told |= _said(made, settings, ledger)
        if settings.model != held.model:
            say(f'Its word counts where the recipe\'s [judge] has model = "{settings.model}".')
    if json_file is not None:
        write_json(json_file, told)
    if json_file != "-":
        print_pairs(told)


def _said(made: Any, settings: Any, ledger: Any) -> dict[str, Any]:
    """How many pairs are what, by both orders, and what the order and the length had to do with it."""
    from collections import Counter
    from dataclasses import asdict

    import numpy as np

    from curate.judge.pair_columns import at_pairs, pair_trust
    from curate.judge.pairs import RELATIONS, rulings

    found = rulings(ledger, settings)
    here = np.flatnonzero(at_pairs(made.evidence, made.dataset, found) >= 0).tolist()
    relation = Counter(RELATIONS[found[k].relation] if found[k].relation >= 0 else "depends on the order" for k in here)
    trust = pair_trust(made.evidence, made.dataset, ledger, settings)
    return {"relations": dict(sorted(relation.items())), "trust": None if trust is None else asdict(trust)}
