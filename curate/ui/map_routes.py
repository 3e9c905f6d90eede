"""HTTP routes of the map, all behind the guard: its script, points and layers as binary, a row as plain text, and the
set of points that somebody chose, as bits.

    GET  /map-lib/{version}/{name}              the component's own files, which hold no data
    GET  /map-data/{job}/{key}                  points (float32), classes (uint16), sets (bits), groups (int32)
    GET  /map-data/{job}/{cloud}/row/{point}    text/plain: where it stands, prompt and answer, escaped and cut short
    POST /map-data/{job}/{cloud}/chosen         bits in; the key of the kept set out
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.ui import inert, session
from curate.ui.map_points import size_of
from curate.ui.map_shelf import shelf

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

FOLDER = Path(__file__).parent / "component"
TYPES = {".js": "text/javascript; charset=utf-8"}
TEXT = 320
PRIVATE = {"cache-control": "no-store"}


@cache
def files() -> dict[str, bytes]:
    """The script files of the component, read once."""
    return {p.name: p.read_bytes() for p in sorted(FOLDER.iterdir()) if p.suffix in TYPES}


@cache
def version() -> str:
    """Changes with any of the script files, so that a browser may keep them."""
    made = blake2b(digest_size=8)
    for name, held in files().items():
        made.update(name.encode() + b"\0" + held)
    return made.hexdigest()


def library() -> str:
    """The path of the component's script."""
    return f"/map-lib/{version()}/map.js"


def base(job: str) -> str:
    """The path below which a job's map fetches."""
    return f"/map-data/{job}"


def routes() -> list[Any]:
    """What `st.App` mounts beside its own routes."""
    from starlette.routing import Route

    return [
        Route("/map-lib/{version}/{name}", _library, methods=["GET"]),
        Route("/map-data/{job}/{key}", _blob, methods=["GET"]),
        Route("/map-data/{job}/{cloud}/row/{point:int}", _row, methods=["GET"]),
        Route("/map-data/{job}/{cloud}/chosen", _chosen, methods=["POST"]),
    ]


def _library(request: Request) -> Response:
    from starlette.responses import Response

    name = request.path_params["name"]
    if request.path_params["version"] != version() or name not in files():
        return _missing()
    kept = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(files()[name], media_type=TYPES[Path(name).suffix], headers=kept)


def _blob(request: Request) -> Response:
    from starlette.responses import Response

    job, key = _job(request), request.path_params["key"]
    found = None if job is None else shelf().blob(job, key)
    if found is None:
        return _missing()
    # Coordinates do not get smaller, and packing them costs more than sending them over loopback.
    return Response(found, media_type="application/octet-stream", headers={**PRIVATE, "content-encoding": "identity"})


def _row(request: Request) -> Response:
    from starlette.responses import PlainTextResponse

    job = _job(request)
    found = None if job is None else shelf().cloud(job, request.path_params["cloud"])
    point = int(request.path_params["point"])
    if found is None or point >= len(found[0]):
        return _missing()
    cloud, data = found
    row = int(cloud.rows[point])
    prompt, answer = data.texts("prompt", [row])[0], data.texts("response", [row])[0]
    said = [
        inert.plain(data.places([row])[0]),
        inert.cell(prompt, TEXT) or "(no prompt)",
        "→ " + inert.cell(answer, TEXT),
    ]
    return PlainTextResponse("\n".join(said), headers=PRIVATE)


async def _chosen(request: Request) -> Response:
    from starlette.responses import PlainTextResponse

    job, cloud = _job(request), request.path_params["cloud"]
    found = None if job is None else shelf().cloud(job, cloud)
    if job is None or found is None:
        return _missing()
    sent = bytearray()
    async for part in request.stream():
        sent += part
        if len(sent) > size_of(len(found[0])):
            return PlainTextResponse("more bits than points\n", 413, headers=PRIVATE)
    key = shelf().choose(job, cloud, bytes(sent))
    return (
        PlainTextResponse("not one bit a point\n", 400, headers=PRIVATE)
        if key is None
        else PlainTextResponse(key, headers=PRIVATE)
    )


def _job(request: Request) -> str | None:
    """The id, when such a job is here."""
    found = session.job_list().find(request.path_params["job"])
    return None if found is None else found.id


def _missing() -> Response:
    """The same for a job, a key and a point that are not there."""
    from starlette.responses import PlainTextResponse

    return PlainTextResponse("not here\n", 404, headers=PRIVATE)
