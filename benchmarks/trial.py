"""A command run within bounds, and what became of it: used by `crafted`, `hostile` and `soak`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import psutil

OUTCOMES = ("answered", "error", "TRACEBACK", "MEMORY", "HANG", "CRASH")
"""The first two are as they should be: answers, or a message and exit status 2."""
GOOD = OUTCOMES[:2]
LOOK = 0.05  # seconds between two looks at time and memory
WAIT = 600.0  # seconds by the clock, of which a processor may be busy with other work
MEBIBYTE = 1 << 20
PROGRAM = (sys.executable, "-m", "hier_rnn")


class Trial(NamedTuple):
    """What became of a command."""

    outcome: str
    status: int
    seconds: float
    """Of processors."""
    mebibytes: float
    """Of memory, at the most."""
    output: str
    """The end of what it printed."""
    message: str
    """The last line of its messages."""


def attempt(
    command: Sequence[str],
    seconds: float = 60,
    mebibytes: float = 4096,
    standard_input: str | Path = os.devnull,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Trial:
    """Runs a command, and ends it where it takes too long or too much memory.

    Args:
        command: The program and its arguments.
        seconds: Of processors that it may take; by the clock, ten minutes. Default 60.
        mebibytes: Of memory that it may have resident, its children's included. Default 4096.
        standard_input: A file, or a shell command whose output is piped in, after `|`.
        environment: Variables besides those of this process.
        folder: Where it is run. Default here.
    """
    with contextlib.ExitStack() as stack:
        out: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
        err: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
        feeder = None
        if isinstance(standard_input, str) and standard_input.startswith("|"):
            feeder = subprocess.Popen(
                standard_input[1:],
                shell=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            given: Any = feeder.stdout
        else:
            given = stack.enter_context(open(standard_input, "rb"))
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=out,
            stderr=err,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
        if feeder is not None:
            given.close()  # it is the process's alone, so that the feeder learns of its end
        took, peak, ended_for = _watch(process, seconds, mebibytes * MEBIBYTE)
        if feeder is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(feeder.pid, signal.SIGKILL)
            feeder.wait()
        output, messages = _end(out), _end(err)
    status = process.returncode
    outcome = ended_for or _outcome(status, messages)
    message = next((line for line in reversed(messages.splitlines()) if line.strip()), "")
    return Trial(outcome, status, took, peak / MEBIBYTE, output, message[:500])


def _watch(process: subprocess.Popen[bytes], seconds: float, most: float) -> tuple[float, int, str]:
    """Waits for the end of a process, and brings it about if need be.

    Returns:
        Processor seconds, peak memory and what it was ended for.
    """
    took, peak, ended_for = 0.0, 0, ""
    until = time.monotonic() + WAIT
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            family = [watched, *watched.children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in family))
            times = [member.cpu_times() for member in family]
            took = max(took, sum(spent.user + spent.system for spent in times))
        if peak > most:
            ended_for = "MEMORY"
        elif took > seconds or time.monotonic() > until:
            ended_for = "HANG"
        if ended_for:
            process.kill()
            process.wait()
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK)
    return took, peak, ended_for


def _outcome(status: int, messages: str) -> str:
    if "Traceback (most recent call last)" in messages:
        return "TRACEBACK"
    if status == 0:
        return "answered"
    told = any(line.startswith("error: ") for line in messages.splitlines())
    return "error" if status == 2 and told else "CRASH"


def _end(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 10_000))
    return file.read().decode("utf-8", "replace")


def print_table(rows: Sequence[Mapping[str, Any]], by: str, outcomes: Sequence[str]) -> None:
    """Prints how often each outcome came, by one column of the rows, and the worst figures.

    Args:
        rows: Each with `outcome`, `seconds`, `mebibytes` and the column.
        by: The column.
        outcomes: In the order of the columns.
    """
    print(f"| {by} | cases | {' | '.join(outcomes)} | seconds | MiB |")
    print("| --- " * (len(outcomes) + 4) + "|")
    for name in (*dict.fromkeys(row[by] for row in rows), "all"):
        some = [row for row in rows if name in ("all", row[by])]
        counts = Counter(row["outcome"] for row in some)
        figures = " | ".join(str(counts[outcome]) for outcome in outcomes)
        slowest = max(row["seconds"] for row in some)
        largest = max(row["mebibytes"] for row in some)
        print(f"| {name} | {len(some)} | {figures} | {slowest:.1f} | {largest:,.0f} |")
