"""What TensorFlow's profiler saw: how long the operations of some steps took, over all threads."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

# What runs other operations: its time is theirs.
CONTAINERS = ("While", "StatelessWhile", "If", "StatelessIf", "Case", "PartitionedCall")
PARTS = ("optimizer", "averages")
"""Parts of a step that have a name scope: their operations count for them, whatever they do."""
PRODUCTS = "matrix products"
OTHER = "other operations"
KINDS = {
    PRODUCTS: r"MatMul",
    "element by element": (
        r"^(Add|AddV2|AddN|BiasAdd|Sub|Mul|RealDiv|Div|Neg|Square|Rsqrt|Sqrt|Sigmoid|Tanh|Relu"
        r"|Exp|Log|SigmoidGrad|TanhGrad|Maximum|Minimum|Cast|Select|SelectV2|Greater.*|Less.*"
        r"|_Fused.*|Softmax.*|LogSoftmax|SparseSoftmax.*|L2Loss|Sum|Mean|Max|Stateless.*)$"
    ),
    "memory": (
        r"^(Gather|Scatter|Slice|StridedSlice|Concat|Split|Pad|Transpose|Tile|Pack|Unpack|Reshape"
        r"|TensorList|TensorArray|Fill|ZerosLike|OnesLike|UnsortedSegment|SegmentSum|Expand|Squeeze"
        r"|Tensor.*|Identity|ReadVariableOp|Broadcast)"
    ),
}


class Event(NamedTuple):
    """An operation that ran."""

    name: str
    """With the scopes that it is in."""
    kind: str
    milliseconds: float


def traced(turn: Callable[[], object]) -> list[Event]:
    """Returns the operations that run in a turn.

    Args:
        turn: Runs the steps.
    """
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        turn()
        tf.profiler.experimental.stop()
        traces = [path.read_bytes() for path in Path(folder).rglob("*.xplane.pb")]
    return [event for trace in traces for event in _events(trace)]


def by_kind(events: Iterable[Event], steps: int) -> dict[str, float]:
    """Returns the milliseconds of a step by kind of operation, over all threads, largest first.

    Args:
        events: What ran.
        steps: In how many steps.
    """
    milliseconds = Counter[str]()
    for event in events:
        milliseconds[event.kind] += event.milliseconds / steps
    return dict(milliseconds.most_common())


def by_group(events: Iterable[Event], steps: int) -> dict[str, float]:
    """Returns the milliseconds of a step by what operations are for, over all threads.

    Args:
        events: What ran.
        steps: In how many steps.
    """
    milliseconds = dict.fromkeys((*KINDS, *PARTS, OTHER), 0.0)
    for event in events:
        milliseconds[_group(event)] += event.milliseconds / steps
    return milliseconds


def _group(event: Event) -> str:
    for part in PARTS:
        if re.search(rf"(^|/){part}(_\d+)?/", event.name):  # scopes of one name are numbered
            return part
    return next((group for group, kind in KINDS.items() if re.search(kind, event.kind)), OTHER)


def _events(trace: bytes) -> Iterable[Event]:
    """Yields the operations. An event of one is named `where/name:Kind`."""
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    for plane in XSpace.FromString(trace).planes:
        names = {number: metadata.name for number, metadata in plane.event_metadata.items()}
        for line in plane.lines:
            for event in line.events:
                where, colon, kind = names[event.metadata_id].rpartition(":")
                if not colon or where.endswith(":") or not kind.isidentifier():  # not an operation
                    continue
                if not kind.endswith(CONTAINERS):
                    yield Event(where, kind, event.duration_ps / 1e9)
