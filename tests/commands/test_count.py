"""`count`, and `train pretrain --counts` going on from it."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from hier_rnn.storage.weights.weights_file import read_weights
from tests.conftest import WORDS

OPTIONS = ("--pretraining.minimum_count", 1, "--pretraining.window", 3)


@pytest.fixture
def texts(tmp_path):
    words = " ".join(WORDS.values()).split()
    generator = np.random.default_rng(0)
    lines = [" ".join(generator.choice(words, 8)) for _ in range(60)]
    for number in range(3):
        part = lines[20 * number : 20 * number + 20]
        (tmp_path / f"part-{number}.txt").write_text("\n".join(part) + "\n")
    return tmp_path / "part-*.txt"


def test_what_was_counted_is_said(call, texts, tmp_path):
    result = call("count", texts, "--out", tmp_path / "counts", *OPTIONS)
    assert (result.status, result.out) == (0, "")
    assert "480 words of 60 texts" in result.err
    again = call("count", texts, "--out", tmp_path / "counts", *OPTIONS)
    assert again.status == 2 and "--force" in again.err


def test_mistakes_are_told(call, texts, tmp_path):
    assert "SRC is needed" in call("count", "--out", tmp_path / "counts").err
    assert "--out" in call("count", texts).err
    given = ("train", "pretrain", "--out", tmp_path / "encoder", "--counts", tmp_path)
    assert "not a directory of counts" in call(*given).err
    assert "leave out --text" in call(*given, "--text", texts).err
    assert "objective word-vectors" in call(*given, "--objective", "next-character").err
    options = ("--beam", "direct_num_workers=2")
    assert "need a runner" in call("count", texts, "--out", tmp_path / "counts", *options).err


@pytest.mark.slow
def test_an_encoder_of_counts_is_that_of_the_text_bit_for_bit(call, texts, tmp_path):
    small = ("--character_encoder.units", 8, "--pretraining.epochs", 2, "-q")
    train = ("train", "pretrain", *small)
    own, other = tmp_path / "own", tmp_path / "other"
    result = call(*train, "--text", texts, "--out", own, *OPTIONS)
    assert result.status == 0, result.err
    counts = tmp_path / "counts"
    assert call("count", texts, "--out", counts, *OPTIONS, "-q").status == 0
    result = call(*train, "--counts", counts, "--out", other)
    assert result.status == 0, result.err
    one, two = (read_weights(path / "encoder.safetensors") for path in (own, other))
    assert one.keys() == two.keys()
    assert all(np.array_equal(one[name], two[name]) for name in one)

    # The same counts elsewhere are the same; others are not.
    shutil.copytree(counts, tmp_path / "copy")
    assert call(*train, "--counts", tmp_path / "copy", "--out", other).status == 0
    (tmp_path / "part-3.txt").write_text("love late\n")
    changed = tmp_path / "changed"
    assert call("count", texts, "--out", changed, *OPTIONS, "-q").status == 0
    result = call(*train, "--counts", changed, "--out", other)
    assert result.status == 2 and "--counts: not the data" in result.err
