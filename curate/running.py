"""What every data command does first: load, measure, decide, check."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curate.errors import DataError
from curate.types import Check, Dataset, Evidence, Verdicts
from curate.views.console import err, progress_bars, say, stopped
from curate.views.refuse import refuse_bad

FEW = 2_000  # new prompts that embed in seconds: no first look before them


@dataclass(frozen=True)
class Run:
    """What every data command has after measuring and deciding."""

    dataset: Dataset
    evidence: Evidence
    verdicts: Verdicts
    checks: tuple[Check, ...]

    def as_json(self) -> dict[str, Any]:
        from curate.ship.audit import audit_json

        return audit_json(self.dataset, self.evidence, self.verdicts, self.checks)


def run_all(
    data: list[Path], frozen: list[Path], recipe_file: Path | None, preset_name: str, sample: int | None,
    tokenizer: Path | None, max_malformed: float | None, no_vectors: bool, maps: list[str],
    limits: list[str], first_look: bool = False,
) -> Run:  # fmt: skip
    from curate.load import load, parse_limits, parse_maps
    from curate.measure import Early, require_model
    from curate.store import OverrideLog, Store, Workspace

    store = Store()
    recipe = read_recipe(recipe_file, preset_name)
    if not is_snapshot(recipe_file):  # a snapshot brings its decisions
        recipe = replace(recipe, overrides=OverrideLog(Workspace(store)).current())
    if no_vectors:
        recipe = recipe.with_setting("embed", enabled=False)
    require_model(recipe)
    with Early(recipe) as early:
        with progress_bars() as progress:
            dataset = load(
                data,
                frozen,
                store=store,
                sample=sample,
                progress=early.seen(progress),
                cancel=stopped,
                mapping=parse_maps(maps),
                limits=parse_limits(limits),
            )
            early.loaded()
            refuse_bad(dataset, max_malformed)
        from curate.decide import check, decide
        from curate.measure import measure as measure_all
        from curate.measure import new_prompts

        if sample is not None:
            say(f"Partial: a sample of {sample:,} rows, chosen by content.")
        if first_look and recipe.embed.enabled and new_prompts(dataset, recipe, store) > FEW:
            _first_look(dataset, recipe, store, tokenizer)
        with progress_bars() as progress:
            evidence = measure_all(
                dataset,
                recipe=recipe,
                store=store,
                tokenizer=tokenizer,
                progress=progress,
                cancel=stopped,
                early=early,
            )
    verdicts = decide(evidence, recipe)
    return Run(dataset, evidence, verdicts, check(dataset, evidence, verdicts))


def _first_look(dataset: Dataset, recipe: Any, store: Any, tokenizer: Path | None) -> None:
    """Badges on stderr before the vectors are made, which take minutes."""
    from curate.decide import check, decide
    from curate.measure import measure as measure_all
    from curate.views.terminal import badge_table

    quick = recipe.with_setting("embed", enabled=False)
    with progress_bars() as progress:
        evidence = measure_all(
            dataset, recipe=quick, store=store, tokenizer=tokenizer, progress=progress, cancel=stopped
        )
    verdicts = decide(evidence, quick)
    say("A first look, before the vectors are made:")
    err.print(badge_table(check(dataset, evidence, verdicts)))


def is_snapshot(path: Path | None) -> bool:
    """Whether a recipe file is a shared snapshot, which holds decisions too."""
    return path is not None and path.name.endswith(".snapshot.json")


def read_recipe(path: Path | None, preset_name: str) -> Any:
    """The recipe of a file, or of a preset."""
    from curate.decide import Recipe, preset

    if path is None:
        return preset(preset_name)
    if is_snapshot(path):
        from curate.people.history import read_file, recipe_of

        return recipe_of(read_file(path))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"recipe {path} can't be read ({type(error).__name__}); give a TOML file in UTF-8") from None
    return Recipe.from_toml(text, name=path.name)
