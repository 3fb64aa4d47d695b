"""The models of JAX's libraries in one form: a function of arrays without effects, and its weights by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import jax

from sealift.errors import PackError
from sealift.frameworks.jax.recognise import held


class JaxModel(ABC):
    """A model that is called with arrays of JAX.

    Attributes:
        given: the user's own object.
    """

    def __init__(self, given: Any) -> None:
        self.given = given

    @property
    def kind(self) -> str:
        """The name of its type, for messages."""
        return type(self.given).__name__

    @property
    def signature(self) -> Callable[..., Any]:
        """The function whose arguments are the model's."""
        called: Callable[..., Any] = type(self.given).__call__.__get__(self.given)
        return called

    @abstractmethod
    def call(self, *arrays: Any, **named: Any) -> Any:
        """The results of the user's own object."""

    @abstractmethod
    def pure(self, *arrays: Any, **named: Any) -> Any:
        """The same without effects, which JAX can trace."""

    @property
    @abstractmethod
    def weights(self) -> dict[str, Any]:
        """The arrays that the model holds, by their paths."""

    def check(self) -> None:  # noqa: B027 - nothing to check by default
        """Raise PackError E304 for a model in training mode, or without parameters."""


class Function(JaxModel):
    """A function, also of `jax.jit`, whose weights are bound by `functools.partial` or its closure."""

    @property
    def kind(self) -> str:
        """The name of the function."""
        inner = self.given
        while hasattr(inner, "func"):
            inner = inner.func
        return str(getattr(inner, "__name__", type(inner).__name__))

    @property
    def signature(self) -> Callable[..., Any]:
        """The function itself."""
        given: Callable[..., Any] = self.given
        return given

    def call(self, *arrays: Any, **named: Any) -> Any:
        """Its result."""
        return self.given(*arrays, **named)

    def pure(self, *arrays: Any, **named: Any) -> Any:
        """Its result."""
        return self.given(*arrays, **named)

    @property
    def weights(self) -> dict[str, Any]:
        """The arrays in its bound arguments and its closure."""
        return by_path(held(self.given))


class Nnx(JaxModel):
    """A module of Flax NNX."""

    def call(self, *arrays: Any, **named: Any) -> Any:
        """The module's result; it may change its state."""
        return self.given(*arrays, **named)

    def pure(self, *arrays: Any, **named: Any) -> Any:
        """The result of a copy."""
        nnx = import_module("flax.nnx")
        graph, state = nnx.split(self.given)
        leaves, tree = jax.tree.flatten(state)
        return nnx.merge(graph, jax.tree.unflatten(tree, leaves))(*arrays, **named)

    @property
    def weights(self) -> dict[str, Any]:
        """The arrays of its state."""
        return by_path(import_module("flax.nnx").state(self.given))

    def check(self) -> None:
        """Raise PackError E304 in training mode."""
        for path, part in import_module("flax.nnx").iter_modules(self.given):
            place = ".".join(str(each) for each in path) or self.kind
            for name in ("deterministic", "use_running_average"):
                # A dropout without a rate draws nothing.
                if getattr(part, name, None) is False and getattr(part, "rate", None) != 0:
                    raise _training(place, type(part).__name__, self.kind, "Call model.eval() before packing.")


