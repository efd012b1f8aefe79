"""The page is read as HTML, and where there is a browser also as that browser has rendered it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from hier_rnn.evaluation.evaluate_runs import evaluate_runs
from hier_rnn.sources.example import Example, Source
from hier_rnn.storage.run_directory import RunDirectory

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--virtual-time-budget=4000",
)
WIDTHS = (360, 768, 1280)
VOID = {"meta", "link", "br", "wbr", "img", "hr", "input"}


class Element(NamedTuple):
    tag: str
    attributes: dict[str, str | None]
    text: list[str]


class Page(HTMLParser):
    """The elements of a page in order, with the text inside them; refuses wrong nesting."""

    def __init__(self, source: str):
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        element = Element(tag, dict(attributes), [])
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.elements.append(Element(tag, dict(attributes), []))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        for element in self.open:
            element.text.append(data)

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def text(self, element: Element) -> str:
        return " ".join("".join(element.text).split())


class Rendered(NamedTuple):
    """A page as its reader sees it."""

    page: Page
    scroll_widths: dict[int, int]
    """How wide the page wants to be in a window of some width; nothing without a browser."""


def read(path: Path) -> Rendered:
    return Rendered(Page(path.read_text("utf-8")), {})


def browse(path: Path) -> Rendered:
    """Opens the page in a browser, by itself and in frames as wide as a phone, a tablet, a desk."""
    probe = path.with_name("probe.html")
    frames = "".join(
        f'<iframe style="width:{width}px;height:800px" srcdoc="{html.escape(path.read_text())}">'
        "</iframe>"
        for width in WIDTHS
    )
    probe.write_text(
        f"""<meta charset="utf-8"><style>iframe {{ border: 0 }}</style>{frames}<pre></pre><script>
        addEventListener("load", () => document.querySelector("pre").textContent = JSON.stringify(
          [...document.querySelectorAll("iframe")].map(
            frame => frame.contentDocument.documentElement.scrollWidth)));</script>"""
    )
    widths = json.loads(re.search(r"<pre>(.*?)</pre>", dump(probe))[1])
    return Rendered(Page(dump(path)), dict(zip(WIDTHS, widths, strict=True)))


def dump(path: Path) -> str:
    profile = f"--user-data-dir={path.parent / 'profile'}"
    command = [BROWSER, *FLAGS, profile, "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()


@pytest.fixture(scope="module", params=["one run", "two runs", "many classes"])
def directory(request, report) -> Path:
    return report(request.param)


@pytest.fixture(scope="module", params=[read, *([browse] if BROWSER else [])])
def rendered(request, directory) -> Rendered:
    return request.param(directory / "report.html")


def test_it_needs_nothing_but_itself(rendered):
    tags = Counter(element.tag for element in rendered.page.elements)
    assert not tags.keys() & {"link", "img", "iframe", "object", "base"}
    (script,) = rendered.page.all("script")
    assert not re.search(r"https?:|fetch|import|XMLHttp|innerHTML", "".join(script.text))
    policies = [e.attributes.get("content") or "" for e in rendered.page.all("meta")]
    assert any(policy.startswith("default-src 'none'") for policy in policies)
    for element in rendered.page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            assert (element.attributes.get(name) or "#").startswith("#")
        assert not any(name.startswith("on") for name in element.attributes)
    style = "".join(rendered.page.text(element) for element in rendered.page.all("style"))
    assert "@import" not in style
    assert not re.search(r"url\((?!#)", style)


def test_references_within_it_lead_somewhere(rendered):
    ids = [e.attributes["id"] for e in rendered.page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in rendered.page.elements:
        names = (element.attributes.get("aria-labelledby") or "").split()
        for name in ("href", "xlink:href"):
            names += [element.attributes[name][1:]] if element.attributes.get(name) else []
        for value in element.attributes.values():
            names += re.findall(r"url\(#([^)]*)\)", value or "")
        assert set(names) <= set(ids)


def test_it_is_accessible(rendered):
    page = rendered.page
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.text(page.all("title")[0])
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1
    levels = [int(element.tag[1]) for element in page.all(*(f"h{i}" for i in range(1, 7)))]
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert all(page.text(heading) for heading in page.all("h1", "h2", "h3", "h4"))

    for table in page.all("table"):
        assert table.text
    assert len(page.all("caption")) == len(page.all("table"))
    headers = page.all("th")
    assert all(
        header.attributes.get("scope") in ("row", "col") or header.attributes.get("aria-hidden")
        for header in headers
    )
    figures = page.all("figure")
    assert len(figures) >= 5
    for svg in page.all("svg"):
        assert svg.attributes["role"] == "img"
        assert len(svg.attributes["aria-label"]) > 20
    assert len(page.all("figcaption")) == len(figures) == len(page.all("svg"))
    regions = [e for e in page.elements if "scroll" in (e.attributes.get("class") or "").split()]
    assert all(e.attributes["tabindex"] == "0" and e.attributes["aria-label"] for e in regions)
    names = [e.attributes["aria-label"] for e in regions]
    assert len(names) == len(set(names))


def test_it_shows_what_was_measured(rendered, directory):
    document = json.loads((directory / "report.json").read_text("utf-8"))
    shown = rendered.page.text(rendered.page.all("body")[0])
    for run in document.get("runs", [document]):
        low, high = run["accuracy_interval"]
        assert f"95% sure: {100 * low:.1f} to {100 * high:.1f}" in shown
        assert f"{100 * run['macro_f1']:.1f}" in shown
        for label, row in run["per_class"].items():
            if row["support"]:
                assert label in shown
        for confusion in run["confusions"]:
            assert f"{confusion['examples']} of {confusion['support']}" in shown
        assert "attack:1:swap" in shown
    if "comparison" in document:
        assert "Where they disagree" in shown
        low = document["comparison"]["differences"][0]["accuracy"]["low"]
        assert f"{100 * low:+.1f}" in shown
    assert "training.epochs" in shown
    assert "[character_encoder]" in shown


def test_texts_are_text(rendered, directory):
    document = json.loads((directory / "report.json").read_text("utf-8"))
    chosen = json.dumps(document)
    shown = rendered.page.text(rendered.page.all("body")[0])
    if 'alert(\\"x\\")' in chosen:
        assert '<script>alert("x")' in shown


def test_light_and_dark_come_from_the_same_names(rendered):
    style = "".join(rendered.page.all("style")[0].text)
    light, dark = re.findall(r":root \{([^}]*--paper[^}]*)\}", style)
    names = [re.findall(r"--[\w-]+(?=:)", theme) for theme in (light, dark)]
    assert names[0] == names[1]
    used = set(re.findall(r"var\((--[\w-]+)", style))
    assert {"--ink", "--line-1", "--line-7"} <= used <= {*names[0], "--font", "--mono"}
    values = [
        v or "" for e in rendered.page.elements for k, v in e.attributes.items() if k != "href"
    ]
    assert not any(re.search(r"#[0-9a-f]{6}", value) for value in values)


def test_it_fits_a_phone_a_tablet_and_a_desk(rendered):
    assert all(wanted <= width for width, wanted in rendered.scroll_widths.items())


def test_figures_are_files_too(directory):
    document = json.loads((directory / "report.json").read_text("utf-8"))
    files = sorted((directory / "figures").iterdir())
    names = [name for figures in document["figures"] for name in figures]
    for file in files:
        root = ElementTree.parse(file).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "--line-1" in root[0].text
    drawn = {file.stem.lstrip("01-") for file in files}
    assert {"reliability", "coverage", "precision-recall", "misspelled"} <= drawn <= set(names)
    assert {"reliability", "coverage", "precision-recall", "length", "unseen"} <= set(names)
    assert {"misspelled", "attacked", "training-loss"} <= set(names)
    assert [0.0, *(0.5, 1.0)] == [p[0] for p in document["figures"][0]["misspelled"]["swap"]]


def test_a_report_without_misspellings_or_errors_says_so(predictors, tmp_path):
    perfect = Source("s", lambda: iter([Example("praise", "lovely", "s:1")]))
    directory = RunDirectory(predictors[0].run)
    directory.write({directory.metrics: b""})
    evaluate_runs(predictors[:1], perfect, report=tmp_path)
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    shown = page.text(page.all("body")[0])
    for sentence in ("Not tested.", "There are no errors.", "recorded no evaluations"):
        assert sentence in shown


@pytest.mark.skipif(not BROWSER, reason="no browser to run the page's script in")
@pytest.mark.slow
def test_classes_and_errors_can_be_filtered_and_a_cell_leads_to_its_texts(report):
    """The script runs in a browser: what it filters is counted beside the field."""
    path = report("many classes") / "report.html"
    steps = """
    const form = id => document.getElementById(id);
    const told = id => form(id).querySelector("output").textContent;
    const answers = [told("run0-classes-filter")];
    form("run0-classes-filter").elements.words.value = "TOPIC_7";
    form("run0-classes-filter").apply();
    answers.push(told("run0-classes-filter"));
    const cell = document.querySelector(".matrix a");
    cell.click();
    answers.push(told("run0-errors-filter"), cell.textContent);
    const heads = document.querySelectorAll(".classes th button");
    heads[heads.length - 1].click();
    const sizes = document.querySelectorAll(".classes tbody td:last-child");
    answers.push([...sizes].map(td => +td.dataset.value));
    document.body.textContent = "<answers>" + JSON.stringify(answers) + "</answers>";
    """
    page = path.read_text("utf-8")
    probe = path.with_name("steps.html")
    probe.write_text(page.replace("</script>", f"{steps}</script>"), "utf-8")
    whole, one, errors, count, sizes = json.loads(
        html.unescape(re.search(r"&lt;answers&gt;(.*?)&lt;/answers", dump(probe))[1])
    )
    assert (whole, one) == ("30 of 30", "1 of 30")
    assert errors.startswith(f"{count} of ")
    assert sizes == sorted(sizes, reverse=True)
