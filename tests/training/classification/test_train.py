"""Whole runs, in this process and without graphs, which take longer to build than to run."""

from __future__ import annotations

import gc
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import hier_rnn
from hier_rnn.configuration.options import Configuration, Data
from hier_rnn.errors import UserError
from hier_rnn.evaluation.inspection.weights import inspect_target
from hier_rnn.initializers.rules import initialize
from hier_rnn.metrics.scores import score
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.sources.classes import class_indices
from hier_rnn.sources.example import Source
from hier_rnn.sources.source import open_source
from hier_rnn.storage.checkpoints import Checkpoints
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.weights.weights_file import read_weights
from hier_rnn.training.classification.train import train_classifier
from hier_rnn.training.classification.training_data import Sources
from hier_rnn.training.events import PhaseEnded

pytestmark = [
    pytest.mark.usefixtures("eager"),
    pytest.mark.filterwarnings("ignore:Even though the"),  # tf.data keeps its graphs
]

SHORT = {"epochs": 1, "batch_size": 60}  # a single step


def weights(run: Path) -> dict[str, np.ndarray]:
    return read_weights(run / "model.safetensors")


def metrics(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def column(run: Path, name: str) -> list[float]:
    return [line[name] for line in metrics(run)]


def same(first: dict, second: dict) -> bool:
    assert first.keys() == second.keys()
    return all(np.array_equal(first[name], second[name]) for name in first)


def first_values(configuration: Configuration, run: Path) -> dict[str, np.ndarray]:
    alphabet = RunDirectory(run).read_alphabet()
    return initialize(weight_shapes(configuration, alphabet.size, 3), seed=configuration.seed)


def test_a_run_directory(small_run):
    run = RunDirectory(small_run)
    assert sorted(path.name for path in small_run.iterdir()) == [
        "README.md",
        "alphabet.json",
        "calibration.json",
        "config.toml",
        "data.json",
        "encoder",
        "labels.json",
        "manifest.json",
        "metrics.jsonl",
        "model.safetensors",
        "words.txt",
    ]
    assert sorted(path.name for path in run.encoder.iterdir()) == [
        "alphabet.json",
        "config.toml",
        "encoder.safetensors",
        "facts.json",
        "manifest.json",
        "words.txt",
    ]
    assert run.read_labels() == ["bad", "good", "question"]
    assert run.read_temperature() > 0
    lines = metrics(small_run)
    assert [line["epoch"] for line in lines] == list(range(1, 13))
    assert [line["step"] for line in lines] == list(range(3, 37, 3))
    assert lines[-1]["train_loss"] < 0.5 * lines[0]["train_loss"]
    assert max(column(small_run, "validation_accuracy")) > 0.8
    assert all(line["words_per_second"] > 0 for line in lines)
    assert column(small_run, "seconds") == sorted(column(small_run, "seconds"))
    facts = json.loads((run.encoder / "facts.json").read_text())
    assert facts["validation_accuracy"] == max(column(small_run, "validation_accuracy"))
    assert (facts["examples"], facts["seed"]) == (60, 0)
    of_run, of_encoder = inspect_target(small_run), inspect_target(run.encoder)
    assert [row.rule for row in of_run][: len(of_encoder)] == [row.rule for row in of_encoder]


@pytest.mark.slow
def test_the_seed_decides_everything(train, plain):
    first = weights(plain)
    assert same(first, train("second"))
    other = train("third", seed=1)
    assert not any(np.array_equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "loss"])
@pytest.mark.slow
def test_the_weights_that_are_best_by_the_metric_are_kept(train, tiny, tmp_path, metric):
    options = {"validation_metric": metric, "epochs": 4, "learning_rate": 0.5}
    train(training={**options, "batch_size": 30})
    scores = column(tmp_path / "run", f"validation_{metric}")
    best = scores.index(min(scores) if metric == "loss" else max(scores))
    predictor = hier_rnn.load(tmp_path / "run")
    validation = open_source(tiny().data.validation)
    logits = np.array(list(predictor.logits(example.text for example in validation)))
    found = score(class_indices(validation, predictor.labels, "v"), logits, predictor.labels)
    line = metrics(tmp_path / "run")[best]
    assert found.accuracy == line["validation_accuracy"]
    assert found.loss == pytest.approx(line["validation_loss"], abs=1e-5)


