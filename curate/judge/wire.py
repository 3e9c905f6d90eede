"""One request over the wire: the anthropic SDK without its own retries, its answers read strictly, its logs kept quiet.

The SDK retries twice by itself and waits ten minutes for an answer, so that one hung call is three paid ones: here every
attempt is ours and in the ledger. A key comes from the environment or a private file and is handed on, never kept.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from curate.errors import BackendError
from curate.judge.prices import Usage
from curate.judge.prompt import Request

SERVICE = "https://api.anthropic.com"
LOCAL = ("127.0.0.1", "localhost", "::1")
TIMEOUT = 60.0  # seconds; a judge's reply takes a few
FATAL = {
    401: "refused the key",
    402: "says that billing has to be settled",
    403: "does not allow this",
    404: "does not know this model or address",
}
LIMITED = (408, 409, 429)
NOTHING = Usage()


class BatchRefused(BackendError):
    """The service did not take a batch, so nothing of it is paid for. wait: seconds that it asked for."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. outcome: ok, rate_limited, overloaded, timeout, connection, not_json or bad_request.

    wait: seconds that the service asked for. A request without an answer may have been paid for: see `maybe_paid`.
    """

    outcome: str
    text: str = ""
    stop: str = ""
    usage: Usage = NOTHING
    wait: float | None = None

    @property
    def maybe_paid(self) -> bool:
        """Sent, and nobody knows what it cost."""
        return self.outcome in ("timeout", "connection", "not_json")


class Messenger(Protocol):
    """What asks a model. `local`: nothing leaves the machine."""

    name: str
    local: bool

    def ask(self, request: Request) -> Reply: ...

    def count(self, request: Request) -> int: ...


def find_key(environ: Mapping[str, str] | None = None) -> str | None:
    """ANTHROPIC_API_KEY, else the first line of the private file that CURATE_KEY_FILE names. Errors: BackendError."""
    env = os.environ if environ is None else environ
    if key := env.get("ANTHROPIC_API_KEY", "").strip():
        return key
    if not (name := env.get("CURATE_KEY_FILE", "")):
        return None
    path = Path(name).expanduser()
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            raise BackendError(f"CURATE_KEY_FILE {path.name} can be read by others; run `chmod 600` on it")
        return path.read_text("utf-8").split("\n", 1)[0].strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise BackendError(
            f"CURATE_KEY_FILE {path.name} can't be read ({type(error).__name__}); it holds the key and nothing else"
        ) from None


def allowed_url(url: str | None, *, typed: bool) -> str:
    """Where requests may go: the service; another host only when a person typed it; this machine always.

    Errors: BackendError. ANTHROPIC_BASE_URL is never read: it would send key and rows to whoever set it.
    """
    if not url:
        return SERVICE
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise BackendError(f"{url!r} is no address; give https://HOST")
    if host in LOCAL or (parts.scheme == "https" and (host == "api.anthropic.com" or typed)):
        return url.rstrip("/")
    raise BackendError(
        f"rows may not be sent to {host}: allowed are {SERVICE} and this machine; type another https host with --base-url"
    )


class AnthropicMessenger:
    """The Messages, token-counting and Batches API."""

    def __init__(self, key: str, base_url: str = SERVICE, timeout: float = TIMEOUT) -> None:
        import anthropic

        for name in ("anthropic", "httpx2", "httpcore2"):  # ANTHROPIC_LOG=debug would write rows into the log
            logging.getLogger(name).setLevel(logging.WARNING)
        self.name = "anthropic"
        self.local = (urlsplit(base_url).hostname or "") in LOCAL
        self._errors = anthropic
        self._client = anthropic.Anthropic(
            api_key=key, base_url=base_url, timeout=timeout, max_retries=0, open_telemetry=False
        )

    def close(self) -> None:
        self._client.close()

    def ask(self, request: Request) -> Reply:
        """One attempt. Errors: BackendError for what no retry mends (key, billing, model)."""
        try:
            answer = self._client.messages.with_raw_response.create(**body_of(request))
            return read_message(answer.text())
        except self._errors.APIStatusError as error:
            return self._status(error)
        except self._errors.APITimeoutError:
            return Reply("timeout")
        except self._errors.APIConnectionError:
            return Reply("connection")
        except self._errors.APIError:
            return Reply("not_json")

    def count(self, request: Request) -> int:
        """Input tokens as the service counts them; costs nothing, but sends the text. Errors: BackendError."""
        body = body_of(request)
        del body["max_tokens"]
        try:
            return int(self._client.messages.count_tokens(**body).input_tokens)
        except self._errors.APIStatusError as error:
            self._status(error)
            raise BackendError(f"counting tokens failed with status {error.status_code}; try again") from None
        except self._errors.APIError as error:
            raise BackendError(f"counting tokens failed ({type(error).__name__}); try again") from None

    def create_batch(self, requests: Sequence[tuple[str, Request]]) -> str:
        """The new batch's id. Errors: BackendError; a lost answer leaves a batch that `recent_batches` lists."""
        asked: Any = [{"custom_id": name, "params": body_of(r)} for name, r in requests]
        return str(self._batch(lambda: self._client.messages.batches.create(requests=asked)).id)

    def batch_state(self, batch: str) -> tuple[str, int]:
        """(in_progress, canceling or ended; requests answered so far)."""
        found = self._batch(lambda: self._client.messages.batches.retrieve(batch))
        counts = found.request_counts
        return str(found.processing_status), int(counts.succeeded + counts.errored + counts.canceled + counts.expired)

    def cancel_batch(self, batch: str) -> None:
        self._batch(lambda: self._client.messages.batches.cancel(batch))

    def recent_batches(self) -> list[tuple[str, str, int]]:
        """(id, created at, requests) of the latest hundred batches, newest first."""
        page = self._batch(lambda: self._client.messages.batches.list(limit=100))
        sums = [(b, b.request_counts) for b in page.data]
        return [
            (b.id, b.created_at.isoformat(), c.processing + c.succeeded + c.errored + c.canceled + c.expired)
            for b, c in sums
        ]

    def batch_results(self, batch: str) -> Iterator[tuple[str, Reply]]:
        """(custom id, reply) of every line that can be read; the address is ours, not one that an answer names.

        Errors: BackendError.
        """
        import httpx2

        path = f"/v1/messages/batches/{quote(batch, safe='')}/results"
        whole = self._batch(lambda: self._client.get(path, cast_to=httpx2.Response))
        for line in whole.text.split("\n"):
            found = _result(line)
            if found is not None:
                yield found

    def _batch(self, call: Any) -> Any:
        try:
            return call()
        except self._errors.APIStatusError as error:
            wait = self._status(error).wait
            raise BatchRefused(
                f"the Batches API answered with status {error.status_code}; run again to go on", wait
            ) from None
        except (self._errors.AnthropicError, ValueError) as error:
            raise BackendError(
                f"the Batches API could not be read ({type(error).__name__}); run again to go on"
            ) from None

    def _status(self, error: Any) -> Reply:
        status = int(error.status_code)
        if status in FATAL:
            raise BackendError(
                f"{urlsplit(str(self._client.base_url)).hostname} {FATAL[status]} (status {status}); nothing more was sent"
            ) from None
        if status in LIMITED:
            return Reply("rate_limited", wait=_wait(error.response.headers))
        return Reply("overloaded" if status >= 500 else "bad_request", wait=_wait(error.response.headers))


