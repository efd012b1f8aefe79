"""An exported folder is a run, and whole or not there."""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np
import pytest

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.exporting.export import export_run
from hier_rnn.storage.run_directory import RunDirectory


@pytest.fixture(scope="module")
def exported(random_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "out"
    random_run(
        data={"train": ["/home/somebody/secret.tsv"], "label_column": "kind"},
        training={"next_character_weight": 0.5},
    ).predictor.export(folder)
    return folder


def test_manifest_lists_every_file(exported):
    manifest = json.loads((exported / "manifest.json").read_text("utf-8"))
    assert (manifest["format"], manifest["kind"], manifest["complete"]) == (1, "run", True)
    files = {p.relative_to(exported).as_posix() for p in exported.rglob("*") if p.is_file()}
    assert files - {"manifest.json"} == manifest["files"].keys()
    for name, entry in manifest["files"].items():
        data = (exported / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_nothing_of_the_training_is_left(exported):
    assert not any(b"secret" in p.read_bytes() for p in exported.rglob("*") if p.is_file())
    assert not (exported / "words.txt").exists()
    run = RunDirectory(exported)
    assert not [name for name in run.read_weights() if name.startswith("next_character")]
    assert run.read_configuration().data.label_column == "kind"


def test_a_damaged_folder_is_refused(random_run, tmp_path):
    random_run().predictor.export(tmp_path / "out")
    weights = tmp_path / "out" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(UserError, match="damaged"):
        hier_rnn.load(tmp_path / "out")


def test_exported_again_it_is_the_same(random_run, texts, logits, tmp_path):
    run = random_run()
    run.predictor.export(tmp_path / "small", weights="int8")
    small = hier_rnn.load(tmp_path / "small")
    small.export(tmp_path / "again")
    again = hier_rnn.load(tmp_path / "again")
    np.testing.assert_array_equal(logits(small, texts), logits(again, texts))


def test_folders_with_something_in_them_stay(random_run, tmp_path):
    run = random_run()
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        export_run(run.path, tmp_path)
    with pytest.raises(UserError, match="a file; a folder"):
        export_run(run.path, tmp_path / "note.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "tflite"}, "format: received 'tflite'. Accepted: onnx, savedmodel"),
        ({"weights": "int4"}, "weights: received 'int4'. Accepted: float32, float16, int8"),
        ({"format": "savedmodel", "weights": "int8"}, "Accepted for a SavedModel: float32"),
    ],
)
def test_what_is_not_accepted_is_said(random_run, tmp_path, arguments, message):
    with pytest.raises(UserError, match=message):
        export_run(random_run().path, tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_no_run(tmp_path):
    with pytest.raises(UserError, match="no such run directory"):
        export_run(tmp_path / "nothing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_onnx(random_run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match=r"pip install 'hier_rnn\[onnx\]'"):
        export_run(random_run().path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_a_verified_run_is_exported_unless_asked(random_run, tmp_path):
    run = random_run(text={"lowercase": True}, sentence_encoder={"units": 5})
    labels = run.path / "labels.json"
    before = labels.read_bytes()
    labels.write_bytes(before.replace(b"bad", b"mad"))
    try:
        with pytest.raises(UserError, match="checksum"):
            export_run(run.path, tmp_path / "out")
        hier_rnn.load(run.path, verify=False).export(tmp_path / "out")
    finally:
        labels.write_bytes(before)
    assert hier_rnn.load(tmp_path / "out").labels[0] == "mad"
