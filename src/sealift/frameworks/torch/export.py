"""A module as an ONNX graph, by `torch.export` and the exporter of PyTorch that is based on it.

The older exporter (`dynamo=False`) records one run. It writes the branch that this run took, so it is never used.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import torch

from sealift.errors import MissingExtraError
from sealift.frameworks.exported import OPSET, ExportedGraph
from sealift.frameworks.nets.arguments import Arguments
from sealift.frameworks.torch.arguments import Flat
from sealift.frameworks.torch.attention import with_safe_attention
from sealift.frameworks.torch.refusals import no_graph, no_operator, random_numbers, user_line
from sealift.warning_filters import no_warnings

_ROWS = 3
"""The number of rows of the example with which a module is traced: 0 and 1 are special for torch.export."""


def require_exporter(extra: str) -> None:
    """Raise MissingExtraError E405 without onnxscript, which the exporter of PyTorch needs."""
    try:
        import_module("onnxscript")
    except ImportError:
        raise MissingExtraError(
            "E405",
            "Exporting this module needs onnxscript, which is not installed.",
            fix=f"Install it with: pip install 'sealift[{extra}]'",
        ) from None


def exported_program(
    module: torch.nn.Module,
    arguments: Arguments,
    examples: Sequence[torch.Tensor],
    free: Sequence[Sequence[int]],
) -> Any:
    """The operations of a module as a `torch.export.ExportedProgram`.

    Args:
        module: the module, in evaluation mode.
        arguments: how its forward is called.
        examples: a tensor for each argument, with rows.
        free: the axes after the rows whose size may vary, for each argument.

    Raises:
        PackError: E332 for control flow that depends on values, E335 for a fixed number of rows or a fixed size, E302
            for any other reason.
    """
    dynamic = torch.export.Dim.DYNAMIC
    sizes = tuple(dict.fromkeys((0, *axes), dynamic) for axes in free)
    rows = _ROWS if all(_ROWS not in tensor.shape[1:] for tensor in examples) else _ROWS + 2
    tensors = tuple(_repeated(tensor, rows) for tensor in examples)
    with quiet(), torch.no_grad():
        try:
            return torch.export.export(Flat(module, arguments), tensors, dynamic_shapes=(sizes,), strict=False)
        except Exception as error:  # torch.export and the user's forward raise exceptions of many kinds
            raise no_graph(error, type(module).__name__) from error


def check_random(program: Any, kind: str) -> None:
    """Raise PackError E330 for an exported program that uses random numbers."""
    for node in _nodes(program.graph_module):
        if _is_random(node):
            raise random_numbers(str(node.target), user_line(node.meta.get("stack_trace")), kind)


def graph_of(program: Any, kind: str) -> ExportedGraph:
    """The ONNX graph of an exported program.

    Args:
        program: the program.
        kind: the type of the module, for messages.

    Raises:
        MissingExtraError: E405 without onnxscript.
        PackError: E302 when the exporter fails, E333 for an operator without an ONNX form.
    """
    require_exporter("torch")
    with quiet():
        try:
            plain = with_safe_attention(program)
            written: Any = torch.onnx.export(plain, dynamo=True, opset_version=OPSET, verbose=False)
        except Exception as error:  # the exporter raises classes that are not public
            raise no_operator(error, program, kind) from error
        proto = written.model_proto
    places = {output: _place(node) for node in proto.graph.node for output in node.output}
    return ExportedGraph.of(proto, kind, {tensor: place for tensor, place in places.items() if place})


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the exporter's warnings and messages, which are about PyTorch itself."""
    loggers = [logging.getLogger(name) for name in ("torch", "torch.onnx", "onnxscript", "onnx_ir", "torch.export")]
    before = [each.level for each in loggers]
    nowhere = io.StringIO()
    with (
        no_warnings(),
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        for each in loggers:
            each.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for each, level in zip(loggers, before, strict=True):
                each.setLevel(level)


def _repeated(tensor: torch.Tensor, rows: int) -> torch.Tensor:
    """A tensor with this number of rows."""
    return tensor[torch.arange(rows) % len(tensor)].clone()


def _nodes(module: Any) -> Iterator[Any]:
    """The nodes of a traced module, those of its branches and loops too."""
    for part in module.modules():
        if isinstance(part, torch.fx.GraphModule):
            yield from (node for node in part.graph.nodes if node.op == "call_function")


def _is_random(node: Any) -> bool:
    """Whether an operation draws random numbers; a dropout that is not active draws none."""
    if torch.Tag.nondeterministic_seeded not in getattr(node.target, "tags", ()):
        return False
    declared = node.target._schema.arguments
    given = {item.name: item.default_value for item in declared if item.has_default_value()}
    given |= {item.name: value for item, value in zip(declared, node.args, strict=False)} | dict(node.kwargs)
    inactive = given.get("train") is False or given.get("training") is False
    return not inactive and all(given.get(name, 1.0) != 0.0 for name in ("p", "dropout_p", "dropout"))


def _place(node: Any) -> str:
    """The path and type of the module that computes a node, such as `layer1.0.bn1 (BatchNorm2d)`."""
    for entry in node.metadata_props:
        if entry.key == "namespace":
            parts = [part.strip() for part in entry.value.split("/")]
            scopes = [part.partition(": ") for part in parts[:-1]]
            named = [(name.removeprefix("module").lstrip("."), kind.rpartition(".")[2]) for name, _, kind in scopes]
            path, kind = next(((name, kind) for name, kind in reversed(named) if name), ("", ""))
            return f"{path} ({kind})" if path else ""
    return ""
