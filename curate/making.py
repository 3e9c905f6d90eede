"""The commands `curate generate ...`: what rows by a teacher would cost, and rows written within the dollars typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.errors import CurateError
from curate.judging import BaseUrl, Model, PricesFile, Timeout, messenger_of, say_left_out
from curate.running import run_all
from curate.views.console import progress_bars, stopped, write_json
from curate.views.options import Data, Frozen, Json, LimitValues, Map, NoVectors, OpenTest, Preset, RecipeFile
from curate.views.refuse import refuse_place

generate_app = typer.Typer(
    no_args_is_help=True, help="A model writes rows after chosen ones. Nothing is sent without --spend."
)
Want = Annotated[int, typer.Option(min=1, help="Rows wanted at the end; S3 aims at 500 to 2,000.")]
Each = Annotated[int, typer.Option(min=1, help="Rows written after each seed (S3: 10).")]
Kind = Annotated[str, typer.Option(help="more, hard_negative, ambiguous, refusal or out_of_scope.")]
Rule = Annotated[str, typer.Option(help="What ambiguous answers follow, or how refusals decline.")]
SeedIds = Annotated[
    list[str],
    typer.Option("--seed", help="A row's id to write after; repeat for several. Default: rows of thin topics first."),
]


@generate_app.command()
def estimate(
    data: Data,
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    want: Want = 500,
    each: Each = 10,
    kind: Kind = "more",
    rule: Rule = "",
    seed_ids: SeedIds = [],  # noqa: B006
    open_test: OpenTest = None,
    model: Model = None,
    prices: PricesFile = None,
    json_file: Json = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Say what writing rows would cost; sends nothing."""
    from curate.make.order import TARGET
    from curate.views.making import print_price

    refuse_place(json_file, [*data, *frozen])
    ordered, _ = _order(
        data,
        frozen,
        recipe,
        preset,
        want,
        each,
        kind,
        rule,
        seed_ids,
        model,
        prices,
        no_vectors,
        maps,
        limits,
        open_test,
    )
    plan, ids = ordered.plan, ordered.ids
    if json_file is not None:
        e = plan.estimate
        write_json(json_file, {"schema": 1, "want": want, "requests": len(plan), "seeds": len(ids), "dollars": e.dollars, "low": e.low,
                               "high": e.high, "basis": e.basis, "prices": e.as_of})  # fmt: skip
    if json_file != "-":
        print_price(plan, want, len(ids), TARGET)


@generate_app.command()
def run(
    data: Data,
    spend: Annotated[
        float, typer.Option(min=0, help="The most that may be spent, in dollars: the confirmation.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option(help="The file of the rows that stay, NAME.jsonl; the others go to NAME.rejected.jsonl.")
    ],
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    want: Want = 500,
    each: Each = 10,
    kind: Kind = "more",
    rule: Rule = "",
    seed_ids: SeedIds = [],  # noqa: B006
    open_test: OpenTest = None,
    model: Model = None,
    prices: PricesFile = None,
    base_url: BaseUrl = None,
    timeout: Timeout = 60.0,
    json_file: Json = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Write rows for at most --spend dollars, pass them through the rules beside the data, and send one in ten to review."""
    from curate.judge.live import stopped as raise_if_stopped
    from curate.judge.plan import begin, carry_out
    from curate.load import parse_maps
    from curate.make.order import finish
    from curate.store import Store
    from curate.views.making import print_made

    if out.suffix != ".jsonl":
        raise CurateError(f"--out is {out.name!r}; give NAME.jsonl")
    refuse_place(str(out), [*data, *frozen])
    refuse_place(json_file, [*data, *frozen, out])
    ordered, ledger = _order(
        data,
        frozen,
        recipe,
        preset,
        want,
        each,
        kind,
        rule,
        seed_ids,
        model,
        prices,
        no_vectors,
        maps,
        limits,
        open_test,
    )
    plan = ordered.plan
    messenger = messenger_of(plan.work.settings.model, base_url, timeout)
    going = begin(plan, ledger, spend)
    with progress_bars() as progress:
        done = carry_out(plan, ledger, going, messenger, progress, stopped)
    raise_if_stopped(done)
    with progress_bars() as progress:
        made = _json(finish(ordered, data, frozen, out, Store(), progress, stopped, mapping=parse_maps(maps)))
    spent = ledger.spent(going.number)
    made |= {"run": going.number, "spent": spent.dollars, "requests": spent.requests, "retries": spent.retries, "failed_requests": done.failed,
             "not_asked": done.left}  # fmt: skip
    if json_file is not None:
        write_json(json_file, made)
    if json_file != "-":
        print_made(made, out)


def _order(
    data: list[Path], frozen: list[Path], recipe: Path | None, preset: str, want: int, each: int, kind: str, rule: str,
    seed_ids: list[str], model: str | None, prices: Path | None, no_vectors: bool, maps: list[str], limits: list[str],
    open_test: str | None = None,
) -> Any:  # fmt: skip
    """(order, ledger)."""
    from curate.judge.prices import read_prices
    from curate.make.order import order
    from curate.make.seeds import named
    from curate.ship.sealed import left_out
    from curate.store import Judgements, Store, Workspace

    store = Store()
    made = run_all(data, frozen, recipe, preset, None, None, None, no_vectors, maps, limits)
    held = made.verdicts.recipe.judge
    hidden = left_out(made.dataset, Workspace(store), "curate generate", open_test)
    say_left_out(hidden)
    found = order(
        made.dataset, made.evidence, made.verdicts, replace(held, model=model or held.model), store,
        read_prices(store.home, prices), want=want, each=each, kind=kind, rule=rule,
        rows=named(made.evidence, seed_ids, hidden) if seed_ids else None, hidden=hidden,
    )  # fmt: skip
    return found, Judgements(Workspace(store))


def _json(made: Any) -> dict[str, Any]:
    return {"schema": 1, "want": made.want, "written": made.written, "passed": made.passed, "kept": made.kept, "to_read": made.queued, "dedup_rate": made.dedup_rate, "shape_s3": made.shape,
            "reasons": dict(made.reasons), "alike": list(made.alike), "check_facts": dict(made.risky), "enough": made.enough}  # fmt: skip
