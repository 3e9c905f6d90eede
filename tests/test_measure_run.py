"""measure(): evidence once and for all, the same from a cold store, a warm one, an interrupted one or none."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.decide import Recipe, check, decide, preset
from curate.errors import BackendError, Cancelled
from curate.load import load
from curate.measure import HashEmbedder, measure, pairs, vectors
from curate.store import Store
from curate.types import F32, Action, Cancel, Dataset, Embedder, Evidence, Measure, Progress

RECIPE = Recipe()


class Counting:
    """The hash embedder, counting the texts that it is given."""

    name, dim = HashEmbedder.name, HashEmbedder.dim

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._inner = HashEmbedder()

    def embed(self, texts: list[str], progress: Progress | None = None, cancel: Cancel | None = None) -> F32:
        self.seen += texts
        return self._inner.embed(texts, progress, cancel)


class Refusing:
    """An embedder that must not be asked."""

    name, dim = HashEmbedder.name, HashEmbedder.dim

    def embed(self, texts: list[str], progress: Progress | None = None, cancel: Cancel | None = None) -> F32:
        del progress, cancel
        raise AssertionError(f"asked for {len(texts)} vectors that are known")


class Stopping(Counting):
    """Raises the flag after so many calls, as a person does who presses cancel."""

    def __init__(self, stop: threading.Event, after: int) -> None:
        super().__init__()
        self.stop, self.left = stop, after

    def embed(self, texts: list[str], progress: Progress | None = None, cancel: Cancel | None = None) -> F32:
        self.left -= 1
        if self.left <= 0:
            self.stop.set()
        return super().embed(texts, progress, cancel)


def row(k: int) -> dict[str, str]:
    """Rows that repeat, resemble and differ."""
    subject = ("rivers", "engines", "violins", "gardens")[k % 4]
    return {
        "instruction": f"Explain how {subject} change over the years, in plain words, part {k // 8}",
        "output": f"{subject} change in {k % 5} ways. " + "They grow and they shrink and they move. " * (k % 3 + 1),
    }


def dataset(
    folder: Path, rows: list[dict[str, str]], name: str = "rows", exam: list[dict[str, str]] | None = None
) -> Dataset:
    def write(which: str, part: list[dict[str, str]]) -> Path:
        path = folder / f"{which}.jsonl"
        path.write_text("".join(json.dumps(r) + "\n" for r in part), encoding="utf-8")
        return path

    frozen = [write(f"{name}-exam", exam)] if exam else []
    return load([write(name, rows)], frozen=frozen)


def same(a: Evidence, b: Evidence) -> None:
    """Two evidences are equal bit for bit."""
    assert (a.fingerprint, a.made, a.facts) == (b.fingerprint, b.made, b.facts)
    assert (a.pairs.floor, a.pairs.completeness) == (b.pairs.floor, b.pairs.completeness)
    for x, y in zip(arrays(a), arrays(b), strict=True):
        assert x[0] == y[0] and x[1].dtype == y[1].dtype and x[1].tobytes() == y[1].tobytes(), x[0]


def arrays(ev: Evidence) -> list[tuple[str, np.ndarray]]:
    out: list[tuple[str, np.ndarray]] = [("ids", ev.ids), ("frozen", ev.frozen)]
    out += [("i", ev.pairs.i), ("j", ev.pairs.j), ("guards", ev.pairs.guards)]
    for part in (ev.columns, ev.classes, ev.pairs.scores, ev.orders):
        out += sorted(part.items())
    return out + ([] if ev.topics is None else [("topics", t) for t in ev.topics.labels])


def run(data: Dataset, store: Store | None, embedder: Embedder, recipe: Recipe = RECIPE) -> Evidence:
    return measure(data, recipe=recipe, store=store, embedder=embedder)


def test_a_second_call_asks_for_no_vector(tmp_path: Path) -> None:
    data, store = dataset(tmp_path, [row(k) for k in range(15)]), Store(tmp_path / "home")
    first = run(data, store, Counting())
    second = run(data, store, Refusing())
    same(first, second)
    assert all(not a.flags.writeable for _, a in arrays(second))


def test_added_rows_cost_their_own_texts_and_evidence_is_as_from_cold(tmp_path: Path) -> None:
    old, new = (
        [row(k) for k in range(12)],
        [{"instruction": f"Brand new {k}", "output": f"And its answer {k}"} for k in range(3)],
    )
    store, counting = Store(tmp_path / "home"), Counting()
    run(dataset(tmp_path, old, "old"), store, counting)
    known = set(counting.seen)
    assert len(counting.seen) == len(known) == len({r[k] for r in old for k in ("instruction", "output")})
    counting.seen.clear()
    grown = dataset(tmp_path, old + new, "grown")
    warm = run(grown, store, counting)
    assert sorted(counting.seen) == sorted(r[k] for r in new for k in ("instruction", "output"))
    same(warm, run(grown, Store(tmp_path / "cold"), Counting()))
    shrunk = dataset(tmp_path, old[3:], "shrunk")
    same(run(shrunk, store, Refusing()), run(shrunk, Store(tmp_path / "cold2"), Counting()))


def test_added_rows_cost_their_own_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old rows in and out, copies of old rows, and near copies: only pairs that touch a new row are scored."""
    scored: list[int] = []
    inner = pairs._scored

    def counted(rows: Any, prompt: Any, views: Any, i: Any, j: Any) -> Any:
        scored.append(len(i))
        return inner(rows, prompt, views, i, j)

    monkeypatch.setattr(pairs, "_scored", counted)
    old = [row(k) for k in range(40)]
    grown = [*old[3:], old[5], row(41), {"instruction": row(7)["instruction"] + " please", "output": "Other words."}]
    store = Store(tmp_path / "home")
    first = run(dataset(tmp_path, old, "old"), store, Counting())
    warm = run(dataset(tmp_path, grown, "grown"), store, Counting())
    seen = list(scored)
    cold = run(dataset(tmp_path, grown, "grown"), Store(tmp_path / "cold"), Counting())
    same(warm, cold)
    assert seen[0] == len(first.pairs) > 0 and scored[-1] == len(cold.pairs)
    assert 0 < seen[1] < len(warm.pairs) / 2
    assert np.isfinite(warm.pairs.scores["conflict"]).any()


