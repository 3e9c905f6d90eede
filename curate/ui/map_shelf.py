"""The shelf: what a job's map may fetch by HTTP, and the sets of points that the browser sent. Bounded; by job id.

Whoever knows a job's id may read its shelf, as they may read the job; ids are random and no list of them is served.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeVar

import streamlit as st

from curate.ui.loaded import Loaded
from curate.ui.map_points import Cloud, size_of

T = TypeVar("T")
JOBS = 12
BLOBS = 48  # of one job; the oldest goes, and the browser that still wants it asks for the page anew
CHOSEN = 24


@dataclass
class _Job:
    """One job's shelf. Written under the shelf's lock only."""

    blobs: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    chosen: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    clouds: OrderedDict[str, tuple[Cloud, Loaded]] = field(default_factory=OrderedDict)


class Shelf:
    """Blobs to fetch, clouds whose rows may be read, chosen sets that came back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, _Job] = OrderedDict()

    def put(self, job: str, key: str, make: Callable[[], bytes]) -> str:
        """Keeps `make()` under a key that names its content; made only when it is not there. Returns the key."""
        with self._lock:
            if key in self._of(job).blobs:
                self._of(job).blobs.move_to_end(key)
                return key
        made = make()
        with self._lock:
            _keep(self._of(job).blobs, key, made, BLOBS)
        return key

    def open(self, job: str, cloud: Cloud, data: Loaded) -> str:
        """Lets the browser fetch a cloud, read its rows and choose among them."""
        with self._lock:
            _keep(self._of(job).clouds, cloud.key, (cloud, data), 4)
        return self.put(job, cloud.key, cloud.blob)

    def blob(self, job: str, key: str) -> bytes | None:
        return self._read(job, lambda j: j.blobs.get(key))

    def cloud(self, job: str, key: str) -> tuple[Cloud, Loaded] | None:
        return self._read(job, lambda j: j.clouds.get(key))

    def choose(self, job: str, cloud: str, bits: bytes) -> str | None:
        """Keeps a set of points; its key, or None when the cloud is not there or the length is another."""
        found = self.cloud(job, cloud)
        if found is None or len(bits) != size_of(len(found[0])):
            return None
        key = f"{cloud}.{blake2b(bits, digest_size=12).hexdigest()}"
        with self._lock:
            _keep(self._of(job).chosen, key, bits, CHOSEN)
        return key

    def chosen(self, job: str, key: str) -> bytes | None:
        """The bits kept under the key that `choose` gave."""
        return self._read(job, lambda j: j.chosen.get(key))

    def _of(self, job: str) -> _Job:
        if job not in self._jobs:
            _keep(self._jobs, job, _Job(), JOBS)
        self._jobs.move_to_end(job)
        return self._jobs[job]

    def _read(self, job: str, get: Callable[[_Job], T | None]) -> T | None:
        with self._lock:
            found = self._jobs.get(job)
            return None if found is None else get(found)


def _keep(kept: OrderedDict[str, T], key: str, value: T, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The shelf of this process."""
    return Shelf()
