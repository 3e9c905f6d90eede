"""Sections of origin: the comparison with an earlier version, changed settings, lineage, how to repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from curate.decide.changes import from_preset
from curate.ship.diff import TABLES
from curate.ship.lineage import tool_version
from curate.views.inert import escaped
from curate.views.report.blocks import Block, Code, Para, table

if TYPE_CHECKING:
    from curate.views.report.build import Made

FATES = 20  # rows of the comparison that are listed one by one


def previous(made: Made) -> Iterator[Block]:
    """What changed since the version named."""
    diff = made.options.previous
    if diff is None:
        return
    yield Para(f"{diff.a} → {diff.b}: {len(diff.changes):,} rows change fate, {diff.moved:,} move to another split, "
               f"{diff.only_before:,} are only in the earlier one, {diff.only_after:,} only in this one.")  # fmt: skip
    rows = [(kind, escaped(str(key)), _short(a), _short(b))
            for kind in TABLES for key, (a, b) in getattr(diff, kind).items()]  # fmt: skip
    if rows:
        yield table(("", "what", "before", "now"), rows)
    if diff.changes:
        listed = [(c.id, str(c.before), str(c.after)) for c in diff.changes[:FATES]]
        rest = len(diff.changes) - len(listed)
        yield table(("row", "before", "now"), listed, f"{rest:,} more; `curate diff --json` lists all." if rest else "")


def settings(made: Made) -> Iterator[Block]:
    """Every setting that a person moved."""
    recipe = made.verdicts.recipe
    found = [(c.path, c.preset, c.now) for c in from_preset(recipe)]
    if found:
        yield table(("setting", f"preset {recipe.preset}", "here"), found)
    else:
        yield Para(f"None: this is the preset {recipe.preset!r} as it is.")


def lineage(made: Made) -> Iterator[Block]:
    """Hashes of inputs, fingerprints, measures, and the commands that repeat the result."""
    d, v = made.dataset, made.verdicts
    yield table(("file", "role", "rows", "bytes", "sha256"),
                [(escaped(s.name), s.role, s.rows, s.bytes, s.sha256) for s in d.sources])  # fmt: skip
    yield table(("what", "fingerprint"), [("dataset", d.fingerprint), ("evidence", made.evidence.fingerprint),
                                         ("recipe", v.recipe.fingerprint), ("overrides", v.recipe.overrides.fingerprint),
                                         ("tool", tool_version())])  # fmt: skip
    measures = sorted(made.evidence.made, key=lambda m: (m.name, m.key))
    yield table(("measure", "version", "backend", "settings", "key"),
                [(m.name, m.version, escaped(m.backend), ", ".join(f"{k} {x}" for k, x in m.params if len(x) < 32), m.key) for m in measures])  # fmt: skip
    yield Code(_commands(made))


def _commands(made: Made) -> str:
    names = [f"'{escaped(s.name)}'" for s in made.dataset.sources if s.role == "pool"]
    frozen = "".join(f" --frozen '{escaped(s.name)}'" for s in made.dataset.sources if s.role == "frozen")
    sample = "" if made.dataset.sample is None else f" --sample {made.dataset.sample}"
    return (
        f"curate run {' '.join(names)}{frozen}{sample} --recipe recipe.toml --out curated\n"
        f"curate verify curated --again\n\n# recipe.toml\n{made.verdicts.recipe.to_toml()}"
    )


def _short(value: object) -> str:
    said = (
        "–" if value is None else f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    )
    return escaped(said if len(said) <= 64 else said[:12])
