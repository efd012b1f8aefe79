"""Trains: `python train.py` is `hier-rnn train`."""

from hier_rnn.commands.main import run
from hier_rnn.commands.train import train

if __name__ == "__main__":
    run(train, "train.py")
