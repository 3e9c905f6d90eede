"""Review queues: many reviewers at once, killed processes, blind double labels, steps back, labels from elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import StoreError
from curate.store import Pick, Reviews, Said, Store, Workspace
from curate.store.reviews import LEASE

WORKER = """
import sys
from pathlib import Path
from curate.store import Reviews, Said, Store, Workspace
home, who, hand, shown = sys.argv[1:5]
desk = Reviews(Workspace(Store(Path(home))))
queue = desk.queue("q").number
with open(shown, "a", buffering=1) as log:
    while (row := desk.next(queue, who, hand)) is not None:
        log.write(row + "\\n")
        desk.save(queue, row, who, Said("good" if row.endswith("0") else "bad", seconds=1.0), "r1")
        log.write("saved " + row + "\\n")
"""


def desk_of(home: Path, count: int, twice: int = 0) -> tuple[Reviews, int]:
    desk = Reviews(Workspace(Store(home)))
    picks = [Pick(f"{n:04d}", n % 10 == 3 and n // 10 < twice) for n in range(count)]
    return desk, desk.start("q", "d", "random", count, 1, "r1", "ann", picks).number


def worker(home: Path, who: str, hand: str, log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORKER, str(home), who, hand, str(log)])


def at_once(tmp_path: Path, count: int, kills: int) -> None:
    """Four processes label everything; some are killed with -9 in between and started again with another hand."""
    desk, queue = desk_of(tmp_path / "home", count, twice=count // 10)
    names = ("ann", "bob", "cy", "ann")  # two windows of one reviewer among them
    logs = [tmp_path / f"log{n}" for n in range(4)]
    running = [worker(tmp_path / "home", name, f"h{n}", logs[n]) for n, name in enumerate(names)]
    killed: list[str] = []
    hit = 0
    for k in range(kills):
        time.sleep(0.5)
        n = k % 4
        if running[n].poll() is None:
            os.kill(running[n].pid, signal.SIGKILL)
            running[n].wait()
            hit += 1
            lines = logs[n].read_text().split("\n")
            killed += [line for line in lines[-2:] if line and not line.startswith("saved")]
            running[n] = worker(tmp_path / "home", names[n], f"again{k}", logs[n])
    assert [p.wait(120) for p in running] == [0] * 4
    assert hit >= kills // 2
    late = Reviews(desk.workspace, clock=lambda: time.time() + LEASE + 1)  # what dead hands held is offered again
    for who in ("ann", "bob", "cy"):
        while (row := late.next(queue, who, "late")) is not None:
            late.save(queue, row, who, Said("good"), "r1")
    saved = [line[6:] for log in logs for line in log.read_text().split("\n") if line.startswith("saved ")]
    labels = desk.labels(queue)
    by = Counter(x.id for x in labels)
    assert len(labels) == count + count // 10, "every row once, every tenth twice"
    assert set(by) == {f"{n:04d}" for n in range(count)} and max(by.values()) == 2
    assert len({(x.id, x.who) for x in labels}) == len(labels), "nobody labelled a row twice"
    assert not Counter(saved) - by, "a label that was said to be saved is there"
    for name in set(names):
        mine = [f for f, w in zip(logs, names, strict=True) if w == name]
        seen = Counter(x for f in mine for x in f.read_text().split("\n") if x and not x.startswith("saved"))
        twice = {row for row, times in seen.items() if times > 1}
        assert twice <= set(killed), "only a row whose label was being typed at the kill is shown again"


def test_four_processes_at_once(tmp_path: Path) -> None:
    at_once(tmp_path, 60, kills=0)


@pytest.mark.slow
def test_four_processes_label_a_thousand_rows_and_die(tmp_path: Path) -> None:
    at_once(tmp_path, 1_000, kills=6)


def test_a_row_is_shown_to_one_and_doubled_ones_to_two(tmp_path: Path) -> None:
    desk, queue = desk_of(tmp_path, 4)
    assert [desk.next(queue, "ann", "a"), desk.next(queue, "ann", "a")] == ["0000", "0000"], "it holds it still"
    assert desk.next(queue, "ann", "b") == "0001", "another window, another row"
    assert desk.next(queue, "bob", "c") == "0002"
    doubled, number = desk, desk.start("two", "d", "random", 2, 1, "r", "ann", [Pick("x", True), Pick("y")]).number
    assert [doubled.next(number, w, w) for w in ("ann", "bob", "cy")] == ["x", "x", "y"]
    for who in ("ann", "bob"):
        doubled.save(number, "x", who, Said("good"))
    assert doubled.next(number, "dan", "d") is None, "two have said; y is in another hand"
    assert doubled.standing(number, "ann").filled == 1


def test_a_dead_hand_lets_go(tmp_path: Path) -> None:
    now = [1000.0]
    desk, queue = desk_of(tmp_path, 1)
    desk.clock = lambda: now[0]
    assert desk.next(queue, "ann", "a") == "0000"
    assert desk.next(queue, "ann", "b") is None and desk.next(queue, "bob", "c") is None
    now[0] += LEASE + 1
    assert desk.next(queue, "ann", "b") == "0000", "its reviewer first"
    now[0] += LEASE + 1
    assert desk.next(queue, "bob", "c") == "0000"


def test_a_step_back_and_a_row_passed_on(tmp_path: Path) -> None:
    desk, queue = desk_of(tmp_path, 3)
    for said in ("good", "bad"):
        row = desk.next(queue, "ann", "a")
        assert row is not None
        desk.save(queue, row, "ann", Said(said))
    assert desk.next(queue, "ann", "a") == "0002"
    assert desk.back(queue, "ann", "a") == "0001"
    assert [x.id for x in desk.labels(queue)] == ["0000"]
    assert desk.next(queue, "ann", "a") == "0001", "the row taken back comes first"
    desk.save(queue, "0001", "ann", Said("fix", 3, ("wrong fact",), "n", "a better answer", 2.5), "r2")
    found = desk.labels(queue)[-1]
    assert (found.said.edited, found.rubric, found.said.reasons) == ("a better answer", "r2", ("wrong fact",))
    desk.skip(queue, "0002", "ann")
    assert desk.next(queue, "ann", "a") is None and desk.next(queue, "bob", "b") == "0002"
    standing = desk.standing(queue, "ann")
    assert (standing.mine, standing.skipped, standing.left, standing.labelled) == (2, 1, 0, 2)


def test_labels_from_elsewhere_are_taken_once(tmp_path: Path) -> None:
    desk, queue = desk_of(tmp_path, 2)
    other = [("0000", "zoe", Said("bad", reasons=("style",)), "r1", False), ("new", "zoe", Said("good"), "r1", False)]
    assert desk.take_over(queue, other) == 2 and desk.take_over(queue, other) == 0
    assert len(desk.items(queue)) == 3 and desk.next(queue, "ann", "a") == "0001"
    desk.settle(queue, "0000", "zoe", Said("fix"), "r1")
    assert [x.settled for x in desk.labels(queue) if x.id == "0000"] == [False, True]


def test_what_is_refused(tmp_path: Path) -> None:
    desk, queue = desk_of(tmp_path, 1)
    with pytest.raises(StoreError, match="allowed"):
        Said("great")
    with pytest.raises(StoreError, match="allowed"):
        Said("good", 6)
    with pytest.raises(StoreError, match="kept"):
        Said("good", note="x" * 20_000)
    with pytest.raises(StoreError, match="already"):
        desk.start("q", "d", "random", 1, 1, "r", "ann", [])
    with pytest.raises(StoreError, match="there are: q"):
        desk.queue("none")
    with pytest.raises(StoreError, match="name"):
        desk.next(queue, "  ", "a")


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["next", "save", "skip", "back"])), max_size=30))
def test_any_order_keeps_the_counts(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]) -> None:
    """Whatever reviewers do: at most one standing label each, never more labels than wanted, counts that add up."""
    desk, queue = desk_of(tmp_path_factory.mktemp("r"), 5, twice=1)
    held: dict[str, str | None] = {}
    for who, step in steps:
        if step == "next":
            held[who] = desk.next(queue, who, who)
        elif step == "back":
            held[who] = desk.back(queue, who, who) or held.get(who)
        elif (row := held.pop(who, None)) is not None:
            desk.save(queue, row, who, Said("good")) if step == "save" else desk.skip(queue, row, who)
    labels = desk.labels(queue)
    by = Counter(x.id for x in labels)
    want = {p.id: 1 + p.twice for p in desk.items(queue)}
    assert len({(x.id, x.who) for x in labels}) == len(labels)
    assert all(by[i] <= want[i] for i in want)
    assert desk.standing(queue, "a").filled == sum(by[i] == want[i] for i in want)
