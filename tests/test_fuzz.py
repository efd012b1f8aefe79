"""Everything that reads a file, and whole commands, given what hypothesis makes of real files.

Each target has a hundred inputs, the same each time: whoever runs the tests after a change learns
of that change. `HIER_RNN_FUZZ_SECONDS=20` gives each target that long, and other inputs each time;
`python -m benchmarks.fuzz RUN --minutes 30` looks longer.
"""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import given

from benchmarks.fuzz import changed, fuzz, fuzzer
from hier_rnn.errors import UserError
from hier_rnn.storage.weights.vectors_file import read_vectors

SECONDS = float(os.environ.get("HIER_RNN_FUZZ_SECONDS", "0"))


@pytest.fixture(scope="module")
def targets(small_run):
    with fuzzer(small_run) as every:
        yield every.targets


@pytest.mark.parametrize(
    "name",
    [
        *("alphabet.json", "labels.json", "calibration.json", "words.txt", "metrics.jsonl"),
        *("config.toml", "manifest.json", "facts.json", "model.safetensors", "an archive"),
        *("a checkpoint", "old weights", "options", "old options", "a configuration", "TOML"),
        *("vectors", "misspellings", ".tsv, labelled", ".tsv, texts", ".csv, labelled"),
        ".csv, texts",
        *(".jsonl, labelled", ".jsonl, texts", ".txt, labelled", ".txt, texts"),
        *(".tsv.gz, labelled", ".tsv.gz, texts", ".parquet, labelled", ".parquet, texts"),
        *(".arrow, labelled", ".arrow, texts", "a command"),
    ],
)
@pytest.mark.slow
def test_an_answer_or_a_clear_error(targets, name):
    start = time.time_ns() % 2**32 if SECONDS else 0
    fuzz(targets[name], time.monotonic() + SECONDS, start=start)


def test_every_target_is_tried(targets):
    assert len(targets) == 33


def test_numbers_without_end_in_a_file_of_vectors(tmp_path):
    path = tmp_path / "given"
    path.write_bytes(b"9" * 5001 + b" 1\n")  # no header: a word and its number
    assert read_vectors(path)[0] == ["9" * 5001]
    path.write_bytes(b"1 " + b"9" * 5001)
    with pytest.raises(UserError, match="given:1: expected a word and 1 finite numbers"):
        read_vectors(path)


def test_the_fuzzer_finds_what_is_there():
    @given(changed([b'{"a": 1}']))
    def never_a_brace_twice(data):
        assert data.count(b"{") < 2

    with pytest.raises(AssertionError):
        fuzz(never_a_brace_twice, time.monotonic(), start=1)
