"""JAX as a framework: functions, modules of Flax and Equinox, and models of Keras with the backend JAX."""

from __future__ import annotations

from typing import Any

from sealift.frameworks.base import Framework, Source
from sealift.frameworks.jax.recognise import is_function

_KERAS = {("keras.src.models.model", "Model"), ("keras.src.backend.jax.layer", "JaxLayer")}
_MODULES = {
    ("flax.nnx.module", "Module"): "nnx",
    ("flax.nnx.pytreelib", "Pytree"): "nnx",
    ("flax.linen.module", "Module"): "linen",
    ("equinox._module", "Module"): "equinox",
    ("equinox._module._module", "Module"): "equinox",
}


class Jax(Framework):
    """Functions of JAX, `flax.nnx.Module`, bound `flax.linen.Module`, `equinox.Module`, Keras with the backend JAX."""

    name = "jax"
    extra = "jax"
    packages = ("jax", "jaxlib", "flax", "equinox")
    distributions = ("jax", "jaxlib", "flax", "equinox", "keras")

    def owns(self, model: Any) -> bool:
        """Whether the model is a module or a function of JAX; arrays are not models."""
        return bool(_library(model)) or is_function(model)

    def depth(self, model: Any) -> int:
        """0 for every model of JAX: a function of it is also a plain function."""
        return 0 if self.owns(model) else len(type(model).__mro__)

    def source(self, model: Any, rows: Any = None) -> Source:
        """A function or module as a source, for a table, an array, or several arrays as a dict or a tuple."""
        from sealift.frameworks.jax import models
        from sealift.frameworks.jax.source import JaxSource

        return JaxSource(models.of(model, _library(model)), rows)


def _library(model: Any) -> str:
    """The library of a module: nnx, linen, equinox or keras; empty for anything else."""
    kinds = [(kind.__module__, kind.__qualname__) for kind in type(model).__mro__]
    if set(kinds) >= _KERAS:
        return "keras"
    return next((_MODULES[kind] for kind in kinds if kind in _MODULES), "")


FRAMEWORK = Jax()
