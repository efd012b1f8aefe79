"""The commands: each parses its arguments and calls one plain function of the layers below."""
