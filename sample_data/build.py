"""Writes the sample data: python sample_data/build.py [FOLDER]. The same bytes each time.

helpdesk.jsonl, medical.jsonl   the pool: made-up rows with planted defects
evaluation.jsonl                the frozen rows
truth.json                      every planted defect by row id, with the reason code that must find it

Everything is written for this project by hand or by the word banks beside this file. Nothing is taken from elsewhere.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import _banks  # noqa: E402
import _defects  # noqa: E402
import _medical  # noqa: E402
import _requests  # noqa: E402
from _check import alike, assert_near, assert_planned  # noqa: E402
from _model import Label, Row  # noqa: E402

SEED = 20260301
FROZEN_HELPDESK, FROZEN_MEDICAL, TWINS = 44, 16, 12


class Pool:
    """Ordinary rows, of which defects take some, each at most once."""

    def __init__(self, rows: list[Row], rng: Random) -> None:
        self.rows = rows
        self._free = rng.sample(rows, len(rows))

    def take(self, fits: Callable[[Row], bool] = lambda row: True) -> Row:
        """An unused row; it stays in the pool."""
        at = next(n for n, row in enumerate(self._free) if fits(row))
        return self._free.pop(at)

    def remove(self, count: int, fits: Callable[[Row], bool]) -> list[Row]:
        """Unused rows that leave the pool, for the frozen file."""
        gone = [self.take(fits) for _ in range(count)]
        self.rows = [row for row in self.rows if row not in gone]
        return gone


def ordinary(rng: Random) -> list[Row]:
    """Helpdesk rows without a planted defect. A row too like an earlier one is left out: templates do collide."""
    rows = [row for block in _banks.blocks() for row in _banks.rows_of(block, rng)]
    rows += _requests.access(rng) + _requests.software(rng) + _requests.hardware(rng)
    late = {id(second) for _, second in alike(rows)}
    return [row for row in rows if id(row) not in late]


def helpdesk(rng: Random) -> tuple[list[Row], list[Row], list[Label]]:
    """The pool's lines in file order, the frozen rows, and the labels."""
    pool = Pool(ordinary(rng), rng)
    frozen = pool.remove(FROZEN_HELPDESK, lambda r: r.key.endswith(("-report", "-question")) and len(r.turns) == 2)
    topics = {row.key.rsplit("-", 1)[0] for row in frozen}
    pool.rows = [row for row in pool.rows if row.key.rsplit("-", 1)[0] not in topics or not row.key.endswith("-talk")]
    pool._free = [row for row in pool._free if row in pool.rows]
    sentences = sorted({s.strip(" .") + "." for b in _banks.blocks() for s in (b.fix + " " + b.why).split(". ")})
    planted = [
        *_defects.odd_shapes(pool.take),
        *_defects.copies(pool.take, rng),
        *_defects.pairs(),
        *_defects.single_rows(sentences, rng),
        *_defects.twins([row for row in frozen if len(row.prompt) > 90 and _defects.plain_case(row) and _defects.long_words(row.prompt)][:TWINS], rng),
        *_defects.broken("broken"),
    ]
    known = {row.key for row in pool.rows}
    lines = pool.rows + [row for row, _ in planted if row.key not in known]
    return rng.sample(lines, len(lines)), frozen, [label for _, label in planted]