@pytest.mark.slow
def test_epochs_and_batch_size(train, tmp_path):
    train(training={"epochs": 3, "batch_size": 30})
    assert column(tmp_path / "run", "step") == [2, 4, 6]
    train("words", training={"epochs": 1, "batch_size": 30, "batch_by": "words"})
    assert column(tmp_path / "words", "step")[0] > 4


@pytest.mark.slow
def test_an_epoch_of_little_data_passes_over_it_several_times(train, tmp_path, caplog):
    options = {"epochs": 2, "minimum_steps_per_epoch": 4, "batch_size": 30}
    caplog.set_level(logging.INFO, "hier_rnn")
    train(training=options)
    assert "an epoch passes over it 2 times" in caplog.text
    assert column(tmp_path / "run", "step") == [4, 8]
    assert column(tmp_path / "run", "epoch") == [1, 2]


@pytest.mark.slow
def test_much_data_has_fewer_epochs(train, tmp_path, caplog):
    caplog.set_level(logging.INFO, "hier_rnn")
    options = {"epochs": 9, "batch_size": 30, "maximum_steps": 5}
    train(training=options)
    assert "2 epochs instead of 9 (training.maximum_steps 5)" in caplog.text
    assert column(tmp_path / "run", "step") == [2, 4]


@pytest.mark.slow
def test_patience(train, tmp_path):
    still = {**SHORT, "epochs": 6, "learning_rate": 1e-9, "patience": 2}
    events = []
    train(training=still, settings={"on_event": events.append})
    assert len(metrics(tmp_path / "run")) == 3
    assert PhaseEnded(stalled=True) in events


@pytest.mark.slow
def test_averages_are_what_is_evaluated_and_kept(train, tmp_path, plain):
    averaged = train(training={"moving_average": 0.9, "validation_metric": "loss"})
    run = tmp_path / "run"
    assert column(run, "train_loss") == column(plain, "train_loss")
    assert column(run, "validation_loss") != column(plain, "validation_loss")
    last, same_steps = (Checkpoints(p / "checkpoints").latest() for p in (run, plain))
    assert last.progress["best_epoch"] == 2
    for name, values in averaged.items():
        np.testing.assert_array_equal(values, last.tensors[f"averages/{name}"])
        moved = last.tensors[f"weights/{name}"]
        np.testing.assert_array_equal(moved, same_steps.tensors[f"weights/{name}"])
        assert not np.array_equal(values, moved)


@pytest.mark.slow
def test_what_no_phase_trains_stays_to_the_bit(train, tiny, tmp_path):
    options = {
        "weight_decay": 0.5,
        "moving_average": 0.9,
        "phases": [
            {"train": ["head"], "steps": 2},
            {"freeze": ["character_encoder", ".*/backward"], "epochs": 1},
        ],
    }
    found = train(training=options)
    before = first_values(tiny(training=options), tmp_path / "run")
    moved = {name for name in found if not np.array_equal(found[name], before[name])}
    assert moved == {
        name
        for name in found
        if name.startswith(("sentence_encoder", "head")) and "backward" not in name
    }


@pytest.mark.slow
def test_phases_one_after_the_other(train, tmp_path):
    head = {"train": ["head"], "steps": 2}
    train("first", training={"phases": [head]})
    assert column(tmp_path / "first", "step") == [2]
    # The last phase may begin within an epoch, and ends within one.
    train("both", training={"phases": [head, {"epochs": 1, "learning_rate": 0.1}]})
    assert column(tmp_path / "both", "step") == [3, 5]


