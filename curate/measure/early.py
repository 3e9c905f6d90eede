"""An early start: what measuring imports, the model and the topics process, opened while a file is still being read.

Each takes a second or two and waits for nothing that loading makes. Model and process are not opened unless a changed file
is being read, and for longer than `DELAY`: a second run imports no torch.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module

from curate.decide.recipe import Recipe
from curate.load.loading import ORDERING
from curate.measure.embed import embedder
from curate.measure.models import identity
from curate.measure.topics_worker import TopicsWorker
from curate.types import Embedder, Progress

DELAY = 0.1  # a small file that is refused should say so at once
LARGE = 1 << 20  # bytes from which a file is worth a topics process before it is known to have topics


def _prepare(recipe: Recipe) -> None:
    """Hash the model's files for its name, and load the compiled kernels of measuring and deciding, which takes as long as
    reading 25,000 rows."""
    if recipe.embed.enabled:
        identity(recipe.embed.model, recipe.embed.dtype)
    for name in ("curate.measure.run", "curate.decide.verdicts", "curate.decide.health"):
        import_module(name)


class Early:
    """Use as a context around load and measure:

    `with Early(recipe) as early: load(progress=early.seen(progress)); early.loaded(); measure(early=early)`.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._wanted = recipe.embed.enabled
        self._recipe = recipe
        self._pool = ThreadPoolExecutor(1)
        self._model: Future[Embedder] | None = None
        self._topics: TopicsWorker | None = None
        self._bytes = 0
        self._timer = threading.Timer(DELAY, self._start)
        self._timer.daemon = True

    def __enter__(self) -> Early:
        self._pool.submit(_prepare, self._recipe)
        return self

    def __exit__(self, *_: object) -> None:
        self.loaded()
        self._pool.shutdown(cancel_futures=True)
        if (worker := self.topics()) is not None:
            worker.close()

    def seen(self, progress: Progress | None) -> Progress:
        """The progress to give to `load`, which tells some only of files that it has not kept."""

        def tell(stage: str, done: int, total: int) -> None:
            if self._wanted:
                self._wanted = False
                self._timer.start()
            self._bytes = max(self._bytes, total)
            if stage == ORDERING and self._bytes >= LARGE and self._recipe.embed.enabled:
                self._topics = TopicsWorker()  # the readers are gone and what follows keeps one processor busy
            if progress is not None:
                progress(stage, done, total)

        return tell

    def _start(self) -> None:
        self._model = self._pool.submit(embedder, self._recipe.embed.model, self._recipe.embed.dtype)

    def loaded(self) -> None:
        """Loading is over: what has not started yet stays unstarted."""
        self._wanted = False
        self._timer.cancel()
        if self._timer.is_alive():
            self._timer.join()

    def topics(self) -> TopicsWorker | None:
        """The topics process if one was started; whoever takes it closes it."""
        worker, self._topics = self._topics, None
        return worker

    def embedder(self) -> Embedder:
        """The model, opened by now or opened now."""
        return self._model.result() if self._model else embedder(self._recipe.embed.model, self._recipe.embed.dtype)
