"""The forward of a module as operations of the graph, by torch.fx (`torch/fx/_symbolic_trace.py`)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from torch import fx, nn

from sealift.errors import PackError
from sealift.frameworks.torch.functions import FUNCTIONS, METHODS
from sealift.frameworks.torch.layers import LAYERS
from sealift.graph.builder import Tensor
from sealift.graph.context import ConversionContext
from sealift.graph.step import refuse


class _Forward(nn.Module):  # type: ignore[misc] # torch is not typed here
    """A module that is called with the rows only, so that further arguments of its forward have their defaults."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        """The answer for the rows."""
        return self.module(x)


def trace(module: nn.Module, x: Tensor, context: ConversionContext) -> Tensor:
    """The output of the module for the matrix x (N, columns), in the graph of the conversion.

    Raises:
        PackError: E302 for an operation that is not supported, with its name and module.
    """
    root = _Forward(module)
    values: dict[fx.Node, Any] = {}

    def value(argument: Any) -> Any:
        return fx.node.map_aggregate(argument, lambda part: values[part] if isinstance(part, fx.Node) else part)

    for node in _operations(root).nodes:
        if node.op == "placeholder":
            values[node] = x
        elif node.op == "get_attr":
            values[node] = _attribute(root, node.target)
        elif node.op == "output":
            return _checked(value(node.args[0]))
        else:
            place = _place(root, node)
            with context.inside(place) if place else nullcontext():
                try:
                    values[node] = _called(_operation(root, node), node, value(node.args), value(node.kwargs))
                except PackError as error:
                    raise PackError(error.code, error.what, where=context.path, fix=error.fix) from None
    raise refuse("Its forward returns nothing.", "Return the numbers as one tensor.")


def _operations(root: _Forward) -> fx.Graph:
    """The operations of the module's forward; a module of torch.nn is one operation."""
    first, *others = inspect.signature(root.module.forward).parameters.values()
    needed = [p.name for p in others if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if needed:
        raise refuse(
            f"Its forward takes more than the rows: {', '.join(needed)}.",
            f"Give the further arguments defaults, or wrap the module in one whose forward takes only {first.name}.",
        )
    try:
        return fx.Tracer().trace(root)
    except Exception as error:  # a user's forward can raise any exception for a placeholder
        raise refuse(
            f"Its forward cannot be traced: {type(error).__name__}: {' '.join(str(error).split())[:200]}.",
            "Say a choice that depends on the rows with torch.where, and use the operations that "
            "`sealift docs how-to/torch` lists.",
        ) from error


def _place(root: nn.Module, node: fx.Node) -> str:
    """The name and type of the inner module that a node calls; empty for other nodes."""
    name = str(node.target).partition(".")[2] if node.op == "call_module" else ""
    return f"{name} ({type(root.get_submodule(str(node.target))).__name__})" if name else ""


def _operation(root: nn.Module, node: fx.Node) -> Callable[..., Any]:
    """The conversion of one recorded call."""
    if node.op == "call_module":
        layer = root.get_submodule(str(node.target))
        if getattr(layer, "inplace", False) and any(len(given.users) > 1 for given in node.all_input_nodes):
            raise refuse("It overwrites a tensor that is used again.", "Use inplace=False.")
        convert = LAYERS.get(type(layer))
        if convert is not None:
            return lambda x: convert(layer, x)
        kind = f"{type(layer).__module__}.{type(layer).__qualname__}"
        raise refuse(
            f"There is no converter for {kind}.", "`sealift docs how-to/torch` lists the modules that have one."
        )
    table: dict[Any, Callable[..., Any]] = METHODS if node.op == "call_method" else FUNCTIONS
    if node.target in table:
        return table[node.target]
    name = getattr(node.target, "__name__", str(node.target))
    raise refuse(
        f"Its forward calls {name}, which is not supported.",
        "`sealift docs how-to/torch` lists the operations that are.",
    )


def _called(operation: Callable[..., Any], node: fx.Node, args: Any, kwargs: Any) -> Any:
    """The result of one operation. Raises PackError E302 for arguments that it does not take."""
    try:
        inspect.signature(operation).bind(*args, **kwargs)
    except TypeError as error:
        raise refuse(
            f"Its forward calls {node.name} with arguments that are not supported: {error}.",
            "Leave them out, or say it with the operations that `sealift docs how-to/torch` lists.",
        ) from None
    return operation(*args, **kwargs)


def _attribute(root: nn.Module, path: Any) -> Any:
    """A parameter or buffer as a NumPy array."""
    value: Any = root
    for part in str(path).split("."):
        value = getattr(value, part)
    return value.detach().numpy()


def _checked(result: Any) -> Tensor:
    if isinstance(result, Tensor) and len(result.shape) in (1, 2) and result.dtype.startswith("float"):
        return result
    raise refuse(
        "Its forward gives something else than one matrix of numbers.",
        "Wrap it in a module whose forward returns the numbers you need, as one tensor (rows, numbers).",
    )