def test_pairs_that_stand_the_other_way_round_are_scored_anew(tmp_path: Path) -> None:
    rows, store = [row(k) for k in range(20)], Store(tmp_path / "home")
    run(dataset(tmp_path, rows, "all"), store, Counting())
    turned = dataset(tmp_path, rows[10:], "turned", exam=rows[:10])
    warm = run(turned, store, Counting())
    same(warm, run(turned, Store(tmp_path / "cold"), Counting()))


def test_the_order_of_lines_changes_nothing_but_the_reading_order(tmp_path: Path) -> None:
    rows = [row(k) for k in range(14)]
    one, two = (run(dataset(tmp_path, part, "x"), None, HashEmbedder()) for part in (rows, rows[::-1]))
    assert one.fingerprint == two.fingerprint
    assert one.orders["first"].tobytes() != two.orders["first"].tobytes()
    same(replace(one, orders={}), replace(two, orders={}))


@pytest.mark.parametrize("after", [1, 2, 4])
def test_cancelled_work_goes_on_where_it_stopped(tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "STEP", 4)
    data, store, stop = dataset(tmp_path, [row(k) for k in range(15)]), Store(tmp_path / "home"), threading.Event()
    stopping = Stopping(stop, after)
    with pytest.raises(Cancelled, match="run again"):
        measure(data, recipe=RECIPE, store=store, embedder=stopping, cancel=stop)
    rest = Counting()
    resumed = run(data, store, rest)
    assert not set(stopping.seen) & set(rest.seen)
    same(resumed, run(data, Store(tmp_path / "cold"), Counting()))


