"""The site is built without a warning, from pictures that are as drawn, and asks no other host."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hier_rnn.configuration.schema import options_of

ROOT = Path(__file__).parents[2]
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
RELATIONS = {"canonical", "next", "prev"}  # links that a browser does not load


class Loads(HTMLParser):
    """What a page makes a browser load."""

    def __init__(self, source: str):
        super().__init__()
        self.addresses: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag in LOADED and found.get("rel") not in RELATIONS:
            self.addresses.append(found.get(LOADED[tag]) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert built.returncode == 0, built.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_no_page_loads_anything_from_another_host(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loads = Loads(page.read_text("utf-8")).addresses
        assert not [address for address in loads if urlsplit(address).netloc], page
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text("utf-8").replace('"', "").replace("'", "")


@pytest.mark.slow
def test_the_reference_has_every_option_and_command(site):
    options = (site / "reference" / "options" / "index.html").read_text("utf-8")
    missing = [o.name for o in options_of() if f"<code>{o.name}</code>" not in options]
    assert missing == []
    commands = (site / "reference" / "commands" / "index.html").read_text("utf-8")
    assert "Usage: hier-rnn train classify" in commands
    python = (site / "reference" / "python" / "index.html").read_text("utf-8")
    for name in ("hier_rnn.train", "hier_rnn.load", "UserError"):
        assert name in python


def test_pictures_are_as_they_are_drawn():
    folder = ROOT / "docs" / "pictures"
    specification = importlib.util.spec_from_file_location("draw", folder / "draw.py")
    draw = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(draw)
    drawn = draw.drawn()
    assert {path.name for path in folder.glob("*.svg")} == drawn.keys()
    for name, content in drawn.items():
        assert (folder / name).read_text("utf-8") == content, "python docs/pictures/draw.py"
