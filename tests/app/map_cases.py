"""Made-up places for the rows of a job, so that the map's tests need no vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curate.types import Evidence, Topics
from curate.ui.jobs import Job


def places(evidence: Evidence, topics: int = 4) -> Evidence:
    """The evidence with a place for every row but the last, in `topics` heaps; every fifth row is in no topic."""
    count = len(evidence)
    draw = np.random.default_rng(1)
    label = (np.arange(count) % topics).astype(np.int32)
    heap = np.stack((label // 2, label % 2), axis=1) * 10.0
    xy = (heap + draw.normal(0, 1, (count, 2))).astype(np.float32)
    xy[-1] = np.nan
    label[::5] = -1
    names = tuple(f"topic ![x](http://evil.example/{n}) <b>" for n in range(topics))
    return replace(evidence, topics=Topics((25,), (label,), (names,), count, xy))


def mapped(job: Job, topics: int = 4) -> Job:
    """The job as if its rows had places."""
    assert job.evidence is not None
    job.evidence = places(job.evidence, topics)
    return job
