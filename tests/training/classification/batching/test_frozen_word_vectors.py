"""Words whose vectors are kept while the encoder is frozen, beside those a batch spells out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import CharacterEncoderOptions, Configuration
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.packing.batch import trie_builder
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.classification import objective
from hier_rnn.training.classification.batching import frozen_word_vectors
from hier_rnn.training.classification.batching.batches import PackedBatches, Sentence
from hier_rnn.training.classification.batching.frozen_word_vectors import (
    FrozenWordVectors,
    vectors_stay,
)
from hier_rnn.training.classification.tasks.one_label import OneLabelTask
from hier_rnn.training.classification.train import train_classifier

pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:Even though the"),  # tf.data keeps its graphs
]

SPELLING = trie_builder(Configuration(), Alphabet(tuple("abcdé")))
VOCABULARY = Counter({"abc": 9, "é": 5, "bad": 3, "ab": 2, "d" * 300: 1})


@pytest.fixture(scope="module")
def encoder() -> CharacterEncoder:
    encoder = CharacterEncoder(CharacterEncoderOptions(embedding_dim=3, units=4), 5 + 4)
    for number, weight in enumerate(encoder.weights):
        weight.assign(np.random.default_rng(number).normal(size=weight.shape))
    return encoder


@pytest.mark.parametrize(
    "sentences",
    [
        [["abc", "cab", "é"], [], ["abc", "x", "bad", "d" * 300]],
        [["ab", "ab"]],
        [["cab"], ["x"]],
        [[""], ["abc"]],
        [[]],
    ],
    ids=["some known", "all", "none", "a word without letters", "no words"],
)
@pytest.mark.parametrize("at_once", [2, 100])
@pytest.mark.slow
def test_a_batch_has_the_vectors_of_its_words(encoder, monkeypatch, sentences, at_once):
    monkeypatch.setattr(frozen_word_vectors, "ENCODED_AT_ONCE", at_once)
    known = FrozenWordVectors(encoder, SPELLING, VOCABULARY)
    stream = [[Sentence(words, 0) for words in sentences]]
    task = OneLabelTask(["a"], [1.0], 0.0)
    [batch] = PackedBatches(lambda: iter(stream), SPELLING, task, known)
    [plain] = PackedBatches(lambda: iter(stream), SPELLING, task)
    found = known.merge(encoder(batch.batch.prefix_tries), batch.rows)
    np.testing.assert_allclose(found, encoder(plain.batch.prefix_tries), atol=1e-6)
    new = {word for words in sentences for word in words} - VOCABULARY.keys()
    assert len(batch.batch.prefix_tries[0].ends) == len(new)
    np.testing.assert_array_equal(batch.batch.sentences.words, plain.batch.sentences.words)


def test_the_most_frequent_words_are_known_if_not_all_fit(encoder, monkeypatch):
    monkeypatch.setattr(frozen_word_vectors, "KEPT_BYTES", 2 * 4 * encoder.width)
    known = FrozenWordVectors(encoder, SPELLING, VOCABULARY)
    rows = known.rows(tf.constant(["ab", "abc", "bad", "é"])).numpy()
    assert len(known) == 2
    assert (rows >= 0).tolist() == [False, True, False, True]


@pytest.mark.slow
def test_a_text_without_words(tiny, tmp_path):
    empty = tmp_path / "empty.tsv"
    empty.write_text("label\ttext\n" + "a\t\nb\t\n" * 3)
    data = {"train": str(empty), "validation": str(empty)}
    options = tiny(data=data, training={"freeze_encoder": True})
    train_classifier(options, tmp_path / "run")
    assert (tmp_path / "run" / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("trainable", "groups", "stay"),
    [
        (["head/bias", "sentence_encoder/lstm_0/forward/bias"], {}, True),
        (["head/bias", "character_encoder/gru_0/bias"], {}, False),
        (["head/bias"], {"character_encoder": {"embedding_dropout": 0.1}}, False),
        (["head/bias"], {"character_encoder": {"dropout": 0.1}}, False),
        (["head/bias"], {"character_encoder": {"recurrent_dropout": 0.1}}, False),
        (["head/bias"], {"training": {"next_character_weight": 0.1}}, False),
    ],
)
def test_vectors_stay_while_nothing_changes_the_encoder(trainable, groups, stay):
    assert vectors_stay(Configuration.model_validate(groups), trainable) is stay


@pytest.mark.slow
def test_training_is_the_same_as_if_every_word_were_spelled_out(tiny, tmp_path, monkeypatch):
    frozen = {"freeze": ["character_encoder"], "steps": 4}
    options = {
        "misspell": {"kind": "mixed", "rate": 0.3},
        "moving_average": 0.9,
        # The second time it is frozen, it is another encoder.
        "phases": [frozen, {"steps": 2}, frozen],
    }

    def train(name: str) -> dict[str, np.ndarray]:
        train_classifier(tiny(training=options), tmp_path / name)
        return read_weights(tmp_path / name / "model.safetensors")

    made = []

    class Counted(FrozenWordVectors):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            made.append(len(self))

    monkeypatch.setattr(objective, "FrozenWordVectors", Counted)
    found = train("known")
    assert made == [15, 15]
    monkeypatch.setattr(objective, "vectors_stay", lambda *_: False)
    wanted = train("spelled")
    assert len(made) == 2
    for name in wanted:
        np.testing.assert_allclose(found[name], wanted[name], atol=1e-5, err_msg=name)