class Linen(JaxModel):
    """A module of Flax Linen that is bound to its variables."""

    def __init__(self, given: Any) -> None:
        """Take the bound module.

        Raises:
            PackError: E304 for a module without variables.
        """
        super().__init__(given)
        if given.scope is None:
            raise PackError(
                "E304",
                "The module has no parameters: a module of Flax Linen is only their description.",
                where=self.kind,
                fix="Give it with its variables: sealift.pack(module.bind(variables), X).",
            )
        self._module, self._variables = given.unbind()

    def call(self, *arrays: Any, **named: Any) -> Any:
        """The module's result.

        Raises:
            PackError: E304 where it draws random numbers or changes its variables, as in training.
        """
        errors = import_module("flax.errors")
        try:
            return self._module.apply(self._variables, *arrays, **named)
        except (errors.InvalidRngError, errors.ModifyScopeVariableError) as error:
            raise PackError(
                "E304",
                f"The module is in training mode: {' '.join(str(error).split())[:200].rstrip('.')}.",
                where=self.kind,
                fix="Turn dropout off and let normalization use its running statistics: in the module's attributes "
                "(deterministic=True, use_running_average=True), or by its argument, as in functools.partial("
                "module.apply, variables, train=False).",
            ) from error

    def pure(self, *arrays: Any, **named: Any) -> Any:
        """The same."""
        return self._module.apply(self._variables, *arrays, **named)

    @property
    def weights(self) -> dict[str, Any]:
        """Its variables."""
        return by_path(self._variables)


class Equinox(JaxModel):
    """A module of Equinox, which is called with all rows at once."""

    def call(self, *arrays: Any, **named: Any) -> Any:
        """The module's result."""
        return self.given(*arrays, **named)

    def pure(self, *arrays: Any, **named: Any) -> Any:
        """The same."""
        return self.given(*arrays, **named)

    @property
    def weights(self) -> dict[str, Any]:
        """Its arrays."""
        return by_path(self.given)

    def check(self) -> None:
        """Raise PackError E304 in training mode."""
        kind = import_module("equinox").Module
        parts = jax.tree.leaves(self.given, is_leaf=lambda part: getattr(part, "inference", None) is False)
        for part in parts:
            if isinstance(part, kind) and getattr(part, "p", None) != 0:
                fix = "Use model = equinox.nn.inference_mode(model) before packing."
                raise _training(type(part).__name__, type(part).__name__, self.kind, fix)


class Keras(JaxModel):
    """A model of Keras 3 with the backend JAX, which is called with training=False."""

    @property
    def signature(self) -> Callable[..., Any]:
        """Its method `call`."""
        called: Callable[..., Any] = self.given.call
        return called

    def call(self, *arrays: Any, **named: Any) -> Any:
        """The model's result."""
        return self.given(self._inputs(arrays, named), training=False)

    def pure(self, *arrays: Any, **named: Any) -> Any:
        """The same, with the variables as constants."""
        variables = [[each.value for each in kind] for kind in self._variables]
        result, *_ = self.given.stateless_call(*variables, self._inputs(arrays, named), training=False)
        return result

    def _inputs(self, arrays: Sequence[Any], named: dict[str, Any]) -> Any:
        """The inputs in the form that the model was made for."""
        names = [str(tensor.name) for tensor in getattr(self.given, "inputs", None) or ()]
        if named:
            return [named[name] for name in names] if names else named
        return arrays[0] if len(arrays) == 1 else list(arrays)

    @property
    def _variables(self) -> tuple[list[Any], list[Any]]:
        return self.given.trainable_variables, self.given.non_trainable_variables

    @property
    def weights(self) -> dict[str, Any]:
        """Its variables."""
        return {each.path: each.value for kind in self._variables for each in kind}


_KINDS: dict[str, type[JaxModel]] = {"nnx": Nnx, "linen": Linen, "equinox": Equinox, "keras": Keras}


def of(model: Any, library: str) -> JaxModel:
    """A model in this form.

    Args:
        model: the user's object.
        library: nnx, linen, equinox or keras; empty for a function.
    """
    return _KINDS.get(library, Function)(model)


def by_path(tree: Any) -> dict[str, Any]:
    """The arrays of a tree of JAX, by their paths."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path): leaf for path, leaf in leaves if isinstance(leaf, jax.Array)}


def _training(place: str, part: str, kind: str, fix: str) -> PackError:
    return PackError(
        "E304",
        f"The model is in training mode ({place}, {part}), in which dropout and batch normalization answer otherwise.",
        where=kind,
        fix=fix,
    )
