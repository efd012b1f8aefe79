from __future__ import annotations

import tracemalloc
from itertools import islice

import numpy as np
import pytest

from hier_rnn.errors import UserError
from hier_rnn.evaluation.metrics import target_ids
from hier_rnn.evaluation.observation import observe
from hier_rnn.sources.example import Example


@pytest.fixture
def targets(predictor, examples):
    return target_ids(examples, predictor.labels, "held-out")


def test_a_pass_keeps_logits_lengths_and_unseen_shares(predictor, examples, targets):
    seen = observe(predictor, examples, targets, frozenset(["please", "hello"]))
    assert (seen.logits == np.array(list(predictor.logits(e.text for e in examples)))).all()
    assert seen.logits.dtype == np.float32
    words = [example.text.split() for example in examples]
    assert seen.lengths.tolist() == [len(w) for w in words]
    unseen = [sum(x not in ("please", "hello") for x in w) / len(w) for w in words]
    assert seen.unseen == pytest.approx(unseen)
    assert (seen.correct == (seen.predictions == targets)).all()
    assert seen.correct.mean() > 0.7
    assert seen.words_per_second > 0


def test_a_text_without_words_is_an_example_too(predictor):
    seen = observe(predictor, [Example("praise", "  ", "x:1")], np.array([1]))
    assert seen.lengths.tolist() == [0]
    assert seen.unseen.tolist() == [0]


def test_the_sink_gets_every_example_with_its_logits(predictor, examples, targets):
    got = []
    observe(predictor, examples, targets, sink=lambda *pair: got.append(pair))
    assert [example for example, _ in got] == examples
    expected = list(predictor.logits(e.text for e in examples))
    assert (np.array([row for _, row in got]) == expected).all()


def test_texts_are_not_kept(predictor):
    count, padding = 1500, " " * 20_000

    def stream():
        for number in range(count):
            yield Example("praise", f"lovely{padding}{number}", f"x:{number}")

    observe(predictor, islice(stream(), 20), np.ones(20, int))
    tracemalloc.start()
    observe(predictor, stream(), np.ones(count, int))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6  # of 30 MB of text


@pytest.mark.parametrize("difference", [-1, 1])
def test_data_that_change_while_being_read_are_an_error(predictor, examples, targets, difference):
    examples = examples[:-1] if difference < 0 else [*examples, examples[0]]
    with pytest.raises(UserError, match="changed while it was being read"):
        observe(predictor, examples, targets)


def test_outputs_that_are_not_numbers_are_an_error(predictor, examples, targets, monkeypatch):
    broken = np.full(3, np.nan)
    monkeypatch.setattr(predictor, "logits_of_words", lambda words: (broken for _ in words))
    with pytest.raises(UserError, match=r"held-out.tsv:1: .*not finite"):
        observe(predictor, examples, targets)


def test_progress_is_lines_where_there_is_no_terminal(predictor, examples, targets, capsys):
    observe(predictor, examples, targets, title="dev", quiet=False)
    line = capsys.readouterr().err
    assert line.startswith("dev: 300 of 300 examples, accuracy ")
    assert "words/s" in line
    observe(predictor, examples, targets, quiet=True)
    assert capsys.readouterr().err == ""


def test_progress_is_a_bar_on_a_terminal(predictor, examples, targets, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    observe(predictor, examples, targets, title="dev", quiet=False)
    shown = capsys.readouterr().err
    assert "dev:   0%" in shown
    assert "accuracy" in shown


def test_examples_at_once_bound_how_far_the_predictor_reads_ahead(predictor, examples, targets):
    handed: list[int] = []

    def stream():
        for number, example in enumerate(examples):
            handed.append(number)
            yield example

    ahead: list[int] = []
    done: list[int] = []

    def sink(example, row):
        done.append(1)
        ahead.append(len(handed) - len(done))

    seen = observe(predictor, stream(), targets, at_once=3, sink=sink)
    assert max(ahead) == 2
    assert (seen.logits == observe(predictor, examples, targets).logits).all()
