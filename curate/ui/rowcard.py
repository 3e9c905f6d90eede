"""The row card: one row as people judge it: conversation, scores, witness, why kept or dropped, keep / drop / note."""

from __future__ import annotations

import numpy as np
import streamlit as st

from curate.decide import topics_of
from curate.decide.formula import columns_of, values_of
from curate.decide.rules import help_of
from curate.types import Action, Verdicts
from curate.ui import groups, inert, session, words
from curate.ui.loaded import Loaded

FIGURES = (
    "prompt_words",
    "answer_words",
    "turns",
    "repeated_bigrams",
    "window_repetition",
    "answer_ratio",
    "shape_s0",
    "shape_s3",
    "judge_overall",
)
AVATARS = {
    "user": ":material/person:",
    "assistant": ":material/smart_toy:",
    "system": ":material/settings:",
    "developer": ":material/settings:",
    "tool": ":material/build:",
    "function": ":material/build:",
}
MOST_MESSAGES = 40


def show(data: Loaded, made: Verdicts, row: int, key: str, *, witness: bool = True, reveal: bool = False) -> None:
    """The card of one row. `key` tells cards of one page apart; witness=False leaves the kept twin out; reveal: what
    differs from the twin is scrolled to once."""
    with st.container(border=True, key=f"card.{key}"):
        _head(data, made, row)
        _why(data, made, row)
        _topic(data, made, row)
        if witness and made.witness[row] >= 0:
            _witness(data, made, row, key, data.evidence.ids[row].decode() if reveal else "")
        _conversation(data, row, key)
        _figures(data, row)
        if made.action[row] != Action.FROZEN:
            _decide(data, row, key)


def _head(data: Loaded, made: Verdicts, row: int) -> None:
    sign = words.ACTIONS[int(made.action[row])]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(sign.word, icon=sign.icon, color=sign.colour)
        split = made.splits[made.split[row]] if made.split[row] >= 0 else None
        if split:
            st.badge(split, icon=":material/call_split:", color="gray")
        st.markdown(f":small[`{data.evidence.ids[row].decode()}` · {inert.label(data.places([row])[0])}]")


def _why(data: Loaded, made: Verdicts, row: int) -> None:
    """Why dropped or held, else why kept."""
    codes = made.why(row)
    if made.action[row] == Action.FROZEN:
        st.markdown("Frozen: an evaluation row. It is never changed; its near copies leave the training data.")
        return
    held = dict(zip(session.overrides().ids, session.overrides().actions, strict=True)).get(
        data.evidence.ids[row].decode()
    )
    if held:
        st.markdown(f":material/front_hand: Decided by hand: **{held}**")
    if not codes:
        st.markdown(_kept(data, made, row))
        return
    if made.action[row] == Action.KEEP:
        st.markdown("Kept although these rules fail it:")
    for code in codes:
        st.markdown(f"- **{words.title(code)}** `{code}`: {help_of(code)}{_measured(data, made, code, row)}")


def _topic(data: Loaded, made: Verdicts, row: int) -> None:
    """What the row is about; for one that lies apart, how far away, and the topic that it would have."""
    found = topics_of(data.evidence, made)
    if found is None or found.nearest[row] < 0:
        return
    name = inert.label(found.names[int(found.nearest[row])], 80)
    away = "" if found.apart[row] != found.apart[row] else f", {found.apart[row]:.2f} from its nearest prompts"
    tags = [t for i, t in session.overrides().tags if i == data.evidence.ids[row].decode()]
    said = (
        f"Topic: {name}{away}"
        if found.label[row] >= 0
        else f"In no topic: it lies apart{away} (1 = as far as any two). The nearest topic is {name}"
    )
    st.caption(f"{said}.{' Tags: ' + ', '.join(inert.label(t, 40) for t in tags) if tags else ''}")


def _kept(data: Loaded, made: Verdicts, row: int) -> str:
    """Why a row is kept: no rule fails it, and whom it stands for."""
    enabled = sum(r.enabled and columns_of(r) <= data.evidence.columns.keys() for r in made.recipe.rules)
    twins = int(np.count_nonzero(made.witness == row))
    stands = f" It stands for {words.rows(twins)} that duplicate it." if twins else ""
    return f"Kept: none of {enabled} row rules fails it, and no kept row is its copy.{stands}"


def _measured(data: Loaded, made: Verdicts, code: str, row: int) -> str:
    rule = next((r for r in made.recipe.rules if r.name == code), None)
    if rule is None or rule.fact:
        return ""
    values = values_of(rule, data.evidence.columns)
    if values is None:
        return ""
    value = float(values[row])
    low = f" ≥ {words.number(rule.low)}" if rule.low != float("-inf") else ""
    high = f" ≤ {words.number(rule.high)}" if rule.high != float("inf") else ""
    return f" Measured {words.number(value)} {rule.unit}; kept are{low}{high}."


