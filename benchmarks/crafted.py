"""A hundred run directories as an attacker would make them, each read in a process of its own.

    python -m benchmarks.crafted RUN [--only WORD] [--seconds 60] [--mebibytes 2048] [--json FILE]

RUN is any finished run; copies of it are crafted, and their manifests written anew, as an attacker
would. Each must be answered or told to be an error: no code of theirs is run and no other file is
read (`FOREIGN`), no traceback, no hang, bounded memory.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import hier_rnn
from benchmarks.crafted_runs import cases
from benchmarks.crafting import CANARY
from benchmarks.trial import GOOD, OUTCOMES, PROGRAM, attempt, print_table
from hier_rnn.errors import UserError

FOREIGN = "FOREIGN"
TEXTS = ["wheres my parcel", "", "\x1b[2J"]


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