def medical(rng: Random) -> tuple[list[Row], list[Row], list[Label]]:
    """As `helpdesk`, for the medical file."""
    pool = Pool(_medical.rows(rng), rng)
    frozen = pool.remove(FROZEN_MEDICAL, lambda r: r.category in ("effects", "habits", "use"))
    planted = list(_defects.conflicts(_medical.CONFLICTS, "conflict", ""))
    for n in range(4):
        base = pool.take()
        row = base.copy(f"medical-exact-{n}")
        planted.append((row, Label(row.key, "exact_copy", "drop", "equal messages, another reviewer", base.key, either=True)))
    for n in range(3):
        base = pool.take(lambda r: len(r.turns[0]) > 55 and _defects.long_words(r.turns[1]))
        row = base.copy(f"medical-edited-{n}", turns=[base.turns[0] + " Thanks!", _defects.swap_letters(base.turns[1], rng)])
        label = Label(row.key, "near_text", "drop", "light edits", base.key, also=("near_meaning",), either=True)
        planted.append((row, label))
    for n, base in enumerate(frozen[:3]):
        row = base.copy(f"medical-leaked-{n}")
        planted.append((row, Label(row.key, "contaminated", "drop", "a frozen row, word for word", base.key, also=("exact_copy",))))
    empty = pool.take()
    empty.turns[1] = ""
    planted.append((empty, Label(empty.key, "empty_answer", "drop", "no answer at all")))
    for n, raw in enumerate(('{"prompt": "What is a half-life?", "topic": "use"}', '{"prompt": "What is a dose?", "completion": "An amount taken at a time.",}')):
        code = ("missing_key", "invalid_json")[n]
        note = ("there is no completion", "a comma too many")[n]
        planted.append((Row(f"medical-broken-{n}", "broken", raw=raw), Label(f"medical-broken-{n}", code, "malformed", note)))
    known = {row.key for row in pool.rows}
    lines = pool.rows + [row for row, _ in planted if row.key not in known]
    return rng.sample(lines, len(lines)), frozen, [label for _, label in planted]


def helpdesk_lines(rows: list[Row], rng: Random) -> list[str]:
    """OpenAI messages with the desk's own columns. One line is blank, one repeats an earlier line whole."""
    start, lines, written = datetime(2026, 3, 2, 7, 30), [], {}
    last = max(n for n, row in enumerate(rows) if "same_line" in row.meta)
    for n, row in enumerate(rows):
        start += timedelta(minutes=rng.randrange(3, 190))
        ticket = 20400 + n - (n % 17 == 16)  # now and then two rows come from one ticket
        record = {
            "id": f"hd-{n + 1:04d}",
            "ticket": f"T-{ticket}",
            "source": rng.choices(("agent", "web", "synthetic"), (6, 3, 1))[0],
            "category": row.category,
            "created_at": start.strftime("%Y-%m-%dT%H:%M:00Z"),
            "messages": row.chat(),
        }
        written[row.key] = row.raw or json.dumps(record, ensure_ascii=False)
        lines.append(written[row.key])
    for n, row in enumerate(rows):
        if "same_line" in row.meta:
            lines[n] = written[row.meta["same_line"]]
    lines.insert(min(last, 300), "")
    return lines


def medical_lines(rows: list[Row], rng: Random) -> list[str]:
    """Prompt and completion, with a reviewer."""
    lines = []
    for row in rows:
        reviewer = rng.choice(("Aas", "Berg", "Dahl", "Eide"))
        record = {"prompt": row.prompt, "completion": row.answer, "topic": row.category, "reviewer": reviewer}
        lines.append(row.raw or json.dumps(record, ensure_ascii=False))
    return lines


def frozen_lines(rows: list[Row]) -> list[str]:
    """Messages, as the evaluation harness reads them."""
    return [json.dumps({"id": f"ev-{n + 1:03d}", "messages": row.chat()}, ensure_ascii=False) for n, row in enumerate(rows)]


def places(rows: list[Row], lines: list[str], name: str) -> dict[str, tuple[str, int]]:
    """Each row's file and line, counted from 1, blank lines included."""
    numbers = [n for n, line in enumerate(lines, 1) if line]
    return {row.key: (name, n) for row, n in zip(rows, numbers, strict=True)}


def ids_of(folder: Path, names: list[str]) -> dict[tuple[str, int], str]:
    """Row ids by file and line, as curate gives them."""
    from curate.load import load

    data = load([folder / name for name in names[:2]], frozen=[folder / names[2]])
    table = data.rows.select(["id", "source", "line"]).to_pydict()
    files = [Path(source.name).name for source in data.sources]
    return {(files[s], n): i for i, s, n in zip(table["id"], table["source"], table["line"], strict=True)}


Places = dict[str, tuple[str, int]]


def ranked(labels: list[Label], at: Places, ids: dict[tuple[str, int], str]) -> Places:
    """Where each key stands, with equal rows in the order of their ids: of copies the lowest rank is the witness."""
    place, equal = dict(at), {}
    for label in labels:
        if label.code == "exact_copy":
            equal.setdefault(label.witness or "", []).append(label.key)
    for base, copies in equal.items():
        keys = [base, *copies]
        place |= dict(zip(keys, sorted((at[key] for key in keys), key=lambda p: ids.get(p, "")), strict=True))
    return place


