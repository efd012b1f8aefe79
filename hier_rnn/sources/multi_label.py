"""Whether a text may have several labels: said by the user, or found out from the first texts."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from hier_rnn.configuration.options import AUTO, Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, quoted
from hier_rnn.sources.source import open_source

logger = logging.getLogger(__name__)

SAMPLE = 10_000  # examples that are looked at
ONE_LABEL_ENDINGS = (".tsv", ".csv")  # of files whose rows have one label, unless it is separated


def resolve_multi_label(
    configuration: Configuration, examples: Iterable[Example] | None = None
) -> Configuration:
    """Returns the configuration with what depends on whether a text may have several labels.

    That is `data.multi_label` and `training.validation_metric`, where they are `auto`.

    Args:
        configuration: The options of a run that begins.
        examples: The training data, if they are handed in; they were read with the options as they
            are. Default None: those that the options name.

    Raises:
        UserError: A source that can't be read, a separator of labels of which there is one only,
            or a metric that there is not for several labels or for one.
    """
    data, training = configuration.data, configuration.training
    if data.label_separator and data.multi_label is False:
        raise UserError(
            f"data.label_separator: received {data.label_separator!r}, and data.multi_label false:"
            " a text with one label has nothing to separate. Leave out one of the two."
        )
    multi_label = data.multi_label
    if multi_label == AUTO and data.label_separator:
        multi_label = True
    elif multi_label == AUTO and examples is not None:
        first = next(iter(examples), None)
        multi_label = first is not None and first.label is None
    elif multi_label == AUTO:
        multi_label = _has_several(configuration)
    metric = training.validation_metric
    if metric == AUTO:
        metric = "micro_f1" if multi_label else "accuracy"
    elif metric == "micro_f1" and not multi_label:
        raise UserError(
            "training.validation_metric: where a text has one label, micro_f1 is the accuracy."
            " Accepted: accuracy|macro_f1|loss."
        )
    return configuration.model_copy(
        update={
            "data": data.model_copy(update={"multi_label": multi_label}),
            "training": training.model_copy(update={"validation_metric": metric}),
        }
    )


def _has_several(configuration: Configuration) -> bool:
    """Whether one of the first training texts has several labels."""
    data = configuration.data
    for spec in data.train:
        path = Path(spec.lower().removesuffix(".gz"))
        if path.suffix in ONE_LABEL_ENDINGS or Path(spec).is_dir():
            continue
        source = open_source(spec, **{**data.reading, "multi_label": True})
        for example in islice(source, SAMPLE):
            if len(example.labels) > 1:
                logger.info(
                    "%s: several labels, %s: a text may have several here, or none"
                    " (data.multi_label true).",
                    *(example.where, quoted(list(example.labels))),
                )
                return True
    return False
