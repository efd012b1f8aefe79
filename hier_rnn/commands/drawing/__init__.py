"""What commands show a person on the terminal: tables, bars and what comes last."""
