"""Classifying a stream: the order, and what is held in memory."""

from __future__ import annotations

import gc
import threading
import time
from itertools import count, islice

import numpy as np
import pytest
import tensorflow as tf

from hier_rnn.configuration.options import Configuration
from hier_rnn.inference import inference
from hier_rnn.inference.inference import Inference
from hier_rnn.model.classifier import Classifier
from hier_rnn.packing.batch import pack_batch, spelling_of
from hier_rnn.text.alphabet import Alphabet

ALPHABET = Alphabet(tuple("abcdefghij0123456789é語"))
CLASSES = 3


def randomized(model, seed):
    random = np.random.default_rng(seed)
    for weight in model.named_weights().values():
        weight.assign(random.normal(0, 0.5, weight.shape))
    return model


@pytest.fixture(params=[0, 4], ids=["whole documents", "by segments"])
def model(request):
    configuration = Configuration.model_validate(
        {
            "character_encoder": {"embedding_dim": 4, "units": 5, "bidirectional": True},
            "sentence_encoder": {"units": 3, "segment_words": request.param},
        }
    )
    classifier = randomized(Classifier(configuration, ALPHABET.size, CLASSES), seed=0)
    return classifier, spelling_of(configuration, ALPHABET)


def sentences_of(lengths, seed=0):
    random = np.random.default_rng(seed)
    return [[f"a{n}" for n in random.integers(0, 40, length)] for length in lengths]


@pytest.fixture
def directly(model):
    """The logits of each sentence, by itself."""
    classifier, spelling = model

    def logits(sentences):
        words = tf.constant([word for sentence in sentences for word in sentence], tf.string)
        lengths = tf.constant([len(sentence) for sentence in sentences], tf.int32)
        return classifier(pack_batch(words, lengths, spelling)).numpy()

    return logits


def test_logits_come_in_order(model, directly, monkeypatch):
    monkeypatch.setattr(inference, "WINDOW", 16)
    monkeypatch.setattr(inference, "BATCH_SENTENCES", 5)
    monkeypatch.setattr(inference, "BATCH_WORDS", 12)
    sentences = sentences_of([3, 0, 7, 1, 1, 40, 0, 2, 5, 9, 12, 13, 0, 1, 6, 3, 2, 0, 4, 8, 20])
    found = list(Inference(*model).logits(iter(sentences)))
    assert [logits.shape for logits in found] == [(CLASSES,)] * len(sentences)
    np.testing.assert_allclose(found, directly(sentences), atol=2e-6)


def test_nothing_to_read(model, directly):
    runner = Inference(*model)
    assert list(runner.logits([])) == []
    for sentences in ([[]], [[], [], []], [[""]]):
        found = np.array(list(runner.logits(sentences)))
        np.testing.assert_allclose(found, directly(sentences), atol=2e-6)


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(inference, "WINDOW", 24)
    monkeypatch.setattr(inference, "BATCH_SENTENCES", 3)


def workers():
    return {thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name}


def test_batches_are_computed_side_by_side_and_come_in_order(
    model, directly, small_batches, monkeypatch
):
    """However long each takes."""
    runner = Inference(*model)
    compute, busy, seen = runner._compute, [], []

    def slowly(values, words, lengths):
        busy.append(len(lengths))
        seen.append((threading.current_thread(), len(busy)))
        time.sleep(0.03 if len(seen) % 2 else 0)
        busy.pop()
        return compute(values, words, lengths)

    monkeypatch.setattr(runner, "_compute", slowly)
    sentences = sentences_of([number % 7 for number in range(60)])
    found = list(runner.logits(sentences))
    np.testing.assert_allclose(found, directly(sentences), atol=2e-6)
    assert len({thread for thread, _ in seen}) == max(n for _, n in seen) == inference.THREADS


def test_a_mistake_in_a_thread_reaches_the_caller(model, small_batches, monkeypatch):
    runner, before = Inference(*model), workers()
    compute, calls = runner._compute, count()

    def fails_once(*arguments):
        if next(calls) == 9:
            raise tf.errors.ResourceExhaustedError(None, None, "out of memory")
        return compute(*arguments)

    monkeypatch.setattr(runner, "_compute", fails_once)
    sentences = sentences_of([2] * 60)
    received = []
    with pytest.raises(tf.errors.ResourceExhaustedError, match="out of memory"):
        for logits in runner.logits(sentences):
            received.append(logits)
    assert len(received) == 24  # a window before
    assert workers() == before
    assert len(list(runner.logits(sentences))) == 60  # it can be used again


def test_a_mistake_in_the_stream_reaches_the_caller(model, small_batches):
    before = workers()

    def broken():
        yield from sentences_of([2] * 30)
        raise ValueError("line 31")

    with pytest.raises(ValueError, match="line 31"):
        list(Inference(*model).logits(broken()))
    assert workers() == before


def test_its_threads_end_when_nobody_reads_on(model, small_batches):
    before = workers()
    stream = Inference(*model).logits(sentences_of([2] * 60))
    next(stream)
    assert 0 < len(workers() - before) <= inference.THREADS
    stream.close()
    assert workers() == before
    next(iter(Inference(*model).logits(sentences_of([2] * 60))))
    gc.collect()
    assert workers() == before


def test_the_stream_may_be_endless(model, directly, monkeypatch):
    monkeypatch.setattr(inference, "WINDOW", 8)
    taken = []

    def endless():
        for number in count():
            taken.append(number)
            yield [f"a{number}"]

    found = list(islice(Inference(*model).logits(endless()), 20))
    assert len(taken) == 24
    np.testing.assert_allclose(found, directly([[f"a{n}"] for n in range(20)]), atol=2e-6)


def test_no_batch_is_larger_than_it_may_be(model, monkeypatch):
    """But for a single sentence, which is as long as it is."""
    monkeypatch.setattr(inference, "BATCH_SENTENCES", 4)
    monkeypatch.setattr(inference, "BATCH_WORDS", 10)
    seen = []
    runner = Inference(*model)
    values = runner.cache.values

    def spied(words):
        seen.append(len(words))
        return values(words)

    monkeypatch.setattr(runner.cache, "values", spied)
    list(runner.logits(sentences_of([1] * 9 + [3] * 9 + [25, 10, 11])))
    assert max(seen) == 25
    assert [size for size in seen if size > 10] == [11, 25]
    assert sum(seen) == 9 + 27 + 46


def test_correct_after_weights_change_and_the_cache_is_cleared(model, directly):
    runner = Inference(*model)
    sentences = sentences_of([4, 2])
    before = list(runner.logits(sentences))
    randomized(model[0], seed=1)
    runner.cache.clear()
    after = list(runner.logits(sentences))
    assert np.abs(np.array(after) - before).max() > 1e-2
    np.testing.assert_allclose(after, directly(sentences), atol=2e-6)


def test_a_document_of_a_hundred_thousand_words(model):
    """With max pooling, a text that repeats itself says no more than its beginning and end."""
    words = [f"a{number % 50}" for number in range(100_000)]
    document, excerpt = Inference(*model).logits([words, words[:1_000]])
    np.testing.assert_allclose(document, excerpt, atol=1e-5)
