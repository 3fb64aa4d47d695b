"""Attention as PyTorch computes it where a mask leaves out every element; the exporter's translation differs there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_OPERATION = torch.ops.aten.scaled_dot_product_attention.default


def with_safe_attention(program: Any) -> Any:
    """The program in which attention with a mask consists of its operations; other programs as they are.

    For a query whose keys are all left out, PyTorch returns 0, and a plain softmax NaN.
    """
    masked = any(
        node.op == "call_function" and node.target is _OPERATION and (len(node.args) > 3 or "attn_mask" in node.kwargs)
        for node in program.graph.nodes
    )
    return program.run_decompositions({_OPERATION: _attention}) if masked else program


@contextmanager
def without_fast_path() -> Iterator[None]:
    """Attention without PyTorch's fast path, which returns NaN where a mask leaves out every element, and not 0.

    The fast path is used by `nn.MultiheadAttention` and `nn.TransformerEncoderLayer` in evaluation mode without
    gradients (`torch/backends/mha/__init__.py`). The setting is that of the process.
    """
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """`torch.nn.functional.scaled_dot_product_attention`, as its documentation states it."""
    del dropout_p  # an active one is refused before
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (query * factor) @ key.transpose(-2, -1)
    lowest = float("-inf")
    if is_causal:
        rows = torch.arange(scores.shape[-2])[:, None]
        scores = torch.where(rows >= torch.arange(scores.shape[-1]), scores, lowest)
    if attn_mask is not None:
        scores = torch.where(attn_mask, scores, lowest) if attn_mask.dtype == torch.bool else scores + attn_mask
    shares = torch.softmax(scores, -1)
    absent = (scores == lowest).all(-1, keepdim=True)
    result = torch.where(absent, 0.0, shares) @ value
    # In memory as the kernels of PyTorch leave it, which a view after it relies on.
    return result.transpose(1, 2).contiguous().transpose(1, 2) if result.ndim == 4 else result
