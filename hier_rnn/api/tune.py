"""`hier_rnn.tune`: the best classifier found within a time, as `hier-rnn train tune` does."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hier_rnn.api.data.examples import Labelled
from hier_rnn.api.data.sources import sources_of, with_names
from hier_rnn.api.log import shown_log
from hier_rnn.api.options import resolved
from hier_rnn.api.output import output_directory
from hier_rnn.api.run import Run
from hier_rnn.configuration.options import Configuration
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.tuning.study import Trial
from hier_rnn.training.events import to_nobody
from hier_rnn.training.tuning.events import TuningListener
from hier_rnn.training.tuning.tune import tune as tune_classifier


@dataclass(frozen=True)
class Tuning:
    """What a tuning came to."""

    path: Path
    """The best trial's run directory."""
    best: Trial
    trials: Sequence[Trial]
    """All, in order; `pandas.DataFrame(tuning.trials)` is a table of them."""
    seconds: float
    """That it took, earlier calls included."""

    @functools.cached_property
    def run(self) -> Run:
        """The best trial's run, loaded."""
        return Run(self.path)

    @property
    def options(self) -> Mapping[str, Any]:
        """The options of the best trial that are not as they were given, by dotted name."""
        return self.best.options


def tune(
    train: Labelled = None,
    validation: Labelled = None,
    *,
    minutes: float = 20.0,
    trials: int | None = None,
    out: str | Path | None = None,
    encoder: str | Path | None = None,
    config: Configuration | str | Path | None = None,
    force: bool = False,
    verbose: bool = False,
    on_event: TuningListener = to_nobody,
    **options: Any,
) -> Tuning:
    """Searches for the options with which a classifier gets best, within a time.

    `tune("train.csv", minutes=20, out="runs/tuned").run`. Called again with the same `out`, it goes
    on where it was interrupted. Needs Optuna: `pip install "hier_rnn[tune]"`.

    Args:
        train: A source or a list of sources, a list of `(label, text)`, a tuple
            `(texts, labels)`, or a table with a column of each. Default None: the bundled data
            set, if `config` names no other.
        validation: Likewise. Default None: a stratified tenth of the training data.
        minutes: That it may take, all calls with this `out` together. Default 20.
        trials: No more trials than these. Default None: as many as there is time for.
        out: The run directory of the best trial. Default None: a temporary one, gone when Python
            ends.
        encoder: What to start from: an encoder directory, `english`, `none`, or `auto`. Default
            None: what `config` names, or else `auto`, English for English text.
        config: Options: a `Configuration` or a TOML file. Default None.
        force: Start over what `out` already holds. Default False.
        verbose: Show the log on standard error. Default False.
        on_event: Told what happens (`hier_rnn/training/tuning/events.py`). Default nobody.
        **options: Options by group, over those of `config`. Those that are given are not searched.

    Raises:
        UserError: Optuna is not installed, a mistake in the data or the options, `out` holds
            something else, or the time is too short for a single trial.
        TypeError: A text is not a `str`.
        KeyboardInterrupt: Ctrl-C; the best run so far is kept in `out`.
    """
    begun = time.monotonic()
    configuration = resolved(config, options)
    given = {"train": train, "validation": validation, "test": None}
    configuration = with_names(configuration, given, encoder)
    configuration = take_encoder_options(configuration, labels_decide=True)
    with shown_log(verbose):
        result = tune_classifier(
            configuration,
            output_directory(out),
            minutes=minutes,
            trials=trials,
            begun=begun,
            sources=sources_of(configuration, given),
            force=force,
            on_event=on_event,
        )
    return Tuning(result.run, result.best, result.trials, result.seconds)
