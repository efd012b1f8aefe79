"""`train`: from arguments to the configuration that training gets."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import hier_rnn
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.model.weight_specs import character_encoder_shapes
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.text.alphabet import Alphabet

# The module: the package holds the command under the same name.
train = importlib.import_module("hier_rnn.commands.train")


def write_encoder(path: Path, options: dict[str, dict]) -> None:
    """Writes an encoder directory of these options, its weights zeros."""
    configuration, alphabet = Configuration.model_validate(options), Alphabet(("a", "b"))
    shapes = character_encoder_shapes(configuration.character_encoder, alphabet.size)
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    EncoderDirectory(path).finish(configuration, alphabet, weights, {"ab": 2}, {})


@pytest.fixture(autouse=True)
def sources(tmp_path_factory, monkeypatch):
    """Data by the names that the tests use: they are looked at before anything is trained."""
    monkeypatch.chdir(tmp_path_factory.mktemp("sources"))
    rows = "".join(f"{n % 2}\ttext {n}\t{n % 2}\ttext {n}\n" for n in range(60))
    for name in ("a.tsv", "b.tsv", "c.tsv"):
        Path(name).write_text("label\ttext\tintent\tmessage\n" + rows, encoding="utf-8")


@pytest.fixture
def trained(calls, monkeypatch):
    calls("hier_rnn.commands.drawing.conclusion", "print_conclusion")
    monkeypatch.setattr(train, "_evaluate", lambda *arguments: None)
    result = SimpleNamespace(trained=True)
    return calls("hier_rnn.training.classification.train", "train_classifier", result)


@pytest.fixture
def pretrained(calls):
    calls("hier_rnn.commands.drawing.conclusion", "print_encoder_conclusion")
    result = SimpleNamespace(trained=True)
    return calls("hier_rnn.training.pretraining.pretrain", "pretrain", result)


@pytest.mark.parametrize("arguments", [[], ["classify"], ["--training.epochs", "3"]])
def test_without_data_it_trains_on_the_embedded_data(call, trained, arguments):
    assert call("train", *arguments).status == 0
    [((configuration, out), settings)] = trained
    assert out == Path("runs/messages")
    del settings["on_event"]
    assert settings == {"force": False, "keep_checkpoints": False, "tensorboard": False}
    assert Path(configuration.data.train[0]).name == "train.tsv"
    assert Path(configuration.data.validation).is_file()
    assert Path(configuration.data.test).is_file()
    assert configuration.training.epochs == (
        3 if arguments[1:] else Configuration().training.epochs
    )


def test_every_short_option(call, trained, tmp_path):
    arguments = "--train a.tsv --validation b.tsv --test c.tsv --seed 5 --freeze-encoder"
    arguments += " --label-column intent --text-column message --tfds-data-dir d"
    arguments += f" --out {tmp_path} --force --quiet --tensorboard --keep-checkpoints"
    assert call("train", "classify", *arguments.split()).status == 0
    [((configuration, out), settings)] = trained
    given = {
        "seed": 5,
        "data": {
            "train": "a.tsv",
            "validation": "b.tsv",
            "test": "c.tsv",
            "label_column": "intent",
            "text_column": "message",
            "tfds_data_dir": "d",
            "multi_label": False,  # as the data say
        },
        "training": {"freeze_encoder": True, "validation_metric": "accuracy"},
    }
    assert configuration == Configuration.model_validate(given)
    assert out == tmp_path
    del settings["on_event"]
    assert settings == {"force": True, "keep_checkpoints": True, "tensorboard": True}


def test_without_validation_none_is_made_up(call, trained):
    assert call("train", "--train", "a.tsv", "--out", "x").status == 0
    [((configuration, _), _)] = trained
    assert configuration.data.validation == configuration.data.test == ""


def test_a_runs_own_config_repeats_it(call, trained, tmp_path):
    given = {"data": {"train": "a.tsv"}, "training": {"epochs": 7, "batch_size": 5}}
    file = tmp_path / "config.toml"
    file.write_text(format_configuration(Configuration.model_validate(given)))
    assert call("train", "--config", file, "--out", "x", "--training.epochs", "9").status == 0
    [((configuration, _), _)] = trained
    assert configuration.data.train == ("a.tsv",)
    assert (configuration.training.epochs, configuration.training.batch_size) == (9, 5)


def test_an_encoder_gives_its_options(call, trained, tmp_path):
    write_encoder(tmp_path, {"character_encoder": {"units": 48}})
    assert call("train", "--encoder", tmp_path).status == 0
    assert trained[0][0][0].character_encoder.units == 48
    result = call("train", "--encoder", tmp_path, "--character_encoder.units", "64")
    assert result.status == 2
    assert "64 contradicts" in result.err and "48" in result.err


@pytest.fixture
def encoder(tmp_path) -> Path:
    """As far as options go: one of 48 units that reads lower case."""
    write_encoder(tmp_path, {"text": {"lowercase": True}, "character_encoder": {"units": 48}})
    return tmp_path


def test_pretraining_goes_on_from_an_encoder_with_its_options(call, pretrained, encoder, tmp_path):
    arguments = ["pretrain", "--encoder", encoder, "--text", "a.txt", "--out", "x"]
    assert call("train", *arguments, "--character_encoder.dropout", "0.5").status == 0
    [((configuration, _), _)] = pretrained
    assert configuration.data.encoder == str(encoder)
    assert configuration.character_encoder.units == 48
    assert configuration.character_encoder.dropout == 0.5
    assert configuration.text.lowercase is True
    # From a file as well, and beside ready vectors instead of text.
    file = tmp_path / "options.toml"
    file.write_text(f'[data]\nencoder = "{encoder}"\n')
    assert call("train", "pretrain", "--config", file, "--vectors", "v", "--out", "x").status == 0
    assert pretrained[1][0][0].character_encoder.units == 48


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--character_encoder.units", "64", "character_encoder.units: 64 contradicts the encoder"),
        ("--text.lowercase", "false", "text.lowercase: False contradicts the encoder"),
    ],
)
def test_pretraining_cannot_change_what_an_encoder_is(
    call, pretrained, encoder, option, value, message
):
    arguments = ["pretrain", "--encoder", encoder, "--text", "a.txt", "--out", "x"]
    result = call("train", *arguments, option, value)
    assert result.status == 2
    assert message in result.err
    assert f"made with {'48' if value == '64' else 'True'}" in " ".join(result.err.split())
    assert pretrained == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--train", "a.tsv"], "--out DIR is needed"),
        (["--validation", "a.tsv"], "--validation needs --train"),
        (["--config", "none.toml"], "none.toml: cannot be read"),
        (["--encoder", "missing"], "missing: no such folder"),
        (["classify", "--pretraining.epochs", "3"], "'hier-rnn train classify' does not use this"),
        (["--training.phases", "[{"], "--training.phases: not JSON"),
        (["pretrain", "--text", "a.txt"], "--out"),
        (
            ["pretrain", "--encoder", "missing", "--text", "a", "--out", "x"],
            "missing: no such folder",
        ),
        (["pretrain", "--encoder", "none", "--out", "x"], "--text SRC [SRC ...] is needed"),
        (["pretrain", "--out", "x"], "--text SRC [SRC ...] is needed"),
        (["pretrain", "--out", "x", "--objective", "next-word"], "Did you mean 'next-character'?"),
        (
            ["pretrain", "--out", "x", "--objective", "next-character", "--vectors", "v.txt"],
            "--text SRC [SRC ...] is needed",
        ),
    ],
)
def test_mistakes(call, trained, pretrained, arguments, message):
    result = call("train", *arguments)
    assert result.status == 2
    assert message in result.err
    assert trained == pretrained == []


def test_pretrain(call, pretrained):
    arguments = "--text a.txt b.txt --objective next-character --vectors v.txt --out x --seed 3"
    arguments += " --pretraining.epochs 2 --text-column body --tfds-data-dir d --force --quiet"
    assert call("train", "pretrain", *arguments.split()).status == 0
    [((configuration, out), settings)] = pretrained
    given = {
        "seed": 3,
        "data": {"text": ["a.txt", "b.txt"], "text_column": "body", "tfds_data_dir": "d"},
        "pretraining": {"objective": "next-character", "vectors": "v.txt", "epochs": 2},
    }
    assert configuration == Configuration.model_validate(given)
    del settings["on_event"]
    assert (out, settings) == (Path("x"), {"force": True})


def test_pretrain_needs_no_text_with_ready_vectors(call, pretrained):
    assert call("train", "pretrain", "--vectors", "v.txt", "--out", "x").status == 0
    assert pretrained[0][0][0].pretraining.vectors == "v.txt"


def test_the_bundled_data_is_found_in_an_installed_package(monkeypatch, tmp_path):
    from hier_rnn.sources import bundled as module
    from hier_rnn.sources.bundled import bundled

    folder = tmp_path / "hier_rnn" / "data" / "messages"
    folder.mkdir(parents=True)
    (folder / "test.tsv").touch()
    inside = tmp_path / "hier_rnn" / "sources" / "bundled.py"
    monkeypatch.setattr(module, "__file__", str(inside))
    assert bundled("test") == str(folder / "test.tsv")
    with pytest.raises(hier_rnn.errors.UserError, match="data.train"):
        bundled("train")


def test_workers_need_to_know_of_each_other(call, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    result = call("train", "--train", "a.tsv", "--out", "run", "--distribute", "multi-worker")
    assert result.status == 2
    assert "--distribute multi-worker reads the environment variable TF_CONFIG" in result.err
