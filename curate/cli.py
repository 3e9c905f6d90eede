"""The command line: stdout holds the result, stderr everything else; exit codes as CONTRACT.md states them."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from curate.errors import Cancelled, CurateError
from curate.fitting import fit
from curate.golding import gold_app
from curate.historying import history_app
from curate.judging import judge_app
from curate.judging_pairs import pairs_command
from curate.making import generate_app
from curate.registering import registry_app
from curate.reporting import report
from curate.reviewing import review_app
from curate.running import run_all
from curate.views.console import interruptible, nobody_reads, progress_bars, say, stopped, write_json
from curate.views.options import (
    Data,
    Frozen,
    Json,
    LimitValues,
    Map,
    MaxMalformed,
    NoVectors,
    Preset,
    RecipeFile,
    Sample,
    TokenizerPath,
)  # fmt: skip
from curate.views.refuse import refuse_place

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="Audit and curate fine-tuning datasets before training.")  # fmt: skip
store_app = typer.Typer(no_args_is_help=True, help="What was measured and kept on this machine.")
app.add_typer(store_app, name="store")
app.add_typer(registry_app, name="registry")
judge_app.command("pairs")(pairs_command)
app.add_typer(judge_app, name="judge")
app.add_typer(generate_app, name="generate")
app.add_typer(review_app, name="review")
app.add_typer(gold_app, name="gold")
app.add_typer(history_app, name="history")
app.command()(fit)
app.command()(report)


@app.command()
def audit(
    data: Data,
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    sample: Sample = None,
    tokenizer: TokenizerPath = None,
    json_file: Json = None,
    fail_on: Annotated[str | None, typer.Option(help="Exit 1 when a badge is this bad: watch or warning.")] = None,
    max_malformed: MaxMalformed = None,
    sarif_file: Annotated[Path | None, typer.Option("--sarif", help="Findings by file and line, as SARIF.")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Badges and files as JUnit test cases.")] = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Measure, decide and report; nothing is written but the evidence store."""
    if fail_on not in (None, "watch", "warning"):
        raise CurateError(f"--fail-on is {fail_on!r}; allowed are watch, warning")
    refuse_place(json_file, [*data, *frozen])
    for place in filter(None, (sarif_file, junit_file)):
        refuse_place(str(place), [*data, *frozen])
    run = run_all(
        data, frozen, recipe, preset, sample, tokenizer, max_malformed, no_vectors, maps, limits, first_look=True
    )
    from curate.ship.gates import (
        junit,
        sarif,
    )  # not before: what is read first should not wait for what is written last
    from curate.store.files import write_text

    if json_file is not None:
        write_json(json_file, run.as_json())
    if sarif_file is not None:
        write_text(sarif_file, sarif(run.dataset, run.verdicts, run.checks))
    if junit_file is not None:
        write_text(junit_file, junit(run.dataset, run.verdicts, run.checks, fail_on or "warning"))
    if json_file != "-":
        from curate.ship.audit import file_counts
        from curate.views.terminal import print_report

        files = file_counts(run.dataset, run.verdicts)
        print_report(Console(), run.dataset, run.evidence, run.verdicts, run.checks, files)
    bad = {"watch": ("watch", "warning"), "warning": ("warning",)}.get(fail_on or "", ())
    if any(c.band in bad for c in run.checks):
        raise typer.Exit(1)


