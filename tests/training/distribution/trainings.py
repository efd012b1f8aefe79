"""Small trainings, one for each objective: in the test's process, or in that of a worker.

python trainings.py none|mirrored|multi-worker FOLDER NAME [NAME ...]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.files import write_atomically
from hier_rnn.tensorflow_setup import import_tensorflow

MIDDLE = ["the", "film", "was", "a", "story", "with", "actors", "music", "and", "scenes"]
KNOWN = {"good": ["good", "great", "fine", "lovely"], "bad": ["bad", "awful", "poor", "dull"]}
ENCODER = {"units": 12, "embedding_dim": 6}
WAIT = {"worker_timeout": 60.0}


def examples(count: int) -> list[tuple[str, str]]:
    """Labelled texts of one to nine words; the last batch of eight has one."""
    draw = np.random.default_rng(0)
    labels = ["good" if number % 3 else "bad" for number in range(count)]
    return [
        (label, " ".join([*draw.choice(MIDDLE, draw.integers(9)), draw.choice(KNOWN[label])]))
        for label in labels
    ]


def texts() -> list[str]:
    """Texts without labels."""
    return [text for _, text in examples(120)]


def classify(out: Path, distribute: str, training: dict[str, Any], **groups: Any) -> None:
    """Trains a classifier on 41 sentences in batches of eight."""
    hier_rnn.train(
        examples(41),
        examples(12),
        out=out,
        text={"minimum_character_count": 1},
        character_encoder=ENCODER | groups.get("character_encoder", {}),
        sentence_encoder={"units": 5} | groups.get("sentence_encoder", {}),
        training={
            "batch_size": 8,
            "epochs": 2,
            "minimum_steps_per_epoch": 0,
            "warm_start_epochs": 0,
            "distribute": distribute,
            **WAIT,
            **training,
        },
    )


def plain(out: Path, distribute: str) -> None:
    """With a warm start, misspelling, class weights and the next-character loss."""
    extra = {"class_weights": "balanced", "next_character_weight": 0.3, "warm_start_epochs": 1}
    classify(out, distribute, extra)


def dropped(out: Path, distribute: str) -> None:
    """With every dropout that is drawn by word, row or sentence, and with two layers."""
    options = {"layers": 2, "word_dropout": 0.2, "recurrent_dropout": 0.2, "pooling": "attention"}
    encoder = {"embedding_dropout": 0.2, "recurrent_dropout": 0.2, "bidirectional": True}
    classify(out, distribute, {}, sentence_encoder=options, character_encoder=encoder)


def pretrain(out: Path, distribute: str, source: Any, pretraining: dict[str, Any]) -> None:
    """Pretrains an encoder."""
    groups = {
        "text": {"minimum_character_count": 1, "words": "whitespace"},
        "character_encoder": ENCODER,
        "sentence_encoder": {"units": 5},
        "data": pretraining.pop("data", {}),
        "pretraining": {
            "minimum_count": 1,
            "dimensions": 4,
            "batch_size": 7,
            "epochs": 2,
            "distribute": distribute,
            **WAIT,
            **pretraining,
        },
    }
    hier_rnn.pretrain(source, out=out, config=Configuration.model_validate(groups))


def word_vectors(out: Path, distribute: str) -> None:
    """Vectors of the words of a text, which are counted."""
    pretrain(out, distribute, texts(), {})


def next_character(out: Path, distribute: str) -> None:
    """The next character."""
    pretrain(out, distribute, texts(), {"objective": "next-character"})


def sentence_vectors(out: Path, distribute: str) -> None:
    """A teacher's vectors of texts, and the similarities between them."""
    source, targets = out.parent / "texts.txt", out.parent / "targets.npy"
    with write_atomically(source) as file:
        file.write("\n".join(texts()) + "\n")
    with write_atomically(targets, "wb") as file:
        np.save(file, np.random.default_rng(2).normal(size=(len(texts()), 6)).astype(np.float16))
    sentences = {"batch_size": 9, "epochs": 2}
    given = {"objective": "sentence-vectors", "sentences": sentences, "validation_share": 0.2}
    pretrain(out, distribute, str(source), given | {"data": {"targets": str(targets)}})


TRAININGS: dict[str, Callable[[Path, str], None]] = {
    "plain": plain,
    "dropped": dropped,
    "word_vectors": word_vectors,
    "next_character": next_character,
    "sentence_vectors": sentence_vectors,
}


if __name__ == "__main__":
    distribution, folder, *names = sys.argv[1:]
    if distribution == "mirrored":
        import_tensorflow()
        import tensorflow as tf

        [processor] = tf.config.list_physical_devices("CPU")
        halves = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
        tf.config.set_logical_device_configuration(processor, halves)
    for name in names:
        TRAININGS[name](Path(folder) / name, distribution)
