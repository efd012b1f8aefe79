"""`hier_rnn.train`: a classifier from labelled examples, as `hier-rnn train classify` makes it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hier_rnn.api.data.examples import Labelled, labelled_source, resolved_for
from hier_rnn.api.data.sources import sources_of, with_names
from hier_rnn.api.log import log_evaluation, shown_log
from hier_rnn.api.options import resolved
from hier_rnn.api.output import output_directory
from hier_rnn.api.run import Run
from hier_rnn.configuration.options import Configuration
from hier_rnn.evaluation.evaluate import Evaluation
from hier_rnn.evaluation.evaluate_runs import evaluate_runs
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.training.classification.train import train_classifier
from hier_rnn.training.events import Listener, to_all, to_nobody


@dataclass(frozen=True)
class Training:
    """What a training came to."""

    path: Path
    """The run directory."""
    best_epoch: int
    """The epoch, from 1, whose weights are kept."""
    scores: Mapping[str, float]
    """Theirs on the validation data: `validation_loss`, `validation_accuracy`, ..."""
    trained: bool
    """False if the run was finished before, and nothing was done."""
    evaluation: Evaluation | None
    """The scores on the test data; None without any, and where another worker wrote the run."""

    @functools.cached_property
    def run(self) -> Run:
        """The run, loaded."""
        return Run(self.path)


def train(
    train: Labelled = None,
    validation: Labelled = None,
    *,
    test: Labelled = None,
    out: str | Path | None = None,
    encoder: str | Path | None = None,
    config: Configuration | str | Path | None = None,
    force: bool = False,
    keep_checkpoints: bool = False,
    tensorboard: bool = False,
    verbose: bool = False,
    on_event: Listener = to_nobody,
    **options: Any,
) -> Training:
    """Trains a classifier; with the same options and data it has the weights that the shell gives.

    `train("train.csv", out="runs/mine", training={"epochs": 3}, seed=1)`. Called again with the
    same `out`, it goes on where it was interrupted; a finished run is left as it is.

    Args:
        train: A source or a list of sources, a list of `(label, text)`, a tuple
            `(texts, labels)`, or a table with a column of each. Default None: the bundled data
            set, if `config` names no other.
        validation: Likewise. Default None: a stratified tenth of the training data.
        test: Likewise; the finished run is evaluated on it. Default None.
        out: The run directory. Default None: a temporary one, gone when Python ends.
        encoder: What to start from: an encoder directory, `english`, `none`, or `auto`. Default
            None: what `config` names, or else `auto`, English for English text.
        config: Options: a `Configuration` or a TOML file. Default None.
        force: Start over what `out` already holds. Default False.
        keep_checkpoints: Keep the checkpoints of the finished run. Default False.
        tensorboard: Write TensorBoard's logs into the run as well. Default False.
        verbose: Show the log, with a line for each epoch, on standard error. Default False.
        on_event: Told what happens (`hier_rnn/training/events.py`). Default nobody.
        **options: Options by group, over those of `config`: `training={"epochs": 3}`,
            `data={"label_column": "intent"}`, `seed=1`.

    Raises:
        UserError: A mistake in the data or the options, or `out` holds another run.
        TypeError: A text is not a `str`.
        KeyboardInterrupt: Ctrl-C; what was trained is kept in `out`.
    """
    if isinstance(train, Iterator):  # it is looked at, and then read
        train = list(train)
    configuration = resolved(config, options)
    given = {"train": train, "validation": validation, "test": test}
    configuration = with_names(configuration, given, encoder)
    configuration = resolved_for(configuration, train)
    configuration = take_encoder_options(configuration, labels_decide=True)
    directory = output_directory(out)
    sources = sources_of(configuration, given)
    with shown_log(verbose):
        result = train_classifier(
            configuration,
            directory,
            sources=sources,
            force=force,
            keep_checkpoints=keep_checkpoints,
            tensorboard=tensorboard,
            on_event=to_all(on_event, log_evaluation),
        )
    tested = test if test is not None else configuration.data.test or None
    evaluation = None
    if tested is not None and result.chief:
        run = RunDirectory(directory)
        source = labelled_source(tested, "test", configuration.data)
        results = evaluate_runs([Run(directory)], source, json=run.evaluation)
        evaluation = results.evaluations[0]
    return Training(result.run, result.best_epoch, result.scores, result.trained, evaluation)
