"""`python -m hier_rnn` is `hier-rnn`."""

from pathlib import Path

from hier_rnn.commands.main import main
from hier_rnn.commands.terminal.import_path import leave_import_path

if __name__ == "__main__":
    leave_import_path(Path.cwd())
    main()
