"""A small text in which words of a stem have contexts in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hier_rnn.configuration.options import Configuration

STEMS = [
    *("walk", "talk", "look", "cook"),
    *("book", "show", "know", "play"),
    *("work", "turn", "help", "open"),
    *("start", "want", "need", "jump"),
]
ENDINGS = ("", "s", "ing", "ed", "er.", ",")


@pytest.fixture(scope="session")
def text(tmp_path_factory) -> Path:
    """A file with one text per line, each on one of four topics."""
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("text") / "text.txt"
    lines = []
    for topic in generator.integers(4, size=300):
        stems = generator.choice(STEMS[4 * topic : 4 * topic + 4], 10)
        endings = generator.choice(ENDINGS, 10)
        lines.append(" ".join(stem + ending for stem, ending in zip(stems, endings, strict=True)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def configuration(text):
    """`configuration(objective=..., epochs=...)`: small sizes, and options of `pretraining`."""

    def make(encoder: dict | None = None, **options) -> Configuration:
        small = {
            "minimum_count": 2,
            "dimensions": 12,
            "window": 3,
            "batch_size": 32,
            "epochs": 2,
            "learning_rate": 0.02,
            "validation_share": 0.05,
        }
        return Configuration.model_validate(
            {
                "data": {"text": [str(text)]},
                "character_encoder": {"units": 16, "embedding_dim": 8, **(encoder or {})},
                "pretraining": {**small, **options},
            }
        )

    return make
