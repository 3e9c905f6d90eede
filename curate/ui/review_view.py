"""The review page: a queue, one row at a time in big type, by keyboard alone if one likes, with the rubric beside it."""

from __future__ import annotations

import streamlit as st

from curate.decide.queue import DEFAULT, HOW
from curate.errors import CurateError
from curate.people import rubric as rubrics
from curate.people.review import Wanted, begin
from curate.store import Queue
from curate.types import Bool, Verdicts
from curate.ui import incidents, inert, places, review_desk, review_results, words
from curate.ui.loaded import Loaded
from curate.ui.review_desk import InHand

WAYS = {
    "random": "At random from the kept rows: says how many of them are wrong",
    "stratified": "Every topic in its share: the same, and no topic is missed",
    "specialist": "A specialist's random tenth of the kept rows (S0)",
    "borderline": "Next to a rule's bound: where the rules are least sure",
    "flagged": "Dropped or held by a rule: was the rule right?",
}
PARTS = ("Rows", "Agreement", "Differences", "Use the labels")
ICONS = {"good": ":material/thumb_up:", "bad": ":material/thumb_down:", "fix": ":material/build:"}
TICK = ":material/check:"
KEYS = {"good": "G", "bad": "B", "fix": "F"}


def choose(data: Loaded, made: Verdicts, hidden: Bool) -> Queue | None:
    """The queue, the reviewer's name, and a new queue."""
    found = review_desk.desk().queues()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="review.head"):
        queue = None
        if found:
            queue = st.selectbox(
                "Queue",
                found,
                key="review.queue",
                width=360,
                format_func=lambda q: f"{inert.plain(q.name, 40)} · {q.how}, {words.rows(q.rows)}",
            )
        typed = st.text_input("Your name", review_desk.who(), key="review.who", width=200, max_chars=120,
                              help="Labels carry it; two names on one row say how far people agree.")  # fmt: skip
        if typed.split():
            st.session_state["my.reviewer"] = st.query_params["reviewer"] = " ".join(typed.split())
        if found:
            with st.popover("New queue", icon=":material/add:", key="review.new"):
                _new(data, made, hidden, len(found))
    if not found:
        st.markdown(
            "Read 100 to 200 rows before you train (S0): the share of wrong ones says whether to go on or to mend how rows are made."
        )
        with st.container(border=True, key="review.first"):
            _new(data, made, hidden, 0)
    return queue


def _new(data: Loaded, made: Verdicts, hidden: Bool, count: int) -> None:
    with st.form("review.start", border=False):
        how = st.selectbox("Which rows", HOW, key="review.start.how", format_func=lambda h: WAYS[h])
        one, two, three = st.columns(3)
        rows = one.number_input(
            "Rows",
            0,
            100_000,
            DEFAULT,
            10,
            key="review.start.rows",
            help="S0 wants 100 to 200. A specialist with 0 reads a tenth.",
        )
        twice = two.number_input(
            "Of them for two (%)",
            0,
            100,
            10,
            5,
            key="review.start.twice",
            help="S0: a tenth is labelled by two people, neither of whom sees the other's label.",
        )
        seed = three.number_input(
            "Seed", 0, 2**31, made.recipe.seed, key="review.start.seed", help="Another seed, other rows."
        )
        name = st.text_input("Name", f"review {count + 1}", key="review.start.name", max_chars=80)
        own = st.text_input(
            "Rubric of your own",
            key="review.start.rubric",
            placeholder="Path of a Markdown file; empty = the one that comes with the program",
        )
        if st.form_submit_button("Draw the rows", icon=":material/shuffle:", key="review.start.go"):
            _start(data, made, hidden, Wanted(name, str(how), int(rows), int(seed), twice / 100, ""), own.strip())


def _start(data: Loaded, made: Verdicts, hidden: Bool, wanted: Wanted, own: str) -> None:
    try:
        used = rubrics.read(places.allowed(own)) if own else rubrics.shipped()
        wanted = Wanted(
            wanted.name, wanted.how, wanted.count, wanted.seed, wanted.twice, rubrics.keep(used, review_desk.kept())
        )
        begin(review_desk.desk(), data.dataset, data.evidence, made, wanted, review_desk.who(), hidden)
    except CurateError as error:
        incidents.show(error)
        return
    st.session_state.pop("review.queue", None)
    st.rerun()


@st.fragment
def rows(data: Loaded, queue: Queue, hidden: Bool) -> None:
    """One row at a time. A label reruns this part alone."""
    rubric = review_desk.rubric_of(queue)
    _progress(queue)
    left, right = st.columns([11, 6], gap="large")
    with left:
        held = review_desk.in_hand(queue)
        if held is None:
            _done(queue)
        else:
            _row(data, queue, rubric, held, hidden)
        review_results.rate(queue, brief=True)
    with right:
        show_rubric(rubric)


def _progress(queue: Queue) -> None:
    found = review_desk.desk().standing(queue.number, review_desk.who())
    st.progress(
        found.labelled / max(found.rows, 1),
        f"{found.labelled:,} of {found.rows:,} rows labelled · you: {found.mine:,} labelled, {found.left:,} to go"
        + (f", {found.skipped:,} passed on" if found.skipped else ""),
    )


def _done(queue: Queue) -> None:
    st.success(
        "No more rows for you in this queue. See Agreement and Use the labels above, or draw another queue.",
        icon=":material/done_all:",
    )
    _back(queue)


