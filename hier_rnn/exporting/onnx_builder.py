"""Writing an ONNX graph node by node: `GraphBuilder`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hier_rnn.exporting.rounding import StoredWeight

OPERATORS = 17  # version of the operator set (July 2022)
INTERMEDIATE = 8  # version of the file format, that of the same release

INT32, INT64 = TensorProto.INT32, TensorProto.INT64
FLOAT, BOOL = TensorProto.FLOAT, TensorProto.BOOL


class GraphBuilder:
    """Collects the nodes and constants of a graph.

    Called with an operator and the names of its inputs it adds a node, and returns the name of the
    node's output.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def __call__(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Adds a node and returns its output's name.

        Args:
            operator: The operator.
            *inputs: Names; empty for an optional input that is left out.
            name: Of the output; default, a new one.
            **attributes: The operator's.
        """
        return self.several(operator, *inputs, names=(name,), **attributes)[0]

    def several(
        self, operator: str, *inputs: str, names: Sequence[str], **attributes: Any
    ) -> list[str]:
        """Adds a node and returns its outputs' names; new ones for those that are empty."""
        number = len(self._nodes)
        outputs = [name or f"{operator}_{number}_{i}" for i, name in enumerate(names)]
        self._nodes.append(
            helper.make_node(operator, list(inputs), outputs, f"{operator}_{number}", **attributes)
        )
        return outputs

    def constant(self, values: np.ndarray | np.float32, name: str = "") -> str:
        """Adds a constant and returns its name; the same values are stored once.

        Args:
            values: An array.
            name: Default, one made of its content.
        """
        values = np.asarray(values, order="C")
        name = name or f"{values.dtype}_{values.shape}_{values.tobytes().hex()}"
        self._constants.setdefault(name, numpy_helper.from_array(values, name))
        return name

    def integers(self, *values: int) -> str:
        """Adds an int64 constant `(values,)`."""
        return self.constant(np.array(values, np.int64))

    def weight(
        self,
        name: str,
        weights: Sequence[StoredWeight],
        layout: Callable[..., np.ndarray],
    ) -> str:
        """Adds a float32 weight that is stored in fewer bits, and returns its name.

        Whoever runs the graph widens it once, when the graph is loaded: its operators are of
        constants.

        Args:
            name: Of the weight.
            weights: What it is made of.
            layout: Makes it, of arrays `(rows, columns)` or of scales `(1, columns)`.
        """
        if name in self._constants or any(name in node.output for node in self._nodes):
            return name
        stored = layout(*(weight.stored for weight in weights))
        if stored.dtype == np.float32:
            return self.constant(stored, name)
        wide = self("Cast", self.constant(stored, f"{name}/stored"), to=FLOAT)
        scales = [weight.scale for weight in weights if weight.scale is not None]
        if not scales:
            return self("Identity", wide, name=name)
        return self("Mul", wide, self.constant(layout(*scales), f"{name}/scale"), name=name)

    def model(
        self,
        inputs: Sequence[onnx.ValueInfoProto],
        outputs: Sequence[onnx.ValueInfoProto],
        producer: str,
        version: str,
        description: str,
    ) -> onnx.ModelProto:
        """Returns the model, checked.

        Args:
            inputs: Of the graph.
            outputs: Of the graph.
            producer: Name of the program that wrote it.
            version: Version of the program.
            description: For whoever looks at the graph.
        """
        graph = helper.make_graph(
            self._nodes, "classifier", inputs, outputs, list(self._constants.values())
        )
        model = helper.make_model(
            graph,
            producer_name=producer,
            producer_version=version,
            doc_string=description,
            opset_imports=[helper.make_opsetid("", OPERATORS)],
            ir_version=INTERMEDIATE,
        )
        onnx.checker.check_model(model, full_check=True)
        return model
