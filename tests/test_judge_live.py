"""Judging against a real server: every fault there is, every row accounted for, the cap, kills, keys and addresses."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from anthropic_server import KEY, Body, Service, serving
from judge_cases import BUDGET, FAST, judge, ledger_in, work_of

from curate.decide.recipe import Judge
from curate.errors import BackendError, RecipeError
from curate.judge.plan import count_tokens, priced
from curate.judge.wire import AnthropicMessenger, allowed_url, find_key
from curate.judge.work import Pace, Work
from curate.store import Judgements

ROWS = 200
FAULTS = ("429", "500", "529", "hang", "drop", "half", "half_json", "html", "refusal", "max_tokens", "max_tokens_once", "bad_json",
          "out_of_range", "string_score", "fenced", "thinking", "400")  # fmt: skip
HERE = Path(__file__).parent


def some_faults(number: int, body: Body) -> str:
    """A third of the requests fails in one of all ways; which, follows from the number."""
    del body
    return FAULTS[number // 3 % len(FAULTS)] if number % 3 == 0 else ""


def test_every_row_ends_scored_or_failed(tmp_path: Path) -> None:
    service = Service(some_faults)
    with serving(service) as url:
        done, run, ledger = judge(work_of(ROWS), tmp_path, url, timeout=0.6)
        spent = ledger.spent(run.number)
        assert done.scored + done.failed == ROWS and not done.left
        assert len(service.bodies) == spent.requests <= ROWS + spent.retries
        assert spent.open == 0 and spent.retries > 0
        assert 0 < spent.dollars <= BUDGET
        assert set(service.outcomes) == {*FAULTS, "ok"}
        known = ledger.known(work_of(1).key)
        failed = {j.reason for j in known.values() if j.reason}
        assert {"refusal", "bad_request"} <= failed
        assert all(j.scores == {} for j in known.values() if j.reason)
        before = len(service.bodies)
        again, _, _ = judge(work_of(ROWS), tmp_path, url)
        assert len(service.bodies) == before and again.scored == done.scored, "nothing is paid for twice"
    assert service.keys == {KEY}


def test_scores_are_the_ones_the_server_gave(tmp_path: Path) -> None:
    service = Service()
    with serving(service) as url:
        _, _, ledger = judge(work_of(30), tmp_path, url)
    for content, found in ledger.known(work_of(1).key).items():
        words = 5 + int(content, 16) % 60
        assert found.scores["overall"] == 1 + words % 5 and found.scores["exclude"] == 0


def test_a_reply_that_stops_at_the_limit_gets_more_room(tmp_path: Path) -> None:
    service = Service(lambda _n, _b: "max_tokens_once")
    with serving(service) as url:
        done, _, _ = judge(work_of(3), tmp_path, url)
    assert done.scored == 3 and sorted({b["max_tokens"] for b in service.bodies}) == [512, 1024]


def test_what_is_sent_says_no_more_than_it_must(tmp_path: Path) -> None:
    service = Service()
    with serving(service) as url:
        judge(work_of(2), tmp_path, url)
    body = service.bodies[0]
    assert set(body) == {"model", "max_tokens", "system", "messages", "output_config", "thinking"}
    assert (
        body["thinking"] == {"type": "disabled"}
        and next(iter(body["output_config"]["format"]["schema"]["properties"])) == "reasoning"
    )


@pytest.mark.parametrize("dollars", [0.0, 0.002, 0.01])
def test_the_cap_is_never_passed(tmp_path: Path, dollars: float) -> None:
    service = Service(some_faults)
    with serving(service) as url:
        done, run, ledger = judge(work_of(60), tmp_path, url, dollars=dollars, timeout=0.5)
        spent = ledger.spent(run.number)
    work = work_of(60)
    real = (service.input * 0.10 + service.output * 0.50) / 1e6
    assert real <= spent.dollars + 1e-9 and spent.dollars <= dollars
    assert done.capped and done.left and ledger.run(run.number).state == "done"
    assert len(ledger.known(work.key)) == done.scored + done.failed


def test_a_cap_in_rows_leaves_the_rest_not_judged(tmp_path: Path) -> None:
    service = Service()
    with serving(service) as url:
        done, _, _ = judge(work_of(40, Judge(max_rows=15)), tmp_path, url)
    assert (done.scored, done.left, len(service.bodies)) == (15, 25, 15)


def test_a_wrong_key_stops_at_once_and_costs_nothing(tmp_path: Path) -> None:
    service = Service()
    with serving(service) as url:
        messenger = AnthropicMessenger("sk-wrong", url)
        ledger = ledger_in(tmp_path)
        plan = priced(work_of(50), ledger, "d")
        from curate.judge.plan import begin, carry_out

        run = begin(plan, ledger, 1.0)
        with pytest.raises(BackendError, match="refused the key"):
            carry_out(plan, ledger, run, messenger)
        messenger.close()
    spent = ledger.spent(run.number)
    assert spent.requests <= FAST.concurrency and spent.dollars == 0 and spent.open == 0
    assert not ledger.known(plan.work.key)


def test_the_estimate_is_near_what_the_server_counts(tmp_path: Path) -> None:
    """Guessed by characters within its range; counted within a tenth, before a row is judged."""
    service = Service()
    with serving(service) as url:
        ledger, work = ledger_in(tmp_path), work_of(ROWS)
        guess = priced(work, ledger, "d").estimate
        messenger = AnthropicMessenger(KEY, url)
        counted = count_tokens(priced(work, ledger, "d"), messenger, ledger).estimate
        messenger.close()
        assert service.counted == 30 and not service.bodies, "counting judges nothing"
        judge(work_of(20), tmp_path, url)  # a pilot of 20 rows tells how long replies are
        second = count_tokens_again(work, ledger, url)
        judge(work, tmp_path, url)
    assert abs(counted.input - service.input) <= 0.1 * service.input
    real = (service.input * 0.10 + service.output * 0.50) / 1e6
    sys.stdout.write(
        f"\ntokens in: counted {counted.input:,.0f}, the server {service.input:,}; dollars: guessed {guess.dollars:.4f}, counted {counted.dollars:.4f}, "
        f"after a pilot {second:.4f}, the server {real:.4f}\n"
    )
    assert abs(second - real) <= 0.1 * real
    assert guess.low <= guess.dollars <= guess.high and "guess" in guess.basis


def count_tokens_again(work: Work, ledger: Judgements, url: str) -> float:
    messenger = AnthropicMessenger(KEY, url)
    try:
        return count_tokens(priced(work, ledger, "d"), messenger, ledger).estimate.dollars
    finally:
        messenger.close()


def kills(tmp_path: Path, url: str, service: Service, count: int, kind: str, rows: int = ROWS, seed: int = 1) -> int:
    """Starts runs and kills them at random instants; then lets one finish. How many were killed at work."""
    rng, killed = random.Random(seed), 0
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    command = [sys.executable, str(HERE / "judge_cases.py"), str(tmp_path), url, str(rows), kind]
    for _ in range(count):
        before = len(service.paths)
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
        until = time.monotonic() + 30
        want = before + rng.randint(3, max(4, rows // (count + 2)))
        while len(service.paths) < want and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        killed += process.poll() is None
        process.kill()
        process.communicate()
    last = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
    scored, failed, left = map(int, last.stdout.split())
    assert scored + failed == rows and left == 0
    return killed


def test_a_kill_pays_for_no_row_twice(tmp_path: Path) -> None:
    killed_runs(tmp_path, 1, 80)


@pytest.mark.slow
def test_four_kills_pay_for_no_row_twice(tmp_path: Path) -> None:
    killed_runs(tmp_path, 4, ROWS)


def killed_runs(tmp_path: Path, count: int, rows: int) -> None:
    service = Service(lambda n, _b: ("429", "500", "html", "bad_json")[n // 11 % 4] if n % 11 == 0 else "")
    service.delay = 0.02
    with serving(service) as url:
        killed = kills(tmp_path, url, service, count, "live", rows)
    ledger = ledger_in(tmp_path)
    spent = ledger.spent(1)
    assert killed == count
    assert len(service.bodies) <= spent.requests, "every request was in the ledger before it went out"
    assert spent.requests <= rows + spent.retries + spent.open
    assert spent.open <= count * FAST.concurrency and len(ledger.known(work_of(1).key)) == rows
    assert spent.dollars <= BUDGET

    sys.stdout.write(
        f"\n{count} kills: {spent.requests} requests for {rows} rows, {spent.retries} again, {spent.open} interrupted, "
        f"{len(service.bodies)} reached the server, ${spent.dollars:.4f} of ${BUDGET}\n"
    )


def test_cancel_keeps_what_was_answered(tmp_path: Path) -> None:
    import threading

    from curate.judge.plan import begin, carry_out

    service, stop = Service(), threading.Event()
    service.delay = 0.01

    def progress(stage: str, done: int, total: int) -> None:
        del stage, total
        if done >= 20:
            stop.set()

    with serving(service) as url:
        ledger = ledger_in(tmp_path)
        plan = priced(work_of(100), ledger, "d")
        run = begin(plan, ledger, 1.0)
        messenger = AnthropicMessenger(KEY, url)
        done = carry_out(plan, ledger, run, messenger, progress, stop)
        messenger.close()
        assert done.cancelled and 20 <= done.scored < 100 and ledger.run(run.number).state == "open"
        assert ledger.open_run(plan.work.key, "d") == ledger.run(run.number)
        done, again, _ = judge(work_of(100), tmp_path, url)
    assert done.scored == 100 and len(service.bodies) == 100
    assert again.number != run.number or again.dataset == "d"


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://evil.example")
    assert allowed_url(None, typed=False) == "https://api.anthropic.com"
    assert allowed_url("http://127.0.0.1:9/", typed=False) == "http://127.0.0.1:9"
    assert allowed_url("https://proxy.example", typed=True) == "https://proxy.example"
    for bad in (
        "https://evil.example",
        "http://api.anthropic.com",
        "https://api.anthropic.com.evil.example",
        "file:///etc/passwd",
    ):
        with pytest.raises(BackendError):
            allowed_url(bad, typed=False)
    with pytest.raises(BackendError):
        allowed_url("http://proxy.example", typed=True)


def test_keys(tmp_path: Path) -> None:
    assert find_key({}) is None and find_key({"ANTHROPIC_API_KEY": " k "}) == "k"
    held = tmp_path / "key"
    held.write_text("k2\n")
    held.chmod(0o644)
    with pytest.raises(BackendError, match="chmod"):
        find_key({"CURATE_KEY_FILE": str(held)})
    held.chmod(0o600)
    assert find_key({"CURATE_KEY_FILE": str(held)}) == "k2"
    with pytest.raises(BackendError):
        find_key({"CURATE_KEY_FILE": str(tmp_path / "none")})


def test_neither_key_nor_rows_reach_a_file_or_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_LOG", "debug")
    service = Service(some_faults)
    with serving(service) as url:
        judge(work_of(40, pace=Pace(bad=0.01, limited=0.01)), tmp_path, url, timeout=0.4)
    said = capfd.readouterr()
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert KEY.encode() not in kept and KEY not in said.out + said.err
    assert b"Question number" not in kept and "Question number" not in said.out + said.err


def test_models(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    with pytest.raises(RecipeError, match="retired"):
        priced(work_of(1, Judge(model="claude-sonnet-4-20250514")), ledger, "d")
    with pytest.raises(RecipeError, match="price table"):
        priced(work_of(1, Judge(model="gpt-9")), ledger, "d")
