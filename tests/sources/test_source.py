"""What a user may write for data, and what is said when there is no such thing."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tracemalloc

import pytest

from hier_rnn.errors import UserError
from hier_rnn.sources.source import open_source


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.tvs", r"unknown ending '\.tvs'. Did you mean '\.tsv'\? .*\.jsonl.*\.gz"),
        ("a.json.gz", r"unknown ending '\.json'. Did you mean '\.jsonl'"),
        ("a.gz", r"unknown ending '\.gz'"),
        ("a", "unknown ending ''"),
    ],
)
def test_unknown_ending(tmp_path, name, message):
    (tmp_path / name).write_text("pos\tgood\n")
    with pytest.raises(UserError, match=message):
        open_source(str(tmp_path / name))


def test_missing(tmp_path):
    (tmp_path / "train.tsv").write_text("pos\tgood\n")
    with pytest.raises(UserError, match=r"trian.tsv: no such file.*mean 'train.tsv'"):
        open_source(str(tmp_path / "trian.tsv"))
    with pytest.raises(UserError, match="no such file or folder"):
        open_source(str(tmp_path / "nowhere" / "train.tsv"))
    with pytest.raises(UserError, match="can't read it: File name too long"):
        open_source("a text where a file is expected " * 20)


def test_one_column_for_both(tmp_path):
    with pytest.raises(UserError, match="both 'x'"):
        open_source("a.tsv", label_column="x", text_column="x")


def test_a_changed_file_is_read_afresh(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("pos\tgood\n")
    source = open_source(str(path))
    path.write_text("neg\tbad\n")
    assert [example.label for example in source] == ["neg"]


def test_two_readings_at_once(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("pos\tgood\nneg\tbad\n")
    source = open_source(str(path))
    assert [(a.label, b.label) for a, b in zip(source, source, strict=True)] == [
        ("pos", "pos"),
        ("neg", "neg"),
    ]


def test_sources_cross_processes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("pos,good\n")
    source = pickle.loads(pickle.dumps(open_source(str(path))))
    assert [example.text for example in source] == ["good"]


@pytest.mark.parametrize("name", ["a.tsv", "a.csv", "a.jsonl", "a.txt"])
@pytest.mark.slow
def test_reading_takes_constant_memory(tmp_path, name):
    path = tmp_path / name
    line = {
        "a.tsv": "pos\t{}\n",
        "a.csv": "pos,{}\n",
        "a.jsonl": '{{"label": "pos", "text": "{}"}}\n',
        "a.txt": "__label__pos {}\n",
    }[name].format("good " * 20)
    with open(path, "w") as file:
        for _ in range(30):
            file.write(line * 1000)
    source = open_source(str(path))
    tracemalloc.start()
    assert sum(1 for _ in source) == 30_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_files_need_no_tensorflow(tmp_path):
    (tmp_path / "a.tsv").write_text("pos\tgood\n")
    code = (
        "import sys; from hier_rnn.sources.source import open_source;"
        "list(open_source(sys.argv[1])); assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.tsv")], check=True, timeout=60)
