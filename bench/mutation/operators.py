"""The changes that are made: mutmut's operators without those that any test notices, and two more.

Left out of mutmut's: `None` in place of an argument or of an assigned value, and the removal of an argument without a
keyword, since nearly all of them end at once in a TypeError and would only raise the score; and strings in other case,
since each string is changed once already. Added: integers less one, and a call or a `raise` that is a whole statement
removed, so that a check that is not made must be noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import libcst as cst
from mutmut.mutation.mutators import mutation_operators

_LEFT_OUT = {"operator_arg_removal", "operator_assignment", "operator_string"}


def changed(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Each change of one node, its children unchanged."""
    for kind, operator in mutation_operators:
        if isinstance(node, kind) and operator.__name__ not in _LEFT_OUT:
            yield from operator(node)
    if isinstance(node, cst.SimpleString):
        yield from islice(_operator("operator_string", node), 1)
    if isinstance(node, cst.Integer) and node.evaluated_value > 0:
        yield node.with_changes(value=repr(node.evaluated_value - 1))
    if isinstance(node, cst.Call):
        for i, argument in enumerate(node.args):
            if argument.keyword is not None and not is_left_out(argument):
                kept = [*node.args[:i], *node.args[i + 1 :]]
                if i == len(kept) and kept:  # without its comma
                    kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
                yield node.with_changes(args=kept)
    if isinstance(node, cst.Raise) or (isinstance(node, cst.Expr) and isinstance(node.value, cst.Call)):
        yield cst.Pass()


def is_left_out(node: cst.CSTNode) -> bool:
    """Whether a node is `strict=True`, by which `zip` states that its sequences are equally long, which they are."""
    match node:
        case cst.Arg(keyword=cst.Name(value="strict"), value=cst.Name(value="True")):
            return True
    return False


def _operator(name: str, node: Any) -> Iterable[cst.CSTNode]:
    return next(operator(node) for _, operator in mutation_operators if operator.__name__ == name)
