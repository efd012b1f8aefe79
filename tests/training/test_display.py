"""What is shown while a run trains."""

from __future__ import annotations

import io
from contextlib import redirect_stderr

from hier_rnn.training.display import Display

LINE = {
    "epoch": 20,
    "step": 12_000,
    "train_loss": 0.12345,
    "validation_loss": 1.23456,
    "validation_accuracy": 0.98765,
    "validation_macro_f1": 0.5,
    "words_per_second": 123_456.7,
    "seconds": 1234.5,
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_an_evaluation_fits_80_columns(capsys):
    with Display(100, 0, quiet=False) as display:
        display.step(32, 1, 0.5, 1000)
        display.evaluation(LINE, "accuracy", best=True)
        display.evaluation(LINE, "macro_f1", best=False)
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert " ".join(first.split()) == (
        "epoch 20 loss 0.1235 validation 1.2346 accuracy 98.77 123,457 words/s best"
    )
    assert "macro-F1 50.00" in second and "best" not in second
    assert max(len(first), len(second)) < 80
    assert out == ""


def test_a_bar_on_a_terminal():
    with redirect_stderr(Terminal()) as terminal, Display(100, 30, quiet=False) as display:
        display.evaluation(LINE, "loss", best=True)
        display.step(20, 3, 0.25, 4321)
        display.step(50, 3, 0.25, 4321)
    shown = terminal.getvalue()
    assert "epoch 3" in shown and "100/100" in shown
    assert "loss 0.250, loss 1.2346, 4,321 words/s" in shown
    assert "epoch 20  loss 0.1235" in shown


def test_quiet(capsys):
    with redirect_stderr(Terminal()) as terminal, Display(100, 0, quiet=True) as display:
        display.step(32, 1, 0.5, 1000)
        display.evaluation(LINE, "accuracy", best=True)
        display.say("something")
    assert terminal.getvalue() == "" and capsys.readouterr() == ("", "")
