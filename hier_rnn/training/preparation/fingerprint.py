"""Fingerprints of data: the same examples at another path are the same data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.sources.example import Example, Source
from hier_rnn.storage.encoder_directory import EncoderDirectory

Fingerprints = dict[str, str]
"""A hash by what it is of: `train`, `validation`, `test`, `text`, `encoder`."""

BYTES = 16


def fingerprinted(source: Source, name: str, fingerprints: Fingerprints) -> Source:
    """Returns the source; whoever goes through all of it leaves its fingerprint.

    Args:
        source: Examples.
        name: What the fingerprint is of.
        fingerprints: Where it is put.
    """

    def read() -> Iterator[Example]:
        digest = hashlib.blake2b(digest_size=BYTES)
        for example in source:
            for field in (*_labels(example), example.text):
                content = field.encode("utf-8", "surrogatepass")
                digest.update(len(content).to_bytes(8, "little") + content)
            yield example
        fingerprints[name] = digest.hexdigest()

    return Source(source.name, read)


def _labels(example: Example) -> tuple[str, ...]:
    """An example's one label; or how many it may have several of, and these in one order."""
    if example.label is not None or not example.labels:
        return (example.label or "",)
    return (str(len(example.labels)), *sorted(example.labels))


def fingerprint_of(source: Source) -> str:
    """Returns the fingerprint of a source, all of which it reads."""
    fingerprints: Fingerprints = {}
    for _ in fingerprinted(source, "", fingerprints):
        pass
    return fingerprints[""]


def encoder_fingerprint(configuration: Configuration) -> Fingerprints:
    """Returns the fingerprint of the weights that `data.encoder` names; none if it names none."""
    if not configuration.encoder:
        return {}
    digest = hashlib.blake2b(digest_size=BYTES)
    encoder = EncoderDirectory.find(Path(configuration.encoder))
    for name, values in sorted(encoder.read_weights().items()):
        digest.update(f"{name} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).data)
    return {"encoder": digest.hexdigest()}
