"""Rows by a teacher against a real server: over-written, filtered, unlike the pool and the frozen rows, read, exported; kills."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from anthropic_server import KEY, Body, Service, row_of, serving
from typer.testing import CliRunner

from curate.cli import app
from curate.errors import RecipeError
from curate.judge.reply import Unreadable
from curate.make.candidates import collapse, risks
from curate.make.teacher import A_REQUEST, KINDS, rows_of
from curate.store import Judgements, OverrideLog, Store, Workspace

ROOT = Path(__file__).parents[1]
WORDS = [
    "amber",
    "basil",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heron",
    "ivory",
    "jetty",
    "kayak",
    "lemon",
    "maple",
    "nylon",
    "ocean",
    "pearl",
    "quilt",
    "raven",
    "slate",
    "tulip",
]


def sentence(seed: str, length: int) -> str:
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) + str(rng.randrange(900)) for _ in range(length))


def pool_row(n: int) -> Body:
    return {
        "prompt": f"How do I set up the {sentence(f'p{n}', 6)}?",
        "completion": f"Open {sentence(f'a{n}', 14)}. Then wait.",
    }


def exam_row(n: int) -> Body:
    return {
        "prompt": f"Where is the {sentence(f'e{n}', 8)} kept?",
        "completion": f"In {sentence(f'f{n}', 12)}. Look there.",
    }


def teach(body: Body) -> Body:
    """New rows that follow from the request; of five, one is a copy of a pool row, of an exam row, a refusal, or of another."""
    row_of(body)  # the seed stands inside the delimiter
    name = body["messages"][0]["content"].split(".", 1)[0]
    at = int(blake2b(name.encode(), digest_size=4).hexdigest(), 16)
    rows = [
        {
            "user_message": f"Why does {sentence(f'{name} {k}', 7)} matter?",
            "assistant_message": f"It {sentence(f'{name} a{k}', 16)}. So it does.",
        }
        for k in range(A_REQUEST)
    ]
    bad = ({"user_message": (p := pool_row(at % 40))["prompt"], "assistant_message": p["completion"]},
           {"user_message": exam_row(at % 10)["prompt"], "assistant_message": f"In {sentence(f'{name} e', 9)}. Look there."},
           {"user_message": rows[0]["user_message"] + " Say.", "assistant_message": "I'm sorry, but as an AI I cannot help with that."},
           dict(rows[1]))  # fmt: skip
    rows[4] = bad[at % 4]
    return {"rows": rows}


def files(tmp_path: Path, pool: int = 60) -> tuple[Path, Path]:
    data, exam = tmp_path / "pool.jsonl", tmp_path / "exam.jsonl"
    data.write_text("".join(json.dumps(pool_row(n)) + "\n" for n in range(pool)))
    exam.write_text("".join(json.dumps(exam_row(n)) + "\n" for n in range(10)))
    return data, exam


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return tmp_path / "home"


def words_for(tmp_path: Path, url: str, want: int) -> list[str]:
    return ["generate", "run", str(tmp_path / "pool.jsonl"), "--frozen", str(tmp_path / "exam.jsonl"), "--no-vectors", "--want", str(want), "--spend", "5",
            "--out", str(tmp_path / "new.jsonl"), "--base-url", url, "--timeout", "5", "--json=-"]  # fmt: skip


def the_whole_way(tmp_path: Path, home: Path, url: str, want: int) -> Body:
    result = CliRunner().invoke(app, words_for(tmp_path, url, want), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    made: Body = json.loads(result.stdout)
    kept, gone = read(tmp_path / "new.jsonl"), read(tmp_path / "new.rejected.jsonl")
    assert (
        made["written"] >= 2 * want and len(kept) == want == made["kept"] and len(kept) + len(gone) == made["written"]
    )
    assert {"exact_copy", "contaminated", "refusal"} <= set(made["reasons"]), made["reasons"]
    prompts = {m["messages"][0]["content"] for m in kept}
    assert len(prompts) == want, "none is a copy of another"
    assert not prompts & {pool_row(n)["prompt"] for n in range(60)} and not prompts & {
        exam_row(n)["prompt"] for n in range(10)
    }
    assert all(set(m["synthetic"]) == {"model", "prompt", "kind", "seeds", "request"} for m in kept)
    assert made["to_read"] == -(-want // 10)
    # A person keeps all of the tenth but one; the export holds the rows with their provenance and without that one.
    log = OverrideLog(Workspace(Store(home)))
    queue = [i for i, a in zip(log.current().ids, log.current().actions, strict=True) if a == "review"]
    assert len(queue) == made["to_read"]
    log.set(queue[1:], "keep")
    log.set(queue[:1], "drop")
    out = tmp_path / "out"
    words = [
        "run",
        str(tmp_path / "pool.jsonl"),
        str(tmp_path / "new.jsonl"),
        "--frozen",
        str(tmp_path / "exam.jsonl"),
        "--no-vectors",
        "--out",
        str(out),
    ]
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    version = out / "versions" / (out / "CURRENT").read_text().strip()
    trained = [row for name in ("train", "validation", "test") for row in read(version / f"{name}.jsonl")]
    assert sum("synthetic" in row for row in trained) == want - 1
    return made


def test_rows_are_written_sieved_read_and_exported(tmp_path: Path, home: Path) -> None:
    files(tmp_path)
    service = Service(lambda n, _b: ("429", "bad_json", "half")[n // 9 % 3] if n % 9 == 0 else "", teach)
    with serving(service) as url:
        made = the_whole_way(tmp_path, home, url, 40)
        assert made["retries"] > 0 and made["requests"] == len(service.bodies)
        before = len(service.bodies)
        CliRunner().invoke(app, words_for(tmp_path, url, 40), catch_exceptions=False)
        assert len(service.bodies) == before, "what is written is not paid for again"


@pytest.mark.slow
def test_a_thousand_rows_and_a_kill(tmp_path: Path, home: Path) -> None:
    """Killed in the middle: what was answered stands in the ledger, and the same command goes on."""
    files(tmp_path)
    service = Service(lambda n, _b: "500" if n % 23 == 0 else "", teach)
    service.delay = 0.05
    with serving(service) as url:
        env = os.environ | {"PYTHONPATH": str(ROOT), "CURATE_HOME": str(home)}
        command = [sys.executable, "-c", "from curate.cli import main; main()", *words_for(tmp_path, url, 1000)]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until = time.monotonic() + 120
        while len(service.bodies) < 150 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        assert process.poll() is None
        process.kill()
        process.communicate()
        made = the_whole_way(tmp_path, home, url, 1000)
    spent = Judgements(Workspace(Store(home))).spent(1)
    sys.stdout.write(f"\n{made}\n{spent}\n")
    assert made["written"] == 2100 and spent.requests <= 420 + spent.retries + spent.open
    assert len(service.bodies) <= spent.requests and spent.open <= 8


def test_replies_of_a_teacher() -> None:
    good = (
        '{"rows": [{"user_message": "q", "assistant_message": "a"}, {"user_message": " ", "assistant_message": "a"}]}'
    )
    assert rows_of(good, "end_turn") == [("q", "a")]
    for bad in (
        "",
        "[]",
        "{}",
        '{"rows": 3}',
        '{"rows": [3]}',
        '{"rows": []}',
        '{"rows": [{"user_message": 1, "assistant_message": "a"}]}',
    ):
        with pytest.raises(Unreadable):
            rows_of(bad, "end_turn")
    with pytest.raises(Unreadable, match="refusal"):
        rows_of(good, "refusal")


@pytest.mark.usefixtures("home")
def test_a_stated_rule_is_needed(tmp_path: Path) -> None:
    files(tmp_path)
    for kind in KINDS:
        words = [
            "generate",
            "estimate",
            str(tmp_path / "pool.jsonl"),
            "--no-vectors",
            "--kind",
            kind,
            "--want",
            "5",
            "--json=-",
        ]
        result = CliRunner().invoke(app, words)
        assert (result.exit_code == 0) == (kind not in ("ambiguous", "refusal"))
        assert CliRunner().invoke(app, [*words, "--rule", "Ask back."]).exit_code == 0
        assert result.exit_code == 0 or isinstance(result.exception, RecipeError)


def test_fields_and_layouts_are_named() -> None:
    assert set(risks(["Take 5 mg of this medication twice a day."] * 3 + ["Hello there."] * 3)) == {"medicine"}
    assert collapse(["## Head\n1. One\n2. Two"] * 9 + ["Fine."], ["Fine, then go on.", "No. It is not."] * 5)
    assert not collapse(["Yes, it is.", "No: 91 is 7 x 13.", "Ask the desk."], ["Fine."])


def test_s3s_exercise_with_the_scripted_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """20 rows by hand, 200 wanted, filters, dedup rate, average score, 160/20/20."""
    monkeypatch.setenv("CURATE_HOME", str(tmp_path / "home"))
    files(tmp_path, pool=20)
    pool, new, out = tmp_path / "pool.jsonl", tmp_path / "new.jsonl", tmp_path / "out"
    words = [
        "generate",
        "run",
        str(pool),
        "--no-vectors",
        "--want",
        "200",
        "--each",
        "20",
        "--model",
        "scripted",
        "--spend",
        "0",
        "--out",
        str(new),
        "--json=-",
    ]
    made = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    assert made["kept"] == 200 and made["enough"] and made["spent"] == 0
    assert {m["synthetic"]["model"] for m in read(new)} == {"scripted"}
    log = OverrideLog(Workspace(Store(tmp_path / "home")))
    log.set(log.current().ids, "keep")
    recipe = tmp_path / "r.toml"
    recipe.write_text("[split]\nvalidation_rows = 20\ntest_rows = 20\n[leak]\nenabled = false\n")
    words = ["run", str(new), "--no-vectors", "--recipe", str(recipe), "--out", str(out), "--json=-"]
    ran = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    version = out / "versions" / ran["version"]
    assert [len(read(version / f"{s}.jsonl")) for s in ("train", "validation", "test")] == [160, 20, 20]
    assert any(c["id"] == "H5" for c in ran["checks"]) and ran["scores"]
