"""What a teacher would cost and what became of the rows that it wrote, for a terminal. Never text of rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from curate.judge.plan import Plan
from curate.views.judge import money, priced


def print_price(plan: Plan, want: int, seeds: int, target: tuple[int, int], console: Console | None = None) -> None:
    """target: rows that S3 ends with."""
    out = console or Console(soft_wrap=True)
    lines = [
        f"{len(plan):,} requests after {seeds:,} seeds, for twice the {want:,} rows wanted, by {plan.work.settings.model}: {priced(plan.estimate)}",
        f"{plan.estimate.basis}; prices of {plan.estimate.as_of}",
        "Nothing was sent. `curate generate run ... --spend DOLLARS --out FILE` writes them.",
    ]
    if not target[0] <= want <= target[1]:
        lines.insert(1, f"S3 ends with {target[0]:,} to {target[1]:,} rows.")
    for line in lines:
        out.print(line, highlight=False, markup=False)


def print_made(made: Mapping[str, Any], file: Path, console: Console | None = None) -> None:
    out = console or Console(soft_wrap=True)
    gone = ", ".join(f"{n:,} {reason}" for reason, n in made["reasons"].items()) or "none"
    lines = [
        f"{made['written']:,} written for {money(made['spent'])} in {made['requests']:,} requests ({made['retries']:,} again), {made['passed']:,} pass, "
        f"{made['kept']:,} of {made['want']:,} wanted kept",
        f"held back: {gone}",
        f"dedup rate {made['dedup_rate']:.1%}, S3's score of what stays {made['shape_s3']:.2f} on average",
        f"{made['to_read']:,} are sent to review: read them in the app (All rows, tag), keep or drop; unread ones stay out of training",
    ]
    lines += made["alike"]
    lines += [
        f"{n:,} rows speak of {field}: have someone who knows check their facts before training (S1)"
        for field, n in made["check_facts"].items()
    ]
    for line in [*lines, str(file)]:
        out.print(line, highlight=False, markup=False)
