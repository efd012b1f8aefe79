"""All ways of the benchmark learn the same."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from benchmarks.distillation import compare, show
from benchmarks.peers.distillation import ALL_PADDED, BATCH_PADDED, TRIE, Padded, turns_of
from hier_rnn.configuration.options import Configuration
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.weight_specs import character_encoder_shapes
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.word_vectors.targets import Targets

WORDS = [f"{start}{end}" for end in ("", "s", "ed", "ings") for start in ("walk", "talk", "cook")]


@pytest.mark.slow
def test_same_loss_and_every_word_counted():
    vectors = np.eye(12, 5, dtype=np.float32) + 0.1
    targets = Targets(WORDS, np.arange(12, 0, -1), vectors, {})
    small = {"character_encoder": {"units": 6}, "pretraining": {"batch_size": 5}}
    turns, spellings, difference = turns_of(Configuration.model_validate(small), targets, 2)
    assert difference < 1e-5
    assert spellings > 11
    learnt = {name: turn()[0] for name, turn in turns.items()}
    assert learnt.pop(TRIE) > 11  # another epoch, with other copies
    assert learnt == {BATCH_PADDED: 10, ALL_PADDED: 10}


def test_neither_padding_nor_a_mask_changes_the_loss():
    configuration = Configuration.model_validate({"character_encoder": {"units": 6}})
    alphabet = Alphabet.count(WORDS)
    targets = Targets(WORDS, np.arange(12, 0, -1), np.eye(12, 5, dtype=np.float32) + 0.1, {})
    sizes = character_encoder_shapes(configuration.character_encoder, alphabet.size)
    shapes = {**sizes, "word_vectors/kernel": (6, 5), "word_vectors/bias": (5,)}
    padded = Padded(configuration, alphabet, targets, initialize(shapes))
    mixed = ["walk", "walked", "cooks"]
    owners, weights = np.arange(3, dtype=np.int32), np.ones(3, np.float32)
    assert padded.longest(mixed) == len("walked") + 2
    narrow, wide = (padded.spelled(mixed, owners, width) for width in (None, 30))
    assert narrow[0].shape == (3, 8) and wide[0].shape == (3, 30)
    loss = pytest.approx(float(padded.loss(*narrow, weights)))
    assert float(padded.loss(*wide, weights)) == loss
    assert float(padded.loss(*wide, weights, masked=True)) == loss


@pytest.mark.slow
def test_the_table_has_all(tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text(" ".join(WORDS) + "\n")
    sizes = {"words": 12, "units": 6, "dimensions": 5, "batch_size": 5, "padded_batches": 1}
    results = compare(argparse.Namespace(text=str(text), runs=1, **sizes))
    assert results["words"] == 12
    assert set(results["seconds_per_epoch"]) == {TRIE, BATCH_PADDED, ALL_PADDED}
    assert results["difference_of_losses"] == pytest.approx(0, abs=1e-5)
    show(results)
    assert "at once" in capsys.readouterr().out
