"""`serve`: a run that answers over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from hier_rnn.commands.terminal.console import show_log
from hier_rnn.commands.terminal.options import quiet_option, run_configuration
from hier_rnn.errors import UserError

NEEDED = ("prometheus_client", "starlette", "uvicorn")


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen at")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="port to listen at; 0: any free one",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="processes that compute, each with the run loaded",
)
@click.option("--name", default="", metavar="NAME", help="name of the model [default: RUN's name]")
@click.option(
    "--max-body",
    type=click.IntRange(1_000),
    default=1 << 20,
    show_default=True,
    metavar="BYTES",
    help="size of a request",
)
@click.option(
    "--max-texts",
    type=click.IntRange(1),
    default=1_000,
    show_default=True,
    metavar="N",
    help="texts in a request",
)
@click.option(
    "--max-characters",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    metavar="N",
    help="characters of a text",
)
@click.option(
    "--max-pending",
    type=click.IntRange(1),
    default=1_000,
    show_default=True,
    metavar="N",
    help="requests that wait at once; more are answered 503",
)
@quiet_option("only warnings and errors")
def serve(
    run: Path,
    host: str,
    port: int,
    workers: int,
    name: str,
    max_body: int,
    max_texts: int,
    max_characters: int,
    max_pending: int,
    quiet: bool,
) -> None:
    """Serves a run over HTTP until Ctrl-C or SIGTERM.

    At / is a page to type texts into, at /docs what programs can ask: POST /predict, POST /explain,
    and the Open Inference Protocol (/v2) that KServe's and Triton's clients speak. Stopping, it
    answers what it has accepted. Example: hier-rnn serve runs/messages --port 8080 --workers 2
    """
    run_configuration(run)
    try:
        from hier_rnn.serving.limits import Limits
        from hier_rnn.serving.server import serve as serve_run
    except ModuleNotFoundError as error:
        if error.name not in NEEDED:
            raise
        raise UserError(
            f"serve needs the package {error.name}: pip install 'hier_rnn[serve]'"
        ) from None
    if "/" in name:
        raise UserError(f"--name: a name without '/' is expected. Received: {name!r}.")
    show_log(quiet)
    limits = Limits(
        body_bytes=max_body,
        texts=max_texts,
        characters=max_characters,
        pending_requests=max_pending,
        pending_bytes=max(Limits.pending_bytes, max_body),
    )
    serve_run(run, host, port, workers, name, limits)
