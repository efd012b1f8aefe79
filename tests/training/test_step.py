"""A training step: the loss, dropout, and what moves."""

from __future__ import annotations

from functools import lru_cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax

from hier_rnn.configuration.options import Configuration, Training
from hier_rnn.configuration.toml import merge
from hier_rnn.errors import UserError
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.packing.batch import trie_builder
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.text.alphabet import Alphabet
from hier_rnn.training.classification.batching.batches import LabelledBatch, PackedBatches, Sentence
from hier_rnn.training.classification.objective import ClassificationLosses
from hier_rnn.training.classification.tasks.choose import class_weights
from hier_rnn.training.classification.tasks.one_label import OneLabelTask
from hier_rnn.training.objective import Losses
from hier_rnn.training.optimizer import Optimizer
from hier_rnn.training.step import training_step

ALPHABET = Alphabet(tuple("abcdefgh"))
SENTENCES = [
    Sentence(["ab", "abc", "h"], 0),
    Sentence([], 1),
    Sentence(["bad", "cab", "abc", "ab"], 2),
    Sentence(["fed"], 1),
    Sentence(["bad", "bad"], 0),
]
LABELS = [sentence.target for sentence in SENTENCES]
NO_DROPOUT = {"sentence_encoder": {"input_dropout": 0, "dropout": 0}, "head": {"dropout": 0}}


pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:Even though the"),  # tf.data keeps its graphs
]


def task(weights=(1.0, 1.0, 1.0), smoothing: float = 0.0) -> OneLabelTask:
    return OneLabelTask(["bad", "good", "none"], weights, smoothing)


@lru_cache
def packed() -> tuple[LabelledBatch, LabelledBatch]:
    """The batch, and its types and shapes."""
    data = PackedBatches(lambda: iter([SENTENCES]), trie_builder(Configuration(), ALPHABET), task())
    [batch] = data
    return batch, data.element_spec


class Trial:
    """A tiny classifier that takes some steps on one batch."""

    def __init__(self, weights=(1.0, 1.0, 1.0), trainable=None, number: int = 0, **groups):
        small = {
            "character_encoder": {"embedding_dim": 3, "units": 4},
            "sentence_encoder": {"units": 3},
            "training": {"weight_decay": 0, "label_smoothing": 0},
        }
        self.configuration = Configuration.model_validate(merge(small, NO_DROPOUT, groups))
        self.classifier = Classifier(self.configuration, ALPHABET.size, 3)
        self.weights = self.classifier.named_weights()
        shapes = weight_shapes(self.configuration, ALPHABET.size, 3)
        assign(self.weights, initialize(shapes))
        self.before = self.values()
        self.batch, signature = packed()
        self.logits = self.classifier(self.batch.batch).numpy()
        training = self.configuration.training
        trainable = trainable or list(self.weights)
        learnt = task(weights, training.label_smoothing)
        losses = ClassificationLosses(self.classifier, training, learnt, trainable)
        optimizer = Optimizer(training, self.weights)
        step = training_step(losses, optimizer, trainable, signature, self.configuration.seed)
        self.loss = float(step(self.batch, tf.constant(0.01), tf.constant(number)))

    def values(self) -> dict[str, np.ndarray]:
        return {name: weight.numpy() for name, weight in self.weights.items()}

    def moved(self) -> list[str]:
        after = self.values()
        return [name for name in after if not np.array_equal(after[name], self.before[name])]


@pytest.fixture(scope="module")
def plain() -> Trial:
    return Trial()


def log_likelihoods(trial: Trial) -> np.ndarray:
    return log_softmax(trial.logits.astype(np.float64), axis=1)


def test_the_loss_is_cross_entropy_and_every_weight_moves(plain):
    assert isinstance(plain.batch, LabelledBatch)
    wanted = -log_likelihoods(plain)[range(5), LABELS].mean()
    assert plain.loss == pytest.approx(wanted, abs=1e-5)
    assert plain.moved() == list(plain.weights)


def test_class_weights():
    weights = [0.5, 2.0, 3.0]
    trial = Trial(weights)
    wanted = -(log_likelihoods(trial)[range(5), LABELS] * np.array(weights)[LABELS]).mean()
    assert trial.loss == pytest.approx(wanted, abs=1e-5)


