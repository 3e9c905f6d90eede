"""The export page: what goes where, the splits, the folder, and whether what was written still says what it said."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from curate.decide.sizing import GOALS
from curate.errors import CurateError
from curate.ship import FORMATS, counts, current, export, total, verify
from curate.ship.formats import AS_READ
from curate.ship.sealed import Sealed
from curate.store import Store, Workspace
from curate.types import Action, Verdicts
from curate.ui import incidents, inert, jobs, leaks_view, outcome_view, places, session, settings, words
from curate.ui.loaded import Loaded


def balance(data: Loaded, made: Verdicts) -> None:
    """The ledger per file and in total."""
    listed = counts(data.dataset, made)
    lines = [*zip(data.source_names, listed, strict=True), *([("all files", total(listed))] if len(listed) > 1 else [])]
    fields = ("read", "kept", "dropped", "review", "frozen", "malformed", "blank")
    inert.table(
        {"file": [n for n, _ in lines]} | {f: [getattr(c, f) for _, c in lines] for f in fields},
        key="export.ledger",
        alt="Where the rows of each file go",
    )
    st.caption(
        "read = kept + dropped + review + frozen + malformed + blank, for every file. Every input can be "
        "rebuilt from the export."
    )
    if data.dataset.sample:
        st.warning(
            f"This is a sample of {data.dataset.sample:,} rows: the export is marked partial.",
            icon=":material/content_cut:",
        )


def how(data: Loaded) -> None:
    """What a split keeps together and how it is drawn."""
    columns = list(data.evidence.labels)
    one, two, three, four = st.columns(4)
    with one:
        settings.choice(
            "split", "by", "Draw", ["random", "time"],
            "time: the past trains, the future tests; what would straddle is left out.",
        )  # fmt: skip
    with two:
        settings.choice("split", "group", "Keep together", ["declared", "none", *columns],
                        "declared: conversation, document or user, as found or named at load.", inert.label)  # fmt: skip
    with three:
        settings.choice("split", "stratify", "Same shares of", ["", "topic", "source", *columns],
                        "Every part gets each value's share, to within a group.", _or_nothing)  # fmt: skip
    with four:
        settings.number(
            "split", "folds", "Folds", 0, 100, 1, "Cross-validation folds over train and validation; 0 = none."
        )


def _or_nothing(value: str) -> str:
    return inert.label(value) if value else "nothing"


def splits(made: Verdicts) -> None:
    """Shares and what they give: alike questions never stand on two sides."""
    one, two, three, four = st.columns(4)
    for column, name in ((one, "train"), (two, "validation"), (three, "test")):
        with column:
            settings.number(
                "split", name, name.capitalize(), 0.0, 1.0, 0.05, "Share of the kept rows; shares are normalised to 1."
            )
    with four:
        settings.choice(
            "goal",
            "name",
            "Goal",
            ["", *GOALS],
            "What the data is for: decides the size badge.",
            lambda g: f"{GOALS[g].title} (from {GOALS[g].least:,})" if g else "not chosen",
        )
    sizes = {name: int((made.split == n).sum()) for n, name in enumerate(made.splits)}
    held = {"held for review": made.count(Action.REVIEW), "rejected": made.count(Action.DROP)}
    for column, (name, size) in zip(st.columns(len(sizes) + len(held)), (sizes | held).items(), strict=True):
        column.metric(name.capitalize(), f"{size:,}", border=True)
    st.caption(
        "Rows with nearly the same question stand in one split, so shares are met as nearly as groups allow. "
        "Review rows are in none."
    )


def write(data: Loaded, made: Verdicts) -> None:
    """The folder and the button; what was written last."""
    default = str(Path.cwd() / made.recipe.output.dir)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        folder = st.text_input(
            "Folder",
            value=default,
            key="export.dir",
            width=560,
            help="Versions go below it; a folder that holds other things is refused.",
        )
        also = st.multiselect(
            "Also as", [f for f in FORMATS if f != AS_READ], key="export.formats", width=420,
            help="Shapes that trainers read, beside the rows as they were read, with configurations that name the files.",
        )  # fmt: skip
        go = st.button(
            "Write export",
            key="export.write",
            icon=":material/save:",
            disabled=not len(data) or not session.finished(),
        )
    outcome_view.show(data, made, also)
    try:
        if go:
            _write(data, made, places.out_folder(folder), also)
        _written(st.session_state.get("my.exported"))
    except CurateError as error:
        incidents.show(error)


def recipe_file(made: Verdicts) -> None:
    """The recipe as a file, out and in."""
    st.markdown(
        ":small[Every setting as one file: `curate run --recipe recipe.toml` writes the same bytes on any machine. "
        "Opening one can be undone.]"
    )
    left, right = st.columns([1, 3], vertical_alignment="top")
    left.download_button(
        "Recipe (TOML)",
        made.recipe.to_toml(),
        "recipe.toml",
        "application/toml",
        key="export.recipe",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )
    file = right.file_uploader("Open a recipe (TOML)", type="toml", key="recipe.file", label_visibility="collapsed")
    if file is None or st.session_state.get("my.recipe_file") == file.file_id:
        return
    st.session_state["my.recipe_file"] = file.file_id
    try:
        session.use_recipe(bytes(file.getbuffer()), file.name)
    except CurateError as error:
        incidents.show(error)
        return
    st.rerun()


def _write(data: Loaded, made: Verdicts, out: Path, also: list[str]) -> None:
    bar = st.progress(0.0, text="Writing")

    def tell(stage: str, done: int, total: int) -> None:
        bar.progress(min(done / total, 1.0) if total else 0.0, text=inert.label(f"{stage}: {done:,} of {total:,}"))

    lineage = export(data.dataset, data.evidence, made, made.recipe, session.checks(), out, progress=tell,
                     format=",".join([AS_READ, *also]))  # fmt: skip
    bar.empty()
    Sealed(Workspace(Store())).seal(data.dataset, made, out, lineage.version)
    st.session_state["my.proof"] = lineage.proof
    st.session_state["my.proved"] = made.recipe.fingerprint
    st.session_state["my.exported"] = (str(out), lineage.version, {n: dict(f) for n, f in lineage.files.items()})
    st.toast("Exported. The version is complete on disk.", icon=":material/check_circle:")


def _written(last: tuple[str, str, dict[str, dict[str, object]]] | None) -> None:
    if last is None:
        return
    out, version, files = last
    if st.session_state.get("my.proof") is not None:
        leaks_view.proof(st.session_state["my.proof"])
    st.success(f"Version `{version}` is in {inert.label(out, 300)}", icon=":material/check_circle:")
    inert.table(
        {
            "file": list(files),
            "rows": [f.get("rows") for f in files.values()],
            "bytes": [f.get("bytes") for f in files.values()],
            "sha256": [str(f.get("sha256", ""))[:16] for f in files.values()],
        },
        key="export.files",
        alt="Files of the version",
    )
    if st.button("Verify", key="export.verify", icon=":material/verified:"):
        wrong = verify(Path(out))
        if wrong:
            st.error(
                f"{len(wrong)} things do not hold: " + inert.label("; ".join(f"{m.path}: {m.what}" for m in wrong), 600)
            )
        else:
            name = current(Path(out)).name
            st.success(
                f"Every byte of version `{name}` is what its manifest says, and every input can be rebuilt.",
                icon=":material/verified:",
            )


def _unfinished(found: jobs.Job) -> None:
    """An export of half the evidence would differ from the command line's, so it waits or says so in its recipe."""
    st.warning(
        "Measuring is not finished, so an export would not be what this recipe says. Wait for it, or go on without "
        "vectors: then the recipe says that near meaning and topics are off."
        if found.active
        else "Not everything that this recipe asks for is measured. Press Measure at the left, or go on without vectors.",
        icon=":material/hourglass_top:",
    )
    if session.recipe().embed.enabled and st.button(
        "Go on without vectors", key="export.no_vectors", icon=":material/skip_next:"
    ):
        found.cancel.set()
        session.apply(session.recipe().with_setting("embed", enabled=False), "go on without vectors")
        st.rerun()


def note(made: Verdicts) -> None:
    """What a person should know before writing."""
    review = made.count(Action.REVIEW)
    found = session.job()
    if found is not None and not session.finished():
        _unfinished(found)
    if review:
        st.info(
            f"{words.rows(review)} wait for a decision and are written to review.jsonl, not to a split.",
            icon=":material/rate_review:",
        )
