"""Sections of figures: verdict, badges, files, funnel, distributions, topics, splits, people, cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from curate.decide.rules import help_of as _help_of
from curate.ship.ledger import counts, total
from curate.types import Action
from curate.views import figures_stats as stats
from curate.views.inert import escaped
from curate.views.lengths import length_table, topic_names
from curate.views.report import charts
from curate.views.report.blocks import Block, Figure, Para, Table, table
from curate.views.report.picture import map_png
from curate.views.verdict import sentence, todo_list

if TYPE_CHECKING:
    from curate.views.report.build import Made


def help_of(code: str) -> str:
    """What a reason says, without mark-up."""
    return _help_of(code).replace("`", "")


PLOTTED = (
    ("prompt_words", "Prompt length", "words"),
    ("answer_words", "Answer length", "words"),
    ("turns", "Turns", "turns"),
    ("shape_s0", "Shape score of S0 (form, not quality)", "score"),
    ("judge_overall", "Judge's score", "of 5"),
)
TOPICS = 20
# Without a tokenizer: English prose has about four characters a token (OpenAI's rule of thumb); said beside the figure.
CHARACTERS_PER_TOKEN = 4
MILLION = 1_000_000


def verdict(made: Made) -> tuple[bool, str]:
    """Whether nothing blocks, and the sentence that says it."""
    todos = todo_list(made.dataset, made.verdicts, made.checks)
    return not any(t.blocks for t in todos), sentence(todos, made.verdicts)


def todo(made: Made) -> Iterator[Block]:
    """Blockers first."""
    if made.dataset.sample is not None:
        yield Para(f"Partial: a sample of {made.dataset.sample:,} rows, chosen by content.", "watch")
    for one in todo_list(made.dataset, made.verdicts, made.checks):
        yield Para(escaped(one.text), "warning" if one.blocks else "watch")


def health(made: Made) -> Iterator[Block]:
    """Every badge with its band, base, reason and advice."""
    rows = [(c.band, f"{c.id} {c.name}", c.shown, c.base, c.why, c.todo) for c in made.checks]
    yield table(
        ("", "badge", "value", "of what", "why it matters", "what to do"), rows, bands=[c.band for c in made.checks]
    )


def files(made: Made) -> Iterator[Block]:
    """The ledger per file and in total."""
    each = counts(made.dataset, made.verdicts)
    lines = [(escaped(s.name), c) for s, c in zip(made.dataset.sources, each, strict=True)]
    lines += [("all files", total(each))] if len(each) > 1 else []
    fates = ("read", "kept", "dropped", "review", "frozen", "malformed", "blank")
    yield table(("file", *fates), [(name, *(getattr(c, f) for f in fates)) for name, c in lines],
                "read = kept + dropped + review + frozen + malformed + blank. No row is lost.")  # fmt: skip
    if made.dataset.problems.num_rows:
        yield _problems(made.dataset)


def _problems(dataset: Any) -> Table:
    codes = Counter(
        zip(dataset.problems.column("code").to_pylist(), dataset.problems.column("fatal").to_pylist(), strict=True)
    )
    listed = sorted(codes.items(), key=lambda item: (not item[0][1], -item[1], item[0][0]))
    return table(
        ("finding", "rows", "effect"), [(code, n, "left out" if fatal else "noted") for (code, fatal), n in listed]
    )


def funnel(made: Made) -> Iterator[Block]:
    """Rows alive after each stage; each reason's counts."""
    f = made.verdicts.funnel
    yield Figure("Rows alive after each stage", "; ".join(f"{n}: {c:,}" for n, c in f.stages), charts.funnel(f.stages))
    rows = [(code, a, first, only, help_of(code))
            for code, first, only, a in zip(f.codes, f.first, f.only, f.all, strict=True) if a]  # fmt: skip
    note = "first: the earliest reason of a row. only: nothing else removes it. A row keeps all its reasons."
    yield table(("reason", "rows", "first", "only", "what it says"), rows, note) if rows else Para("No row is removed.")


def distributions(made: Made) -> Iterator[Block]:
    """Lengths and scores before and after, bounds drawn, with S1's statistics."""
    pool, kept = np.flatnonzero(~made.evidence.frozen), np.flatnonzero(made.verdicts.action == Action.KEEP)
    for column, title, unit in PLOTTED:
        values = made.evidence.columns.get(column)
        if values is None or not np.isfinite(values[pool]).any():
            continue
        edges = stats.edges_of(values[pool])
        yield Figure(title, f"{title} of all pool rows and of kept rows",
                     charts.histogram(stats.binned(values[pool], edges), stats.binned(values[kept], edges), unit,
                                      _bounds(made, column)))  # fmt: skip
    yield _lengths(made, pool, kept)
    if "judge_overall" not in made.evidence.columns:
        yield Para("No judge score is measured: nothing was sent anywhere. Review a random 200 rows, or run the judge.")


