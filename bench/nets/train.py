"""A few steps of training, so that neither weights nor the statistics of normalisations are initial."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sealift.frameworks.nets.arguments import Arguments
from sealift.frameworks.torch.arguments import named_results

_STEPS, _ROWS = 3, 8


def trained(module: Any, rows: Any) -> Any:
    """The module in evaluation mode after three steps towards random targets."""
    arguments = Arguments.of(module.forward, rows, type(module).__name__)
    double = any(weight.dtype == torch.float64 for weight in module.parameters())
    arrays = [np.array(array[:_ROWS]) for array in arguments.arrays(rows).values()]
    tensors = [torch.from_numpy(a.astype(np.float64) if double and a.dtype.kind == "f" else a) for a in arrays]
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(weights, 1e-3) if weights else None
    module.train()
    for _ in range(_STEPS):
        results = [result for result in named_results(arguments.call(module, tensors)).values() if result.requires_grad]
        if optimizer is None or not results:
            break
        optimizer.zero_grad()
        sum(((result - torch.randn_like(result)) ** 2).mean() for result in results).backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
    return module.eval()
