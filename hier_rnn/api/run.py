"""A run in a program: classifies, explains, gives vectors, and evaluates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hier_rnn.errors import UserError
from hier_rnn.inference.predictor import Predictor

if TYPE_CHECKING:
    from hier_rnn.api.data.examples import Labelled
    from hier_rnn.api.explanation import NotebookExplanation
    from hier_rnn.evaluation.evaluate import Evaluation, Unseen


class Run(Predictor):
    """A trained classifier: what `hier_rnn.load` returns.

    It classifies and encodes as a `Predictor` does, from any number of threads, and can be pickled.

    Args:
        run: A run directory.
        verify: Whether its files must be as its manifest says. Default True.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """

    def explain(self, text: str, label: str | None = None) -> NotebookExplanation:
        """Returns why a text is classified as it is; a notebook shows it in colours.

        Args:
            text: The text.
            label: The class that is explained. Default None: the predicted one.

        Raises:
            UserError: The run has no such class.
            TypeError: The text is not a `str`.
        """
        if not isinstance(text, str):
            raise TypeError(f"text: a str is expected. Received: {text!r} ({type(text).__name__}).")
        from hier_rnn.api.explanation import NotebookExplanation
        from hier_rnn.evaluation.explanation import explain

        return NotebookExplanation.of(explain(self, text, label))

    def evaluate(
        self,
        data: Labelled = None,
        *,
        label_column: str | None = None,
        text_column: str | None = None,
        tfds_data_dir: str | Path | None = None,
        misspell: Sequence[str] = (),
        unseen: Unseen = "error",
        seed: int = 0,
        json: str | Path | None = None,
        report: str | Path | None = None,
        predictions: str | Path | None = None,
    ) -> Evaluation:
        """Returns the scores on labelled data, and writes what is asked for.

        A source of the same kind as the run's training data is read as that was.

        Args:
            data: A source, a list of `(label, text)`, a tuple `(texts, labels)`, or a table with
                a column of each. Default None: the run's own test data.
            label_column: Column or field of the label. Default None: as in training.
            text_column: Column or field of the text. Default None: as in training.
            tfds_data_dir: Where TensorFlow Datasets are prepared. Default None: TFDS's own.
            misspell: `KIND:RATE`, `file:PATH:RATE` or `attack:WORDS`, each evaluated too.
            unseen: What to do with examples whose labels training never saw: `error` refuses
                them, `count` leaves them out and counts them. Default `error`.
            seed: Decides intervals and misspellings. Default 0.
            json: File for the figures. Default None.
            report: Folder for `report.html`, its figures and its charts. Default None.
            predictions: File for a line of JSON for every example. Default None.

        Raises:
            UserError: The data or a way to misspell can't be used, or a file can't be written.
        """
        from hier_rnn.api.data.examples import labelled_source, source_names
        from hier_rnn.api.data.reading import reading_for
        from hier_rnn.evaluation.evaluate_runs import evaluate_runs

        options = self.configuration.data
        if data is None:
            if not options.test:
                raise UserError("data is needed: the run was trained without test data of its own.")
            data = options.test
        names = source_names(data)
        if names:
            options = reading_for(names[0], self.configuration)
        given = {
            "label_column": label_column,
            "text_column": text_column,
            "tfds_data_dir": None if tfds_data_dir is None else str(tfds_data_dir),
        }
        options = options.model_copy(
            update={name: value for name, value in given.items() if value is not None}
        )
        results = evaluate_runs(
            [self],
            labelled_source(data, "data", options),
            json=_path(json),
            report=_path(report),
            predictions=_path(predictions),
            misspell=misspell,
            unseen=unseen,
            seed=seed,
        )
        return results.evaluations[0]


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
