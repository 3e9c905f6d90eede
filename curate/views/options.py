"""Options that several commands share: their types, flags and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    list[Path],
    typer.Argument(
        help="Files, folders or quoted patterns: JSONL, JSON, CSV, TSV, TXT, .gz, Parquet, Arrow; hf://ORG/NAME.",
        show_default=False,
    ),
]
Frozen = Annotated[
    list[Path],
    typer.Option(help="Evaluation file: never changed, removes its copies from training. Repeat for several."),
]
RecipeFile = Annotated[
    Path | None, typer.Option("--recipe", help="A recipe as TOML, or a NAME.snapshot.json, which brings its decisions.")
]
Preset = Annotated[str, typer.Option(help="default, strict, precise, S0, S1 or S3; a --recipe wins.")]
Sample = Annotated[
    int | None, typer.Option(help="Look at this many rows only, chosen by content; marked partial everywhere.")
]
TokenizerPath = Annotated[
    Path | None, typer.Option("--tokenizer", help="A tokenizer.json or its folder, for token counts.")
]
Map = Annotated[
    list[str], typer.Option("--map", help="Which column is what: [FILE:]prompt=COLUMN,response=COLUMN; see load.PARTS.")
]
Json = Annotated[str | None, typer.Option("--json", help="Write the result as JSON to this file; - is stdout.")]
MaxMalformed = Annotated[
    float | None, typer.Option(min=0, max=1, help="Exit 2 when more than this share (0-1) of the rows is malformed.")
]
NoVectors = Annotated[
    bool, typer.Option("--no-vectors", help="Skip embedding: near meaning and topics stay unmeasured.")
]
OpenTest = Annotated[
    str | None,
    typer.Option(help="Why test rows of an export are to be used too; kept on record. Default: they are left out."),
]
LimitValues = Annotated[
    list[str], typer.Option("--limit", help="Raise a cap on input files: line=50000000, ratio=1000; see load.Limits.")
]
