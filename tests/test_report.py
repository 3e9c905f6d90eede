"""The report: every section from a real run, nothing in a row can leave its box, equal runs give equal pages."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from cli_cases import SAMPLE, cli

import curate
from curate.decide import preset
from curate.decide.agreement import kappa_of
from curate.errors import CurateError
from curate.views.report import NAMES, Options, Report, build, to_html, to_markdown
from curate.views.report.blocks import Table

HOSTILE = (
    '<script>document.title="x"</script><img src=http://127.0.0.1:9/b.png onerror=x()>',
    "![](http://127.0.0.1:9/a.png) [x](javascript:x()) </div></body>",
    "```\n# heading\n````\n<iframe src=//127.0.0.1:9></iframe> \u202e\u200b{{ 7 * 7 }} {% raw %}",
)
BOXES = {"a", "body", "code", "del", "div", "figcaption", "figure", "h1", "h2", "h3", "head", "header", "html", "img", "ins",
         "main", "meta", "nav", "p", "pre", "section", "span", "style", "table", "tbody", "td", "th", "thead", "title", "tr",
         "svg", "rect", "line", "text"}  # fmt: skip


class Tags(HTMLParser):
    """Every element of a page with its attributes, and the visible words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def made(rows: list[dict[str, str]], folder: Path, options: Options | None = None) -> Report:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    recipe = preset("default").with_setting("embed", enabled=False)
    data = curate.load([path])
    evidence = curate.measure(data, recipe=recipe)
    verdicts = curate.decide(evidence, recipe)
    return build(data, evidence, verdicts, curate.check(data, evidence, verdicts), options or Options())


def hostile_rows() -> list[dict[str, str]]:
    texts = [{"prompt": f"{bad} question {n}", "completion": f"{bad} answer {n}"} for n, bad in enumerate(HOSTILE)]
    return [*texts, *texts, {"prompt": HOSTILE[0], "completion": ""}]


def test_hostile_rows_stay_text(tmp_path: Path) -> None:
    page = to_html(made(hostile_rows(), tmp_path))
    tags = Tags(page)
    assert {tag for tag, _ in tags.found} <= BOXES
    assert not [a for _, attrs in tags.found for a in attrs if a.startswith("on")]
    links = [str(attrs[a]) for _, attrs in tags.found for a in ("href", "src") if a in attrs]
    assert all(link.startswith(("#", "data:image/png")) for link in links)
    assert "\u202e" not in page and "\u200b" not in page and "[U+202E]" in page
    assert "<script>document.title" in "".join(tags.words)  # shown as it stands
    assert "{{ 7 * 7 }}" in "".join(tags.words)


def test_the_page_may_load_nothing(tmp_path: Path) -> None:
    page = to_html(made(hostile_rows(), tmp_path))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy and "default-src 'none'" in policy[1] and "script" not in policy[1]
    assert "<script" not in page.replace("&lt;script", "")


def test_no_row_closes_its_markdown_fence(tmp_path: Path) -> None:
    text = to_markdown(made(hostile_rows(), tmp_path))
    fence, outside = "", []
    for line in text.split("\n"):
        mark = re.match(r"`{3,}", line)
        if mark and not fence:
            fence = mark[0]
        elif fence and line == fence:
            fence = ""
        elif not fence:
            outside.append(line)
    assert not fence
    assert not [line for line in outside if "127.0.0.1" in line or line.startswith("# heading")]


def test_equal_runs_give_equal_pages(tmp_path: Path) -> None:
    rows = hostile_rows()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert to_html(made(rows, tmp_path / "a")) == to_html(made(rows, tmp_path / "b"))


def test_sections_are_left_out_by_name(tmp_path: Path) -> None:
    whole = made(hostile_rows(), tmp_path)
    part = made(hostile_rows(), tmp_path, Options(without=frozenset({"duplicates", "removed"})))
    assert [s.id for s in part.sections] == [s.id for s in whole.sections if s.id not in ("duplicates", "removed")]
    with pytest.raises(CurateError, match="section 'x' is unknown; allowed are todo, "):
        made(hostile_rows(), tmp_path, Options(without=frozenset({"x"})))


def test_cost_is_stated_only_for_a_stated_price(tmp_path: Path) -> None:
    rows = [{"prompt": "a" * 400, "completion": "b" * 400}]
    free, paid = (
        cost_of(made(rows, tmp_path, options))
        for options in (Options(epochs=2), Options(epochs=2, price=5.0, speed=10.0))
    )
    assert free.rows[0] == ("all pool rows", "1", "200", "400", "", "")
    assert paid.rows[0][4:] == ("0.00", "0.0") and "5 per million tokens" in paid.note


