"""From text to what an objective learns from: words, their counts, their vectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from hier_rnn.configuration.options import CHARACTER_ENCODER, Configuration, Text
from hier_rnn.errors import UserError
from hier_rnn.inference.encoder import Encoder
from hier_rnn.inference.word_vector_map import learnt_vectors
from hier_rnn.sources.source import Source
from hier_rnn.storage.counts_directory import CountsDirectory
from hier_rnn.storage.weights.target_vectors import TargetVectors, open_target_vectors
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.normalization import normalize
from hier_rnn.training.events import Listener
from hier_rnn.training.preparation.fingerprint import encoder_fingerprint
from hier_rnn.training.pretraining.next_character_objective import CountedWords
from hier_rnn.training.pretraining.prepared import Prepared, PreparedWords
from hier_rnn.training.pretraining.text_corpus import TextCorpus
from hier_rnn.training.sentence_vectors.taught_texts import (
    CountedTexts,
    held_out_share,
    is_held_out,
)
from hier_rnn.training.word_vectors.from_counts import targets_from_counts
from hier_rnn.training.word_vectors.label_features import append_label_features
from hier_rnn.training.word_vectors.pmi_svd import unit_rows
from hier_rnn.training.word_vectors.targets import Targets, targets_from_file, targets_from_text
from hier_rnn.training.word_vectors.word_counts import count_words


def prepare(
    configuration: Configuration,
    source: Source | None,
    targets: Path,
    label_feature_weight: float,
    on_event: Listener,
) -> Prepared:
    """Counts the words of a text and makes what is to be learnt of them.

    Args:
        configuration: The run's options.
        source: The text; None if there are only ready vectors, or counts.
        targets: The file of the vectors of texts, if these are learnt.
        label_feature_weight: Weight of what the labels of the text say of its words; 0: they are
            not looked at.
        on_event: Told of the stages.

    Raises:
        UserError: Too little text, or something wrong with it or with a file of ready vectors.
    """
    corpus = None if source is None else TextCorpus(configuration, source, on_event)
    words: PreparedWords
    fingerprints = encoder_fingerprint(configuration)
    objective = configuration.pretraining.objective
    if objective == "sentence-vectors":
        assert corpus is not None  # the command asks for a text
        vectors = open_target_vectors(targets)
        fingerprints["targets"] = vectors.check()
        words = load_counted_texts(configuration, corpus, vectors)
    elif configuration.data.counts:
        counts = CountsDirectory(configuration.data.counts)
        words = targets_from_counts(counts, configuration, on_event)
        words = _append_previous_vectors(words, configuration)
        fingerprints["counts"] = counts.fingerprint
        return Prepared(words, counts.words_model(), fingerprints)
    elif objective == "next-character":
        assert corpus is not None
        words = load_counted_words(configuration, corpus)
    else:
        words = load_targets(configuration, corpus, on_event)
        words = _append_previous_vectors(words, configuration)
        if label_feature_weight:
            assert corpus is not None
            texts = corpus.labelled_texts("counting words by label")
            words = append_label_features(words, texts, label_feature_weight)
    if corpus is None:
        return Prepared(words, b"", fingerprints)
    return Prepared(words, corpus.words_model, corpus.fingerprints | fingerprints)


def _append_previous_vectors(targets: Targets, configuration: Configuration) -> Targets:
    if CHARACTER_ENCODER not in configuration.transferred:
        return targets
    return append_previous_vectors(targets, Encoder(Path(configuration.encoder)))


def append_previous_vectors(targets: Targets, encoder: Encoder) -> Targets:
    """Returns the targets with the vectors that an encoder has of the words appended.

    Learning other words, or other meanings of the same ones, an encoder would forget. So when it
    goes on from what it learnt before, a word's target is its new vector beside the one it has.

    Args:
        targets: What is to be learnt.
        encoder: Has other vectors of the words.
    """
    vectors = np.hstack([targets.vectors, learnt_vectors(encoder, targets.words)])
    return targets._replace(vectors=unit_rows(vectors))


def load_targets(
    configuration: Configuration, corpus: TextCorpus | None, on_event: Listener
) -> Targets:
    """Returns the words and vectors of the objective `word-vectors`.

    Args:
        configuration: The run's options; they may name a file of ready vectors.
        corpus: The text; with ready vectors it gives the counts, or may be None.
        on_event: Told of the stages.

    Raises:
        UserError: Too little text, or something wrong with the file.
    """
    options = configuration.pretraining
    written = None
    if corpus is not None:
        written = count_words(corpus.texts("counting words"), options.maximum_types)
    if options.vectors:
        targets = targets_from_file(options.vectors, written, options.vocabulary)
        return _as_read(targets, configuration.text, options.vectors)
    assert corpus is not None
    texts = corpus.texts("counting contexts")
    return targets_from_text(texts, options, configuration.seed, written, on_event)


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
    metadata = {**targets.metadata, "unreadable": len(targets.words) - len(kept)}
    words = [targets.words[i] for i in order]
    return Targets(words, targets.counts[order], targets.vectors[order], metadata)


def load_counted_words(configuration: Configuration, corpus: TextCorpus) -> CountedWords:
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
    metadata = {
        "corpus_words": learnt.tokens,
        "word_types": len(learnt.words),
        "pruned_words": learnt.pruned,
        "coverage": frequent.coverage,
        "held_out_words": held_out.tokens,
    }
    return CountedWords(frequent.words, frequent.counts, held_out.words, held_out.counts, metadata)


def load_counted_texts(
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


def _every(texts: Iterable[list[str]], share: float, held_out: bool) -> Iterator[list[str]]:
    for number, words in enumerate(texts):
        if (int((number + 1) * share) > int(number * share)) == held_out:
            yield words
