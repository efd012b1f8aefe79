"""A worker: a process that loads the run, computes what the server asks, and ends with the server.

Started as `python -m hier_rnn.serving.workers.worker RUN`. It leaves Ctrl-C and SIGTERM to the
server, which lets it go by closing its standard input. It catches no unforeseen error: one ends it
with a traceback on standard error, and the server starts another.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import Any

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.inference.predictor import Predictor
from hier_rnn.serving.explanation import explain
from hier_rnn.serving.workers.frames import EXPLAIN, encoded, read


def main(run: str) -> None:
    """Answers frames on standard input until it is closed.

    The first frame written holds the run's labels and its decision, or the message of why it can't
    be loaded.

    Args:
        run: The run directory.
    """
    # Frames have the standard output of the start; whatever else is printed goes to the log.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        predictor = Predictor(run)
        predictor.probabilities(["warm-up"])
        decision: dict[str, Any] = {"temperature": predictor.temperature}
        if predictor.multi_label:
            decision["thresholds"] = predictor.decision.thresholds
        output.write(encoded({"labels": list(predictor.labels), "decision": decision}))
    except UserError as error:
        output.write(encoded({"mistake": str(error)}))
        output.flush()
        return
    output.flush()
    with contextlib.suppress(BrokenPipeError):  # the server is gone
        while frame := read(sys.stdin.buffer):
            output.write(answer(predictor, frame.message))
            output.flush()


def answer(predictor: Predictor, message: dict[str, Any]) -> bytes:
    """Returns the frame that answers a frame: of texts, their probabilities; or an explanation."""
    if message["kind"] == EXPLAIN:
        return encoded(explain(predictor, message["text"], message["label"]).to_json())
    probabilities = predictor.probabilities(message["texts"])
    return encoded({}, np.ascontiguousarray(probabilities, "<f4").tobytes())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    main(sys.argv[1])
