"""A wheel holds the bundled data set; an editable install has it in the checkout."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundledData(BuildHookInterface):
    """Puts the data set into wheels alone.

    In an editable install it would make a folder `hier_rnn` in site-packages, which Python would
    take for the package.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Decides by the version of the target, `standard` or `editable`."""
        if version != "editable":
            build_data["force_include"]["data/messages"] = "hier_rnn/data/messages"
