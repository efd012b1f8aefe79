"""The end of a run: the best weights, and all that is needed to use them, in the run directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.beginning import encoder_beginning
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.training.classification.model_card import model_card
from hier_rnn.training.classification.training_data import TrainingData
from hier_rnn.version import __version__


def write_run(
    run: RunDirectory,
    configuration: Configuration,
    data: TrainingData,
    weights: Mapping[str, np.ndarray],
    logits: np.ndarray,
    accuracy: float,
    metrics: list[dict[str, Any]],
) -> None:
    """Writes what the run is for; the manifest comes last, and says that it is finished.

    Args:
        run: The run directory.
        configuration: The run's options.
        data: The run's data.
        weights: The best weights, by name.
        logits: Theirs on the validation data, `(examples, classes)`.
        accuracy: Theirs on the validation data.
        metrics: One row for each evaluation.
    """
    vocabulary = data.corpus.vocabulary
    facts = {
        "objective": "classify",
        "corpus": data.train.name,
        "examples": data.corpus.examples,
        "words": data.corpus.word_count,
        "validation_accuracy": accuracy,
        "seed": configuration.seed,
        "version": __version__,
        **encoder_beginning(configuration, weights),
    }
    EncoderDirectory(run.encoder).finish(
        configuration, data.alphabet, weights, vocabulary, facts, data.words_model
    )
    decision = data.task.decision(data.targets, logits)
    name = run.path.resolve().name
    run.write_card(model_card(name, configuration, data, weights, logits, decision))
    run.finish(weights, decision, vocabulary, metrics)
