"""Promises P1 and P2 through the command line: whatever bytes come in, every row is accounted for and every file comes back."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import pytest
from cli_cases import SAMPLE, Done, cli
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.ship import current, rebuild

text = st.text(max_size=10)
good = st.fixed_dictionaries({"prompt": text, "completion": text}, optional={"id": st.integers(0, 3), "note": text})
line = (
    st.builds(lambda row, plain: json.dumps(row, ensure_ascii=plain).encode("utf-8", "surrogatepass"), good, st.booleans())
    | st.binary(max_size=12)
    | st.sampled_from([b"", b" \t", b"null", b"[]", b"\xef\xbb\xbf", b'{"a":1,"a":2}', b'{"prompt":"p","completion":"c"}'])
)  # fmt: skip
jsonl = st.lists(st.tuples(line, st.sampled_from([b"\n", b"\r\n", b"\n\n", b""])), max_size=8).map(
    lambda parts: b"".join(a + b for a, b in parts)
)
# Mostly a usable row in front, else most files are refused as a whole and little is exported.
usable = st.lists(good, min_size=1, max_size=3).map(lambda rows: "".join(json.dumps(r) + "\n" for r in rows).encode())
mixed = st.tuples(usable, jsonl).map(b"".join) | st.tuples(usable, jsonl).map(lambda t: t[1] + b"\n" + t[0]) | jsonl
cell = st.text("ab\"',é\r\n ", max_size=6).map(lambda s: '"' + s.replace('"', '""') + '"')
csv_file = st.tuples(st.lists(cell, min_size=1, max_size=4), st.binary(max_size=12)).map(
    lambda t: b"prompt,completion\n" + "".join(f"q{k},{a}\n" for k, a in enumerate(t[0])).encode() + t[1]
)
FATES = ("kept", "dropped", "review", "frozen", "malformed", "blank")


def lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def check(done: Done, out: Path, files: dict[Path, bytes]) -> None:
    """After `run`: published, balanced, rebuilt; or one sentence and nothing at all."""
    if done.code != 0:
        assert done.code == 2 and done.err.startswith("curate: ") and done.err.count("\n") == 1, done
        assert "our fault" not in done.err
        assert not out.exists()
        return
    version = current(out)
    lineage = json.loads((version / "lineage.json").read_text("utf-8"))
    counts = {s["name"]: s["rows"] for s in lineage["sources"]}
    for rows in (*counts.values(), lineage["total"]):
        assert rows["read"] == sum(rows[fate] for fate in FATES)
    held = {"dropped": "rejected", "review": "review", "malformed": "malformed"}
    for fate, name in held.items():
        assert lines_of(version / f"{name}.jsonl") == lineage["total"][fate]
    assert sum(lines_of(version / f"{s}.jsonl") for s in ("train", "validation", "test")) == lineage["total"]["kept"]
    for path, plain in files.items():
        assert b"".join(rebuild(out, path.name)) == plain
    assert cli("verify", out, "--json", "-").json["mismatches"] == []


def run(files: dict[str, bytes], *words: str, frozen: bytes = b"") -> None:
    with tempfile.TemporaryDirectory() as folder:
        at, out = Path(folder), Path(folder) / "out"
        for name, plain in files.items():
            (at / name).write_bytes(gzip.compress(plain) if name.endswith(".gz") else plain)
        given = [at / name for name in files]
        if frozen:
            (at / "frozen.jsonl").write_bytes(frozen)
            words = (*words, "--frozen", str(at / "frozen.jsonl"))
        done = cli("run", *given, "--out", out, "--no-vectors", *words)
        check(
            done, out, dict(zip(given, files.values(), strict=True)) | ({at / "frozen.jsonl": frozen} if frozen else {})
        )


@settings(max_examples=40)
@given(mixed, jsonl, st.sampled_from(["default", "strict", "S0", "S1", "S3"]))
def test_lines_are_accounted_for_and_come_back(data: bytes, frozen: bytes, preset: str) -> None:
    run({"x.jsonl": data}, "--preset", preset, frozen=frozen)


@settings(max_examples=15)
@given(st.lists(good, min_size=1, max_size=5), jsonl, st.sampled_from([",", " ,\n "]))
def test_several_files_of_several_kinds(rows: list[dict[str, object]], data: bytes, comma: str) -> None:
    array = "[" + comma.join(json.dumps(r) for r in rows) + "]"
    run({"a.json": array.encode(), "b.jsonl.gz": data, "c.jsonl": data}, "--preset", "S1")


@settings(max_examples=25)
@given(csv_file)
def test_csv_is_accounted_for_and_comes_back(data: bytes) -> None:
    run({"x.csv": data}, "--preset", "S0")


@settings(max_examples=20)
@given(st.binary(max_size=60), st.sampled_from(["x.jsonl", "x.json", "x.csv", "x.tsv", "x.jsonl.gz", "x.parquet", "x"]))
def test_any_bytes_are_exported_or_refused(data: bytes, name: str) -> None:
    run({name: data})


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_the_sample_data_come_back(ends: bytes, last: bool) -> None:
    names = ("helpdesk.jsonl", "medical.jsonl")
    files = {name: (SAMPLE / name).read_bytes().replace(b"\n", ends) for name in names}
    run(
        {n: b if last else b.removesuffix(ends) for n, b in files.items()},
        frozen=(SAMPLE / "evaluation.jsonl").read_bytes(),
    )
