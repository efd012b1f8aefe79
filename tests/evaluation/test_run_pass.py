from __future__ import annotations

import tracemalloc
from itertools import islice

import numpy as np
import pytest

from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.errors import UserError
from hier_rnn.evaluation.answers.choose import KEPT_CLASSES
from hier_rnn.evaluation.run_pass import run_pass
from hier_rnn.metrics.probabilities import log_probabilities
from hier_rnn.sources.classes import class_indices
from hier_rnn.sources.example import Example


@pytest.fixture
def targets(predictor, examples):
    return class_indices(examples, predictor.labels, "held-out")


def test_a_pass_keeps_probabilities_lengths_and_unseen_shares(predictor, examples, targets):
    seen = run_pass(predictor, examples, targets, frozenset(["please", "hello"]))
    logits = np.array(list(predictor.logits(e.text for e in examples)))
    chances = np.exp(log_probabilities(logits))
    rows = np.arange(len(examples))
    assert (seen.predictions == logits.argmax(1)).all()
    assert (seen.confidence == chances.max(1)).all()
    assert (seen.target_probability == chances[rows, targets]).all()
    assert seen.losses == pytest.approx(-np.log(chances[rows, targets]))
    assert (np.sort(seen.top_classes) == np.arange(3)).all()
    assert seen.top_probabilities == pytest.approx(np.take_along_axis(chances, seen.top_classes, 1))
    words = [example.text.split() for example in examples]
    assert seen.lengths.tolist() == [len(w) for w in words]
    unseen = [sum(x not in ("please", "hello") for x in w) / len(w) for w in words]
    assert seen.unseen_share == pytest.approx(unseen)
    assert (seen.correct == (seen.predictions == targets)).all()
    assert seen.correct.mean() > 0.7
    assert seen.words_per_second > 0


def test_a_text_without_words_is_an_example_too(predictor):
    examples = [Example("praise", "  ", "x:1")]
    seen = run_pass(predictor, examples, np.array([1]), frozenset())
    assert seen.lengths.tolist() == [0]
    assert seen.unseen_share.tolist() == [0]
    assert run_pass(predictor, examples, np.array([1])).unseen_share is None


def test_the_callback_gets_every_example_with_its_logits(predictor, examples, targets):
    got = []
    run_pass(predictor, examples, targets, on_example=lambda *pair: got.append(pair))
    assert [example for example, _ in got] == examples
    expected = list(predictor.logits(e.text for e in examples))
    assert (np.array([row for _, row in got]) == expected).all()


def test_texts_are_not_kept(predictor):
    count, padding = 1500, " " * 20_000

    def stream():
        for number in range(count):
            yield Example("praise", f"lovely{padding}{number}", f"x:{number}")

    run_pass(predictor, islice(stream(), 20), np.ones(20, int))
    tracemalloc.start()
    run_pass(predictor, stream(), np.ones(count, int))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6  # of 30 MB of text


@pytest.mark.parametrize("difference", [-1, 1])
def test_data_that_change_while_being_read_are_an_error(predictor, examples, targets, difference):
    examples = examples[:-1] if difference < 0 else [*examples, examples[0]]
    with pytest.raises(UserError, match="changed while it was being read"):
        run_pass(predictor, examples, targets)


def test_outputs_that_are_not_numbers_are_an_error(predictor, examples, targets, monkeypatch):
    broken = np.full(3, np.nan)
    monkeypatch.setattr(predictor, "logits_of_words", lambda words: (broken for _ in words))
    with pytest.raises(UserError, match=r"held-out.tsv:1: .*not finite"):
        run_pass(predictor, examples, targets)


def test_temperature_softens_all_but_the_raw_figures(predictor, examples, targets, trigrams):
    softer = trigrams(predictor.run, examples)
    softer.decision = OneLabel(4.0)
    seen = run_pass(softer, examples, targets)
    assert (seen.confidence < seen.uncalibrated).all()
    logits = np.array(list(softer.logits(e.text for e in examples)))
    rows = np.arange(len(examples))
    assert seen.calibrated_losses == pytest.approx(-log_probabilities(logits, 4)[rows, targets])
    assert seen.losses == pytest.approx(-log_probabilities(logits)[rows, targets])


def test_of_many_classes_the_most_probable_are_kept(trigrams, write, tmp_path):
    topics = {f"topic{i}": f"word{i} thing{i}" for i in range(KEPT_CLASSES + 20)}
    examples = write(600, 1, topics)
    many = trigrams(tmp_path, examples)
    seen = run_pass(many, examples, class_indices(examples, many.labels, "x"))
    assert seen.top_classes.shape == (600, KEPT_CLASSES)
    logits = np.array(list(many.logits(e.text for e in examples)))
    kept = np.sort(np.exp(log_probabilities(logits)), axis=1)[:, -KEPT_CLASSES:]
    assert np.sort(seen.top_probabilities, axis=1) == pytest.approx(kept)


def test_progress_is_reported_to_its_end(predictor, examples, targets):
    reports = []
    seen = run_pass(predictor, examples, targets, stage="dev", on_progress=reports.append)
    assert (reports[-1].stage, reports[-1].done, reports[-1].total) == ("dev", 300, 300)
    assert reports[-1].accuracy == seen.correct.mean()
    assert reports[-1].words_per_second > 0


def test_examples_at_once_bound_how_far_the_predictor_reads_ahead(predictor, examples, targets):
    handed: list[int] = []

    def stream():
        for number, example in enumerate(examples):
            handed.append(number)
            yield example

    ahead: list[int] = []
    done: list[int] = []

    def note(example, row):
        done.append(1)
        ahead.append(len(handed) - len(done))

    seen = run_pass(predictor, stream(), targets, at_once=3, on_example=note)
    assert max(ahead) == 2
    assert (seen.losses == run_pass(predictor, examples, targets).losses).all()
