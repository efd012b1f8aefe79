"""Parquet and Arrow files: types, names, damage."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source

TABLE = pa.table({"id": [1, 2, 3], "tweet": ["good", "", "bad"], "target": ["pos", "neg", "neg"]})
PAIRS = [("pos", "good"), ("neg", ""), ("neg", "bad")]


def write(table, path):
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path)
    elif path.suffix == ".feather":
        pa.feather.write_feather(table, path)
    else:  # a stream, as Hugging Face's `datasets` writes it
        with pa.ipc.new_stream(path, table.schema) as stream:
            stream.write_table(table)
    return str(path)


def pairs(spec, **options):
    return [(example.label, example.text) for example in open_source(spec, **options)]


@pytest.mark.parametrize("ending", ["parquet", "arrow", "feather"])
def test_columns(tmp_path, ending):
    spec = write(TABLE, tmp_path / f"a.{ending}")
    assert pairs(spec) == PAIRS
    assert pairs(spec, label_column="id", text_column="tweet")[2] == ("3", "bad")
    (first, *_) = open_source(spec, labelled=False)
    assert first[:3] == (None, "good", f"{spec} row 1")
    assert first.row == {"id": "1", "tweet": "good", "target": "pos"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([0, 1], pa.int8()), ["0", "1"]),
        (pa.array(["a", " b "]).dictionary_encode(), ["a", "b"]),
        (pa.array(["a", "b"], pa.large_string()), ["a", "b"]),
    ],
)
def test_labels_of_every_kind(tmp_path, values, expected):
    spec = write(pa.table({"label": values, "text": ["x", "y"]}), tmp_path / "a.parquet")
    assert [example.label for example in open_source(spec)] == expected


def test_class_names_of_hugging_face(tmp_path):
    features = {"label": {"_type": "ClassLabel", "names": ["neg", "pos"]}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table({"label": [1, 0], "text": ["x", "y"]}).replace_schema_metadata(metadata)
    assert pairs(write(table, tmp_path / "a.parquet")) == [("pos", "x"), ("neg", "y")]
    table = table.set_column(0, "label", pa.array([1, -1]))
    with pytest.raises(UserError, match="row 2: no label: class -1 of 2"):
        pairs(write(table.replace_schema_metadata(metadata), tmp_path / "a.parquet"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": ["a"], "text": [1.5]}, "'text' holds no text. Columns that can be one: 'label'"),
        ({"label": [{"a": 1}], "text": ["x"]}, "'label' holds no label.*: 'text'"),
        ({"label": [["a", "b"]], "text": ["x"]}, "more than one label.*data.multi_label true"),
        ({"label": ["a", None], "text": ["x", "y"]}, "row 2: no label"),
        ({"label": ["a", "b"], "text": ["x", None]}, "row 2: no text: 'text' is null"),
        ({"label": [""], "text": ["x"]}, "row 1: no label"),
        ({"text": ["x"]}, "one column"),
    ],
)
def test_mistakes(tmp_path, columns, message):
    with pytest.raises(UserError, match=message):
        pairs(write(pa.table(columns), tmp_path / "a.parquet"))


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_several_labels(tmp_path, ending):
    names = {"_type": "ClassLabel", "names": ["neg", "pos"]}
    for feature in ({"_type": "Sequence", "feature": names}, [names]):
        metadata = {"huggingface": json.dumps({"info": {"features": {"label": feature}}})}
        table = pa.table({"label": [[1, 0], [], None], "text": ["x", "y", "z"]})
        spec = write(table.replace_schema_metadata(metadata), tmp_path / f"a.{ending}")
        found = [example.labels for example in open_source(spec, multi_label=True)]
        assert found == [("pos", "neg"), (), ()]
    table = pa.table({"label": [["a", " b", "a"], ["c|d"]], "text": ["x", "y"]})
    spec = write(table, tmp_path / f"a.{ending}")
    found = open_source(spec, multi_label=True, label_separator="|")
    assert [example.labels for example in found] == [("a", "b"), ("c", "d")]


def test_a_missing_text_is_a_blank_row_for_prediction(tmp_path):
    table = pa.table({"label": ["a", "b"], "text": ["x", None]})
    spec = write(table, tmp_path / "a.parquet")
    assert pairs(spec, labelled=False) == [(None, "x"), (None, "")]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["parquet", "arrow", "feather"]), st.data())
@pytest.mark.slow
def test_damage_gives_the_examples_or_a_mistake(tmp_path_factory, ending, data):
    path = tmp_path_factory.mktemp("arrow") / f"a.{ending}"
    content = bytearray(Path(write(TABLE, path)).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert all(isinstance(example.text, str) for example in open_source(str(path)))
    except UserError as error:
        assert str(path) in str(error)
