"""Primitives with a jaxpr inside: calls, loops and choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import helper

from sealift.frameworks.jax.lowering.emitter import UnknownFormError, info
from sealift.frameworks.jax.lowering.operands import Operand
from sealift.frameworks.jax.lowering.rules import Walk, rule

_INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")


@rule("jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr",
      "checkpoint", "remat2", "remat", "custom_lin", "run_state")  # fmt: skip
def _call(walk: Walk, equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    inner = next(equation.params[name] for name in _INNER if name in equation.params)
    jaxpr, consts = (inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, ())
    return walk.inner(jaxpr, consts, operands)


@rule("debug_callback", "debug_print")
def _nothing(_walk: Walk, _equation: Any, _operands: Sequence[Operand]) -> list[Operand]:
    """What is printed while a function runs is no part of its result."""
    return []


@rule("scan")
def _scan(walk: Walk, equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """`jax.lax.scan`: the operator Scan, whose body reads the constants of the loop from around it."""
    graph, given = walk.graph, equation.params
    outside, carried = given["num_consts"], given["num_carry"]
    body = given["jaxpr"]
    consts, carry, steps = operands[:outside], operands[outside : outside + carried], operands[outside + carried :]
    inner = body.jaxpr.invars[outside:]
    starts = [graph.full(value) for value in carry]
    sequences = [graph.full(value) for value in steps]
    kept = [Operand(v.shape, v.dtype, v.shape, graph.full(v)) if not v.is_constant else v for v in consts]
    names = [graph.fresh() for _ in inner]
    given_values = [
        Operand(tuple(var.aval.shape), np.dtype(var.aval.dtype), tuple(var.aval.shape), name)
        for var, name in zip(inner, names, strict=True)
    ]
    inputs = [info(name, var.aval.dtype, var.aval.shape) for name, var in zip(names, inner, strict=True)]
    if not sequences:  # Scan needs one, and its length is the number of steps
        length = graph.node("Squeeze", [graph.dim(given["length"])])
        sequences = [graph.node("Range", [graph.constant(0, np.int64), length, graph.constant(1, np.int64)])]
        inputs.append(info(graph.fresh(), np.int64, ()))
    with graph.scope() as nodes:
        results = walk.inner(body.jaxpr, body.consts, [*kept, *given_values])
        ends = [graph.node("Identity", [graph.full(value)]) for value in results]
    outs = body.jaxpr.outvars
    outputs = [info(name, var.aval.dtype, var.aval.shape) for name, var in zip(ends, outs, strict=True)]
    graph_of_body = helper.make_graph(nodes, "body", inputs, outputs)
    backwards = int(given["reverse"])
    made = graph.multi(
        "Scan",
        [*starts, *sequences],
        len(outs),
        body=graph_of_body,
        num_scan_inputs=len(sequences),
        scan_input_directions=[backwards] * len(sequences),
        **({"scan_output_directions": [backwards] * (len(outs) - carried)} if len(outs) > carried else {}),
    )
    return [graph.made(var.aval, name) for var, name in zip(equation.outvars, made, strict=True)]


@rule("cond")
def _choice(walk: Walk, equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """`jax.lax.cond` or `switch`: the branch of a known index, otherwise the operator If."""
    graph, (index, *rest), branches = walk.graph, operands, equation.params["branches"]
    known = graph.array(index)
    if known is not None:
        chosen = branches[min(max(int(known), 0), len(branches) - 1)]
        return walk.inner(chosen.jaxpr, chosen.consts, rest)
    held = [v if v.is_constant else Operand(v.shape, v.dtype, v.shape, graph.full(v)) for v in rest]
    position = graph.cast(graph.full(index), np.int64)

    def from_branch(at: int) -> list[str]:
        """The results of the branches from this one on, in the present scope."""
        if at == len(branches) - 1:
            return [graph.full(value) for value in walk.inner(branches[at].jaxpr, branches[at].consts, held)]
        test = graph.node("LessOrEqual", [position, graph.constant(at, np.int64)])
        bodies = {}
        for name in ("then_branch", "else_branch"):
            with graph.scope() as nodes:
                if name == "then_branch":
                    values = walk.inner(branches[at].jaxpr, branches[at].consts, held)
                    tensors = [graph.full(value) for value in values]
                else:
                    tensors = from_branch(at + 1)
                ends = [graph.node("Identity", [tensor]) for tensor in tensors]
            outputs = [info(n, v.aval.dtype, v.aval.shape) for n, v in zip(ends, equation.outvars, strict=True)]
            bodies[name] = helper.make_graph(nodes, name, [], outputs)
        return graph.multi("If", [test], len(equation.outvars), **bodies)

    made = from_branch(0)
    return [graph.made(var.aval, name) for var, name in zip(equation.outvars, made, strict=True)]


@rule("while")
def _while(_walk: Walk, _equation: Any, _operands: Sequence[Operand]) -> list[Operand]:
    raise UnknownFormError("whose number of turns depends on values; use jax.lax.fori_loop with constant bounds")
