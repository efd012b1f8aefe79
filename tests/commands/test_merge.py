"""Shards of answers and of evaluations, put together: what one process would have written."""

from __future__ import annotations

import json
import shutil

import pytest

TEXTS = [
    ("good", 'my "good" shop'),
    ("bad", "late, sad\nand bad"),
    ("question", "what is\rit"),
    ("good", ""),
    ("bad", "the café is bad"),
    ("question", "who"),
    ("good", "love it"),
]
SHARDS = 3


@pytest.fixture
def table(tmp_path):
    """A table with cells that hold quotes and ends of lines."""
    path = tmp_path / "texts.csv"
    rows = [
        '"{}","{}",{}'.format(label, text.replace('"', '""'), n)
        for n, (label, text) in enumerate(TEXTS)
    ]
    path.write_text("label,text,id\n" + "\n".join(rows) + "\n", "utf-8", newline="")
    return path


@pytest.fixture
def labelled(tmp_path):
    path = tmp_path / "labelled.tsv"
    path.write_text(
        "".join(f"{label}\t{' '.join(text.split())}\n" for label, text in TEXTS), "utf-8"
    )
    return path


@pytest.fixture
def in_shards(call, tmp_path):
    """`in_shards("predict", RUN, FILE, "--out", suffix)` writes all shards, the last one first."""

    def in_shards(*arguments, count=SHARDS):
        *arguments, flag, suffix = arguments
        files = []
        for number in range(count, 0, -1):
            files.append(tmp_path / f"part-{number}{suffix}")
            result = call(*arguments, flag, files[-1], "--shard", f"{number}/{count}", "-q")
            assert (result.status, result.out) == (0, ""), result.err
        return files

    return in_shards


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".csv", ()),
        (".tsv", ("--top", 2)),
        (".jsonl", ("--all",)),
        (".txt", ("--min-confidence", 0.6)),
        (".txt", ("--column", "id")),
        (".txt", ("--vectors",)),
    ],
)
def test_answers_are_those_of_one_process(
    call, in_shards, small_run, table, tmp_path, suffix, options
):
    arguments = ("predict", small_run, table, *options)
    whole = tmp_path / f"whole{suffix}"
    assert call(*arguments, "--out", whole, "-q").status == 0
    files = in_shards(*arguments, "--out", suffix)
    merged = tmp_path / f"merged{suffix}"
    assert call("merge", *files, "--out", merged).status == 0
    assert merged.read_bytes() == whole.read_bytes()


def test_answers_to_the_lines_of_a_text_go_to_standard_output(call, in_shards, small_run, tmp_path):
    (tmp_path / "texts").write_text("good\n\nwhat is it\nbad\nlate", "utf-8")
    arguments = ("predict", small_run, tmp_path / "texts")
    files = in_shards(*arguments, "--out", ".out", count=7)  # some of them without a row
    assert call("merge", *files).out == call(*arguments, "-q").out


@pytest.mark.parametrize("misspell", [(), ("--misspell", "mixed:0.5", "attack:1:swap")])
def test_figures_are_those_of_one_process(call, in_shards, small_run, labelled, tmp_path, misspell):
    arguments = ("evaluate", small_run, "--data", labelled, *misspell)
    whole, lines = tmp_path / "whole.json", tmp_path / "whole.jsonl"
    assert call(*arguments, "--json", whole, "--predictions", lines, "-q").status == 0
    files = in_shards(*arguments, "--predictions", ".jsonl")
    merged, merged_lines = tmp_path / "merged.json", tmp_path / "merged.jsonl"
    given = ("--json", merged, "--predictions", merged_lines)
    result = call("merge", *files, *given)
    assert result.status == 0 and "accuracy" in result.out
    assert merged_lines.read_bytes() == lines.read_bytes()
    assert figures(merged) == figures(whole)


def test_figures_of_several_labels_are_those_of_one_process(
    call, in_shards, several_run, label_sets, tmp_path
):
    arguments = ("evaluate", several_run, "--data", label_sets["test"])
    assert call(*arguments, "--json", tmp_path / "whole.json", "-q").status == 0
    files = in_shards(*arguments, "--predictions", ".jsonl")
    assert call("merge", *files, "--json", tmp_path / "merged.json", "-q").status == 0
    assert figures(tmp_path / "merged.json") == figures(tmp_path / "whole.json")


def test_labels_that_training_never_saw_are_counted_all_the_same(
    call, in_shards, small_run, labelled, tmp_path
):
    labelled.write_text(labelled.read_text("utf-8") + "never\tseen\ngood\tnice\n", "utf-8")
    arguments = ("evaluate", small_run, "--data", labelled, "--unseen", "count")
    assert call(*arguments, "--json", tmp_path / "whole.json", "-q").status == 0
    files = in_shards(*arguments, "--predictions", ".jsonl")
    assert call("merge", *files, "--json", tmp_path / "merged.json", "-q").status == 0
    assert figures(tmp_path / "merged.json") == figures(tmp_path / "whole.json")
    assert figures(tmp_path / "merged.json")["unseen"]["examples"] == 1


