"""The contradictions page: thresholds beside the pair plane, clusters by severity, two sides with marked words, resolve."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from curate.decide.contradictions import Clusters, clusters_of, contradicting
from curate.types import Verdicts
from curate.ui import conflicts, inert, pair_judge, rowcard, rowtable, session, settings, words
from curate.ui.loaded import Loaded, Rows
from curate.views import figures_pairs
from curate.views.figures import PLAIN

PAGE = 12
MOST_OF_SIDE = 6
RESOLVE = (
    ("left", "Keep left, drop right", ":material/keyboard_double_arrow_left:"),
    ("right", "Keep right, drop left", ":material/keyboard_double_arrow_right:"),
    ("neither", "Drop both", ":material/close:"),
    ("both", "Both are right", ":material/done_all:"),
    ("review", "Send to review", ":material/rate_review:"),
)


def headline(data: Loaded, made: Verdicts) -> None:
    """How many rows contradict each other, in how many questions."""
    found = _found(data, made)
    score = data.evidence.pairs.scores["conflict"]
    measured = int(np.isfinite(score).sum())
    if not made.recipe.conflict.enabled:
        st.markdown("Contradictions are switched off in this recipe.")
    elif len(found):
        st.markdown(
            f"**{words.rows(int(found.rows.shape[0]))}** in **{len(found):,}** questions give answers that cannot both be "
            "right. They wait for review, on every side, until you resolve them."
        )
    else:
        st.markdown("No two answers contradict each other under these settings.")
    st.caption(f"{measured:,} pairs of near-same questions were compared. {_voice(data)}")


def _voice(data: Loaded) -> str:
    """Who judged, and how far to trust it."""
    from curate.measure.conflict import model

    figures = model().figures
    said = (
        f"Built-in model: AUC {figures['cv_strict_auc']:.2f} on its own kind of data, {figures['source_out_auc']:.2f} on a "
        f"source that it never saw, {figures['cv_auc_healthver']:.2f} on medical answers: near chance. For those, and where "
        "answers only differ in what they name, set conflict.backend to an NLI cross-encoder or ask a judge."
    )
    if "conflict_nli" not in data.evidence.pairs.scores:
        return said
    heard = int(np.isfinite(data.evidence.pairs.scores["conflict_nli"]).sum())
    return f"{said} NLI spoke on {heard:,} pairs."


def _found(data: Loaded, made: Verdicts) -> Clusters:
    recipe = made.recipe
    key = ("conflicts", recipe.conflict, recipe.overrides.fingerprint)
    return data.remember(key, lambda: clusters_of(data.evidence, contradicting(data.evidence, recipe)))


def settings_and_plane(data: Loaded, made: Verdicts) -> None:
    """The two thresholds at the left, the plane of pairs at the right."""
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(border=True):
        on = settings.toggle("conflict", "enabled", "Look for contradictions", "Both sides wait for review.")
        floor = float(data.evidence.pairs.floor.get("conflict", made.recipe.conflict.floor))
        if on:
            _bounds(floor)
        _learned(data, made)
    with right, st.container(border=True, height="stretch"):
        _plane(data, made)


def _bounds(floor: float) -> None:
    """The two thresholds."""
    settings.slider(
        "conflict",
        "prompt",
        "Questions at least this alike (cosine)",
        floor,
        1.0,
        0.01,
        "Near-same questions have cosine .85 to .95; S0's own pair has .915. The slider starts where measuring did.",
    )
    settings.slider(
        "conflict",
        "score",
        "Conflict score at least",
        0.05,
        0.99,
        0.01,
        "The probability that both answers cannot be right. At .5 the labelled pairs' F1 is greatest.",
    )


def _learned(data: Loaded, made: Verdicts) -> None:
    """What the person's own rulings say of the score's threshold."""
    ruled = [(a, b) for a, b, verdict in session.overrides().pairs if verdict == "both_right"]
    st.caption(
        f"{len(ruled):,} pairs were called right on both sides; they are left out and remembered."
        if ruled
        else "Call a pair right on both sides, and it is left out and remembered."
    )
    at = [_place(data, *rows) for rows in _rows_of(data, ruled)]
    scores = [float(data.evidence.pairs.scores["conflict"][k]) for k in at if k is not None]
    known = [s for s in scores if s == s and s >= made.recipe.conflict.score]
    if len(known) >= 3:
        wanted = min(round(float(np.quantile(known, 0.8)) + 0.01, 2), 0.99)
        if st.button(f"Set the score to {wanted} (four in five of those lie below)", key="conflict.learn"):
            session.apply(made.recipe.with_setting("conflict", score=wanted), "conflict score from rulings")
            st.rerun()


def _rows_of(data: Loaded, ids: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """The rows of pairs of ids that this dataset has."""
    from curate.decide.near import rows_of

    found = rows_of(data.evidence, [i for pair in ids for i in pair]).reshape(-1, 2)
    return [(int(a), int(b)) for a, b in found if a >= 0 and b >= 0]


def _place(data: Loaded, one: int, two: int) -> int | None:
    """The place in `Pairs` of two rows' classes."""
    pairs, content = data.evidence.pairs, data.evidence.classes["content"]
    a, b = sorted((int(content[one]), int(content[two])))
    key = data.remember(("pair keys",), lambda: pairs.i.astype(np.int64) * len(data) + pairs.j)
    at = int(np.searchsorted(key, a * len(data) + b))
    return at if at < len(pairs) and key[at] == a * len(data) + b else None


