"""What is about to be trained, and on what, as lines of the log."""

from __future__ import annotations

import logging

from hier_rnn.configuration.options import Configuration
from hier_rnn.training.classification.training_data import TrainingData

logger = logging.getLogger(__name__)


def log_summary(configuration: Configuration, data: TrainingData, passes: int, epochs: int) -> None:
    """Logs what is about to be trained, and on what.

    Args:
        configuration: The run's options.
        data: The run's data.
        passes: How often an epoch passes over the training data.
        epochs: How many there are.
    """
    corpus, training = data.corpus, configuration.training
    logger.info(
        f"training on {data.train.name}: {corpus.examples:,} examples, {corpus.word_count:,} words,"
        f" {len(corpus.labels)} labels, {len(corpus.alphabet.characters):,} characters"
    )
    if configuration.text.words == "sentencepiece":
        logger.info("words are the pieces of a SentencePiece model (else: text.words whitespace)")
    if passes > 1:
        logger.info(f"little training data: an epoch passes over it {passes} times")
    if epochs < training.epochs and not training.phases:
        logger.info(
            f"much training data: {epochs} epochs instead of {training.epochs}"
            f" (training.maximum_steps {training.maximum_steps})"
        )
    logger.info(f"validation on {data.validation.name}: {len(data.targets):,} examples")
    if data.validation_set_aside:
        logger.info(
            "no data.validation was given, so a stratified tenth of the training data is set aside"
        )
    if data.truncated:
        limit = configuration.text.maximum_word_length
        logger.info(
            f"{data.truncated:,} words are longer than {limit} characters and keep head and tail"
        )
    if configuration.encoder:
        parts = " and ".join(part.replace("_", " ") for part in configuration.transferred)
        logger.info(f"{parts} from {configuration.encoder}")
    if data.new_characters:
        logger.info(f"characters it never saw: {' '.join(data.new_characters)}")
