"""Evaluates: `python evaluate.py` is `hier-rnn evaluate`."""

from hier_rnn.commands.evaluate import evaluate
from hier_rnn.commands.main import run

if __name__ == "__main__":
    run(evaluate, "evaluate.py")
