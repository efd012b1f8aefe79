"""The table of a model's parts that is drawn before training."""

from __future__ import annotations

import numpy as np
import pytest

from hier_rnn.commands.drawing.training_screen import print_model
from hier_rnn.configuration.options import Configuration
from hier_rnn.model.weight_specs import weight_shapes


@pytest.fixture
def shown(capsys, monkeypatch):
    """The lines of the table for a configuration, in 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def shown(**groups) -> list[str]:
        print_model(weight_shapes(Configuration.model_validate(groups), 150, 77))
        return capsys.readouterr().err.splitlines()

    return shown


def test_the_default_model(shown):
    lines = shown()
    assert [line.split()[0] for line in lines] == [
        "part",
        "character_encoder",
        "embedding",
        "gru_0",
        "sentence_encoder",
        "lstm_0",
        "head",
        "total",
    ]
    assert lines[2].split()[1:] == ["150x32", "4,800", "19"]
    assert "2 of (512x512, 128x512, 512)" in lines[5]
    assert lines[4].split()[1:] == lines[5].split()[-2:]
    assert lines[6].split()[1:3] == ["256x77,", "77"]
    count = sum(int(np.prod(s)) for s in weight_shapes(Configuration(), 150, 77).values())
    assert lines[-1].split() == ["total", f"{count:,}", f"{count / 256:,.0f}"]


LARGE = {
    "character_encoder": {
        "units": 1024,
        "layers": 2,
        "bidirectional": True,
        "initial_state": "trainable",
        "projection": 512,
    },
    "sentence_encoder": {
        "units": 512,
        "layers": 2,
        "pooling": "attention",
        "initial_state": "trainable",
    },
    "training": {"next_character_weight": 0.1},
}


def test_a_large_model_fits_80_columns_with_a_line_a_layer(shown):
    lines = shown(**LARGE)
    names = weight_shapes(Configuration.model_validate(LARGE), 9, 9)
    parts = {name.split("/")[0] for name in names}
    layers = {"/".join(name.split("/")[:2]) for name in names if name.count("_encoder/")}
    assert len(lines) == len(parts) + len(layers) + 2
    assert max(map(len, lines)) <= 80
