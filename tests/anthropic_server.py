"""A real HTTP server on this machine that speaks the Messages, token-counting and Batches wire format, with faults on order.

What it answers follows from the text that it is sent alone; what goes wrong, from `fault(request number, body)`:
429, 500, 529, hang, drop, half, html, refusal, max_tokens, bad_json, out_of_range, string_score, fenced, thinking, or "" for nothing.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-canary-0123456789"
Body = dict[str, Any]
ROW = re.compile(r"<(row-[0-9a-f]{16})>\n(.*?)\n</\1>", re.DOTALL)


def tokens(text: str) -> int:
    """Tokens by a rule of its own: words cut after six letters, digits by three, signs one by one."""
    return len(re.findall(r"[^\W\d_]{1,6}|\d{1,3}|[^\w\s]|_", text))


def text_of(body: Body) -> str:
    system = "".join(b["text"] for b in body.get("system", []))
    return system + "".join(m["content"] for m in body["messages"])


def row_of(body: Body) -> Body:
    """The row inside the delimiter that the message announces."""
    found = ROW.search(body["messages"][0]["content"])
    assert found, "no row in the message"
    row: Body = json.loads(found.group(2))
    return row


def scores(body: Body) -> Body:
    """Scores that follow from the answer's words."""
    words = len(str(row_of(body)["answer"]).split())
    names = [
        n
        for n in body["output_config"]["format"]["schema"]["properties"]
        if n not in ("reasoning", "overall", "exclude")
    ]
    return {n: 1 + (words + k) % 5 for k, n in enumerate(names)} | {"overall": 1 + words % 5}


