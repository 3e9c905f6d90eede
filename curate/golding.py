"""The commands `curate gold ...`: rows for an evaluation set that people check, and the file they are frozen to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from curate.running import run_all
from curate.views.console import write_json
from curate.views.options import Data, Frozen, Json, LimitValues, Map, NoVectors, OpenTest, Preset, RecipeFile

gold_app = typer.Typer(
    no_args_is_help=True, help="An evaluation set that people choose and check before anything else."
)
Name = Annotated[str, typer.Option(help="What the set is called.")]


@gold_app.command()
def pick(
    data: Data,
    name: Name = "gold",
    how: Annotated[str, typer.Option(help="random, stratified, rare or hard.")] = "stratified",
    count: Annotated[
        int, typer.Option("--rows", min=1, help="Rows to add (S3: 20 to begin with; S1: 200 to 500).")
    ] = 20,
    seed: Annotated[int, typer.Option(help="Another seed, other rows.")] = 42,
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    open_test: OpenTest = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Pick rows for a set; the app's Gold set page shows them one by one to be approved or changed."""
    from curate.decide.gold import choose
    from curate.ship.sealed import left_out
    from curate.store.decisions import user

    made = run_all(data, frozen, recipe, preset, None, None, None, no_vectors, maps, limits)
    gold = _gold()
    hidden = left_out(made.dataset, gold.workspace, "curate gold", open_test)
    rows = choose(made.evidence, made.verdicts, how, count, seed, hidden)
    new = gold.pick(name, [i.decode() for i in made.evidence.ids[rows].tolist()], how, user())
    typer.echo(f"{new:,} rows picked for {name}; check them on the app's Gold set page")


@gold_app.command()
def status(json_file: Json = None) -> None:
    """Say how far each set is, and what was frozen."""
    gold = _gold()
    body: dict[str, Any] = {"schema": 1, "sets": [], "files": []}
    for name in gold.names():
        states = [i.state for i in gold.items(name)]
        body["sets"].append({"name": name, **{s: states.count(s) for s in ("picked", "approved", "left_out")}})
    body["files"] = [{"name": f.name, "sha256": f.sha256, "path": f.path, "rows": f.rows} for f in gold.files()]
    if json_file is not None:
        write_json(json_file, body)
    if json_file != "-":
        for one in body["sets"]:
            typer.echo(
                f"{one['name']}: {one['approved']:,} approved, {one['left_out']:,} left out, {one['picked']:,} to check"
            )
        for file in body["files"]:
            typer.echo(f"{file['name']}  {file['sha256'][:12]}  {file['rows']:,} rows  {file['path']}")


@gold_app.command()
def freeze(
    data: Data,
    out: Annotated[Path, typer.Option(help="The folder of the file, whose name holds its hash.")],
    name: Name = "gold",
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Write the approved rows as an evaluation file for --frozen, and take them out of the pool as one step."""
    from curate.load import load, parse_limits, parse_maps
    from curate.people import gold as golds
    from curate.store import OverrideLog, Store

    dataset = load(data, (), store=Store(), mapping=parse_maps(maps), limits=parse_limits(limits))
    gold = _gold()
    at = {i.decode(): n for n, i in enumerate(dataset.ids.tolist())}
    made = golds.freeze(gold, name, dataset, at, out, OverrideLog(gold.workspace))
    typer.echo(
        f"{made.rows:,} rows in {made.path}; {made.taken_out:,} rows left the pool. Give it as --frozen from now on."
    )


def _gold() -> Any:
    from curate.store import Store, Workspace
    from curate.store.gold import Gold

    return Gold(Workspace(Store()))
