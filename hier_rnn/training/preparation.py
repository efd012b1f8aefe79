"""Preparation: all that the data decide, and every mistake in them, before training starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.evaluation.metrics import target_ids
from hier_rnn.sources.example import Source
from hier_rnn.sources.source import open_source
from hier_rnn.sources.split import stratified_split
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.words import Words
from hier_rnn.training.corpus import Corpus, prepared_words, survey
from hier_rnn.training.run_alphabet import run_alphabet

VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Preparation:
    """The data of a run and what they decide."""

    train: Source
    validation: Source
    words: Words
    """Turns a text into words."""
    words_model: bytes
    """The SentencePiece model; empty for whitespace words."""
    corpus: Corpus
    alphabet: Alphabet
    new_characters: tuple[str, ...]
    """Characters that the encoder which the run starts from never saw."""
    targets: np.ndarray
    """Class of each validation example, `(examples,)`."""
    cut: int
    """Training words that are longer than the limit."""


def prepare(configuration: Configuration, words_model: Path | None = None) -> Preparation:
    """Reads the data of a run.

    Args:
        configuration: The run's options.
        words_model: The run's SentencePiece model, if it may have one already.

    Raises:
        UserError: A source that is missing, empty or damaged, one class only, a label in
            validation or test data that the training data lack, or what SentencePiece refuses.
    """
    data = configuration.data
    train, validation, test = (
        open_source(source, **data.reading) if source else None
        for source in (data.train, data.validation, data.test)
    )
    if validation is None:
        train, validation = stratified_split(train, VALIDATION_SHARE, configuration.seed)
    words, model = prepared_words(configuration, train, words_model)
    corpus = survey(train, words, configuration.text.minimum_character_count)
    cut, words.cut = words.cut, 0
    alphabet, new_characters = run_alphabet(configuration, corpus.alphabet)
    targets = target_ids(validation, corpus.labels, validation.name)
    if test is not None:
        target_ids(test, corpus.labels, test.name)
    return Preparation(
        train, validation, words, model, corpus, alphabet, new_characters, targets, cut
    )