class Service:
    """What the server has seen, and what it does next."""

    def __init__(
        self, fault: Callable[[int, Body], str] | None = None, answer: Callable[[Body], Body] = scores
    ) -> None:
        self.fault, self.answer = fault or (lambda _n, _b: ""), answer
        self.lock = threading.Lock()
        self.bodies: list[Body] = []
        self.paths: list[str] = []
        self.outcomes: Counter[str] = Counter()
        self.input = self.output = self.counted = 0
        self.dollars_seen = 0.0
        self.batches: dict[str, Body] = {}
        self.batch_fault: Callable[[str, int], str] = lambda _b, _n: ""
        self.batch_seconds = 0.0
        self.delay = 0.0
        self.keys: set[str] = set()
        self.hang_seconds = 3.0

    def message(self, body: Body, fault: str) -> Body:
        """A whole message."""
        teaching = "rows" in body["output_config"]["format"]["schema"]["properties"]
        made = self.answer(body) if teaching else {"reasoning": "Because.", **self.answer(body), "exclude": False}
        text = json.dumps(made)
        stop = "end_turn"
        if fault == "refusal":
            text, stop = "", "refusal"
        elif fault == "max_tokens" or (fault == "max_tokens_once" and body["max_tokens"] <= 512):
            text, stop = text[: len(text) // 2], "max_tokens"
        elif fault == "bad_json":
            text = text[:-4]
        elif fault == "out_of_range":
            text = json.dumps(made | {"overall": 9})
        elif fault == "string_score":
            text = json.dumps(made | {"overall": "4", "exclude": "false"})
        elif fault == "fenced":
            text = f"```json\n{text}\n```"
        used = {"input_tokens": tokens(text_of(body)), "output_tokens": max(1, tokens(text))}
        with self.lock:
            self.input += used["input_tokens"]
            self.output += used["output_tokens"]
        content: list[Body] = [{"type": "thinking", "thinking": "hm", "signature": "x"}] if fault == "thinking" else []
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "stop_reason": stop,
                "stop_sequence": None, "content": [*content, {"type": "text", "text": text}],
                "usage": used | {"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Service

    def log_message(self, *_args: Any) -> None:
        pass

    def do_POST(self) -> None:
        s = self.service
        body: Body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        with s.lock:
            s.paths.append(self.path)
            s.keys.add(self.headers.get("authorization", "").removeprefix("Bearer "))
            number = len(s.bodies)
            if self.path == "/v1/messages":
                s.bodies.append(body)
        if self.headers.get("authorization") != f"Bearer {KEY}":
            self._error(401, "authentication_error")
        elif self.path == "/v1/messages/count_tokens":
            with s.lock:
                s.counted += 1
            self._json({"input_tokens": tokens(text_of(body))})
        elif self.path == "/v1/messages":
            time.sleep(s.delay)
            self._message(body, s.fault(number, body))
        elif self.path == "/v1/messages/batches":
            self._create(body)
        elif self.path.endswith("/cancel"):
            self._json(self._batch(self.path.split("/")[-2]))
        else:
            self._error(404, "not_found_error")

    def do_GET(self) -> None:
        s = self.service
        with s.lock:
            s.paths.append(self.path)
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[-1] == "results":
            self._results(parts[-2])
        elif parts[-1] == "batches":
            data = [self._batch(b) for b in reversed(list(s.batches))]
            self._json({"data": data, "has_more": False, "first_id": None, "last_id": None})
        elif parts[-1] in s.batches:
            self._json(self._batch(parts[-1]))
        else:
            self._error(404, "not_found_error")

    def _message(self, body: Body, fault: str) -> None:
        s = self.service
        with s.lock:
            s.outcomes[fault or "ok"] += 1
        if fault in ("429", "500", "529"):
            self._error(int(fault), "rate_limit_error" if fault == "429" else "api_error", {"retry-after-ms": "30"})
        elif fault == "400":
            self._error(400, "invalid_request_error")
        elif fault == "hang":
            time.sleep(s.hang_seconds)
            self.close_connection = True
        elif fault == "drop":
            self.close_connection = True
            self.connection.close()
        elif fault == "html":
            self._bytes(b"<html><body>Bad gateway</body></html>", "text/html")
        elif fault == "half":
            whole = json.dumps(s.message(body, "")).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(whole)))
            self.end_headers()
            self.wfile.write(whole[: len(whole) // 2])
            self.close_connection = True
        elif fault == "half_json":
            whole = json.dumps(s.message(body, "")).encode()
            self._bytes(whole[: len(whole) // 2], "application/json")
        else:
            self._json(s.message(body, fault))

    def _create(self, body: Body) -> None:
        s = self.service
        with s.lock:
            name = f"msgbatch_{len(s.batches):04d}"
            fault = s.batch_fault("create", len(s.batches))
            if fault in ("429", "500"):
                s.batch_fault = lambda _b, _n: ""
            else:
                s.batches[name] = {
                    "requests": body["requests"],
                    "at": time.time(),
                    "created": datetime.now(UTC).isoformat(),
                }
        if fault in ("429", "500"):
            self._error(int(fault), "api_error", {"retry-after-ms": "20"})
        elif fault == "drop":
            self.close_connection = True
            self.connection.close()
        else:
            self._json(self._batch(name))

    def _batch(self, name: str) -> Body:
        held = self.service.batches[name]
        n, ended = len(held["requests"]), time.time() - held["at"] >= self.service.batch_seconds
        counts = {
            "processing": 0 if ended else n,
            "succeeded": n if ended else 0,
            "errored": 0,
            "canceled": 0,
            "expired": 0,
        }
        return {"id": name, "type": "message_batch", "processing_status": "ended" if ended else "in_progress", "request_counts": counts,
                "created_at": held["created"], "expires_at": held["created"], "ended_at": None, "archived_at": None, "cancel_initiated_at": None,
                "results_url": f"http://evil.example/v1/messages/batches/{name}/results" if ended else None}  # fmt: skip

    def _results(self, name: str) -> None:
        s, lines = self.service, []
        for number, one in enumerate(reversed(s.batches[name]["requests"])):
            fault = s.batch_fault(name, number)
            body, line = one["params"], {"custom_id": one["custom_id"]}
            if fault == "missing":
                continue
            if fault in ("errored", "expired", "canceled"):
                lines.append(
                    json.dumps(
                        line
                        | {
                            "result": {
                                "type": fault,
                                "error": {
                                    "type": "error",
                                    "error": {
                                        "type": "invalid_request_error" if number % 3 else "api_error",
                                        "message": "x",
                                    },
                                },
                            }
                        }
                    )
                )
                continue
            text = json.dumps(line | {"result": {"type": "succeeded", "message": s.message(body, fault)}})
            lines.append(text[:-9] if fault == "torn" else text)
            if fault == "duplicate":
                other = s.message(body, "") | {"content": [{"type": "text", "text": "{}"}]}
                lines.append(json.dumps(line | {"result": {"type": "succeeded", "message": other}}))
            if fault == "foreign":
                lines.append(
                    json.dumps(
                        {"custom_id": "somebody-elses"}
                        | {"result": {"type": "succeeded", "message": s.message(body, "")}}
                    )
                )
        self._bytes("\n".join(lines).encode(), "application/x-jsonl")

    def _json(self, value: Any) -> None:
        self._bytes(json.dumps(value).encode(), "application/json")

    def _error(self, status: int, kind: str, headers: dict[str, str] | None = None) -> None:
        data = json.dumps({"type": "error", "error": {"type": kind, "message": "no"}}).encode()
        self._bytes(data, "application/json", status, headers)

    def _bytes(self, data: bytes, kind: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_args: Any) -> None:
        """A client that was killed leaves a broken pipe; that is what is tested."""


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The address of a server for this service."""
    handler = type("Handler", (_Handler,), {"service": service})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
