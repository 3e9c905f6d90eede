"""The user's own columns that sort rows into kinds: topic, category, source … A decision or a page may go by them.

Read anew on every measure and kept in no store: a row's id does not change with its metadata, so nothing that is kept by
the rows' fingerprint could tell that a label was corrected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from curate.types import Labels, frozen_array

MOST = 500  # more values than this are no kinds
LONGEST = 120  # characters; a longer value is a text, not the name of a kind
COLUMNS = 64  # own columns looked at


class _Column:
    """One column while it is read: `code` per distinct object, None once it is seen to hold no kinds."""

    def __init__(self, count: int) -> None:
        self.code = np.full(count, -1, dtype=np.int32)
        self.names: dict[str, int] = {}
        self.fits = True

    def take(self, at: int, value: Any) -> None:
        if value is None or not self.fits:
            return
        if type(value) not in (str, int, bool) or len(str(value)) > LONGEST:
            self.fits = False
        elif str(value).strip():
            name = str(value) if type(value) is str else json.dumps(value)
            self.code[at] = self.names.setdefault(name, len(self.names))
            self.fits = len(self.names) <= MOST


def labels_of(extra: Any) -> Mapping[str, Labels]:
    """Columns with at most 500 different short values, by name. extra: Arrow [n], each row's own columns as a JSON object.

    Objects that are equal are read once; a column is left as soon as it has too many values. Names are sorted, so that
    codes do not depend on the order of rows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = extra.combine_chunks() if isinstance(extra, pa.ChunkedArray) else extra
    coded = pc.dictionary_encode(pc.fill_null(whole, "{}"))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    place = coded.indices.to_numpy(zero_copy_only=False)
    columns = _read(coded.dictionary)
    return {name: _labels(c, place) for name, c in sorted(columns.items()) if c.fits and c.names}


def _read(objects: Any) -> dict[str, _Column]:
    out: dict[str, _Column] = {}
    for at, text in enumerate(objects.to_pylist()):  # distinct objects
        if len(text) <= 2:
            continue
        for name, value in json.loads(text).items():
            column = out.get(name)
            if column is None:
                if len(out) >= COLUMNS:
                    continue
                column = out[name] = _Column(len(objects))
            column.take(at, value)
    return out


def _labels(column: _Column, place: np.ndarray) -> Labels:
    names = sorted(column.names)
    new = np.full(len(names) + 1, -1, dtype=np.int32)
    new[[column.names[name] for name in names]] = np.arange(len(names))
    return Labels(frozen_array(new[column.code][place]), tuple(names))
