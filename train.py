"""Trains: `python train.py` is `hier-rnn train`."""

from pathlib import Path

from hier_rnn.commands.main import run
from hier_rnn.commands.terminal.import_path import leave_import_path
from hier_rnn.commands.train import train

if __name__ == "__main__":
    leave_import_path(Path(__file__).parent)
    run(train, "train.py")
