"""The command `curate report`: one page for the meeting, as HTML or Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.errors import CurateError
from curate.running import Run, run_all
from curate.views.console import say
from curate.views.options import Data, Frozen, LimitValues, Map, NoVectors, Preset, RecipeFile, Sample, TokenizerPath
from curate.views.pdf import browser, print_pdf

if TYPE_CHECKING:
    from curate.ship.proof import Proof

SUFFIXES = (".html", ".md", ".pdf")


def report(
    data: Data,
    out: Annotated[
        Path, typer.Option(help="The page to write: NAME.html, NAME.md, or NAME.pdf where a Chromium is installed.")
    ],
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Dataset report",
    without: Annotated[list[str], typer.Option(help="A section to leave out; repeat for several.")] = [],  # noqa: B006
    examples: Annotated[int, typer.Option(min=0, help="Rows shown of each kind.")] = 3,
    previous: Annotated[Path | None, typer.Option(help="An earlier export to compare with.")] = None,
    export: Annotated[
        Path | None, typer.Option(help="The export of this run: its proof, of the written files, is shown.")
    ] = None,
    annotators: Annotated[
        str, typer.Option(help="Two columns with two people's labels, ONE,TWO: their agreement is shown.")
    ] = "",
    price: Annotated[float | None, typer.Option(min=0, help="Money per million training tokens.")] = None,
    epochs: Annotated[float, typer.Option(min=0, help="How often the rows are seen.")] = 3.0,
    speed: Annotated[float | None, typer.Option(min=1, help="Training tokens per second, for hours.")] = None,
    sample: Sample = None,
    tokenizer: TokenizerPath = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Write the report for a review meeting: verdict, badges, figures, examples, splits, lineage. It shows text of rows."""
    from curate.ship.diff import diff_run
    from curate.store.files import write_text
    from curate.views.refuse import refuse_place
    from curate.views.report import NAMES, Options, build, to_html, to_markdown

    if out.suffix not in SUFFIXES:
        raise CurateError(f"--out is {out.name!r}; allowed are {', '.join(SUFFIXES)} files")
    unknown = sorted(set(without) - set(NAMES))
    if unknown:
        raise CurateError(f"--without is {unknown[0]!r}; allowed are {', '.join(NAMES)}")
    refuse_place(str(out), [*data, *frozen])
    if out.suffix == ".pdf":
        browser()
    made = run_all(data, frozen, recipe, preset, sample, tokenizer, None, no_vectors, maps, limits)
    before = None if previous is None else diff_run(previous, made.dataset, made.evidence, made.verdicts, made.checks)
    proof = None if export is None else proof_of(export, made)
    people = tuple(c.strip() for c in annotators.split(",") if c.strip())
    options = Options(title, frozenset(without), examples, price, epochs, speed, before, proof, people)
    page = build(made.dataset, made.evidence, made.verdicts, made.checks, options)
    if out.suffix == ".pdf":
        print_pdf(to_html(page), out)
    else:
        write_text(out, to_html(page) if out.suffix == ".html" else to_markdown(page))
    say(page.verdict)
    typer.echo(str(out))


def proof_of(export: Path, made: Run) -> Proof:
    """The proof of an export's written files. Errors: CurateError when it was made of other data or by another recipe."""
    import json

    from curate.ship.proof import NAME, Proof
    from curate.ship.publish import current

    folder = export if (export / NAME).is_file() else current(export)
    lineage = json.loads((folder / "lineage.json").read_text("utf-8"))
    now = {"dataset": made.dataset.fingerprint, "recipe": made.verdicts.recipe.fingerprint}
    if other := [name for name, value in now.items() if lineage[name] != value]:
        raise CurateError(
            f"{export} was made by another {' and '.join(other)}; run `curate run` with these arguments first"
        )
    return Proof.from_json((folder / NAME).read_text("utf-8"))
