"""From the sources of text to what an objective learns from: words, their counts, their vectors."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from tqdm import tqdm

from hier_rnn.configuration.options import Configuration, Text
from hier_rnn.errors import UserError
from hier_rnn.pretraining.cooccurrence import count_words
from hier_rnn.pretraining.next_character import CountedWords
from hier_rnn.pretraining.targets import Targets, targets_from_file, targets_from_text
from hier_rnn.sources.example import Example
from hier_rnn.sources.source import Source, open_source
from hier_rnn.text.normalization import normalize
from hier_rnn.training.corpus import prepared_words


class Corpus:
    """The texts of all sources as lists of words; can be gone through any number of times.

    Args:
        configuration: The run's options.
        quiet: Show no progress. Default False.
        source: The text, instead of that which the options name.

    Attributes:
        name: What the user called the sources.
        words_model: The SentencePiece model; empty for whitespace words.

    Raises:
        UserError: A source that is missing, empty or damaged, or what SentencePiece refuses.
    """

    def __init__(
        self, configuration: Configuration, quiet: bool = False, source: Source | None = None
    ) -> None:
        self._source = source or text_source(configuration)
        self.name = self._source.name
        self._words, self.words_model = prepared_words(configuration, self._source)
        self._quiet = quiet

    def texts(self, purpose: str) -> Iterable[list[str]]:
        """Streams the words of every text, with a bar on a terminal.

        Args:
            purpose: What the bar says.
        """
        return (self._words(example.text) for example in self._examples(purpose))

    def labelled_texts(self, purpose: str) -> Iterable[tuple[str, list[str]]]:
        """Streams the label and the words of every text; arguments as `texts`."""
        return ((e.label, self._words(e.text)) for e in self._examples(purpose))

    def _examples(self, purpose: str) -> Iterable[Example]:
        hidden = self._quiet or not sys.stderr.isatty()
        return tqdm(self._source, desc=purpose, unit=" texts", unit_scale=True, disable=hidden)


def text_source(configuration: Configuration) -> Source:
    """Opens the text to pretrain on, all of its sources one after the other.

    Args:
        configuration: The run's options.

    Raises:
        UserError: A source that is missing, empty or damaged.
    """
    data = configuration.data
    sources = [open_source(spec, **data.reading, labelled=False) for spec in data.text]
    return Source(", ".join(data.text), lambda: chain.from_iterable(sources))


def vectors_to_learn(configuration: Configuration, corpus: Corpus | None) -> Targets:
    """Returns the words and vectors of the objective `word-vectors`.

    Args:
        configuration: The run's options; they may name a file of ready vectors.
        corpus: The text; with ready vectors it gives the counts, or may be None.

    Raises:
        UserError: Too little text, or something wrong with the file.
    """
    options = configuration.pretraining
    written = corpus and count_words(corpus.texts("counting words"), options.maximum_types)
    if options.vectors:
        targets = targets_from_file(options.vectors, written, options.vocabulary)
        return _as_read(targets, configuration.text, options.vectors)
    texts = corpus.texts("counting contexts")
    return targets_from_text(texts, options, configuration.seed, written)


def _as_read(targets: Targets, text: Text, path: str) -> Targets:
    """Leaves out the words that the encoder would never read so spelled."""
    kept = [
        i
        for i, word in enumerate(targets.words)
        if normalize(word, text.normalization, text.lowercase).split() == [word]
        and len(word) <= text.maximum_word_length
    ]
    if len(kept) < 2:
        raise UserError(
            f"{path}: of its {len(targets.words)} words, {len(kept)} are spelled as the text"
            " options (normalization, lowercase, maximum_word_length) have words read."
        )
    order = np.array(kept)[np.argsort(-targets.counts[kept], kind="stable")]
    facts = {**targets.facts, "unreadable": len(targets.words) - len(kept)}
    words = [targets.words[i] for i in order]
    return Targets(words, targets.counts[order], targets.vectors[order], facts)


def words_to_foresee(configuration: Configuration, corpus: Corpus) -> CountedWords:
    """Returns the words of the objective `next-character`; texts are held out evenly spread.

    Args:
        configuration: The run's options.
        corpus: The text.

    Raises:
        UserError: Too few texts to hold any out, or no word is seen often enough.
    """
    options = configuration.pretraining
    share = options.validation_share
    learnt = count_words(
        _every(corpus.texts("counting words"), share, held_out=False), options.maximum_types
    )
    held_out = count_words(
        _every(corpus.texts("counting held-out words"), share, held_out=True),
        options.maximum_types,
    )
    frequent = learnt.most_frequent(options.vocabulary, options.minimum_count)
    if not held_out.words or not frequent.words:
        lacking = (
            f"no word is seen {options.minimum_count} times"
            if held_out.words
            else (f"pretraining.validation_share {share} of its texts is not one text")
        )
        raise UserError(f"{corpus.name}: too little text to learn from: {lacking}.")
    facts = {
        "corpus_words": learnt.tokens,
        "word_types": len(learnt.words),
        "pruned_words": learnt.pruned,
        "undercount": learnt.undercount,
        "coverage": frequent.coverage,
        "held_out_words": held_out.tokens,
    }
    return CountedWords(frequent.words, frequent.counts, held_out.words, held_out.counts, facts)


def _every(texts: Iterable[list[str]], share: float, held_out: bool) -> Iterator[list[str]]:
    for number, words in enumerate(texts):
        if (int((number + 1) * share) > int(number * share)) == held_out:
            yield words
