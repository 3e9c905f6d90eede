"""The values of the generator: a row to write and a label that says what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Message = dict[str, str]

OFFICE = (
    "You are the service desk assistant of Halden Works. Answer in plain words, give the steps in order, "
    "and say what happens next."
)
WEBSITE = "You help customers on the Halden Works website. Be brief, friendly and exact."


@dataclass
class Row:
    """One line of a file. `raw` replaces the record where the line is broken on purpose."""

    key: str
    category: str
    turns: list[str] = field(default_factory=list)  # user, assistant, user, assistant ...
    system: str = OFFICE
    raw: str | None = None
    messages: list[Message] | None = None  # overrides `turns` where the roles are odd on purpose
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        return "\n".join(m["content"] for m in self.chat() if m["role"] == "user")

    @property
    def answer(self) -> str:
        return "\n".join(m["content"] for m in self.chat() if m["role"] == "assistant")

    def chat(self) -> list[Message]:
        if self.messages is not None:
            return self.messages
        roles = ("user", "assistant")
        system = [{"role": "system", "content": self.system}] if self.system else []
        return system + [{"role": roles[n % 2], "content": text} for n, text in enumerate(self.turns)]

    def copy(self, key: str, **changes: Any) -> Row:
        row = Row(key, self.category, list(self.turns), self.system, None, None, dict(self.meta))
        for name, value in changes.items():
            setattr(row, name, value)
        return row


@dataclass
class Label:
    """What must be found in one row: a reason code (None: nothing), the witness's key, who finds it."""

    key: str
    code: str | None
    expected: str  # drop | review | malformed | keep
    note: str
    witness: str | None = None
    found_by: str = "this issue"
    also: tuple[str, ...] = ()  # other codes that answer the same defect
    either: bool = False  # the witness may be the one dropped, the keeper rule decides
