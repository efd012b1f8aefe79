"""What the documentation tells to type is typed here, and prints what it says.

Numbers differ from one processor to the next, so they are compared as numbers only; a line `...`
stands for any lines, and lines of progress are left out of both.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXPLAINED = sorted((ROOT / "docs" / "explained").glob("*.md"))
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRESS = re.compile(
    r"(counting words|factorizing counts|learning to spell|epoch \d+)[\w ]*: "
    r"|.*\d of [\d,]+ examples\b.* words/s"
)
NOISE = re.compile(r"[IWE]0000 |WARNING: All log messages|To enable the following")
NUMBER = re.compile(r"[+-]?\d[\d,.:]*|█+")
MOST_LINES = 20
AT_MOST = 280  # seconds


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page: language and content."""
    return FENCE.findall(page.read_text("utf-8"))


def run(command: list[str], folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "COLUMNS": "80"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=AT_MOST,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def stable(output: str) -> list[str]:
    """Its lines without progress, numbers, bars and which epoch is best; spaces are as one."""
    lines = [line.removesuffix("  best") for line in output.splitlines()]
    lines = [line for line in lines if not PROGRESS.match(line)]
    masked = (" ".join(NUMBER.sub("0", line).split()) for line in lines if not NOISE.match(line))
    return [line for line in masked if line]


def assert_printed(expected: str, output: str) -> None:
    """Each expected line comes, right after the one before it unless `...` stands between."""
    printed, at, skips = stable(output), 0, False
    for line in stable(expected):
        if line == "...":
            skips = True
            continue
        place = printed.index(line, at) if line in printed[at:] else None
        assert place is not None, f"not printed: {line!r}\n{output[-3000:]}"
        assert skips or place == at, f"printed before {line!r}: {printed[at:place]}"
        at, skips = place + 1, False
    assert skips or at == len(printed), f"printed after the end: {printed[at:]}"


def programs() -> list[tuple[str, str, str]]:
    found = []
    for page in EXPLAINED:
        parts = blocks(page)
        for (language, source), (after, output) in zip(parts, [*parts[1:], ("", "")], strict=True):
            if language == "python":
                assert after == "text", f"{page.name}: what the program prints comes after it"
                found.append((page.stem, source, output))
    return found


@pytest.mark.parametrize("page", EXPLAINED, ids=lambda page: page.stem)
def test_each_page_has_a_picture_and_programs_of_at_most_twenty_lines(page):
    assert re.search(r"!\[[^\]]{10,}\]\(\.\./pictures/[\w-]+\.svg\)", page.read_text("utf-8"))
    sources = [source for language, source in blocks(page) if language == "python"]
    assert sources
    assert all(len(source.splitlines()) <= MOST_LINES for source in sources)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "source", "output"), programs())
def test_a_program_prints_what_its_page_says(name, source, output, tmp_path):
    (tmp_path / "program.py").write_text(source)
    assert_printed(output, run([sys.executable, "program.py"], tmp_path))


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="the tutorial is typed into a shell")
def test_the_tutorial_prints_what_it_says(tmp_path):
    shells = [
        content
        for language, content in blocks(ROOT / "docs" / "tutorial.md")
        if language == "console"
    ]
    typed = 0
    for content in shells:
        for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            while command.endswith("\\"):
                more, _, expected = expected.partition("\n")
                command = f"{command[:-1]} {more.strip()}"
            assert_printed(expected, run(["bash", "-c", command], tmp_path))
            typed += 1
    assert typed >= 6


def test_what_is_compared():
    done = "counting words: 3 texts\nx.tsv: 3 of 7 examples, accuracy 9, 8 words/s, 00:01 left\n"
    assert_printed("a 1.5\n...\nz", f"{done}a  7\nb\n z\n")
    for expected in ("a 1.5\nz", "...\ny", "a\n...\nz", "a 1\nb"):
        with pytest.raises(AssertionError):
            assert_printed(expected, "a 7\nb\nz\n")
