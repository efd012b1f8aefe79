"""The best trial's run, copied to where the tuning leaves it."""

from __future__ import annotations

import shutil
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.storage.manifest import MANIFEST
from hier_rnn.storage.output_directory import TUNING, WRITTEN
from hier_rnn.storage.run_directory import RunDirectory


def keep_run(trial: RunDirectory, out: Path) -> None:
    """Copies a finished run in place of the one that a directory holds.

    The manifest goes first and comes last, so that a copy that was cut off is never taken for a
    run.

    Args:
        trial: The run.
        out: The directory.

    Raises:
        UserError: It can't be written.
    """
    manifest = trial.manifest
    assert manifest is not None  # the trial is finished

    def last(folder: str, names: list[str]) -> set[str]:
        left_out = {MANIFEST, ".lock", "checkpoints"} if Path(folder) == trial.path else set()
        return left_out.intersection(names)

    remove_run(out)
    try:
        shutil.copytree(trial.path, out, ignore=last, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise UserError(f"{out}: can't copy the best trial's run there: {error}.") from None
    manifest.write(out)


def remove_run(out: Path) -> None:
    """Takes the run away that a directory holds; the study beside it stays.

    Raises:
        UserError: It can't be taken away.
    """
    try:
        for name in WRITTEN:
            written = out / name
            if name == TUNING:
                continue
            if written.is_dir() and not written.is_symlink():
                shutil.rmtree(written)
            else:
                written.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{error.filename}: can't take it away: {error.strerror}.") from None
