"""The guard in front of every route: loopback names, the launch token, own origin, and headers that keep pages in.

A browser that opens the launch link gets a cookie and is sent on without the token, which so stays out of histories.
"""

from __future__ import annotations

import html
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from hashlib import blake2b
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HEALTH = ("/_stcore/health", "/healthz")
# Streamlit's page has one inline script and its charts compile expressions; nothing may be fetched from elsewhere.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' {sockets}; worker-src 'self' blob:; "
    "media-src 'self' blob:; frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'"
)
FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of itself, headers in lower case."""

    host: str
    origin: str | None
    site: str
    navigates: bool
    reads: bool
    cookie: str
    path: str
    query: str

    @classmethod
    def of(cls, scope: Scope) -> Asked | None:
        """None when a header that decides is given twice, which proxies and servers read differently."""
        found: dict[str, str] = {}
        for name, value in scope["headers"]:
            key = name.decode("latin-1").lower()
            if key in ("host", "origin") and key in found:
                return None
            found[key] = f"{found[key]}; {value.decode('latin-1')}" if key in found else value.decode("latin-1")
        reads = scope.get("method") in ("GET", "HEAD")
        return cls(
            host=found.get("host", ""),
            origin=found.get("origin"),
            site=found.get("sec-fetch-site", "none"),
            navigates=reads and found.get("sec-fetch-mode") == "navigate",
            reads=reads,
            cookie=found.get("cookie", ""),
            path=scope["path"],
            query=scope.get("query_string", b"").decode("latin-1"),
        )


class Guard:
    """ASGI middleware. Everything but the health route needs the token; every route needs a loopback Host."""

    def __init__(self, app: Any, token: str, hosts: Iterable[str] = LOOPBACK) -> None:
        self.app = app
        self.token = token
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        asked = Asked.of(scope)
        if asked is None or not self._is_ours(asked, socket=scope["type"] == "websocket"):
            await _refuse(scope, send)
            return
        send = _with_headers(send, asked.host)
        offered = [v for k, v in parse_qsl(asked.query) if k == "token"]
        if scope["type"] == "http" and scope["method"] == "GET" and offered and self._equal(offered[-1]):
            await _welcome(send, asked, self.cookie_name(asked.host), self.token)
        elif asked.path in HEALTH or self._equal(self._carried(asked)):
            await self.app(scope, receive, send)
        else:
            await _refuse(scope, send)

    def _is_ours(self, asked: Asked, *, socket: bool) -> bool:
        """A loopback Host and no foreign origin. A websocket and a request that writes must name their origin;
        what another site embeds is refused even where it is the same name on another port."""
        if _name_of(asked.host) not in self.hosts:
            return False
        if asked.origin is None:
            return not socket and asked.reads and (asked.navigates or asked.site in ("same-origin", "none"))
        parts = urlsplit(asked.origin)
        return parts.scheme in ("http", "https") and parts.netloc.lower() == asked.host.lower()

    def _carried(self, asked: Asked) -> str:
        try:
            morsel = SimpleCookie(asked.cookie).get(self.cookie_name(asked.host))
        except CookieError:
            return ""
        return "" if morsel is None else morsel.value

    def _equal(self, offered: str) -> bool:
        return secrets.compare_digest(offered.encode(), self.token.encode())

    @staticmethod
    def cookie_name(host: str) -> str:
        """Cookies are shared by all ports of a name; this one is not."""
        return f"curate_{blake2b(host.lower().encode(), digest_size=4).hexdigest()}"


def _name_of(host: str) -> str:
    """The host's name without its port, "" when it is not well formed."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host.lower(), "80"
    return name if port.isdigit() and port.isascii() else ""


def _with_headers(send: Send, host: str) -> Send:
    """`send` with the security headers on every response's start."""
    extra = {**FIXED, "content-security-policy": POLICY.format(sockets=f"ws://{host} wss://{host}")}

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = [(k, v) for k, v in message.get("headers", []) if k.decode("latin-1").lower() not in extra]
            message["headers"] = own + [(k.encode(), v.encode("latin-1")) for k, v in extra.items()]
        await send(message)

    return sending


async def _welcome(send: Send, asked: Asked, name: str, token: str) -> None:
    """Sets the cookie and sends the browser on. A page of our own does it: a redirect would drop a strict cookie
    when the link was clicked on some other site."""
    rest = urlencode([(k, v) for k, v in parse_qsl(asked.query) if k != "token"])
    target = "/" + asked.path.lstrip("/\\") + (f"?{rest}" if rest else "")
    page = f'<!doctype html><meta http-equiv="refresh" content="0;url={html.escape(target)}"><title>curate</title>'
    cookie = f"{name}={token}; Path=/; HttpOnly; SameSite=Strict"
    await _answer(
        send,
        200,
        page.encode(),
        [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"set-cookie", cookie.encode()),
            (b"cache-control", b"no-store"),
        ],
    )


async def _refuse(scope: Scope, send: Send) -> None:
    """403, the same for every reason."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    text = b"curate: open the link that the program printed when it started\n"
    await _answer(_with_headers(send, "127.0.0.1"), 403, text, [(b"content-type", b"text/plain; charset=utf-8")])


async def _answer(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
