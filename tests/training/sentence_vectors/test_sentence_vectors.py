"""Both encoders learn a teacher's vectors of texts, interrupted or not."""

from __future__ import annotations

import json
import os
import signal
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import read_table
from hier_rnn.errors import UserError
from hier_rnn.inference.neighbours import neighbours
from hier_rnn.sources.source import open_source
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.encoder_options import take_encoder_options
from hier_rnn.storage.weights.target_vectors import open_target_vectors
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.text.tokenizer import Tokenizer
from hier_rnn.training.pretraining.pretrain import pretrain
from hier_rnn.training.sentence_vectors.sentence_vector_objective import (
    SentenceVectorObjective,
    neighbour_overlap,
    similarity_loss,
)
from hier_rnn.training.sentence_vectors.taught_texts import CountedTexts, TaughtTexts, is_held_out
from hier_rnn.training.sentence_vectors.text_batches import TextBatches

TOPICS = ("walk talk look cook", "book show know play", "work turn help open")


@pytest.fixture(scope="module")
def taught(tmp_path_factory) -> dict[str, str]:
    """Texts on one of three topics, and a teacher's vectors: that of the topic, with some noise."""
    folder, generator = tmp_path_factory.mktemp("taught"), np.random.default_rng(0)
    topics = generator.integers(3, size=200)
    lines = [" ".join(generator.choice(TOPICS[topic].split(), 5)) for topic in topics]
    (folder / "texts.txt").write_text("\n".join(lines) + "\n", "utf-8")
    vectors = generator.normal(size=(3, 6))[topics] + 0.1 * generator.normal(size=(200, 6))
    np.save(folder / "vectors.npy", vectors.astype(np.float16))
    return {"text": [str(folder / "texts.txt")], "targets": str(folder / "vectors.npy")}


@pytest.fixture
def made(taught):
    """`made(epochs=3)` is a configuration of small encoders."""

    def make(data: dict | None = None, **sentences) -> Configuration:
        small = {"batch_size": 32, "epochs": 2, "learning_rate": 0.02, **sentences}
        return take_encoder_options(
            Configuration.model_validate(
                {
                    "data": {**taught, **(data or {})},
                    "text": {"words": "whitespace"},
                    "character_encoder": {"units": 12, "embedding_dim": 6},
                    "sentence_encoder": {"units": 5, "input_dropout": 0.1},
                    "pretraining": {
                        "objective": "sentence-vectors",
                        "minimum_count": 1,
                        "validation_share": 0.2,
                        "sentences": small,
                    },
                }
            )
        )

    return make


@pytest.fixture(scope="module")
def encoder(taught, tmp_path_factory) -> Path:
    """What 12 epochs come to."""
    out = tmp_path_factory.mktemp("encoders") / "taught"
    configuration = Configuration.model_validate(
        {
            "data": taught,
            "character_encoder": {"units": 12, "embedding_dim": 6},
            "sentence_encoder": {"units": 5, "input_dropout": 0.0},
            "pretraining": {
                "objective": "sentence-vectors",
                "minimum_count": 1,
                "validation_share": 0.2,
                "sentences": {"batch_size": 16, "epochs": 12, "learning_rate": 0.03},
            },
        }
    )
    pretrain(configuration, out)
    return out


