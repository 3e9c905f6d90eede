"""An early start: what measuring imports, and the model, open while a file is still being read.

Both take a second or more and wait for nothing that loading makes. The model is not opened unless a changed file is being
read, and for longer than `DELAY`: a second run imports no torch.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module

from curate.decide.recipe import Recipe
from curate.measure.embed import embedder
from curate.measure.models import identity
from curate.types import Embedder, Progress

DELAY = 0.1  # a small file that is refused should say so at once


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
        self._timer = threading.Timer(DELAY, self._start)
        self._timer.daemon = True

    def __enter__(self) -> Early:
        self._pool.submit(_prepare, self._recipe)
        return self

    def __exit__(self, *_: object) -> None:
        self.loaded()
        self._pool.shutdown(cancel_futures=True)

    def seen(self, progress: Progress | None) -> Progress:
        """The progress to give to `load`, which tells some only of files that it has not kept."""

        def tell(stage: str, done: int, total: int) -> None:
            if self._wanted:
                self._wanted = False
                self._timer.start()
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

    def embedder(self) -> Embedder:
        """The model, opened by now or opened now."""
        return self._model.result() if self._model else embedder(self._recipe.embed.model, self._recipe.embed.dtype)
