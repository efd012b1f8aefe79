"""`hier_rnn.evaluate`: how good a run is on labelled data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hier_rnn.api.data.examples import Labelled
from hier_rnn.api.run import Run
from hier_rnn.evaluation.evaluate import Evaluation


def evaluate(run: Run | str | Path, data: Labelled = None, **settings: Any) -> Evaluation:
    """Returns the scores of a run on labelled data, as `hier-rnn evaluate` does.

    Args:
        run: A run, or its directory.
        data: A source, a list of `(label, text)`, a tuple `(texts, labels)`, or a table with a
            column of each. Default None: the run's own test data.
        **settings: Those of `Run.evaluate`: `misspell`, `report`, `json` and so on.

    Raises:
        UserError: The run is damaged, the data can't be used, or a file can't be written.
    """
    return (run if isinstance(run, Run) else Run(run)).evaluate(data, **settings)
