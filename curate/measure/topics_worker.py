"""Topics in a process of their own: `python -m curate.measure.topics_worker`.

umap's and scikit-learn's imports and much of a fit hold the interpreter. Beside torch in one process they would stall
every layer of every batch; in a second process they take only the processor that is free.

Protocol: the worker imports what it needs, then reads one line, the path of a folder with vectors.npy, keys.npy and
texts.arrow; it adds the files of `topics_saved.write_topics` and prints "done".
"""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

from curate.errors import BackendError, Cancelled
from curate.measure import topics_saved
from curate.store import read_array, write_array
from curate.store.lean import leave_out
from curate.types import F16, U64, Cancel, Progress, Topics

POLL = 0.05


class TopicsWorker:
    """A worker that is warming up. `fit` may be asked once; `close` ends it whether it was asked or not."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "curate.measure.topics_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fit(
        self, folder: Path, vectors: F16, keys: U64, texts: Any, progress: Progress | None, cancel: Cancel | None
    ) -> Topics | None:
        """Topics of these prompts (see topics.fit_topics), computed in `folder`. Errors: BackendError, Cancelled."""
        import pyarrow as pa
        import pyarrow.feather as feather

        write_array(folder, "vectors", vectors)
        write_array(folder, "keys", keys)
        feather.write_feather(pa.table({"text": texts}), folder / "texts.arrow", compression="uncompressed")
        if progress is not None:
            progress("topics", 0, 1)
        said, trouble = self._ask(str(folder), cancel)
        if said.strip() != "done":
            last = trouble.strip().splitlines()[-1:] or ["no message"]
            raise BackendError(
                f"the topics worker ended without a result ({last[0]}); run again, or set [embed] enabled = false"
            )
        if progress is not None:
            progress("topics", 1, 1)
        return topics_saved.read_topics(folder)

    def _ask(self, line: str, cancel: Cancel | None) -> tuple[str, str]:
        sent: str | None = line + "\n"
        while True:
            try:
                return self._process.communicate(sent, timeout=POLL)
            except subprocess.TimeoutExpired:
                sent = None
            if cancel is not None and cancel.is_set():
                self.close()
                raise Cancelled("topics were cancelled; run again to go on")

    def close(self) -> None:
        """End the process and free its pipes."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


def main() -> None:
    """The worker's side."""
    leave_out("pandas")
    from curate.measure.layout import warm
    from curate.measure.topics import fit_topics

    warm()
    line = sys.stdin.readline().strip()
    if not line:
        return
    import pyarrow.feather as feather

    folder = Path(line)
    texts = feather.read_table(folder / "texts.arrow").column("text")
    made = fit_topics(read_array(folder, "vectors"), read_array(folder, "keys"), texts)
    topics_saved.write_topics(folder, made)
    sys.stdout.write("done\n")
    gc.freeze()  # nothing is left to collect: looking for it while the interpreter ends takes half a second


if __name__ == "__main__":
    main()