def test_label_smoothing():
    trial = Trial(training={"label_smoothing": 0.3})
    likelihoods = log_likelihoods(trial)
    wanted = -(0.7 * likelihoods[range(5), LABELS] + 0.3 * likelihoods.mean(axis=1)).mean()
    assert trial.loss == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    "groups",
    [
        {"head": {"dropout": 0.5}},
        {"sentence_encoder": {"input_dropout": 0.5}},
        {"sentence_encoder": {"word_dropout": 0.5}},
        {"sentence_encoder": {"recurrent_dropout": 0.5}},
        {"character_encoder": {"embedding_dropout": 0.5}},
        {"character_encoder": {"recurrent_dropout": 0.5}},
    ],
    ids=str,
)
def test_dropout_is_for_training_alone(plain, groups):
    trial = Trial(**groups)
    np.testing.assert_array_equal(trial.logits, plain.logits)
    assert trial.loss != pytest.approx(plain.loss, abs=1e-4)


@pytest.mark.slow
def test_dropout_between_layers():
    layers = {"character_encoder": {"layers": 2}, "sentence_encoder": {"layers": 2}}
    bare = Trial(**layers)
    for part in layers:
        trial = Trial(**merge(layers, {part: {"dropout": 0.5}}))
        np.testing.assert_array_equal(trial.logits, bare.logits)
        assert trial.loss != pytest.approx(bare.loss, abs=1e-4)


@pytest.mark.slow
def test_every_step_and_seed_has_dropout_of_its_own():
    dropped = {"head": {"dropout": 0.5}}
    losses = [Trial(**dropped).loss, Trial(number=1, **dropped).loss, Trial(seed=1, **dropped).loss]
    assert len(set(losses)) == 3
    assert Trial(**dropped).loss == losses[0]


def test_each_pooling_has_logits_of_its_own(plain):
    found = [plain.logits] + [
        Trial(sentence_encoder={"pooling": pooling}).logits
        for pooling in ("last", "mean", "attention")
    ]
    for number, logits in enumerate(found):
        np.testing.assert_allclose(logits[1], 0, atol=1e-6)  # no words, no bias yet
        for other in found[:number]:
            assert not np.allclose(logits, other, atol=1e-6)


@pytest.mark.parametrize("part", ["character_encoder", "sentence_encoder", "head"])
def test_only_what_is_trainable_moves(part):
    names = [name for name in weight_shapes(Trial().configuration, ALPHABET.size, 3)]
    own = [name for name in names if name.startswith(part)]
    assert Trial(trainable=own).moved() == own


def test_the_initial_states_may_train_alone():
    trial = Trial(
        trainable=["character_encoder/initial_state_0"],
        character_encoder={"initial_state": "trainable"},
    )
    assert trial.moved() == ["character_encoder/initial_state_0"]


def test_the_next_character_trains_along_with_its_weight(plain):
    trial = Trial(training={"next_character_weight": 0.5})
    assert trial.loss == pytest.approx(plain.loss, abs=1e-5)  # the classes' loss alone
    assert trial.moved() == list(trial.weights)
    assert set(trial.weights) - set(plain.weights) == {
        "next_character/kernel",
        "next_character/bias",
    }
    embedding = "character_encoder/embedding"
    assert not np.allclose(trial.values()[embedding], plain.values()[embedding], atol=1e-4)


def test_nothing_moves_where_the_loss_is_not_finite():
    trial = Trial(weights=[float("inf"), 1.0, 1.0])
    assert np.isnan(trial.loss)
    assert trial.moved() == []


def test_nothing_moves_where_the_gradient_alone_is_not_finite():
    """The loss is as finite as can be, and the square root's slope at zero is not."""
    weight = keras.Variable([0.0, 1.0])
    optimizer = Optimizer(Training(), {"head/kernel": weight})

    def losses(batch: tf.Tensor, rng: DropoutRng) -> Losses:
        loss = tf.reduce_sum(tf.sqrt(weight.value) * batch)
        return Losses(loss, loss)

    step = training_step(losses, optimizer, ["head/kernel"], tf.TensorSpec([2]), seed=0)
    assert np.isnan(step(tf.ones([2]), tf.constant(0.1), tf.constant(0)))
    np.testing.assert_array_equal(weight, [0, 1])
    for variables in optimizer.state().values():
        for name, variable in variables.items():
            assert np.isfinite(variable.numpy()).all(), name
    assert float(optimizer.steps["head/kernel"]) == 0


def test_class_weights_by_option():
    def weights(option):
        training = Training.model_validate({"class_weights": option})
        return class_weights(training, ["bad", "good", "none"], [10, 30, 20])

    assert weights("none") == [1, 1, 1]
    assert weights("balanced") == pytest.approx([2, 2 / 3, 1])
    assert weights({"good": 3.0, "bad": 0.5}) == [0.5, 3, 1]
    with pytest.raises(UserError, match=r"no label 'goood'. Did you mean 'good'.*bad, good, none"):
        weights({"goood": 1.0})
