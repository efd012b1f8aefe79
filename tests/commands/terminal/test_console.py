"""What is written reaches its reader whole, whatever the streams can encode."""

import io
import json
import logging
import sys

import pytest

from hier_rnn.commands.terminal import console


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain café 我们", "plain café 我们"),
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b31m\x85", r"\x9b31m\x85"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
    ],
)
def test_what_would_steer_a_terminal_is_escaped(text, shown):
    assert console.escaped(text) == shown


def written(monkeypatch, encoding: str, write) -> bytes:
    raw = io.BytesIO()
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
    console.open_streams()
    write()
    sys.stdout.flush()
    return raw.getvalue()


def test_what_cannot_be_encoded_is_written_as_an_escape(monkeypatch):
    out = written(monkeypatch, "cp1252", lambda: console.write_line("é 🥹 … █"))
    assert out == "é \\U0001f979 … #\n".encode("cp1252")
    out = written(monkeypatch, "ascii", lambda: console.write_line("é – … ██"))
    assert out == b"\\xe9 - ... ##\n"


def test_a_lone_surrogate_can_be_written_to_utf_8(monkeypatch):
    assert written(monkeypatch, "utf-8", lambda: console.write_line("\udcff")) == b"\\udcff\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_json_loses_nothing(monkeypatch, encoding):
    value = {"é": ["🥹", "\udcff", "\x1b", "\u2028"]}
    out = written(monkeypatch, encoding, lambda: console.write_line(console.as_json(value)))
    assert json.loads(out.decode(encoding)) == value
    assert out.count(b"\n") == 1 and b"\x1b" not in out


def test_a_pipe_is_utf_8_unless_the_user_says_otherwise(shell):
    # A C locale without UTF-8 mode: what Python then takes is ASCII.
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    show = f'"{sys.executable}" -c "from hier_rnn.commands.terminal import console as c;'
    show += ' c.open_streams(); c.write_line(chr(233))"'
    assert shell(show, **old).stdout == "é\n"
    old["PYTHONIOENCODING"] = "ascii"
    assert shell(show, **old).stdout == "\\xe9\n"


def test_the_log_is_plain_lines_and_quiet_leaves_the_warnings(capsys):
    logger = logging.getLogger("hier_rnn.somewhere")
    console.show_log(quiet=False)
    logger.info("told\x1b[2J")
    console.show_log(quiet=True)
    logger.info("not told")
    logger.warning("warned")
    assert capsys.readouterr().err == "told\\x1b[2J\nwarned\n"


def test_an_interruption_says_what_is_kept():
    with (
        pytest.raises(KeyboardInterrupt, match="interrupted: nothing"),
        console.interruptible("nothing"),
    ):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt, match="^saved$"), console.interruptible("nothing"):
        raise KeyboardInterrupt("saved")


@pytest.mark.parametrize("line", ["hier-rnn inspect >&-", "hier-rnn --help >&- 2>&-"])
@pytest.mark.slow
def test_a_closed_stream_is_no_error(shell, line):
    result = shell(line)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_closed_standard_output_is_not_mistaken_for_a_file(shell, tmp_path):
    """The next file opened would otherwise be what `print` writes to."""
    result = shell(f"hier-rnn inspect --json {tmp_path / 'x.json'} >&-")
    assert (result.returncode, result.stderr) == (0, "")
    assert isinstance(json.loads((tmp_path / "x.json").read_text()), list)


@pytest.mark.parametrize("command", ["inspect", "inspect --json", "train classify --help"])
@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_mistake(shell, command):
    result = shell(f"hier-rnn {command} | true")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_a_full_device_is_a_mistake_told_once(shell):
    result = shell("hier-rnn inspect > /dev/full")
    assert result.returncode == 2
    assert result.stderr == "error: No space left on device\n"
