"""Progress: a bar that fits the terminal, plain lines elsewhere, and nothing that ends the work."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import sys
import termios

import pytest

from hier_rnn.commands.drawing import progress
from hier_rnn.commands.drawing.progress import Progress
from hier_rnn.commands.drawing.training_screen import TrainingScreen
from hier_rnn.training.events import Evaluated, ModelBuilt, Stage, Started, Step


@pytest.fixture
def terminal(monkeypatch):
    """`terminal(80)` makes standard error a terminal; calling the result gives what it got."""
    opened = []
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_DRAWINGS", 0)

    def terminal(columns: int):
        reader, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        stream = os.fdopen(side, "w", encoding="utf-8")
        opened.extend([stream])
        monkeypatch.setattr(sys, "stderr", stream)

        def shown() -> list[str]:
            stream.flush()
            raw = b""
            while select.select([reader], [], [], 0.1)[0]:
                raw += os.read(reader, 1 << 16)
            text = raw.decode("utf-8")
            return [line for line in re.split(r"[\r\n]|\x1b\[[0-9]*[Am]", text) if line.strip()]

        return shown

    yield terminal
    for stream in opened:
        stream.close()


FIGURES = ["accuracy 0.7312", "loss 0.612", "12,345 words/s"]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_bar_is_ten_characters_and_cuts_no_figure(terminal, columns):
    shown = terminal(columns)
    with Progress(quiet=False) as bar:
        bar.stage("learning to spell the words of the text", 1000, "words")
        for done in (100, 500, 900):
            bar.to(done, FIGURES)
    lines = [line for line in shown() if "%" in line]
    assert len(lines) >= 2
    for line in lines:
        assert len(line) < columns
        _, drawn, rest = line.split("|")
        assert len(drawn) >= progress.BAR
        assert rest.endswith(" left")
        figures = [figure for figure in rest.split(", ")[:-1] if figure]
        assert [figure.strip() for figure in figures] == FIGURES[: len(figures)]
    if columns >= 120:
        assert "12,345 words/s" in lines[-1]


def test_one_bar_for_several_stages(terminal):
    shown = terminal(80)
    with Progress(quiet=False) as bar:
        bar.stage("counting words", None, "texts")
        bar.to(10)
        bar.stage("learning {to} spell", 10, "epochs")
        bar.to(5)
        bar.line("a line that stays")
    lines = shown()
    assert any(line.startswith("counting words: 10 texts,") for line in lines)
    assert any(line.startswith("learning {to} spell  50%|") for line in lines)
    assert "a line that stays" in lines
    assert not lines[-1].strip().startswith("counting")


def test_plain_lines_every_few_seconds_elsewhere(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    clock = iter(range(10_000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with Progress(quiet=False) as bar:
        bar.stage("learning\x1b to spell", 40, "epochs")
        for done in range(1, 41):
            bar.to(done, ["loss 0.5"])
    lines = out.getvalue().splitlines()
    assert 3 <= len(lines) <= 10
    assert re.fullmatch(
        r"learning\\x1b to spell: \d+ of 40 epochs, loss 0.5, \d\d:\d\d left", lines[0]
    )


def test_long_work_writes_no_thousand_lines(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    clock = iter(range(100_000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with Progress(quiet=False) as bar:
        bar.stage("epoch 1", 36_000, "sentences")
        for done in range(36_000):
            bar.to(done)
    assert 50 < len(out.getvalue().splitlines()) < 200


def test_quiet_shows_nothing(terminal, capsys):
    with Progress(quiet=True) as bar:
        bar.stage("x", 10, "texts")
        bar.to(5)
        bar.line("y")
    assert capsys.readouterr().err == ""


def test_a_lost_reader_does_not_end_the_work(monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", buffering=1)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
    with Progress(quiet=False) as bar:
        bar.stage("x", 10, "texts")
        bar.to(5)
        bar.line("y")
    with pytest.raises(BrokenPipeError):  # it was lost indeed
        stream.write("z\n")


def events(screen: TrainingScreen) -> None:
    screen(Stage("counting words", 0, None, "texts"))
    screen(Stage("counting words", 500, None, "texts"))
    screen(Stage("warm start: learning to spell", 10, 40, "epochs"))
    screen(ModelBuilt({"character_encoder/embedding": (43, 4), "head/kernel": (12, 3)}))
    screen(Started("sentences", 0, 200, 0, 0, []))
    screen(Step(1, 1, 20, 0.7, 5000.0))
    row = {"epoch": 1, "train_loss": 0.6, "validation_loss": 0.5, "validation_accuracy": 0.75}
    screen(Evaluated({**row, "words_per_second": 5000.0}, "validation_accuracy", True))
    screen(Step(2, 2, 40, 0.6, 5000.0))


def test_training_is_one_bar_and_lines_that_stay(terminal):
    shown = terminal(80)
    with TrainingScreen(quiet=False) as screen:
        events(screen)
    lines = shown()
    assert any(line.startswith("counting words: 500 texts") for line in lines)
    assert any(line.startswith("warm start: learning to spell  25%|") for line in lines)
    assert "epoch  1  loss 0.6000  validation 0.5000  accuracy 75.00  5,000 words/s  best" in lines
    assert any("character_encoder" in line and "172" in line for line in lines)
    last = [line for line in lines if line.startswith("epoch 2")][-1]
    assert "accuracy 0.7500, loss 0.600, " in last and last.count("words/s") <= 1


def test_training_quietly_shows_nothing(capsys):
    with TrainingScreen(quiet=True) as screen:
        events(screen)
    assert capsys.readouterr() == ("", "")
