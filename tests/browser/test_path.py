"""The whole path in a browser: upload, badges, a threshold, a group, a row by hand, undo, an export as the CLI's.

CURATE_TEST_DATA names another file to walk it on; screenshots of every page go to `screenshots/`, light and dark.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import METRIC, ROOT, Scheme, Screen, Server, serving, watching

from curate.ui.frame import PAGES as LISTED

pytestmark = pytest.mark.slow
DATA = Path(os.environ.get("CURATE_TEST_DATA", ROOT / "sample_data" / "helpdesk.jsonl"))
PAGES = tuple(title for section in LISTED.values() for _, title, *_ in section)
VECTORS = 600_000


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def measured(screen: Screen) -> None:
    """Waits for the badges, then for the vectors."""
    screen.page.wait_for_selector("[data-testid=stSidebar] [data-testid=stMetricValue]", timeout=60_000)
    screen.page.wait_for_selector(".st-key-measure-cancel", state="detached", timeout=VECTORS)
    screen.idle(1500)


def test_from_upload_to_an_export_that_equals_the_command_line(server: Server) -> None:
    with watching(server) as screen:
        page = screen.page
        page.get_by_text("Upload", exact=True).first.click()
        screen.idle()
        page.locator("input[type=file]").first.set_input_files(str(DATA))
        screen.idle(1500)
        screen.key("load.upload.start").locator("button").first.click()
        measured(screen)
        screen.go("Overview")
        assert page.locator("[class*=st-key-badge-H]").count() >= 6
        before = screen.kept()
        screen.go("Duplicates")
        screen.drag("near.text", 0.02, METRIC)
        assert "1 changed" in screen.key("changes").inner_text()
        screen.key("undo").locator("button").first.click()
        screen.idle(800)
        assert screen.kept() == before
        screen.drag("near.text", 0.02, METRIC)
        screen.idle(800)
        if page.locator(".st-key-dup-groups").count():
            screen.choose_row("dup.groups")
            assert page.locator(".st-key-card-dup-copy").count() == 1
            now = screen.kept()
            keep = page.locator("[class*=st-key-row-keep-dup-copy] button").first
            keep.click()
            screen.idle(1000)
            assert page.get_by_text("1 decided by hand").count() == 1
            screen.key("undo").locator("button").first.click()
            screen.idle(1000)
            assert page.get_by_text("decided by hand").count() == 0 and screen.kept() == now
            screen.choose_row("dup.groups")
            if not keep.count():  # the click took the tick away
                screen.choose_row("dup.groups")
            keep.click()
            screen.idle(1000)
        screen.go("Export")
        screen.key("export.dir").locator("input").fill(str(server.folder / "by_app"))
        page.keyboard.press("Enter")
        screen.idle()
        screen.key("export.write").locator("button").first.click()
        page.wait_for_selector(".st-key-export-verify", timeout=60_000)
        with page.expect_download() as got:
            screen.key("export.recipe").locator("button").first.click()
        recipe = server.folder / "recipe.toml"
        got.value.save_as(recipe)
        assert not screen.foreign and not screen.errors
    uploaded = next((server.home / "uploads").rglob(DATA.name))
    command = [
        sys.executable,
        "-m",
        "curate.cli",
        "run",
        str(uploaded),
        "--recipe",
        str(recipe),
        "--out",
        str(server.folder / "by_cli"),
    ]
    done = subprocess.run(
        command, env=os.environ | {"CURATE_HOME": str(server.home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    versions = [(server.folder / n / "CURRENT").read_text() for n in ("by_app", "by_cli")]
    assert versions[0] == versions[1]
    written = [{f.name: f.read_bytes() for f in (server.folder / n / "versions" / versions[0].strip()).iterdir()}
               for n in ("by_app", "by_cli")]  # fmt: skip
    apart = {"run.json"}  # when and where it ran
    assert written[0].keys() == written[1].keys()
    assert not [f for f in written[0].keys() - apart if written[0][f] != written[1][f]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_photographed(scheme: Scheme) -> None:
    with serving(DATA) as server, watching(server, scheme=scheme, height=1500) as screen:
        measured(screen)
        for title in PAGES:
            screen.go(title)
            screen.idle(2500)
            screen.shot(f"{title.split()[0].lower()}-{scheme}")
        screen.go("Overview")
        screen.page.locator("[class*=st-key-badge-H][class*=-rows] button").first.click()
        screen.idle(1500)
        screen.shot(f"behind-{scheme}")
        screen.page.keyboard.press("Escape")
        screen.go("All rows")
        screen.choose_row("rows.table")
        screen.shot(f"card-{scheme}")
        screen.go("Duplicates")
        if screen.page.locator(".st-key-dup-groups").count():
            screen.choose_row("dup.groups")
            screen.idle(1000)
            screen.page.locator(".st-key-card-dup-copy").scroll_into_view_if_needed()
            screen.shot(f"group-{scheme}")
        assert not screen.foreign and not screen.errors


def test_a_reload_finds_the_work_and_a_second_session_sees_nothing(server: Server) -> None:
    with watching(server) as screen:
        screen.key("load.sample").locator("button").first.click()
        screen.page.wait_for_selector("[data-testid=stSidebar] [data-testid=stMetricValue]", timeout=60_000)
        screen.page.reload()
        screen.page.wait_for_selector("[data-testid=stSidebar] [data-testid=stMetricValue]", timeout=60_000)
        stranger = screen.another(server.link)
        assert stranger.page.get_by_text("No dataset open").count() == 1
        stranger.go("All rows")
        assert stranger.page.get_by_text("Open a dataset first").count() == 1


def test_every_page_opens_by_its_own_link_on_a_fresh_server() -> None:

    places = [(url, title) for section in LISTED.values() for _, title, _, url in section]
    for url, title in places:
        with serving(DATA) as server:
            where = "" if url == "load" else url
            link = f"{server.url}/{where}?token={server.link.rpartition('=')[2]}"
            with watching(server, link=link) as screen:
                screen.page.wait_for_selector(METRIC, timeout=60_000)
                screen.idle(1500)
                assert screen.page.url.startswith(f"{server.url}/{'overview' if url == 'load' else url}?"), (
                    screen.page.url
                )
                assert "token" not in screen.page.url
                if url not in ("load", "overview"):
                    assert title in screen.page.locator("[data-testid=stMain] h1").first.inner_text()
                assert not screen.foreign and not screen.errors
