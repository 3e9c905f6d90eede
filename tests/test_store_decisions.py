"""People's decisions against a plain dict, over processes, restarts and spreadsheets."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import RecipeError, StoreError
from curate.overrides import EMPTY, Overrides
from curate.store import OverrideLog, Store, Workspace
from curate.store.workspace import MIGRATIONS


@pytest.fixture
def log(tmp_path: Path) -> OverrideLog:
    return OverrideLog(Workspace(Store(tmp_path)), "ann")


ids = st.sampled_from(["a-0", "b-0", "c-1", "d-0"])
some_ids = st.lists(ids, min_size=1, max_size=4)
notes = st.one_of(st.none(), st.text(alphabet="x=\n'é,", max_size=3))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("set"), some_ids, st.sampled_from(["keep", "drop", "review", None]), notes),
        st.tuples(st.just("annotate"), some_ids, st.text(alphabet="yz", max_size=2)),
        st.tuples(
            st.just("pairs"),
            st.lists(st.tuples(ids, ids).filter(lambda p: p[0] != p[1]), min_size=1, max_size=3),
            st.sampled_from(["not_duplicate", "both_right", None]),
        ),
        st.just(("undo",)),
    ),
    max_size=14,
)
Model = dict[tuple[str, str], tuple[str, str]]


def apply(model: Model, step: tuple[Any, ...]) -> Model:
    """What one step does to {(id, other): (value, note)}."""
    kind, targets, value, *rest = (*step, None)
    note = rest[0] if kind == "set" else value if kind == "annotate" else None
    made = dict(model)
    for target in targets:
        key = (min(target), max(target)) if kind == "pairs" else (target, "")
        old_value, old_note = made.get(key, ("", ""))
        new = (old_value if kind == "annotate" else value or "", old_note if note is None else note)
        made[key] = new
    return {key: entry for key, entry in made.items() if entry != ("", "")}


def run_step(log: OverrideLog, step: tuple[Any, ...]) -> int:
    name, *values = step
    if name == "set":
        return log.set(*values)
    return log.annotate(*values) if name == "annotate" else log.set_pairs(*values)


def overrides_of(model: Model) -> Overrides:
    return Overrides.of(
        {i: entry for (i, other), entry in model.items() if not other and entry[0]},
        [(i, other, entry[0]) for (i, other), entry in model.items() if other],
        {i: entry[1] for (i, other), entry in model.items() if not other and not entry[0]},
    )


@settings(deadline=None, max_examples=40)
@given(steps=steps)
def test_like_a_dict_with_undo(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]) -> None:
    home = tmp_path_factory.mktemp("log")
    log = OverrideLog(Workspace(Store(home)), "ann")
    past: list[Model] = [{}]
    for step in steps:
        before = log.revision()
        if step[0] == "undo":
            undone = log.undo()
            assert (undone is None) == (len(past) == 1)
            past, changed = past[:-1] or [{}], int(undone is not None)
        else:
            made = apply(past[-1], step)
            changed = run_step(log, step)
            keys = set(made) | set(past[-1])
            assert changed == sum(made.get(k) != past[-1].get(k) for k in keys)
            past += [made] if changed else []
        assert (log.revision() == before) == (not changed)
        assert log.current() == overrides_of(past[-1])
    again = OverrideLog(Workspace(Store(home)))
    assert again.current() == overrides_of(past[-1]), "survives a restart"
    assert Overrides.from_csv(again.current().to_csv()) == again.current()


def test_many_rows_are_one_step(log: OverrideLog) -> None:
    names = [f"{n:016x}-0" for n in range(5000)]
    assert log.set(names, "drop") == 5000
    assert log.set(names[:10], "drop") == 0
    assert len(log.history()) == 1
    step = log.undo()
    assert step is not None and step.rows == 5000 and step.undone_by == "ann"
    assert log.current() == EMPTY


def test_history_says_who_when_what_and_before(log: OverrideLog, tmp_path: Path) -> None:
    log.set(["a-0"], "drop", note="spam")
    OverrideLog(Workspace(Store(tmp_path)), "bob").set(["a-0"], "keep")
    log.set_pairs([("b-0", "a-0")], "not_duplicate")
    pair, kept, dropped = log.changes(row="a-0")
    assert (dropped.value_before, dropped.value, dropped.note, dropped.step.who) == ("", "drop", "spam", "ann")
    assert (kept.value_before, kept.value, kept.note, kept.step.who) == ("drop", "keep", "spam", "bob")
    assert (pair.kind, pair.id, pair.other) == ("pair", "a-0", "b-0")
    assert dropped.step.at.endswith("+00:00") and dropped.step.at <= pair.step.at
    assert [s.who for s in log.history()] == ["ann", "bob", "ann"]
    assert log.changes(step=kept.step.number) == (kept,)


def test_import_is_one_step(log: OverrideLog, tmp_path: Path) -> None:
    log.set(["a-0"], "keep", note="n")
    log.set_pairs([("a-0", "b-0")], "both_right")
    log.annotate(["c-0"], "only a note")
    other = OverrideLog(Workspace(Store(tmp_path / "other")))
    assert other.add(Overrides.from_csv(log.current().to_csv())) == 3
    assert other.current() == log.current()
    other.undo()
    assert other.current() == EMPTY


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda log: log.set(["a"], "delete"), "keep, drop, review"),
        (lambda log: log.set([""], "keep"), "empty row id"),
        (lambda log: log.set(["a"], "keep", "\ud800"), "surrogate"),
        (lambda log: log.annotate(["a"], "x" * 10_001), "at most"),
        (lambda log: log.set_pairs([("a", "a")], "both_right"), "itself"),
        (lambda log: log.set_pairs([("a", "b")], "maybe"), "not_duplicate, both_right"),
        (lambda log: log.changes(), "exactly one"),
    ],
)
def test_wrong_decisions_are_refused(log: OverrideLog, call: object, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        call(log)  # type: ignore[operator]
    assert log.current() == EMPTY and log.history() == ()


WRITER = """
import sys
from curate.store import OverrideLog, Store, Workspace
log = OverrideLog(Workspace(Store(sys.argv[1])), sys.argv[2])
for n in range(40):
    log.set([f"{sys.argv[2]}-{n}", "shared-0"], ("keep", "drop")[n % 2], note=sys.argv[2] + str(n))
