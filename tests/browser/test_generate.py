"""The generate page in a browser, against a real server on this machine: lacks, price, confirm, cancel, go on, leftovers, reading."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from harness import ROOT, serving, watching

sys.path.insert(0, str(Path(__file__).parents[1]))
from anthropic_server import KEY, Body, Service, row_of
from anthropic_server import serving as answering

pytestmark = pytest.mark.slow
DATA = ROOT / "sample_data" / "helpdesk.jsonl"
PLACES = ("hall", "cellar", "attic", "garage", "office", "kitchen", "lab", "store", "yard", "lift")
THINGS = ("router", "badge reader", "printer", "projector", "scanner", "heater", "lamp", "camera", "speaker", "lock")
VERBS = ("restart", "replace", "label", "move", "clean", "register", "lend", "test", "update", "return")


def teach(body: Body) -> Body:
    """Five rows a request that differ from each other and from those of other requests; one is a refusal."""
    row_of(body)
    n = int(body["messages"][0]["content"].split(".", 1)[0].split()[1][:8], 16)
    rows = []
    for k in range(5):
        m = n // 7 + 131 * k
        place, thing, verb = PLACES[m % 10], THINGS[m // 10 % 10], VERBS[m // 100 % 10]
        question = f"Who may {verb} the {thing} in the {place} of building {m % 997}?"
        answer = f"The team of building {m % 997} does: ask for it at the desk, and {verb} the {thing} only once they have confirmed."
        rows.append({"user_message": question, "assistant_message": answer})
    rows[4]["assistant_message"] = "I'm sorry, but as an AI I cannot help with that."
    return {"rows": rows}


def test_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("CURATE_KEY_FILE", raising=False)
    with serving(DATA) as server, watching(server, height=1300) as screen:
        screen.go("Generate")
        screen.page.get_by_text("There is no key").wait_for(timeout=60_000)
        screen.shot("generate-no-key", full=True)
        assert not screen.errors and not screen.foreign


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whole_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str) -> None:
    few = tmp_path / "helpdesk.jsonl"
    few.write_bytes(b"".join(DATA.read_bytes().splitlines(keepends=True)[:200]))
    service = Service(lambda n, _b: {0: "429", 7: "bad_json"}.get(n % 40, ""), teach)
    service.delay = 0.5
    with answering(service) as url:
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("CURATE_JUDGE_URL", url)
        with serving(few) as server, watching(server, height=1300, scheme=scheme) as screen:  # type: ignore[arg-type]
            screen.go("Generate")
            screen.key("generate.start").wait_for(timeout=90_000)
            screen.shot(f"generate-estimate-{scheme}", full=True)
            screen.key("generate.start").locator("button").click()
            screen.page.get_by_text("Nothing was sent").wait_for(timeout=20_000)
            assert not service.paths, "nothing goes out before a number of dollars is typed"
            screen.key("generate.most").locator("input").fill("2")
            screen.key("generate.start").locator("button").click()
            screen.page.get_by_text("sent ·").first.wait_for(timeout=30_000)
            screen.page.wait_for_timeout(2500)
            screen.shot(f"generate-progress-{scheme}", full=True)
            screen.key("generate.cancel").locator("button").click()
            screen.page.get_by_text("Stopped.").first.wait_for(timeout=60_000)
            asked = len(service.bodies)
            assert 0 < asked < 200
            screen.page.reload()
            screen.key("generate.resume").locator("button").wait_for(timeout=60_000)
            screen.shot(f"generate-stopped-{scheme}", full=True)
            screen.key("generate.resume").locator("button").click()
            screen.page.get_by_text("Read one in ten").wait_for(timeout=180_000)
            screen.idle(2000)
            screen.shot(f"generate-done-{scheme}", full=True)
            screen.key("generate.keep").locator("button").click()
            screen.page.get_by_text("1 of").first.wait_for(timeout=30_000)
            screen.key("generate.drop").locator("button").click()
            screen.page.get_by_text("1 of 2 rejected").wait_for(timeout=30_000)
            screen.shot(f"generate-read-{scheme}", full=True)
            body = screen.page.inner_text("body")
            assert KEY not in body and "Dedup rate" in body and not screen.errors and not screen.foreign
            kept = b"".join(p.read_bytes() for p in server.home.rglob("*") if p.is_file())
            assert KEY.encode() not in kept


def test_pairs_by_the_scripted_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contradictions and duplicates: the box, the price in both orders, the answers, the words on position."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("CURATE_KEY_FILE", raising=False)
    with serving(DATA) as server, watching(server, height=1300) as screen:
        screen.go("Duplicates")
        screen.page.get_by_text("Send to judge").click()
        screen.idle(1500)
        screen.page.get_by_text("There is no key").wait_for(timeout=60_000)
        screen.key("dup.pairs.model").locator("input").first.click()
        screen.page.get_by_role("option", name="scripted").click()
        screen.idle(1500)
        screen.key("dup.pairs.use").locator("button").click()
        screen.idle(1500)
        screen.key("dup.pairs.start").locator("button").click()
        screen.page.get_by_text("asked in both orders").last.wait_for(timeout=90_000)
        screen.idle(1500)
        screen.shot("pairs-duplicates", full=True)
        screen.go("Contradictions")
        screen.page.get_by_text("Send to judge").click()
        screen.idle(2000)
        screen.shot("pairs-contradictions", full=True)
        assert not screen.errors and not screen.foreign


def test_topics_named_by_the_scripted_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The box below the topics: the price, the run, the names taken over."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("CURATE_KEY_FILE", raising=False)
    with serving(DATA) as server, watching(server, height=1300) as screen:
        screen.go("Map")
        screen.key("topics.column").locator("input").first.click(timeout=60_000)
        screen.page.get_by_role("option", name="By meaning").click()
        screen.idle(2500)
        screen.page.get_by_text("Let a model name the topics").click(timeout=60_000)
        screen.idle(1500)
        screen.page.get_by_text("There is no key").wait_for(timeout=60_000)
        screen.key("names.model").locator("input").first.click()
        screen.page.get_by_role("option", name="scripted").click()
        screen.idle(1500)
        screen.key("names.start").locator("button").click()
        screen.key("names.use").wait_for(timeout=60_000)
        screen.idle(1500)
        screen.shot("topic-names", full=True)
        screen.key("names.use").locator("button").click()
        screen.page.get_by_text("Every topic has a name").wait_for(timeout=60_000)
        assert not screen.errors and not screen.foreign
