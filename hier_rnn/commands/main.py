"""The entry point `hier-rnn`, and how every command ends: its mistakes told, its exit status."""

from __future__ import annotations

import os
import sys

import click

from hier_rnn import __version__
from hier_rnn.commands.compare import compare
from hier_rnn.commands.evaluate import evaluate
from hier_rnn.commands.explain import explain
from hier_rnn.commands.group import CommandGroup
from hier_rnn.commands.inspect import inspect
from hier_rnn.commands.neighbours import neighbours
from hier_rnn.commands.predict import predict
from hier_rnn.commands.serve import serve
from hier_rnn.commands.train import train
from hier_rnn.commands.vectors import vectors
from hier_rnn.configuration.command_line import unknown_option
from hier_rnn.errors import UserError

MISTAKE, INTERRUPTED = 2, 130
STANDARD_OUTPUT = 1


@click.group("hier-rnn", cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hier-rnn")
def cli() -> None:
    """Sentence classification with a recurrent network that reads words letter by letter."""


for command in (
    train,
    evaluate,
    predict,
    explain,
    serve,
    compare,
    inspect,
    neighbours,
    vectors,
):
    cli.add_command(command)


def main() -> None:
    """Runs `hier-rnn` with the arguments of the process and exits."""
    run(cli, "hier-rnn")


def run(command: click.Command, program: str) -> None:
    """Runs a command with the arguments of the process and exits.

    Exit status: 0; 2 for a mistake (the message alone on standard error); 130 when interrupted.

    Args:
        command: The command.
        program: What the help and the messages call it.
    """
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
    try:
        status = command.main(prog_name=program, standalone_mode=False, **settings)
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads on (`| head`): not worth a word
        os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)
        status = 0
    except UserError as error:
        status = _fail(str(error))
    except click.NoSuchOption as error:
        context = error.ctx
        status = _fail(unknown_option(error.option_name, context.command, context.command_path))
    except click.ClickException as error:
        status = _fail(error.format_message())
    except (click.Abort, KeyboardInterrupt) as interruption:
        # click hides the interruption that may say what was saved
        status = _fail(str(interruption.__cause__ or "") or "interrupted", INTERRUPTED)
    except OSError as error:  # no space left, no permission: the user's to mend, not ours
        status = _fail(": ".join(filter(None, [error.filename, error.strerror])) or str(error))
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str, status: int = MISTAKE) -> int:
    print(f"error: {message}" if status == MISTAKE else message, file=sys.stderr)
    return status
