"""The workspace database: what people and paid services decided, in one SQLite file per home.

WAL, synchronous=FULL, BEGIN IMMEDIATE: a committed step survives kill -9 and power loss; writers wait.
A connection lives for one `with` block, so threads and forked processes can't share one by mistake.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from curate.errors import StoreError
from curate.store import files
from curate.store.store import Store

WAIT_SECONDS = 30.0

# Migration n takes a database of version n to n + 1. Never edit one that was released: add the next.
MIGRATIONS = (
    """
    CREATE TABLE decision (
        kind TEXT NOT NULL, id TEXT NOT NULL, other TEXT NOT NULL, value TEXT NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (kind, id, other)
    ) WITHOUT ROWID;
    CREATE TABLE step (
        step INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
        rows INTEGER NOT NULL, undone_at TEXT, undone_by TEXT
    );
    CREATE TABLE change (
        step INTEGER NOT NULL REFERENCES step (step), kind TEXT NOT NULL,
        id TEXT NOT NULL, other TEXT NOT NULL, value_before TEXT NOT NULL,
        note_before TEXT NOT NULL, value TEXT NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (step, kind, id, other)
    ) WITHOUT ROWID;
    CREATE INDEX change_by_id ON change (id, step);
    CREATE INDEX change_by_other ON change (other, step) WHERE other <> '';
    CREATE INDEX step_live ON step (step) WHERE undone_at IS NULL;
    """,
    """
    CREATE TABLE version (
        name TEXT NOT NULL, version TEXT NOT NULL, fingerprint TEXT NOT NULL, dataset TEXT NOT NULL,
        kept INTEGER NOT NULL, rejected INTEGER NOT NULL, review INTEGER NOT NULL,
        path TEXT NOT NULL, notes TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (name, version)
    ) WITHOUT ROWID;
    CREATE TABLE version_file (
        fingerprint TEXT NOT NULL, path TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (fingerprint, path)
    );
    CREATE TABLE training (
        run TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, model TEXT NOT NULL, params TEXT NOT NULL,
        at TEXT NOT NULL, FOREIGN KEY (name, version) REFERENCES version (name, version)
    ) WITHOUT ROWID;
    CREATE TABLE score (
        run TEXT NOT NULL REFERENCES training (run), split TEXT NOT NULL, metric TEXT NOT NULL, value REAL NOT NULL,
        at TEXT NOT NULL, look INTEGER NOT NULL
    );
    """,
    """
    CREATE TABLE judge_run (
        run INTEGER PRIMARY KEY AUTOINCREMENT, judge TEXT NOT NULL, dataset TEXT NOT NULL, settings TEXT NOT NULL,
        most_rows INTEGER NOT NULL, most_dollars REAL NOT NULL, state TEXT NOT NULL, at TEXT NOT NULL
    );
    CREATE TABLE judge_request (
        request INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES judge_run (run), judge TEXT NOT NULL,
        content TEXT NOT NULL, attempt INTEGER NOT NULL, batch TEXT NOT NULL, outcome TEXT NOT NULL, dollars REAL NOT NULL,
        input INTEGER NOT NULL DEFAULT 0, output INTEGER NOT NULL DEFAULT 0, cached INTEGER NOT NULL DEFAULT 0, at TEXT NOT NULL
    );
    CREATE INDEX judge_request_run ON judge_request (run, content);
    CREATE INDEX judge_request_judge ON judge_request (judge);
    CREATE INDEX judge_request_batch ON judge_request (batch) WHERE batch <> '';
    CREATE TABLE judgement (
        judge TEXT NOT NULL, content TEXT NOT NULL, scores TEXT NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL,
        cut INTEGER NOT NULL, at TEXT NOT NULL, PRIMARY KEY (judge, content)
    ) WITHOUT ROWID;
    CREATE TABLE judge_batch (
        token TEXT PRIMARY KEY, run INTEGER NOT NULL, batch TEXT NOT NULL, state TEXT NOT NULL, at TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE judge_text (
        kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (kind, name)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE review_queue (
        queue INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, dataset TEXT NOT NULL, how TEXT NOT NULL,
        base INTEGER NOT NULL, seed INTEGER NOT NULL, rubric TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL
    );
    CREATE TABLE review_item (
        queue INTEGER NOT NULL REFERENCES review_queue (queue), id TEXT NOT NULL, place INTEGER NOT NULL,
        twice INTEGER NOT NULL, weight REAL NOT NULL, filled INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (queue, id)
    ) WITHOUT ROWID;
    CREATE INDEX review_item_open ON review_item (queue, place) WHERE filled = 0;
    CREATE TABLE review_claim (
        queue INTEGER NOT NULL, id TEXT NOT NULL, who TEXT NOT NULL, hand TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (queue, id, who)
    ) WITHOUT ROWID;
    CREATE INDEX review_claim_held ON review_claim (queue, who) WHERE state = 'held';
    CREATE TABLE review_label (
        label INTEGER PRIMARY KEY AUTOINCREMENT, queue INTEGER NOT NULL REFERENCES review_queue (queue), id TEXT NOT NULL,
        who TEXT NOT NULL, value TEXT NOT NULL, score INTEGER, reasons TEXT NOT NULL, note TEXT NOT NULL, edited TEXT,
        seconds REAL NOT NULL, rubric TEXT NOT NULL, settled INTEGER NOT NULL, at TEXT NOT NULL, gone TEXT
    );
    CREATE INDEX review_label_row ON review_label (queue, id) WHERE gone IS NULL;
    CREATE TABLE gold_item (
        name TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, how TEXT NOT NULL, state TEXT NOT NULL,
        prompt TEXT, answer TEXT, who TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (name, id)
    ) WITHOUT ROWID;
    CREATE TABLE gold_file (
        name TEXT NOT NULL, sha256 TEXT NOT NULL, path TEXT NOT NULL, rows INTEGER NOT NULL, dataset TEXT NOT NULL,
        who TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (name, sha256)
    ) WITHOUT ROWID;
    CREATE TABLE stood_on (
        stand INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint TEXT NOT NULL, dataset TEXT NOT NULL, title TEXT NOT NULL,
        what TEXT NOT NULL, recipe TEXT NOT NULL, kept INTEGER, who TEXT NOT NULL, at TEXT NOT NULL
    );
    CREATE INDEX stood_on_dataset ON stood_on (dataset, stand);
    CREATE TABLE snapshot (
        name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, dataset TEXT NOT NULL, title TEXT NOT NULL, recipe TEXT NOT NULL,
        overrides TEXT NOT NULL, note TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE sealed (folder TEXT PRIMARY KEY, version TEXT NOT NULL, rows INTEGER NOT NULL, contents BLOB NOT NULL, at TEXT NOT NULL);
    CREATE TABLE opened (
        versions TEXT NOT NULL, rows INTEGER NOT NULL, page TEXT NOT NULL, why TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL
    );
    """,
)


class Workspace:
    """One database under `store.home`, made on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def path(self) -> Path:
        return self._store.home / "workspace.sqlite"

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the one write lock; committed on clean exit, rolled back on error."""
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: everything read inside is of one moment."""
        with self._connect() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextlib.contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._open()
            try:
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StoreError(
                f"the workspace database {self.path} can't be used ({error}); "
                "if another process is writing, try again; if it is damaged, put a copy back or move it away"
            ) from None

    def _open(self) -> sqlite3.Connection:
        self._store.folder()
        with contextlib.suppress(FileExistsError):
            files.create(self.path).close()
        connection = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA temp_store = MEMORY")
            if _version(connection) != len(MIGRATIONS):
                self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        _patiently(connection, "PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        found = _version(connection)
        if found > len(MIGRATIONS):
            raise StoreError(
                f"the workspace database {self.path} has version {found}; this curate knows "
                f"{len(MIGRATIONS)}; "
                "run a newer curate or set CURATE_HOME to another folder"
            )
        for script in MIGRATIONS[found:]:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
        files.sync_folder(self.path.parent)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Runs a statement for which SQLite does not honour its own timeout (a change of journal mode)."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
