"""Going on with a run: which options may change between two calls, and if the data are the same.

The same data at another path are the same data: what is compared is their fingerprint.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hier_rnn.configuration.options import AUTO, Configuration
from hier_rnn.errors import UserError
from hier_rnn.storage.directory import Directory
from hier_rnn.storage.json_file import parse_json
from hier_rnn.training.preparation.fingerprint import Fingerprints

# These decide when a run is saved and what is done about trouble, not what is learnt.
CHANGEABLE = ("on_divergence", "checkpoint_seconds")
GROUPS = ("training", "pretraining")


def comparable(
    configuration: Configuration, recorded: Configuration, data_known: bool
) -> Configuration:
    """Returns the options of a call as they are to be compared with those of the run.

    Args:
        configuration: The options of the call.
        recorded: Those that the run began with.
        data_known: Whether the run has fingerprints of its data. Then where the data are may
            change.
    """
    update: dict[str, Any] = {}
    if data_known:
        update["data"] = recorded.data
        if recorded.data.transfer != AUTO:  # undecided in runs from before there was a choice
            chosen = {"transfer": configuration.data.transfer}
            update["data"] = recorded.data.model_copy(update=chosen)
    for group in GROUPS:
        options, before = getattr(configuration, group), getattr(recorded, group)
        same = {name: getattr(before, name) for name in CHANGEABLE}
        update[group] = options.model_copy(update=same)
    return configuration.model_copy(update=update)


def read_fingerprints(run: Directory) -> Fingerprints:
    """Returns the fingerprints of a run's data; none if it has no record of them.

    Raises:
        UserError: The file can't be read, or is damaged.
    """
    path = run.data
    if not run.has(path):
        return {}
    content = parse_json(run.read(path), path)
    if not isinstance(content, dict) or not all(isinstance(v, str) for v in content.values()):
        raise UserError(f"{path}: damaged: not a table of fingerprints.")
    return content


def check_same_data(path: Path, begun: Fingerprints, now: Fingerprints) -> None:
    """Makes sure that a run goes on with the data that it began with.

    Args:
        path: The run.
        begun: Fingerprints of the data that it began with.
        now: Of the data of this call; what only one of the two has is not compared.

    Raises:
        UserError: They differ.
    """
    changed = [name for name in begun.keys() & now.keys() if begun[name] != now[name]]
    if changed:
        raise UserError(
            f"data.{', data.'.join(sorted(changed))}: not the data that the run in {path} began"
            " with. Give another `out`, or `force=True` to start over."
        )