def _plane(data: Loaded, made: Verdicts) -> None:
    drawn = data.remember(("plane",), lambda: conflicts.plane(data.evidence))
    if not drawn.at.shape[0]:
        st.info("No pair has both similarities: they need vectors.", icon=":material/pending:")
        return
    bars = made.recipe.conflict
    event: Any = st.plotly_chart(
        figures_pairs.plane(drawn.x, drawn.y, drawn.score, bars.prompt, bars.score),
        key="conflict.plane",
        config=PLAIN,
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        alt="Pairs by similarity of prompts and of answers, coloured by conflict score",
    )
    picked = [int(p["customdata"][0]) for p in event["selection"]["points"] if p.get("customdata")]
    st.caption(
        f"{drawn.at.shape[0]:,} of {drawn.all:,} pairs are drawn: the surest contradictions and an even sample of the rest. "
        "Drag a box or lasso to list pairs."
    )
    if picked:
        _listed(data, drawn.at[np.array(picked, dtype=np.int64)])


def _listed(data: Loaded, at: np.ndarray) -> None:
    """The selected pairs, the surest first; one opened."""
    pairs = data.evidence.pairs
    at = at[np.argsort(-pairs.scores["conflict"][at], kind="stable")][:100]
    chosen = inert.table(
        {
            "conflict": [round(float(v), 3) for v in pairs.scores["conflict"][at]],
            "prompt": data.texts("prompt", pairs.i[at].tolist()),
            "answer": data.texts("response", pairs.i[at].tolist()),
            "other answer": data.texts("response", pairs.j[at].tolist()),
        },
        key="conflict.picked",
        alt="Pairs selected on the plane",
        select="single-row",
        height=220,
    )
    if chosen:
        _pair(data, int(at[chosen[0]]), "picked")


