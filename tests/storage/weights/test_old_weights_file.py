"""Directories written before there were manifests: they load, and HDF5's tricks do not."""

from __future__ import annotations

import contextlib
import json
import logging

import h5py
import numpy as np
import pytest

import hier_rnn
from hier_rnn.errors import UserError
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.weights.old_weights_file import parse_old_weights

TEXTS = ["bad late", "nice shop", "who is it"]
BIAS = np.arange(3, dtype=np.float32)


def as_old(directory, weights):
    """Makes a directory what it would have been."""
    with h5py.File(directory.old_weights, "w") as file:
        for name, values in weights.items():
            file[name] = values
    for path in (directory.weights, directory.data, directory.path / "manifest.json"):
        path.unlink(missing_ok=True)
    return type(directory)(directory.path)


@pytest.fixture
def old(run) -> RunDirectory:
    return as_old(run, run.read_weights())


def put(run, write) -> None:
    """Replaces the head's bias, as `write(file, name)` writes it."""
    with h5py.File(run.old_weights, "a") as file:
        del file["head/bias"]
        write(file, "head/bias")


def test_it_answers_as_before_and_says_that_it_is_old(run, caplog):
    before = hier_rnn.load(run.path).probabilities(TEXTS)
    encoder = EncoderDirectory(run.encoder)
    vectors = hier_rnn.load_encoder(run.path)(["shop"])
    as_old(run, run.read_weights())
    as_old(encoder, encoder.read_weights())
    with caplog.at_level(logging.INFO, "hier_rnn"):
        assert (hier_rnn.load(run.path).probabilities(TEXTS) == before).all()
        assert (hier_rnn.load_encoder(run.path)(["shop"]) == vectors).all()
    said = [record.message for record in caplog.records if record.name.startswith("hier_rnn")]
    assert said == [
        f"{path}: written before directories had a manifest: it is read without checksums."
        for path in (run.path, run.encoder)
    ]


def test_an_option_that_is_missing_is_no_default(old):
    lines = old.configuration.read_text().splitlines(keepends=True)
    hier_rnn.load(old.path)
    for count in range(0, lines.index("[head]\n") - 2, 3):
        old.configuration.write_text("".join(lines[:count]))
        with pytest.raises(UserError, match=r"config.toml: damaged, or cut short: \["):
            hier_rnn.load(old.path)


def test_a_missing_calibration_is_told(old):
    old.calibration.unlink()
    with pytest.raises(UserError, match=r"calibration.json: missing"):
        hier_rnn.load(old.path)


def external(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(np.full(3, 1234.5, np.float32).tobytes())
    return lambda file, name: file.create_dataset(name, (3,), "f4", external=[(secret, 0, 12)])


def virtual(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = BIAS
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "x", (3,))
    return lambda file, name: file.create_virtual_dataset(name, layout)


def linked(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = BIAS
    link = h5py.ExternalLink(tmp_path / "other.h5", "x")
    return lambda file, name: file.__setitem__(name, link)


def dataset(**settings):
    return lambda tmp_path: lambda file, name: file.create_dataset(name, **settings)


@pytest.mark.parametrize(
    "make",
    [
        external,
        virtual,
        linked,
        lambda tmp_path: lambda file, name: file.__setitem__(name, h5py.SoftLink("/head/kernel")),
        dataset(data=BIAS, compression="gzip"),
        dataset(data=BIAS, chunks=(1,)),
        dataset(data=BIAS, fletcher32=True),
        dataset(shape=(3,), dtype="f4"),  # declared, and not stored
        dataset(shape=(10**13,), dtype="f4"),
        dataset(shape=(10**10,), dtype="f4", chunks=(10**6,), compression="gzip"),
        dataset(data=np.zeros(4, np.float32)),
        dataset(data=np.zeros((3, 1), np.float32)),
        dataset(data=BIAS.astype(np.float64)),
        dataset(data=BIAS.astype(np.float16)),
        dataset(data=BIAS.astype(np.int64)),
        dataset(data=BIAS.astype(np.complex64)),
        dataset(data=BIAS > 1),
        dataset(data=["1", "2", "3"]),
        dataset(data=np.array([b"1.5", b"2", b"3"])),
        dataset(data="1"),
        dataset(data=np.zeros(3, [("a", "f4"), ("b", "i4")])),
        dataset(data=h5py.Empty("f4")),
        dataset(data=np.float32(1)),
        dataset(data=BIAS * np.float32("nan")),
        lambda tmp_path: lambda file, name: file.create_group(name),
        lambda tmp_path: lambda file, name: None,
        lambda tmp_path: (
            lambda file, name: (
                file.create_dataset(name, data=BIAS),
                file.create_dataset("head/more", data=BIAS),
            )
        ),
    ],
)
def test_what_is_no_plain_weight_is_refused(old, tmp_path, make):
    put(old, make(tmp_path))
    with pytest.raises(UserError, match=r"model.weights.h5: "):
        hier_rnn.load(old.path)


@pytest.mark.parametrize("content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\nnot", "half"])
def test_damaged(old, content):
    data = old.old_weights.read_bytes()
    old.old_weights.write_bytes(data[: len(data) // 2] if content == "half" else content)
    with pytest.raises(UserError, match=r"model.weights.h5: can't read the weights"):
        hier_rnn.load(old.path)


def test_any_damaged_place_is_told_or_read(old):
    data = old.old_weights.read_bytes()
    outcomes = set()
    # The superblock: among it are addresses that no file of this size can have.
    for place in range(8, 128, 4):
        for byte in (0x00, 0x7F, 0xFF):
            changed = bytearray(data)
            changed[place] = byte
            with contextlib.suppress(UserError):
                parse_old_weights(bytes(changed), old.old_weights)
                outcomes.add("read")
                continue
            outcomes.add("told")
    assert outcomes == {"read", "told"}


def test_an_unfinished_old_run_says_how_to_go_on(run, tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    (old / "config.toml").write_text(run.configuration.read_text())
    (old / "labels.json").write_text(json.dumps(["a", "b"]))
    with pytest.raises(UserError, match="not finished"):
        hier_rnn.load(old)
