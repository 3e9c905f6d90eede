"""measure: a dataset and a recipe to evidence. What was measured before, of any dataset, is not measured again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from curate.decide.recipe import Recipe
from curate.errors import Cancelled, StoreError
from curate.judge import with_judge
from curate.measure import embed, exams, saved, topics_saved
from curate.measure.buffers import hex_keys
from curate.measure.classes import classes_of, prompt_view
from curate.measure.columns import items_and_pool, orders_of, preferred, ties_of
from curate.measure.conflict import conflict_of, with_conflict
from curate.measure.earlier import Earlier, filled, some
from curate.measure.early import Early
from curate.measure.labels import labels_of
from curate.measure.models import require_model
from curate.measure.neighbours import Known, extend
from curate.measure.pairs import ViewVectors, build_pairs
from curate.measure.set_columns import of_rows, of_texts
from curate.measure.signals import SIGNALS, in_slices
from curate.measure.table import Plan, plan
from curate.measure.terms import with_terms
from curate.measure.tokens import Tokenizer, measure_tokens
from curate.measure.topics import LEAST
from curate.measure.topics_worker import TopicsWorker
from curate.measure.vectors import beside, leads, view_vectors
from curate.measure.wanted import embedder_identity, set_key
from curate.store import RowStore, Store
from curate.types import (
    F32,
    I32,
    U64,
    Cancel,
    Dataset,
    Embedder,
    Evidence,
    Matches,
    Measure,
    Pairs,
    Progress,
    Topics,
    frozen_array,
)

T = TypeVar("T")


def measure(
    dataset: Dataset,
    *,
    recipe: Recipe,
    store: Store | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    embedder: Embedder | None = None,
    tokenizer: Path | None = None,
    early: Early | None = None,
) -> Evidence:
    """Everything that `decide` needs to know about the dataset under this recipe's measuring settings.

    embedder: used in place of the one that recipe.embed names. tokenizer: a folder or file of a Hugging Face
    tokenizer.json; without it there are no token counts. When the model is not here, near meaning and topics are not
    measured (NaN, grey badges) and `facts` says so. early: what was opened while the files were read. Interrupted work goes on where it stopped.
    Errors: Cancelled, BackendError, StoreError.
    """
    if store is None:
        with tempfile.TemporaryDirectory(prefix="curate-") as folder:
            run = _Run(dataset, recipe, Store(folder), progress, cancel, embedder, tokenizer, early)
            return saved.in_memory(run.evidence())
    made = _Run(dataset, recipe, store, progress, cancel, embedder, tokenizer, early).evidence()
    return with_judge(made, dataset, recipe, store)


@dataclass(frozen=True)
class _Run:
    """One call's arguments, so that each step reads as what it does."""

    dataset: Dataset
    recipe: Recipe
    store: Store
    progress: Progress | None
    cancel: Cancel | None
    embedder: Embedder | None
    tokenizer: Path | None
    early: Early | None

    def evidence(self) -> Evidence:
        identity = embedder_identity(self.recipe, self.embedder)
        tokenizer = None if self.tokenizer is None else Tokenizer.open(self.tokenizer)
        todo = plan(self.recipe, identity[0] if identity else None, tokenizer.name if tokenizer else None)
        # Arrow, torch and the kernels release the interpreter.
        with ThreadPoolExecutor(4) as pool, ExitStack() as stack:
            missing = self._missing(todo)
            enough = len(self.dataset) >= LEAST  # else there are no topics, and no process to start
            worker = self._worker(stack) if "topics" in missing and enough else None
            vectors = self._vectors(pool, todo, identity[1] if identity else 0) if missing else {}
            copies = pool.submit(
                self._set, todo.classes, "classes", saved.write_classes, saved.read_classes, self._classes
            )
            columns = dict(self._columns(todo, tokenizer))
            classes = copies.result()
            later = pool.submit(self._topics_set, todo, vectors.get("prompt"), worker, classes)
            keys = self._keys()
            earlier = self._earlier(todo, keys)
            columns |= of_rows(self.dataset, columns)
            shared: Callable[[], Mapping[str, F32]] = partial(of_texts, self.dataset, classes["content"])
            kept = self._set(todo.shared, "shared", saved.write_scores, saved.read_scores, shared)
            columns |= {name: np.array(values) for name, values in kept.items()}
            pairs = self._set(
                todo.pairs,
                "pairs",
                lambda folder, made: saved.write_pairs(folder, made, keys, self.dataset.fingerprint, todo.pairs),
                saved.read_pairs,
                lambda: self._pairs(todo, vectors, classes, columns["answer_words"], earlier),
            )
            pairs = self._with_conflict(todo, pairs, earlier, vectors)
            topics = later.result()
            matches = self._matches_set(todo, vectors, classes)
        whole = Evidence(
            fingerprint=self.dataset.fingerprint,
            ids=frozen_array(self.dataset.ids),
            frozen=frozen_array(self.dataset.frozen.copy()),
            columns={k: frozen_array(v) for k, v in columns.items()},
            classes=classes,
            pairs=pairs,
            topics=topics,
            made=todo.made,
            facts={"vectors": float(identity is not None)},
            orders=orders_of(self.dataset),
            labels=labels_of(self.dataset.rows.column("extra")),
            matches=matches,
            ties=ties_of(self.dataset),
        )
        return with_terms(self.dataset, whole, self.recipe, self.store)

    def _columns(self, todo: Plan, tokenizer: Tokenizer | None) -> Mapping[str, F32]:
        keys = self._keys()
        out: dict[str, F32] = {}
        for signal, what in zip(SIGNALS, todo.signals, strict=True):
            out |= self._rows(what, keys, signal.columns, partial(in_slices, signal))
        if todo.tokens is not None and tokenizer is not None:
            out |= self._rows(
                todo.tokens, keys, ("prompt_tokens", "answer_tokens"), lambda r: measure_tokens(r, tokenizer)
            )
        return out

    def _keys(self) -> U64:
        """The content key of each row."""
        return hex_keys(self.dataset.rows.column("content").to_pylist())

    def _earlier(self, todo: Plan, keys: U64) -> Earlier | None:
        """Pairs of another dataset whose scores may be known; none are looked for when this one's are kept."""
        if self.store.find("pairs", set_key(self.dataset.fingerprint, todo.pairs)) is not None:
            return None
        return saved.earlier_pairs(self.store, todo.pairs, keys)

    def _rows(
        self, what: Measure, keys: U64, names: tuple[str, ...], make: Callable[[Any], Mapping[str, F32]]
    ) -> Mapping[str, F32]:
        """Row evidence: what the store has, and the rest measured and stored."""
        import pyarrow as pa

        kept = RowStore(self.store, what, len(names), "<f4")
        values, missing = kept.get(keys)
        rows = np.flatnonzero(missing)
        self._tell(what.name, 0, rows.shape[0])
        if rows.shape[0]:
            table = self.dataset.rows if rows.shape[0] == len(missing) else self.dataset.rows.take(pa.array(rows))
            made = make(table)
            values[rows] = np.column_stack([made[name] for name in names])
            kept.put(keys[rows], values[rows])
        self._tell(what.name, rows.shape[0], rows.shape[0])
        return {name: np.ascontiguousarray(values[:, k]) for k, name in enumerate(names)}

    def _set(
        self,
        what: Measure,
        kind: str,
        write: Callable[[Path, T], None],
        read: Callable[[Path], T],
        make: Callable[[], T],
    ) -> T:
        """Set evidence: read, or made, published and read back."""
        key = set_key(self.dataset.fingerprint, what)
        for attempt in range(2):
            found = self.store.find(kind, key)
            if found is not None:
                return read(found)
            if attempt == 0:
                made = make()
                with self.store.publish(kind, key) as folder:
                    write(folder, made)
        raise StoreError(f"{kind} evidence could not be read back from {self.store.home}; run `curate store clear`")

    def _classes(self) -> Mapping[str, I32]:
        self._tell("copies", 0, 1)
        out = classes_of(self.dataset.rows)
        self._tell("copies", 1, 1)
        return out

    def _missing(self, todo: Plan) -> tuple[str, ...]:
        """Which set evidence made of vectors the store does not have yet."""
        needs = (
            {"pairs": todo.pairs, "topics": todo.topics, "conflict": todo.conflict} if todo.vectors is not None else {}
        )
        if needs and self.dataset.frozen.any():
            needs["matches"] = todo.matches
        found = self.store.find
        return tuple(k for k, m in needs.items() if m and not found(k, set_key(self.dataset.fingerprint, m)))

    def _worker(self, stack: ExitStack) -> TopicsWorker:
        """The topics process, started first: it imports while the file is read or the vectors are made."""
        worker = (self.early.topics() if self.early else None) or TopicsWorker()
        stack.callback(worker.close)
        return worker

    def _vectors(self, pool: ThreadPoolExecutor, todo: Plan, dim: int) -> Mapping[str, Future[ViewVectors]]:
        """Vectors on their way, prompts first: meaning and topics need no answers."""
        assert todo.vectors is not None  # _missing names nothing otherwise
        kept = RowStore(self.store, todo.vectors, dim, "<f2")
        opened: list[Embedder] = []

        def embedder() -> Embedder:
            if not opened:
                opened.append(self._open())
            return opened[0]

        def make(view: str, column: Any, after: Future[ViewVectors] | None) -> ViewVectors:
            if after is not None:
                after.result()
            return view_vectors(view, column, kept, embedder, self.progress, self.cancel)

        rows = self.dataset.rows
        prompt = pool.submit(make, "prompt", prompt_view(rows), None)
        answer = pool.submit(make, "answer", rows.column("response"), prompt)
        made = {"prompt": prompt, "answer": answer}
        if self.dataset.frozen.any():
            texts = exams.variants(exams.items_of(rows, self.dataset.frozen))
            made["items"] = pool.submit(make, "evaluation item", texts, answer)
        return made

    def _pairs(
        self,
        todo: Plan,
        vectors: Mapping[str, Future[ViewVectors]],
        classes: Mapping[str, I32],
        words: F32,
        earlier: Earlier | None,
    ) -> Pairs:
        """The pair table; near text is searched while the vectors are still being made."""
        near = self.recipe.near

        def meaning() -> tuple[I32, I32]:
            if todo.meaning is None or not vectors:
                return np.empty(0, np.int32), np.empty(0, np.int32)
            return self._meaning(todo.meaning, vectors["prompt"].result(), classes)

        return build_pairs(
            self.dataset.rows,
            classes,
            (near.text_floor, near.meaning_floor),
            meaning,
            lambda view: vectors[view].result() if vectors else None,
            (near.hashes, near.bands),
            self.progress,
            self.cancel,
            preferred(self.dataset, words),
            earlier,
        )

    def _with_conflict(
        self, todo: Plan, pairs: Pairs, earlier: Earlier | None, vectors: Mapping[str, Future[ViewVectors]]
    ) -> Pairs:
        run = (self.recipe, self.store, self.progress, self.cancel)
        found = None if earlier is None else self.store.find("conflict", set_key(earlier.fingerprint, todo.conflict))

        def make() -> Mapping[str, F32]:
            near = beside(vectors["prompt"].result(), vectors["answer"].result()) if vectors else None
            if earlier is None or found is None:
                return conflict_of(self.dataset.rows, pairs, *run, near)
            place = earlier.places(pairs.i, pairs.j)
            fresh = conflict_of(self.dataset.rows, some(pairs, place < 0), *run, near)
            return filled(place, saved.read_scores(found), fresh)

        made = self._set(todo.conflict, "conflict", saved.write_scores, saved.read_scores, make)
        return with_conflict(pairs, made, self.recipe.conflict.floor)

    def _topics_set(
        self,
        todo: Plan,
        prompts: Future[ViewVectors] | None,
        worker: TopicsWorker | None,
        classes: Mapping[str, I32],
    ) -> Topics | None:
        if todo.topics is None:
            return None

        def make() -> Topics | None:
            assert prompts is not None  # _missing saw that topics are
            return None if worker is None else self._topics(prompts.result(), worker, classes)

        return self._set(todo.topics, "topics", topics_saved.write_topics, topics_saved.read_topics, make)

    def _matches_set(
        self, todo: Plan, vectors: Mapping[str, Future[ViewVectors]], classes: Mapping[str, I32]
    ) -> Matches | None:
        if not self.dataset.frozen.any():
            return None
        items, pool = items_and_pool(self.dataset, classes)

        def make() -> Matches:
            views = exams.Views(*(vectors[k].result() for k in ("prompt", "answer", "items"))) if vectors else None
            return exams.match_items(self.dataset.rows, items, pool, views, self.progress, self.cancel)

        return self._set(todo.matches, "matches", saved.write_matches, saved.read_matches, make)

    def _open(self) -> Embedder:
        self._tell("open the model", 0, 1)
        if self.embedder is None and self.early is not None:
            return self.early.embedder()
        return self.embedder or embed.embedder(self.recipe.embed.model, self.recipe.embed.dtype)

    def _meaning(self, what: Measure, prompts: ViewVectors, classes: Mapping[str, I32]) -> tuple[I32, I32]:
        """Row pairs (lowest rows of prompt classes) at or above the meaning floor, building on an earlier search."""
        first, place = leads(prompts, classes)
        keys = prompts.keys
        order = np.lexsort((keys[place, 1], keys[place, 0]))
        first, place = first[order], place[order]

        def make() -> Known:
            known = saved.latest_known(self.store, what)
            return extend(keys[place], prompts.values[place], self.recipe.near.meaning_floor, known, self.progress, self.cancel,
                          "near meaning, prompts")  # fmt: skip

        found = self._set(what, "meaning", lambda f, k: saved.write_known(f, k, what), saved.read_known, make)
        return first[found.i], first[found.j]

    def _topics(self, prompts: ViewVectors, worker: TopicsWorker, classes: Mapping[str, I32]) -> Topics | None:
        import pyarrow as pa

        first, place = leads(prompts, classes)
        texts = prompt_view(self.dataset.rows).take(pa.array(first))
        with tempfile.TemporaryDirectory(dir=self.store.folder("tmp"), prefix="topics-") as folder:
            made = worker.fit(
                Path(folder), prompts.values[place], prompts.keys[place], texts, self.progress, self.cancel
            )
            if made is None:
                return None
            of_class = np.full(len(self.dataset), -1, dtype=np.int32)
            of_class[first] = np.arange(first.shape[0], dtype=np.int32)
            return topics_saved.of_rows(made, of_class[classes["prompt"]], first)

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled(f"measuring was cancelled at {stage}; run again to go on")
        if self.progress is not None:
            self.progress(stage, done, total)


def exam_views(dataset: Dataset, recipe: Recipe, store: Store) -> tuple[exams.Items, I32, exams.Views]:
    """What the fitted scores of evaluation items are made from. Errors: BackendError without a model."""
    require_model(recipe)
    run = _Run(dataset, recipe, store, None, None, None, None, None)
    identity = embedder_identity(recipe, None)
    assert identity is not None
    with ThreadPoolExecutor(1) as pool:
        vectors = run._vectors(pool, plan(recipe, identity[0], None), identity[1])
        views = exams.Views(*(vectors[k].result() for k in ("prompt", "answer", "items")))
    return *items_and_pool(dataset, classes_of(dataset.rows)), views
