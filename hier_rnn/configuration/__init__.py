"""Options: what they are, read from TOML and the command line, checked and merged."""
