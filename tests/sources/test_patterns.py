"""A pattern is the files that match it, in their order."""

from __future__ import annotations

import pytest

from hier_rnn.errors import UserError
from hier_rnn.sources.patterns import expanded
from hier_rnn.sources.source import open_source


@pytest.fixture
def parts(tmp_path):
    for name in ("part-2.tsv", "part-1.tsv", "part-[x].tsv", "other.tsv"):
        (tmp_path / name).write_text(f"good\t{name}\n")
    return tmp_path


def test_a_pattern_is_all_files_that_match_sorted(parts):
    found = open_source([str(parts / "other.tsv"), str(parts / "part-[0-9].tsv")])
    assert [example.text for example in found] == ["other.tsv", "part-1.tsv", "part-2.tsv"]


def test_a_name_that_is_there_is_no_pattern(parts):
    assert expanded([str(parts / "part-[x].tsv")]) == (str(parts / "part-[x].tsv"),)
    assert expanded(["tfds:trec:train[:90%]", "-"]) == ("tfds:trec:train[:90%]", "-")


def test_a_pattern_that_nothing_matches_is_an_error(parts):
    with pytest.raises(UserError, match=r"nothing-\*.tsv: no file matches the pattern"):
        open_source(str(parts / "nothing-*.tsv"))
