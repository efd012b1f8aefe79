"""Who trains together: what the standard variable `TF_CONFIG` says.

Kubernetes' TFJob and Vertex AI set it in every process that they start:
`{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}`. A job `chief`
of one process may come before the workers; else worker 0 is the chief.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from hier_rnn.errors import UserError

VARIABLE = "TF_CONFIG"
EXAMPLE = (
    '{"cluster": {"worker": ["host-a:2222", "host-b:2222"]},'
    ' "task": {"type": "worker", "index": 0}}'
)
JOBS = ("chief", "worker")


class Cluster(NamedTuple):
    """The workers, and which of them this process is."""

    addresses: tuple[str, ...]
    """`host:port` of each; the chief's is the first."""
    number: int
    """Of this process."""
    chief_job: bool
    """Whether the chief is a job of its own."""

    @property
    def name(self) -> str:
        """What this worker is called in messages."""
        return f"worker {self.number} of {len(self.addresses)} ({self.addresses[self.number]})"


def require_one_process(distribute: str, what: str) -> None:
    """Makes sure that something which trains again and again is not for several workers.

    Args:
        distribute: The option `training.distribute`.
        what: What it is, for the message.

    Raises:
        UserError: It is.
    """
    if distribute == "multi-worker":
        raise UserError(
            f"training.distribute: {what} trains in one process. Accepted: none, mirrored."
        )


def read_cluster() -> Cluster:
    """Returns the cluster that `TF_CONFIG` describes.

    Raises:
        UserError: It is missing or malformed, or this process is neither chief nor worker.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        raise _wrong("it is not set")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _wrong(f"it is no JSON ({error})") from None
    jobs, task = _table(content, "cluster"), _table(content, "task")
    chiefs, workers = (_addresses(jobs, job) for job in JOBS)
    if len(chiefs) > 1:
        raise _wrong(f"there is one chief. Received: {len(chiefs)}")
    addresses = (*chiefs, *workers)
    if not addresses:
        raise _wrong("its cluster has no worker")
    if twice := next((a for a in addresses if addresses.count(a) > 1), ""):
        raise _wrong(f"two workers have the address {twice}")
    kind, index = task.get("type"), task.get("index")
    if kind not in JOBS:
        raise _wrong(f"its task has to be of the type worker or chief. Received: {kind!r}")
    there = len(chiefs if kind == "chief" else workers)
    if type(index) is not int or not 0 <= index < there:
        raise _wrong(f"the index of its task has to be below {there}. Received: {index!r}")
    place = index + (len(chiefs) if kind == "worker" else 0)
    return Cluster(addresses, place, bool(chiefs))


def _table(content: Any, name: str) -> dict[str, Any]:
    value = content.get(name) if isinstance(content, dict) else None
    if not isinstance(value, dict):
        raise _wrong(f"it has no table {name!r}")
    return value


def _addresses(jobs: dict[str, Any], job: str) -> list[str]:
    addresses = jobs.get(job, [])
    if not isinstance(addresses, list):
        raise _wrong(f"{job!r} is not a list of addresses")
    for address in addresses:
        host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
        if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < 65536:
            raise _wrong(f"an address is host:port. Received: {address!r}")
    return addresses


def _wrong(problem: str) -> UserError:
    return UserError(
        f"training.distribute multi-worker reads the environment variable {VARIABLE}: {problem}."
        f" Accepted: {EXAMPLE}"
    )
