"""Two models on one character encoder: training either moves both."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.errors import UserError
from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import Classifier
from hier_rnn.packing.batch import trie_builder
from hier_rnn.training.classification.batching.batches import PackedBatches, Sentence
from hier_rnn.training.classification.objective import ClassificationLosses
from hier_rnn.training.classification.tasks.one_label import OneLabelTask
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.step import training_step

CLASSES = {"topic": 3, "tone": 2}


@pytest.fixture
def pair(configure, randomize, alphabet):
    configuration = configure(training={"next_character_weight": 0.5})
    encoder = CharacterEncoder(configuration.character_encoder, alphabet.size)
    models = {
        name: randomize(Classifier(configuration, alphabet.size, classes, encoder=encoder), seed)
        for seed, (name, classes) in enumerate(CLASSES.items())
    }
    return configuration, encoder, models


def test_they_have_the_encoder_in_common_and_nothing_else(pair):
    _, encoder, models = pair
    one, two = (model.named_weights() for model in models.values())
    common = {name for name in one if one[name] is two[name]}
    assert common == set(encoder.named_weights())
    assert {name.split("/")[0] for name in one.keys() - common} == {
        "sentence_encoder",
        "head",
        "next_character",
    }


@pytest.mark.parametrize(("trained", "other"), [("topic", "tone"), ("tone", "topic")])
@pytest.mark.slow
def test_training_either_moves_both(trained, other, pair, pack, sentences, alphabet):
    configuration, encoder, models = pair
    model = models[trained]
    builder = trie_builder(configuration, alphabet)
    batch = pack(sentences, builder)
    before = {name: weight.numpy() for name, weight in models[other].named_weights().items()}
    logits = models[other](batch)
    classes = CLASSES[trained]
    task = OneLabelTask([f"class {n}" for n in range(classes)], [1.0] * classes, 0.1)
    data = PackedBatches(
        lambda: iter([[Sentence(words, n % 2) for n, words in enumerate(sentences)]]), builder, task
    )
    weights = model.named_weights()
    optimizer = Optimizer(configuration.training, weights)
    losses_of = ClassificationLosses(model, configuration.training, task, list(weights))
    step = training_step(losses_of, optimizer, list(weights), data.element_spec, seed=0)
    losses = [
        float(step(labelled, tf.constant(0.05), tf.constant(number)))
        for number in range(5)
        for labelled in data
    ]
    assert losses[-1] < losses[0]
    for name, weight in models[other].named_weights().items():
        moved = np.abs(weight.numpy() - before[name]).max()
        assert (moved > 0) == (name in encoder.named_weights()), name
    assert np.abs(models[other](batch) - logits).max() > 1e-3


def test_a_shared_encoder_must_fit(configure, alphabet):
    encoder = CharacterEncoder(configure().character_encoder, alphabet.size)
    with pytest.raises(UserError, match=r"other options.*units 5 instead of 6"):
        Classifier(configure(character={"units": 6}), alphabet.size, 2, encoder=encoder)
    with pytest.raises(UserError, match=r"alphabet of 10.*alphabet_size 11"):
        Classifier(configure(), alphabet.size + 1, 2, encoder=encoder)
