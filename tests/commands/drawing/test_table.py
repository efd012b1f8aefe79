"""Tables at any width hold every value; in a pipe each one whole."""

import io

import pytest
from rich.text import Text

from hier_rnn.commands.drawing.table import Column, Table, new_console, numbers

LONG = "a/very/long/path/" * 6


def drawn(monkeypatch, table: Table, columns: int) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = io.StringIO()
    table.draw(new_console(out))
    return out.getvalue()


@pytest.fixture
def table():
    table = Table("Runs", [Column("run"), *numbers("accuracy", "loss"), Column("on")])
    table.add("first", "98.7", "0.1234", "some words that may be wrapped between them")
    table.add("second", "5.4", "1,234.5678", LONG)
    return table


@pytest.mark.parametrize("columns", [30, 60, 80, 200])
def test_no_value_is_cut(monkeypatch, table, columns):
    text = drawn(monkeypatch, table, columns)
    for value in ("first", "98.7", "0.1234", "1,234.5678", LONG, "accuracy", "on"):
        assert value in text
    assert "some words that may be wrapped between them" in " ".join(text.split())


def test_columns_stand_beside_each_other_where_they_have_room(monkeypatch, table):
    lines = drawn(monkeypatch, table, 200).splitlines()
    assert lines[2].split() == ["run", "accuracy", "loss", "on"]
    assert lines[4].split() == ["second", "5.4", "1,234.5678", LONG]


def test_rows_without_room_become_blocks(monkeypatch, table):
    lines = [line.rstrip() for line in drawn(monkeypatch, table, 60).splitlines()]
    assert lines[2:6] == ["first", "  accuracy  98.7", "  loss      0.1234", lines[5]]
    table.ordered = False  # then only those without room do
    text = drawn(monkeypatch, table, 60)
    assert "run    accuracy    loss" in text and "\nsecond" in text


def test_what_stands_in_for_a_table_without_room(monkeypatch, table):
    table.narrow = (Table("instead", [Column("x")], [("y",)]),)
    assert "instead" in drawn(monkeypatch, table, 60)
    assert "instead" not in drawn(monkeypatch, table, 200)


def test_a_tight_table_is_not_folded(monkeypatch):
    table = Table("", [Column("name", whole=True), *numbers("x", "y")])
    table.add("  indented_name", "1" * 10, "2" * 10)
    for columns in range(39, 60):
        assert f"  indented_name  {'1' * 10}  {'2' * 10}" in drawn(monkeypatch, table, columns)


def test_cells_are_escaped_and_markup_is_text(monkeypatch):
    table = Table("[b]", [Column("x")], [("[red]\x1b[0m\n",), (Text("a\nb"),)])
    assert drawn(monkeypatch, table, 80).split() == ["[b]", "x", "[red]\\x1b[0m\\n", "a", "b"]
