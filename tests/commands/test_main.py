"""How commands answer: mistakes with status 2, interruption with 130, at once and without noise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hier_rnn.commands.main import cli
from hier_rnn.errors import UserError

ROOT = Path(__file__).parents[2]
COMMANDS = [
    "train",
    "check",
    "evaluate",
    "predict",
    "merge",
    "explain",
    "serve",
    "export",
    "compare",
    "inspect",
    "neighbours",
    "vectors",
    "count",
]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(call, arguments):
    result = call(*arguments)
    assert result.status == 0
    assert cli.list_commands(click.Context(cli)) == COMMANDS
    for name in COMMANDS:
        assert f"\n  {name} " in result.out
    start, commands = result.out.index("Start here:"), result.out.index("Commands:")
    assert start < commands < result.out.index("Completion in the shell")
    assert result.out.count("...") == 1  # [ARGS]...: no summary is cut


@pytest.mark.parametrize("name", [*COMMANDS, "train classify", "train pretrain"])
def test_each_command_has_help(call, name):
    result = call(*name.split(), "--help")
    assert result.status == 0
    assert f"Usage: hier-rnn {name} " in result.out
    assert "--help" in result.out
    assert re.search(rf"Examples?:\s+hier-rnn {name.split()[0]} ", result.out) or name == "train"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predikt"], "error: hier-rnn: no command 'predikt'. Did you mean 'predict'?\n"),
        (["pretrain", "--text", "x"], "no command 'pretrain'. Did you mean 'train pretrain'?\n"),
        (["xyz"], "There are: train, check, evaluate, predict,"),
        (["--verison"], "error: --verison: no such option. Did you mean '--version'?\n"),
        (
            ["train", "--sentence_encoder.unit", "3"],
            "--sentence_encoder.unit: no such option. Did you mean '--sentence_encoder.units'?\n",
        ),
        (["train", "clasify"], "error: hier-rnn train: no command 'clasify'. Did you mean 'class"),
        (["evaluate", "r", "--jsn", "x"], "error: --jsn: no such option. Did you mean '--json'?\n"),
        (["evaluate", "r", "--seed", "x"], "--seed"),
        (["predict"], "RUN"),
        (["predict", "r", "--min-confidence", "2"], "--min-confidence"),
        (["neighbours", "r"], "WORD"),
        (["train", "--seed"], "--seed"),
    ],
)
def test_a_mistake_is_one_line_on_standard_error_and_status_2(call, arguments, message):
    result = call(*arguments)
    assert result.status == 2
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert message in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("raised", "status", "written"),
    [
        (UserError("a.tsv:3: no label"), 2, "error: a.tsv:3: no label\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (KeyboardInterrupt("saved after step 3"), 130, "saved after step 3\n"),
        (BrokenPipeError(), 0, ""),
        (OSError(28, "No space left on device", "runs/x"), 2, "error: runs/x: No space left on de"),
    ],
)
def test_how_a_command_that_fails_ends(call, monkeypatch, raised, status, written):
    @click.command()
    def failing():
        raise raised

    monkeypatch.setattr(os, "dup2", lambda *descriptors: None)
    result = call(command=failing, program="failing")
    assert result.status == status
    assert result.err.lstrip("\n").startswith(written)


def test_a_mistake_of_ours_is_not_hidden(call):
    @click.command()
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        call(command=broken)


def python(*arguments: str, **settings) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    settings = {"capture_output": True, "text": True, "timeout": 120, **settings}
    return subprocess.run([sys.executable, *arguments], env=environment, **settings)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["-m", "hier_rnn", "--help"], 0),
        (["train.py", "classify", "--help"], 0),
        (["train.py", "--training.epoch", "3"], 2),
        (["train.py", "--training.epochs", "many"], 2),
        (["evaluate.py", "runs/none", "--data", "x.tsv"], 2),
        (["-m", "hier_rnn", "predict", "runs/none"], 2),
    ],
)
def test_help_and_mistakes_wait_for_nothing_heavy(arguments, status):
    heavy = {"tensorflow", "keras", "sklearn", "scipy", "matplotlib", "rich", "tqdm"}
    process = python("-X", "importtime", *arguments, cwd=ROOT)
    imported = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert process.returncode == status
    assert "click" in imported
    assert not (heavy | ({"numpy"} if "--help" in arguments else set())) & imported


def test_a_reader_that_goes_away_is_not_worth_a_word():
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "hier_rnn", "train", "classify", "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        timeout=120,
    )
    os.close(writer)
    assert process.stderr == b""


@pytest.mark.slow
def test_tensorflow_starts_silently_unless_it_fails():
    script = """
import os, sys
import hier_rnn
from hier_rnn.tensorflow_setup import import_tensorflow
import_tensorflow()
import tensorflow as tf
assert float(tf.function(lambda x: x + 1)(tf.constant(1.0))) == 2
os.write(2, b"after")
"""
    assert python("-c", script).stderr == "after"


def test_what_a_failing_import_wrote_is_shown(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os; os.write(2, b'no AVX\\n'); raise ImportError('broken')"
    )
    script = "from hier_rnn.tensorflow_setup import import_tensorflow; import_tensorflow()"
    process = python("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {script}")
    assert process.returncode == 1
    assert process.stderr.startswith("no AVX\n")
    assert "ImportError: broken" in process.stderr
