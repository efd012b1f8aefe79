"""Training from Python: the same as in the shell, and what a program gets back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hier_rnn
from hier_rnn.configuration.toml import format_configuration
from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source

ROOT = Path(__file__).parents[2]
WEIGHTS = "model.safetensors"


def weights(run: Path) -> bytes:
    return (run / WEIGHTS).read_bytes()


@pytest.fixture(scope="module")
def trained(data, options, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "run"
    return hier_rnn.train(
        data["train"], data["validation"], test=data["validation"], out=out, **options
    )


@pytest.mark.slow
def test_the_shell_gives_the_same_weights_bit_for_bit(trained, data, tiny, tmp_path):
    configuration = tiny(training={"epochs": 6, "learning_rate": 0.1, "batch_size": 40})
    (tmp_path / "options.toml").write_text(format_configuration(configuration), "utf-8")
    arguments = f"--train {data['train']} --validation {data['validation']} --out {tmp_path}/run"
    arguments += f" --config {tmp_path}/options.toml --quiet"
    command = [sys.executable, str(ROOT / "train.py"), *arguments.split()]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, timeout=300)
    assert weights(tmp_path / "run") == weights(trained.path)
    for name in ("labels.json", "alphabet.json", "calibration.json"):
        assert (tmp_path / "run" / name).read_bytes() == (trained.path / name).read_bytes()


@pytest.mark.slow
def test_lists_give_the_same_weights_as_files(trained, data, options, tmp_path):
    read = list(open_source(data["train"]))
    lists = [example.text for example in read], [example.label for example in read]
    result = hier_rnn.train(lists, data["validation"], out=tmp_path / "run", **options)
    assert weights(result.path) == weights(trained.path)
    assert result.scores == trained.scores


def test_what_a_training_came_to(trained, data):
    assert trained.trained
    assert trained.scores["validation_accuracy"] > 0.3
    assert trained.evaluation.scores.accuracy == pytest.approx(
        trained.scores["validation_accuracy"]
    )
    texts = [example.text for example in open_source(data["validation"])]
    labels = [example.label for example in open_source(data["validation"])]
    hits = [p.label == label for p, label in zip(trained.run.predict(texts), labels, strict=True)]
    assert np.mean(hits) == trained.evaluation.scores.accuracy
    again = hier_rnn.evaluate(trained.path)  # the run's own test data
    assert again.scores.accuracy == trained.evaluation.scores.accuracy


def test_a_finished_run_is_left_as_it_is(trained, data, options):
    before = weights(trained.path)
    again = hier_rnn.train(data["train"], data["validation"], out=trained.path, **options)
    assert not again.trained
    assert again.scores == trained.scores
    assert again.best_epoch == trained.best_epoch
    assert weights(trained.path) == before


@pytest.mark.slow
def test_without_a_place_it_is_gone_when_python_ends(tmp_path):
    code = (
        "import hier_rnn\n"
        "rows = [('ab'[n % 2], f'{\"xy\"[n % 2]} word') for n in range(40)]\n"
        "small = {'units': 4}\n"
        "result = hier_rnn.train(rows, character_encoder=small, sentence_encoder=small,"
        " training={'epochs': 1, 'minimum_steps_per_epoch': 0, 'warm_start_epochs': 0})\n"
        "assert (result.path / 'model.safetensors').exists()\n"
        "print(result.path)\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    path = Path(done.stdout.strip())
    assert path.name == "run"
    assert not path.exists()
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"training": {"epochs": 0}}, "training.epochs: must be a whole number, at least 1"),
        ({"training": {"epoch": 3}}, "training.epoch: no such option. Did you mean 'epochs'"),
        ({"trainings": {}}, "trainings: no such option. Did you mean 'training'"),
        ({"test": ["a.tsv", "b.tsv"]}, "test: one source is expected"),
        ({"encoder": "nowhere"}, "nowhere"),
        ({"config": "nowhere.toml"}, "nowhere.toml: cannot be read"),
    ],
)
def test_mistakes_are_named(data, tmp_path, settings, message):
    with pytest.raises(UserError, match=message):
        hier_rnn.train(data["train"], out=tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()


def test_validation_needs_training_data(data):
    with pytest.raises(UserError, match="validation needs train"):
        hier_rnn.train(validation=data["validation"])


def test_options_over_a_configuration_and_a_file(tmp_path):
    from hier_rnn.api.options import resolved

    file = tmp_path / "options.toml"
    file.write_text("seed = 3\n[training]\nepochs = 5\nbatch_size = 8\n")
    configuration = hier_rnn.Configuration(seed=3, training={"epochs": 5, "batch_size": 8})
    for config in (file, str(file), configuration):
        both = resolved(config, {"training": {"epochs": 7}})
        assert (both.seed, both.training.epochs, both.training.batch_size) == (3, 7, 8)
        assert both.training.model_fields_set == {"epochs", "batch_size"}


@pytest.mark.slow
def test_an_encoder_from_python_goes_on_into_a_classifier(data, options, examples, tmp_path):
    encoder = hier_rnn.pretrain(
        examples[0],
        out=tmp_path / "encoder",
        character_encoder=options["character_encoder"],
        pretraining={"epochs": 2, "minimum_count": 1, "dimensions": 4},
    )
    assert encoder == tmp_path / "encoder"
    vectors = hier_rnn.load_encoder(encoder)(["good", "goood"])
    assert vectors.shape == (2, 8)
    result = hier_rnn.train(
        data["train"],
        data["validation"],
        encoder=encoder,
        sentence_encoder=options["sentence_encoder"],
        training={**options["training"], "freeze_encoder": True, "epochs": 1},
    )
    own = hier_rnn.load_encoder(result.path)(["good", "goood"])
    np.testing.assert_array_equal(own, vectors)


def test_pretraining_needs_text(tmp_path):
    with pytest.raises(UserError, match="text is needed"):
        hier_rnn.pretrain(out=tmp_path / "encoder")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pretraining_in_the_shell_gives_the_same_weights_bit_for_bit(data, options, tmp_path):
    groups = {
        "character_encoder": options["character_encoder"],
        "pretraining": {"epochs": 2, "minimum_count": 1, "dimensions": 4},
    }
    encoder = hier_rnn.pretrain(data["train"], out=tmp_path / "python", **groups)
    configuration = hier_rnn.Configuration.model_validate(groups)
    (tmp_path / "options.toml").write_text(format_configuration(configuration), "utf-8")
    arguments = f"pretrain --text {data['train']} --out {tmp_path}/shell --quiet"
    arguments += f" --config {tmp_path}/options.toml"
    command = [sys.executable, str(ROOT / "train.py"), *arguments.split()]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, timeout=250)
    name = "encoder.safetensors"
    assert (tmp_path / "shell" / name).read_bytes() == (encoder / name).read_bytes()
