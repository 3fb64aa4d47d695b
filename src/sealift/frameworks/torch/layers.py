"""Modules of torch.nn in evaluation mode, as operations on a matrix (N, k) (`torch/nn/modules/`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from sealift.frameworks.torch import functions
from sealift.graph.builder import Tensor
from sealift.graph.step import refuse

Layer: TypeAlias = Callable[[Any, Tensor], Tensor]


def _array(parameter: torch.Tensor | None) -> Any:
    return None if parameter is None else parameter.detach().numpy()


def _linear(layer: Any, x: Tensor) -> Tensor:
    return functions.linear(x, _array(layer.weight), _array(layer.bias))


def _batch_norm(layer: Any, x: Tensor) -> Tensor:
    """Scale and shift by the mean and variance from training (`aten/src/ATen/native/batch_norm.cpp`)."""
    if layer.running_mean is None:
        raise refuse(
            "It normalizes by the rows that are answered together (track_running_stats=False).",
            "Train it with track_running_stats=True.",
        )
    if len(x.shape) != 2 or x.width != layer.num_features:
        raise refuse(f"It takes {layer.num_features} columns.", "Give the columns that it was trained on.")
    mean, scale = _array(layer.running_mean), 1.0 / np.sqrt(_array(layer.running_var).astype(np.float64) + layer.eps)
    if layer.affine:
        scale = scale * _array(layer.weight)
    shift = (_array(layer.bias) if layer.affine else 0.0) - mean * scale
    result: Tensor = x * scale.astype(x.dtype) + shift.astype(x.dtype)
    return result


def _layer_norm(layer: Any, x: Tensor) -> Tensor:
    if tuple(layer.normalized_shape) != x.shape[1:]:
        raise refuse("It does not normalize the columns of a row.", "Use nn.LayerNorm(number of columns).")
    centred = x - functions.mean(x, 1, keepdim=True)
    result: Tensor = centred / (functions.mean(centred * centred, 1, keepdim=True) + layer.eps).sqrt()
    if layer.elementwise_affine:
        result = result * _array(layer.weight)
        result = result if layer.bias is None else result + _array(layer.bias)
    return result


def _prelu(layer: Any, x: Tensor) -> Tensor:
    return functions.where(x > 0.0, x, x * _array(layer.weight))


def _flatten(layer: Any, x: Tensor) -> Tensor:
    return functions.flatten(x, layer.start_dim, layer.end_dim)


LAYERS: dict[type, Layer] = {
    nn.Linear: _linear,
    nn.BatchNorm1d: _batch_norm,
    nn.LayerNorm: _layer_norm,
    nn.Identity: lambda _, x: x,
    nn.Dropout: lambda _, x: x,
    nn.AlphaDropout: lambda _, x: x,
    nn.Flatten: _flatten,
    nn.ReLU: lambda _, x: functions.relu(x),
    nn.ReLU6: lambda _, x: functions.clamp(x, 0.0, 6.0),
    nn.Hardtanh: lambda layer, x: functions.clamp(x, layer.min_val, layer.max_val),
    nn.LeakyReLU: lambda layer, x: functions.leaky_relu(x, layer.negative_slope),
    nn.PReLU: _prelu,
    nn.ELU: lambda layer, x: functions.elu(x, layer.alpha),
    nn.SELU: lambda _, x: functions.selu(x),
    nn.GELU: lambda layer, x: functions.gelu(x, layer.approximate),
    nn.SiLU: lambda _, x: functions.silu(x),
    nn.Sigmoid: lambda _, x: functions.sigmoid(x),
    nn.LogSigmoid: lambda _, x: functions.log_sigmoid(x),
    nn.Tanh: lambda _, x: functions.tanh(x),
    nn.Softplus: lambda layer, x: functions.softplus(x, layer.beta, layer.threshold),
    nn.Softsign: lambda _, x: functions.softsign(x),
    nn.Softmax: lambda layer, x: functions.softmax(x, layer.dim),
    nn.LogSoftmax: lambda layer, x: functions.log_softmax(x, layer.dim),
}
"""The conversion of each module, by its exact type."""
