"""The study that a tuning keeps, so that the same command goes on: its options and its trials."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from hier_rnn.configuration import schema
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError
from hier_rnn.files import write_atomically
from hier_rnn.storage.json_file import json_bytes, parse_json
from hier_rnn.storage.limits import LIMITS, check_size, read_file

FORMAT = 1
TRIALS = 100_000

State = Literal["finished", "pruned", "cut short", "failed"]


@dataclass(frozen=True)
class Trial:
    """A training with options that were tried."""

    number: int
    """From 0, which has the options as they were given."""
    state: State
    """`finished`; `pruned`, as it did worse than others at the same epoch; `cut short` by the end
    of the time, with the best weights it had; or `failed`."""
    options: Mapping[str, Any]
    """Those that were tried, by dotted name; the others are as they were given."""
    score: float | None
    """The best of its epochs on the validation data, by `training.validation_metric`; None if
    there was none."""
    epoch_scores: tuple[float, ...]
    """That of each epoch."""
    seconds: float
    beginning_seconds: float
    """Of these, before the first step, without the warm start that all trials share."""
    message: str = ""
    """Why it failed."""

    @property
    def epochs(self) -> int:
        """Epochs that were done."""
        return len(self.epoch_scores)

    @property
    def has_weights(self) -> bool:
        """Whether it came to a run."""
        return self.state in ("finished", "cut short")


@dataclass
class Study:
    """What a tuning has done so far."""

    options: Configuration
    """As they were given."""
    seconds: float = 0.0
    """The time that it has used."""
    trials: list[Trial] = field(default_factory=list)
    running: Mapping[str, Any] | None = None
    """Options of the trial that was interrupted."""
    score_name: str = ""
    """Which of the metrics the score is; empty before the first evaluation."""
    data: Mapping[str, str] = field(default_factory=dict)
    """Fingerprints of the data; none before the first trial has read them."""

    @property
    def best(self) -> Trial | None:
        """The best trial that came to a run; of equals the first."""
        sign = score_sign(self.score_name)
        runs = [trial for trial in self.trials if trial.has_weights and trial.score is not None]
        return max(runs, key=lambda trial: sign * (trial.score or 0.0), default=None)

    def write(self, path: Path) -> None:
        """Writes the study.

        Raises:
            UserError: It can't be written.
        """
        data = json_bytes(
            {
                "format": FORMAT,
                "seconds": self.seconds,
                "options": self.options.model_dump(mode="json"),
                "score_name": self.score_name,
                "data": dict(self.data),
                "running": self.running,
                "trials": [asdict(trial) for trial in self.trials],
            }
        )
        check_size(path, len(data), LIMITS[path.name])
        with write_atomically(path, "wb") as file:
            file.write(data)


def read_study(path: Path) -> Study:
    """Returns the study in a file.

    Raises:
        UserError: It can't be read, is damaged, or was written by a later version.
    """
    content = parse_json(read_file(path, LIMITS[path.name]), path)
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise _damaged(path, "it says no format")
    if content["format"] > FORMAT:
        raise UserError(f"{path}: written by a later version of hier_rnn. Install that.")
    names = {"format", "seconds", "options", "score_name", "data", "running", "trials"}
    if (
        content.keys() != names
        or not isinstance(content["options"], dict)
        or not isinstance(content["score_name"], str)
    ):
        raise _damaged(path, "not what a study has")
    trials, data, running = content["trials"], content["data"], content["running"]
    if not isinstance(trials, list) or len(trials) > TRIALS:
        raise _damaged(path, "not a list of trials")
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise _damaged(path, "not a table of fingerprints")
    if not (running is None or isinstance(running, dict)) or not _is_time(content["seconds"]):
        raise _damaged(path, "not what a study has")
    configuration = schema.validate(content["options"], lambda name: f"{path}, {name}")
    read = [_trial(path, number, values) for number, values in enumerate(trials)]
    name = content["score_name"]
    return Study(configuration, float(content["seconds"]), read, running, name, data)


def score_sign(score_name: str) -> int:
    """Returns 1 where a higher score is better, -1 where it is a loss."""
    return -1 if score_name.endswith("loss") else 1


def _trial(path: Path, number: int, values: Any) -> Trial:
    names = Trial.__dataclass_fields__.keys()
    if (
        not isinstance(values, dict)
        or values.keys() != names
        or values["number"] != number
        or values["state"] not in get_args(State)
        or not isinstance(values["options"], dict)
        or not isinstance(values["epoch_scores"], list)
        or not all(map(_is_number, values["epoch_scores"]))
        or not (values["score"] is None or _is_number(values["score"]))
        or not _is_time(values["seconds"])
        or not _is_time(values["beginning_seconds"])
        or not isinstance(values["message"], str)
    ):
        raise _damaged(path, f"trial {number} is none")
    return Trial(**{**values, "epoch_scores": tuple(values["epoch_scores"])})


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_time(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _damaged(path: Path, what: str) -> UserError:
    return UserError(f"{path}: damaged: {what}. `force=True` starts the tuning over.")
