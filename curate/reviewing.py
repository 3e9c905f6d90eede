"""The commands `curate review ...`: queues of rows for people, their labels, agreement, and edited answers as rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from curate.errors import CurateError
from curate.running import run_all
from curate.views.console import say, write_json
from curate.views.options import Data, Frozen, Json, LimitValues, Map, NoVectors, OpenTest, Preset, RecipeFile
from curate.views.refuse import refuse_place

review_app = typer.Typer(no_args_is_help=True, help="Rows for people to read, and what their labels say together.")
QueueName = Annotated[str | None, typer.Option("--queue", help="One queue only.")]
Who = Annotated[str | None, typer.Option(help="Who does this; default: the user of this machine.")]


@review_app.command()
def start(
    data: Data,
    name: Annotated[str, typer.Option(help="What the queue is called.")] = "review",
    how: Annotated[
        str, typer.Option(help="random, stratified (every topic's share), borderline, flagged or specialist.")
    ] = "random",
    count: Annotated[
        int, typer.Option("--rows", min=0, help="Rows (S0: 100 to 200); specialist with 0: a tenth.")
    ] = 200,
    twice: Annotated[float, typer.Option(min=0, max=1, help="Share that two label, blind (S0: a tenth).")] = 0.1,
    seed: Annotated[int, typer.Option(help="Another seed, other rows.")] = 42,
    rubric: Annotated[
        Path | None, typer.Option(help="A rubric of your own; start from `curate review rubric`.")
    ] = None,
    who: Who = None,
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    open_test: OpenTest = None,
    json_file: Json = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Draw a queue; the app's Review page shows its rows one by one."""
    from curate.people import rubric as rubrics
    from curate.people.review import Wanted, begin
    from curate.ship.sealed import left_out
    from curate.store import Judgements

    refuse_place(json_file, [*data, *frozen])
    used = rubrics.shipped() if rubric is None else rubrics.read(rubric)
    if used.lacks:
        say(f"The rubric has {used.lacks}.")
    made = run_all(data, frozen, recipe, preset, None, None, None, no_vectors, maps, limits)
    desk = _desk()
    rubrics.keep(used, Judgements(desk.workspace))
    wanted = Wanted(name, how, count, seed, twice, used.fingerprint)
    hidden = left_out(made.dataset, desk.workspace, "curate review", open_test)
    queue = begin(desk, made.dataset, made.evidence, made.verdicts, wanted, who or _user(), hidden)
    if json_file is not None:
        write_json(
            json_file,
            {
                "schema": 1,
                "name": queue.name,
                "rows": queue.rows,
                "twice": queue.twice,
                "base": queue.base,
                "rubric": queue.rubric,
            },
        )
    if json_file != "-":
        typer.echo(
            f"{queue.name}: {queue.rows:,} of {queue.base:,} rows, {queue.twice:,} for two reviewers; open the app's Review page"
        )


@review_app.command()
def status(queue: QueueName = None, json_file: Json = None) -> None:
    """Say how far each queue is, and its share of errors against the 5 % line."""
    from curate.decide.queue import FAIR
    from curate.people import told
    from curate.views.review import print_status, rate_said

    desk = _desk()
    listed = desk.queues() if queue is None else (desk.queue(queue),)
    body: dict[str, Any] = {"schema": 1, "queues": []}
    for one in listed:
        figures, found = told.status(desk, one)
        body["queues"].append(figures | {"said": rate_said(found, one.how in FAIR)[1]})
    if json_file is not None:
        write_json(json_file, body)
    if json_file != "-":
        print_status(body)
        if not listed:
            say("There is no review queue; start one with `curate review start DATA`.")


@review_app.command()
def agreement(queue: QueueName = None, json_file: Json = None) -> None:
    """Print kappa and alpha per question and over time, who drifts, and the rows to talk about."""
    from curate.people import told
    from curate.views.review import kappa_said, print_agreement

    desk = _desk()
    body, asked = told.agreement(desk.labels(None if queue is None else desk.queue(queue).number))
    body = {"schema": 1, "said": kappa_said(told.label_pair(asked))[1]} | body
    if json_file is not None:
        write_json(json_file, body)
    if json_file != "-":
        print_agreement(body)


@review_app.command("export")
def export_labels(
    out: Annotated[Path, typer.Option(help="The file of the labels, one JSON line each.")], queue: QueueName = None
) -> None:
    """Write labels to a file: ids, labels, scores, reasons, notes and edited answers."""
    from curate.people.sheet import lines
    from curate.store.files import write_text

    desk = _desk()
    refuse_place(str(out), [])
    found = desk.labels(None if queue is None else desk.queue(queue).number)
    write_text(out, "".join(lines(found)))
    typer.echo(f"{len(found):,} labels in {out}")


@review_app.command("import")
def import_labels(
    file: Annotated[Path, typer.Argument(help="A file of `review export`.", show_default=False)],
    queue: Annotated[str, typer.Option("--queue", help="The queue to add them to; made when it is not there.")],
    who: Who = None,
) -> None:
    """Take labels from elsewhere; equal ones are taken once."""
    from curate.people.sheet import read

    desk, labels = _desk(), read(file)
    if all(q.name != queue for q in desk.queues()):
        desk.start(queue, "", "imported", 0, 0, "", who or _user(), [])
    typer.echo(f"{desk.take_over(desk.queue(queue).number, labels):,} of {len(labels):,} labels are new")


@review_app.command()
def edits(
    data: Data,
    out: Annotated[Path, typer.Option(help="The file of the edited rows, NAME.jsonl, to be opened beside the data.")],
    queue: QueueName = None,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Write edited answers as new rows that name the row they come from, and drop the old rows as one step."""
    from curate.load import load, parse_limits, parse_maps
    from curate.people import review
    from curate.store import OverrideLog, Store
    from curate.store.files import write_text

    if out.suffix != ".jsonl":
        raise CurateError(f"--out is {out.name!r}; give NAME.jsonl")
    refuse_place(str(out), data)
    desk = _desk()
    found = review.edits(desk.labels(None if queue is None else desk.queue(queue).number))
    dataset = load(data, (), store=Store(), mapping=parse_maps(maps), limits=parse_limits(limits))
    at = {i.decode(): n for n, i in enumerate(dataset.ids.tolist()) if i.decode() in found}
    write_text(out, "".join(review.edited_lines(dataset, found, at)))
    replaced = review.replace_edited(OverrideLog(desk.workspace), list(at))
    typer.echo(f"{len(at):,} edited rows in {out}; {replaced:,} old rows are dropped from now on. Run with both files.")


@review_app.command("rubric")
def rubric_command(
    file: Annotated[
        Path | None,
        typer.Argument(help="A rubric to check; without it the shipped one is printed.", show_default=False),
    ] = None,
) -> None:
    """Print the shipped rubric to edit a copy of, or check one of your own."""
    from curate.people import rubric as rubrics

    if file is None:
        typer.echo(rubrics.SHIPPED.read_text("utf-8"), nl=False)
        return
    found = rubrics.read(file)
    typer.echo(f"{found.fingerprint}  {found.title}: {len(found.reasons)} reasons, {len(found.examples)} examples"
               + (f"; {found.lacks}" if found.lacks else ""))  # fmt: skip


def _desk() -> Any:
    from curate.store import Reviews, Store, Workspace

    return Reviews(Workspace(Store()))


def _user() -> str:
    from curate.store.decisions import user

    return str(user())
