"""The end of a run: the best weights, and all that is needed to use them, in the run directory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.metrics.calibration import fit_temperature
from hier_rnn.runs.encoder_directory import write_encoder_directory
from hier_rnn.runs.run_directory import RunDirectory, write_json, write_vocabulary
from hier_rnn.runs.weights_file import write_weights
from hier_rnn.training.classification.training_data import TrainingData
from hier_rnn.version import __version__


def write_run(
    run: RunDirectory,
    configuration: Configuration,
    data: TrainingData,
    weights: Mapping[str, np.ndarray],
    logits: np.ndarray,
    accuracy: float,
) -> None:
    """Writes what the run is for; the weights come last, and say that it is finished.

    Args:
        run: The run directory.
        configuration: The run's options.
        data: The run's data.
        weights: The best weights, by name.
        logits: Theirs on the validation data, `(examples, classes)`.
        accuracy: Theirs on the validation data.
    """
    vocabulary = data.corpus.vocabulary
    write_vocabulary(run.vocabulary, vocabulary)
    write_json(run.calibration, {"temperature": fit_temperature(logits, data.targets)})
    metadata = {
        "objective": "classify",
        "corpus": data.train.name,
        "examples": data.corpus.examples,
        "words": data.corpus.word_count,
        "validation_accuracy": accuracy,
        "seed": configuration.seed,
        "version": __version__,
    }
    model = run.words_model if data.words_model else None
    write_encoder_directory(
        run.encoder, configuration, data.alphabet, weights, vocabulary, metadata, model
    )
    write_weights(run.weights, weights)