@app.command()
def measure(
    data: Data,
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    sample: Sample = None,
    tokenizer: TokenizerPath = None,
    json_file: Json = None,
    max_malformed: MaxMalformed = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Measure everything a recipe needs and keep it, so that the app and later commands open at once."""
    refuse_place(json_file, [*data, *frozen])
    run = run_all(data, frozen, recipe, preset, sample, tokenizer, max_malformed, no_vectors, maps, limits)
    e = run.evidence
    result = {"schema": 1, "rows": len(e), "pairs": len(e.pairs), "partial": run.dataset.sample, "columns": sorted(e.columns),
              "topics": None if e.topics is None else [len(n) for n in e.topics.names],
              "measures": {m.name: m.key for m in e.made}, "fingerprint": e.fingerprint}  # fmt: skip
    write_json(json_file or "-", result)


@app.command()
def run(
    data: Data,
    out: Annotated[Path, typer.Option(help="Export directory.")],
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    sample: Sample = None,
    tokenizer: TokenizerPath = None,
    json_file: Json = None,
    max_malformed: MaxMalformed = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="Comma list: as-read, openai, mistral, trl, sharegpt, alpaca, prompt-completion, gemini, dpo, kto, csv, parquet, hf.",
        ),
    ] = "as-read",
    shard: Annotated[int, typer.Option(min=0, help="Rows per file in those formats; 0 = one file a split.")] = 0,
) -> None:
    """Measure, decide and export splits with reasons, lineage and a ledger."""
    from curate.ship import export
    from curate.ship.formats import parse_formats
    from curate.ship.publish import staging
    from curate.ship.sealed import Sealed
    from curate.store import Store, Workspace
    from curate.views.verdict import sentence, todo_list

    refuse_place(json_file, [*data, *frozen], out)
    parse_formats(format)
    if os.path.lexists(out):  # a folder that can't take the export is refused before the work, not after
        with staging(out):
            pass
    made = run_all(data, frozen, recipe, preset, sample, tokenizer, max_malformed, no_vectors, maps, limits)
    with progress_bars() as progress:
        lineage = export(made.dataset, made.evidence, made.verdicts, made.verdicts.recipe, made.checks, out, progress=progress,
                         cancel=stopped, format=format, shard=shard)  # fmt: skip
    Sealed(Workspace(Store())).seal(made.dataset, made.verdicts, out, lineage.version)
    say(sentence(todo_list(made.dataset, made.verdicts, made.checks), made.verdicts))
    if json_file is not None:
        write_json(json_file, made.as_json() | {"version": lineage.version})
    if json_file != "-":
        typer.echo(str(out / "versions" / lineage.version))
    if lineage.proof is not None and not lineage.proof.holds:
        for line in lineage.proof.lines:
            if line.found:
                say(f"proof failed: {line.found:,} {line.check} between {line.between}")
        raise typer.Exit(1)


@app.command()
def evidence(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for columns.parquet, pairs.parquet and topics.json.")],
    frozen: Frozen = [],  # noqa: B006
    recipe: RecipeFile = None,
    preset: Preset = "default",
    sample: Sample = None,
    tokenizer: TokenizerPath = None,
    no_vectors: NoVectors = False,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:
    """Write what was measured as Parquet, for other programs."""
    from curate.ship.columns import refuse_foreign, write_evidence

    refuse_foreign(out)
    made = run_all(data, frozen, recipe, preset, sample, tokenizer, None, no_vectors, maps, limits)
    for path in write_evidence(made.evidence, out):
        typer.echo(str(path))


@app.command()
def rules(json_file: Json = None) -> None:
    """List every reason code with its action, bounds in the default recipe, and source."""
    from curate.views.rules import print_rules, rule_rows

    if json_file is not None:
        write_json(json_file, rule_rows())
    else:
        print_rules(Console())


@app.command()
def diff(
    a: Annotated[Path, typer.Argument(help="An export folder, or one version in it.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Another.", show_default=False)],
    json_file: Json = None,
) -> None:
    """Compare two exports: settings, counts and the rows that change fate."""
    from curate.ship.diff import diff_exports

    result = diff_exports(a, b)
    if json_file is not None:
        write_json(json_file, result.as_json())
    else:
        typer.echo(result.text())


@app.command()
def verify(
    out: Annotated[Path, typer.Argument(help="An export folder, or one version in it.", show_default=False)],
    again: Annotated[bool, typer.Option("--again", help="Also rebuild the inputs, decide anew and compare.")] = False,
    proof: Annotated[bool, typer.Option("--proof", help="Also join every text across splits and evaluation, from the files alone.")] = False,
    json_file: Json = None,
) -> None:  # fmt: skip
    """Check every byte of an export; exit 1 when something differs."""
    from curate.ship import verify as check_export
    from curate.ship.derive import derive

    found = check_export(out, derive if again else None)
    if proof and not found:
        from curate.proving import crossings

        found = crossings(out, echo=json_file is None)
    if json_file is not None:
        write_json(json_file, {"schema": 1, "mismatches": [{"path": m.path, "what": m.what} for m in found]})
    else:
        for m in found:
            typer.echo(f"{m.path}: {m.what}")
        if not found:
            typer.echo(f"{out}: every byte as it was written" + ("; verdicts derived anew are equal" if again else ""))
    if found:
        raise typer.Exit(1)


@app.command("app")
def app_command(
    data: Annotated[list[Path], typer.Argument(help="Files to open.", show_default=False)] = [],  # noqa: B006
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8501,
) -> None:
    """Open the dashboard on this machine."""
    from curate.ui.launch import launch

    launch(data, port)


@store_app.command()
def info(
    check: Annotated[bool, typer.Option("--check", help="Read every byte and name what is damaged.")] = False,
    json_file: Json = None,
) -> None:
    """How much of what is kept, and where."""
    from curate.store import Store

    store = Store()
    kinds, damaged = store.info(), store.check() if check else ()
    if json_file is not None:
        write_json(json_file, {"schema": 1, "home": str(store.home), "damaged": list(damaged),
                                "kinds": {k.name: {"entries": k.entries, "bytes": k.bytes} for k in kinds}})  # fmt: skip
    else:
        typer.echo(str(store.home))
        for k in kinds:
            typer.echo(f"{k.name:<24}{k.entries:>8,} entries{k.bytes / 1e6:>12,.1f} MB")
        for name in damaged:
            typer.echo(f"damaged: {name}")


@store_app.command()
def clear(
    kind: Annotated[str | None, typer.Argument(help="One kind only, as `curate store info` names it.")] = None,
) -> None:
    """Delete kept measurements. People's decisions stay."""
    from curate.store import Store

    typer.echo(f"{Store().clear(kind) / 1e6:,.1f} MB freed")


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point: one sentence on stderr and exit 2 for an error, 130 when interrupted, never a traceback."""
    began = time.monotonic()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with interruptible():
            code = app(args=_with_json_value(sys.argv[1:] if argv is None else argv), standalone_mode=False) or 0
            sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort, Cancelled):
        say(f"interrupted after {time.monotonic() - began:.0f} s; nothing was published; run again to go on")
        code = 130
    except typer.Exit as done:
        code = done.exit_code
    except CurateError as error:
        say(f"curate: {error}")
        code = 2
    except BrokenPipeError:
        code = nobody_reads()
    except SystemExit:  # how the parser says that nobody reads stdout any more
        code = nobody_reads()
    except Exception as error:
        code = _usage(error)
    gc.freeze()  # torch's and numba's many objects need no last look: .6 s of an audit of 52,000 rows
    sys.exit(code)


def _with_json_value(argv: Sequence[str]) -> list[str]:
    """`--json` with nothing after it means stdout."""
    last = len(argv) - 1
    bare = (
        a == "--json" and (n == last or (argv[n + 1].startswith("-") and argv[n + 1] != "-"))
        for n, a in enumerate(argv)
    )
    return ["--json=-" if alone else a for a, alone in zip(argv, bare, strict=True)]


def _usage(error: Exception) -> int:
    """Exit 2 for a usage error with its sentence; anything else is our fault and says where its traceback lies."""
    if hasattr(error, "format_message"):
        said = " ".join(str(error.format_message()).split())
        say(f"curate: {said.rstrip('.')}; see `curate --help`")
        return 2
    from curate.views.incident import record

    say(f"curate: an unexpected {type(error).__name__} (our fault); its details are in {record(error)}")
    return 2


if __name__ == "__main__":
    main()
