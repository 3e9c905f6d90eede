"""The errors that people see: what we got; what is allowed; what to run. Never row text.

CurateError
├── DataError       a file, row or field that can't be used
├── RecipeError     a setting that is unknown, out of range or at odds with another
├── FloorError      a question below what was measured; says what to run
├── BackendError    a library, model or service that is missing or failed
├── StoreError      the workspace or an export directory is damaged, foreign or busy
└── Cancelled       the person stopped the work; nothing was published
"""

from __future__ import annotations


class CurateError(Exception):
    """Base of every error that the CLI prints as one sentence (exit 2) and a page shows as a message."""


class DataError(CurateError):
    """A file, row or field that can't be used."""


class RecipeError(CurateError):
    """A setting that is unknown, out of range or at odds with another."""


class FloorError(CurateError):
    """A question below what was measured. The message names the floor and the command that lowers it."""


class BackendError(CurateError):
    """A library, model or service that is missing or failed."""


class StoreError(CurateError):
    """The workspace or an export directory is damaged, foreign or busy."""


class Cancelled(CurateError):
    """The person stopped the work. Nothing was published; what was measured stays measured."""
