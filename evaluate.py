"""Evaluates: `python evaluate.py` is `hier-rnn evaluate`."""

from pathlib import Path

from hier_rnn.commands.evaluate import evaluate
from hier_rnn.commands.main import run
from hier_rnn.commands.terminal.import_path import leave_import_path

if __name__ == "__main__":
    leave_import_path(Path(__file__).parent)
    run(evaluate, "evaluate.py")
