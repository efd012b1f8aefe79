"""What an attacker may do to a run directory: each craft changes a run and signs it anew."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import safetensors.numpy

from hier_rnn.storage.manifest import MANIFEST, Manifest

CANARY = "canary-of-a-foreign-file"

Craft = Callable[[Path], None]


def sign(directory: Path) -> None:
    """Writes the manifest of a directory anew, so that it is of its files as they are."""
    kind = "encoder" if directory.name == "encoder" else "run"
    names = [path for path in directory.iterdir() if path.is_file() and path.name != MANIFEST]
    files = {
        path.name: path.read_bytes()
        for path in names
        if path.stat().st_size < 1 << 30 and not path.is_symlink()
    }
    if kind == "run" and (directory / "encoder" / MANIFEST).is_file():
        files[f"encoder/{MANIFEST}"] = (directory / "encoder" / MANIFEST).read_bytes()
    Manifest(kind, True, {}).listing(files).write(directory)


def signed(craft: Craft) -> Craft:
    """Returns what crafts a run and signs it and its encoder."""

    def do(run: Path) -> None:
        craft(run)
        sign(run / "encoder")
        sign(run)

    return do


def content(name: str, data: bytes) -> Craft:
    """Returns what puts something else into a file."""
    return signed(lambda run: (run / name).write_bytes(data) and None)


def option(name: str, value: str, group: str) -> Craft:
    """Returns what changes an option in `config.toml`, in a group."""

    def craft(run: Path) -> None:
        path = run / "config.toml"
        before, header, rest = path.read_text("utf-8").partition(f"[{group}]\n")
        rest, changes = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", rest, count=1)
        assert changes, name
        path.write_text(before + header + rest, "utf-8")

    return signed(craft)


def top(line: str) -> Craft:
    """Returns what adds a line to the beginning of `config.toml`."""
    return signed(
        lambda run: (
            (run / "config.toml").write_text(
                line + "\n" + (run / "config.toml").read_text("utf-8"), "utf-8"
            )
            and None
        )
    )


def weights(change: Callable[[dict[str, np.ndarray]], object], name: str = "") -> Craft:
    """Returns what changes the weights."""

    def craft(run: Path) -> None:
        path = run / (name or "model.safetensors")
        values = safetensors.numpy.load_file(path)
        change(values)
        safetensors.numpy.save_file(values, path)

    return signed(craft)


def header(change: Callable[[dict[str, Any]], object], pad: bytes = b"") -> Craft:
    """Returns what changes the header of the weights file alone."""

    def craft(run: Path) -> None:
        path = run / "model.safetensors"
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        entries = json.loads(data[8 : 8 + length])
        change(entries)
        text = json.dumps(entries).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :] + pad)

    return signed(craft)


def old(write: Callable[[h5py.File, Path], None]) -> Craft:
    """Returns what makes a run one of the old format, its weights HDF5, and changes these."""

    def craft(run: Path) -> None:
        values = safetensors.numpy.load_file(run / "model.safetensors")
        with h5py.File(run / "model.weights.h5", "w") as file:
            for name, value in values.items():
                file[name] = value
            del file["head/bias"]
            write(file, run)
        for name in ("model.safetensors", MANIFEST):
            (run / name).unlink()

    return craft


def become(name: str, make: Callable[[Path], None]) -> Craft:
    """Returns what puts something that is no regular file in a file's place."""

    def craft(run: Path) -> None:
        (run / name).unlink()
        make(run / name)

    return craft


def socket_at(path: Path) -> None:
    """Makes a socket; the path of one may not be long."""
    before = os.getcwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(before)


def link_the_encoder(run: Path) -> None:
    """Puts a link in the place of the encoder, to a whole one outside the run."""
    shutil.copytree(run / "encoder", run.parent / CANARY)
    shutil.rmtree(run / "encoder")
    (run / "encoder").symlink_to(run.parent / CANARY)


def canary(run: Path) -> Path:
    """Returns a file beside the run that nothing of it may read."""
    path = run.parent / CANARY
    path.write_bytes(np.full(1000, 1234.5, np.float32).tobytes())
    return path


def stranger(python_class: str, configured: str = "tfds:small:test") -> Craft:
    """Returns what makes a run's own test data a TFDS data set that names a class of its own."""

    def craft(run: Path) -> None:
        for name, value in (("test", configured), ("tfds_data_dir", str(run / "data"))):
            option(name, json.dumps(value), "data")(run)
        (run / "evil.py").write_text("open('EXECUTED', 'w')\nclass Text: pass\n")
        folder = run / "data" / "small" / "1.0.0"
        folder.mkdir(parents=True)
        (folder / "dataset_info.json").write_text(
            '{"name": "small", "version": "1.0.0", "fileFormat": "tfrecord", "splits": []}'
        )
        (folder / "features.json").write_text(json.dumps({"pythonClassName": python_class}))

    return craft


def _table(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return value


def json_file(name: str, change: Callable[[Any], Any]) -> Craft:
    """Returns what changes the value that a JSON file holds, or puts another in its place."""

    def craft(run: Path) -> None:
        value = json.loads((run / name).read_text("utf-8"))
        changed = change(value)
        (run / name).write_text(json.dumps(value if changed is None else changed), "utf-8")

    return signed(craft)


def manifest(change: Callable[[dict[str, Any]], object]) -> Craft:
    """Returns what changes the run's manifest, which is not signed anew."""

    def craft(run: Path) -> None:
        manifest = _table(run / MANIFEST)
        change(manifest)
        (run / MANIFEST).write_text(json.dumps(manifest), "utf-8")

    return craft


def become_signed(name: str, data: bytes) -> Craft:
    """Returns what changes a file; the manifest itself is not signed."""
    if name == MANIFEST:
        return lambda run: (run / MANIFEST).write_bytes(data) and None
    return content(name, data)
