"""Classifying a stream: the order, and what is held in memory."""

from __future__ import annotations

import gc
import threading
from itertools import count, islice

import numpy as np
import pytest

from hier_rnn.inference import inference
from hier_rnn.inference.engine import sentence_encoder, threads

CLASSES = 3


@pytest.fixture(params=[0, 4], ids=["whole documents", "by segments"])
def model(request, both):
    return both(
        character_encoder={"bidirectional": True}, sentence_encoder={"segment_words": request.param}
    )


def sentences_of(lengths, seed=0):
    random = np.random.default_rng(seed)
    return [[f"a{n}" for n in random.integers(0, 40, length)] for length in lengths]


def close(found, expected):
    np.testing.assert_allclose(np.array(list(found)), expected, atol=2e-6)


def test_logits_come_in_order(model, monkeypatch):
    monkeypatch.setattr(inference, "WINDOW_SENTENCES", 16)
    monkeypatch.setattr(inference, "BATCH_SENTENCES", 5)
    monkeypatch.setattr(inference, "BATCH_WORDS", 12)
    sentences = sentences_of([3, 0, 7, 1, 1, 40, 0, 2, 5, 9, 12, 13, 0, 1, 6, 3, 2, 0, 4, 8, 20])
    found = list(model.inference().logits(iter(sentences)))
    assert [logits.shape for logits in found] == [(CLASSES,)] * len(sentences)
    close(found, model.tensorflow(sentences))


def test_nothing_to_read(model):
    runner = model.inference()
    assert list(runner.logits([])) == []
    for sentences in ([[]], [[], [], []], [[""]]):
        close(runner.logits(sentences), model.tensorflow(sentences))


def test_vectors_are_what_the_head_reads(model):
    sentences = sentences_of([3, 0, 7, 1])
    vectors = np.array(list(model.inference().vectors(sentences)))
    assert vectors.shape == (4, 6)
    logits = vectors @ model.weights["head/kernel"] + model.weights["head/bias"]
    close(logits, model.tensorflow(sentences))
    assert not vectors[1].any()


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(inference, "WINDOW_SENTENCES", 24)
    monkeypatch.setattr(inference, "BATCH_SENTENCES", 3)
    monkeypatch.setattr(threads, "WORDS_WORTH_THREADS", 1)
    monkeypatch.setattr(threads, "processors", lambda: 2)


def workers():
    return {thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name}


def test_batches_are_computed_side_by_side_and_come_in_order(model, small_windows, monkeypatch):
    runner = model.inference()
    together, seen = threading.Barrier(2, timeout=20), set()
    compute = runner._head

    def one_waits_for_the_other(pooled):
        seen.add(threading.current_thread())
        together.wait()
        return compute(pooled)

    monkeypatch.setattr(runner, "_head", one_waits_for_the_other)
    sentences = sentences_of([number % 7 for number in range(48)])  # 16 batches
    close(runner.logits(sentences), model.tensorflow(sentences))
    assert threading.current_thread() not in seen


def test_a_mistake_in_a_thread_reaches_the_caller(model, small_windows, monkeypatch):
    runner, before = model.inference(), workers()
    compute, calls = runner._head, count()

    def fails_once(pooled):
        if next(calls) == 9:
            raise MemoryError("no more")
        return compute(pooled)

    monkeypatch.setattr(runner, "_head", fails_once)
    sentences = sentences_of([2] * 60)
    received = []
    with pytest.raises(MemoryError, match="no more"):
        for logits in runner.logits(sentences):
            received.append(logits)
    assert len(received) == 24  # a window before
    assert workers() == before
    assert len(list(runner.logits(sentences))) == 60  # it can be used again


def test_a_mistake_in_the_stream_reaches_the_caller(model, small_windows):
    before = workers()

    def broken():
        yield from sentences_of([2] * 30)
        raise ValueError("line 31")

    with pytest.raises(ValueError, match="line 31"):
        list(model.inference().logits(broken()))
    assert workers() == before


def test_no_thread_is_left_while_nobody_reads(model, small_windows):
    """So a fork between two answers loses none."""
    before = workers()
    stream = model.inference().logits(sentences_of([2] * 60))
    next(stream)
    assert workers() == before
    del stream
    gc.collect()
    assert workers() == before


def test_the_stream_may_be_endless(model, monkeypatch):
    monkeypatch.setattr(inference, "WINDOW_SENTENCES", 8)
    taken = []

    def endless():
        for number in count():
            taken.append(number)
            yield [f"a{number}"]

    found = list(islice(model.inference().logits(endless()), 20))
    assert len(taken) == 24
    close(found, model.tensorflow([[f"a{n}"] for n in range(20)]))


def test_no_batch_is_larger_than_it_may_be(model, monkeypatch):
    """But for a single sentence, which is as long as it is."""
    monkeypatch.setattr(inference, "BATCH_SENTENCES", 4)
    monkeypatch.setattr(inference, "BATCH_WORDS", 10)
    seen = []
    read = sentence_encoder.SentenceEncoder.__call__

    def spied(self, words, numbers, lengths):
        seen.append((len(lengths), int(lengths.sum())))
        return read(self, words, numbers, lengths)

    monkeypatch.setattr(sentence_encoder.SentenceEncoder, "__call__", spied)
    list(model.inference().logits(sentences_of([1] * 9 + [3] * 9 + [25, 10, 11])))
    assert max(sentences for sentences, _ in seen) == 4
    assert sorted(words for _, words in seen if words > 10) == [11, 25]
    assert sum(words for _, words in seen) == 9 + 27 + 46


@pytest.mark.parametrize("limit", ["WINDOW_SENTENCES", "WINDOW_WORDS", "WINDOW_DISTINCT"])
def test_a_window_is_bounded(both, monkeypatch, limit):
    """By its sentences, its words, and the words it has values of."""
    monkeypatch.setattr(inference, limit, 30)
    model, read = both(), 0

    def sentences():
        nonlocal read
        for number in range(100):
            read += 1
            yield [f"a{number}"]

    next(model.inference().logits(sentences()))
    assert read == 30


@pytest.mark.slow
def test_a_document_of_a_hundred_thousand_words(model):
    """With max pooling, a text that repeats itself says no more than its beginning and end."""
    words = [f"a{number % 50}" for number in range(100_000)]
    document, excerpt = model.inference().logits([words, words[:1_000]])
    np.testing.assert_allclose(document, excerpt, atol=1e-5)


@pytest.mark.parametrize("pooling", ["max", "mean", "last", "attention"])
def test_a_long_document_is_read_part_by_part(both, monkeypatch, pooling):
    """Its words' values are never all there at once, and the others are answered around it."""
    model = both(sentence_encoder={"pooling": pooling, "layers": 2}, seed=3)
    document = [f"a{number}" for number in range(100)]
    sentences = [["b"], document, [], ["c", "a1"], document[::-1]]
    monkeypatch.setattr(inference, "LONG_SENTENCE", 20)
    monkeypatch.setattr(sentence_encoder, "ROWS_AT_ONCE", 8)
    sizes = []
    runner = model.inference()
    look_up = runner._values.__call__
    monkeypatch.setattr(
        runner, "_values", lambda words, *rest: sizes.append(len(words)) or look_up(words, *rest)
    )
    close(runner.logits(sentences), model.tensorflow(sentences))
    assert max(sizes) <= 16
