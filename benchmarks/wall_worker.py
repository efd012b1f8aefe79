"""From a command to a printed score, once, in a new process: what `benchmarks.wall` starts.

It reads a JSON object from standard input (what to train, on what, and when it was begun)
and writes one to standard output: the seconds of each phase, and the accuracy on the test data.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Phases:
    """Seconds by phase; the time up to each mark belongs to the phase that is marked.

    Args:
        begun: When the process was started, by `time.time`.
    """

    def __init__(self, begun: float) -> None:
        self._last = begun
        self.seconds: dict[str, float] = defaultdict(float)

    def ended(self, phase: str) -> None:
        """Counts what has passed since the last call for a phase."""
        now = time.time()
        self.seconds[phase] += now - self._last
        self._last = now


def own(task: dict[str, Any], phases: Phases) -> float:
    """What `hier-rnn train --train SRC --test SRC` does."""
    import hier_rnn
    from hier_rnn.tensorflow_setup import import_tensorflow

    import_tensorflow()
    from hier_rnn.training import events
    from hier_rnn.training.classification.linear_head import STAGE

    phases.ended("start")
    compiled = False

    def listen(event: events.Event) -> None:
        nonlocal compiled
        if isinstance(event, events.Stage):
            phases.ended("linear head" if event.name == STAGE else "warm start")
        elif isinstance(event, events.ModelBuilt):
            phases.ended("reading")
        elif isinstance(event, events.Step):
            phases.ended("steps" if compiled else "compiling")
            compiled = True
        elif isinstance(event, events.PhaseEnded):
            compiled = False
        elif isinstance(event, events.Saved):
            phases.ended("saving")
        elif isinstance(event, events.Evaluated):
            phases.ended("validation")
        else:
            phases.ended("other")

    with tempfile.TemporaryDirectory() as folder:
        trained = hier_rnn.train(
            task["train"],
            out=Path(folder) / "run",
            encoder=task["encoder"],
            config=task["config"],
            seed=task["seed"],
            on_event=listen,
        )
        phases.ended("finishing")
        accuracy = trained.run.evaluate(task["test"]).scores.accuracy
        phases.ended("evaluation")
    return accuracy


def fasttext(task: dict[str, Any], phases: Phases) -> float:
    """FastText, not tuned: word bigrams, character n-grams of 3 to 6, 30 epochs."""
    from benchmarks.bundled import split_of
    from benchmarks.peers.fasttext_model import FastText, Settings
    from hier_rnn.sources.source import open_source

    phases.ended("start")
    train, test = (split_of(open_source(task[name])) for name in ("train", "test"))
    phases.ended("reading")
    fitted = FastText(*train, Settings(2, (3, 6), 30, 0.5), task["seed"])
    phases.ended("steps")
    accuracy = fitted.accuracy(*test)
    phases.ended("evaluation")
    return accuracy


def minilm(task: dict[str, Any], phases: Phases) -> float:
    """A logistic regression on a sentence transformer's vectors."""
    from sklearn.linear_model import LogisticRegressionCV

    from benchmarks.bundled import split_of
    from benchmarks.peers.sentence_transformer import Vectors
    from hier_rnn.sources.source import open_source

    model = Vectors(task["minilm"])
    phases.ended("start")
    (texts, labels), test = (split_of(open_source(task[name])) for name in ("train", "test"))
    phases.ended("reading")
    vectors = model(texts)
    phases.ended("vectors")
    fitted = LogisticRegressionCV(Cs=5, cv=3, max_iter=300).fit(vectors, labels)
    phases.ended("linear head")
    accuracy = float((fitted.predict(model(test[0])) == test[1]).mean())
    phases.ended("evaluation")
    return accuracy


MODELS: dict[str, Callable[[dict[str, Any], Phases], float]] = {
    "hier_rnn": own,
    "fasttext": fasttext,
    "minilm": minilm,
}


def main() -> None:
    """Measures."""
    task = json.load(sys.stdin)
    phases = Phases(task["begun"])
    accuracy = MODELS[task["model"]](task, phases)
    json.dump({"accuracy": accuracy, "seconds": dict(phases.seconds)}, sys.stdout)


if __name__ == "__main__":
    main()
