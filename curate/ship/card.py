"""The dataset card of a Hugging Face folder: YAML for the loader, figures, and what to know before training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curate.decide.leaks import LANGUAGES
from curate.types import Action, Dataset, Verdicts

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(dataset: Dataset, verdicts: Verdicts, counts: Mapping[str, int]) -> str:
    """The card as Markdown. counts: rows by split. No clock, no host, no row text."""
    total = sum(counts.values())
    size = next((name for most, name in _SIZES if total < most), "1M<n<10M")
    files = "".join(f"  - split: {split}\n    path: data/{split}*.parquet\n" for split in counts)
    yaml = f"---\nsize_categories:\n- {size}\ntask_categories:\n- text-generation\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n"
    funnel = verdicts.funnel
    gone = "".join(
        f"| {code} | {first:,} | {each:,} |\n"
        for code, first, each in zip(funnel.codes, funnel.first, funnel.all, strict=True)
        if each
    )
    pool = int(np.count_nonzero(~dataset.frozen))
    parts = "".join(f"| {split} | {n:,} |\n" for split, n in counts.items())
    sample = f"- This is a sample of {dataset.sample:,} rows.\n" if dataset.sample else ""
    return (
        f"{yaml}\n# Curated dataset\n\n{pool:,} rows were read, {total:,} kept, {verdicts.count(Action.DROP):,} dropped and "
        f"{verdicts.count(Action.REVIEW):,} held for review; {int(dataset.frozen.sum()):,} evaluation rows were frozen and are "
        f"not in here.\n\n| split | rows |\n|---|---|\n{parts}\n## What was removed\n\n| reason | first | all |\n|---|---|---|\n{gone}\n"
        "## Columns\n\n`id` (content hash), `messages` (role, content; content that is no text stands as JSON), `source` (file), "
        "`extra` (the file's own columns as JSON).\n\n## Before training\n\n"
        f"{sample}- Rows were judged by measures and rules, not read by a person, except where `overrides.csv` of the export says so.\n"
        f"- {LANGUAGES}\n- The licence is that of the sources; this card names none.\n"
        "- `recipe.toml`, `lineage.json` and `proof.json` of the export re-derive and prove these files.\n"
    )
