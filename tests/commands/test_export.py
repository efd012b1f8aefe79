"""`hier-rnn export`: a folder of files, each told with its size; mistakes told in a sentence."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--weights", "int8"],
        pytest.param(["--format", "savedmodel"], marks=pytest.mark.slow),
    ],
)
def test_what_is_written_answers_as_the_run(call, small_run, tmp_path, arguments):
    folder = tmp_path / "out"
    result = call("export", small_run, folder, *arguments)
    assert result.status == 0
    for line in result.out.splitlines():
        name, size, unit = line.split()
        assert unit == "kB"
        assert float(size.replace(",", "")) == round((folder / name).stat().st_size / 1000, 1)
    texts = ["good nice shop", "why", "my café is bad", ""]
    asked = [argument for text in texts for argument in ("--text", text)]
    answers = [call("predict", run, *asked).out.splitlines() for run in (small_run, folder)]
    labels = [[line.split()[0] for line in lines] for lines in answers]
    assert len(set(labels[0])) > 1
    assert labels[1] == labels[0]


@pytest.mark.slow
def test_an_exported_folder_is_evaluated(call, small_run, data, tmp_path):
    assert call("export", small_run, tmp_path / "out", "--weights", "float16").status == 0
    report = tmp_path / "report"
    arguments = ["--data", data["validation"], "--report", report]
    assert call("evaluate", tmp_path / "out", *arguments).status == 0
    page = (report / "report.html").read_text("utf-8")
    assert "Accuracy by length" in page
    assert "Accuracy by unseen words" not in page


def test_mistakes(call, small_run, tmp_path):
    result = call("export", small_run, small_run)
    assert result.status == 2
    assert result.err == (
        f"error: {small_run}: not empty. Give a folder that is not there yet, or an empty one.\n"
    )
    result = call("export", tmp_path / "none", tmp_path / "out")
    assert result.status == 2
    assert "no such run directory" in result.err
    result = call("export", small_run, tmp_path / "out", "--format", "savedmodel", "--weights=int8")
    assert result.status == 2
    assert "float32 alone" in result.err