def figures(path):
    """All figures but those of time."""
    return without_times(json.loads(path.read_text("utf-8")))


def without_times(value):
    if not isinstance(value, dict):
        return value
    times = ("seconds", "words_per_second")
    return {key: without_times(inner) for key, inner in value.items() if key not in times}


@pytest.fixture
def parts(in_shards, small_run, labelled):
    return in_shards("predict", small_run, labelled, "--out", ".csv")


def test_a_shard_that_is_missing_is_named(call, parts):
    result = call("merge", *parts[:-1])
    assert result.status == 2
    assert "Of 3 shards 1 are missing: 1." in result.err


def test_a_shard_that_is_there_twice_is_named(call, parts, tmp_path):
    for ending in ("", ".shard.json"):
        shutil.copy(f"{parts[0]}{ending}", tmp_path / f"copy.csv{ending}")
    result = call("merge", *parts, tmp_path / "copy.csv")
    assert result.status == 2
    assert f"Shard 3/3 is there twice: {parts[0]} and {tmp_path / 'copy.csv'}" in result.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": 4}, "one is of 3 shards, the other of 4"),
        ({"run_fingerprint": "x"}, "of different runs"),
        ({"data_fingerprint": "x"}, "of different data"),
        ({"kind": "evaluation"}, "one holds answers, the other evaluation"),
        ({"form": {"top": 2}}, "different options"),
        ({"sha256": "x"}, "damaged, or changed since"),
        ({"bytes": 1}, "damaged, or changed since"),
        ({"format": 2}, "later version"),
        ({"format": None}, "it says no format"),
        ({"shard": 0}, "not what the record of a shard has"),
        ({"kind": "?"}, "not what the record of a shard has"),
        ({"seconds": ["x"]}, "not what the record of a shard has"),
    ],
)
def test_what_does_not_belong_together_is_an_error(call, parts, change, message):
    record = parts[1].with_name(f"{parts[1].name}.shard.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), **change}))
    result = call("merge", *parts)
    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_shards_of_other_data_are_an_error(call, in_shards, parts, small_run, labelled):
    labelled.write_text(labelled.read_text("utf-8").replace("love", "like"), "utf-8")
    call("predict", small_run, labelled, "--out", parts[0], "--shard", "3/3", "-q")
    assert "of different data" in call("merge", *parts).err


def test_a_shard_that_was_not_finished_is_an_error(call, parts, tmp_path):
    parts[0].with_name(f"{parts[0].name}.shard.json").unlink()
    assert "not finished" in call("merge", *parts).err
    assert "no such file" in call("merge", tmp_path / "nothing").err


def test_an_answer_that_is_none_is_an_error(call, in_shards, small_run, labelled):
    import hashlib

    files = in_shards("evaluate", small_run, "--data", labelled, "--predictions", ".jsonl")
    content = files[0].read_bytes().replace(b'"logits": [', b'"logits": [1.0, ')
    files[0].write_bytes(content)
    record = files[0].with_name(f"{files[0].name}.shard.json")
    sha256 = hashlib.sha256(content).hexdigest()
    changed = {**json.loads(record.read_text()), "bytes": len(content), "sha256": sha256}
    record.write_text(json.dumps(changed))
    result = call("merge", *files)
    assert (result.status, f"{files[0]}:1: damaged" in result.err) == (2, True)


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", "1/1000000"])
def test_what_is_no_shard_is_an_error(call, small_run, labelled, tmp_path, shard):
    result = call("predict", small_run, labelled, "--out", tmp_path / "x", "--shard", shard)
    assert (result.status, "I/N is expected" in result.err) == (2, True)


def test_what_goes_not_with_shards_is_an_error(call, small_run, labelled, tmp_path, parts):
    predict = ("predict", small_run, "--shard", "1/2")
    assert "--out FILE" in call(*predict, labelled).err
    assert "--out FILE" in call(*predict, "--text", "x", "--out", tmp_path / "x").err
    evaluate = ("evaluate", small_run, "--data", labelled, "--shard", "1/2")
    assert "--predictions FILE" in call(*evaluate).err
    lines = ("--predictions", tmp_path / "x.jsonl")
    assert "hier-rnn merge" in call(*evaluate, *lines, "--json", tmp_path / "x").err
    assert "one RUN" in call(*evaluate[:2], small_run, *evaluate[2:], *lines).err
    assert "for an evaluation" in call("merge", *parts, "--json", tmp_path / "x").err
