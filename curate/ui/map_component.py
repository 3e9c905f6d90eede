"""The map's component: what the browser draws, as one value, and what comes back from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from curate.types import Bool
from curate.ui import map_routes
from curate.ui.loaded import Loaded, Rows
from curate.ui.map_layers import Label, Layer
from curate.ui.map_links import Links
from curate.ui.map_points import Cloud, pack
from curate.ui.map_shelf import shelf

KEY = "map.plot"
# Streamlit runs a script given as text from a blob, against which a path means nothing.
_LOADER = """
export default function (component) {
  const path = new URL(component.data.library, document.baseURI).href;
  const map = import(path).then((made) => [made, made.show(component)]);
  return () => { map.then(([made, shown]) => made.drop(shown)); };
}
"""
_COMPONENT = st.components.v2.component(
    "curate_map",
    html='<div class="cm-root"></div>',
    css=(Path(__file__).parent / "component" / "map.css").read_text("utf-8"),
    js=_LOADER,
    isolate_styles=False,  # the pointer is followed by document.elementsFromPoint, which does not look into a shadow
)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the map shows. shown: bool [m], None = all; lit: (rows, what they are); links by kind; clear: a number that
    changes when what was chosen is to be let go."""

    cloud: Cloud
    layer: Layer
    labels: Sequence[Label] = ()
    shown: Bool | None = None
    lit: tuple[Rows, str] | None = None
    links: Mapping[str, Links] | None = None
    clear: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody did. rows: chosen by lasso, box or view; one: a point that was clicked; opened: an outline that was
    clicked, as (kind, number); lost: a choice was made that the server no longer holds."""

    rows: Rows | None = None
    one: int | None = None
    opened: tuple[str, int] | None = None
    lost: bool = False


def show(job: str, data: Loaded, picture: Picture) -> Answer:
    """Mounts the map; returns what is chosen on it now."""
    held, cloud = shelf(), picture.cloud
    held.open(job, cloud, data)
    made: Any = _COMPONENT(
        key=KEY, data=_data(job, picture), height="content", on_chosen_change=_nothing, on_opened_change=_nothing
    )
    opened = made.opened
    return _answer(job, cloud, made.chosen, (str(opened["kind"]), int(opened["group"])) if opened else None)


def now(job: str, cloud: Cloud) -> Answer:
    """What is chosen as this run begins, before the map is mounted."""
    held: Any = st.session_state.get(KEY)
    return _answer(job, cloud, held.get("chosen") if held else None, None)


def _nothing() -> None:
    """A state needs a callback to be one; the run that follows reads it."""


def _answer(job: str, cloud: Cloud, chosen: Any, opened: tuple[str, int] | None) -> Answer:
    """The browser's answer, of which nothing is trusted: it names a set that it sent, or a point of this cloud."""
    if not isinstance(chosen, Mapping):
        return Answer(opened=opened)
    point, key = chosen.get("point"), chosen.get("key")
    if isinstance(point, int) and chosen.get("cloud") == cloud.key and 0 <= point < len(cloud):
        return Answer(one=int(cloud.rows[point]), opened=opened)
    bits = shelf().chosen(job, key) if isinstance(key, str) and key.startswith(f"{cloud.key}.") else None
    if bits is None:
        return Answer(opened=opened, lost=True)
    return Answer(rows=cloud.rows_in(bits), opened=opened)


def _data(job: str, picture: Picture) -> dict[str, Any]:
    cloud, layer = picture.cloud, picture.layer
    codes = np.ascontiguousarray(layer.codes, dtype="<u2").tobytes()
    return {
        "library": map_routes.library(),
        "base": map_routes.base(job),
        "cloud": cloud.key,
        "layer": _put(job, "layer", codes),
        "title": layer.title,
        "entries": [{"name": e.name, "count": e.count, "colour": e.colour} for e in layer.entries],
        "note": layer.note,
        "kept": None if picture.shown is None else _put(job, "kept", pack(picture.shown)),
        "lit": None if picture.lit is None else _put(job, "lit", cloud.bits_of(picture.lit[0])),
        "litSaid": "" if picture.lit is None else picture.lit[1],
        "links": [
            {"kind": kind, "key": _put(job, kind, found.blob()), "said": f"{len(found):,} {_GROUPS[kind]}"}
            for kind, found in (picture.links or {}).items()
        ],
        "labels": [{"x": v.x, "y": v.y, "name": v.name, "count": v.count} for v in picture.labels],
        "clear": picture.clear,
        "said": (
            f"Map of {len(cloud):,} rows, coloured by {layer.title}. Arrow keys move, plus and minus zoom, 0 shows all, "
            "V chooses what is in view, Enter opens the row in the middle, Escape lets go. The table below has the same."
        ),
    }


_GROUPS = {"copies": "groups of copies; a click opens one", "contradiction": "contradictions; a click opens one"}


def _put(job: str, kind: str, blob: bytes) -> str:
    from hashlib import blake2b

    return shelf().put(job, f"{kind}-{blake2b(blob, digest_size=12).hexdigest()}", lambda: blob)
