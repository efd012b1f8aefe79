"""What stands last on the screen after training: how good the run is, and what to do with it."""

from __future__ import annotations

from pathlib import Path

from hier_rnn.commands.terminal.console import escaped, lines
from hier_rnn.sources.bundled import bundled
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import read_training_record


def print_conclusion(run: Path, program: str) -> None:
    """Prints a finished run's headline and the next commands on standard output.

    Args:
        run: The run directory.
        program: How the command was called: `train.py`, or `hier-rnn train`.
    """
    evaluate = "python evaluate.py" if program == "train.py" else "hier-rnn evaluate"
    test = RunDirectory(run).read_configuration().data.test
    name = _quoted(run)
    data = "" if test == bundled("test") else f" --data {_quoted(test) if test else 'TEST.tsv'}"
    lines(
        [
            "",
            _headline(run),
            "",
            "Next:",
            f"  {evaluate} {name}{data} --report {_quoted(run / 'report')}",
            f'  hier-rnn predict {name} --text "a text of yours"',
            f'  hier-rnn explain {name} "a text of yours"',
        ]
    )


def print_encoder_conclusion(encoder: Path) -> None:
    """Prints what to do with a finished encoder on standard output.

    Args:
        encoder: The encoder directory.
    """
    name = _quoted(encoder)
    lines(
        [
            "",
            "Next:",
            f"  hier-rnn neighbours {name} WORD ...",
            f"  hier-rnn train --encoder {name} --train TRAIN.tsv --out RUN",
        ]
    )


def _headline(run: Path) -> str:
    name = escaped(str(run))
    record = read_training_record(RunDirectory(run))
    shown = record.headline.replace("_f1", "-F1")
    figures = RunDirectory(run).read_evaluation()
    if figures is None:
        best = record.best
        score = "" if best is None else f": {shown} {best:.1%} on the validation data"
        return f"{name}{score}"
    low, high = figures[f"{record.headline}_interval"]
    return (
        f"{name}: {shown} {figures[record.headline]:.1%} ({low:.1%} to {high:.1%}),"
        f" macro-F1 {figures['macro_f1']:.1%} on {escaped(figures['data'])}"
    )


def _quoted(path: Path | str) -> str:
    text = escaped(str(path))
    return f'"{text}"' if " " in text else text
