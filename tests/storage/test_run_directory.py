"""The files of a run: complete, unfinished, and what a stranger may have written into them."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections import Counter

import numpy as np
import pytest

import hier_rnn
from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.errors import UserError
from hier_rnn.storage.directory import vocabulary_bytes
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.text.alphabet import Alphabet


def test_a_whole_one(run):
    run.require()
    assert run.finished
    assert run.read_labels() == ["bad", "good", "question"]
    assert run.read_words()("a  café") == ["a", "café"]
    assert run.read_configuration().sentence_encoder.units == 6
    assert run.read_alphabet().size == 3 + len(run.read_alphabet().characters)
    assert run.read_vocabulary()["shop"] > 0


def test_no_such_directory(tmp_path):
    with pytest.raises(UserError, match="none: no such run directory"):
        RunDirectory(tmp_path / "none").require()


def test_an_unfinished_one(tiny, tmp_path):
    run = RunDirectory(tmp_path / "run")
    run.write_record(tiny())
    run.write_labels(["a", "b"])
    for path in (run.path, RunDirectory(run.path).path):
        with pytest.raises(UserError, match="the run is not finished.*same training"):
            RunDirectory(path).require()
    assert RunDirectory(run.path).read_labels() == ["a", "b"]
    run.labels.write_text('["b", "a"]')
    with pytest.raises(UserError, match=r"labels.json: damaged"):
        RunDirectory(run.path).read_labels()


@pytest.mark.parametrize("name", ["config.toml", "alphabet.json", "labels.json"])
def test_an_incomplete_one(run, name):
    (run.path / name).unlink()
    with pytest.raises(UserError, match=f"{name}: missing"):
        hier_rnn.load(run.path)


def test_some_other_directory(tmp_path):
    message = "not the directory of a run: no config.toml, no alphabet.json, no model.safetensors"
    with pytest.raises(UserError, match=message):
        RunDirectory(tmp_path).require()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"a": 1}',
        b"[]",
        b'["a", 2]',
        b'["a", ""]',
        b'["a", "a"]',
        b'["a", "\\ud800"]',
        json.dumps(["a", "b" * 10_001]).encode(),
        b"[" * 100_000,
        b"[" + b"9" * 10_000 + b"]",
    ],
)
def test_labels_that_are_none(rewritten, content):
    with pytest.raises(UserError, match=r"labels.json: "):
        rewritten("labels.json", content).read_labels()


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        *(
            f'{{"temperature": {value}}}'
            for value in ("0", "-1", "true", '"1"', "Infinity", "NaN", "1e-320", "1e308", "1e-4")
        ),
        '{"temperature": 1' + "0" * 400 + "}",
        '{"temperature": 1, "temperature": 2}',
    ],
)
def test_temperatures_that_are_none(rewritten, content):
    with pytest.raises(UserError, match=r"calibration.json: damaged"):
        rewritten("calibration.json", content.encode()).read_temperature()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"{}",
        *(
            b'{"unknown": 0, "begin": 1, "end": 2, "characters": %s}' % characters
            for characters in (b'"abc"', b"[1]", b'["ab"]', b'["a", "a"]', b'["\\ud800"]', b"[[]]")
        ),
        b'{"unknown": 5, "begin": 1, "end": 2, "characters": ["a"]}',
        b'{"unknown": false, "begin": 1, "end": 2, "characters": ["a"]}',
        b'{"unknown": 0, "begin": 1, "end": 2, "characters": ["a"], "more": 1}',
        b"[" * 100_000,
    ],
)
def test_alphabets_that_are_none(rewritten, content):
    with pytest.raises(UserError, match=r"alphabet.json: damaged"):
        rewritten("alphabet.json", content).read_alphabet()


@pytest.mark.parametrize("characters", ["", "é한\x00\u2028\U0010ffff"])
def test_an_alphabet_is_read_as_it_was_written(run, characters):
    run.write_alphabet(Alphabet(tuple(characters)))
    assert RunDirectory(run.path).read_alphabet() == Alphabet(tuple(characters))
    if characters:
        assert "한" in run.alphabet.read_text("utf-8")


@pytest.mark.parametrize(
    "content",
    [b"word\n", b"word\tmany\n", b"\t3\n", b"word\t\xc2\xb2\n", b"word\t" + b"9" * 5000 + b"\n"],
)
def test_vocabularies_that_are_none(rewritten, content):
    with pytest.raises(UserError, match=r"words.txt:2: damaged"):
        rewritten("words.txt", b"fine\t3\n" + content).read_vocabulary()
    with pytest.raises(UserError, match=r"words.txt: damaged: (not UTF-8|cut short)"):
        rewritten("words.txt", b"fine\t3").read_vocabulary()
    with pytest.raises(UserError, match=r"words.txt: damaged: not UTF-8"):
        rewritten("words.txt", b"\xff\t3\n").read_vocabulary()


def test_a_vocabulary():
    counts = Counter({"b": 2, "a": 2, "né\x1f": 1, "c": 7, "x" * 1001: 9})
    assert vocabulary_bytes(counts).decode() == "c\t7\na\t2\nb\t2\nné\x1f\t1\n"
    assert vocabulary_bytes(Counter("aab"), limit=1) == b"a\t2\n"


@pytest.mark.parametrize(
    "content",
    [b"[]", b"{}", b'{"accuracy": "0.9"}', b'{"accuracy": NaN}', b"{", b"[" * 100_000],
)
def test_evaluations_that_are_none(rewritten, content):
    with pytest.raises(UserError, match=r"evaluation.json: "):
        rewritten("evaluation.json", content).read_evaluation()


NOT_FILES = {
    "a named pipe": os.mkfifo,
    "a symbolic link": lambda path: path.symlink_to("/dev/zero"),
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("kind", NOT_FILES)
@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize(
    "name", ["config.toml", "calibration.json", "words.txt", "model.safetensors", "manifest.json"]
)
def test_what_is_no_regular_file_is_not_read(run, name, kind, verify):
    (run.path / name).unlink()
    NOT_FILES[kind](run.path / name)
    with pytest.raises(UserError, match=f"{name}: {kind}, and not a regular file"):
        directory = RunDirectory(run.path, verify)
        directory.require()
        directory.read_configuration()
        directory.read_temperature()
        directory.read_vocabulary()
        directory.read_weights()


@pytest.mark.parametrize("name", ["config.toml", "labels.json", "words.txt", "model.safetensors"])
def test_what_is_too_large_is_not_read(run, name):
    os.truncate(run.path / name, 1 << 40)
    directory = RunDirectory(run.path, verify=False)
    with pytest.raises(UserError, match=f"{name}: too large|{name}.* takes .* of memory"):
        directory.read_configuration()
        directory.read_labels()
        directory.read_vocabulary()
        directory.read_weights({"head/bias": (3,)})
    with pytest.raises(UserError, match=f"{name}: (damaged|too large)|takes .* of memory"):
        hier_rnn.load(run.path)
        RunDirectory(run.path).read_vocabulary()


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (0, r"config.toml: damaged, or cut short: \[text\] lacks words, normalization"),
        (900, r"config.toml: damaged, or cut short: \[\w+\] lacks "),
    ],
)
def test_options_that_are_missing_do_not_become_defaults(run, kept, message):
    """Even where checksums fit, as a stranger would write them."""
    text = run.configuration.read_text("utf-8")
    cut = "".join(line for line in text[:kept].splitlines(True) if line.endswith("\n"))
    run.write({run.configuration: cut.encode()})
    with pytest.raises(UserError, match=message):
        hier_rnn.load(run.path)
    run.write({run.configuration: b"text = 3\n"})
    with pytest.raises(UserError, match=r"config.toml"):
        hier_rnn.load(run.path)


@pytest.mark.parametrize("values", [np.nan, np.inf])
def test_weights_that_are_no_numbers(run, values):
    weights = run.read_weights()
    weights["head/bias"][1] = values
    run.finish(weights, OneLabel(), Counter(), [])
    with pytest.raises(UserError, match=r"model.safetensors: weight 'head/bias': 1 of 3 values"):
        hier_rnn.load(run.path)


def test_no_space_left_for_metrics_keeps_the_earlier_lines(run):
    run.write_metrics([{"epoch": 1}])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(UserError, match=r"metrics.jsonl: can't write it"):
            run.write_metrics([{"epoch": 1}] * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert run.metrics.read_text() == '{"epoch": 1}\n'


def test_what_could_not_be_read_again_is_not_written(run):
    with pytest.raises(UserError, match=r"labels.json: 'x+ is no label"):
        run.write_labels(["a", "x" * 10_001])
    with pytest.raises(UserError, match=r"data.json: too large"):
        run.write({run.data: bytes(2 << 20)})
    hier_rnn.load(run.path)
