"""The commands `curate registry ...`: exports by name@version, training runs, figures on a split, lookups."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.errors import CurateError
from curate.views.console import say, write_json
from curate.views.options import Json

registry_app = typer.Typer(
    no_args_is_help=True, help="Exports by name and version, and the training runs that used them."
)
Key = Annotated[str, typer.Argument(metavar="NAME@VERSION", show_default=False)]


def _registry() -> Any:
    from curate.ship.registry import Registry
    from curate.store import Store, Workspace

    return Registry(Workspace(Store()))


@registry_app.command()
def add(
    key: Key,
    out: Annotated[Path, typer.Argument(help="An export folder, or one version in it.", show_default=False)],
    notes: Annotated[str, typer.Option(help="What a reader of the history should know.")] = "",
    json_file: Json = None,
) -> None:
    """Register an export for good: the key never names other bytes."""
    entry = _registry().add(key, out, notes)
    if json_file is not None:
        write_json(json_file, {"schema": 1, **asdict(entry)})
    else:
        typer.echo(f"{entry.key}  {entry.fingerprint[:12]}  {entry.kept:,} rows kept")


@registry_app.command("list")
def list_entries(
    name: Annotated[str | None, typer.Argument(help="One name only.")] = None, json_file: Json = None
) -> None:
    """List entries with their training runs and figures, oldest first."""
    from curate.ship.sealed import Sealed
    from curate.store import Store, Workspace

    registry, sealed = _registry(), Sealed(Workspace(Store()))
    entries, runs = registry.history(name), registry.runs()
    opened = {e.key: sealed.openings(e.fingerprint[:12]) for e in entries}
    if json_file is not None:
        made = [
            asdict(e)
            | {"runs": [asdict(r) for r in runs if r.key == e.key], "test_opened": [asdict(o) for o in opened[e.key]]}
            for e in entries
        ]
        write_json(json_file, {"schema": 1, "entries": made})
        return
    for e in entries:
        typer.echo(
            f"{e.key:<32}{e.at[:16]}  {e.fingerprint[:12]}  {e.kept:>10,} kept{'  ' + _line(e.notes) if e.notes else ''}"
        )
        for o in opened[e.key]:
            typer.echo(f"    test rows opened {o.at[:16]} by {_line(o.who)} on {_line(o.page)}: {_line(o.why)}")
        for run in (r for r in runs if r.key == e.key):
            typer.echo(
                f"    run {run.run}  {_line(run.model)}  {' '.join(f'{k}={_line(v)}' for k, v in run.params.items())}".rstrip()
            )
            for s in run.scores:
                again = f"  (look {s.look} at this split)" if s.look > 1 else ""
                typer.echo(f"        {s.split} {_line(s.metric)} {s.value:g}{again}")


@registry_app.command()
def link(
    key: Key,
    run: Annotated[str, typer.Option(help="The training run's id.")],
    model: Annotated[str, typer.Option(help="What was trained.")],
    param: Annotated[list[str], typer.Option(help="A hyper-parameter, NAME=VALUE; repeat for several.")] = [],  # noqa: B006
) -> None:
    """Say which training run used an entry."""
    made = _registry().link(key, run, model, dict(map(_pair, param)))
    typer.echo(f"{made.run} uses {made.key}")


@registry_app.command()
def score(
    run: Annotated[str, typer.Argument(help="A linked training run.", show_default=False)],
    figures: Annotated[list[str], typer.Argument(metavar="METRIC=VALUE...", show_default=False)],
    split: Annotated[str, typer.Option(help="The split that was measured on.")] = "test",
) -> None:
    """Record figures of a run; a second run measured on the same test split is marked."""
    registry = _registry()
    for name, value in map(_pair, figures):
        try:
            number = float(value)
        except ValueError:
            raise CurateError(f"{name}={value!r} is no figure; give METRIC=NUMBER") from None
        found = registry.report(run, split, name, number)
        typer.echo(f"{split} {_line(name)} {number:g}")
        if found.look > 1 and split == "test":
            say(
                f"Look {found.look} at this test split: choosing by it makes it a validation split (S2). Freeze a new one."
            )


@registry_app.command()
def find(
    row: Annotated[
        str, typer.Argument(help="A row's id, or its first 16 characters for all its copies.", show_default=False)
    ],
    json_file: Json = None,
) -> None:
    """Which versions held a row, and what became of it there."""
    found = _registry().holding(row)
    if json_file is not None:
        write_json(
            json_file,
            {"schema": 1, "row": row, "entries": [{"key": e.key, "action": a, "split": s} for e, a, s in found]},
        )
        return
    for entry, action, split in found:
        typer.echo(f"{entry.key:<32}{action}{'  ' + split if split else ''}")
    if not found:
        say("No registered version held this row.")


@registry_app.command("diff")
def diff_entries(a: Key, b: Key, json_file: Json = None) -> None:
    """Compare two entries, whether or not their folders still stand."""
    from curate.ship.diff import diff_entries as compare

    result = compare(_registry(), a, b)
    if json_file is not None:
        write_json(json_file, result.as_json())
    else:
        typer.echo(result.text())


@registry_app.command("hand-over")
def hand_over_export(
    out: Annotated[Path, typer.Argument(help="An export folder, or one version in it.", show_default=False)],
    to: Annotated[str, typer.Option(help="dvc, hub, mlflow or wandb.")],
    name: Annotated[str, typer.Option(help="What the other tool calls it.")] = "dataset",
    place: Annotated[Path, typer.Option(help="Where the MLflow or W&B store of this machine lies.")] = Path(
        "handed-over"
    ),
) -> None:
    """Hand an export to DVC, the hub, MLflow or W&B: written here, sent by nobody; the commands that send it are printed."""
    from curate.ship.handover import hand_over
    from curate.ship.registry import NAME

    if not NAME.fullmatch(name):
        raise CurateError(f"--name is {name!r}; allowed are letters, digits, dot, dash and underscore, 64 at most")
    made = hand_over(out, to, name, place)
    if made.written is not None:
        say(f"Written to {made.written}.")
    for command in made.commands:
        typer.echo(command)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (sign and name):
        raise CurateError(f"{text!r} is no NAME=VALUE")
    return name, value


def _line(text: str) -> str:
    """One line without control characters."""
    return "".join(c if c.isprintable() else " " for c in text)
