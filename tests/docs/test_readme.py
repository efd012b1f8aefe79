"""The README: short, its links lead somewhere, its program runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
MOST_LINES = 120


def test_it_is_read_in_a_minute():
    assert len(README.splitlines()) <= MOST_LINES
    tables = re.findall(r"(?:^\|.*\n)+", README, re.MULTILINE)
    assert len(tables) == 3
    assert all(table.count("\n") <= 2 + 6 for table in tables)


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)", README)
    assert len(links) > 20
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []


def test_its_program_runs(small_run, tmp_path, monkeypatch):
    shutil.copytree(small_run, tmp_path / "runs" / "messages")
    monkeypatch.chdir(tmp_path)
    [source] = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    exec(compile(source, "README.md", "exec"), {})
