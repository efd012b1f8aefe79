"""Everything that reads a file, and whole commands, given what hypothesis makes of real files.

    python -m benchmarks.fuzz RUN [--minutes 30] [--only WORD] [--seed N]

Whatever comes in, an answer or a `UserError` (a command: status 0 or 2) comes out. What hypothesis
finds it makes as small as it can and prints; put it into the tests beside what reads it.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from hier_rnn.commands.main import cli, run
from hier_rnn.configuration.toml import parse_configuration, read_configuration
from hier_rnn.errors import UserError
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.sources.source import open_source
from hier_rnn.storage.checkpoints import Checkpoints, read_progress
from hier_rnn.storage.directory import parse_options
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.manifest import read_manifest
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import read_training_record
from hier_rnn.storage.weights.archive import read_archive, write_archive
from hier_rnn.storage.weights.old_weights_file import parse_old_weights
from hier_rnn.storage.weights.vectors_file import read_vectors
from hier_rnn.storage.weights.weights_file import parse_weights
from hier_rnn.text.misspelling import load_misspellings

ROUND = 100  # examples until the clock is looked at

# What means something to one reader or another.
TOKENS = (
    *(
        b'"',
        b"'",
        b"\t",
        b",",
        b"\n",
        b"\r",
        b"\\",
        b"\0",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b".",
        b"=",
    ),
    *(b"null", b"true", b"NaN", b"1e999", b"-1", b"0", b"9" * 5000, b"[" * 3000, b'"a":' * 2000),
    *(b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\xef\xbb\xbf", b"\x1b[2J", "\u202e".encode()),
    *(b"__label__", b"__metadata__", b"F32", b"F64", b"BOOL", b"{}", b"[]", b'""', b"#", b"PAR1"),
)

Reader = Callable[[bytes], object]


def changed(corpus: list[bytes]) -> st.SearchStrategy[bytes]:
    """Returns a strategy: a file of the corpus, cut and changed in a few places."""
    edit = st.tuples(
        st.sampled_from(["put", "replace", "cut", "flip", "repeat"]),
        st.floats(0, 1, width=32),
        st.integers(1, 64),
        st.one_of(st.sampled_from(TOKENS), st.binary(max_size=16)),
    )

    def apply(start: bytes, edits: list[tuple[str, float, int, bytes]]) -> bytes:
        data = bytearray(start)
        for kind, place, length, piece in edits:
            at = int(place * len(data))
            if kind == "put":
                data[at:at] = piece
            elif kind == "replace":
                data[at : at + length] = piece
            elif kind == "cut":
                del data[at : at + length]
            elif kind == "repeat":
                data[at:at] = data[at : at + length] * min(length, 40)
            elif data:
                data[min(at, len(data) - 1)] ^= 1 << length % 8
        return bytes(data)

    whole = st.builds(apply, st.sampled_from(corpus), st.lists(edit, min_size=1, max_size=4))
    return st.one_of(whole, whole, whole, st.binary(max_size=200))


class Fuzzer:
    """All targets, each a name with a test that hypothesis runs.

    Args:
        finished: A finished run; it is copied.
        folder: Where files are written.
    """

    def __init__(self, finished: Path, folder: Path) -> None:
        self._folder = folder
        self.run = Path(shutil.copytree(finished, folder / "run"))
        self.targets: dict[str, Callable[[], None]] = {
            **self._files_of_directories(),
            **self._other_files(),
            **self._sources(),
            "a command": self._commands(),
        }

    def _target(self, corpus: list[bytes], read: Reader) -> Callable[[], None]:
        @given(changed(corpus))
        def test(data: bytes) -> None:
            with contextlib.suppress(UserError):
                read(data)

        return test

    def _files_of_directories(self) -> dict[str, Callable[[], None]]:
        """Files of a run and of its encoder, whose checksums are not looked at."""
        run, encoder = self.run, self.run / "encoder"

        def reads(path: Path, read: Callable[[], object]) -> Callable[[], None]:
            kept = path.read_bytes()

            def changed_file(data: bytes) -> None:
                path.write_bytes(data)
                try:
                    read()
                finally:
                    path.write_bytes(kept)

            return self._target([kept], changed_file)

        def of_run(read: Callable[[RunDirectory], object]) -> Callable[[], object]:
            return lambda: read(RunDirectory(run, verify=False))

        configuration = RunDirectory(run).read_configuration()
        size = RunDirectory(run).read_alphabet().size
        classes = len(RunDirectory(run).read_labels())
        shapes = weight_shapes(configuration, size, classes)
        return {
            "alphabet.json": reads(run / "alphabet.json", of_run(RunDirectory.read_alphabet)),
            "labels.json": reads(run / "labels.json", of_run(RunDirectory.read_labels)),
            "calibration.json": reads(
                run / "calibration.json",
                of_run(lambda directory: directory.read_decision(classes, multi_label=False)),
            ),
            "words.txt": reads(run / "words.txt", of_run(RunDirectory.read_vocabulary)),
            "metrics.jsonl": reads(run / "metrics.jsonl", of_run(read_training_record)),
            "config.toml": reads(run / "config.toml", of_run(RunDirectory.read_configuration)),
            "manifest.json": reads(run / "manifest.json", lambda: read_manifest(run, "run")),
            "facts.json": reads(
                encoder / "facts.json", lambda: EncoderDirectory(encoder, False).read_facts()
            ),
            "model.safetensors": self._target(
                [(run / "model.safetensors").read_bytes()],
                lambda data: parse_weights(data, run, shapes),
            ),
        }

    def _other_files(self) -> dict[str, Callable[[], None]]:
        folder = self._folder
        saved = folder / "checkpoints" / "step-0000000001.safetensors"
        saved.parent.mkdir()
        arrays = {"weights/a": np.arange(6, dtype=np.float32), "n": np.arange(3)}
        write_archive(saved, arrays, {"step": 1, "metrics": [{"epoch": 1}], "seconds": 0.5})
        old = folder / "old.h5"
        import h5py

        with h5py.File(old, "w") as file:
            file["head/bias"] = np.arange(3, dtype=np.float32)
        table = (self.run / "config.toml").read_bytes()
        given_path = folder / "given"

        def named(ending: str, read: Callable[[Path], object]) -> Reader:
            path = given_path.with_suffix(ending)

            def write_and_read(data: bytes) -> None:
                path.write_bytes(data)
                read(path)

            return write_and_read

        def checkpoint(data: bytes) -> None:
            from hier_rnn.training.state import TrainerState

            saved.write_bytes(data)
            found = Checkpoints(saved.parent).latest()
            if found is not None:
                read_progress(TrainerState, found.progress, found.path)

        return {
            "an archive": self._target([saved.read_bytes()], named(".safetensors", read_archive)),
            "a checkpoint": self._target([saved.read_bytes()], checkpoint),
            "old weights": self._target([old.read_bytes()], lambda d: parse_old_weights(d, old)),
            "options": self._target([table], lambda d: parse_options(d, given_path, (), False)),
            "old options": self._target([table], lambda d: parse_options(d, old, (), True)),
            "a configuration": self._target([table], named(".toml", read_configuration)),
            "TOML": self._target([table], lambda data: parse_configuration(data, given_path)),
            "vectors": self._target([b"2 3\na 1 2 3\nb 1 2 3\n"], named(".vec", read_vectors)),
            "misspellings": self._target(
                [b"a\tb\tc\nthe teh\n"], named(".misspellings", load_misspellings)
            ),
        }

    def _sources(self) -> dict[str, Callable[[], None]]:
        table = b'label\ttext\na\tfine, "it" is\nb\tbad\n'
        lines = b'{"label": "a", "text": "fine"}\n{"label": "b", "text": "bad \\u00e9"}\n'
        corpora = {
            ".tsv": [table, b"a\tfine\nb\tbad\n"],
            ".csv": [table.replace(b"\t", b","), b'"a","x\ny"\n"b","c"\n'],
            ".jsonl": [lines, b'[{"label": "a", "text": "b"}]'],
            ".txt": [b"__label__a fine\n__label__b bad\n", b"only\ntexts\n"],
            ".tsv.gz": [gzip.compress(table, mtime=0)],
            **_columnar(),
        }

        def read(ending: str, labelled: bool) -> Reader:
            path = self._folder / f"source{ending}"

            def write_and_read(data: bytes) -> None:
                path.write_bytes(data)
                for _ in open_source(str(path), labelled=labelled):
                    pass

            return write_and_read

        return {
            f"{ending}, {'labelled' if labelled else 'texts'}": self._target(
                corpus, read(ending, labelled)
            )
            for ending, corpus in corpora.items()
            for labelled in (True, False)
        }

    def _commands(self) -> Callable[[], None]:
        """Whole commands: their arguments and what comes through standard input."""
        letters = st.characters(blacklist_characters="\0")  # which no system hands on
        text = st.one_of(st.text(letters, max_size=30), st.sampled_from(["a b", "-", "1e999"]))
        place = str(self.run)
        option = st.sampled_from(
            [
                "--json",
                "--all",
                "--top",
                "--count",
                "--no-verify",
                "--min-confidence",
                "--text",
                "--data",
                "--quoting",
                "--delimiter",
                "--column",
                "--out",
                "--misspell",
                "--label",
                "--text-column",
                "--sentences",
                "--vectors",
                "--compare",
                "--strict",
                "--help",
            ]
        )
        name = st.sampled_from(["predict", "neighbours", "vectors", "check", "inspect", "compare"])
        arguments = st.lists(st.one_of(option, text, st.just(place)), max_size=4)

        @given(name, st.booleans(), arguments, st.one_of(st.binary(max_size=200), text))
        def test(command: str, with_run: bool, rest: list[str], given_input: bytes | str) -> None:
            data = (
                given_input
                if isinstance(given_input, bytes)
                else given_input.encode("utf-8", "surrogatepass")
            )
            words = [command, *([place] if with_run else []), *rest]
            status = self._call([word.encode("utf-8", "replace").decode() for word in words], data)
            assert status in (0, 2), status

        return test

    def _call(self, arguments: list[str], data: bytes) -> int:
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(3)]
        streams[0].buffer.write(data)
        streams[0].buffer.seek(0)
        kept = sys.argv, sys.stdin, sys.stdout, sys.stderr, os.getcwd()
        source = self._folder / "standard-input"
        source.write_bytes(data)
        with open(source, encoding="utf-8") as standard_input:
            try:
                sys.argv = ["hier-rnn", *arguments]
                sys.stdin, sys.stdout, sys.stderr = standard_input, *streams[1:]
                os.chdir(self._folder)
                run(cli, "hier-rnn")
            except SystemExit as end:
                return int(end.code or 0)
            finally:
                sys.argv, sys.stdin, sys.stdout, sys.stderr = kept[:4]
                os.chdir(kept[4])
        raise AssertionError("a command exits")


def _columnar() -> dict[str, list[bytes]]:
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    table = pa.table({"label": ["a", "b"], "text": ["fine", "bad"]})
    parquet, arrow = io.BytesIO(), io.BytesIO()
    pyarrow.parquet.write_table(table, parquet)
    pyarrow.feather.write_feather(table, arrow, compression="uncompressed")
    return {".parquet": [parquet.getvalue()], ".arrow": [arrow.getvalue()]}


def fuzz(target: Callable[[], None], until: float, start: int, most: int = 10**9) -> int:
    """Runs a target till its time is over, and returns how many rounds there were.

    Args:
        target: What `Fuzzer.targets` has.
        until: By `time.monotonic`.
        start: Decides what is tried.
        most: Rounds. Default without end.

    Raises:
        Exception: What the target raised, with the smallest input that makes it.
    """
    draw, rounds = random.Random(start), 0
    configured = settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )(target)
    while rounds < most and (rounds == 0 or time.monotonic() < until):
        seed(draw.randrange(2**32))(configured)()
        rounds += 1
    return rounds


@contextlib.contextmanager
def fuzzer(finished: Path) -> Iterator[Fuzzer]:
    """A context that has all targets, in a folder of their own; nothing is logged in it."""
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield Fuzzer(finished, Path(folder))
        finally:
            logging.disable(logging.NOTSET)


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--minutes", default=30.0, help="for all targets together")
@click.option("--only", default="", help="targets whose name has this word")
@click.option("--seed", "start", default=None, type=int, help="default: another one each time")
def main(run: Path, minutes: float, only: str, start: int | None) -> None:
    """Fuzzes everything that reads, and prints what is found."""
    found: dict[str, Any] = {}
    start = random.SystemRandom().randrange(2**32) if start is None else start
    with fuzzer(run) as every:
        targets = {name: test for name, test in every.targets.items() if only in name}
        for name, target in targets.items():
            until = time.monotonic() + 60 * minutes / len(targets)
            try:
                rounds = fuzz(target, until, start)
            except Exception as error:  # what is looked for
                found[name] = error
                notes = "\n".join(getattr(error, "__notes__", []))
                print(f"| {name} | {type(error).__name__}: {str(error)[:300]} | {notes[:1500]}")
            else:
                print(f"| {name} | {rounds * ROUND:,} inputs | nothing found |", flush=True)
    print(f"{len(targets)} targets, seed {start}: {len(found)} with a fault")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