"""


def test_processes_lose_nothing(tmp_path: Path) -> None:
    children = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"w{n}"]) for n in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    log = OverrideLog(Workspace(Store(tmp_path)))
    assert len(log.current().ids) == 3 * 40 + 1
    assert len(log.history(1000)) == 120
    chain = log.changes(row="shared-0")
    for later, earlier in itertools.pairwise(chain):
        assert (later.value_before, later.note_before) == (earlier.value, earlier.note)


def test_threads_lose_nothing(log: OverrideLog) -> None:
    threads = [threading.Thread(target=log.set, args=([f"t-{n}"], "keep")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.current()) == 8


def test_settings_survive_a_kill(log: OverrideLog, tmp_path: Path) -> None:
    log.set(["a-0"], "keep")
    with Workspace(Store(tmp_path)).read() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert (tmp_path / "workspace.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_failed_write_changes_nothing(log: OverrideLog, tmp_path: Path) -> None:
    log.set(["a-0"], "keep")
    with pytest.raises(KeyError), Workspace(Store(tmp_path)).write() as db:
        db.execute("DELETE FROM decision")
        raise KeyError
    assert log.current().ids == ("a-0",)


def test_damage_and_newer_versions_are_named(tmp_path: Path) -> None:
    log = OverrideLog(Workspace(Store(tmp_path)))
    log.set(["a-0"], "keep")
    path = tmp_path / "workspace.sqlite"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(StoreError, match="newer curate"):
        log.current()
    path.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(StoreError, match="can't be used"):
        log.current()


cells = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5)
names = cells.filter(bool)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.dictionaries(names, st.tuples(st.sampled_from(["keep", "drop", "review"]), cells), max_size=5),
    pairs=st.lists(st.tuples(names, names).filter(lambda p: p[0] != p[1]), max_size=3),
    remarks=st.dictionaries(names, cells, max_size=3),
)
def test_csv_is_exact_and_runs_nowhere(
    rows: dict[str, tuple[str, str]], pairs: list[tuple[str, str]], remarks: dict[str, str]
) -> None:
    import csv
    import io

    made = Overrides.of(rows, [(*pair, "both_right") for pair in pairs], remarks)
    text = made.to_csv()
    assert Overrides.from_csv(text) == made
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell[:1] in tuple("=+-@\t\r") for cell in row)


@pytest.mark.parametrize(
    "text",
    [
        "", "a,b\n", "kind,id,other,value,note\nrow,a,,kept,\n", "kind,id,other,value,note\nrow,a\n",
        "kind,id,other,value,note\npair,a,a,both_right,\n", 'kind,id,other,value,note\nrow,"a,,keep,\n',
        "kind,id,other,value,note\nrow,a,,keep,\nrow,a,,drop,\n",
    ],
)  # fmt: skip
def test_bad_csv_names_its_line(text: str) -> None:
    with pytest.raises(RecipeError, match=r"line [0-3]"):
        Overrides.from_csv(text)


def test_notes_do_not_change_the_fingerprint() -> None:
    one = Overrides.of({"a": ("keep", "x")}, [("b", "a", "both_right")], {"c": "n"})
    two = Overrides.of({"a": ("keep", "")}, [("a", "b", "both_right")])
    assert one.fingerprint == two.fingerprint != EMPTY.fingerprint
    assert Overrides.of({"a": ("drop", "")}).fingerprint != Overrides.of({"a": ("keep", "")}).fingerprint


def test_answers_decide_nothing_and_undo_like_the_rest(log: OverrideLog) -> None:
    assert log.answer("b-0", "a-0", "same") == 1 and log.answer("a-0", "b-0", "same") == 0
    log.answer("a-0", "c-1", "not_same")
    log.set_pairs([("a-0", "b-0")], "not_duplicate")
    assert log.answers() == (("a-0", "b-0", "same"), ("a-0", "c-1", "not_same"))
    assert log.current() == Overrides.of({}, [("a-0", "b-0", "not_duplicate")])
    log.undo()
    assert log.current() == EMPTY
    log.answer("a-0", "b-0", None)
    assert log.answers() == (("a-0", "c-1", "not_same"),)
    log.undo()
    assert len(log.answers()) == 2
    with pytest.raises(RecipeError, match="allowed: same, not_same"):
        log.answer("a-0", "b-0", "perhaps")
    with pytest.raises(RecipeError, match="itself"):
        log.answer("a-0", "a-0", "same")


def test_tags_and_topic_edits_stand_in_the_log_and_in_the_file(log: OverrideLog) -> None:
    assert log.tag(["b-0", "a-0"], "to  check") == 2 and log.tag(["a-0"], "odd") == 1
    edits = [
        ("topic_name", "a-0", "", "Refunds"),
        ("topic_merge", "b-0", "a-0", "merge"),
        ("topic_split", "c-1", "", "1"),
    ]
    assert log.edit_topics("edit topics", edits) == 3
    found = log.current()
    assert found.tags == (("a-0", "odd"), ("a-0", "to check"), ("b-0", "to check")) and not found.ids
    assert found.topics == (
        ("topic_merge", "a-0", "b-0", "merge"),
        ("topic_name", "a-0", "", "Refunds"),
        ("topic_split", "c-1", "", "1"),
    )
    assert Overrides.from_csv(found.to_csv()) == found and found.fingerprint != EMPTY.fingerprint
    assert Overrides.of({}, tags=found.tags).fingerprint == EMPTY.fingerprint  # a tag changes no verdict
    assert log.tag(["a-0"], "odd", on=False) == 1 and log.edit_topics("x", [("topic_name", "a-0", "", "")]) == 1
    assert len(log.current().tags) == 2 and len(log.current().topics) == 2
    log.undo()
    log.undo()
    assert log.current() == found
    assert log.add(Overrides.from_csv(found.to_csv())) == 0


@pytest.mark.parametrize(
    "edit", [("topic_name", "a-0", "", " \n"), ("topic_x", "a-0", "", "n"), ("topic_split", "a-0", "", "n")]
)
def test_a_topic_edit_that_is_not_right_leaves_no_step(log: OverrideLog, edit: tuple[str, str, str, str]) -> None:
    with pytest.raises(RecipeError):
        log.edit_topics("edit", [edit])
    assert not log.history() and not log.current().topics
