"""A perceptron of scikit-learn as the end of an ONNX net, with the weights in float32, as a net usually has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnx import ModelProto

_LAYERS = """
  sums = Add(weighted, b0)
  hidden = Relu(sums)
  weighted_hidden = MatMul(hidden, W1)
  logits = Add(weighted_hidden, b1)
"""


def as_net(fitted: Any, inputs: str, first: str, **weights: Any) -> ModelProto:
    """An ONNX net with the output `logits` (rows, classes).

    Args:
        fitted: an `MLPClassifier` with one hidden layer of rectified linear units and more than two classes.
        inputs: the inputs of the net, in the text format of ONNX.
        first: nodes in the same format, which compute `weighted` (rows, hidden units), the product of the perceptron's
            inputs and its first weights `W0` (inputs, hidden units).
        weights: other arrays that these nodes use, by their names.

    Returns:
        A model of opset 17, which any version of ONNX Runtime since 1.12 runs.
    """
    import numpy as np
    from onnx import checker, numpy_helper, parser

    net = parser.parse_model(
        f'<ir_version: 8, opset_import: ["": 17]>\n'
        f"net ({inputs}) => (float[N,{len(fitted.classes_)}] logits) {{{first}{_LAYERS}}}"
    )
    for number, (matrix, offset) in enumerate(zip(fitted.coefs_, fitted.intercepts_, strict=True)):
        weights |= {f"W{number}": matrix.astype(np.float32), f"b{number}": offset.astype(np.float32)}
    net.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in weights.items())
    checker.check_model(net)
    return net
