"""What a model's weights must be before it is packed: on the CPU, float32 or float64, and no NaN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from sealift.errors import PackError


def check_weights(weights: Mapping[str, Any], kind: str) -> None:
    """Raise PackError E304 for weights on another device, E302 for other dtypes, E334 for weights that are NaN."""
    devices = {device.platform for array in weights.values() for device in array.devices()} - {"cpu"}
    if devices:
        raise PackError(
            "E304",
            f"The weights of the model are on another device ({', '.join(sorted(devices))}).",
            where=kind,
            fix='Move them before packing: jax.device_put(weights, jax.devices("cpu")[0]), or set JAX_PLATFORMS=cpu.',
        )
    floats = {name: array for name, array in weights.items() if jnp.issubdtype(array.dtype, jnp.floating)}
    dtypes = {str(array.dtype) for array in floats.values()} - {"float32", "float64"}
    if dtypes:
        raise PackError(
            "E302",
            f"The weights of the model are of the types {', '.join(sorted(dtypes))}.",
            where=kind,
            fix="Convert them before packing: jax.tree.map(lambda w: w.astype('float32'), weights).",
        )
    missing = [name for name, array in floats.items() if bool(jnp.isnan(array).any())]
    if missing:
        raise PackError(
            "E334",
            f"The weights {missing[0]!r:.120} hold NaN, so that every answer that uses them is NaN.",
            where=kind,
            fix="Train again with a smaller learning rate or clipped gradients, or load a checkpoint without NaN.",
        )


def computes_in(weights: Mapping[str, Any]) -> str:
    """The dtype in which floats of X are given: float64 only where JAX has it switched on, and no weight is float32."""
    dtypes = {str(array.dtype) for array in weights.values()}
    return "float64" if jax.config.jax_enable_x64 and ("float64" in dtypes or "float32" not in dtypes) else "float32"
