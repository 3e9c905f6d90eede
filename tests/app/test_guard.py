"""The guard: Host x Origin x token x route, without a socket; the same over real sockets is in tests/browser."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from curate.ui.guard import Guard

TOKEN = "right"
HOST = "127.0.0.1:8501"
COOKIE = f"{Guard.cookie_name(HOST)}={TOKEN}"
ROUTES = ("/", "/overview", "/_stcore/stream", "/_stcore/upload_file/a/b", "/media/abc.jsonl", "/_stcore/host-config")


async def inner(scope: Any, _: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


def ask(
    path: str = "/", query: str = "", *, kind: str = "http", method: str = "GET", **headers: str
) -> list[dict[str, Any]]:
    """What the guard sends for a request with these headers (`_` for `-`)."""
    sent: list[dict[str, Any]] = []
    listed = [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in {"host": HOST, **headers}.items()]
    scope = {"type": kind, "path": path, "query_string": query.encode(), "headers": listed} | (
        {"method": method} if kind == "http" else {}
    )

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def receive() -> dict[str, Any]:
        return {}

    asyncio.run(Guard(inner, TOKEN)(scope, receive, send))
    return sent


def passes(sent: list[dict[str, Any]]) -> bool:
    return sent[0]["type"] == "websocket.accept" or sent[0].get("status") == 200


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "host", [HOST, "localhost:8501", "[::1]:8501", "evil.example:8501", "127.0.0.1.evil.example", "", "127.0.0.1:x"]
)
@pytest.mark.parametrize("origin", [None, "own", "http://evil.example", "http://localhost:3000", "null"])
@pytest.mark.parametrize("token", [None, "right", "wrong"])
def test_strangers_get_nothing(route: str, host: str, origin: str | None, token: str | None) -> None:
    headers = {"host": host} | ({"cookie": f"{Guard.cookie_name(host)}={token}"} if token else {})
    if origin:
        headers["origin"] = f"http://{host}" if origin == "own" else origin
    kind = "websocket" if route.endswith("stream") else "http"
    ours = host in (HOST, "localhost:8501", "[::1]:8501") and (origin == "own" or (origin is None and kind == "http"))
    sent = ask(route, kind=kind, **headers)
    assert passes(sent) is (ours and token == "right")
    if not passes(sent):
        assert sent[0]["type"] == "websocket.close" or sent[0]["status"] == 403


def test_the_link_gives_a_cookie_and_drops_the_token() -> None:
    sent = ask("/overview", "token=right&job=a%22b")
    headers = dict(sent[0]["headers"])
    assert b"SameSite=Strict" in headers[b"set-cookie"] and b"HttpOnly" in headers[b"set-cookie"]
    assert b"token" not in sent[1]["body"] and b'url=/overview?job=a%22b"' in sent[1]["body"]
    assert ask("/", "token=wrong")[0]["status"] == 403
    assert b"url=/evil.example" in ask("//evil.example", "token=right")[1]["body"]


def test_health_needs_no_token_but_a_host() -> None:
    assert passes(ask("/_stcore/health"))
    assert not passes(ask("/_stcore/health", host="evil.example"))


def test_other_sites_can_not_embed_or_write() -> None:
    assert not passes(ask("/media/a", cookie=COOKIE, sec_fetch_site="cross-site", sec_fetch_mode="no-cors"))
    assert not passes(ask("/media/a", cookie=COOKIE, sec_fetch_site="same-site", sec_fetch_mode="no-cors"))
    assert passes(ask("/", cookie=COOKIE, sec_fetch_site="cross-site", sec_fetch_mode="navigate"))
    assert not passes(ask("/_stcore/upload_file/a/b", method="PUT", cookie=COOKIE))
    assert passes(ask("/_stcore/upload_file/a/b", method="PUT", cookie=COOKIE, origin=f"http://{HOST}"))


def test_every_answer_has_the_headers() -> None:
    for sent in (ask("/", cookie=COOKIE), ask("/"), ask("/", "token=right")):
        headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        assert "img-src 'self' data: blob:" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_a_header_given_twice_is_refused() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"",
             "headers": [(b"host", HOST.encode()), (b"host", b"evil"), (b"cookie", COOKIE.encode())]}  # fmt: skip
    asyncio.run(Guard(inner, TOKEN)(scope, None, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 403