def cost_of(report: Report) -> Table:
    block = next(s for s in report.sections if s.id == "cost").blocks[0]
    assert isinstance(block, Table)
    return block


def test_an_empty_pool_makes_a_page(tmp_path: Path) -> None:
    page = to_html(made([{"prompt": "one question", "completion": "one answer"}], tmp_path, Options(examples=0)))
    assert "Dataset report" in page


def test_the_command_writes_html_and_markdown(tmp_path: Path) -> None:
    data = (SAMPLE / "helpdesk.jsonl", "--frozen", SAMPLE / "evaluation.jsonl", "--no-vectors")
    out = tmp_path / "export"
    assert cli("run", *data, "--out", out).code == 0
    done = cli("report", *data, "--preset", "strict", "--previous", out, "--out", tmp_path / "deep" / "report.html")
    assert done.code == 0, done.err
    page = (tmp_path / "deep" / "report.html").read_text("utf-8")
    assert set(re.findall(r'<section id="(\w+)"', page)) == set(NAMES)
    assert "rows change fate" in page and str(tmp_path) not in page
    again = cli("report", *data, "--preset", "strict", "--previous", out, "--out", tmp_path / "b.html")
    assert again.code == 0 and (tmp_path / "b.html").read_text("utf-8") == page
    assert cli("report", *data, "--out", tmp_path / "report.md", "--without", "lineage").code == 0
    text = (tmp_path / "report.md").read_text("utf-8")
    assert text.startswith("# Dataset report\n") and "## Health" in text and "repeat it" not in text


def test_the_command_refuses_before_it_works(tmp_path: Path) -> None:
    sample = SAMPLE / "helpdesk.jsonl"
    bad = cli("report", sample, "--out", tmp_path / "report.docx")
    assert bad.code == 2 and "allowed are .html, .md, .pdf" in bad.err and not list(tmp_path.iterdir())
    assert cli("report", sample, "--out", tmp_path / "r.html", "--without", "x").code == 2


def test_without_a_browser_a_pdf_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CURATE_BROWSER", raising=False)
    done = cli("report", SAMPLE / "helpdesk.jsonl", "--out", tmp_path / "report.pdf")
    assert done.code == 2 and "write NAME.html and print that" in done.err and not list(tmp_path.iterdir())


def test_the_proof_is_shown_of_the_decision_and_of_the_files(tmp_path: Path) -> None:
    data = (SAMPLE / "helpdesk.jsonl", "--frozen", SAMPLE / "evaluation.jsonl", "--no-vectors")
    assert cli("run", *data, "--out", tmp_path / "out").code == 0
    assert cli("report", *data, "--out", tmp_path / "a.md").code == 0
    assert "Proved on the decision, before writing" in (tmp_path / "a.md").read_text("utf-8")
    assert cli("report", *data, "--export", tmp_path / "out", "--out", tmp_path / "b.md").code == 0
    told = (tmp_path / "b.md").read_text("utf-8")
    assert "Proved on the written files" in told and "evaluation bytes" in told
    other = cli("report", *data, "--preset", "strict", "--export", tmp_path / "out", "--out", tmp_path / "c.md")
    assert other.code == 2 and "another recipe" in other.err


def test_agreement_of_two_people_is_shown(tmp_path: Path) -> None:
    rows = [{"prompt": f"question {n} of a kind", "completion": f"answer {n} of a kind", "ana": "good" if n % 2 else "bad",
             "ben": "good" if n % 2 or n == 4 else "bad"} for n in range(20)]  # fmt: skip
    told = made(rows, tmp_path, Options(annotators=("ana", "ben")))
    text = to_markdown(told)
    assert "agree on 95.0%" in text and "kappa 0.90" in text
    assert "Agreement is not measured" in to_markdown(made(rows, tmp_path))
    with pytest.raises(CurateError, match="two columns"):
        made(rows, tmp_path, Options(annotators=("ana", "carl")))


def test_kappa_is_cohens() -> None:
    """The worked example of Cohen's kappa in Wikipedia (20 yes/yes, 5, 10, 15 no/no): 0.4."""
    one = np.repeat(np.array([0, 0, 1, 1], np.int32), [20, 5, 10, 15])
    two = np.repeat(np.array([0, 1, 0, 1], np.int32), [20, 5, 10, 15])
    assert kappa_of(one, two).kappa == pytest.approx(0.4)
    assert np.isnan(kappa_of(one * 0, two * 0).kappa) and kappa_of(one * 0 - 1, two).rows == 0
