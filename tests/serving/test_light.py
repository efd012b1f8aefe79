"""Serving needs nothing but `requirements-serve.txt` names, and docs/deploy.md is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import hier_rnn

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
LISTED = {
    Requirement(line).name
    for line in (ROOT / "requirements-serve.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
MODULES = """
import sys
{code}
print(*{{name.partition(".")[0] for name in sys.modules}})
"""


def with_what_they_need(names: set[str]) -> set[str]:
    """Returns packages and, of each, those that it needs."""
    found: set[str] = set()
    left = set(names)
    while left:
        name = left.pop()
        found.add(name.lower().replace("_", "-"))
        for line in requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                left |= {needed.name} if needed.name.lower() not in found else set()
    return found


@pytest.mark.parametrize(
    "code",
    [
        "import hier_rnn.commands.main, hier_rnn.commands.serve, hier_rnn.serving.server",
        "from hier_rnn import load\n"
        "from hier_rnn.serving.worker import answer\n"
        "run = load(sys.argv[1])\n"
        "answer(run, {'kind': 'predict', 'texts': ['good']})\n"
        "answer(run, {'kind': 'explain', 'text': 'good', 'label': None})",
    ],
)
def test_nothing_else_is_imported(small_run, code):
    ended = subprocess.run(
        [sys.executable, "-c", MODULES.format(code=code), str(small_run)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    modules = set(ended.stdout.split()) - sys.stdlib_module_names
    packages = packages_distributions()
    imported = {name.lower() for module in modules for name in packages.get(module, ())[:1]}
    allowed = with_what_they_need({name for name in LISTED if name != "tomli"}) | {"hier-rnn"}
    allowed |= {"editables", "setuptools"}  # an editable install's own, imported as Python starts
    assert {name.replace("_", "-") for name in imported} <= allowed
    assert "tensorflow" not in modules


def test_the_list_is_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["serve"]
    ours = {Requirement(line).name for line in lines}
    assert LISTED.issubset(ours | {"protobuf"})  # which sentencepiece needs and does not say


def test_the_lambda_handler_of_the_documentation(small_run, tmp_path, monkeypatch):
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    code = next(c for c in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "handler" in c)
    (tmp_path / "model").symlink_to(small_run)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(code, "handler.py", "exec"), names)
    answer = names["handler"]({"body": json.dumps({"texts": ["good", "sad"]})}, None)
    assert answer["statusCode"] == 200
    expected = hier_rnn.load(small_run).predict(["good", "sad"])
    assert [one["label"] for one in json.loads(answer["body"])] == [p.label for p in expected]
