"""The commands `curate generate ...`: what rows by a teacher would cost, and rows written within the dollars typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.errors import CurateError
from curate.judging import BaseUrl, Model, PricesFile, Timeout, messenger_of, say_left_out
from curate.running import run_all
from curate.views.console import progress_bars, say, stopped, write_json
from curate.views.options import Data, Frozen, Json, LimitValues, Map, NoVectors, OpenTest, Preset, RecipeFile
from curate.views.refuse import refuse_place

generate_app = typer.Typer(
    no_args_is_help=True, help="A model writes rows after chosen ones. Nothing is sent without --spend."
)
OVER = 2  # S3: twice as many as wanted, since rules and duplicates take their part
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
    from curate.views.making import print_price

    refuse_place(json_file, [*data, *frozen])
    plan, _, _, ids, _ = _plan(
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
    if json_file is not None:
        e = plan.estimate
        write_json(json_file, {"schema": 1, "want": want, "requests": len(plan), "seeds": len(ids), "dollars": e.dollars, "low": e.low,
                               "high": e.high, "basis": e.basis, "prices": e.as_of})  # fmt: skip
    if json_file != "-":
        print_price(plan, want, len(ids))


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
    from curate.views.making import print_made

    if out.suffix != ".jsonl":
        raise CurateError(f"--out is {out.name!r}; give NAME.jsonl")
    refuse_place(str(out), [*data, *frozen])
    refuse_place(json_file, [*data, *frozen, out])
    plan, ledger, names, ids, wanted = _plan(
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
    messenger = messenger_of(plan.work.settings.model, base_url, timeout)
    going = begin(plan, ledger, spend)
    with progress_bars() as progress:
        done = carry_out(plan, ledger, going, messenger, progress, stopped)
    raise_if_stopped(done)
    made = _finish(data, frozen, out, plan.work, ledger, names, ids, wanted, want)
    spent = ledger.spent(going.number)
    made |= {"run": going.number, "spent": spent.dollars, "requests": spent.requests, "retries": spent.retries, "failed_requests": done.failed,
             "not_asked": done.left}  # fmt: skip
    if json_file is not None:
        write_json(json_file, made)
    if json_file != "-":
        print_made(made, out)


def _plan(
    data: list[Path], frozen: list[Path], recipe: Path | None, preset: str, want: int, each: int, kind: str, rule: str,
    seed_ids: list[str], model: str | None, prices: Path | None, no_vectors: bool, maps: list[str], limits: list[str],
    open_test: str | None = None,
) -> Any:  # fmt: skip
    """(plan, ledger, request -> seed content, seed content -> row id, recipe)."""
    from curate.judge.plan import DatasetRows, priced
    from curate.judge.prices import read_prices
    from curate.judge.rubric import shipped
    from curate.make.seeds import named, seeds
    from curate.make.teacher import A_REQUEST, ROW_TOKENS, TeacherWork, names_of
    from curate.ship.sealed import left_out
    from curate.store import Judgements, Store, Workspace

    store = Store()
    table, ledger = read_prices(store.home, prices), Judgements(Workspace(store))
    made = run_all(data, frozen, recipe, preset, None, None, None, no_vectors, maps, limits)
    wanted = made.verdicts.recipe
    settings = replace(wanted.judge, model=model or wanted.judge.model, max_rows=0)
    table.model(settings.model)
    hidden = left_out(made.dataset, Workspace(store), "curate generate", open_test)
    say_left_out(hidden)
    rows = (
        named(made.evidence, seed_ids, hidden)
        if seed_ids
        else seeds(made.evidence, made.verdicts, -(-OVER * want // each), hidden)
    )
    if not rows.shape[0]:
        raise CurateError("no row is kept, so there is no seed; loosen the rules or name seeds with --seed")
    contents = [made.dataset.text("content", r) for r in rows.tolist()]
    each = max(each, -(-OVER * want // len(contents)))
    names = names_of(contents, kind, each)
    read = SeedRows(names, DatasetRows(made.dataset, rows.tolist(), contents, settings.max_chars))
    work = TeacherWork(shipped(), settings, table, tuple(names), read, kind=kind, rule=rule)
    ids = {c: made.evidence.ids[r].decode() for c, r in zip(contents, rows.tolist(), strict=True)}
    return (
        priced(work, ledger, made.dataset.fingerprint, reply=float(A_REQUEST * ROW_TOKENS)),
        ledger,
        names,
        ids,
        wanted,
    )


class SeedRows:
    """Reads the seed that a request shows, under the request's name."""

    def __init__(self, names: dict[str, str], read: Any) -> None:
        self._names, self._read = names, read

    def __call__(self, name: str) -> Any:
        return replace(self._read(self._names[name]), content=name)


def _finish(
    data: list[Path], frozen: list[Path], out: Path, work: Any, ledger: Any, names: dict[str, str], ids: dict[str, str], wanted: Any, want: int
) -> dict[str, Any]:  # fmt: skip
    """The written rows on disk, through the rules, a tenth to review; what became of them."""
    from curate.make.candidates import collapse, lines, risks, written
    from curate.make.sieve import originals, queue_up, sieve
    from curate.store import Store
    from curate.store.files import write_text

    rows = written(work, ledger, names)
    if not rows:
        raise CurateError(
            "the teacher wrote no row that could be read; run again, or look at the outcomes in the ledger"
        )
    every = out.with_name(f"{out.stem}.written.jsonl")
    write_text(every, "".join(lines(work, rows, ids)))
    with progress_bars() as progress:
        found = sieve(data, every, frozen, wanted, Store(), want, progress, stopped)
    rest = [r for r in found.rows.tolist() if r not in set(found.kept.tolist())]
    import numpy as np

    write_text(out, originals(found, found.kept).decode())
    write_text(out.with_name(f"{out.stem}.rejected.jsonl"), originals(found, np.array(rest, np.int64)).decode())
    queued = queue_up(found, Store())
    pool = [
        found.dataset.text("response", r)
        for r in np.flatnonzero(~np.isin(np.arange(len(found.dataset)), found.rows))[:2000].tolist()
    ]
    answers = [r.answer for r in rows]
    return {"schema": 1, "want": want, "written": len(rows), "passed": int((found.verdicts.action[found.rows] == 0).sum()), "kept": int(found.kept.shape[0]),
            "to_read": queued, "reasons": found.reasons, "alike": collapse(answers, pool), "check_facts": risks([r.prompt + " " + r.answer for r in rows]),
            "enough": want <= found.kept.shape[0]}  # fmt: skip


__all__ = ["generate_app", "say"]
