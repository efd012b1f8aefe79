"""The run directories of an attacker: what each is, what reads it, and whether that must fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from benchmarks.crafting import (
    CANARY,
    Craft,
    become,
    become_signed,
    canary,
    content,
    header,
    json_file,
    link_the_encoder,
    manifest,
    old,
    option,
    socket_at,
    stranger,
    top,
    weights,
)
from hier_rnn.storage.manifest import MANIFEST


class Case(NamedTuple):
    """A crafted directory, and what reads it."""

    name: str
    craft: Craft
    command: tuple[str, ...] = ()
    """Read by this command; RUN in it is replaced. Default: by `probe`."""
    refused: bool = True
    """Whether it must be an error."""


def cases() -> Iterator[Case]:
    """Yields all crafted directories."""
    yield from _code()
    yield from _other_files()
    yield from _memory()
    yield from _values()


def _code() -> Iterator[Case]:
    for name in (
        "runs.stranger.evil.Text",
        "evil.Text",
        "os.path",
        "antigravity.x",
        "tensorflow_datasets.core.features..evil.Text",
    ):
        yield Case(f"features.json names {name}", stranger(name), ("evaluate", "RUN"))
    for command in (
        ("evaluate", "RUN", "--data", "tfds:small:test"),
        ("predict", "RUN", "tfds:small:test"),
        ("evaluate", "RUN", "--data", "tfds:small:test", "--tfds-data-dir", "RUN/data"),
        ("predict", "RUN", "tfds:small:test", "--tfds-data-dir", "RUN/data"),
        ("check", "tfds:small:test", "--tfds-data-dir", "RUN/data"),
    ):
        yield Case(
            f"evil features: {command[0]} {command[-1]}",
            stranger("runs.stranger.evil.Text"),
            command,
        )
    for name in ("sitecustomize.py", "numpy.py", "hier_rnn.py", "labels.py"):
        yield Case(
            f"{name} in the run",
            lambda run, name=name: (run / name).write_text("open('EXECUTED', 'w')\n") and None,
            ("predict", "RUN", "--text", "a"),
            False,
        )
    pickled = b"cos\nsystem\n(S'touch EXECUTED'\ntR."
    for name in ("alphabet.json", "labels.json", "model.safetensors", "words.txt"):
        yield Case(f"{name} is a pickle", content(name, pickled))


def _other_files() -> Iterator[Case]:
    yield Case(
        "HDF5 external storage",
        old(
            lambda file, run: (
                file.create_dataset("head/bias", (8,), "f4", external=[(canary(run), 0, 32)])
                and None
            )
        ),
    )
    yield Case(
        "HDF5 external /etc/passwd",
        old(
            lambda file, run: (
                file.create_dataset("head/bias", (8,), "u1", external=[("/etc/passwd", 0, 8)])
                and None
            )
        ),
    )

    def virtual(file: h5py.File, run: Path) -> None:
        with h5py.File(run.parent / CANARY, "w") as other:
            other["x"] = np.full(8, 4321, np.float32)
        layout = h5py.VirtualLayout((8,), "f4")
        layout[:] = h5py.VirtualSource(run.parent / CANARY, "x", (8,))
        file.create_virtual_dataset("head/bias", layout)

    def hard(file: h5py.File, run: Path) -> None:
        file["head/bias"] = h5py.ExternalLink(str(canary(run)), "x")

    def soft(file: h5py.File, run: Path) -> None:
        file["head/bias"] = h5py.SoftLink("/head/kernel")

    def bomb(file: h5py.File, run: Path) -> None:
        file["head/bias"] = np.zeros(8, np.float32)
        file.create_dataset("bomb", (10**9,), "f4", chunks=(10**6,), compression="gzip")

    def declared(file: h5py.File, run: Path) -> None:
        file.create_dataset("head/bias", (10**14,), "f4", chunks=(10**6,))

    for name, write in (
        ("virtual data set", virtual),
        ("external link", hard),
        ("soft link", soft),
        ("bomb", bomb),
        ("400 TB declared", declared),
    ):
        yield Case(f"HDF5 {name}", old(write))
    for name in (
        "config.toml",
        "alphabet.json",
        "labels.json",
        "calibration.json",
        "words.txt",
        "metrics.jsonl",
        "model.safetensors",
        MANIFEST,
        "encoder/alphabet.json",
        "encoder/config.toml",
        "encoder/encoder.safetensors",
    ):
        yield Case(f"{name} -> /dev/zero", become(name, lambda path: path.symlink_to("/dev/zero")))
        yield Case(f"{name} is a named pipe", become(name, os.mkfifo))
    for name in ("labels.json", "config.toml", "words.txt"):
        yield Case(
            f"{name} -> /etc/passwd", become(name, lambda path: path.symlink_to("/etc/passwd"))
        )
        yield Case(f"{name} is a socket", become(name, socket_at))
    yield Case("the encoder is a link elsewhere", link_the_encoder)
    for name in ("../../canary", "/etc/passwd", "../" * 30 + "etc/passwd"):
        yield Case(
            f"the manifest lists {name[:20]}",
            manifest(
                lambda m, name=name: m["files"].update({name: {"bytes": 1, "sha256": "0" * 64}})
            ),
            refused=False,
        )
    for value in ('"/etc/passwd"', '"/dev/zero"', '"tfds:x"'):
        yield Case(
            f"sentencepiece_model = {value}",
            option("sentencepiece_model", value, "text"),
            refused=False,
        )
        yield Case(f"data.encoder = {value}", option("encoder", value, "data"), refused=False)
    yield Case("test = /etc/passwd", option("test", '"/etc/passwd"', "data"), ("evaluate", "RUN"))
    yield Case("test = /dev/zero", option("test", '"/dev/zero.tsv"', "data"), ("evaluate", "RUN"))


def _memory() -> Iterator[Case]:
    for name, value, group in (
        ("layers", "1000000000", "character_encoder"),
        ("layers", "1000000000", "sentence_encoder"),
        ("layers", "64", "character_encoder"),
        ("units", "10000000", "character_encoder"),
        ("units", "9" * 10_000, "character_encoder"),
        ("units", "-1", "sentence_encoder"),
        ("embedding_dim", "1000000000", "character_encoder"),
        ("projection", "1000000000000", "character_encoder"),
        ("segment_words", "-5", "sentence_encoder"),
        ("maximum_word_length", "1" + "0" * 21, "text"),
        ("learning_rate_multipliers", '{"(a+)+$" = 2.0}', "training"),
        ("learning_rate_multipliers", '{"(?P<x>a{1000}){1000}" = 2.0}', "training"),
    ):
        refused = name not in ("maximum_word_length", "segment_words", "learning_rate_multipliers")
        yield Case(f"{group}.{name} = {value[:20]}", option(name, value, group), refused=refused)
    yield Case("a key of 100,000 dots", top("a" + ".a" * 100_000 + " = 1"))
    yield Case("100,000 brackets", top("a = " + "[" * 100_000))
    yield Case("20 MB of unknown keys", top("".join(f"k{n} = 1\n" for n in range(1_000_000))))
    yield Case("100,000 unknown keys", top("".join(f"k{n} = 1\n" for n in range(50_000))))
    yield Case("a string of 900 kB", top('a = "' + "x" * 900_000 + '"'))
    yield Case(
        "an alphabet of every code point",
        json_file(
            "alphabet.json",
            lambda a: a.update(
                characters=[chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
            ),
        ),
    )
    yield Case("an alphabet of 100 MB", content("alphabet.json", b"[" + b'"a",' * 25_000_000))
    for name in (
        "labels.json",
        "alphabet.json",
        "calibration.json",
        "evaluation.json",
        MANIFEST,
        "encoder/facts.json",
    ):
        yield Case(f"{name}: 100,000 brackets", become_signed(name, b"[" * 100_000))
    for name in ("words.txt", "metrics.jsonl", "config.toml", "model.safetensors"):
        yield Case(f"{name}: a sparse TB", lambda run, name=name: os.truncate(run / name, 1 << 40))
    yield Case("a header of 2**63 bytes", content("model.safetensors", b"\xff" * 7 + b"\x7f{}"))
    yield Case(
        "a header of 100 million weights",
        content("model.safetensors", (10**8).to_bytes(8, "little") + b"{" + b" " * (10**8 - 1)),
    )
    for name, entry in (
        ("of 4 exabytes", {"dtype": "F32", "shape": [10**18], "data_offsets": [0, 4 * 10**18]}),
        ("of 10**4000 values", {"dtype": "F32", "shape": [10**4000], "data_offsets": [0, 4]}),
        ("of negative size", {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}),
        ("of 100,000 axes", {"dtype": "F32", "shape": [1] * 100_000, "data_offsets": [0, 4]}),
        ("that overlaps", {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]}),
        ("of no known type", {"dtype": "\x1b[2J", "shape": [8], "data_offsets": [0, 32]}),
    ):
        yield Case(
            f"a weight {name}", header(lambda h, entry=entry: h.update({"head/bias": entry}))
        )
    yield Case(
        "2,000,000 words",
        content("words.txt", b"".join(b"%d\t1\n" % n for n in range(2_000_000))),
        ("neighbours", "RUN", "a"),
        False,
    )


def _values() -> Iterator[Case]:
    bias = "head/bias"
    for name, value in (("NaN", np.nan), ("infinity", np.inf)):
        yield Case(f"weights of {name}", weights(lambda w, v=value: w[bias].fill(v)))
    yield Case("weights of 1e38", weights(lambda w: [v.fill(1e38) for v in w.values()]))
    for kind in (np.float64, np.int64, np.uint8, np.bool_, np.complex64):
        yield Case(
            f"a weight of {kind.__name__}",
            weights(lambda w, kind=kind: w.update({bias: w[bias].astype(kind)})),
        )
    yield Case("a weight too many", weights(lambda w: w.update(x=np.ones(1, np.float32))))
    yield Case("a weight less", weights(lambda w: w.pop(bias)))
    yield Case("a weight of another shape", weights(lambda w: w.update({bias: w[bias][:-1]})))
    yield Case(
        "a name that steers a terminal", weights(lambda w: w.update({"\x1b[2J\n": w.pop(bias)}))
    )
    for value in (
        "1e-320",
        "1e308",
        "true",
        "-1",
        "0",
        "NaN",
        "Infinity",
        '"1"',
        "null",
        "9" * 400,
        "1" + "0" * 5000,
        "0.00001",
    ):
        data = f'{{"temperature": {value}}}'.encode()
        yield Case(f"temperature {value[:12]}", content("calibration.json", data))
    for name, value in (
        ("none", []),
        ("twice", ["a"] * 8),
        ("numbers", [1] * 8),
        ("one", ["a"]),
        ("a table", {"a": 1}),
        ("a surrogate", ["\ud800", *"abcdefg"]),
        ("empty", ["", *"abcdefg"]),
        ("long", ["x" * 20_000, *"abcdefg"]),
    ):
        yield Case(f"labels: {name}", json_file("labels.json", lambda _, v=value: v))
    yield Case(
        "labels that steer a terminal",
        json_file(
            "labels.json",
            lambda labels: ["\x1b]0;x\x07\x1b[2J\n\t\u202e" + label for label in labels],
        ),
        ("predict", "RUN", "--text", "a", "--all"),
        False,
    )
    yield Case(
        "markup in labels",
        json_file("labels.json", lambda labels: ["[red]<script>" + label for label in labels]),
        ("explain", "RUN", "where is it"),
        False,
    )
    yield Case(
        "an alphabet in another order",
        json_file("alphabet.json", lambda a: a["characters"].reverse()),
        refused=False,
    )
    yield Case(
        "an alphabet with a character twice",
        json_file("alphabet.json", lambda a: a["characters"].__setitem__(0, a["characters"][1])),
    )
    yield Case(
        "an alphabet of words",
        json_file("alphabet.json", lambda a: a["characters"].__setitem__(0, "ab")),
    )
    yield Case("unknown is 5", json_file("alphabet.json", lambda a: a.update(unknown=5)))
    yield Case("metrics of lists", content("metrics.jsonl", b'{"epoch": [1]}\n'))
    yield Case("metrics with a NaN", content("metrics.jsonl", b'{"epoch": NaN}\n'), refused=False)
    for name in ("metrics.jsonl", "words.txt", "config.toml", "labels.json"):
        yield Case(f"{name} of random bytes", content(name, bytes(range(256)) * 20))
        yield Case(
            f"{name} empty", content(name, b""), refused=name in ("config.toml", "labels.json")
        )
    for key in ("format", "kind", "complete", "files"):
        yield Case(f"a manifest without {key}", manifest(lambda m, key=key: m.pop(key)))
        yield Case(
            f"a manifest whose {key} is a list", manifest(lambda m, key=key: m.update({key: [{}]}))
        )
    yield Case(
        "a manifest of sizes 10**4000",
        manifest(lambda m: [e.update(bytes=10**4000) for e in m["files"].values()]),
    )
