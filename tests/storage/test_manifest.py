"""A directory is read as it was written, or not at all."""

from __future__ import annotations

import json
import logging
import shutil
from itertools import islice
from pathlib import Path

import pytest

import hier_rnn
from benchmarks.damages import damages, flip, swap
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.manifest import FORMAT
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.training.classification.train import train_classifier

READ = ["config.toml", "alphabet.json", "labels.json", "calibration.json", "model.safetensors"]
TEXTS = ["bad late", "nice shop", "who is it", ""]


def read_all(path: Path) -> None:
    """Reads every file of a run as commands do."""
    run = RunDirectory(path)
    run.require()
    run.read_configuration()
    run.read_alphabet()
    run.read_labels()
    run.read_temperature()
    run.read_words()
    run.read_vocabulary()
    run.read(run.metrics)
    run.read_weights()
    EncoderDirectory.find(path)


def test_every_file_is_listed(run):
    there = {str(p.relative_to(run.path)) for p in run.path.iterdir() if p.is_file()}
    assert run.manifest.files.keys() == there - {"manifest.json"} | {"encoder/manifest.json"}
    assert run.manifest.complete
    encoder = EncoderDirectory(run.encoder)
    there = {path.name for path in run.encoder.iterdir()}
    assert encoder.manifest.files.keys() == there - {"manifest.json"}


@pytest.mark.parametrize("name", [*READ, "words.txt", "metrics.jsonl"])
def test_no_damage_is_missed(run, name, tmp_path):
    kept = (run.path / name).read_bytes()
    for damage in islice(damages(seed=len(name)), 40):
        path = run.path / name
        damage.do(path)
        with pytest.raises(UserError, match=str(run.path)):
            read_all(run.path)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(True)
        path.write_bytes(kept)
    read_all(run.path)


def test_a_damaged_manifest_is_told_or_says_the_same(run):
    path, manifest = run.path / "manifest.json", run.manifest
    kept = path.read_bytes()
    for damage in islice(damages(seed=1), 100):
        damage.do(path)
        try:
            read_all(run.path)
            found = RunDirectory(run.path).manifest  # other white space, or of what is not read
            for name in ("data.json", "README.md"):
                found.files[name] = manifest.files[name]
            assert {n: e for n, e in found.files.items() if n in manifest.files} == manifest.files
        except UserError as error:
            assert str(run.path) in str(error)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(True)
        path.write_bytes(kept)


@pytest.mark.parametrize(
    "name",
    ["config.toml", "alphabet.json", "facts.json", "words.txt", "encoder.safetensors"],
)
def test_no_damage_of_an_encoder_is_missed(run, name):
    flip(0.5, 2)(run.encoder / name)
    encoder = EncoderDirectory.find(run.path)
    with pytest.raises(UserError, match=f"{name}: damaged, or of another encoder"):
        encoder.read_configuration()
        encoder.read_alphabet()
        encoder.read_facts()
        encoder.read_vocabulary()
        encoder.read_weights()


@pytest.mark.slow
def test_files_of_two_runs_mixed(run, tiny, tmp_path):
    other = tmp_path / "other"
    train_classifier(tiny(seed=5, training={"epochs": 1}), other)
    for name in ("model.safetensors", "calibration.json"):  # the others are the same in both
        copy = Path(shutil.copytree(run.path, tmp_path / f"with {name}"))
        swap(other)(copy / name)
        with pytest.raises(UserError, match=f"{name}: damaged, or of another run"):
            hier_rnn.load(copy)
    shutil.rmtree(run.encoder)
    shutil.copytree(other / "encoder", run.encoder)
    with pytest.raises(UserError, match="not the encoder of this run"):
        hier_rnn.load_encoder(run.path)
    hier_rnn.load_encoder(run.encoder)


def test_what_is_not_listed_is_not_read(run):
    del run.manifest.files["calibration.json"]
    run.manifest.write(run.path)
    with pytest.raises(UserError, match=r"calibration.json: not listed in manifest.json"):
        hier_rnn.load(run.path)


def test_a_missing_calibration_changes_no_probability(run):
    run.calibration.unlink()
    with pytest.raises(UserError, match=r"calibration.json: missing: manifest.json beside it"):
        hier_rnn.load(run.path)


def test_without_its_manifest_a_directory_is_damaged(run):
    (run.path / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"there is no manifest.json"):
        hier_rnn.load(run.path)
    (run.encoder / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"there is no manifest.json"):
        hier_rnn.load_encoder(run.encoder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": FORMAT + 1}, "written by a later version of hier_rnn: format 2"),
        ({"format": 10**400}, "written by a later version"),
        ({"format": "1"}, "it says no format"),
        ({"format": True}, "it says no format"),
        ({"format": 0}, "damaged"),
        ({"kind": "encoder"}, "not the directory of a run"),
        ({"complete": 1}, "damaged"),
        ({"files": []}, "damaged"),
        ({"files": {"config.toml": {"bytes": "9", "sha256": ""}}}, "no size and checksum"),
        ({"files": {"config.toml": 3}}, "no size and checksum"),
        ({"more": 1}, "damaged"),
    ],
)
def test_manifests_that_are_none(run, change, message):
    path = run.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=message):
        hier_rnn.load(run.path)


def test_who_knows_better_reads_it_all_the_same(run):
    before = hier_rnn.load(run.path).probabilities(TEXTS)
    labels = json.loads(run.labels.read_text())
    run.labels.write_text(json.dumps(labels))
    with pytest.raises(UserError, match=r"labels.json: damaged.*`verify=False`"):
        hier_rnn.load(run.path)
    loaded = hier_rnn.load(run.path, verify=False)
    assert loaded.labels == labels
    assert (loaded.probabilities(TEXTS) == before).all()


def test_an_evaluation_becomes_part_of_the_run(run):
    assert run.read_evaluation() is None and not run.evaluated
    run.write_evaluation({"accuracy": 0.75})
    again = RunDirectory(run.path)
    assert again.evaluated and again.read_evaluation() == {"accuracy": 0.75}
    run.evaluation.write_text('{"accuracy": 0.95}')
    with pytest.raises(UserError, match=r"evaluation.json: damaged"):
        again.read_evaluation()


def test_other_files_beside_it_do_no_harm(run):
    (run.path / "README.md").write_text("A model card.")
    (run.path / "report").mkdir()
    read_all(run.path)


def test_nothing_is_said_of_a_whole_directory(run, caplog):
    with caplog.at_level(logging.INFO, "hier_rnn"):
        hier_rnn.load(run.path)
    assert not [record for record in caplog.records if record.name.startswith("hier_rnn")]