@pytest.mark.parametrize(
    "options", [{"freeze_encoder": True}, {"learning_rate_multipliers": {"character_encoder": 0}}]
)
@pytest.mark.slow
def test_a_frozen_encoder(train, tiny, tmp_path, options):
    found = train(training={**SHORT, **options})
    before = first_values(tiny(), tmp_path / "run")
    for name in found:
        frozen = name.startswith("character_encoder")
        assert np.array_equal(found[name], before[name]) == frozen


@pytest.mark.slow
def test_an_encoder_to_start_from(train, tiny, small_run, tmp_path):
    other = tmp_path / "other.tsv"
    other.write_text("x\tžluťoučký žluťoučký late shop\ny\tlove shop\n" * 4, "utf-8")
    data = {"train": str(other), "validation": str(other), "encoder": str(small_run)}
    found = train(data=data, training={**SHORT, "freeze_encoder": True})
    encoder = read_weights(small_run / "encoder" / "encoder.safetensors")
    known = len(encoder["character_encoder/embedding"])
    for name, values in encoder.items():
        np.testing.assert_array_equal(found[name][:known], values)
    assert len(found["character_encoder/embedding"]) > known


@pytest.mark.slow
def test_the_result(train, tiny, tmp_path):
    result = train_classifier(tiny(training={"epochs": 3}), tmp_path / "run")
    rows = metrics(tmp_path / "run")
    best = max(rows, key=lambda row: row["validation_accuracy"])
    assert (result.run, result.trained) == (tmp_path / "run", True)
    assert result.best_epoch == best["epoch"]
    assert result.scores["validation_accuracy"] == best["validation_accuracy"]
    again = train_classifier(tiny(training={"epochs": 3}), tmp_path / "run")
    assert not again.trained
    assert (again.best_epoch, again.scores) == (result.best_epoch, result.scores)


def test_nothing_is_printed(tiny, tmp_path, capfd):
    """What there is to tell goes to the log and to whoever listens."""
    events = []
    train_classifier(tiny(training=SHORT), tmp_path / "run", on_event=events.append)
    assert capfd.readouterr() == ("", "")
    kinds = " ".join(type(event).__name__ for event in events)
    assert kinds == "ModelBuilt Started Step Evaluated Saved PhaseEnded Finished"


@pytest.mark.slow
def test_training_again_and_again_takes_no_more_memory(tiny, tmp_path):
    """Neither the graphs of a training outlive it, nor its weights and data."""
    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(False)  # or there would be no graphs
    before: list[int] = []
    for number in range(2):
        train_classifier(
            tiny(training={**SHORT, "warm_start_epochs": 1}, sentence_encoder={"segment_words": 2}),
            tmp_path / f"{number}",
        )
        gc.collect()
        kinds = [type(thing) for thing in gc.get_objects()]
        alive = [
            sum(issubclass(kind, of) for kind in kinds)
            for of in (tf.Variable, tf.__internal__.FuncGraph)
        ]
        before = before or alive
    tf.config.run_functions_eagerly(eager)
    assert all(now <= then for now, then in zip(alive, before, strict=True))


@pytest.mark.slow
def test_checkpoints_of_a_finished_run_go_unless_they_are_to_be_kept(tiny, tmp_path):
    configuration = tiny(training={**SHORT, "warm_start_epochs": 1})
    run = tmp_path / "run"
    train_classifier(configuration, run, keep_checkpoints=True)
    assert list(run.glob("checkpoints/step-*")) and (run / "checkpoints" / "warm_start").exists()
    train_classifier(configuration, run, keep_checkpoints=True)
    assert list(run.glob("checkpoints/step-*"))
    train_classifier(configuration, run)  # as if killed before they were taken away
    assert not (run / "checkpoints").exists()


