"""Any number of threads on one loaded run, and a run that was loaded before a fork."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import hier_rnn
from hier_rnn.inference.engine.threads import one_thread_each
from hier_rnn.inference.inference import Inference

LIMIT = 60  # seconds

exact = pytest.mark.skipif(
    any(info.get("architecture") in ("Haswell", "Zen") for info in threadpool_info()),
    reason="OpenBLAS's routine for AVX2 rounds a row by where it stands",
)
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


def requests_of(count, seed=0):
    """Texts of a few known words and a few new ones, in each request others."""
    draw = random.Random(seed)
    return [
        [
            " ".join(
                draw.choice(["good", "bad", "".join(draw.choices("abcdegostk", k=6))])
                for _ in range(draw.randint(0, 9))
            )
            for _ in range(draw.randint(1, 6))
        ]
        for _ in range(count)
    ]


def in_threads(ask, requests, number):
    together = threading.Barrier(number, timeout=LIMIT)

    def some(start):
        together.wait()
        return [ask(request) for request in requests[start::number]]

    with ThreadPoolExecutor(number) as pool:
        parts = list(pool.map(some, range(number), timeout=LIMIT))
    return [parts[i % number][i // number] for i in range(len(requests))]


@pytest.mark.parametrize("number", [2, 8])
def test_threads_get_what_one_thread_gets(small_run, number):
    requests = requests_of(200)
    alone = hier_rnn.load(small_run)
    expected = [alone.probabilities(request) for request in requests]
    shared = hier_rnn.load(small_run)
    found = in_threads(shared.probabilities, requests, number)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    for request, other in zip(requests, expected, strict=True):  # and ever after
        np.testing.assert_array_equal(shared.probabilities(request), other)


def test_threads_on_an_encoder(small_run):
    requests = [" ".join(texts).split() for texts in requests_of(200, seed=1)]
    alone, shared = hier_rnn.load_encoder(small_run), hier_rnn.load_encoder(small_run)
    expected = [alone(words) for words in requests]
    for one, other in zip(in_threads(shared, requests, 8), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@exact
@pytest.mark.parametrize("units", [128, 100, pytest.param(512, marks=pytest.mark.slow)])
def test_a_words_value_does_not_depend_on_its_company(both, units):
    """To the last bit."""
    model = both(
        character_encoder={"embedding_dim": 16, "units": units, "projection": 50},
        sentence_encoder={"units": 30},
    )
    words = sorted({"".join(random.Random(n).choices("abcdefgh", k=7)) for n in range(600)})

    def values(words):
        return np.concatenate(list(model.inference()._projected(words)))

    with one_thread_each():
        together = values(words)
        for n in range(0, 600, 7):
            some = slice(n, n + n % 5 + 1)
            np.testing.assert_array_equal(values(words[some]), together[some])


@exact
@pytest.mark.parametrize("pooling", ["max", "attention"])
def test_a_text_does_not_depend_on_its_company(both, pooling):
    """To the last bit, in one call with others or alone."""
    model = both(sentence_encoder={"units": 100, "pooling": pooling}, classes=7)
    draw = random.Random(0)
    sentences = [draw.choices("abcdefgh", k=draw.choice([0, 1, 2, 5, 9])) for _ in range(300)]
    together = list(model.inference().logits(sentences))
    runner = model.inference()
    for n in range(0, 300, 11):
        some = slice(n, n + n % 4 + 1)
        np.testing.assert_array_equal(list(runner.logits(sentences[some])), together[some])


def test_blas_has_its_threads_back(small_run):
    def threads():
        """Of NumPy's BLAS: SciPy brings one of its own, if a test before imported it."""
        blas = [info for info in threadpool_info() if info["user_api"] == "blas"]
        return [info["num_threads"] for info in blas if "numpy" in info["filepath"]]

    before, predictor = threads(), hier_rnn.load(small_run)
    in_threads(predictor.predict, requests_of(40), 4)
    assert threads() == before
    with one_thread_each():
        assert set(threads()) <= {1}
    assert threads() == before


def _answer(predictor, texts, queue):
    queue.put(predictor.probabilities(texts))


@forks
@pytest.mark.parametrize("warm", [True, False], ids=["used before", "only loaded"])
def test_a_run_loaded_before_a_fork_answers_in_the_child(small_run, warm):
    texts = ["good shop"] * 300 + ["whu bda"]
    predictor = hier_rnn.load(small_run)
    expected = hier_rnn.load(small_run).probabilities(texts)
    if warm:
        predictor.predict(texts[:290])
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_answer, args=(predictor, texts, queue))
    child.start()
    try:
        np.testing.assert_allclose(queue.get(timeout=LIMIT), expected, atol=1e-6)
    finally:
        child.kill()
        child.join(LIMIT)


@forks
@pytest.mark.slow
def test_a_fork_while_others_compute(small_run):
    """No lock that somebody holds at that moment is held in the child for ever."""
    predictor, done = hier_rnn.load(small_run), threading.Event()

    def busy(seed):
        while not done.is_set():
            for texts in requests_of(20, seed):
                predictor.predict(texts)

    workers = [threading.Thread(target=busy, args=(seed,)) for seed in range(3)]
    for worker in workers:
        worker.start()
    context = multiprocessing.get_context("fork")
    try:
        for _ in range(10):
            queue = context.SimpleQueue()
            child = context.Process(target=_answer, args=(predictor, ["new wrods"], queue))
            child.start()
            child.join(LIMIT)
            assert child.exitcode == 0
            queue.close()
    finally:
        done.set()
        for worker in workers:
            worker.join(LIMIT)
        child.kill()


@forks
def test_a_fork_while_others_compute_in_a_new_program(small_run):
    """Nothing but this package decides what is imported before what."""
    code = f"""
import os, threading, hier_rnn
run = hier_rnn.load({str(small_run)!r})
threading.Thread(target=lambda: [run.predict([f"w{{i}} o{{n}}" for i in range(300)])
                                 for n in range(100)], daemon=True).start()
for _ in range(10):
    if os.fork() == 0:
        os._exit(len(run.predict(["new wrods"])) != 1)
    assert os.wait()[1] == 0
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=LIMIT)


@forks
@pytest.mark.slow
def test_tensorflow_after_a_fork_is_a_clear_mistake(small_run):
    code = f"""
import os, sys, hier_rnn
run = hier_rnn.load({str(small_run)!r})
run.character_attributions(["good"], 0, steps=2)
if os.fork() == 0:
    run.predict(["good"])  # needs no TensorFlow
    for ask in (run, hier_rnn.load({str(small_run)!r})):
        try:
            ask.character_attributions(["good"], 0, steps=2)
        except hier_rnn.UserError as error:
            assert "Load in each process" in str(error), error
        else:
            os._exit(1)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=2 * LIMIT)


def test_a_predictor_can_be_pickled(small_run):
    predictor = hier_rnn.load(small_run)
    predictor.character_attributions(["good"], 0, steps=2)
    copy = pickle.loads(pickle.dumps(predictor))
    np.testing.assert_array_equal(copy.probabilities(["good"]), predictor.probabilities(["good"]))
    assert isinstance(copy._inference, Inference)
    encoder = hier_rnn.load_encoder(small_run)
    copy = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(copy(["good"]), encoder(["good"]))