def _bounds(made: Made, column: str) -> list[tuple[float, str]]:
    on = (r for r in made.verdicts.recipe.rules if r.enabled and r.column == column and not r.fact)
    return [(v, r.name) for r in on for v in (r.low, r.high) if np.isfinite(v)]


def _lengths(made: Made, pool: np.ndarray, kept: np.ndarray) -> Table:
    rows = []
    for when, chosen in (("before", pool), ("kept", kept)):
        rows += [(x.name, when, x.unit, x.count, round(x.mean, 1), x.median, x.p10, x.p90, x.p99, x.least, x.most, x.total)
                 for x in length_table(made.evidence, chosen)]  # fmt: skip
    rows.sort(key=lambda r: (r[0], r[2]))
    return table(("", "", "unit", "rows", "mean", "median", "P10", "P90", "P99", "min", "max", "total"), rows)


def topics(made: Made) -> Iterator[Block]:
    """The map, and the largest topics before and after."""
    picture = map_png(made.evidence, made.verdicts)
    if picture is None:
        yield Para("Topics are not measured: they need the vectors.")
        return
    yield Figure(
        "The map of prompts", "Every prompt by what it is about; grey rows are removed or in no topic", png=picture
    )
    pool, kept = np.flatnonzero(~made.evidence.frozen), made.verdicts.action == Action.KEEP
    number, before, after = stats.topic_sizes(made.verdicts, pool, kept)
    if not number.shape[0]:
        yield Para("No topics: the rows lie too far apart, or are too few.")
        return
    names = [escaped(n) for n in topic_names(made.evidence, made.verdicts)]
    shown = number[:TOPICS].tolist()
    yield Figure("Largest topics", "Rows per topic before and kept",
                 charts.bars([names[t] for t in shown], before[:TOPICS].tolist(), after[:TOPICS].tolist()))  # fmt: skip
    yield Para(_spread(before, after, int(np.count_nonzero(made.verdicts.topic[pool] < 0))))


def _spread(before: np.ndarray, after: np.ndarray, none: int) -> str:
    return (
        f"{before.shape[0]:,} topics, {none:,} rows in none. The five largest hold {_top(before):.0%} of the rows with a "
        f"topic before and {_top(after):.0%} of the kept ones; effective number of topics {_effective(before):,.0f} and "
        f"{_effective(after):,.0f} (the exponential of the entropy of their shares)."
    )


def _top(sizes: np.ndarray) -> float:
    return float(np.sort(sizes)[::-1][:5].sum() / max(sizes.sum(), 1))


def _effective(sizes: np.ndarray) -> float:
    share = sizes[sizes > 0] / max(sizes.sum(), 1)
    return float(np.exp(-(share * np.log(share)).sum()))


def cost(made: Made) -> Iterator[Block]:
    """Tokens, money and time of training on all rows and on the kept ones."""
    o, pool, kept = made.options, ~made.evidence.frozen, made.verdicts.action == Action.KEEP
    counted, how = _tokens(made)
    if counted is None:
        return
    rows = []
    for name, chosen in (("all pool rows", pool), ("kept rows", kept)):
        tokens = float(np.nansum(counted[chosen].astype(np.float64)))
        seen = tokens * o.epochs
        money = None if o.price is None else f"{seen / MILLION * o.price:,.2f}"
        hours = None if o.speed is None else f"{seen / o.speed / 3600:,.1f}"
        rows.append((name, int(chosen.sum()), int(tokens), int(seen), money, hours))
    stated = [f"{o.epochs:g} epochs"] + ([f"{o.price:g} per million tokens"] if o.price is not None else [])
    stated += [f"{o.speed:,.0f} tokens a second"] if o.speed is not None else []
    yield table(
        ("", "rows", "tokens", "tokens over all epochs", "cost", "hours"), rows, f"{how} At {', '.join(stated)}."
    )


def _tokens(made: Made) -> tuple[Any, str]:
    columns = made.evidence.columns
    if "answer_tokens" in columns and "prompt_tokens" in columns:
        return columns["answer_tokens"] + columns[
            "prompt_tokens"
        ], "Tokens of prompts and answers by the given tokenizer."
    sides = [columns[c] for c in ("prompt_chars", "answer_chars") if c in columns]
    if len(sides) < 2:
        return None, ""
    return (sides[0] + sides[1]) / CHARACTERS_PER_TOKEN, (
        f"Estimated as characters over {CHARACTERS_PER_TOKEN}; give --tokenizer for a count."
    )
