"""`hier_rnn.cross_validate`: how good options are, as `hier-rnn evaluate --cross-validate` says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hier_rnn.api.data.examples import Labelled, labelled_source
from hier_rnn.api.data.sources import with_names
from hier_rnn.api.log import shown_log
from hier_rnn.api.options import resolved
from hier_rnn.configuration.options import Configuration
from hier_rnn.evaluation.cross_validation.cross_validate import (
    CrossValidation,
    CrossValidationEvent,
)
from hier_rnn.evaluation.cross_validation.cross_validate import cross_validate as validate
from hier_rnn.evaluation.evaluate import Unseen
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.training.events import to_nobody


def cross_validate(
    data: Labelled = None,
    folds: int = 5,
    *,
    out: str | Path | None = None,
    predictions: str | Path | None = None,
    unseen: Unseen = "error",
    encoder: str | Path | None = None,
    config: Configuration | str | Path | None = None,
    verbose: bool = False,
    on_event: Callable[[CrossValidationEvent], None] = to_nobody,
    **options: Any,
) -> CrossValidation:
    """Trains a classifier without each fold of the data and scores it on that fold.

    `cross_validate("all.csv").figures["accuracy"]` is mean and deviation; `.label_errors()` are the
    examples that are probably labelled wrongly.

    Args:
        data: A source or a list of sources, a list of `(label, text)`, a tuple `(texts, labels)`,
            or a table with a column of each. Default None: the bundled training data.
        folds: How many. Default 5.
        out: Where the classifiers are kept; then the same call goes on where it was interrupted.
            Default None: nowhere.
        predictions: File for a line of JSON for each example. Default None.
        unseen: What to do with a class of one example, which can't be both trained on and held
            out: `error` refuses it, `count` leaves it out. Default `error`.
        encoder: What to start from: an encoder directory, `english`, `none`, or `auto`. Default
            None: what `config` names, or else `auto`, English for English text.
        config: Options: a `Configuration` or a TOML file. Default None.
        verbose: Show the log, with a line for each epoch, on standard error. Default False.
        on_event: Told what happens. Default nobody.
        **options: Options by group, over those of `config`; `seed` decides the folds, too.

    Raises:
        UserError: The data or an option can't be used, or a file can't be written.
        TypeError: A text is not a `str`.
        KeyboardInterrupt: Ctrl-C.
    """
    configuration = with_names(resolved(config, options), {"train": data}, encoder)
    configuration = take_encoder_options(configuration, labels_decide=True)
    source = labelled_source(
        configuration.data.train if data is None else data, "data", configuration.data
    )
    with shown_log(verbose):
        return validate(
            configuration,
            source,
            folds,
            out=None if out is None else Path(out),
            predictions=None if predictions is None else Path(predictions),
            unseen=unseen,
            on_event=on_event,
        )
