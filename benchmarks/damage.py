"""Damages every file of a run, its encoder, checkpoints and an exported folder: what becomes of it.

    python -m benchmarks.damage RUN [--other RUN] [--checkpoints DIR] [--exported DIR]
        [--damages 1000] [--json FILE]

A damage is detected (a clear error), harmless (the same answers), WRONG (other answers without a
word), a traceback (any other exception) or a hang.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.damages import Damage, damages
from hier_rnn.errors import UserError

OUTCOMES = ("detected", "harmless", "WRONG", "traceback", "hang")
SECONDS = 30
TEXTS = ["wheres my parcel", "money back please", "how do i chnge my pasword", "thanks, lovely", ""]
WORDS = ["parcel", "parcle", "refund", "wonderful", "ž", ""]

Answer = Callable[[Path], list[np.ndarray]]


class Hang(BaseException):
    """Raised by the alarm; no handler of ours catches it."""


def answers_of_run(path: Path) -> list[np.ndarray]:
    """Returns what a run says: labels, probabilities, words it knows, how its training went."""
    import hier_rnn
    from hier_rnn.evaluation.comparison.run_table import read_run
    from hier_rnn.storage.run_directory import RunDirectory

    row = read_run(path)
    run = hier_rnn.load(path)
    return [
        run.probabilities(TEXTS),
        np.array(run.labels),
        np.array(list(RunDirectory(path).read_vocabulary().items())),
        np.array(sorted(map(str, row.options.items()))),
        np.array(list(map(str, row.record.lines))),
    ]


def answers_of_encoder(path: Path) -> list[np.ndarray]:
    """Returns what an encoder says: vectors and neighbours."""
    import hier_rnn
    from hier_rnn.storage.encoder_directory import EncoderDirectory

    encoder = EncoderDirectory.find(path)
    return [
        hier_rnn.load_encoder(path)(WORDS),
        np.array(list(encoder.read_vocabulary().items())),
        np.array(sorted(map(str, encoder.read_facts().items()))),
    ]


def answers_of_exported(path: Path) -> list[np.ndarray]:
    """Returns what an exported folder says, read by hier_rnn."""
    import hier_rnn

    run = hier_rnn.load(path)
    return [run.probabilities(TEXTS), np.array(run.labels)]


def answers_of_checkpoints(path: Path) -> list[np.ndarray]:
    """Returns what a resumed training starts from; the older one of two is as good."""
    from hier_rnn.storage.checkpoints import Checkpoints, read_progress
    from hier_rnn.training.state import TrainerState

    checkpoint = Checkpoints(path).latest()
    if checkpoint is None:
        raise UserError(f"{path}: no checkpoint")
    read_progress(TrainerState, checkpoint.progress, checkpoint.path)
    arrays = [checkpoint.tensors[name] for name in sorted(checkpoint.tensors)]
    return [np.array(json.dumps(checkpoint.progress)), *arrays]


def outcome(path: Path, answer: Answer, expected: list[list[np.ndarray]]) -> tuple[str, str]:
    """Returns what reading a damaged directory came to, and the message."""
    signal.alarm(SECONDS)
    try:
        found = answer(path)
    except UserError as error:
        return "detected", str(error)
    except Hang:
        return "hang", ""
    except Exception as error:  # what is counted here
        return "traceback", repr(error)
    finally:
        signal.alarm(0)
    same = any(
        len(found) == len(one)
        and all(np.array_equal(a, b) for a, b in zip(found, one, strict=True))
        for one in expected
    )
    return ("harmless" if same else "WRONG"), ""


def trials(
    directory: Path, answer: Answer, expected: list[list[np.ndarray]], other: Path | None
) -> Iterator[tuple[Path, Damage, str, str]]:
    """Yields damages of one file after the other, each with its outcome, without end."""
    files = [path for path in sorted(directory.iterdir()) if path.is_file()]
    kinds = {
        path: damages(number, other if other and (other / path.name).is_file() else None)
        for number, path in enumerate(files)
    }
    for path in cycle(files):
        kept, damage = path.read_bytes(), next(kinds[path])
        damage.do(path)
        result, message = outcome(directory, answer, expected)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.write_bytes(kept)
        yield path, damage, result, message


@click.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("--other", type=click.Path(path_type=Path), help="a run whose files come into it")
@click.option("--checkpoints", type=click.Path(path_type=Path), help="of an unfinished run")
@click.option("--exported", type=click.Path(path_type=Path), help="what was exported of a run")
@click.option("--damages", "count", default=1000, help="in all")
@click.option("--json", "file", type=click.Path(path_type=Path))
def main(
    run: Path,
    other: Path | None,
    checkpoints: Path | None,
    exported: Path | None,
    count: int,
    file: Path | None,
) -> None:
    """Damages copies of RUN, its encoder, checkpoints and what was exported; prints a table."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    signal.signal(signal.SIGALRM, _alarm)
    begun = time.monotonic()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(run, Path(folder) / "run"))
        alone = Path(shutil.copytree(run / "encoder", Path(folder) / "encoder"))
        sets = [
            ("run", copy, answers_of_run, [answers_of_run(copy)], other),
            ("encoder", alone, answers_of_encoder, [answers_of_encoder(alone)],
             other / "encoder" if other else None),
        ]  # fmt: skip
        if checkpoints:
            saved = Path(shutil.copytree(checkpoints, Path(folder) / "checkpoints"))
            for entry in saved.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
            expected = []
            for path in sorted(saved.glob("step-*")):
                single = Path(folder) / path.stem
                single.mkdir()
                shutil.copy(path, single)
                expected.append(answers_of_checkpoints(single))
            sets.append(("checkpoints", saved, answers_of_checkpoints, expected, None))
        if exported:
            out = Path(shutil.copytree(exported, Path(folder) / "exported"))
            sets.append(("exported", out, answers_of_exported, [answers_of_exported(out)], None))
        for name, directory, answer, expected, others in sets:
            stream = trials(directory, answer, expected, others)
            for _, (path, damage, result, message) in zip(range(count // len(sets)), stream):  # noqa: B905
                rows.append(
                    {
                        "directory": name,
                        "file": path.name,
                        "damage": damage.name,
                        "outcome": result,
                        "message": message,
                    }
                )
    _print(rows, time.monotonic() - begun)
    if file:
        file.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def _alarm(*_: object) -> None:
    raise Hang


def _print(rows: list[dict[str, Any]], seconds: float) -> None:
    print(f"| directory | file | damages | {' | '.join(OUTCOMES)} |")
    print("| --- " * (3 + len(OUTCOMES)) + "|")
    by_file = Counter((row["directory"], row["file"]) for row in rows)
    outcomes = Counter((row["directory"], row["file"], row["outcome"]) for row in rows)
    for (directory, file), number in by_file.items():
        counts = " | ".join(str(outcomes[directory, file, one]) for one in OUTCOMES)
        print(f"| {directory} | {file} | {number} | {counts} |")
    total = Counter(row["outcome"] for row in rows)
    print(f"| all | | {len(rows)} | {' | '.join(str(total[one]) for one in OUTCOMES)} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{seconds:.0f} s, {peak:,.0f} MiB at the most")
    for row in rows:
        if row["outcome"] in OUTCOMES[2:]:
            print(row)


if __name__ == "__main__":
    main()
