"""A hundred run directories as an attacker would make them, each read in a process of its own.

    python -m benchmarks.crafted RUN [--only WORD] [--seconds 60] [--mebibytes 2048] [--json FILE]

RUN is any finished run; copies of it are crafted, and their manifests written anew, as an attacker
would. Each must be answered or told to be an error: no code of theirs is run and no other file is
read (`FOREIGN`), no traceback, no hang, bounded memory.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import h5py
import numpy as np
import safetensors.numpy

import hier_rnn
from benchmarks.trial import GOOD, OUTCOMES, PROGRAM, attempt, print_table
from hier_rnn.errors import UserError
from hier_rnn.storage.manifest import MANIFEST, Manifest

FOREIGN = "FOREIGN"
CANARY = "canary-of-a-foreign-file"
TEXTS = ["wheres my parcel", "", "\x1b[2J"]

Craft = Callable[[Path], None]


class Case(NamedTuple):
    """A crafted directory, and what reads it."""

    name: str
    craft: Craft
    command: tuple[str, ...] = ()
    """Read by this command; RUN in it is replaced. Default: by `probe`."""
    refused: bool = True
    """Whether it must be an error."""


def probe(run: Path) -> None:
    """Reads all of a run, and says if one of the files that it must not is opened."""

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
            path = os.path.realpath(arguments[0])
            if CANARY in path or path == "/etc/passwd":
                print(f"{FOREIGN}: {path}", flush=True)

    sys.addaudithook(look)
    from hier_rnn.evaluation.comparison.run_table import read_run
    from hier_rnn.storage.encoder_directory import EncoderDirectory
    from hier_rnn.storage.run_directory import RunDirectory

    errors = []

    def reads(what: Callable[[], object]) -> None:
        try:
            what()
        except UserError as error:
            errors.append(str(error))

    reads(lambda: print(hier_rnn.load(run).predict(TEXTS)[0].probabilities.sum()))
    reads(lambda: hier_rnn.load_encoder(run)(["parcel", ""]))
    reads(lambda: RunDirectory(run).read_vocabulary())
    reads(lambda: EncoderDirectory.find(run).read_facts())
    reads(lambda: read_run(run))
    if errors:
        print(f"error: {errors[0][:400]}", file=sys.stderr)
        raise SystemExit(2)


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


def _numbers(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return value


def _json(name: str, change: Callable[[Any], Any]) -> Craft:
    def craft(run: Path) -> None:
        value = json.loads((run / name).read_text("utf-8"))
        changed = change(value)
        (run / name).write_text(json.dumps(value if changed is None else changed), "utf-8")

    return signed(craft)


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
            _manifest(
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


def _manifest(change: Callable[[dict[str, Any]], object]) -> Craft:
    def craft(run: Path) -> None:
        manifest = _numbers(run / MANIFEST)
        change(manifest)
        (run / MANIFEST).write_text(json.dumps(manifest), "utf-8")

    return craft


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
        _json(
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


def become_signed(name: str, data: bytes) -> Craft:
    """Returns what changes a file; the manifest itself is not signed."""
    if name == MANIFEST:
        return lambda run: (run / MANIFEST).write_bytes(data) and None
    return content(name, data)


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
        yield Case(f"labels: {name}", _json("labels.json", lambda _, v=value: v))
    yield Case(
        "labels that steer a terminal",
        _json(
            "labels.json",
            lambda labels: ["\x1b]0;x\x07\x1b[2J\n\t\u202e" + label for label in labels],
        ),
        ("predict", "RUN", "--text", "a", "--all"),
        False,
    )
    yield Case(
        "markup in labels",
        _json("labels.json", lambda labels: ["[red]<script>" + label for label in labels]),
        ("explain", "RUN", "where is it"),
        False,
    )
    yield Case(
        "an alphabet in another order",
        _json("alphabet.json", lambda a: a["characters"].reverse()),
        refused=False,
    )
    yield Case(
        "an alphabet with a character twice",
        _json("alphabet.json", lambda a: a["characters"].__setitem__(0, a["characters"][1])),
    )
    yield Case(
        "an alphabet of words",
        _json("alphabet.json", lambda a: a["characters"].__setitem__(0, "ab")),
    )
    yield Case("unknown is 5", _json("alphabet.json", lambda a: a.update(unknown=5)))
    yield Case("metrics of lists", content("metrics.jsonl", b'{"epoch": [1]}\n'))
    yield Case("metrics with a NaN", content("metrics.jsonl", b'{"epoch": NaN}\n'), refused=False)
    for name in ("metrics.jsonl", "words.txt", "config.toml", "labels.json"):
        yield Case(f"{name} of random bytes", content(name, bytes(range(256)) * 20))
        yield Case(
            f"{name} empty", content(name, b""), refused=name in ("config.toml", "labels.json")
        )
    for key in ("format", "kind", "complete", "files"):
        yield Case(f"a manifest without {key}", _manifest(lambda m, key=key: m.pop(key)))
        yield Case(
            f"a manifest whose {key} is a list", _manifest(lambda m, key=key: m.update({key: [{}]}))
        )
    yield Case(
        "a manifest of sizes 10**4000",
        _manifest(lambda m: [e.update(bytes=10**4000) for e in m["files"].values()]),
    )


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--only", default="", help="cases whose name has this word")
@click.option("--seconds", default=60.0, help="that a case may take")
@click.option("--mebibytes", default=2048.0, help="of memory that a case may take")
@click.option("--json", "file", type=click.Path(path_type=Path))
@click.option("--probe", "probed", is_flag=True, hidden=True, help="read RUN, in this process")
def main(
    run: Path, only: str, seconds: float, mebibytes: float, file: Path | None, probed: bool
) -> None:
    """Crafts copies of RUN, reads each, and prints a table of what became of it."""
    if probed:
        return probe(run)
    rows = []
    root = Path(__file__).parents[1]
    for case in cases():
        if only not in case.name:
            continue
        with tempfile.TemporaryDirectory() as name:
            # As it would lie in a checkout: what `runs.stranger.evil` would import.
            folder = Path(name)
            copy = Path(shutil.copytree(run, folder / "runs" / "stranger"))
            case.craft(copy)
            places = [part.replace("RUN", str(copy)) for part in case.command]
            command = (
                [*PROGRAM, *places]
                if case.command
                else [sys.executable, "-m", "benchmarks.crafted", "--probe", str(copy)]
            )
            environment = {"PYTHONPATH": f"{root}{os.pathsep}{folder}"}
            trial = attempt(command, seconds, mebibytes, environment=environment, folder=folder)
            executed = [*folder.rglob("EXECUTED")]
        outcome = trial.outcome
        if executed or FOREIGN in trial.output or "root:" in trial.output + trial.message:
            outcome = FOREIGN
        elif outcome == "answered" and case.refused:
            outcome = "ACCEPTED"
        elif "\x1b" in trial.output + trial.message:
            outcome = "TERMINAL"
        rows.append(
            {
                "read by": case.command[0] if case.command else "load",
                "directory": case.name,
                "outcome": outcome,
                "seconds": round(trial.seconds, 1),
                "mebibytes": round(trial.mebibytes),
                "message": trial.message,
            }
        )
        print(rows[-1], flush=True)
    print_table(rows, "read by", (*OUTCOMES, FOREIGN, "ACCEPTED", "TERMINAL"))
    if file:
        file.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    raise SystemExit(any(row["outcome"] not in GOOD for row in rows))


if __name__ == "__main__":
    main()
