"""What the objective `sentence-vectors` learns from: texts and a teacher's vector for each.

Texts and vectors stay where they are and are read anew each epoch; kept is what one pass over them
finds out, and the texts held out for validation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.source import Source
from hier_rnn.storage.weights.target_vectors import TargetVectors
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.pretraining.text_corpus import TextCorpus
from hier_rnn.training.word_vectors.cooccurrence import count_words

EVALUATED_TEXTS = 2000


class CountedTexts(NamedTuple):
    """What was found out about the texts.

    Attributes:
        words: Distinct words by descending count.
        counts: How often each is seen, `(words,)`.
        characters: Characters in the order of their ids.
        texts: How many texts there are.
        held_out: Texts for validation.
        metadata: Figures on the counting by name.
    """

    words: list[str]
    counts: np.ndarray
    characters: list[str]
    texts: int
    held_out: list[str]
    metadata: dict[str, float]


class TaughtTexts(NamedTuple):
    """Texts to learn, and what they are to be read as."""

    source: Source
    words: Tokenizer
    """Turns a text into words."""
    vectors: TargetVectors
    """The teacher's, row for row."""
    counted: CountedTexts


def count_texts(
    configuration: Configuration, corpus: TextCorpus, vectors: TargetVectors
) -> CountedTexts:
    """Goes through texts once, and makes sure that there is a vector for each.

    Args:
        configuration: The run's options.
        corpus: The texts.
        vectors: The teacher's vectors.

    Raises:
        UserError: Too little text, or more texts or fewer than vectors.
    """
    options, count = configuration.pretraining, vectors.shape[0]
    share = held_out_share(options.validation_share, count)
    texts, held_out = 0, []

    def read() -> Iterator[list[str]]:
        nonlocal texts
        for text in corpus.raw_texts("counting words"):
            if is_held_out(texts, share):
                held_out.append(text)
            texts += 1
            yield corpus.words(text)

    counted = count_words(read(), options.maximum_types)
    if texts != count:
        raise UserError(
            f"data.targets: {vectors.path} has {count:,} vectors, but {corpus.name} has"
            f" {texts:,} texts. Accepted: a vector for each text, in the same order."
        )
    if len(held_out) < 2 or texts - len(held_out) < 2 or not counted.words:
        raise UserError(
            f"{corpus.name}: too little text to learn from: {texts:,} texts, of which"
            f" {len(held_out)} are held out (pretraining.validation_share"
            f" {options.validation_share}); at least 2 must be held out, and 2 be left."
        )
    seen = dict(zip(counted.words, counted.counts.tolist(), strict=True))
    alphabet = Alphabet.count(seen, configuration.text.minimum_character_count)
    frequent = counted.most_frequent(options.vocabulary, options.minimum_count)
    metadata: dict[str, float] = {
        "corpus_words": counted.tokens,
        "word_types": len(counted.words),
        "pruned_words": counted.pruned,
        "undercount": counted.undercount,
        # They are read as the unknown character.
        "rare_characters": len(set().union(*counted.words).difference(alphabet.characters)),
        "texts": texts,
        "held_out_texts": len(held_out),
    }
    return CountedTexts(
        frequent.words,
        frequent.counts,
        list(alphabet.characters),
        texts,
        held_out,
        metadata,
    )


def held_out_share(share: float, texts: int) -> float:
    """Returns which share of the texts to hold out: what is asked for, or 2,000 if that is less."""
    return min(share, EVALUATED_TEXTS / texts)


def is_held_out(row: int, share: float) -> bool:
    """Whether a text is held out; those that are lie evenly spread.

    Args:
        row: The text's place.
        share: Of the texts.
    """
    return int((row + 1) * share) > int(row * share)
