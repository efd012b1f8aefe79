"""The data of a run, read once before training: all that they decide, and every mistake in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.sources.example import Source
from hier_rnn.sources.sampling.split import stratified_split
from hier_rnn.sources.source import open_source
from hier_rnn.storage.directory import Directory
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.classification.corpus_statistics import CorpusStatistics, count_corpus
from hier_rnn.training.classification.run_alphabet import run_alphabet
from hier_rnn.training.classification.tasks.choose import choose_task
from hier_rnn.training.classification.tasks.task import Task
from hier_rnn.training.preparation.fingerprint import (
    Fingerprints,
    encoder_fingerprint,
    fingerprinted,
)
from hier_rnn.training.preparation.words import load_words

VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Sources:
    """Where the examples of a run come from."""

    train: Source
    validation: Source | None = None
    """None: a stratified tenth of the training data is set aside."""
    test: Source | None = None
    """Its labels are checked, and nothing else."""


@dataclass(frozen=True)
class TrainingData:
    """The data of a run and what they decide."""

    train: Source
    validation: Source
    validation_set_aside: bool
    """Whether the validation data were a part of the training data."""
    words: Tokenizer
    """Turns a text into words."""
    words_model: bytes
    """The SentencePiece model; empty for whitespace words."""
    corpus: CorpusStatistics
    alphabet: Alphabet
    new_characters: tuple[str, ...]
    """Characters that the encoder which the run starts from never saw."""
    task: Task
    """What is learnt."""
    targets: np.ndarray
    """Of the validation examples, `(examples, ...)`, as the task has them."""
    truncated: int
    """Training words that are longer than the limit."""
    fingerprints: Fingerprints
    """Of `train`, `validation` and, where there is one, `test` and `encoder`."""


def open_sources(configuration: Configuration) -> Sources:
    """Opens the sources that the options name.

    Args:
        configuration: The run's options.

    Raises:
        UserError: A source that is missing, empty or damaged.
    """
    data = configuration.data
    return Sources(
        open_source(data.train, **data.reading),
        open_source(data.validation, **data.reading) if data.validation else None,
        open_source(data.test, **data.reading) if data.test else None,
    )


def read_training_data(
    configuration: Configuration, sources: Sources, begun: Directory | None = None
) -> TrainingData:
    """Reads the data of a run.

    Args:
        configuration: The run's options.
        sources: The examples.
        begun: The run's directory, if it may have its SentencePiece model already.

    Raises:
        UserError: A source that is empty or damaged, one class only, a label in validation or test
            data that the training data lack, or what SentencePiece refuses.
    """
    train, validation, test = sources.train, sources.validation, sources.test
    if validation is None:
        train, validation = stratified_split(train, VALIDATION_SHARE, configuration.seed)
    words, model = load_words(configuration, train, begun)
    fingerprints: Fingerprints = {}
    corpus = count_corpus(
        fingerprinted(train, "train", fingerprints),
        words,
        configuration.text.minimum_character_count,
        configuration.data.multi_label is True,
    )
    task = choose_task(configuration, corpus)
    truncated, words.truncated = words.truncated, 0
    fingerprints |= encoder_fingerprint(configuration)
    alphabet, new_characters = run_alphabet(configuration, corpus.alphabet)
    read = fingerprinted(validation, "validation", fingerprints)
    targets = task.read(read, validation.name)
    if test is not None:
        task.read(fingerprinted(test, "test", fingerprints), test.name)
    return TrainingData(
        train,
        validation,
        sources.validation is None,
        words,
        model,
        corpus,
        alphabet,
        new_characters,
        task,
        targets,
        truncated,
        fingerprints,
    )
