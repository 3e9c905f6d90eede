"""The rubric that people label by: one Markdown file, read beside the row, known by its fingerprint.

# Title
lines of introduction
## Reasons            - code: words
## Examples           ### good 5, then lines that begin with Prompt:, Answer:, Why:
## Anything else      shown as it stands, in the file's order
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from curate.errors import DataError
from curate.store import Judgements
from curate.store.reviews import VALUES

SHIPPED = Path(__file__).with_name("rubric.md")
KIND = "review rubric"  # of the workspace's kept texts
WANTED = 20  # S0: annotated examples
KEYS = "QWETYUIO"  # of the reasons, in their order; C and R belong to the app
LONGEST = 200_000
_HEAD = re.compile(r"(good|bad|fix)(?:\s+([1-5]))?")
_REASON = re.compile(r"-\s*([a-z][a-z0-9_]{0,39})\s*:\s*(.+)")
_PART = re.compile(r"(Prompt|Answer|Why):\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """One annotated example: label, score (None = not given), prompt, answer, and why."""

    value: str
    score: int | None
    prompt: str
    answer: str
    why: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """title; sections: (heading, lines) in the file's order; reasons: code -> words; examples; the text as it stands."""

    title: str
    intro: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    reasons: tuple[tuple[str, str], ...]
    examples: tuple[Example, ...]
    text: str

    @property
    def fingerprint(self) -> str:
        """16 hex of the text: another word is another rubric."""
        return blake2b(self.text.encode(), digest_size=8).hexdigest()

    @property
    def lacks(self) -> str:
        """What S0 would still want of it, "" for nothing."""
        missing = [v for v in VALUES if not any(e.value == v for e in self.examples)]
        if len(self.examples) < WANTED:
            return f"{len(self.examples)} annotated examples; S0 wants {WANTED} or more"
        return f"no example of {', '.join(missing)}" if missing else ""


def parse(text: str, name: str = "rubric") -> Rubric:
    """The rubric in a Markdown text. Errors: DataError that names the line."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    if len(text) > LONGEST or "\x00" in text:
        raise DataError(f"{name}: {len(text):,} characters; a rubric is text of at most {LONGEST:,}")
    title, parts = "", [("", [])]  # type: tuple[str, list[tuple[str, list[tuple[int, str]]]]]
    for n, line in enumerate(text.split("\n"), 1):
        if line.startswith("# ") and not title:
            title = line[2:].strip()
        elif line.startswith("## "):
            parts.append((line[3:].strip(), []))
        elif line.strip():
            parts[-1][1].append((n, line.rstrip()))
    named = {head.casefold(): lines for head, lines in parts}
    if not title or "reasons" not in named:
        raise DataError(
            f"{name}: a rubric has a `# Title` and a `## Reasons` list; print one with `curate review rubric`"
        )
    return Rubric(
        title,
        " ".join(line for _, line in parts[0][1]),
        tuple((h, _joined(lines)) for h, lines in parts[1:] if h.casefold() not in ("reasons", "examples")),
        _reasons(named["reasons"], name),
        _examples(named.get("examples", []), name),
        text,
    )


def _joined(lines: list[tuple[int, str]]) -> tuple[str, ...]:
    """Lines of a section; one that is set in goes on with the line before."""
    out: list[str] = []
    for _, line in lines:
        if out and line.startswith("  "):
            out[-1] += " " + line.strip()
        else:
            out.append(line)
    return tuple(out)


def _reasons(lines: list[tuple[int, str]], name: str) -> tuple[tuple[str, str], ...]:
    out: dict[str, str] = {}
    for n, line in lines:
        found = _REASON.fullmatch(line.strip())
        if not found or found[1] in out:
            raise DataError(f"{name}, line {n}: a reason is `- code: words`, each code once, in small letters and _")
        out[found[1]] = found[2].strip()
    if not 1 <= len(out) <= len(KEYS):
        raise DataError(f"{name}: {len(out)} reasons; 1 to {len(KEYS)} have a key of their own")
    return tuple(out.items())


def _examples(lines: list[tuple[int, str]], name: str) -> tuple[Example, ...]:
    out: list[Example] = []
    held: tuple[int, str, int | None] | None = None
    parts: dict[str, str] = {}
    at = ""
    for n, line in [*lines, (0, "### ")]:
        if line.startswith("###"):
            if held is not None:
                if set(parts) != {"Prompt", "Answer", "Why"}:
                    raise DataError(f"{name}, line {held[0]}: an example has lines with Prompt:, Answer: and Why:")
                out.append(Example(held[1], held[2], parts["Prompt"], parts["Answer"], parts["Why"]))
            head = _HEAD.fullmatch(line[3:].strip())
            if head is None and n:
                raise DataError(
                    f"{name}, line {n}: an example begins with `### good`, `### bad` or `### fix` and a score 1-5"
                )
            held, parts, at = (n, head[1], int(head[2]) if head[2] else None) if head else None, {}, ""
        elif (found := _PART.match(line)) and found[1] not in parts:
            at = found[1]
            parts[at] = found[2]
        elif at:
            parts[at] += "\n" + line
    return tuple(out)


def read(path: Path) -> Rubric:
    """A rubric file. Errors: DataError."""
    try:
        return parse(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"rubric {path.name} can't be read ({type(error).__name__}); give a Markdown file in UTF-8"
        ) from None


def shipped() -> Rubric:
    """The rubric that comes with the program."""
    return read(SHIPPED)


def keep(rubric: Rubric, kept: Judgements) -> str:
    """Keeps the text in the workspace under its fingerprint, which labels name."""
    kept.keep_text(KIND, rubric.fingerprint, rubric.text)
    return rubric.fingerprint


def find(fingerprint: str, kept: Judgements) -> Rubric:
    """The rubric of that fingerprint, out of the workspace or the shipped one. Errors: DataError."""
    own = shipped()
    if fingerprint in ("", own.fingerprint):
        return own
    text = kept.text(KIND, fingerprint)
    if text is None:
        raise DataError(f"rubric {fingerprint[:16]} is not in this workspace; give its file with --rubric")
    return parse(text)
