"""What labels say: the share of errors against 5 %, agreement, differences to settle, and what a person takes over of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from curate.decide.drift import said as drift_said
from curate.decide.queue import FAIR
from curate.errors import CurateError
from curate.people import agree, review, told
from curate.store import Label, OverrideLog, Queue, Said, Store, Workspace
from curate.store.files import write_text
from curate.store.reviews import VALUES
from curate.types import Bool, Verdicts
from curate.ui import frame, incidents, inert, places, review_desk, session, words
from curate.ui.loaded import Loaded
from curate.views import figures, figures_review
from curate.views.review import kappa_said, rate_said, score_said

SHOWN = 50


def rate(queue: Queue, *, brief: bool = False) -> None:
    """The error rate card. brief: without its chart."""
    desk = review_desk.desk()
    found = agree.rate(desk.labels(queue.number), desk.items(queue.number))
    band, said = rate_said(found, queue.how in FAIR)
    with st.container(border=True, key="review.rate"):
        _card("Errors", band, said)
        if found.rows and not brief:
            st.plotly_chart(figures_review.interval(found.rate, found.low, found.high, 0.05, "share of rows that are not good"), key="review.rate.chart",
                            config=figures.PLAIN, alt=f"Share of errors {found.rate:.1%}, {found.low:.1%} to {found.high:.1%}, against 5 %")  # fmt: skip


def _card(name: str, band: str, said: str) -> None:
    sign = words.BANDS[band]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{name}**")
        st.badge(sign.word, icon=sign.icon, color=sign.colour)
    st.markdown(inert.label(said, 600))


def agreement(queue: Queue) -> None:
    """Kappa against .6, per question, over time, per pair; who drifts."""
    labels = review_desk.labels(queue)
    table = agree.blind(labels)
    asked = agree.questions(table) if table.people else ()
    pair = told.label_pair(asked)
    band, said = kappa_said(pair)
    with st.container(border=True, key="review.kappa"):
        _card("Agreement", band, said)
        if pair.rows and pair.kappa == pair.kappa:
            st.plotly_chart(figures_review.interval(pair.kappa, pair.low, pair.high, 0.6, "Cohen's kappa", whole=(-0.2, 1.0)), key="review.kappa.chart",
                            config=figures.PLAIN, alt=f"Kappa {pair.kappa:.2f}, {pair.low:.2f} to {pair.high:.2f}, against 0.6")  # fmt: skip
    scored = agree.scores(labels)
    if scored:
        with st.container(border=True, key="review.score"):
            _card("Score", *score_said(list(scored.values())))
    if asked:
        _questions(asked)
    if asked and len(asked[0].over) > 1:
        over, two = asked[0].over, len(table.people) == 2
        name = "kappa" if two else "alpha"
        st.markdown(f"**Over time**, {name} of twenty rows a point")
        st.plotly_chart(figures_review.over_time([p.value for p in over], [p.rows for p in over], name), key="review.over", config=figures.PLAIN,
                        alt=f"{name} of each twenty rows in the order of labelling")  # fmt: skip
    pairs = agree.pairs(table) if table.people else ()
    if len(pairs) > 1:
        inert.table({"one": [p.one for p in pairs], "the other": [p.two for p in pairs], "rows": [p.agreement.rows for p in pairs],
                     "agree": [p.agreement.agree for p in pairs], "kappa": [p.agreement.kappa for p in pairs]}, key="review.pairs", alt="Agreement of every two reviewers")  # fmt: skip
    _reviewers(labels)


def _questions(asked: tuple[agree.Question, ...]) -> None:
    figures_ = {
        "agree": [q.kappa.agree for q in asked], "kappa": [q.kappa.kappa for q in asked], "squared weights": [q.squared for q in asked],
        "alpha": [q.alpha.alpha for q in asked], "alpha from": [q.alpha.low for q in asked], "to": [q.alpha.high for q in asked],
    }  # fmt: skip
    columns: dict[str, Sequence[Any]] = {
        name: [f"{v:.2f}" if v == v else "–" for v in values] for name, values in figures_.items()
    }
    head: dict[str, Sequence[Any]] = {
        "question": [words.title(q.name) for q in asked],
        "rows": [q.kappa.rows for q in asked],
    }
    inert.table(
        head | columns,
        key="review.questions",
        alt="Agreement per question",
    )
    st.caption(
        "Kappa: the two who share most rows. Alpha (Krippendorff): everybody; ordinal for the score, nominal else. A dash: undefined or not asked."
    )


def _reviewers(labels: tuple[Label, ...]) -> None:
    found = agree.reviewers(labels)
    if not found:
        return
    st.markdown("**Reviewers**")
    inert.table(
        {"reviewer": [r.name for r in found], "labels": [r.labels for r in found], "good": [words.share(r.good) for r in found],
         "seconds": [round(r.seconds, 1) for r in found],
         "first third to last": ["; ".join(f"{c.name} {c.early:.3g} → {c.late:.3g} ({drift_said(c)})" for c in r.changes) or "30 labels are needed" for r in found]},
        key="review.people", alt="Reviewers with their figures", widths={"first third to last": "large"},
    )  # fmt: skip
    drifted = [r.name for r in found if any(c.drifted for c in r.changes)]
    if drifted:
        st.warning(
            f"{inert.label(', '.join(drifted), 200)}: labelling changed between the first and the last third. Take a break, and read the rubric again.",
            icon=":material/trending_down:",
        )


def differences(data: Loaded, queue: Queue, hidden: Bool) -> None:
    """Rows on which two differ, side by side, for a calibration session."""
    found = agree.differences(review_desk.labels(queue))
    open_ = [d for d in found if d.settled is None]
    if not found:
        st.info(
            "No two reviewers differ on a row. Rows that two have labelled appear here when they do.",
            icon=":material/handshake:",
        )
        return
    st.markdown(
        f"**{len(open_):,} to settle**, {len(found) - len(open_):,} settled. Read each together, say why, and change the rubric where it allowed both."
    )
    for one in found[:SHOWN]:
        _difference(data, queue, one, hidden)
    if len(found) > SHOWN:
        st.caption(f"{SHOWN} of {len(found):,} are shown; settled ones come last.")


def _difference(data: Loaded, queue: Queue, one: agree.Difference, hidden: Bool) -> None:
    said = " · ".join(f"{x.who}: {x.said.value}{f' {x.said.score}' if x.said.score else ''}" for x in one.labels)
    done = f" · settled: {one.settled.said.value}" if one.settled else ""
    with st.expander(
        inert.label(said + done, 200),
        key=f"review.differ.{one.id}",
        icon=":material/check:" if one.settled else ":material/help:",
    ):
        number = review_desk.at(data).get(one.id)
        if number is not None and not hidden[number]:
            for role, text in data.messages(number):
                st.caption(inert.label(role))
                inert.show(text)
        for x in one.labels:
            reasons = ", ".join(map(words.title, x.said.reasons))
            st.markdown(
                f"**{inert.label(x.who)}**: {x.said.value}{' · ' + inert.label(reasons, 200) if reasons else ''}{' · ' + inert.label(x.said.note, 400) if x.said.note else ''}"
            )
        with st.container(horizontal=True, gap="small"):
            for value in VALUES:
                st.button(
                    f"Settle: {value}",
                    key=f"review.settle.{value}.{one.id}",
                    on_click=_settle,
                    args=(queue, one, value),
                )


def _settle(queue: Queue, one: agree.Difference, value: str) -> None:
    edited = (
        next((x.said.edited for x in reversed(one.labels) if x.said.edited is not None), None)
        if value == "fix"
        else None
    )
    review_desk.desk().settle(queue.number, one.id, review_desk.who(), Said(value, edited=edited), queue.rubric)


def use(data: Loaded, made: Verdicts, queue: Queue) -> None:
    """What the labels would decide, taken over as one step; edited answers as rows of a file."""
    labels = review_desk.labels(queue)
    decided = set(session.overrides().ids)
    actions = review.decisions(labels, made, review_desk.at(data), decided)
    counts = {a: sum(v == a for v in actions.values()) for a in ("keep", "drop", "review")}
    st.markdown("**Decide by the labels.** Bad rows are dropped, rows to be fixed are held back until they are, and a good row comes back where a row rule alone removed it. "
                "Rows on which two differ wait until they are settled; rows that somebody decided already stay so.")  # fmt: skip
    said = ", ".join(f"{a} {n:,}" for a, n in counts.items() if n)
    if st.button(
        f"Decide {words.rows(len(actions))}: {said}" if actions else "Nothing to decide",
        key="review.apply",
        icon=":material/done_all:",
        disabled=not actions,
    ):
        session.decide_each(actions, f"labels of {queue.name[:60]}")
        st.rerun()
    st.divider()
    _edits(data, labels)


def _edits(data: Loaded, labels: tuple[Label, ...]) -> None:
    found, at = review.edits(labels), review_desk.at(data)
    here = [i for i in found if i in at]
    job = session.job()
    st.markdown(f"**{words.count(len(here), 'edited answer')}.** Each becomes a new row in a file of its own, with `{review.FROM}` naming the row it comes from; the old row is dropped. "
                "The file is opened beside the data, here and on the command line, so that both export the same bytes.")  # fmt: skip
    if not here or job is None or not job.paths:
        return
    first = job.paths[0]
    place = st.text_input(
        "File", str(first.with_name(f"{first.name.split('.')[0]}.edited.jsonl")), key="review.edits.path", width=640
    )
    if st.button(f"Write {words.rows(len(here))} and open with them", key="review.edits", icon=":material/save:"):
        try:
            _write(data, Path(place), found, at, here)
        except (CurateError, OSError) as error:
            incidents.show(error)


def _write(data: Loaded, place: Path, found: dict[str, Label], at: dict[str, int], here: list[str]) -> None:
    job = session.job()
    assert job is not None
    target = places.allowed(place)
    if target.suffix != ".jsonl" or target in job.frozen or (target in job.paths and target == job.paths[0]):
        raise CurateError(
            f"{target.name} can't be the file of edited rows; give NAME.jsonl that is none of the data files"
        )
    write_text(target, "".join(review.edited_lines(data.dataset, found, at)))
    review.replace_edited(OverrideLog(Workspace(Store())), here)
    paths = job.paths if target in job.paths else (*job.paths, target)
    session.open_job(
        session.job_list().start(paths, job.frozen, recipe=session.recipe(), title=job.title, mapping=job.mapping)
    )
    st.switch_page(frame.page("review"))