def _conversation(data: Loaded, row: int, key: str) -> None:
    listed = data.messages(row)
    for role, text in listed[:MOST_MESSAGES]:
        known = role if role in AVATARS else "other"
        with st.chat_message(known, avatar=AVATARS.get(role, ":material/help:")):
            st.caption(inert.label(role))
            inert.show(text)
    if len(listed) > MOST_MESSAGES:
        st.caption(f"{MOST_MESSAGES} of {len(listed)} messages shown")
    own = data.own(row)
    if own:
        with st.expander(f"{len(own)} columns of its own", key=f"own.{key}"):
            inert.table(
                {"column": list(own), "value": list(own.values())}, key=f"own.table.{key}", alt="The row's own columns"
            )


def _witness(data: Loaded, made: Verdicts, row: int, key: str, reveal: str) -> None:
    """The kept row that this one duplicates, and the words that differ."""
    twin = int(made.witness[row])
    st.markdown(
        f":material/compare_arrows: **Because of** `{data.evidence.ids[twin].decode()}` · "
        f"{inert.label(data.places([twin])[0])}"
        f"{similarity(data, row, twin)}"
    )
    compare(data, twin, row, key, reveal=reveal)


def compare(
    data: Loaded,
    one: int,
    two: int,
    key: str,
    *,
    reveal: str = "",
    sides: tuple[str, str] = ("the kept row", "this row"),
) -> None:
    """Two rows word by word, prompt and answer. sides: what the first and the second are called."""
    first = True
    for column, name in (("system", "System prompt"), ("prompt", "Prompt"), ("response", "Answer")):
        before, after = data.texts(column, [one, two])
        if before == after:
            if column != "system":
                st.caption(f"{name}: the same, {len(after):,} characters")
            continue
        st.caption(f"{name}: struck = only in {sides[0]}, underlined = only in {sides[1]}" if first else name)
        inert.diff(
            before, after, key=f"diff.{column}.{key}", name=f"{name}, word by word", reveal=reveal if first else ""
        )
        first = False


def similarity(data: Loaded, one: int, two: int) -> str:
    """What joins two rows, in words: the level at which they are equal, or the measured scores and what differs."""
    found = groups.edges(data, np.array([one]), np.array([two]))
    if found.level[0] in ("content", "spaced", "folded"):
        return f" · {groups.EQUAL[found.level[0]]}"
    said = scores(data, int(found.at[0]))
    return f" · {said}" if said else f" · {groups.EQUAL[found.level[0]]}" if found.level[0] else ""


NAMES = {
    "same": "sure",
    "prompt_jaccard": "prompt text",
    "answer_jaccard": "answer text",
    "prompt_cosine": "prompt meaning",
    "answer_cosine": "answer meaning",
}


def scores(data: Loaded, at: int) -> str:
    """The scores of a measured pair in words, and what it differs in; "" for no pair."""
    pairs = data.evidence.pairs
    if at < 0:
        return ""
    values = {name: float(pairs.scores[k][at]) for k, name in NAMES.items() if k in pairs.scores}
    said = [f"{name} {v:.3f}" for name, v in values.items() if v == v]
    apart = words.differ(int(pairs.guards[at]))
    return ", ".join(said) + (f" · differ in {apart}" if apart else "")


def _figures(data: Loaded, row: int) -> None:
    columns = data.evidence.columns
    said = [
        f"{words.title(c)} **{words.number(float(columns[c][row]))}**"
        for c in FIGURES
        if c in columns and columns[c][row] == columns[c][row]
    ]
    st.caption(" · ".join(said))


def _decide(data: Loaded, row: int, key: str) -> None:
    """Keep, drop, review, take back, note."""
    row_id = data.evidence.ids[row].decode()
    decided = session.overrides()
    held = dict(zip(decided.ids, decided.actions, strict=True)).get(row_id)
    notes = dict(zip(decided.ids, decided.notes, strict=True)) | dict(decided.remarks)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for action, icon in (
            ("keep", ":material/check:"),
            ("drop", ":material/close:"),
            ("review", ":material/rate_review:"),
        ):
            if st.button(words.title(action), key=f"row.{action}.{key}", icon=icon, disabled=held == action):
                session.decide_rows([row_id], action)
                st.rerun()
        if held and st.button("Take back", key=f"row.clear.{key}", icon=":material/undo:", type="tertiary"):
            session.decide_rows([row_id], None)
            st.rerun()
        note = st.text_input(
            "Note",
            value=notes.get(row_id, ""),
            key=f"row.note.{key}.{row_id}",
            placeholder="A note on this row",
            label_visibility="collapsed",
            max_chars=2000,
        )
        if note != notes.get(row_id, ""):
            session.annotate([row_id], note)
            st.rerun()
