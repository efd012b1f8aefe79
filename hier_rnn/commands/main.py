"""The entry point `hier-rnn`, and how every command ends: its mistakes told, its exit status."""

from __future__ import annotations

import errno
import os
import sys
from glob import glob
from typing import Any

import click
from click.shell_completion import shell_complete

from hier_rnn.commands.terminal.console import discard_output, flush, open_streams, tell
from hier_rnn.commands.terminal.flags import with_flags
from hier_rnn.commands.terminal.group import CommandGroup
from hier_rnn.errors import UserError
from hier_rnn.version import __version__

MISTAKE, INTERRUPTED = 2, 130
SETTINGS: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 110,
}

COMMANDS = (
    "train",
    "check",
    "evaluate",
    "predict",
    "merge",
    "explain",
    "serve",
    "export",
    "compare",
    "inspect",
    "neighbours",
    "vectors",
    "count",
)
ABOUT = """Sentence classification with a recurrent network that reads words letter by letter.

\b
Start here:
  hier-rnn train                                    on the bundled messages
  hier-rnn train --train data.csv --out runs/mine   on your own data
  hier-rnn evaluate runs/mine --data test.csv --report report
  hier-rnn predict runs/mine --text "where is my parcel"
  hier-rnn explain runs/mine "where is my parcel"
  hier-rnn serve runs/mine                          over HTTP, with a page to type into
  hier-rnn export runs/mine mine-onnx               for programs that know nothing of hier_rnn
"""
COMPLETION = """\b
Completion in the shell (once, then open a new one):
  bash:  echo 'eval "$(_HIER_RNN_COMPLETE=bash_source hier-rnn)"' >> ~/.bashrc
  zsh:   echo 'eval "$(_HIER_RNN_COMPLETE=zsh_source hier-rnn)"' >> ~/.zshrc
  fish:  _HIER_RNN_COMPLETE=fish_source hier-rnn > ~/.config/fish/completions/hier-rnn.fish
"""


@click.group(
    "hier-rnn",
    cls=CommandGroup,
    modules=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=ABOUT,
    epilog=COMPLETION,
)
@click.version_option(__version__, prog_name="hier-rnn")
def cli() -> None:
    """Sentence classification with a recurrent network that reads words letter by letter."""


def main() -> None:
    """Runs `hier-rnn` with the arguments of the process and exits."""
    run(cli, "hier-rnn")


def run(command: click.Command, program: str) -> None:
    """Runs a command with the arguments of the process and exits.

    Exit status: 0, also when nobody reads what is printed to its end (`| head`); 2 for a mistake
    (the message alone on standard error); 130 when interrupted.

    Args:
        command: The command.
        program: What the help and the messages call it.
    """
    # OpenBLAS's idle threads would spin for a while: half of a short command's processor time.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    open_streams()
    status: object = 0
    try:
        status = _call(command, program)
        flush()
    except click.exceptions.Exit as end:
        status = end.exit_code
    except UserError as error:
        status = _fail(with_flags(str(error)))
    except click.NoSuchOption as error:
        from hier_rnn.configuration.command_line import unknown_option

        context = error.ctx
        assert context is not None  # click names the command whose option it is
        status = _fail(unknown_option(error.option_name, context.command, context.command_path))
    except click.ClickException as error:
        status = _fail(error.format_message())
    except (click.Abort, KeyboardInterrupt) as interruption:
        tell("")  # below the ^C of the terminal
        status = _fail(str(interruption) or "interrupted", INTERRUPTED)
    except ModuleNotFoundError as error:
        if not error.name or error.name.partition(".")[0] == "hier_rnn":
            raise
        status = _fail(
            f"the Python package {error.name.partition('.')[0]} is not installed. A light install"
            " can predict, serve, and give vectors and neighbours; for everything else: pip"
            " install hier_rnn, with all that it needs."
        )
    except OSError as error:
        if _nobody_reads(error):
            discard_output()
            status = 0
        else:  # no space left, no permission: the user's to mend, not ours
            status = _fail(": ".join(filter(None, [error.filename, error.strerror])) or str(error))
    try:
        flush()
    except OSError:  # told above; Python would tell it again at its end
        discard_output()
    sys.exit(status if isinstance(status, int) else 0)


def _call(command: click.Command, program: str) -> object:
    """What `click.Command.main` does, but for a reader that goes away, which it ends with 1."""
    variable = f"_{program.partition('.')[0].replace('-', '_').upper()}_COMPLETE"
    if instruction := os.environ.get(variable):
        return shell_complete(command, SETTINGS, program, variable, instruction)
    with command.make_context(program, _arguments(), **SETTINGS) as context:
        return command.invoke(context)


def _arguments() -> list[str]:
    """The process's arguments; on Windows no shell has expanded `runs/*`."""
    arguments = sys.argv[1:]
    if sys.platform != "win32":
        return arguments
    return [path for argument in arguments for path in sorted(glob(argument)) or [argument]]


def _nobody_reads(error: OSError) -> bool:
    """Whether what was printed found its reader gone; Windows says `EINVAL` for it."""
    if isinstance(error, BrokenPipeError):
        return True
    return sys.platform == "win32" and error.errno == errno.EINVAL and error.filename is None


def _fail(message: str, status: int = MISTAKE) -> int:
    tell(f"error: {message}" if status == MISTAKE else message)
    return status
