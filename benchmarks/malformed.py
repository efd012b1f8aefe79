"""A thousand malformed requests to `hier-rnn serve`: each is to be answered with a 4xx.

    python -m benchmarks.malformed RUN [--json FILE]

Right requests of each kind are cut short at every byte, get a byte that JSON does not know at every
place, and values of another type in every field. In between a right one is asked: it must have the
answer that it had at first.
"""

from __future__ import annotations

import argparse
import http.client
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.serve_load import LOOPBACK, serving
from hier_rnn.files import write_atomically

SECONDS = 30
ASKED_AFTER = 50  # malformed requests
RIGHT = {"text": "where is my parcel"}
REQUESTS: dict[str, dict[str, Any]] = {
    "/predict": {"texts": ["where is my parcel", "thanks"], "top": 3},
    "/explain": {"text": "where is my parcel"},
    "infer": {
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["my parcel"]}]
    },
}
# At no place: not UTF-8, or a character that JSON has only escaped.
NOT_JSON = (b"\x00", b"\x1f", b"\xc3(", b"\xf8", b"\xff")
OTHERS = (None, True, 0, -1, 1.5, "x", "", [], {}, [None], {"a": 1}, [[]])


def malformed(body: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yields what is wrong and the bytes of malformed requests.

    Args:
        body: A right request.
    """
    whole = json.dumps(body).encode()
    for end in range(len(whole)):
        yield "cut short", whole[:end]
    for place in range(len(whole)):
        for byte in NOT_JSON:
            yield "a byte that JSON does not know", whole[:place] + byte + whole[place:]
    for more in (b"}", b"]", b"x", b",", b"{}", b" 1"):
        yield "something behind its end", whole + more
    for name in body:
        for value in OTHERS:
            if (name == "top" and value is None) or (name == "text" and isinstance(value, str)):
                continue  # right ones
            yield "a value of another type", json.dumps({**body, name: value}).encode()


def send(connection: http.client.HTTPConnection, path: str, body: bytes) -> tuple[int, bytes]:
    """Returns the status and the content of the answer."""
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def main() -> None:
    """Sends them and prints a table; ends with 1 if one of them was answered otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, help="run directory")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    options = parser.parse_args()
    counts: Counter[tuple[str, str, int]] = Counter()
    changed = 0
    with serving(options.run) as (_, port):
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS)
        right = json.dumps(RIGHT).encode()
        first = send(connection, "/predict", right)
        model = options.run.resolve().name
        for path, body in REQUESTS.items():
            where = f"/v2/models/{model}/infer" if path == "infer" else path
            for what, sent in malformed(body):
                counts[path, what, send(connection, where, sent)[0]] += 1
                if sum(counts.values()) % ASKED_AFTER == 0:
                    changed += send(connection, "/predict", right) != first
    wrong = {key: n for key, n in counts.items() if not 400 <= key[2] < 500}
    print("| request | what is wrong | status | how many |\n| --- | --- | --- | --- |")
    for (path, what, status), number in sorted(counts.items()):
        print(f"| {path} | {what} | {status} | {number} |")
    total = sum(counts.values())
    print(f"\n{total:,} malformed requests, {sum(wrong.values())} of them answered otherwise than")
    print(f"with a 4xx; right ones in between: {changed} answered otherwise than at first")
    if options.json:
        rows = [(*key, number) for key, number in sorted(counts.items())]
        with write_atomically(options.json) as file:
            json.dump({"requests": rows, "changed": changed}, file, indent=1)
    raise SystemExit(bool(wrong or changed))


if __name__ == "__main__":
    main()
