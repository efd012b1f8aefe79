"""Both ways of the benchmark learn the same."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from benchmarks.distillation import compare, show
from benchmarks.peers.distillation import both
from hier_rnn.configuration.options import Configuration
from hier_rnn.pretraining.targets import Targets

WORDS = [f"{start}{end}" for end in ("", "s", "ed", "ings") for start in ("walk", "talk", "cook")]


def test_same_loss_and_every_word_counted():
    vectors = np.eye(12, 5, dtype=np.float32) + 0.1
    targets = Targets(WORDS, np.arange(12, 0, -1), vectors, {})
    small = {"character_encoder": {"units": 6}, "pretraining": {"batch_size": 5}}
    trie, padded, spellings, difference = both(Configuration.model_validate(small), targets, 2)
    assert difference < 1e-5
    assert spellings > 11
    assert trie() == spellings
    assert padded() == 10


def test_the_table_has_both(tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text(" ".join(WORDS) + "\n")
    sizes = {"words": 12, "units": 6, "dimensions": 5, "batch_size": 5, "padded_batches": 1}
    results = compare(argparse.Namespace(text=str(text), runs=1, **sizes))
    assert results["words"] == 12
    assert set(results["seconds_per_epoch"]) == {"trie", "padded Keras GRU"}
    assert results["difference_of_losses"] == pytest.approx(0, abs=1e-5)
    show(results)
    assert "padded Keras GRU" in capsys.readouterr().out