def metrics(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def weights(out: Path) -> dict[str, np.ndarray]:
    return read_weights(out / "encoder.safetensors")


@pytest.mark.slow
def test_the_encoder_says_what_the_teacher_would(encoder, taught):
    lines = metrics(encoder)
    assert lines[-1]["validation_cosine"] > max(0.8, lines[0]["validation_cosine"] + 0.1)
    assert lines[-1]["neighbour_overlap"] > 0.3  # of 40 held-out texts: by chance 0.26
    names = {name.partition("/")[0] for name in weights(encoder)}
    assert names == {"character_encoder", "sentence_encoder"}
    assert set(read_table(encoder / "config.toml")) == {
        "text",
        "character_encoder",
        "sentence_encoder",
    }
    facts = json.loads((encoder / "facts.json").read_text())
    assert facts["objective"] == "sentence-vectors" and facts["targets"] == taught["targets"]
    assert facts["texts"] == 200 and facts["held_out_texts"] == 40
    loaded = hier_rnn.load_encoder(encoder)
    texts = Path(taught["text"][0]).read_text().splitlines()
    vectors, targets = loaded.encode(texts), np.load(taught["targets"]).astype(np.float32)
    assert vectors.shape == (200, 6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    assert (vectors * targets).sum(1).mean() > 0.8
    # A word is a text of one word, and a misspelled one is still one.
    (near, *_), (misspelled, *_) = neighbours(encoder, ["walk", "taalk"], count=2)
    assert near[0] in TOPICS[0] and misspelled[0] in TOPICS[0]


@pytest.mark.slow
def test_ctrl_c_saves_and_the_same_command_goes_on(made, tmp_path, monkeypatch):
    pretrain(made(epochs=3), tmp_path / "whole")
    size, steps = SentenceVectorObjective.size, []

    def interrupted(self, batch):
        steps.append(batch)
        if len(steps) == 7:
            os.kill(os.getpid(), signal.SIGINT)
        return size(self, batch)

    monkeypatch.setattr(SentenceVectorObjective, "size", interrupted)
    with pytest.raises(KeyboardInterrupt, match="saved after step 7"):
        pretrain(made(epochs=3), tmp_path / "broken")
    pretrain(made(epochs=3), tmp_path / "broken")
    one, other = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    maps = [
        EncoderDirectory(tmp_path / name).read_sentence_vector_map() for name in ("whole", "broken")
    ]
    assert all(np.array_equal(maps[0][name], maps[1][name]) for name in maps[0])


@pytest.mark.slow
def test_going_on_with_other_texts_is_refused(made, tmp_path, monkeypatch, taught):
    size = SentenceVectorObjective.size

    def interrupted(self, batch):
        os.kill(os.getpid(), signal.SIGINT)
        return size(self, batch)

    monkeypatch.setattr(SentenceVectorObjective, "size", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pretrain(made(), tmp_path / "out")
    monkeypatch.undo()
    lines = Path(taught["text"][0]).read_text().splitlines()
    other = tmp_path / "other.txt"
    other.write_text("\n".join(lines[::-1]) + "\n")
    with pytest.raises(UserError, match=r"data.text: not the data that the run"):
        pretrain(made({"text": [str(other)]}), tmp_path / "out")
    np.save(tmp_path / "other.npy", np.load(taught["targets"])[::-1])
    with pytest.raises(UserError, match=r"data.targets: not the data that the run"):
        pretrain(made({"targets": str(tmp_path / "other.npy")}), tmp_path / "out")


@pytest.mark.slow
def test_from_an_encoder_both_go_on(made, encoder, tmp_path):
    pretrain(made({"encoder": str(encoder)}, epochs=1, learning_rate=1e-12), tmp_path / "both")
    before, after = weights(encoder), weights(tmp_path / "both")
    for name in before:
        np.testing.assert_allclose(after[name], before[name], atol=1e-6)
    first = metrics(tmp_path / "both")[0]["validation_cosine"]
    assert first == pytest.approx(metrics(encoder)[-1]["validation_cosine"], abs=0.05)
    data = {"encoder": str(encoder), "transfer": "character"}
    pretrain(made(data, epochs=1, learning_rate=1e-12), tmp_path / "one")
    after = weights(tmp_path / "one")
    kernel = "sentence_encoder/lstm_0/forward/kernel"
    np.testing.assert_allclose(
        after["character_encoder/gru_0/kernel"], before["character_encoder/gru_0/kernel"], atol=1e-6
    )
    assert not np.allclose(after[kernel], before[kernel], atol=0.01)
    facts = json.loads((tmp_path / "one" / "facts.json").read_text())
    assert facts["transfer"] == "character" and facts["encoder"] == str(encoder)


@pytest.mark.parametrize("more", [-1, 1])
def test_a_vector_for_each_text(made, taught, tmp_path, more):
    vectors = np.load(taught["targets"])
    np.save(tmp_path / "vectors.npy", np.resize(vectors, (len(vectors) + more, 6)))
    message = rf"data.targets: .* has {200 + more} vectors, but .*texts.txt has 200 texts"
    with pytest.raises(UserError, match=message):
        pretrain(made({"targets": str(tmp_path / "vectors.npy")}), tmp_path / "out")
    assert not (tmp_path / "out" / "pretraining.toml").exists()


def test_options_that_do_not_fit(made, tmp_path):
    with pytest.raises(UserError, match=r"data.targets is needed"):
        pretrain(made({"targets": ""}), tmp_path / "out")
    configuration = made()
    words = configuration.pretraining.model_copy(update={"objective": "word-vectors"})
    with pytest.raises(UserError, match=r"data.targets: word-vectors learns no vectors of texts"):
        pretrain(configuration.model_copy(update={"pretraining": words}), tmp_path / "out")


def batches_of(tmp_path, count: int, **options) -> TextBatches:
    texts = [f"text{i} " + "more " * (i % 5) for i in range(count)]
    (tmp_path / "texts.txt").write_text("\n".join(texts) + "\n")
    np.save(tmp_path / "vectors.npy", np.eye(count) + 1)
    configuration = Configuration()
    held_out = [text for i, text in enumerate(texts) if is_held_out(i, 0.1)]
    counted = CountedTexts([], np.array([]), [], count, held_out, {})
    taught = TaughtTexts(
        open_source(str(tmp_path / "texts.txt"), labelled=False),
        Tokenizer(configuration.text.model_copy(update={"words": "whitespace"})),
        open_target_vectors(tmp_path / "vectors.npy"),
        counted,
    )
    sentences = configuration.pretraining.sentences.model_copy(update=options)
    return TextBatches(taught, sentences, 0.1, seed=3)


def test_an_epoch_has_every_text_once_with_its_own_vector(tmp_path):
    batches = batches_of(tmp_path, 50, batch_size=8, misspelled_share=0.0)
    for epoch in (0, 1):
        seen = [pair for batch in batches.words(epoch) for pair in zip(*batch, strict=True)]
        assert sorted(row for _, row in seen) == [i for i in range(50) if not is_held_out(i, 0.1)]
        assert all(words[0] == f"text{row}" for words, row in seen)
    assert batches.steps == len(list(batches.words(0))) == 6
    orders = [[rows.tolist() for _, rows in batches.words(epoch)] for epoch in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]


def test_taken_up_anywhere(tmp_path):
    batches = batches_of(tmp_path, 50, batch_size=8, misspelled_share=0.5)

    def shown(epoch, skip, count):
        return [
            (words.tolist(), lengths, targets.tolist(), last)
            for words, lengths, targets, last in islice(batches.columns(epoch, skip), count)
        ]

    whole = shown(0, 0, 14)
    assert shown(0, 4, 10) == whole[4:]
    assert shown(1, 1, 7) == whole[7:]
    assert [last for *_, last in whole].count(True) == 2 and whole[5][3] and whole[11][3]
    changed = [
        word
        for words, *_ in whole
        for word in words
        if not (word == b"more" or word.startswith(b"text"))
    ]
    assert changed


@pytest.mark.parametrize("count", [49, 51])
def test_texts_that_change_meanwhile(tmp_path, count):
    batches = batches_of(tmp_path, 50, batch_size=8)
    (tmp_path / "texts.txt").write_text("text\n" * count)
    with pytest.raises(UserError, match=r"it changed while it was in use: 50 texts at first"):
        list(batches.words(0))


def test_similarities_are_compared_as_distributions():
    generator = np.random.default_rng(0)
    vectors, targets = generator.normal(size=(2, 5, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)

    def distribution(rows, i):
        powers = np.exp(np.delete(rows @ rows[i], i) / 0.05)
        return powers / powers.sum()

    expected = 0.0
    for i in range(5):
        ours, theirs = distribution(vectors, i), distribution(targets, i)
        expected += (theirs * np.log(theirs / ours)).sum() / 5
    found = similarity_loss(tf.constant(vectors), tf.constant(targets))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(similarity_loss(targets, targets), 0, atol=1e-5)
    np.testing.assert_allclose(similarity_loss(targets[:1], vectors[:1]), 0, atol=1e-5)


def test_neighbours_in_common():
    generator = np.random.default_rng(0)
    vectors, targets = generator.normal(size=(2, 30, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)
    shares = []
    for i in range(30):
        one, other = (
            {*[j for j in np.argsort(-(rows @ rows[i])).tolist() if j != i][:10]}
            for rows in (vectors, targets)
        )
        shares.append(len(one & other) / 10)
    assert neighbour_overlap(vectors, targets) == pytest.approx(np.mean(shares))
    assert neighbour_overlap(vectors, vectors) == 1
    assert neighbour_overlap(vectors[:3], vectors[:3]) == 1
