"""Judging in batches: out of order, doubled, missing, torn and foreign results; refused, lost and unnamed batches; kills."""

from __future__ import annotations

from pathlib import Path

import pytest
from anthropic_server import Service, serving
from judge_cases import BUDGET, judge, ledger_in, work_of
from test_judge_live import kills

KINDS = (
    "missing",
    "duplicate",
    "errored",
    "expired",
    "torn",
    "foreign",
    "bad_json",
    "refusal",
    "max_tokens_once",
    "canceled",
)


def troubled(batch: str, number: int) -> str:
    return KINDS[number // 2 % len(KINDS)] if batch == "msgbatch_0000" and number % 2 == 0 else ""


def test_every_row_ends_scored_or_failed(tmp_path: Path) -> None:
    service = Service()
    service.batch_fault = troubled
    with serving(service) as url:
        done, run, ledger = judge(work_of(200, batch=True), tmp_path, url)
    spent = ledger.spent(run.number)
    known = ledger.known(work_of(1).key)
    assert done.scored + done.failed == 200 and len(known) == 200
    assert spent.requests == sum(len(b["requests"]) for b in service.batches.values()) == 200 + spent.retries
    assert spent.open == 0 and not service.bodies, "nothing was asked live"
    asked = [r["custom_id"] for b in service.batches.values() for r in b["requests"]]
    assert len(set(asked)) == len(asked) and all(len(name) <= 64 for name in asked)
    for content, found in known.items():
        if not found.reason:
            assert found.scores["overall"] == 1 + (5 + int(content, 16) % 60) % 5, "no score went to another row"
    assert {j.reason for j in known.values() if j.reason} == {"refusal", "bad_request"}


def test_a_batch_costs_half(tmp_path: Path) -> None:
    service = Service()
    with serving(service) as url:
        _, run, ledger = judge(work_of(50, batch=True), tmp_path, url)
    assert ledger.spent(run.number).dollars == pytest.approx((service.input * 0.10 + service.output * 0.50) / 2e6)


def test_the_cap_holds_over_several_batches(tmp_path: Path) -> None:
    service = Service()
    with serving(service) as url:
        done, run, ledger = judge(work_of(100, batch=True), tmp_path, url, dollars=0.004)
    spent = ledger.spent(run.number).dollars
    assert done.capped and done.left and spent <= 0.004 and len(service.batches) > 1
    assert (service.input * 0.10 + service.output * 0.50) / 2e6 <= spent + 1e-12


@pytest.mark.parametrize("fault", ["429", "500"])
def test_a_refused_batch_is_sent_again_and_paid_once(tmp_path: Path, fault: str) -> None:
    service = Service()
    service.batch_fault = lambda name, _n: fault if name == "create" else ""
    with serving(service) as url:
        done, run, ledger = judge(work_of(20, batch=True), tmp_path, url)
    assert done.scored == 20 and ledger.outcomes(run.number) == {"ok": 20, "refused": 20}


def test_a_batch_whose_name_was_lost_is_found_again(tmp_path: Path) -> None:
    """The connection breaks after the service took the batch: it is paid for, so it is looked for, not sent again."""
    service = Service()
    service.batch_fault = lambda name, n: "drop" if name == "create" and n == 0 else ""
    with serving(service) as url:
        with pytest.raises(Exception, match="run again"):
            judge(work_of(30, batch=True), tmp_path, url)
        done, _, _ = judge(work_of(30, batch=True), tmp_path, url)
    assert done.scored == 30 and len(service.batches) == 1


def test_results_come_from_the_address_that_was_allowed(tmp_path: Path) -> None:
    service = Service()  # its results_url names another host
    with serving(service) as url:
        done, _, _ = judge(work_of(3, batch=True), tmp_path, url)
    assert done.scored == 3 and any(p.endswith("/results") for p in service.paths)


@pytest.mark.slow
def test_kills(tmp_path: Path) -> None:
    service = Service()
    service.batch_fault, service.batch_seconds = troubled, 1.0
    with serving(service) as url:
        killed = kills(tmp_path, url, service, 4, "batch")
    spent = ledger_in(tmp_path).spent(1)
    assert killed and spent.dollars <= BUDGET
    assert sum(len(b["requests"]) for b in service.batches.values()) <= 200 + spent.retries
