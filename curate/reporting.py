"""The command `curate report`: one page for the meeting, as HTML or Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.errors import CurateError
from curate.running import run_all
from curate.views.console import say
from curate.views.options import Data, Frozen, LimitValues, Map, NoVectors, Preset, RecipeFile, Sample, TokenizerPath

SUFFIXES = (".html", ".md")


def report(
    data: Data,
    out: Annotated[Path, typer.Option(help="The page to write: NAME.html or NAME.md.")],
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Dataset report",
    without: Annotated[list[str], typer.Option(help="A section to leave out; repeat for several.")] = [],  # noqa: B006
    examples: Annotated[int, typer.Option(min=0, help="Rows shown of each kind.")] = 3,
    previous: Annotated[Path | None, typer.Option(help="An earlier export to compare with.")] = None,
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
        raise CurateError(f"--out is {out.name!r}; allowed are {' and '.join(SUFFIXES)} files")
    unknown = sorted(set(without) - set(NAMES))
    if unknown:
        raise CurateError(f"--without is {unknown[0]!r}; allowed are {', '.join(NAMES)}")
    refuse_place(str(out), [*data, *frozen])
    made = run_all(data, frozen, recipe, preset, sample, tokenizer, None, no_vectors, maps, limits)
    before = None if previous is None else diff_run(previous, made.dataset, made.evidence, made.verdicts)
    options = Options(title, frozenset(without), examples, price, epochs, speed, before)
    page = build(made.dataset, made.evidence, made.verdicts, made.checks, options)
    text = to_html(page) if out.suffix == ".html" else to_markdown(page)
    write_text(out, text)
    say(page.verdict)
    typer.echo(str(out))
