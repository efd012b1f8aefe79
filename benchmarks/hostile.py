"""A hundred inputs without end or sense, given to the real commands, each in a process of its own.

    python -m benchmarks.hostile RUN [--only WORD] [--seconds 90] [--mebibytes 4096] [--json FILE]

RUN is any finished run. An input is answered or told to be an error; a traceback, too much memory
or time, or another end is a fault.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

import hier_rnn
from benchmarks.trial import GOOD, OUTCOMES, PROGRAM, attempt, print_table

LINES = 300
MEGABYTE = 1 << 20
PIECE = 1 << 20


class Case(NamedTuple):
    """An input and the command that reads it."""

    name: str
    command: tuple[str, ...]
    """FILE, RUN and OUT in it are replaced."""
    make: Callable[[Path], None]
    """Makes the file, given its path."""
    ending: str = ".txt"
    standard_input: str = os.devnull
    must_answer: int = 0
    """Lines of output that there must be: all other texts are answered."""


def write(*parts: bytes | Iterator[bytes]) -> Callable[[Path], None]:
    """Returns what writes a file of these parts."""

    def make(path: Path) -> None:
        with gzip.open(path, "wb", 1) if path.suffix == ".gz" else open(path, "wb") as file:
            for part in parts:
                for piece in [part] if isinstance(part, bytes) else part:
                    file.write(piece)

    return make


def among(
    text: Callable[[], Iterator[bytes]], labels: Sequence[bytes] = ()
) -> Callable[[Path], None]:
    """Returns what writes a file of ordinary texts with a hostile one in the middle.

    Args:
        text: The hostile one.
        labels: Of the texts, in turn. Default: they have none.
    """

    def make(path: Path) -> None:
        begins = [label + b"\t" for label in labels] or [b""]
        lines = [
            begins[n % len(begins)] + b"where is parcel number %d\n" % (n // 2)
            for n in range(LINES)
        ]
        middle = LINES // 2
        write(b"".join(lines[:middle]), begins[0], text(), b"\n", *lines[middle:])(path)

    return make


def repeated(piece: bytes, size: int) -> Callable[[], Iterator[bytes]]:
    """Returns a text of so many bytes, piece by piece."""
    block = piece * max(1, PIECE // len(piece))

    def pieces() -> Iterator[bytes]:
        whole, rest = divmod(size, len(block))
        for _ in range(whole):
            yield block
        yield (piece * (rest // len(piece) + 1))[: rest // len(piece) * len(piece)]

    return pieces


def different_words(count: int) -> Callable[[], Iterator[bytes]]:
    """Returns a text of so many words, no two alike."""
    return lambda: (
        b" ".join(b"%x" % n for n in range(s, s + 10_000)) + b" " for s in range(0, count, 10_000)
    )


TEXTS: dict[str, Callable[[], Iterator[bytes]]] = {
    "a line of 100 MB": repeated(b"x", 100 * MEGABYTE),
    "20 million words": repeated(b"a ", 40 * MEGABYTE),
    "4 million different words": different_words(4_000_000),
    "a word of a million letters": repeated(b"x", MEGABYTE),
    "a word of a million different letters": lambda: iter(
        ["".join(map(chr, range(0x4E00, 0x9FFF))).encode() * 50]
    ),
    "20,000 combining marks": repeated("\u0301".encode(), 40_000),
    "a million marks out of order": repeated("\u0301\u0323".encode(), 2_000_000),
    "U+FDFA 100,000 times": repeated("\ufdfa".encode(), 300_000),
    "NUL and control characters": repeated(bytes(range(1, 10)) + b"\0\x1b[2J\x7f", 100_000),
    "bidi and zero-width": repeated("\u202e\u200b\u2066\u200d\ufeff".encode(), 100_000),
    "emoji with modifiers": repeated("👩🏽\u200d💻".encode(), 100_000),
    "100,000 quotes": repeated(b'"', 100_000),
    "a million spaces": repeated(b" ", MEGABYTE),
}
LABELLED_TEXTS = (
    "a line of 100 MB",
    "20 million words",
    "a word of a million letters",
    "NUL and control characters",
    "20,000 combining marks",
    "a million marks out of order",
    "100,000 quotes",
)
TRAIN = (
    "train",
    "--train",
    "FILE",
    "--out",
    "OUT",
    "--training.epochs",
    "1",
    "--quiet",
    "--character_encoder.units",
    "16",
    "--sentence_encoder.units",
    "16",
    "--training.warm_start_epochs",
    "1",
    "--training.minimum_steps_per_epoch",
    "1",
)
PRETRAIN = (
    "train",
    "pretrain",
    "--text",
    "FILE",
    "--out",
    "OUT",
    "--pretraining.epochs",
    "1",
    "--character_encoder.units",
    "16",
    "--quiet",
)
EVALUATE = ("evaluate", "RUN", "--data", "FILE", "--unseen", "count", "--quiet")
PREDICT = ("predict", "RUN", "FILE", "--quiet")
PREDICT_INPUT = ("predict", "RUN", "-", "--quiet")
PARCEL = repeated(b"where is my parcel", 20)


def link(target: str) -> Callable[[Path], None]:
    """Returns what makes a symbolic link."""
    return lambda path: path.symlink_to(target)


def nothing(path: Path) -> None:
    """Makes no file."""


def cases(labels: Sequence[bytes]) -> Iterator[Case]:
    """Yields all inputs; in labelled data the labels are these two."""
    for name, text in TEXTS.items():
        yield Case(name, PREDICT, among(text), must_answer=LINES + 1)
        yield Case(f"{name}, a table", PREDICT, among(text, labels), ".tsv", must_answer=LINES + 1)
    for name in LABELLED_TEXTS:
        yield Case(
            f"{name}, piped",
            PREDICT_INPUT,
            among(TEXTS[name]),
            standard_input="|cat FILE",
            must_answer=LINES + 1,
        )
        yield Case(name, EVALUATE, among(TEXTS[name], labels), ".tsv")
        yield Case(name, TRAIN, among(TEXTS[name], labels), ".tsv")
    for name in LABELLED_TEXTS[:3]:
        yield Case(name, PRETRAIN, among(TEXTS[name]))
        yield Case(name, ("check", "FILE"), among(TEXTS[name], labels), ".tsv")
        yield Case(name, ("vectors", "RUN", "FILE", "--out", "OUT"), among(TEXTS[name]))
        yield Case(
            name, ("vectors", "RUN", "FILE", "--sentences", "--out", "OUT"), among(TEXTS[name])
        )
    yield from _files()
    yield from _options(labels)


def _files() -> Iterator[Case]:
    """Files that are none, and tables that are none."""
    for name, make in (
        ("a million empty lines", write(repeated(b"\n", MEGABYTE)())),
        ("1 GB of zeros, gzipped", write(repeated(b"\0", 1 << 30)())),
        ("1 GB of words in a line, gzipped", write(repeated(b"a ", 1 << 30)())),
        ("gzip cut short", lambda p: p.write_bytes(gzip.compress(b"a\n" * 9999)[:-20]) and None),
        ("gzip that is none", lambda path: path.write_bytes(b"\x1f\x8b\x08 no") and None),
    ):
        ending = ".txt" if "lines" in name else ".txt.gz"
        yield Case(name, PREDICT, make, ending)
        if "1 GB" in name:
            yield Case(name, EVALUATE, make, ".tsv.gz")
            yield Case(name, ("check", "FILE"), make, ".tsv.gz")
    for name, make in (
        ("empty", write(b"")),
        ("a byte order mark", write(b"\xef\xbb\xbf")),
        ("UTF-16", write("where is my parcel\n".encode("utf-16"))),
        ("Latin-1", write("café\n".encode("latin-1"))),
        ("a lone surrogate", write(b"\xed\xa0\x80\n")),
        ("old Mac's line ends", write(b"where is it\r" * 1000)),
        ("1 MB of random bytes", lambda path: path.write_bytes(os.urandom(MEGABYTE)) and None),
    ):
        yield Case(name, PREDICT, make)
        yield Case(name, EVALUATE, make, ".tsv")
    for name, make in (
        ("a named pipe", os.mkfifo),
        ("/dev/zero", link("/dev/zero")),
        ("/dev/tty", link("/dev/tty")),
        ("a link to itself", lambda path: path.symlink_to(path)),
        ("a folder", lambda path: path.mkdir()),
    ):
        yield Case(f"{name} as a table", PREDICT, make, ".tsv")
        yield Case(f"{name} as a table", TRAIN, make, ".csv")
        if "pipe" not in name:  # a stream that somebody may yet write to
            yield Case(f"{name} as texts", PREDICT, make)
    yield Case("/dev/zero as words", ("vectors", "RUN", "FILE"), link("/dev/zero"))
    yield Case("/dev/zero piped", PREDICT_INPUT, nothing, standard_input="/dev/zero")
    yield Case("/dev/zero piped", (*EVALUATE[:3], "-"), nothing, standard_input="/dev/zero")
    yield Case(
        "yes piped into head",
        PREDICT_INPUT,
        nothing,
        standard_input="|yes where is it | head -c 5000000",
    )
    for name, make, ending in (
        ("JSON of a million brackets", write(b"[" * MEGABYTE), ".jsonl"),
        ("JSON nested in text", write(b'{"text": ' + b"[" * 100_000), ".jsonl"),
        ("JSON number of 100,000 digits", write(b'{"text": ' + b"9" * 100_000 + b"}"), ".jsonl"),
        ("JSON keys twice", write(b'{"text": "a", "text": "b", "label": "a"}\n'), ".jsonl"),
        ("a quote left open, 40 MB", write(b'a,"', repeated(b"b ", 40 * MEGABYTE)()), ".csv"),
        ("a million columns", write(b"a," * MEGABYTE, b"\n"), ".csv"),
        ("parquet that is none", write(b"PAR1" + b"\0" * 99 + b"PAR1"), ".parquet"),
        ("arrow that is none", write(b"ARROW1\0\0" + b"\xff" * 99), ".arrow"),
        ("labels of 100,000 characters", among(lambda: iter([b"c" * 100_000 + b"\tx"])), ".tsv"),
        (
            "10,000 classes",
            write(b"".join(b"c%d\tword %d\n" % (n // 2, n) for n in range(20_000))),
            ".tsv",
        ),
    ):
        yield Case(name, EVALUATE, make, ending)
    yield Case("labels without text", TRAIN, write(b"a\t\nb\t\n" * 150), ".tsv")
    yield Case("one line", TRAIN, write(b"a\tb\n"), ".tsv")
    yield Case(
        "labels that steer a terminal", TRAIN, write(b"\x1b[2Ja\tb c\n\x07b\tc d\n" * 20), ".tsv"
    )


def _options(labels: Sequence[bytes]) -> Iterator[Case]:
    """Options without sense, and texts on the command line."""
    words = " ".join(["parcel"] * 15_000)  # the system takes 128 KiB
    yield Case("15,000 words", ("explain", "RUN", words), nothing)
    yield Case("a word of 100,000 letters", ("explain", "RUN", "x" * 100_000), nothing)
    yield Case("a word of 100,000 letters", ("neighbours", "RUN", "x" * 100_000), nothing)
    yield Case("a text of 100,000 letters", ("predict", "RUN", "--text", "ab " * 33_000), nothing)
    yield Case("no neighbours", ("neighbours", "RUN", "\1", "", "\u202e"), nothing)
    yield Case("10**9 neighbours", ("neighbours", "RUN", "a", "--count", "1" + "0" * 9), nothing)
    for kind in (
        "attack:1000000000",
        "file:/dev/zero:1",
        "file:/etc/passwd:1",
        "mixed:nan",
        "mixed:1e999",
        "swap:" + "9" * 5000,
        "attack:" + "9" * 5000,
        "attack:1:",
    ):
        yield Case(
            f"--misspell {kind[:20]}",
            (*EVALUATE, "--misspell", kind),
            among(PARCEL, labels),
            ".tsv",
        )
    for option, value in (
        ("character_encoder.units", "10000000"),
        ("character_encoder.units", "100000"),
        ("character_encoder.embedding_dim", "1000000000"),
        ("character_encoder.layers", "1000000000"),
        ("sentence_encoder.units", "10000000"),
        ("sentence_encoder.layers", "1000000000"),
        ("sentence_encoder.segment_words", "1000000000000"),
        ("training.maximum_steps", "1" + "0" * 400),
        ("training.learning_rate", "1e308"),
        ("training.learning_rate", "nan"),
        ("training.batch_size", "1000000000000"),
        ("text.vocabulary_size", "1000000000000"),
        ("training.phases", "[" * 10_000),
        ("seed", "9" * 5000),
        ("training.learning_rate_multipliers", '{"(a+)+$": 2}'),
        ("training.learning_rate_multipliers", '{"' + "(" * 5000 + '": 2}'),
    ):
        yield Case(
            f"--{option} {value[:20]}",
            (*TRAIN, f"--{option}", value),
            among(PARCEL, labels),
            ".tsv",
        )
    yield Case(
        "a configuration of 100,000 brackets",
        (*TRAIN, "--config", "FILE"),
        write(b"[text]\nlowercase = " + b"[" * 100_000),
        ".toml",
    )
    yield Case(
        "a configuration of 100,000 dots",
        (*TRAIN, "--config", "FILE"),
        write(b"a" + b".a" * 100_000 + b" = 1\n"),
        ".toml",
    )
    yield Case(
        "a configuration that is /dev/zero",
        (*TRAIN, "--config", "FILE"),
        link("/dev/zero"),
        ".toml",
    )
    for name, make in (
        ("of a huge header", write(b"999999999999 999999999999\na 1 2\n")),
        ("of NaN", write(b"2 2\na nan nan\nb 1 2\n")),
        ("that are /dev/zero", link("/dev/zero")),
        ("that are a named pipe", os.mkfifo),
    ):
        command = ("train", "pretrain", "--vectors", "FILE", "--out", "OUT", "--quiet")
        yield Case(f"vectors {name}", command, make, ".vec")


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--first", default=1, help="the case to begin with")
@click.option("--only", default="", help="cases whose name or command has this word")
@click.option("--seconds", default=90.0, help="that a case may take")
@click.option("--mebibytes", default=4096.0, help="of memory that a case may take")
@click.option("--json", "file", type=click.Path(path_type=Path))
def main(
    run: Path, first: int, only: str, seconds: float, mebibytes: float, file: Path | None
) -> None:
    """Gives each input to its command, and prints a table of what became of it."""
    rows = []
    labels = [label.encode() for label in hier_rnn.load(run).labels[:2]]
    for number, case in enumerate(cases(labels), start=1):
        if number < first or only not in f"{case.name} {' '.join(case.command)}":
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            given = folder / f"input{case.ending}"
            case.make(given)
            places = {"FILE": str(given), "RUN": str(run.resolve()), "OUT": str(folder / "out")}
            command = [places.get(part, part) for part in case.command]
            piped = case.standard_input.replace("FILE", str(given))
            trial = attempt([*PROGRAM, *command], seconds, mebibytes, piped, folder=folder)
        outcome = trial.outcome
        if outcome == "answered" and trial.output.count("\n") < min(case.must_answer, 100):
            outcome = "CRASH"  # the other texts have no answers
        row = {
            "number": number,
            "command": case.command[0],
            "input": case.name,
            "outcome": outcome,
            "seconds": round(trial.seconds, 1),
            "mebibytes": round(trial.mebibytes),
            "message": trial.message,
        }
        rows.append(row)
        print(f"{row}", flush=True)
    print_table(rows, "command", OUTCOMES)
    if file:
        file.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    raise SystemExit(any(row["outcome"] not in GOOD for row in rows))


if __name__ == "__main__":
    main()
