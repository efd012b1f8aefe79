"""Whether the directory that is to be trained into is free, holds the same run, or holds another.

The same command resumes an unfinished run and leaves a finished one alone. `needs_training` says
which it is before anything is touched; `claim_output` then makes the directory the run's, once it
is certain that there is something to put into it. Both are called while a `RunLock` is held.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from hier_rnn.configuration.differences import differences
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.directory import Directory
from hier_rnn.storage.encoder_directory import EncoderDirectory
from hier_rnn.storage.limits import LIMITS
from hier_rnn.storage.lock import LOCK
from hier_rnn.storage.manifest import MANIFEST
from hier_rnn.storage.old_format import OLD_FILES
from hier_rnn.storage.run_directory import RunDirectory

TUNING = "tuning"  # where a tuning keeps its trials, beside the best one's run

# What training writes. By force these go, and nothing else that a folder may hold. The manifest is
# the first: without it, what is left is not taken for a whole run.
WRITTEN = (
    MANIFEST,
    *sorted(LIMITS.keys() - {MANIFEST}),
    RunDirectory.weights_name,
    EncoderDirectory.weights_name,
    "word_vectors.safetensors",
    "checkpoints",
    "encoder",
    "tensorboard",
    TUNING,
    *OLD_FILES,
)

# A file of ours that was still being written when its process was killed.
_HALF_WRITTEN = re.compile(
    rf"\.({'|'.join(map(re.escape, (*WRITTEN, 'prepared.safetensors')))}|step-\d+\.safetensors)"
    r"\.[0-9a-f]{8}"
)


def needs_training(directory: Directory, configuration: Configuration, force: bool = False) -> bool:
    """Returns whether a run is still to be done: begun, resumed or, by force, started over.

    Args:
        directory: The directory; it need not be there.
        configuration: The run's options.
        force: Whether what an earlier run left there may go. Default False.

    Raises:
        UserError: It can't be written, or holds a run with other options or something that is no
            run, or by force the encoder that the run starts from would go.
    """
    path, record = directory.path, directory.record
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not there.is_dir():
        raise UserError(f"{path}: {there} is a file. Give another `out`.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{path}: no permission to write in {there}. Give another `out`.")
    if not record.exists():
        # A hidden file may be left by a call that was killed while it wrote the record.
        if path.exists() and any(entry.name[0] != "." for entry in path.iterdir()):
            raise UserError(
                f"{path}: exists and holds no run: there is no {record.name}. Give another `out`."
            )
        return True
    if force:
        _check_encoder_stays(path, configuration.encoder)
        return True
    if directory.manifest is None and directory.weights.exists():
        directory.require()
    if different := list(differences(directory.read_record(), configuration)):
        raise UserError(
            f"{path}: holds a run with other options: {'; '.join(different)}. Give another `out`,"
            " or `force=True` to start over."
        )
    return not directory.finished


def claim_output(directory: Directory, configuration: Configuration, force: bool = False) -> None:
    """Makes a directory that of a run, or goes on in it.

    What a killed process left half written goes.

    Args:
        directory: The directory; made if need be.
        configuration: The run's options.
        force: Take away what an earlier run left there. Default False.

    Raises:
        UserError: It can't be written.
    """
    path, record = directory.path, directory.record
    remove_half_written(path)
    if force and record.exists():
        try:
            for written in (path / name for name in WRITTEN if name != record.name):
                if written.is_dir() and not written.is_symlink():
                    shutil.rmtree(written)
                else:
                    written.unlink(missing_ok=True)
            record.unlink()  # the last: what is left without it is no run
        except OSError as error:
            raise UserError(
                f"{error.filename}: can't take it away: {error.strerror}. What is left of the run"
                " can't be used; give the same command again."
            ) from None
        directory.__dict__.pop("manifest", None)
    if directory.manifest is None:
        directory.write_record(configuration)


def remove_half_written(path: Path) -> None:
    """Takes away what processes that were killed left half written in a directory of ours."""
    for folder in (path, *(path / name for name in ("encoder", "checkpoints"))):
        for left in folder.glob(".*") if not folder.is_symlink() else ():
            if left.name != LOCK and _HALF_WRITTEN.fullmatch(left.name):
                left.unlink(missing_ok=True)


def _check_encoder_stays(path: Path, encoder: str) -> None:
    if not encoder:
        return
    start, out = Path(encoder).resolve(), path.resolve()
    if start == out or any(start.is_relative_to(out / name) for name in WRITTEN):
        raise UserError(
            f"{path}: `force=True` would take away the encoder {encoder}, which is the one to start"
            " from. Give another `out`."
        )