def truth(labels: list[Label], at: Places, ids: dict[tuple[str, int], str], counts: dict[str, Any]) -> dict[str, Any]:
    """truth.json as a value."""
    rows, groups = [], {}
    place = ranked(labels, at, ids)
    for label in labels:
        name, line = place[label.key]
        witness = place.get(label.witness or "")
        mine, other = ids.get((name, line)), ids.get(witness) if witness else None
        rows.append({
            "id": mine, "file": name, "line": line, "code": label.code, "also": list(label.also),
            "expected": label.expected, "witness": other, "either": label.either,
            "found_by": label.found_by, "note": label.note,
        })  # fmt: skip
        if label.either and label.witness and label.found_by == "this issue":
            groups.setdefault(label.witness, {at[label.witness]}).add(at[label.key])
    rows.sort(key=lambda r: (r["file"], r["line"], r["code"] or "", r["witness"] or ""))
    now = [r for r in rows if r["found_by"] == "this issue"]
    certain = {r["id"] for r in now if r["expected"] in ("drop", "review") and not r["either"] and r["id"]}
    return {
        "schema": 1,
        "about": "expected: what the default recipe makes of the row; also: other codes that answer the same defect; "
        "either: any one row of the group may be the one that stays; found_by: what adds the code.",
        "files": counts,
        "by_code": dict(sorted(Counter(r["code"] or "keep" for r in rows).items())),
        "expected_drops": sorted(certain),
        "expected_groups": sorted(sorted(ids[p] for p in group) for group in groups.values()) if ids else [],
        "dominant_topic": {"category": "access", "share": counts.pop("access")},
        "rows": rows,
    }


def check_copies(rows: list[Row], labels: list[Label]) -> None:
    """Planted near-copies are near, and nothing else is."""
    by_key = {row.key: row for row in rows}
    family = {label.key: label.witness or label.key for label in labels}
    planned_words = ("twin-", "pin-", "conflict-", "meaning-")

    def root(row: Row) -> str:
        return family.get(row.key, row.key)

    def planned(a: Row, b: Row) -> bool:
        same = root(a) == root(b) or b.key == root(a) or a.key == root(b)
        return same or a.key.split("-")[0] == b.key.split("-")[0] and a.key.startswith(planned_words)

    assert_planned([row for row in rows if row.raw is None], planned)
    for label in labels:
        if label.code == "near_text":
            assert_near(by_key[label.key], by_key[label.witness or ""])


def build(folder: Path) -> dict[str, Any]:
    """Write the four files into `folder` and return what truth.json says."""
    rng = Random(SEED)
    desk, desk_frozen, desk_labels = helpdesk(rng)
    drugs, drugs_frozen, drugs_labels = medical(rng)
    frozen, labels = desk_frozen + drugs_frozen, desk_labels + drugs_labels
    check_copies(desk + drugs + frozen, labels)
    names = ["helpdesk.jsonl", "medical.jsonl", "evaluation.jsonl"]
    written = [helpdesk_lines(desk, rng), medical_lines(drugs, rng), frozen_lines(frozen)]
    at, counts = {}, {}
    for name, lines, rows in zip(names, written, (desk, drugs, frozen), strict=True):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        at |= places(rows, lines, name)
        broken = sum(row.raw is not None for row in rows)
        counts[name] = {"read": len(lines), "rows": len(rows) - broken, "malformed": broken, "blank": len(lines) - len(rows)}
    counts["access"] = round(sum(row.category == "access" for row in desk) / counts["helpdesk.jsonl"]["rows"], 3)
    try:
        ids = ids_of(folder, names)
    except ImportError:
        ids = {}
    result = truth(labels, at, ids, counts)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    (folder / "truth.json").write_text(text, encoding="utf-8", newline="\n")
    return result


if __name__ == "__main__":
    made = build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
    sys.stdout.write(json.dumps({"files": made["files"], "by_code": made["by_code"]}, indent=1) + "\n")
