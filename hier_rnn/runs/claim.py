"""Whose an output directory is: the run's whose options are recorded in it.

The same command takes up an unfinished run and leaves a finished one alone. `to_do` says which it
is before anything is touched; `claim` then makes the directory the run's, once it is certain that
there is something to put into it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hier_rnn.configuration.differences import differences
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.toml import format_configuration, read_configuration
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically

# What runs write. By force these go, and nothing else that a folder may hold.
WRITTEN = (
    "alphabet.json",
    "calibration.json",
    "checkpoints",
    "config.toml",
    "data.json",
    "encoder",
    "encoder.weights.h5",
    "evaluation.json",
    "facts.json",
    "labels.json",
    "metrics.jsonl",
    "model.weights.h5",
    "tensorboard",
    "word_vectors.map.h5",
    "words.model",
    "words.txt",
)


def to_do(
    path: Path, record: Path, configuration: Configuration, finished: bool, force: bool = False
) -> bool:
    """Returns whether a run is still to be done: begun, taken up or, by force, started over.

    Args:
        path: The directory; it need not be there.
        record: The file in it that holds all options of its run.
        configuration: The run's options.
        finished: Whether the run there came to its end.
        force: Whether what an earlier run left there may go. Default False.

    Raises:
        UserError: It can't be written, or holds a run with other options or something that is no
            run, or by force the encoder that the run starts from would go.
    """
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir():
        raise UserError(f"{path}: {there} is a file. Give another --out.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{path}: no permission to write in {there}. Give another --out.")
    if not record.exists():
        # A hidden file may be left by a call that was killed while it wrote the record.
        if path.exists() and any(entry.name[0] != "." for entry in path.iterdir()):
            raise UserError(
                f"{path}: exists and holds no run: there is no {record.name}. Give another --out."
            )
        return True
    if force:
        _check_encoder_stays(path, configuration.data.encoder)
        return True
    if different := list(differences(read_configuration(record), configuration)):
        raise UserError(
            f"{path}: holds a run with other options: {'; '.join(different)}. Give another --out,"
            " or --force to start over."
        )
    return not finished


def _check_encoder_stays(path: Path, encoder: str) -> None:
    if not encoder:
        return
    start, own = Path(encoder).resolve(), path.resolve()
    if start == own or any(start.is_relative_to(own / name) for name in WRITTEN):
        raise UserError(
            f"{path}: --force would take away the encoder {encoder}, which is the one to start"
            " from. Give another --out."
        )


def claim(path: Path, record: Path, configuration: Configuration, force: bool = False) -> None:
    """Makes a directory that of a run.

    Args:
        path: The directory; made if need be.
        record: The file in it to hold all options of the run.
        configuration: The run's options.
        force: Take away what an earlier run left there. Default False.

    Raises:
        UserError: It can't be written.
    """
    if force and record.exists():
        for written in (path / name for name in WRITTEN if name != record.name):
            if written.is_dir():
                shutil.rmtree(written)
            else:
                written.unlink(missing_ok=True)
        record.unlink()  # the last: what is left without it is no run
    if not record.exists():
        with write_atomically(record) as file:
            file.write(format_configuration(configuration))
