"""Why a module cannot be packed: the operation, the line of the user's code, and the remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from sealift.errors import PackError
from sealift.frameworks.nets import lines

_TORCH = str(Path(torch.__file__).parent)
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_SHAPE = re.compile(r"specialized it to be a constant \((\d+)\)")


def user_line(trace: str | None) -> str:
    """`file.py, line 7`: the innermost frame of a trace that is not in PyTorch; empty if there is none."""
    return lines.innermost(((file, int(line)) for file, line in _FRAME.findall(trace or "")), (_TORCH,))


def line_of(error: BaseException) -> str:
    """The innermost line of the user's code that led to an error; empty if there is none."""
    return lines.line_of(error, (_TORCH,), user_line)


def no_graph(error: Exception, kind: str) -> PackError:
    """The error for a module that torch.export does not take."""
    text, line = str(error), line_of(error)
    if type(error).__name__.startswith("GuardOnDataDependent") or "data-dependent" in text.lower():
        return PackError(
            "E332",
            f"A branch, loop or size depends on the values of a tensor{_at(line)}, and a graph has no such choice.",
            where=kind,
            fix="Replace the `if` by torch.where, or by torch.cond with both branches as functions.",
        )
    fixed = _SHAPE.search(text)
    if fixed:
        axis = re.search(r"size\(\)\[(\d+)\]", text)
        what = "the number of rows" if axis is None or axis[1] == "0" else f"the size of the axis {axis[1]}"
        return PackError(
            "E335",
            f"The forward fixes {what} at that of its example, {fixed[1]}.",
            where=kind,
            fix="Use x.shape[0] as it is, or -1, in place of a number, len(x) or int(x.shape[0]).",
        )
    first = next((part.strip() for part in text.splitlines() if part.strip()), "")
    return PackError(
        "E302",
        f"The forward cannot be exported{_at(line)}: {type(error).__name__}: {first[:300].rstrip('.')}.",
        where=kind,
        fix="Write the forward with operations of torch on its arguments only; `sealift docs how-to/torch` shows what "
        "is supported.",
    )


def no_operator(error: Exception, program: Any, kind: str) -> PackError:
    """The error for an operation that has no form in ONNX."""
    text = " ".join(str(each) for each in _chain(error))
    missing = re.search(r"No ONNX function found for <OpOverload\(op='([^']+)', overload='([^']*)'\)>", text)
    if missing is None:
        shown = next((str(each).strip().splitlines()[0] for each in reversed(_chain(error)) if str(each).strip()), "")
        return PackError(
            "E302",
            f"The exporter of PyTorch fails: {type(error).__name__}: {shown[:300].rstrip('.')}.",
            where=kind,
            fix="Replace the operation that it names by others; `sealift docs how-to/torch` shows what is supported.",
        )
    name = missing[1].replace(".", "::", 1).replace("aten::", "aten.")
    return PackError(
        "E333",
        f"The operation {name} has no form in ONNX{_at(_line_of_operation(program, missing[1]))}.",
        where=kind,
        fix="Replace it by operations that have one, or compute it before the net, as a column or array of X.",
    )


def random_numbers(operation: str, line: str, kind: str) -> PackError:
    """The error for a module that draws random numbers in evaluation mode."""
    dropout = "dropout" in operation
    return PackError(
        "E330",
        f"The forward draws random numbers by {operation}{_at(line)}, so that each call answers differently.",
        where=kind,
        fix="Pass training=self.training to the dropout, or use nn.Dropout, so that eval() turns it off."
        if dropout
        else "Leave the random numbers out in evaluation mode, or make them an input of forward.",
    )


def _at(line: str) -> str:
    return f" in {line}" if line else ""


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in chain:
        chain.append(each)
        each = each.__cause__ or each.__context__
    return chain


def _line_of_operation(program: Any, operation: str) -> str:
    """The line of the user's code that leads to an operation of the decomposed program."""
    try:
        nodes = program.run_decompositions().graph.nodes
    except Exception:  # the exporter has reported the operation already
        return ""
    return next((user_line(n.meta.get("stack_trace")) for n in nodes if str(n.target).startswith(operation)), "")
