"""Runs of random weights: whatever the options, in every script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.inference.predictor import Predictor
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.storage.json_file import json_bytes
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.weights.weights_file import weights_bytes
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.text.segmentation import train_sentencepiece

ROOT = Path(__file__).parents[2]
ALPHABET = Alphabet(tuple("abcdeiosſσςéA好はハ각\u1100\u1161\u0301.😀"))
LABELS = ["bad", "good", "né"]
# Longer than any word may be; no two ways to cut it into pieces are as good as each other.
LONG_WORD = "abcdeios" + "".join("abcdeios"[i * i * 7 % 11 % 8] for i in range(90))
TEXTS = [
    "abc de\u3000ea\u00a0b",
    "",
    "é e\u0301 ﬁ Ǆ İ OΔΥΣΣΕΥΣ " + LONG_WORD + " 각 각 ハ ﾊﾞ",
    " \x1c\x85 ",
    "a",
    "好は 😀😀 a\0b z \ufffd",
    "abide " * 40,
    "\ue000\U0010ffff q\u0323\u0307 a\u0327\u0301\u0302",
]

GRIDS = {
    "default": {},
    "deep": {
        "character_encoder": {"layers": 3, "bidirectional": True, "initial_state": "trainable"},
        "sentence_encoder": {"layers": 3, "initial_state": "trainable"},
    },
    "reset before": {"character_encoder": {"reset_after": False, "layers": 2, "projection": 4}},
    "shared": {
        "character_encoder": {
            "embedding_dim": 6,
            "units": 6,
            "layers": 3,
            "share_layer_weights": True,
            "bidirectional": True,
        },
        "sentence_encoder": {"units": 6, "layers": 2, "share_layer_weights": True},
    },
    "last": {"sentence_encoder": {"pooling": "last"}},
    "mean": {"sentence_encoder": {"pooling": "mean"}},
    "attention": {"sentence_encoder": {"pooling": "attention"}},
    "segments": {
        "sentence_encoder": {
            "segment_words": 6,
            "layers": 2,
            "pooling": "attention",
            "initial_state": "trainable",
        }
    },
    "segments, last": {"sentence_encoder": {"segment_words": 7, "pooling": "last"}},
    "segments, mean": {"sentence_encoder": {"segment_words": 1, "pooling": "mean"}},
    "no marks": {"text": {"boundary_marks": False, "maximum_word_length": 5}},
    "lower case, NFD": {"text": {"lowercase": True, "normalization": "NFD"}},
    "lower case, NFKC": {"text": {"lowercase": True}},
    "as it is": {"text": {"normalization": "none"}},
    "auxiliary loss": {"training": {"next_character_weight": 0.5}},
}


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return TEXTS


class Run(NamedTuple):
    path: Path
    predictor: Predictor


@pytest.fixture(scope="session")
def random_run(tmp_path_factory):
    """`random_run(text={...})` is a run of random weights, with its predictor."""
    made: dict[str, Run] = {}

    def make(**groups) -> Run:
        key = json.dumps(groups, sort_keys=True)
        if key in made:
            return made[key]
        small = {
            "text": {"words": "whitespace"},
            "character_encoder": {"embedding_dim": 5, "units": 7},
            "sentence_encoder": {"units": 4},
        }
        for name, options in groups.items():
            small[name] = {**small.get(name, {}), **options}
        configuration = Configuration.model_validate(small)
        run = RunDirectory(tmp_path_factory.mktemp("random") / "run")
        random = np.random.default_rng(len(made))
        shapes = weight_shapes(configuration, ALPHABET.size, len(LABELS))
        weights = {name: random.normal(0, 0.5, shape) for name, shape in shapes.items()}
        run.write_record(configuration)
        run.write_alphabet(ALPHABET)
        run.write_labels(LABELS)
        files = {
            run.calibration: json_bytes({"temperature": 1.5}),
            run.weights: weights_bytes(weights),
        }
        if configuration.text.words == "sentencepiece":
            model = run.path.parent / "pieces.model"
            train_sentencepiece(TEXTS * 20, model, vocabulary_size=60)
            files[run.words_model] = model.read_bytes()
        run.write(files, complete=True)
        made[key] = Run(run.path, hier_rnn.load(run.path))
        return made[key]

    return make


@pytest.fixture(params=GRIDS.values(), ids=GRIDS)
def any_run(request, random_run) -> Run:
    """A run of each option that the model has."""
    return random_run(**request.param)


@pytest.fixture(scope="session")
def logits():
    """`logits(predictor, texts)`: every label's logit for each text, `(texts, classes)`."""

    def logits(predictor: Predictor, texts: list[str]) -> np.ndarray:
        return np.array(list(predictor.logits(texts)), np.float32).reshape(-1, len(LABELS))

    return logits
