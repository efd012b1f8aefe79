"""What `inspect` finds in runs, encoders and configurations, and how it shows it."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from contextlib import redirect_stdout
from unittest.mock import patch

import numpy as np
import pytest

from hier_rnn.commands.drawing.inspection_table import print_inspection
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.errors import UserError
from hier_rnn.evaluation.inspection.weights import inspect_target, json_rows
from hier_rnn.initializers.rules import initialize
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.text.alphabet import Alphabet

FORWARD = "sentence_encoder/lstm_0/forward"
ALPHABET = Alphabet(tuple("abcde"))
SMALL = {
    "character_encoder": {"embedding_dim": 4, "units": 6},
    "sentence_encoder": {"units": 5},
}


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("good\tabc cde\nbad\tedcba ab\n", encoding="utf-8")
    return str(path)


def configuration(**groups):
    return Configuration.model_validate(SMALL | groups)


def write_toml(path, **groups):
    path.write_text(format_configuration(configuration(**groups)), encoding="utf-8")
    return path


def write_encoder(directory, options, values, **facts):
    EncoderDirectory(directory).finish(options, ALPHABET, values, {}, facts)
    return directory


def write_run(directory, change=lambda name, value: value, **groups):
    options, run = configuration(**groups), RunDirectory(directory)
    run.write_record(options)
    run.write_alphabet(ALPHABET)
    run.write_labels(["bad", "good"])
    shapes = weight_shapes(options, ALPHABET.size, 2)
    values = initialize(shapes, options.initializers.rules, options.seed)
    values = {name: change(name, value) for name, value in values.items()}
    write_encoder(run.encoder, options, {name: value + 1 for name, value in values.items()})
    run.finish(values, OneLabel(), Counter(), [])
    return directory


def by_name(rows):
    return {(row.weight, row.gate): row for row in rows}


def screen(rows, width=100):
    shown = io.StringIO()
    with redirect_stdout(shown), patch.dict(os.environ, COLUMNS=str(width)):
        print_inspection(rows, "A test")
    return shown.getvalue().rstrip("\n").split("\n")


def test_a_configuration_before_training(tmp_path, data):
    path = write_toml(
        tmp_path / "c.toml",
        initializers={
            "rules": [
                {"pattern": ".*bias", "gate": "cell", "initializer": "ones"},
                {"pattern": ".*recurrent_kernel", "initializer": "orthogonal", "per_gate": False},
            ]
        },
    )
    rows = by_name(inspect_target(path, train=data))
    assert rows["character_encoder/embedding", ""].shape == (13, 4)  # five letters, two cases
    assert rows["head/kernel", ""].shape == (10, 2)
    cell = rows[f"{FORWARD}/bias", "cell"]
    assert (cell.rule, cell.initializer) == ("rule 1: .*bias [cell]", "ones")
    assert (cell.mean, cell.deviation, cell.shape) == (1, 0, (5,))
    forget = rows[f"{FORWARD}/bias", "forget"]
    assert forget.rule.startswith("default: ")
    fused = rows[f"{FORWARD}/recurrent_kernel", "input"]
    assert fused.initializer == "orthogonal, fused"
    assert fused.orthogonality > 0.1
    assert rows[f"{FORWARD}/kernel", "input"].orthogonality is None
    assert rows["character_encoder/gru_0/bias", "reset"].shape == (2, 6)


def test_the_default_configuration(data):
    rows = inspect_target(train=data)
    units = Configuration().character_encoder.units
    row = by_name(rows)["character_encoder/gru_0/recurrent_kernel", "update"]
    assert row.shape == (units, units)
    assert row.orthogonality < 1e-5


def test_a_configuration_s_own_training_data_decide_the_shapes(tmp_path, data):
    path = write_toml(tmp_path / "c.toml", data={"train": data})
    assert by_name(inspect_target(path))["character_encoder/embedding", ""].shape == (13, 4)
    options = {"text": {"minimum_character_count": 3}, "data": {"train": data}}
    path = write_toml(tmp_path / "c.toml", **options)
    assert by_name(inspect_target(path))["character_encoder/embedding", ""].shape == (9, 4)


def test_a_run_and_how_far_it_moved(tmp_path):
    moved = {"head/kernel": 0.5}
    run = write_run(tmp_path / "run", lambda name, value: value + moved.get(name, 0))
    names = dict.fromkeys(row.weight for row in inspect_target(run))
    assert list(names) == list(weight_shapes(configuration(), 8, 2))
    for before in (run / "config.toml", write_run(tmp_path / "other")):
        rows = by_name(inspect_target(run, before))
        assert rows["head/kernel", ""].moved == pytest.approx(0.5)
        assert {row.moved for (name, _), row in rows.items() if name not in moved} == {0}
    assert {row.moved for row in inspect_target(run)} == {None}


def test_moved_is_empty_where_there_is_nothing_to_compare_with(tmp_path):
    run = write_run(tmp_path / "run")
    other = write_run(tmp_path / "other", head={}, sentence_encoder={"units": 7})
    rows = by_name(inspect_target(run, other))
    assert rows[f"{FORWARD}/bias", "cell"].moved is None
    assert rows["character_encoder/embedding", ""].moved == 0


@pytest.fixture
def encoder(tmp_path):
    """Writes an encoder directory that says what its weights started from."""

    def encoder(**facts):
        options = configuration()
        values = initialize(weight_shapes(options, 8, 2))
        return write_encoder(tmp_path / "encoder", options, values, **facts)

    return encoder


def test_an_encoder_directory_says_where_it_started(encoder):
    def rules(**facts):
        rows = by_name(inspect_target(encoder(**facts)))
        return {name: (row.rule, row.initializer) for name, row in rows.items()}

    bias, kernel = "character_encoder/gru_0/bias", "character_encoder/gru_0/kernel"
    found = rules(initializers=[{"pattern": ".*bias", "gate": "reset", "initializer": "ones"}])
    assert found[bias, "reset"] == ("rule 1: .*bias [reset]", "ones")
    assert found[bias, "update"] == ("default: .*/bias", "zeros")
    found = rules(initializers=[], encoder="words")
    assert found[kernel, "reset"][0] == "encoder: character_encoder/.*"
    assert "words" in found[kernel, "reset"][1]
    with pytest.raises(UserError, match=r"facts.json, initializers.rules.*pattern: is needed"):
        rules(initializers=[{"initializer": "ones"}])


def test_weights_from_an_encoder_say_so(tmp_path):
    run = write_run(tmp_path / "run")
    encoder = RunDirectory(run).read_weights()
    train = tmp_path / "train.tsv"
    train.write_text("x\tabz abz\ny\tabz abz abz\n")
    path = write_toml(
        tmp_path / "c.toml", data={"encoder": str(run / "encoder"), "train": str(train)}
    )
    rows = by_name(inspect_target(path))
    kernel = rows["character_encoder/gru_0/kernel", "update"]
    assert kernel.rule == "encoder: character_encoder/.*"
    assert kernel.mean == pytest.approx(encoder["character_encoder/gru_0/kernel"][:, :6].mean() + 1)
    assert rows["character_encoder/embedding", ""].shape == (12, 4)  # z is new, and capitals
    assert rows["head/bias", ""].rule.startswith("default")


@pytest.mark.parametrize(
    ("training", "trains"),
    [
        ({}, {"character_encoder", "sentence_encoder", "head"}),
        ({"freeze_encoder": True}, {"sentence_encoder", "head"}),
        (
            {"phases": [{"train": ["head"]}, {"train": ["sentence_encoder"]}]},
            {"sentence_encoder", "head"},
        ),
        ({"phases": [{"freeze": ["character_encoder"]}]}, {"sentence_encoder", "head"}),
        ({"learning_rate_multipliers": {"head": 0.0}}, {"character_encoder", "sentence_encoder"}),
        (
            {"learning_rate_multipliers": {"head": 2.0, ".*": 0.0}},
            {"head"},
        ),
    ],
)
def test_trainable(tmp_path, data, training, trains):
    path = write_toml(tmp_path / "c.toml", training=training)
    rows = inspect_target(path, train=data)
    assert {row.weight.split("/")[0] for row in rows if row.trainable} == trains


def test_mistakes(tmp_path, data):
    with pytest.raises(UserError, match="no such file or directory"):
        inspect_target(tmp_path / "nothing")
    with pytest.raises(UserError, match="holds neither"):
        inspect_target(tmp_path)
    rules = {"rules": [{"pattern": "haed", "initializer": "zeros"}]}
    path = write_toml(tmp_path / "c.toml", initializers=rules)
    with pytest.raises(UserError, match="Did you mean 'head'"):
        inspect_target(path, train=data)
    run = write_run(tmp_path / "run")
    (run / "labels.json").write_text("{")
    with pytest.raises(UserError, match=r"labels\.json: damaged"):
        inspect_target(run, run / "config.toml")


def test_the_default_configuration_fits_one_screen_and_explains_itself(data):
    lines = screen(inspect_target(train=data))
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert lines[0].startswith("A test: 12 weights, ")
    assert "…" not in text
    for word in (
        "orthogonal",
        "glorot_uniform",
        "forget",
        "input, cell,",
        "standard deviation",
    ):
        assert word in text
    assert "moved" not in text


def test_a_comparison_fits_too(tmp_path, data):
    path = write_toml(
        tmp_path / "c.toml",
        initializers={
            "rules": [
                {"pattern": ".*bias", "initializer": "chrono", "options": {"maximum": 40}},
                {"pattern": ".*kernel", "initializer": "uniform_unit_scaling", "per_gate": False},
            ]
        },
    )
    lines = screen(inspect_target(path, path, train=data))
    assert max(map(len, lines)) <= 100
    assert any(line.split()[:1] == ["weight"] and "moved" in line for line in lines)
    assert any("rule 1" in line and "chrono" in line for line in lines)
    assert any(line.startswith("rule 2 ") and ".*kernel" in line for line in lines)


def test_alike_gates_share_a_line_with_the_statistics_of_the_whole(tmp_path):
    run = write_run(tmp_path / "run", lambda name, value: value + np.float32(0.25))
    kernel = RunDirectory(run).read_weights()[f"{FORWARD}/kernel"].astype(float)
    line = next(line.split() for line in screen(inspect_target(run)) if "6×20" in line)
    assert line[:2] == ["kernel", "all"]
    assert float(line[-2]) == pytest.approx(kernel.mean(), abs=1e-4)
    assert float(line[-1]) == pytest.approx(kernel.std(), abs=1e-4)


def test_weights_that_are_not_numbers_are_a_mistake(tmp_path):
    run = write_run(tmp_path / "run", lambda name, value: value * np.float32("nan"))
    with pytest.raises(UserError, match="embedding': 32 of 32 values are not finite"):
        inspect_target(run)


def test_json(data):
    rows = inspect_target(train=data)
    loaded = json.loads(json.dumps(json_rows(rows)))
    assert len(loaded) == len(rows)
    assert loaded[0]["weight"] == "character_encoder/embedding"
    assert set(loaded[0]) == {
        "weight",
        "gate",
        "shape",
        "rule",
        "initializer",
        "trainable",
        "mean",
        "deviation",
        "orthogonality",
        "moved",
    }
