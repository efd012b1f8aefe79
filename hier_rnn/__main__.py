"""`python -m hier_rnn` is `hier-rnn`."""

from hier_rnn.commands.main import main

if __name__ == "__main__":
    main()