def test_cancelled_before_it_began(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        measure(dataset(tmp_path, [row(1)]), recipe=RECIPE, embedder=HashEmbedder(), cancel=stop)


def test_without_a_store_the_evidence_is_the_same_and_outlives_its_files(tmp_path: Path) -> None:
    data = dataset(tmp_path, [row(k) for k in range(10)])
    bare = run(data, None, HashEmbedder())
    same(bare, run(data, Store(tmp_path / "home"), HashEmbedder()))
    assert all(a.base is None or not isinstance(a, np.memmap) for _, a in arrays(bare))


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_few_rows(tmp_path: Path, n: int) -> None:
    """An evaluation row stands beside them: a file set without one usable row does not load."""
    data = dataset(tmp_path, [row(k) for k in range(n)] or [{"instruction": "", "output": ""}], exam=[row(99)])
    ev = run(data, None, HashEmbedder())
    assert len(ev) == max(n, 1) + 1 and ev.topics is None and int(ev.frozen.sum()) == 1
    verdicts = decide(ev, RECIPE)
    assert verdicts.count(Action.FROZEN) == 1 and len(check(data, ev, verdicts)) == 7


def test_no_rows_at_all(tmp_path: Path) -> None:
    data = dataset(tmp_path, [row(1)])
    none = replace(data, rows=data.rows.slice(0, 0), fingerprint="0" * 32)
    ev = run(none, None, HashEmbedder())
    assert len(ev) == len(ev.pairs) == 0 and all(len(a) == 0 for _, a in arrays(ev))
    assert len(decide(ev, RECIPE)) == 0


def test_identical_rows_are_one_class_and_no_pair(tmp_path: Path) -> None:
    ev = run(dataset(tmp_path, [row(3)] * 40), None, HashEmbedder())
    assert len(ev) == 40 and len(ev.pairs) == 0
    assert all(c.tolist() == [0] * 40 for c in ev.classes.values())
    assert decide(ev, RECIPE).count(Action.KEEP) == 1


def test_a_family_of_one_prompt_stays_linear_and_keeps_its_near_answers(tmp_path: Path) -> None:
    rows = [
        {"instruction": "Say something", "output": f"{k} " + "word " * (k % 7) + f"tail {k * k}"} for k in range(150)
    ]
    ev = measure(dataset(tmp_path, rows), recipe=RECIPE.with_setting("embed", enabled=False))
    lead = int(ev.classes["prompt"].min())
    assert len(ev.pairs) < 150 * 20
    assert set(ev.pairs.j[ev.pairs.i == lead].tolist()) == set(range(150)) - {lead}


def test_pairs_hold_every_score_and_the_floor(tmp_path: Path) -> None:
    rows = [
        {"instruction": "Name the longest river of the continent", "output": "It is the first of them all."},
        {"instruction": "name the  longest river of the continent", "output": "It is the first of them all!"},
        {"instruction": "Name the longest river of this continent", "output": ""},
        {"instruction": "Convert 10 miles to kilometers", "output": "16.09"},
        {"instruction": "Convert 10 kilometers to miles", "output": "6.21"},
    ]
    ev = measure(dataset(tmp_path, rows), recipe=RECIPE.with_setting("embed", enabled=False))
    assert ev.pairs.floor == {"text": 0.7, "same": 0.05} and ev.facts["vectors"] == 0 and ev.topics is None
    assert np.isnan(ev.pairs.scores["prompt_cosine"]).all()
    compared = ~np.isnan(ev.pairs.scores["conflict"])  # without vectors, questions asked in equal words
    assert (compared == (ev.pairs.scores["prompt_jaccard"] == 1)).all()
    same_prompt = np.flatnonzero(ev.pairs.scores["prompt_jaccard"] == 1)
    assert len(same_prompt) == 1 and ev.pairs.scores["answer_jaccard"][same_prompt[0]] > 0.8
    assert int(np.isnan(ev.pairs.scores["answer_jaccard"]).sum()) == 2  # the empty answer against both
    assert decide(ev, RECIPE).count(Action.DROP) == 1  # the near copy; the conversions differ in their order


def test_a_moved_floor_measures_pairs_anew_and_nothing_else(tmp_path: Path) -> None:
    data, store = dataset(tmp_path, [row(k) for k in range(15)]), Store(tmp_path / "home")
    first = run(data, store, Counting())
    lower = run(data, store, Refusing(), RECIPE.with_setting("near", text_floor=0.5))
    assert len(lower.pairs) >= len(first.pairs) and lower.pairs.floor["text"] == 0.5
    changed = {m.name for m in first.made} - {m.name for m in lower.made if m in first.made}
    assert changed == {"pairs", "conflict"}


def test_progress_names_stages_and_ends_full(tmp_path: Path) -> None:
    told: dict[str, tuple[int, int]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        assert 0 <= done <= total
        told[stage] = (done, total)

    measure(dataset(tmp_path, [row(k) for k in range(12)]), recipe=RECIPE, embedder=HashEmbedder(), progress=progress)
    assert {"text", "copies", "embed prompts", "embed answers", "near text, prompts"} <= told.keys()
    assert all(done == total for stage, (done, total) in told.items() if stage != "open the model")


def test_the_answer_ratio_is_over_the_pools_median(tmp_path: Path) -> None:
    rows = [{"instruction": f"q{k}", "output": " ".join(["w"] * n)} for k, n in enumerate((1, 10, 10, 40, 0))]
    exam = [{"instruction": "exam", "output": " ".join(["w"] * 5)}]
    ev = measure(dataset(tmp_path, rows, exam=exam), recipe=RECIPE.with_setting("embed", enabled=False))
    by = dict(zip(ev.columns["answer_words"].tolist(), ev.columns["answer_ratio"].tolist(), strict=True))
    assert {k: round(v, 4) for k, v in by.items() if k} == {1: 0.1, 10: 1.0, 40: 4.0, 5: 0.5}
    assert np.isnan(by[0])


def test_first_and_newest(tmp_path: Path) -> None:
    rows = [{**row(k), "timestamp": stamp} for k, stamp in enumerate(("2024-01-02", "2025-05-05", "2023-01-01"))]
    rows.append(row(3))
    data = dataset(tmp_path, rows)
    ev = measure(data, recipe=RECIPE.with_setting("embed", enabled=False))
    line = data.rows.column("line").to_pylist()
    read = [line[r] for r in np.argsort(ev.orders["first"])]
    assert read == sorted(line)
    if data.rows.column("time").null_count < len(data):
        newest = [line[r] for r in np.argsort(ev.orders["newest"])]
        assert newest == [2, 1, 3, 4]


def test_s1_and_s3_presets_measure_without_vectors_where_embedding_is_off(tmp_path: Path) -> None:
    data = dataset(tmp_path, [row(k) for k in range(8)])
    for name in ("S1", "S3"):
        recipe = preset(name).with_setting("embed", enabled=False)
        assert len(decide(measure(data, recipe=recipe), recipe)) == 8


def test_measure_keys_change_with_what_they_name() -> None:
    keys = {
        Measure("a", 1).key, Measure("a", 2).key, Measure("b", 1).key, Measure("a", 1, (("k", "1"),)).key,
        Measure("a", 1, scope="set").key, Measure("a", 1, backend="x").key,
    }  # fmt: skip
    assert (
        len(keys) == 6
        and Measure("a", 1, (("x", "1"), ("y", "2"))).key == Measure("a", 1, (("y", "2"), ("x", "1"))).key
    )


def test_tokens_are_counted_by_the_tokenizer_that_is_named(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    reader = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    reader.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    folder = tmp_path / "tok"
    folder.mkdir()
    reader.save(str(folder / "tokenizer.json"))
    data = dataset(tmp_path, [{"instruction": "one two three", "output": "four"}])
    recipe = RECIPE.with_setting("embed", enabled=False)
    ev = measure(data, recipe=recipe, tokenizer=folder)
    assert (ev.columns["prompt_tokens"][0], ev.columns["answer_tokens"][0]) == (3, 1)
    assert "prompt_tokens" not in measure(data, recipe=recipe).columns
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(BackendError, match="tokenizer"):
        measure(data, recipe=recipe, tokenizer=tmp_path / "bad.json")
    with pytest.raises(BackendError, match=r"no tokenizer\.json in"):
        measure(data, recipe=recipe, tokenizer=tmp_path / "nowhere")


def test_nothing_opens_early_for_a_file_that_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from curate.measure import early as module

    opened: list[str] = []
    monkeypatch.setattr(module, "DELAY", 0.0)
    monkeypatch.setattr(module, "embedder", lambda *_: opened.append("model"))
    monkeypatch.setattr(module, "_prepare", lambda _: None)  # it would keep the one thread busy
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "a", "completion": "b"}\n' * 30)
    store = Store(tmp_path / "home")
    for expected in ("model", "nothing"):
        with module.Early(preset("default")) as early:
            load([file], store=store, progress=early.seen(None))
            time.sleep(0.05)
            early.loaded()
        assert ("model" in opened) == (expected == "model"), expected
        opened.clear()


def test_the_topics_process_starts_with_a_large_file_and_ends_with_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from curate.measure import early as module

    said: list[str] = []

    class Worker:
        def __init__(self) -> None:
            said.append("started")

        def close(self) -> None:
            said.append("closed")

    monkeypatch.setattr(module, "TopicsWorker", Worker)
    monkeypatch.setattr(module, "embedder", lambda *_: None)
    monkeypatch.setattr(module, "_prepare", lambda _: None)
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "a", "completion": "b"}\n' * 30)
    for least, expected in ((1 << 20, []), (10, ["started", "closed"])):
        monkeypatch.setattr(module, "LARGE", least)
        with module.Early(preset("default")) as early:
            load([file], progress=early.seen(None))
        assert said == expected
    with module.Early(preset("default")) as early:
        load([file], progress=early.seen(None))
        assert early.topics() is not None
    assert said == ["started", "closed", "started"]  # whoever takes it closes it
