"""The command `curate fit`: what providers and trainers would do with the rows, and what training on them costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from curate.errors import CurateError
from curate.types import Dataset
from curate.views.console import progress_bars, say, stopped, write_json
from curate.views.options import Data, Json, LimitValues, Map, MaxMalformed, Sample
from curate.views.refuse import refuse_bad, refuse_place


def fit(
    data: Data,
    places: Annotated[list[str], typer.Option("--for", help="openai, together, vertex, bedrock, fireworks, mistral, trl, axolotl, "
                                              "llamafactory, torchtune or unsloth. Repeat for several; default all.")] = [],  # noqa: B006
    tokenizer: Annotated[Path | None, typer.Option(help="A model's tokenizer folder or tokenizer.json: rules about length, and the token budget.")] = None,
    max_length: Annotated[int | None, typer.Option(min=1, help="Tokens per example; default each destination's own.")] = None,
    epochs: Annotated[float, typer.Option(help="How often the rows are seen.")] = 1.0,
    batch: Annotated[int, typer.Option(min=1, help="Rows per batch, for padding.")] = 8,
    price: Annotated[float | None, typer.Option(min=0, help="Money per million training tokens.")] = None,
    sources: Annotated[bool, typer.Option("--sources", help="Say where each rule is written.")] = False,
    sample: Sample = None,
    json_file: Json = None,
    max_malformed: MaxMalformed = None,
    maps: Map = [],  # noqa: B006
    limits: LimitValues = [],  # noqa: B006
) -> None:  # fmt: skip
    """Say what a provider or trainer would do with each row: accept, change, truncate, drop, or stop."""
    from curate.profiles import destinations, fit_json, fit_table
    from curate.views.fit import print_fit

    refuse_place(json_file, data)
    chosen = destinations(places)
    if price is not None and tokenizer is None:
        raise CurateError("--price needs token counts; give --tokenizer FOLDER")
    dataset = _load(data, sample, maps, limits)
    refuse_bad(dataset, max_malformed)
    if sample is not None:
        say(f"Partial: a sample of {sample:,} rows, chosen by content.")
    tokens, spent = _tokens(dataset, tokenizer, max_length, epochs, batch, price)
    table = fit_table(dataset, chosen, tokens=tokens, max_length=max_length)
    if json_file is not None:
        write_json(
            json_file,
            {"schema": 1, "partial": sample, "destinations": [fit_json(r) for r in table], "tokens": _as_json(spent)},
        )
    if json_file != "-":
        print_fit(Console(), table, sources)
        if spent is not None:
            from curate.views.fit import print_budget

            print_budget(Console(), *spent)


def _load(data: list[Path], sample: int | None, maps: list[str], limits: list[str]) -> Dataset:
    from curate.load import load, parse_limits, parse_maps
    from curate.store import Store

    with progress_bars() as progress:
        return load(
            data,
            store=Store(),
            sample=sample,
            progress=progress,
            cancel=stopped,
            mapping=parse_maps(maps),
            limits=parse_limits(limits),
        )


def _tokens(
    dataset: Dataset, tokenizer: Path | None, limit: int | None, epochs: float, batch: int, price: float | None
) -> Any:
    """(token columns, (budget, how they were counted)); (None, None) without a tokenizer."""
    if tokenizer is None:
        return None, None
    from curate.measure.budget import Plan, budget
    from curate.measure.training import Counter, training_tokens
    from curate.store import Store

    counter = Counter.open(tokenizer)
    with progress_bars() as progress:
        tokens = training_tokens(dataset, counter, store=Store(), limit=limit, progress=progress, cancel=stopped)
    return tokens, (budget(tokens, ~dataset.frozen, Plan(limit, epochs, batch, price)), counter.how)


def _as_json(spent: Any) -> dict[str, Any] | None:
    if spent is None:
        return None
    from curate.views.fit import budget_json

    return {"how": spent[1]} | budget_json(spent[0])
