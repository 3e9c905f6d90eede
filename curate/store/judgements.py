"""The judge's ledger: every request before it goes out, every reply before the next one, in the workspace database.

A request is written as `sent` with the most that it can cost, and rewritten with what it did cost in the transaction
that keeps its result. So a killed run loses nothing paid for, and what was sent without an answer counts as spent.
Texts of rows never stand here; a reply that could not be read is kept as it came (up to RAW characters).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from curate.errors import StoreError
from curate.store.workspace import Workspace

RAW = 20_000
SENT = "sent"
_KEEP = "REPLACE INTO judgement (judge, content, scores, reason, raw, cut, at) VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of one content under one judge. reason: "" when scored, else why it failed. cut: the row was cut."""

    content: str
    scores: Mapping[str, float]
    reason: str = ""
    raw: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has cost: requests sent, of them retries (not the first for their row), open (sent, never answered);
    rows with a request; dollars, with open requests at their most; tokens as the service counted them."""

    requests: int
    retries: int
    open: int
    rows: int
    dollars: float
    input: int
    output: int
    cached: int


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A confirmed run: number, what it judges by and on, the caps that were typed, state (open or done), time."""

    number: int
    judge: str
    dataset: str
    settings: Mapping[str, object]
    most_rows: int
    most_dollars: float
    state: str
    at: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended and what the service counted."""

    what: str
    dollars: float = 0.0
    input: int = 0
    output: int = 0
    cached: int = 0


class Judgements:
    """The ledger in a workspace. Every call is one transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def exists(self) -> bool:
        """Whether there is a database to read: asking must not make one."""
        return self._workspace.path.exists()

    def begin(
        self, judge: str, dataset: str, settings: Mapping[str, object], most_rows: int, most_dollars: float
    ) -> RunRecord:
        """The open run of this judge on this dataset with the caps now typed, else a new one."""
        with self._workspace.write() as db:
            found = db.execute(
                "SELECT max(run) FROM judge_run WHERE judge = ? AND dataset = ? AND state = 'open'", (judge, dataset)
            ).fetchone()[0]
            body = json.dumps(dict(settings), sort_keys=True)
            if found is None:
                found = db.execute(
                    "INSERT INTO judge_run (judge, dataset, settings, most_rows, most_dollars, state, at) "
                    "VALUES (?, ?, ?, ?, ?, 'open', ?)",
                    (judge, dataset, body, most_rows, most_dollars, _now()),
                ).lastrowid
            else:
                db.execute(
                    "UPDATE judge_run SET settings = ?, most_rows = ?, most_dollars = ? WHERE run = ?",
                    (body, most_rows, most_dollars, found),
                )
        return self.run(int(found or 0))

    def run(self, number: int) -> RunRecord:
        """One run. Errors: StoreError for a number that is none."""
        with self._workspace.read() as db:
            row = db.execute(
                "SELECT run, judge, dataset, settings, most_rows, most_dollars, state, at FROM judge_run WHERE run = ?",
                (number,),
            ).fetchone()
        if row is None:
            raise StoreError(f"judge run {number} is not in the ledger; run `curate judge DATA` to plan one")
        return RunRecord(row[0], row[1], row[2], json.loads(row[3]), *row[4:])

    def open_run(self, judge: str, dataset: str) -> RunRecord | None:
        """The run that was begun and not finished, or None."""
        with self._workspace.read() as db:
            found = db.execute(
                "SELECT max(run) FROM judge_run WHERE judge = ? AND dataset = ? AND state = 'open'", (judge, dataset)
            ).fetchone()[0]
        return None if found is None else self.run(found)

    def finish(self, run: int) -> None:
        """Marks a run as done: nothing is left that its caps allow."""
        with self._workspace.write() as db:
            db.execute("UPDATE judge_run SET state = 'done' WHERE run = ?", (run,))

    def sent(self, run: int, judge: str, asked: Sequence[tuple[str, int, float]], batch: str = "") -> list[int]:
        """Writes requests before they go out: (content, attempt, most dollars) each; returns their numbers."""
        with self._workspace.write() as db:
            return [
                int(
                    db.execute(
                        "INSERT INTO judge_request (run, judge, content, attempt, batch, outcome, dollars, at) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        (run, judge, content, attempt, batch, SENT, most, _now()),
                    ).lastrowid
                    or 0
                )
                for content, attempt, most in asked
            ]

    def got(self, answers: Iterable[tuple[int, Outcome, str, Judgement | None]]) -> None:
        """Writes what came back: (request, outcome, judge, result). A result stands beside the request's price or not at all."""
        with self._workspace.write() as db:
            for number, o, judge, found in answers:
                db.execute(
                    "UPDATE judge_request SET outcome = ?, dollars = ?, input = ?, output = ?, cached = ? "
                    "WHERE request = ? AND outcome = 'sent'",
                    (o.what, o.dollars, o.input, o.output, o.cached, number),
                )
                if found is not None:
                    db.execute(_KEEP, _values(judge, found))

    def take(self, judge: str, found: Iterable[Judgement]) -> None:
        """Judgements of another ledger, such as those that an export carries; nothing was sent or paid for them here."""
        with self._workspace.write() as db:
            for one in found:
                db.execute(_KEEP, _values(judge, one))

    def spent(self, run: int) -> Spent:
        """What a run has cost so far."""
        with self._workspace.read() as db:
            row = db.execute(
                "SELECT count(*), sum(attempt > 1), sum(outcome = 'sent'), count(DISTINCT content), sum(dollars), "
                "sum(input), sum(output), sum(cached) FROM judge_request WHERE run = ?",
                (run,),
            ).fetchone()
        count = [int(v or 0) for v in row]
        return Spent(count[0], count[1], count[2], count[3], float(row[4] or 0.0), count[5], count[6], count[7])

    def outcomes(self, run: int) -> dict[str, int]:
        """How many requests of a run ended how."""
        with self._workspace.read() as db:
            return dict(
                db.execute(
                    "SELECT outcome, count(*) FROM judge_request WHERE run = ? GROUP BY outcome ORDER BY outcome",
                    (run,),
                ).fetchall()
            )

    def attempts(self, run: int) -> dict[str, int]:
        """Requests that a run has sent for each content."""
        with self._workspace.read() as db:
            return dict(
                db.execute(
                    "SELECT content, max(attempt) FROM judge_request WHERE run = ? GROUP BY content", (run,)
                ).fetchall()
            )

    def known(self, judge: str) -> dict[str, Judgement]:
        """Everything that a judge has said, by content."""
        if not self.exists:
            return {}
        with self._workspace.read() as db:
            rows = db.execute(
                "SELECT content, scores, reason, raw, cut FROM judgement WHERE judge = ? ORDER BY content", (judge,)
            ).fetchall()
        return {c: Judgement(c, json.loads(scores), reason, raw, bool(cut)) for c, scores, reason, raw, cut in rows}

    def judges(self) -> dict[str, Mapping[str, object]]:
        """Every judge that was asked, with the settings of its last run (model, rubric, ...), oldest first."""
        if not self.exists:
            return {}
        with self._workspace.read() as db:
            rows = db.execute("SELECT judge, settings FROM judge_run ORDER BY run").fetchall()
        return {judge: json.loads(settings) for judge, settings in rows}

    def averages(self, judge: str) -> tuple[int, float]:
        """(replies, mean output tokens of one) of this judge so far: what an estimate can rest on."""
        if not self.exists:
            return 0, 0.0
        with self._workspace.read() as db:
            count, mean = db.execute(
                "SELECT count(*), avg(output) FROM judge_request WHERE judge = ? AND output > 0", (judge,)
            ).fetchone()
        return int(count), float(mean or 0.0)

    def forget_failed(self, judge: str) -> int:
        """Takes back failures, so that the next run asks again; returns how many. Their requests stay on the bill."""
        with self._workspace.write() as db:
            return int(db.execute("DELETE FROM judgement WHERE judge = ? AND reason <> ''", (judge,)).rowcount)

    def batch_sent(self, run: int, token: str) -> None:
        """A batch about to be created: known by its token until the service has named it."""
        with self._workspace.write() as db:
            db.execute(
                "INSERT INTO judge_batch (token, run, batch, state, at) VALUES (?, ?, '', 'sent', ?)",
                (token, run, _now()),
            )

    def batch_is(self, token: str, batch: str, state: str) -> None:
        """The service's name of a batch, and how far it is: running, done or lost."""
        with self._workspace.write() as db:
            db.execute("UPDATE judge_batch SET batch = ?, state = ? WHERE token = ?", (batch, state, token))

    def batches(self, run: int) -> list[tuple[str, str, str, str]]:
        """(token, service's name or "", state, time) of a run's batches that are not done."""
        with self._workspace.read() as db:
            return db.execute(
                "SELECT token, batch, state, at FROM judge_batch WHERE run = ? AND state IN ('sent', 'running') ORDER BY at",
                (run,),
            ).fetchall()

    def waiting(self, token: str) -> dict[str, tuple[int, int]]:
        """content -> (request, attempt) of a batch that has no answer yet."""
        with self._workspace.read() as db:
            found = db.execute(
                "SELECT content, request, attempt FROM judge_request WHERE batch = ? AND outcome = 'sent'", (token,)
            ).fetchall()
        return {content: (number, attempt) for content, number, attempt in found}

    def keep_text(self, kind: str, name: str, text: str) -> None:
        """Keeps a rubric under its fingerprint, so that a recipe that names it can be read later."""
        with self._workspace.write() as db:
            db.execute(
                "INSERT OR IGNORE INTO judge_text (kind, name, text, at) VALUES (?, ?, ?, ?)",
                (kind, name, text, _now()),
            )

    def text(self, kind: str, name: str) -> str | None:
        if not self.exists:
            return None
        with self._workspace.read() as db:
            row = db.execute("SELECT text FROM judge_text WHERE kind = ? AND name = ?", (kind, name)).fetchone()
        return None if row is None else str(row[0])

    def texts(self, kind: str) -> tuple[str, ...]:
        """Names of the texts of a kind, latest first."""
        if not self.exists:
            return ()
        with self._workspace.read() as db:
            return tuple(
                r[0] for r in db.execute("SELECT name FROM judge_text WHERE kind = ? ORDER BY at DESC, name", (kind,))
            )


def _values(judge: str, found: Judgement) -> tuple[object, ...]:
    scores = json.dumps(dict(found.scores), sort_keys=True)
    return judge, found.content, scores, found.reason, _plain(found.raw)[:RAW], found.cut, _now()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _plain(text: str) -> str:
    """Without half characters, which SQLite refuses."""
    return text.encode("utf-8", "backslashreplace").decode()