def body_of(request: Request) -> dict[str, Any]:
    """What is sent. The rubric is marked for the service's cache, which keeps it only above a size that it does not tell."""
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": [{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": request.user}],
        "output_config": {"format": {"type": "json_schema", "schema": dict(request.schema)}},
    }
    if request.thinking:
        body["thinking"] = {"type": request.thinking}
    return body


def read_message(text: str) -> Reply:
    """A message as it came, by our own reading: a page of HTML or half a reply is `not_json`."""
    try:
        data = json.loads(text)
        blocks = [b["text"] for b in data["content"] if b.get("type") == "text"]  # the first may be thinking
        use = data["usage"]
        usage = Usage(int(use["input_tokens"]), int(use["output_tokens"]), int(use.get("cache_read_input_tokens") or 0),
                      int(use.get("cache_creation_input_tokens") or 0))  # fmt: skip
        return Reply("ok", "".join(map(str, blocks)), str(data.get("stop_reason") or ""), usage)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Reply("not_json")


def _result(line: str) -> tuple[str, Reply] | None:
    """One line of a batch's results; None for one that can't be read, whose row is asked again."""
    try:
        data = json.loads(line)
        name, kind = str(data["custom_id"]), data["result"]["type"]
        if kind == "succeeded":
            return name, read_message(json.dumps(data["result"]["message"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    error = data["result"].get("error") if kind == "errored" else None
    refused = "invalid_request" in json.dumps(error)
    return name, Reply("bad_request" if refused else "overloaded")


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of retry-after-ms or retry-after; None when neither says a number."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if 0 <= seconds <= 3600:
            return seconds
    return None
