"""The end of a pretraining: the best weights, and all that is needed to use them, as an encoder."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from hier_rnn.configuration.options import CHARACTER_ENCODER, SENTENCE_ENCODER, Configuration
from hier_rnn.inference.sentence_vector_map import MAP as TEXT_MAP
from hier_rnn.inference.word_vector_map import MAP
from hier_rnn.initializers.beginning import encoder_beginning
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.alphabet import FIRST_CHARACTER, UNK, Alphabet
from hier_rnn.version import __version__


def write_encoder(
    directory: EncoderDirectory,
    configuration: Configuration,
    alphabet: Alphabet,
    best: Mapping[str, np.ndarray],
    vocabulary: Counter[str],
    previous_words: Counter[str],
    results: Mapping[str, Any],
    metrics: list[dict[str, Any]],
) -> None:
    """Writes the encoder; its manifest comes last, and says that it is finished.

    Args:
        directory: The encoder directory.
        configuration: The options.
        alphabet: The characters of the embedding's rows.
        best: The best weights, by name; of an objective's own, its linear map is kept.
        vocabulary: The words learnt, with their counts.
        previous_words: Those of the encoder that this one went on from, with their counts.
        results: What was counted, and the metrics of the best weights, by name.
        metrics: One row for each evaluation.
    """
    rare = results.get("rare_characters") or not set().union(*vocabulary) <= set(
        alphabet.characters
    )
    if not rare:
        # Never met, the unknown character starts out as an average one.
        embedding = best["character_encoder/embedding"].copy()
        embedding[UNK] = embedding[FIRST_CHARACTER:].mean(0)
        best = {**best, "character_encoder/embedding": embedding}
    texts = configuration.pretraining.objective == "sentence-vectors"
    parts = (CHARACTER_ENCODER, *([SENTENCE_ENCODER] if texts else []))
    weights, word_map, text_map = (
        {name: value for name, value in best.items() if name.partition("/")[0] in kept}
        for kept in (parts, (MAP,), (TEXT_MAP,))
    )
    facts = {
        "objective": configuration.pretraining.objective,
        "corpus": list(configuration.data.text),
        "counts": configuration.data.counts,
        "vectors": configuration.pretraining.vectors,
        "targets": configuration.data.targets,
        "teacher": configuration.data.teacher,
        **{name: value for name, value in results.items() if name != "words_per_second"},
        "words": len(vocabulary),
        "seed": configuration.seed,
        "version": __version__,
        **encoder_beginning(configuration, weights, parts),
    }
    directory.finish(
        configuration,
        alphabet,
        weights,
        vocabulary + previous_words,
        facts,
        directory.read_words_model() if directory.has(directory.words_model) else b"",
        word_map or None,
        metrics,
        text_map or None,
    )
    shutil.rmtree(directory.checkpoints)
