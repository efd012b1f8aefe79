"""Using a run needs nothing but `requirements-light.txt` names, and docs/deploy.md is true."""

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
    for line in (ROOT / "requirements-light.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
MODULES = """
import sys
{code}
print(*{{name.partition(".")[0] for name in sys.modules}})
"""
COMMAND = """
import os, tempfile
from hier_rnn.commands.main import main
TEXTS = os.path.join(tempfile.mkdtemp(), "texts.txt")
open(TEXTS, "w").write("good shop\\n" * 3)
sys.argv[1:] = [{0}]
sys.stdout, out = open(os.devnull, "w"), sys.stdout
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
sys.stdout = out
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
        "from hier_rnn.serving.workers.worker import answer\n"
        "run = load(sys.argv[1])\n"
        "answer(run, {'kind': 'predict', 'texts': ['good']})\n"
        "answer(run, {'kind': 'explain', 'text': 'good', 'label': None})",
        COMMAND.format("'predict', sys.argv[1], TEXTS, '--json', '--out', TEXTS + '.jsonl'"),
        *(
            pytest.param(COMMAND.format(arguments), marks=pytest.mark.slow)
            for arguments in (
                "'predict', sys.argv[1], TEXTS",
                "'vectors', sys.argv[1], TEXTS, '--sentences'",
                "'neighbours', sys.argv[1], 'good'",
            )
        ),
    ],
)
@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["train", "--train", "DATA", "--out", "OUT"], ["evaluate", "RUN", "--data", "DATA"]],
    ids=["train", "evaluate"],
)
def test_what_a_light_install_lacks_is_said(small_run, data, tmp_path, command):
    """As where TensorFlow is not installed: Python finds no such module."""
    places = {"RUN": small_run, "DATA": data["train"], "OUT": tmp_path / "out"}
    arguments = [str(places.get(part, part)) for part in command]
    code = f"""
import sys

class Missing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "tensorflow":
            raise ModuleNotFoundError("No module named 'tensorflow'", name=name)

sys.meta_path.insert(0, Missing)
sys.argv = ["hier-rnn", *{arguments!r}]
from hier_rnn.commands.main import main
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2, ended.stderr
    assert "\nerror: the Python package tensorflow is not installed." in "\n" + ended.stderr
    assert "Traceback" not in ended.stderr


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
