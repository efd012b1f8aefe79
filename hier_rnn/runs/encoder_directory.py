"""An encoder directory: the character encoder alone, for other runs to start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.files import write_atomically
from hier_rnn.initializers.rules import resolve, rules_deciding
from hier_rnn.runs.run_directory import write_json, write_vocabulary
from hier_rnn.runs.weights_file import write_weights
from hier_rnn.text.alphabet import Alphabet

GROUPS = ("text", "character_encoder")
ENCODER = "character_encoder/"


def write_encoder_directory(
    path: Path,
    configuration: Configuration,
    alphabet: Alphabet,
    weights: Mapping[str, np.ndarray],
    vocabulary: Mapping[str, int],
    facts: Mapping[str, Any],
    words_model: Path | None = None,
) -> None:
    """Writes an encoder directory; the weights come last, so that one with weights is whole.

    Args:
        path: The directory; made if need be.
        configuration: The options; only `text` and `character_encoder` are kept.
        alphabet: The characters of the embedding's rows.
        weights: By name; only the character encoder's are kept.
        vocabulary: Known words with their counts.
        facts: About the training: corpus size, objective, score, seed, version. What the weights
            started from is added.
        words_model: The SentencePiece model, if words are its pieces.
    """
    with write_atomically(path / "config.toml") as file:
        file.write(format_configuration(configuration, GROUPS))
    alphabet.save(path / "alphabet.json")
    write_vocabulary(path / "words.txt", vocabulary)
    write_json(path / "facts.json", {**facts, **_start(configuration, weights)})
    if words_model is not None and words_model != path / "words.model":
        with write_atomically(path / "words.model", "wb") as file:
            file.write(words_model.read_bytes())
    kept = {n: w for n, w in weights.items() if n.startswith(ENCODER)}
    write_weights(path / "encoder.weights.h5", kept)


def _start(configuration: Configuration, weights: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """What the encoder's weights started from: the rules that decided them, or another encoder."""
    rules, encoder = configuration.initializers.rules, configuration.data.encoder
    shapes = {name: np.shape(values) for name, values in weights.items()}
    decisions = resolve(shapes, rules, encoder)
    own = [decision for name, decision in decisions.items() if name.startswith(ENCODER)]
    used = [rule.model_dump(exclude_defaults=True) for rule in rules_deciding(own, rules)]
    return {"initializers": used, "encoder": encoder}
