"""Using a run imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"tensorflow", "keras", "scipy", "sklearn", "matplotlib", "jinja2"}
USES = (
    "hier_rnn.load(RUN).predict(['good shop'])",
    "hier_rnn.load(RUN).encode(['good shop'])",
    "hier_rnn.load_encoder(RUN)(['good'])",
    "main('predict', RUN, TEXTS)",
    "main('vectors', RUN, TEXTS)",
    "main('neighbours', RUN, 'good')",
)


def test_using_a_run(small_run, tmp_path):
    """One use after the other: an import that one makes is found after that one."""
    (tmp_path / "texts.txt").write_text("good\nshop\n")
    script = f"""
import sys, hier_rnn
RUN, TEXTS = {str(small_run)!r}, {str(tmp_path / "texts.txt")!r}

def main(*arguments):
    from hier_rnn.commands.main import main
    sys.argv = ["hier-rnn", *arguments]
    try:
        main()
    except SystemExit as end:
        assert not end.code, end.code

for use in {USES}:
    exec(use)
    found = {HEAVY} & sys.modules.keys()
    assert not found, (use, found)
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=120)