@pytest.mark.slow
def test_sources_instead_of_paths(tiny, data, tmp_path, plain):
    """Examples from memory train to the same weights as the files that they came from."""

    def source(name: str) -> Source:
        return Source("memory", lambda: iter(list(open_source(data[name]))))

    sources = Sources(source("train"), source("validation"))
    nowhere = tiny().model_copy(update={"data": Data()})
    train_classifier(nowhere, tmp_path / "run", sources=sources)
    assert same(weights(plain), weights(tmp_path / "run"))
    other = Sources(source("validation"), source("validation"))
    with pytest.raises(UserError, match="data.train: not the data that the run in"):
        train_classifier(nowhere, tmp_path / "run", sources=other)


@pytest.mark.slow
def test_tensorboard(train, tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(settings={"tensorboard": True}, training={**SHORT, "epochs": 2})
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    found = {
        event.step: tf.make_ndarray(event.tensor_proto) for event in events.Tensors("train_loss")
    }
    wanted = dict(zip([1, 2], column(tmp_path / "run", "train_loss"), strict=True))
    assert found == pytest.approx(wanted)

    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UserError, match=r"pip install 'hier_rnn\[tensorboard\]'"):
        train("without", {"tensorboard": True})
    assert not (tmp_path / "without").exists()


@pytest.mark.slow
def test_a_finished_run_is_left_alone(train, tmp_path, caplog):
    before = train(training=SHORT)
    file = tmp_path / "run" / "model.safetensors"
    written = file.stat().st_mtime_ns
    caplog.set_level(logging.INFO, "hier_rnn")
    train(training=SHORT)
    assert "the run is finished; nothing to do" in caplog.text
    assert file.stat().st_mtime_ns == written
    more = {**SHORT, "epochs": 2}
    with pytest.raises(UserError, match=r"other options: training.epochs 1 instead of 2."):
        train(training=more)

    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="none.tsv"):
        train(settings={"force": True}, data={"train": "none.tsv"})
    assert same(before, weights(tmp_path / "run"))
    assert not same(before, train(settings={"force": True}, training=more))
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"training": {"phases": [{"train": ["heads"]}]}}, "Did you mean 'head'"),
        ({"training": {"class_weights": {"goood": 2.0}}}, "Did you mean 'good'"),
        ({"initializers": {"rules": [{"pattern": "x", "initializer": "ones"}]}}, "rule 1"),
        ({"data": {"validation": "other"}}, "never saw"),
        ({"data": {"test": "other"}}, "never saw"),
    ],
    ids=str,
)
def test_mistakes_come_before_anything_is_written(train, tmp_path, groups, message):
    if "data" in groups:
        other = tmp_path / "other.tsv"
        other.write_text("good\tnice\nnew\tlabel\n")
        groups = {"data": dict.fromkeys(groups["data"], str(other))}
    with pytest.raises(UserError, match=message):
        train(**groups)
    assert not (tmp_path / "run").exists()


def test_a_folder_with_something_else_in_it(train, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").touch()
    with pytest.raises(UserError, match="holds no run: there is no config.toml"):
        train()
    with pytest.raises(UserError, match="holds no run"):
        train(settings={"force": True})


@pytest.mark.slow
def test_sentencepiece(train, tmp_path):
    pieces = {"text": {"words": "sentencepiece", "vocabulary_size": 40}}
    train(training=SHORT, **pieces)
    run = RunDirectory(tmp_path / "run")
    assert (run.encoder / "words.model").read_bytes() == run.words_model.read_bytes()
    predictor = hier_rnn.load(run.path)
    assert len(predictor.words("lovebad shop")) > 2
    assert "".join(predictor.words("lovebad shop")) == "lovebadshop"
    model = run.words_model.read_bytes()
    smaller = {"text": {"words": "sentencepiece", "vocabulary_size": 35}}
    train(settings={"force": True}, training=SHORT, **smaller)
    assert run.words_model.read_bytes() != model
    run.words_model.unlink()
    with pytest.raises(UserError, match="words.model: missing"):
        hier_rnn.load(run.path)
