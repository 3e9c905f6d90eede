"""Classes: rows equal under a named normalisation, each named by its lowest row.

content: equal messages, roles, tools and weights. spaced: case and runs of white space folded (S1's code). folded:
punctuation removed too (S1's text). prompt: spaced user turns. question: spaced system and user turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from curate.types import I32

SPACE = r"[\s\p{Z}\x{85}]+"
PUNCTUATION = r"[\p{P}\p{S}]+"


def classes_of(rows: Any) -> Mapping[str, I32]:
    """int32 [n] per name: the lowest row of each row's class. A raw-text row's prompt is its text (see views)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    system, prompt, answer = (spaced(rows.column(c)) for c in ("system", "prompt", "response"))
    whole = pc.binary_join_element_wise(system, prompt, answer, pa.scalar("\x1f", pa.large_string()))
    asked = spaced(prompt_view(rows))
    return {
        "content": lowest(rows.column("content")),
        "spaced": lowest(whole),
        "folded": lowest(_fold(whole)),
        "prompt": lowest(asked),
        "question": lowest(pc.binary_join_element_wise(system, asked, pa.scalar("\x1f", pa.large_string()))),
    }


def prompt_view(rows: Any) -> Any:
    """The text that stands for the question: user turns, or the whole text of a row that has no prompt side."""
    import pyarrow.compute as pc

    return pc.coalesce(rows.column("prompt"), rows.column("response"), "")


def spaced(column: Any) -> Any:
    """Lower case, white space folded, ends trimmed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_lower(pc.fill_null(column.cast(pa.large_string()), ""))
    return pc.utf8_trim(pc.replace_substring_regex(text, SPACE, " "), " ")


def _fold(column: Any) -> Any:
    """Punctuation and symbols removed; the separator between the parts stays."""
    import pyarrow.compute as pc

    text = pc.replace_substring_regex(column, PUNCTUATION, " ")
    return pc.replace_substring_regex(text, " *(\x1f)? +| +(\x1f)", "\\1\\2 ")


def lowest(column: Any) -> I32:
    """int32 [n]: for each value the first row that has it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    codes = pc.dictionary_encode(array).indices.to_numpy(zero_copy_only=False)
    first = np.full(int(codes.max(initial=-1)) + 1, codes.shape[0], dtype=np.int32)
    np.minimum.at(first, codes, np.arange(codes.shape[0], dtype=np.int32))
    return np.asarray(first[codes], dtype=np.int32)
