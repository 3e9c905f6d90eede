"""What differs between two recipes, setting by setting."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from curate.decide.presets import preset
from curate.decide.recipe import RULE_FIELDS, SECTIONS, Recipe


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs: "near.text" or "rules.refusal.enabled", its value in the preset and now."""

    path: str
    preset: Any
    now: Any


def changes(base: Recipe, now: Recipe) -> tuple[Change, ...]:
    """Settings of `now` that differ from `base`, in the recipe's order. Overrides are no settings."""
    out = [Change(k, getattr(base, k), getattr(now, k)) for k in ("seed", "on_review")]
    for section in SECTIONS:
        ours, theirs = getattr(now, section), getattr(base, section)
        out += [Change(f"{section}.{f.name}", getattr(theirs, f.name), getattr(ours, f.name)) for f in fields(ours)]
    known = {r.name: r for r in base.rules}
    for rule in now.rules:
        before = known.pop(rule.name, None)
        if before is None or before.formula != rule.formula:
            out.append(Change(f"rules.{rule.name}", before.formula if before else "none", rule.formula))
        if before is None:
            continue
        out += [Change(f"rules.{rule.name}.{k}", getattr(before, k), getattr(rule, k)) for k in RULE_FIELDS]
    out += [Change(f"rules.{name}", gone.formula, "none") for name, gone in known.items()]
    return tuple(c for c in out if c.preset != c.now)


def from_preset(now: Recipe) -> tuple[Change, ...]:
    """Settings that differ from the recipe's own preset."""
    return changes(preset(now.preset), now)