def _row(data: Loaded, queue: Queue, rubric: rubrics.Rubric, held: InHand, hidden: Bool) -> None:
    number = review_desk.at(data).get(held.row)
    if number is None:
        st.warning(
            f"Row `{held.row}` of this queue is not in the data that is open. Open its files, or pass it on.",
            icon=":material/search_off:",
        )
        _pass_on(queue)
        return
    if hidden[number]:
        st.info(
            "This row is in the test split of an export by now, and stays hidden. Pass it on, or open the test rows above.",
            icon=":material/lock:",
        )
        _pass_on(queue)
        return
    st.markdown(f":small[`{held.row}` · {inert.label(data.places([number])[0])}]")
    messages = data.messages(number)
    inert.read(messages, key="review.reader", name=f"Row {held.count}, {len(messages)} messages",
               focus=f"review.edit.{held.row}" if held.value == "fix" else "")  # fmt: skip
    _buttons(queue, held)
    if held.value:
        _details(queue, rubric, held, messages)


def _buttons(queue: Queue, held: InHand) -> None:
    with st.container(horizontal=True, gap="small", key="review.values"):
        for value, key in KEYS.items():
            if value == "good":
                st.button(
                    "Good",
                    key="review.good",
                    icon=ICONS[value],
                    shortcut=key,
                    on_click=review_desk.save,
                    args=(queue, "good"),
                )
            else:
                st.button(words.title(value), key=f"review.{value}", icon=ICONS[value], shortcut=key, on_click=review_desk.press, args=(value,),
                          type=words.pressed(held.value == value))  # fmt: skip
        _pass_on(queue)
        _back(queue)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="review.scores"):
        st.caption("Score, if you like", width="content")
        for n, word in enumerate(("Poor", "", "Moderate", "", "High"), 1):
            st.button(f"{n} {word}".strip(), key=f"review.score.{n}", shortcut=str(n), on_click=review_desk.score, args=(n,),
                      type=words.pressed(held.score == n),
                      icon=TICK if held.score == n else None)  # fmt: skip


def _pass_on(queue: Queue) -> None:
    st.button("Pass on", key="review.skip", icon=":material/skip_next:", shortcut="S", on_click=review_desk.skip, args=(queue,), type="tertiary",
              help="Somebody else gets it; you are not shown it again.")  # fmt: skip


def _back(queue: Queue) -> None:
    st.button("Back", key="review.back", icon=":material/undo:", shortcut="Z", on_click=review_desk.back, args=(queue,), type="tertiary",
              help="Takes your last label back and shows the row again.")  # fmt: skip


def _details(queue: Queue, rubric: rubrics.Rubric, held: InHand, messages: list[tuple[str, inert.RowText]]) -> None:
    """Reasons, a note, and the answer as it should be; Enter saves, in a box Ctrl+Enter."""
    with st.container(horizontal=True, gap="xsmall", key="review.reasons"):
        for (code, help_), key in zip(rubric.reasons, rubrics.KEYS, strict=False):
            st.button(inert.plain(words.title(code), 40), key=f"review.reason.{code}", shortcut=key, help=inert.label(help_), on_click=review_desk.reason, args=(code,),
                      type=words.pressed(code in held.reasons),
                      icon=TICK if code in held.reasons else None)  # fmt: skip
    answer = next((text for role, text in reversed(messages) if role == "assistant"), inert.RowText(""))
    refused = st.session_state.pop("my.review.refused", None)
    if refused is not None:
        incidents.show(refused)
    with st.form(f"review.form.{held.row}", border=False):
        if held.value == "fix":
            inert.edit(
                "The answer as it should be (Esc leaves the box, Ctrl+Enter saves)",
                answer,
                key=f"review.edit.{held.row}",
            )
        st.text_input(
            "Note", key=f"review.note.{held.row}", max_chars=2_000, placeholder="What to tell the others (optional)"
        )
        st.form_submit_button(
            f"Save as {held.value}", key="review.save", icon=":material/save:", shortcut="Enter",
            on_click=_save, args=(queue, held, answer),
        )  # fmt: skip
    st.caption("An edited answer becomes a new row that names this one; the old row stays out once you use the labels.")


def _save(queue: Queue, held: InHand, answer: inert.RowText) -> None:
    edited = st.session_state.get(f"review.edit.{held.row}") if held.value == "fix" else None
    if edited is not None and inert.RowText(edited) == answer:
        edited = None
    try:
        review_desk.save(queue, held.value, st.session_state.get(f"review.note.{held.row}", ""), edited)
    except CurateError as error:
        st.session_state["my.review.refused"] = error


def show_rubric(rubric: rubrics.Rubric) -> None:
    """The rubric beside the row, its examples behind a click."""
    with st.container(border=True, key="review.rubric"):
        st.markdown(f"**{inert.label(rubric.title)}** :small[`{rubric.fingerprint[:8]}`]")
        st.caption(inert.label(rubric.intro, 600))
        if rubric.lacks:
            st.warning(f"This rubric has {rubric.lacks}.", icon=":material/warning:")
        for n, (head, lines) in enumerate(rubric.sections):
            with st.expander(inert.label(head), key=f"review.rubric.{n}", expanded=head in ("Labels",)):
                for line in lines:
                    st.markdown(("- " if line.startswith("- ") else "") + inert.label(line.removeprefix("- "), 1_000))
        with st.expander(f"{len(rubric.examples)} examples", key="review.rubric.examples"):
            for example in rubric.examples:
                _example(example)


def _example(example: rubrics.Example) -> None:
    score = f" {example.score}" if example.score else ""
    colour = {"good": "green", "bad": "red", "fix": "orange"}[example.value]
    st.badge(f"{example.value}{score}", icon=ICONS[example.value], color=colour)  # type: ignore[arg-type]
    inert.show(inert.RowText(f"{example.prompt}\n→ {example.answer}"))
    st.caption(inert.label(example.why, 1_000))
