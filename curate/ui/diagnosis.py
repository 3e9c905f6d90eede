"""S1's first question as a card: repetition, sampled quality, topic concentration, two kinds of length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.decide.balance import balance
from curate.decide.verdicts import pairs_alone
from curate.types import Action, Band, Verdicts
from curate.ui import inert, words
from curate.ui.loaded import Loaded
from curate.views import figures_stats as stats

LEAST_SAMPLE = 200
HARMFUL = 3.5
CONCENTRATED = 0.6
FILES = 6
READ = ("rows", "Rows to read: shuffle, and score them")


@dataclass(frozen=True, slots=True)
class Line:
    """One question with its answer, band, and the page that shows it."""

    band: Band
    question: str
    answer: str
    page: str
    link: str


def lines(data: Loaded, made: Verdicts) -> tuple[Line, ...]:
    """The four answers of S1, Q1; what is not measured says what to run."""
    return (_repetition(data, made), _quality(data), _concentration(data, made), _lengths(data))


def _repetition(data: Loaded, made: Verdicts) -> Line:
    key = ("alone", made.recipe.near, made.recipe.leak, made.recipe.conflict, made.recipe.overrides.fingerprint)
    alone = data.remember(key, lambda: pairs_alone(data.evidence, made.recipe))
    pool = data.pool
    share = float(np.count_nonzero(~alone.alive[pool])) / pool.shape[0] if pool.shape[0] else float("nan")
    left = pool.shape[0] - int(np.count_nonzero(~alone.alive[pool]))
    band: Band = (
        "not measured" if share != share else "warning" if share >= 0.5 else "watch" if share >= 0.3 else "healthy"
    )
    return Line(
        band,
        "Is it really that many rows?",
        f"{share:.0%} are copies or near copies: {left:,} different rows (30 to 50 % means it is mostly repetition)."
        if share == share
        else "There are no pool rows.",
        "duplicates",
        "The copies, group by group",
    )


def _quality(data: Loaded) -> Line:
    column = data.evidence.columns.get("judge_overall")
    scored = column[data.pool][np.isfinite(column[data.pool])] if column is not None else np.empty(0)
    if scored.shape[0] < LEAST_SAMPLE:
        return Line(
            "not measured",
            "Is the bulk of it good?",
            f"Only {scored.shape[0]} rows are scored. Score a random {LEAST_SAMPLE}, by people or by the judge: "
            f"a mean under {HARMFUL} of 5 does harm.",
            *READ,
        )
    mean = float(scored.mean())
    return Line(
        "warning" if mean < HARMFUL else "healthy",
        "Is the bulk of it good?",
        f"The mean of {scored.shape[0]:,} scored rows is {mean:.2f} of 5 (under {HARMFUL} does harm).",
        *READ,
    )


def _concentration(data: Loaded, made: Verdicts) -> Line:
    question = "Is it about more than a few things?"
    link = ("map", "Topics, on the map")
    topic = made.topic[data.pool]
    found = balance(np.bincount(topic[topic >= 0]))
    if found is None:
        return Line(
            "not measured", question, "Topics are not measured: they need vectors, or a column of yours.", *link
        )
    band: Band = "watch" if found.top >= CONCENTRATED and found.topics > 5 else "healthy"
    rest = f"the other {found.topics - 5:,} share {1 - found.top:.0%}" if found.topics > 5 else "there are no others"
    return Line(
        band,
        question,
        f"The 5 largest of {found.topics:,} topics hold {found.top:.0%} of the rows that have one, {rest} "
        "(60 % in five is concentrated, 10 % is spread).",
        *link,
    )


def _lengths(data: Loaded) -> Line:
    question = "Is it one kind of answer?"
    column = data.evidence.columns.get("answer_words")
    value = stats.two_humps(column[data.pool]) if column is not None else float("nan")
    if value != value:
        return Line("not measured", question, "Too few answers to say.", "rows", "All rows")
    two = value > stats.TWO_HUMPS
    said = (
        "Answer lengths have two humps: perhaps two sources or tasks in one file"
        if two
        else "Answer lengths have one hump"
    )
    return Line(
        "watch" if two else "healthy",
        question,
        f"{said} (Sarle's coefficient {value:.2f}; above {stats.TWO_HUMPS:.2f} is two).{_by_file(data) if two else ''}",
        "rows",
        "All rows, by file",
    )


def _by_file(data: Loaded) -> str:
    """The median answer of each file, to see whether the humps are the files."""
    source = data.dataset.rows.column("source").to_numpy()[data.pool]
    value = data.evidence.columns["answer_words"][data.pool]
    files = np.unique(source)
    if files.shape[0] < 2:
        return " All rows are of one file: split it by task, or colour the map by answer length."
    listed = ", ".join(
        f"{inert.label(data.source_names[f], 40)} {np.nanmedian(value[source == f]):.0f}"
        for f in files[:FILES].tolist()
    )
    return f" Median words by file: {listed}{' …' if files.shape[0] > FILES else ''}. Split it by source."


def outcome(data: Loaded, made: Verdicts) -> str:
    """What a small result means."""
    pool, kept = data.pool.shape[0], made.count(Action.KEEP)
    return (
        f"{words.rows(pool)} end as {kept:,} here ({kept / max(1, pool):.0%}). Few is no failure: "
        "200,000 rows ending at 30,000 is a good outcome when what goes is repetition and poor rows (S1)."
    )
