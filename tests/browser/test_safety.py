"""Over real sockets and in a real browser: strangers get 403, hostile rows reach nobody, no script runs."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import TOKEN, Server, serving, watching

from curate.ui.frame import PAGES as LISTED
from curate.ui.guard import Guard

pytestmark = pytest.mark.slow
PAGES = tuple(title for section in LISTED.values() for _, title, *_ in section)
BEACON = "http://127.0.0.2:9/beacon.png"
HOSTILE = (
    f"![x]({BEACON}) <img src={BEACON} onerror=alert(1)><script>alert(1)</script> [a](javascript:alert(1)) "
    f":material/home: :red[red] $\\href{{{BEACON}}}{{x}}$ \u202eevil\u202c \u200b \x1b[31m <iframe "
    f"src={BEACON}></iframe>"
)
ROUTES = (
    "/",
    "/overview",
    "/_stcore/stream",
    "/_stcore/host-config",
    "/_stcore/upload_file/a/b",
    "/media/a.png",
    "/static/x.js",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hostile")
    with serving(hostile(folder / "![x](javascript:alert(1)).jsonl")) as made:
        yield made


def hostile(path: Path) -> Path:
    """Rows, their own columns, ids and the file's name, all hostile; with copies, and lines that are no rows."""
    lines = []
    for n in range(40):
        pair = [
            {"role": "user", "content": f"{HOSTILE} {n // 2}"},
            {"role": "assistant", "content": f"{n // 2} {HOSTILE * 3}"},
        ]
        lines.append(json.dumps({"messages": pair, HOSTILE[:60]: HOSTILE, "id": f"{HOSTILE} {n}"}))
    path.write_text("\n".join([*lines, "{" + HOSTILE, json.dumps({HOSTILE: 1})]) + "\n", encoding="utf-8")
    return path


def status(port: int, route: str, host: str, origin: str | None, token: str | None) -> int:
    """The answer to one raw request; a websocket's handshake for the stream."""
    lines = [f"GET {route} HTTP/1.1", f"Host: {host}", "Connection: close"]
    if origin:
        lines.append(f"Origin: {origin}")
    if token:
        lines.append(f"Cookie: {Guard.cookie_name(host)}={token}")
    if route.endswith("stream"):
        key = base64.b64encode(os.urandom(16)).decode()
        lines[2] = "Connection: Upgrade"
        lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        wire.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return int(wire.recv(64).split()[1])


def test_strangers_get_403_on_every_route(server: Server) -> None:
    own = f"127.0.0.1:{server.port}"
    hosts = (
        own,
        f"localhost:{server.port}",
        f"evil.example:{server.port}",
        "127.0.0.1.nip.example",
        f"192.168.0.9:{server.port}",
    )
    for route in ROUTES:
        for host in hosts:
            for origin in (None, f"http://{host}", "http://evil.example", "http://localhost:3000", "null"):
                for token in (None, "wrong", TOKEN):
                    asked = status(server.port, route, host, origin, token)
                    socket_route = route.endswith("stream")
                    ours = host in hosts[:2] and (origin == f"http://{host}" or (origin is None and not socket_route))
                    allowed = ours and token == TOKEN
                    assert (asked != 403) is allowed, (route, host, origin, token, asked)
    assert status(server.port, "/_stcore/health", own, None, None) == 200


def test_only_loopback_listens(server: Server) -> None:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        if state == "0A" and int(local.split(":")[1], 16) == server.port:
            assert local.startswith("0100007F")


def test_hostile_rows_reach_nobody(server: Server) -> None:
    with watching(server) as screen:
        page = screen.page
        page.wait_for_selector("[data-testid=stSidebar] [data-testid=stMetricValue]", timeout=60_000)
        for title in PAGES:
            screen.go(title)
            screen.idle(1500)
            screen.shot(f"hostile-{title.split()[0].lower()}")
        screen.go("Load")
        page.locator(".st-key-load-row summary").click()
        screen.idle(1000)
        screen.go("All rows")
        screen.choose_row("rows.table")
        page.locator("[class*=st-key-own-rows] summary").first.click()
        screen.idle(1000)
        screen.shot("hostile-card")
        screen.key("rows.columns").locator("button").first.click()
        screen.idle(800)
        page.keyboard.press("Escape")
        screen.go("Duplicates")
        page.locator(".st-key-dup-groups").scroll_into_view_if_needed()
        screen.choose_row("dup.groups")
        screen.idle(1500)
        screen.shot("hostile-group")
        assert screen.foreign == []
        assert screen.errors == []
        assert page.evaluate("document.querySelectorAll('img[src*=beacon],iframe,a[href^=javascript]').length") == 0
