"""The layers: trained weights in a model of one's own, which trains and is saved with them."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import hier_rnn
from hier_rnn import CharacterEncoderLayer, SentenceClassifierLayer
from hier_rnn.errors import UserError
from hier_rnn.training.classification.train import train_classifier

TEXTS = ["good shop", "", "who is  my café", "bad " * 50, "Ｆｕｌｌ ﬁne 😀", "x" * 90]
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture(scope="module")
def classifier(run):
    """A model of texts around the layer, with a layer of one's own behind it."""
    texts = keras.Input((), dtype="string")
    vectors = SentenceClassifierLayer.load(run, vectors=True, name="sentences")(texts)
    return keras.Model(texts, keras.layers.Dense(2)(vectors))


def saved(model, tmp_path):
    model.save(tmp_path / "model.keras")
    return keras.models.load_model(tmp_path / "model.keras")


@pytest.mark.slow
def test_logits_are_those_of_the_run(run, small_run):
    logits = np.array(list(run.logits(TEXTS)))
    for source in (run, small_run, str(small_run)):
        layer = SentenceClassifierLayer.load(source)
        assert layer.labels == run.labels
        np.testing.assert_allclose(layer(tf.constant(TEXTS)), logits, atol=1e-5)


def test_vectors_are_those_of_the_run(run):
    layer = SentenceClassifierLayer.load(run, vectors=True)
    np.testing.assert_allclose(layer(tf.constant(TEXTS)), run.encode(TEXTS), atol=1e-5)


def test_word_vectors_are_those_of_the_encoder(small_run):
    words = ["good", "goood", "Ｆｕｌｌ", "café", "x" * 90]
    layer = CharacterEncoderLayer.load(small_run)
    vectors = hier_rnn.load_encoder(small_run)(words)
    np.testing.assert_allclose(layer(tf.constant(words)), vectors, atol=1e-5)
    table = layer(tf.constant([words[:3], ["café", "", ""]]))
    np.testing.assert_allclose(table[0], vectors[:3], atol=1e-5)
    np.testing.assert_allclose(table[1, 0], vectors[3], atol=1e-5)
    np.testing.assert_array_equal(table[1, 1:], 0)


@pytest.mark.slow
def test_a_model_around_the_classifier_trains_and_is_saved(classifier, tmp_path):
    layer = classifier.get_layer("sentences")
    before = layer.get_weights()
    classifier.compile(keras.optimizers.Adam(0.01), LOSS)
    classes = np.array([0, 1, 1, 0, 1, 0])
    first = classifier.evaluate(tf.constant(TEXTS), classes, verbose=0)
    history = classifier.fit(tf.constant(TEXTS), classes, epochs=5, verbose=0)
    assert all(np.isfinite(history.history["loss"]))
    assert classifier.evaluate(tf.constant(TEXTS), classes, verbose=0) < first
    moved = zip(before, layer.get_weights(), strict=True)
    assert all((one != other).any() for one, other in moved)
    again = saved(classifier, tmp_path)
    np.testing.assert_array_equal(
        again.predict(tf.constant(TEXTS), verbose=0),
        classifier.predict(tf.constant(TEXTS), verbose=0),
    )


def test_a_frozen_layer_stays(run):
    layer = SentenceClassifierLayer.load(run, vectors=True, trainable=False)
    texts = keras.Input((), dtype="string")
    model = keras.Model(texts, keras.layers.Dense(2)(layer(texts)))
    assert len(model.trainable_weights) == 2


@pytest.mark.slow
def test_a_model_around_the_encoder_trains_masks_and_is_saved(small_run, tmp_path):
    words = keras.Input((None,), dtype="string")
    vectors = CharacterEncoderLayer.load(small_run, name="words")(words)
    model = keras.Model(words, keras.layers.Dense(2)(keras.layers.LSTM(3)(vectors)))
    short = tf.constant([["good", "shop"], ["why", ""]])
    long = tf.constant([["good", "shop", "", ""], ["why", "", "", ""]])
    np.testing.assert_allclose(model(short), model(long), atol=1e-6)
    before = model.get_layer("words").get_weights()
    model.compile("adam", LOSS)
    model.fit(short, np.array([0, 1]), epochs=2, verbose=0)
    moved = zip(before, model.get_layer("words").get_weights(), strict=True)
    assert any((one != other).any() for one, other in moved)
    again = saved(model, tmp_path)
    np.testing.assert_allclose(
        again.predict(long, verbose=0), model.predict(long, verbose=0), atol=1e-6
    )


def test_a_layer_made_of_its_configuration_is_one_to_train(run):
    layer = SentenceClassifierLayer.load(run)
    fresh = SentenceClassifierLayer.from_config(layer.get_config())
    assert fresh.get_config() == layer.get_config()
    shapes = [weight.shape for weight in layer.weights]
    assert [weight.shape for weight in fresh.weights] == shapes
    assert np.isfinite(fresh(tf.constant(TEXTS))).all()


@pytest.mark.slow
def test_training_drops_what_the_options_say(run):
    layer = SentenceClassifierLayer.load(run)
    texts = tf.constant(TEXTS)
    np.testing.assert_array_equal(layer(texts), layer(texts, training=False))
    assert (layer(texts, training=True) != layer(texts, training=True)).numpy().any()


@pytest.mark.slow
def test_pieces_of_sentencepiece_are_in_the_file(tiny, tmp_path):
    text = {"words": "sentencepiece", "vocabulary_size": 60}
    train_classifier(tiny(text=text, training={"epochs": 1}), tmp_path / "run")
    run = hier_rnn.load(tmp_path / "run")
    texts = keras.Input((), dtype="string")
    model = keras.Model(texts, SentenceClassifierLayer.load(run)(texts))
    again = saved(model, tmp_path)
    logits = np.array(list(run.logits(TEXTS)))
    np.testing.assert_allclose(again.predict(tf.constant(TEXTS), verbose=0), logits, atol=1e-5)


def test_pieces_without_a_model_are_refused(run):
    characters, labels = run.alphabet.characters, run.labels
    with pytest.raises(UserError, match="words_model: .*Received: text.words 'whitespace'"):
        SentenceClassifierLayer(run.configuration, characters, labels, words_model="QUJD")
