"""`hier-rnn serve` under load: requests per second, latencies, errors, and memory, on this machine.

    python -m benchmarks.serve_load runs/messages --clients 200 --seconds 60 --kill-every 10

It starts the server itself, on a free port of the loopback address, and stops it. Each client has
one connection and sends its next request when it has the answer to the last. Clients and server
share the processors.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from hier_rnn.files import write_atomically
from hier_rnn.lines import read_lines

LOOPBACK = "127.0.0.1"
TEXTS = Path(__file__).parents[1] / "data" / "messages" / "test.tsv"
MOST_CLIENTS, MOST_SECONDS = 1_000, 600
WARM_UP_SECONDS = 5.0
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MIB = 1 << 20


@dataclass
class Measured:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    killed: int = 0


def main() -> None:
    """Runs the benchmark with the arguments of the process."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, help="run directory")
    parser.add_argument("--clients", type=int, default=200, help=f"at most {MOST_CLIENTS}")
    parser.add_argument("--seconds", type=float, default=60, help=f"at most {MOST_SECONDS}")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--texts", type=int, default=1, help="in each request")
    parser.add_argument(
        "--new-words", type=float, default=0.1, help="share of texts that get a word never seen"
    )
    parser.add_argument("--data", type=Path, default=TEXTS, help="FILE.tsv: label, text")
    parser.add_argument("--explain", action="store_true", help="POST /explain, not /predict")
    parser.add_argument(
        "--kill-every", type=float, default=0, help="seconds between killed workers"
    )
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    options = parser.parse_args()
    if not (1 <= options.clients <= MOST_CLIENTS and 0 < options.seconds <= MOST_SECONDS):
        parser.error(f"at most {MOST_CLIENTS} clients and {MOST_SECONDS} seconds")
    figures = measure(options)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    if options.json:
        with write_atomically(options.json) as file:
            json.dump(figures, file, indent=2)


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Starts a server, puts it under load and returns the figures."""
    with serving(options.run, options.workers) as (process, port):
        return asyncio.run(_load(options, psutil.Process(process.pid), port))


@contextlib.contextmanager
def serving(run: Path, workers: int = 1) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Starts `hier-rnn serve` and gives its process and its port; stops it in the end.

    Args:
        run: What it serves.
        workers: How many processes answer.
    """
    command = ["-m", "hier_rnn", "serve", str(run), "--host", LOOPBACK, "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, *command, "--workers", str(workers)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        port = None
        for line in process.stderr:
            if match := re.search(rf"http://{LOOPBACK}:(\d+)", line):
                port = int(match[1])
                break
        if port is None:
            raise SystemExit("the server did not start")
        yield process, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        process.wait(60)


async def _load(
    options: argparse.Namespace, server: psutil.Process, port: int
) -> dict[str, object]:
    lines = (line.partition("\t")[2] for _, line in read_lines(options.data))
    texts = [text for text in lines if text]
    end = time.perf_counter() + WARM_UP_SECONDS
    await _clients(options, texts, port, end, Measured())
    before = _memory(server)
    measured = Measured()
    start = time.perf_counter()
    killer = asyncio.create_task(_kill(options.kill_every, server, measured))
    await _clients(options, texts, port, start + options.seconds, measured)
    elapsed = time.perf_counter() - start
    killer.cancel()
    after = _memory(server)
    answered = measured.outcomes["200"]
    p50, p99, most = (
        round(1000 * float(np.percentile(measured.seconds, percent)), 1)
        for percent in (50, 99, 100)
    )
    return {
        "clients": options.clients,
        "workers": options.workers,
        "texts in a request": options.texts,
        "seconds": round(elapsed, 1),
        "requests": sum(measured.outcomes.values()),
        "requests per second": round(answered / elapsed),
        "p50 ms": p50,
        "p99 ms": p99,
        "slowest ms": most,
        "errors": {name: n for name, n in measured.outcomes.items() if name != "200"},
        "workers killed": measured.killed,
        "memory MiB after warm-up": before,
        "memory MiB at the end": after,
        "load of the machine": round(os.getloadavg()[0], 1),
    }


async def _clients(
    options: argparse.Namespace, texts: list[str], port: int, end: float, measured: Measured
) -> None:
    await asyncio.gather(
        *(
            _client(options, texts, port, end, measured, random.Random(number))
            for number in range(options.clients)
        )
    )


async def _client(
    options: argparse.Namespace,
    texts: list[str],
    port: int,
    end: float,
    measured: Measured,
    draw: random.Random,
) -> None:
    """Asks again and again, on one connection as long as it holds."""
    path = "/explain" if options.explain else "/predict"
    while time.perf_counter() < end:
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            while time.perf_counter() < end:
                chosen = draw.choices(texts, k=options.texts)
                if draw.random() < options.new_words:
                    chosen[0] += " " + "".join(draw.choices(LETTERS, k=10))
                body = json.dumps({"text": chosen[0]} if options.explain else {"texts": chosen})
                start = time.perf_counter()
                writer.write(_request(path, body.encode()))
                status = await _answer(reader)
                measured.seconds.append(time.perf_counter() - start)
                measured.outcomes[status] += 1
            writer.close()
        except (OSError, asyncio.IncompleteReadError) as error:
            measured.outcomes[type(error).__name__] += 1


def _request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> str:
    """Returns an answer's status, after reading all of it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(length[1]) if length else 0)
    status = head.split(" ", 2)[1]
    if status == "200":
        json.loads(body)
    return status


async def _kill(every: float, server: psutil.Process, measured: Measured) -> None:
    while every:
        await asyncio.sleep(every)
        random.choice(server.children()).kill()
        measured.killed += 1


def _memory(server: psutil.Process) -> dict[str, list[int] | int]:
    """Returns the resident memory of the server and of its workers, in MiB."""
    return {
        "server": server.memory_info().rss // MIB,
        "workers": [worker.memory_info().rss // MIB for worker in server.children()],
    }


if __name__ == "__main__":
    main()
