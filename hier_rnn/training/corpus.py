"""The training data at a glance: what one pass over it has to find out before training starts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.runs.run_directory import RunDirectory
from hier_rnn.sources.example import Source
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.normalization import normalize
from hier_rnn.text.segmentation import train_sentencepiece
from hier_rnn.text.words import Words

KEPT_TYPES = 1_000_000


@dataclass(frozen=True)
class Corpus:
    """Counts of the training data."""

    labels: list[str]
    """Sorted."""
    label_counts: list[int]
    examples: int
    word_count: int
    vocabulary: Counter[str]
    """How often each word is seen; the rarest are left out beyond a million word types."""
    alphabet: Alphabet
    cut: int
    """Words that are longer than the limit."""


def survey(source: Source, words: Words, minimum_character_count: int) -> Corpus:
    """Reads the training data once and counts.

    Args:
        source: Labelled examples.
        words: Turns a text into words.
        minimum_character_count: Characters seen less often are not in the alphabet.

    Raises:
        UserError: There is one class only.
    """
    labels: Counter[str] = Counter()
    vocabulary: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for example in source:
        labels[example.label] += 1
        vocabulary.update(words(example.text))
        if len(vocabulary) > KEPT_TYPES:
            _prune(vocabulary, characters)
    if len(labels) < 2:
        only = next(iter(labels))
        raise UserError(
            f"{source.name}: every example has the label '{only}'. A classifier needs two classes"
            " at least."
        )
    for word, count in vocabulary.items():
        for character in word:
            characters[character] += count
    names = sorted(labels)
    return Corpus(
        labels=names,
        label_counts=[labels[name] for name in names],
        examples=labels.total(),
        word_count=vocabulary.total(),
        vocabulary=vocabulary,
        alphabet=Alphabet.count(characters, minimum_character_count),
        cut=words.cut,
    )


def _prune(vocabulary: Counter[str], characters: Counter[str]) -> None:
    """Drops the words seen once, whose characters still count."""
    for word in [word for word, count in vocabulary.items() if count == 1]:
        for character in word:
            characters[character] += 1
        del vocabulary[word]


def prepared_words(configuration: Configuration, source: Source, run: RunDirectory) -> Words:
    """Returns how texts become words; a SentencePiece model is trained first, if need be.

    Args:
        configuration: The run's options.
        source: The training data.
        run: Where the SentencePiece model is saved.
    """
    options = configuration.text
    if options.words == "whitespace":
        return Words(options)
    if options.sentencepiece_model:
        run.words_model.write_bytes(_model(options.sentencepiece_model))
    elif not run.words_model.exists():
        texts = (normalize(e.text, options.normalization, options.lowercase) for e in source)
        train_sentencepiece(
            texts,
            run.words_model,
            options.sentencepiece_type,
            options.vocabulary_size,
            configuration.seed,
        )
    return Words(options, run.words_model)


def _model(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise UserError(
            f"text.sentencepiece_model: {path}: can't be read: {error.strerror}."
        ) from None
