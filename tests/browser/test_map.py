"""The map in a real browser, points drawn by software: what is chosen comes back, row text is inert, keys reach all of it;
and how long 50,000 and 500,000 points take (`screenshots/map-speed.json`).

CURATE_MAP_ROWS names other sizes ("50000,500000"); speeds are printed, not asserted.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import harness
import pytest
from harness import METRIC, ROOT, SHOTS, TOKEN, Scheme, Screen, Server, serving, watching

from curate.ui.guard import Guard

sys.path.insert(0, str(ROOT / "tests" / "app"))
from app_cases import rows, write

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SIZES = tuple(int(n) for n in os.environ.get("CURATE_MAP_ROWS", "50000,500000").split(","))
LASSO = 50_000
WAIT = 900_000
SOFTWARE = ("--enable-unsafe-swiftshader",)  # WebGL without a graphics card
# Milliseconds from each move of the pointer to the frame after the points were drawn.
PAN = """
() => {
  window.__steps = []; let at = null;
  window.addEventListener('mousemove', () => { if (at === null) at = performance.now(); }, {capture: true});
  document.querySelector('.cm-root').addEventListener('map-drawn', () => {
    if (at === null) return;
    const began = at;
    requestAnimationFrame(() => { window.__steps.push([performance.now(), performance.now() - began]); at = null; });
  });
}
"""
# Frames drawn in two seconds of a drag whose pointer moves as often as a hand's does (125 times a second).
FRAMES = """
([x, y]) => new Promise((done) => {
  const stage = document.querySelector('.cm-stage canvas.cm-plot') || document.querySelector('.cm-stage canvas');
  let drawn = 0, n = 0;
  const count = () => { drawn++; };
  document.querySelector('.cm-root').addEventListener('map-drawn', count);
  const move = () => {
    n++;
    const at = {clientX: x + 60 * Math.sin(n / 30), clientY: y + 40 * Math.sin(n / 47), buttons: 1, bubbles: true};
    stage.dispatchEvent(new PointerEvent('pointermove', at));
    stage.dispatchEvent(new MouseEvent('mousemove', at));
  };
  const began = performance.now();
  const timer = setInterval(() => {
    move();
    if (performance.now() - began < 2000) return;
    clearInterval(timer);
    document.querySelector('.cm-root').removeEventListener('map-drawn', count);
    done(drawn / ((performance.now() - began) / 1000));
  }, 8);
})
"""
# The radius around the middle, as a share of the map's half height, that holds so many points.
RADIUS = """
async ([base, wanted]) => {
  const all = new Float32Array(await (await fetch(base, {cache: 'no-store'})).arrayBuffer());
  const count = all.length / 2, away = new Float64Array(count);
  for (let n = 0; n < count; n++) away[n] = Math.hypot(all[n], all[count + n]);
  away.sort();
  return away[Math.min(wanted, count) - 1];
}
"""
TABLE = """
() => { window.__table = null; document.addEventListener('mouseup', () => {
  const began = performance.now();
  const look = () => {
    const head = [...document.querySelectorAll('h3')].find((h) => h.innerText.includes('chosen on the map'));
    if (head && document.querySelector('.st-key-map-chosen-table canvas')) {
      requestAnimationFrame(() => { window.__table = [performance.now() - began, head.innerText]; });
    } else setTimeout(look, 5);
  };
  look();
}, {once: true, capture: true}); }
"""


@contextmanager
def mapped(data: Path, tmp: Path, scheme: Scheme = "light") -> Iterator[tuple[Server, Screen]]:
    """The app with made-up places on a file, its map open."""
    shutil.copy(Path(__file__).parent / "map_places.py", tmp / "app.py")
    (tmp / "pages").symlink_to(ROOT / "pages")
    shutil.copytree(ROOT / ".streamlit", tmp / ".streamlit")
    plain = harness.FLAGS
    harness.FLAGS = (*plain, *SOFTWARE)
    try:
        with serving(data, script=tmp / "app.py") as server, watching(server, scheme=scheme, height=1400) as screen:
            screen.page.wait_for_selector(METRIC, timeout=WAIT if data.stat().st_size > 5_000_000 else 90_000)
            screen.page.wait_for_selector(".st-key-measure-cancel", state="detached", timeout=WAIT)
            screen.idle(1500)
            screen.go("Map")
            ready(screen)
            yield server, screen
    finally:
        harness.FLAGS = plain


def ready(screen: Screen) -> None:
    """Waits until the points are drawn."""
    screen.page.wait_for_function("performance.getEntriesByName('map.painted').length > 0", timeout=WAIT)
    screen.idle(600)


def button(screen: Screen, name: str) -> None:
    screen.page.locator(".cm-bar").get_by_role("button", name=name, exact=True).click()


def said(screen: Screen) -> str:
    return str(screen.page.locator(".cm-said").inner_text())


def middle(screen: Screen) -> tuple[float, float, float]:
    """Middle of the map on the screen, and half its height."""
    box = screen.page.locator(".cm-stage").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] / 2


def ring(screen: Screen, radius: float) -> None:
    """A lasso around the middle."""
    import math

    x, y, _ = middle(screen)
    mouse = screen.page.mouse
    mouse.move(x + radius, y)
    mouse.down()
    for n in range(1, 33):
        mouse.move(x + radius * math.cos(n * math.pi / 16), y + radius * math.sin(n * math.pi / 16))
        screen.page.wait_for_timeout(12)
    mouse.up()


def table_of(count: int, path: Path) -> Path:
    """Rows that differ, cheap to make and to measure."""
    with path.open("w", encoding="utf-8") as file:
        for n in range(count):
            kind = n * 7919 % 997
            pair = [
                {"role": "user", "content": f"Question {n}: how does part {kind} of machine {n % 8191} work?"},
                {"role": "assistant", "content": f"Part {kind} turns {n * 31 % 1009} times and then rests, {n}."},
            ]
            file.write(json.dumps({"messages": pair}) + "\n")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_chosen_on_the_map_comes_back_as_rows(scheme: Scheme, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with mapped(write(tmp_path / "mine.jsonl", rows(600)), tmp_path / "app", scheme) as (_, screen):
        page = screen.page
        before = screen.kept()
        button(screen, "Lasso")
        ring(screen, 150)
        screen.idle(1500)
        chosen = said(screen).split(" · ")[-1].split()[0]
        assert page.get_by_role("heading", name=f"{chosen} rows chosen on the map").count() == 1
        screen.shot(f"map-lasso-{scheme}", full=True)
        screen.key("map.compare").locator("summary").click()
        screen.idle(800)
        screen.shot(f"map-compare-{scheme}", full=True)
        screen.key("map.drop").locator("button").first.click()
        screen.idle(1500)
        assert screen.kept() < before and page.locator(".cm-fault").inner_text() == ""
        screen.key("undo").locator("button").first.click()
        screen.idle(1500)
        assert screen.kept() == before
        button(screen, "Clear")
        screen.idle(800)
        assert page.get_by_role("heading", name="chosen on the map").count() == 0
        screen.key("map.show").get_by_text("After the recipe").click()
        screen.idle(1500)
        assert said(screen).startswith(f"{before} of 600 points shown")
        assert not screen.foreign and not screen.errors


def test_a_hostile_row_is_text_on_the_map_and_below_it(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with mapped(write(tmp_path / "mine.jsonl", rows(60)), tmp_path / "app") as (_, screen):
        page = screen.page
        page.get_by_label("Light up").fill("evil.example")
        page.keyboard.press("Enter")
        screen.idle(1500)
        assert "1 row found" in said(screen)
        entry = "base => fetch(base).then((r) => r.text())"
        base = page.evaluate(
            "performance.getEntriesByType('resource').map((e) => e.name).find((n) => n.includes('/map-data/'))"
        )
        job, cloud = base.split("/map-data/")[1].split("/")
        texts = [page.evaluate(entry, f"/map-data/{job}/{cloud}/row/{n}") for n in range(60)]
        (bad,) = [t for t in texts if "evil.example" in t]
        assert "<script>alert(1)</script>" in bad and "[U+202E]" in bad and "\u202e" not in bad
        page.evaluate("t => { document.querySelector('.cm-card').textContent = t; }", bad)
        screen.key("map.colour").locator("input").fill("column of")
        page.keyboard.press("Enter")
        screen.idle(2500)
        assert page.locator(".cm-entry script, .cm-card script, .cm-name script").count() == 0
        screen.shot("map-hostile", full=True)
        assert not screen.foreign and not screen.errors


def test_the_map_by_keys_and_by_table(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with mapped(write(tmp_path / "mine.jsonl", rows(600)), tmp_path / "app") as (_, screen):
        page, stage = screen.page, screen.page.locator(".cm-stage")
        stage.focus()
        for key in ("+", "+", "ArrowLeft"):
            page.keyboard.press(key)
            page.wait_for_timeout(500)
        assert "points in view" in said(screen)
        screen.shot("map-keys")
        page.keyboard.press("v")
        screen.idle(1500)
        assert page.get_by_role("heading", name="rows chosen on the map").count() == 1
        stage.focus()
        page.keyboard.press("Enter")
        screen.idle(2500)
        assert page.get_by_role("heading", name="Nearest rows").count() == 1
        screen.shot("map-one", full=True)
        stage.focus()
        page.keyboard.press("Escape")
        screen.idle(1500)
        screen.choose_row("map.topics", 0)
        screen.idle(1500)
        assert page.get_by_role("heading", name="rows that light up").count() == 1
        screen.shot("map-topics", full=True)
        page.evaluate(AXE.read_text("utf-8"))
        run = "axe.run(document).then((f) => f.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 200))]))"
        assert page.evaluate(run) == []


def test_an_outline_opens_its_group(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with mapped(write(tmp_path / "mine.jsonl", rows(600)), tmp_path / "app") as (_, screen):
        screen.key("map.outline").get_by_text("Copies").click()
        screen.idle(1500)
        screen.shot("map-outlines")
        x, y, half = middle(screen)
        for step in range(400):  # a spiral until the pointer says that something opens
            import math

            away = half * 0.9 * step / 400
            screen.page.mouse.move(x + away * math.cos(step / 3), y + away * math.sin(step / 3))
            if screen.page.evaluate("document.querySelector('.cm-stage').style.cursor") == "pointer":
                break
        screen.page.mouse.down()
        screen.page.mouse.up()
        screen.idle(2500)
        assert "duplicates" in screen.page.url


def answer(port: int, route: str, *, method: str = "GET", token: str | None = TOKEN, origin: str | None = None) -> int:
    """The status of one raw request."""
    host = f"127.0.0.1:{port}"
    lines = [f"{method} {route} HTTP/1.1", f"Host: {host}", "Connection: close", "Content-Length: 0"]
    lines += [f"Origin: {origin}"] if origin else []
    lines += [f"Cookie: {Guard.cookie_name(host)}={token}"] if token else []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return int(wire.recv(64).split()[1])


def test_strangers_read_no_points(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with mapped(write(tmp_path / "mine.jsonl", rows(60)), tmp_path / "app") as (server, screen):
        script = "performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('/map-'))"
        found = [str(n).removeprefix(server.url) for n in screen.page.evaluate(script)]
        job = next(n for n in found if "/map-data/" in n).split("/")[2]
        own = f"http://127.0.0.1:{server.port}"
        for route in found:
            assert answer(server.port, route) == 200
            assert answer(server.port, route, token=None) == 403
            assert answer(server.port, route, token="wrong") == 403
            assert answer(server.port, route, origin="http://evil.example") == 403
            if "/map-data/" in route:
                assert answer(server.port, route.replace(job, "another-job-id")) == 404
        send = next(n for n in found if "/map-data/" in n).rsplit("/", 1)
        for asked in ("/map-data/" + job + "/" + send[1] + "/chosen",):
            assert answer(server.port, asked, method="POST") == 403  # a request that writes must name its origin
            assert answer(server.port, asked, method="POST", origin="http://evil.example") == 403
            assert answer(server.port, asked, method="POST", origin=own) == 400


@pytest.mark.parametrize("count", SIZES)
def test_how_long_it_takes(count: int, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with mapped(table_of(count, tmp_path / "mine.jsonl"), tmp_path / "app") as (_, screen):
        found: dict[str, Any] = {"rows": count, **first_paint(screen), **panning(screen), **lassoing(screen, count)}
        screen.shot(f"map-{count}", full=True)
        assert not screen.foreign and not screen.errors
    path = SHOTS / "map-speed.json"
    kept = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**kept, str(count): found}, indent=1))
    print(json.dumps(found))  # noqa: T201
    assert abs(found["lasso_rows"] - min(LASSO, count)) <= 50  # the ring is a polygon of 32 corners


def first_paint(screen: Screen) -> dict[str, float]:
    """Opens the page anew, with the module and its shaders cold."""
    screen.page.reload()
    ready(screen)
    script = "['map.data', 'map.painted'].map((n) => performance.getEntriesByName(n)[0].startTime)"
    data, painted = screen.page.evaluate(script)
    return {"first_paint_s": round((painted - data) / 1000, 2)}


def panning(screen: Screen) -> dict[str, float]:
    """Thirty steps of the pointer after three to warm up."""
    x, y, _ = middle(screen)
    mouse = screen.page.mouse
    screen.page.evaluate(PAN)
    mouse.move(x, y)
    mouse.down()
    for n in range(33):
        mouse.move(x + 4 * (n + 1), y + 2 * (n + 1))
        screen.page.wait_for_timeout(15)
    screen.page.wait_for_timeout(1500)
    frames = screen.page.evaluate(FRAMES, [x + 132, y + 66])
    mouse.up()
    steps = screen.page.evaluate("window.__steps")[3:]
    took = sorted(s[1] for s in steps)
    button(screen, "Whole map")
    screen.page.wait_for_timeout(1500)
    return {
        "pan_step_median_s": round(statistics.median(took) / 1000, 3),
        "pan_step_p95_s": round(took[int(0.95 * (len(took) - 1))] / 1000, 3),
        "frames_per_s": round(frames, 1),
    }


def lassoing(screen: Screen, count: int) -> dict[str, float]:
    """A ring around the middle with `LASSO` points in it, until their table stands below the map."""
    script = "performance.getEntriesByType('resource').map((e) => e.name).find((n) => n.includes('/map-data/'))"
    base = screen.page.evaluate(script)
    share = screen.page.evaluate(RADIUS, [base, LASSO])
    closer = 1.0
    if count <= LASSO:  # a ring around every point has to fit on the stage
        button(screen, "Zoom out")
        screen.page.wait_for_timeout(2500)
        closer = 1.1 / 1.5
    button(screen, "Lasso")
    screen.page.evaluate(TABLE)
    ring(screen, share * middle(screen)[2] * closer)
    screen.page.wait_for_function("window.__table !== null", timeout=60_000)
    took, head = screen.page.evaluate("window.__table")
    return {"lasso_s": round(took / 1000, 2), "lasso_rows": int(head.split()[0].replace(",", ""))}
