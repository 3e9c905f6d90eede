"""The hard cap: dollars are set aside before a request goes out, at the most it can cost, and settled when it is back."""

from __future__ import annotations

import threading


class Budget:
    """Caps in dollars and rows that no interleaving of threads passes. used, rows: what the ledger says is gone already."""

    def __init__(self, dollars: float, rows: int, used: float = 0.0, rows_used: int = 0) -> None:
        self._dollars, self._rows = dollars, rows
        self._used, self._rows_used = used, rows_used
        self._lock = threading.Lock()

    def take(self, most: float, *, new_row: bool) -> bool:
        """Sets `most` dollars aside (and a row); False, and nothing set aside, when a cap would be passed."""
        with self._lock:
            if self._used + most > self._dollars + 1e-12 or (new_row and self._rows and self._rows_used >= self._rows):
                return False
            self._used += most
            self._rows_used += new_row
            return True

    def settle(self, most: float, actual: float) -> None:
        """What was set aside becomes what it cost."""
        with self._lock:
            self._used += actual - most

    @property
    def left(self) -> float:
        return max(0.0, self._dollars - self._used)