def clusters(data: Loaded, made: Verdicts) -> None:
    """Clusters by severity; the chosen one, or the first, side by side."""
    found = _found(data, made)
    if not len(found):
        st.info("Lower the score to look further, or the question's cosine.", icon=":material/search_off:")
        return
    st.subheader("Questions with contradicting answers", anchor=False)
    pages = -(-len(found) // PAGE)
    at = rowtable.at_page("conflict.page", pages)
    shown = list(range((at - 1) * PAGE, min(at * PAGE, len(found))))
    firsts = [int(data.evidence.pairs.i[found.at[c]]) for c in shown]
    seconds = [int(data.evidence.pairs.j[found.at[c]]) for c in shown]
    picked = inert.table(
        {
            "severity": [round(float(found.severity[c]), 2) for c in shown],
            "sides": [_sides(found, c) for c in shown],
            "surest": [round(float(data.evidence.pairs.scores["conflict"][found.at[c]]), 2) for c in shown],
            "question": data.texts("prompt", firsts),
            "one answer": data.texts("response", firsts),
            "another": data.texts("response", seconds),
        },
        key="conflict.clusters",
        alt=f"Contradictions, page {at} of {pages}",
        select="single-row",
        widths={"severity": "small", "sides": "small", "surest": "small", "question": "large"},
    )
    rowtable.turn(
        "conflict.page",
        pages,
        f"{len(found):,} questions, the most severe first: rows of the smaller side times the surest pair's score.",
    )
    _cluster(data, made, found, shown[picked[0]] if picked else shown[0])


def judge(data: Loaded, made: Verdicts) -> None:
    """Pairs for the judge: the surest one of each question, or those next to the bar."""
    pair_judge.show(data, lambda: _unsure(data, made), "conflict")


def _unsure(data: Loaded, made: Verdicts) -> dict[str, Rows]:
    """Places in Pairs by what makes them worth asking about."""
    found, score = _found(data, made), data.evidence.pairs.scores["conflict"]
    measured = np.flatnonzero(np.isfinite(score))
    near = measured[np.argsort(np.abs(score[measured] - np.float32(made.recipe.conflict.score)), kind="stable")]
    offers = {"The surest pair of each question": np.asarray(found.at, np.int64)} if len(found) else {}
    return offers | {"Next to the bar, nearest first": near}


def _sides(found: Clusters, cluster: int) -> str:
    side = found.of(cluster)[1]
    return f"{int((side == 0).sum())} : {int((side == 1).sum())}"


def _cluster(data: Loaded, made: Verdicts, found: Clusters, cluster: int) -> None:
    """Both sides, the surest pair with its words marked, and what to do."""
    rows, side = found.of(cluster)
    at = int(found.at[cluster])
    surest = (int(data.evidence.pairs.i[at]), int(data.evidence.pairs.j[at]))
    if side[rows == surest[0]][0] == 1:
        side = 1 - side  # the surest pair's first row stands at the left
    with st.container(border=True, key="conflict.card"):
        _pair(data, at, "cluster")
        others = [[int(r) for r in rows[side == s] if int(r) not in surest] for s in (0, 1)]
        if others[0] or others[1]:
            for column, listed, name in zip(st.columns(2, gap="medium"), others, ("left", "right"), strict=True):
                with column:
                    _also(data, made, listed, name)
        _resolve(data, [[int(r) for r in rows[side == s]] for s in (0, 1)])


def _also(data: Loaded, made: Verdicts, rows: list[int], name: str) -> None:
    """Who else says what this side says."""
    if not rows:
        return
    st.caption(f"{words.rows(len(rows))} more at the {name}")
    inert.table(
        {
            "verdict": [words.MARKS[int(made.action[r])] for r in rows[:MOST_OF_SIDE]],
            "prompt": data.texts("prompt", rows[:MOST_OF_SIDE]),
            "answer": data.texts("response", rows[:MOST_OF_SIDE]),
        },
        key=f"conflict.also.{name}",
        alt=f"Other rows at the {name}",
    )


def _pair(data: Loaded, at: int, key: str) -> None:
    """One pair: what spoke, both questions if they differ, both answers with the telling words marked."""
    pairs = data.evidence.pairs
    rows = [int(pairs.i[at]), int(pairs.j[at])]
    said = data.remember(("spoken", at), lambda: conflicts.explain(data, at))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(said.what, icon=":material/campaign:", color="orange")
        st.markdown(f"conflict **{float(pairs.scores['conflict'][at]):.2f}**{rowcard.similarity(data, *rows)}")
    voices = [f"{name} {odds:+.1f}" for name, odds in said.share.items() if abs(odds) >= 0.2]
    st.caption(f"What it rests on, in log odds: {', '.join(voices)}{_heard(data, at)}{pair_judge.heard(data, at)}")
    prompts, answers = data.texts("prompt", rows), data.texts("response", rows)
    places = data.places(rows)
    if prompts[0] == prompts[1]:
        inert.marked(prompts[0], ())
    for n, column in enumerate(st.columns(2, gap="medium")):
        with column, st.container(border=True, key=f"conflict.{key}.{n}"):
            st.markdown(f":small[`{data.evidence.ids[rows[n]].decode()}` · {inert.label(places[n])}]")
            if prompts[0] != prompts[1]:
                inert.marked(prompts[n], ())
                st.divider()
            inert.marked(answers[n], said.marks[n])


def _heard(data: Loaded, at: int) -> str:
    """Which backend spoke, where there were two."""
    scores = data.evidence.pairs.scores
    if "conflict_nli" not in scores or scores["conflict_nli"][at] != scores["conflict_nli"][at]:
        return ""
    own, nli = float(scores["conflict_builtin"][at]), float(scores["conflict_nli"][at])
    louder = "NLI" if abs(nli - 0.5) > abs(own - 0.5) else "the built-in model"
    return f". Built-in {own:.2f}, NLI {nli:.2f}: {louder} spoke louder"


def _resolve(data: Loaded, sides: list[list[int]]) -> None:
    """Five ways out; each is one step that undo takes back. Copies of a row go with it."""
    frozen = data.evidence.frozen
    ids = [[data.evidence.ids[r].decode() for r in _copies(data, side) if not frozen[r]] for side in sides]
    with st.container(horizontal=True, gap="small"):
        for name, label, icon in RESOLVE:
            if st.button(label, key=f"conflict.resolve.{name}", icon=icon):
                _take(data, name, ids, sides)
                st.session_state.pop("conflict.clusters", None)
                st.rerun()
    st.caption(
        f"Left: {words.rows(len(ids[0]))}; right: {words.rows(len(ids[1]))}, copies too. One undo takes a choice back; "
        "the box below asks a judge once you typed what it may cost."
    )


def _copies(data: Loaded, side: list[int]) -> list[int]:
    """The rows of a side with their exact copies."""
    content = data.evidence.classes["content"]
    return [int(r) for r in np.flatnonzero(np.isin(content, content[np.array(side, dtype=np.int64)]))]


def _take(data: Loaded, name: str, ids: list[list[str]], sides: list[list[int]]) -> None:
    if name == "both":
        of = [[data.evidence.ids[r].decode() for r in side] for side in sides]
        session.decide_pairs([(a, b) for a in of[0] for b in of[1] if a != b], "both_right")
    elif name == "review":
        session.decide_rows([*ids[0], *ids[1]], "review")
    elif name == "neither":
        session.decide_rows([*ids[0], *ids[1]], "drop")
    else:
        kept, gone = (ids[0], ids[1]) if name == "left" else (ids[1], ids[0])
        actions = dict.fromkeys(gone, "drop") | dict.fromkeys(kept, "keep")
        session.decide_each(actions, "keep one side of a contradiction")
