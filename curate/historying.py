"""The commands `curate history ...`: recipes stood on, and snapshots that hold a recipe and everybody's decisions together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.errors import CurateError
from curate.running import read_recipe, run_all
from curate.views.console import write_json
from curate.views.options import Data, Frozen, Json, LimitValues, Map, NoVectors, Preset, RecipeFile
from curate.views.refuse import refuse_place

history_app = typer.Typer(no_args_is_help=True, help="Recipes stood on, and snapshots of a recipe with its decisions.")
Name = Annotated[str, typer.Argument(help="A snapshot's name.", show_default=False)]


@history_app.command("list")
def list_steps(json_file: Json = None) -> None:
    """List snapshots, recipes stood on and decisions, newest first."""
    history, log = _history()
    body: dict[str, Any] = {
        "schema": 1,
        "snapshots": [{"name": s.name, "fingerprint": s.fingerprint, "title": s.title, "note": s.note, "who": s.who, "at": s.at} for s in history.snapshots()],
        "stood_on": [{"fingerprint": s.fingerprint, "title": s.title, "what": s.what, "who": s.who, "at": s.at} for s in history.stands()],
        "decisions": [{"step": s.number, "what": s.what, "rows": s.rows, "who": s.who, "at": s.at, "undone": s.undone_at is not None} for s in log.history()],
    }  # fmt: skip
    if json_file is not None:
        write_json(json_file, body)
        return
    for one in body["snapshots"]:
        typer.echo(
            f"snapshot {one['name']}  {one['fingerprint'][:12]}  {one['at'][:16]} by {one['who']}  {_line(one['note'])}".rstrip()
        )
    for one in body["stood_on"]:
        typer.echo(f"recipe {one['fingerprint'][:12]}  {one['at'][:16]} by {one['who']}  {_line(one['what'])}")
    for one in body["decisions"]:
        typer.echo(
            f"decision {one['step']}  {one['at'][:16]} by {one['who']}  {_line(one['what'])}, {one['rows']:,} rows{', undone' if one['undone'] else ''}"
        )


@history_app.command()
def save(
    name: Name,
    recipe: RecipeFile = None,
    preset: Preset = "default",
    note: Annotated[str, typer.Option(help="What a reader should know.")] = "",
) -> None:
    """Keep a recipe and the decisions that stand now under a name, for good."""
    from curate.people.history import snapshot_of

    history, log = _history()
    made = replace(read_recipe(recipe, preset), overrides=log.current())
    kept = history.save(snapshot_of(name, made, None, "", note, log.who))
    typer.echo(f"{kept.name}  {kept.fingerprint[:12]}")


@history_app.command()
def share(name: Name, out: Annotated[Path, typer.Option(help="The file, NAME.snapshot.json.")]) -> None:
    """Write a snapshot as one file: `--recipe` reads it on any machine, decisions included."""
    from curate.people.history import ENDING, shared
    from curate.store.files import write_text

    if not out.name.endswith(ENDING):
        raise CurateError(f"--out is {out.name!r}; give NAME{ENDING}")
    write_text(out, shared(_history()[0].snapshot(name)))
    typer.echo(str(out))


@history_app.command()
def take(file: Annotated[Path, typer.Argument(help="A NAME.snapshot.json.", show_default=False)]) -> None:
    """Keep a shared snapshot in this workspace."""
    from curate.people.history import read_file

    kept = _history()[0].save(read_file(file))
    typer.echo(f"{kept.name}  {kept.fingerprint[:12]}")


@history_app.command()
def use(name: Name) -> None:
    """Make the decisions of a snapshot all that stand, as one step that an undo takes back."""
    from curate.overrides import Overrides

    history, log = _history()
    changed = log.become(Overrides.from_csv(history.snapshot(name).overrides), f"decisions of {name[:60]}")
    typer.echo(f"{changed:,} decisions changed")


@history_app.command()
def undo() -> None:
    """Take back the latest decision that stands, whoever made it."""
    found = _history()[1].undo()
    typer.echo(
        "nothing to take back"
        if found is None
        else f"taken back: {_line(found.what)}, {found.rows:,} rows, by {found.who}"
    )


@history_app.command()
def compare(
    data: Data,
    one: Annotated[str, typer.Option(help="A snapshot, or now: the recipe given with the decisions that stand.")],
    two: Annotated[str, typer.Option(help="Another.")] = "now",
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    json_file: Json = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Say which rows change fate between two snapshots, with settings, funnel and badges side by side."""
    from curate.people.history import recipe_of, side_by_side
    from curate.store.history import NOW

    refuse_place(json_file, [*data, *frozen])
    history, _ = _history()
    made = run_all(data, frozen, recipe, preset, None, None, None, no_vectors, maps, limits)
    sides = [made.verdicts.recipe if name == NOW else recipe_of(history.snapshot(name)) for name in (one, two)]
    if no_vectors:
        sides = [s.with_setting("embed", enabled=False) for s in sides]
    found = side_by_side(made.dataset, made.evidence, sides[0], sides[1])
    body = found.as_json() | {
        "one": one,
        "two": two,
        "changed": [made.evidence.ids[r].decode() for r in found.changed.tolist()],
    }
    if json_file is not None:
        write_json(json_file, body)
        return
    typer.echo(
        f"{one} keeps {body['kept'][0]:,} rows, {two} {body['kept'][1]:,}; {len(body['changed']):,} rows change fate"
    )
    for path, (before, after) in body["settings"].items():
        typer.echo(f"  {path}: {before} -> {after}")
    for move, n in body["moves"].items():
        typer.echo(f"  {move}: {n:,} rows")


def _history() -> Any:
    """(history, decisions) of this workspace."""
    from curate.store import OverrideLog, Store, Workspace
    from curate.store.history import History

    workspace = Workspace(Store())
    return History(workspace), OverrideLog(workspace)


def _line(text: str) -> str:
    """One line without control characters."""
    return "".join(c if c.isprintable() else " " for c in text)
