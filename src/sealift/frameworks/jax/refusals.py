"""Why a model of JAX cannot be packed: the operation, the line of the user's code, and the remedy."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax

from sealift.errors import PackError
from sealift.frameworks.jax.lowering.program import Unconverted
from sealift.frameworks.jax.recognise import LIBRARIES
from sealift.frameworks.nets import lines

_GUIDE = "`sealift docs how-to/jax` shows what is supported."


def _folders() -> tuple[str, ...]:
    specs = [find_spec(name) for name in (*LIBRARIES, "keras")]
    return tuple(str(Path(spec.origin).parent) for spec in specs if spec is not None and spec.origin)


_FOLDERS = _folders()


def line_of(error: BaseException) -> str:
    """The innermost line of the user's code that led to an error; empty if there is none."""
    return lines.line_of(error, _FOLDERS)


def line_of_equation(equation: Any) -> str:
    """The line of the user's code of an equation; empty where JAX does not record it."""
    trace = getattr(equation.source_info, "traceback", None)
    frames = [] if trace is None else [(frame.file_name, frame.line_num) for frame in reversed(trace.frames)]
    return lines.innermost(frames, _FOLDERS)


def not_traced(error: Exception, kind: str) -> PackError:
    """The error for a function that JAX cannot trace for any number of rows."""
    at = _at(line_of(error))
    text = " ".join(str(error).split())
    if isinstance(error, jax.errors.TracerArrayConversionError):
        return PackError(
            "E302",
            f"The model gives an array of JAX to NumPy{at}, which a graph cannot contain.",
            where=kind,
            fix="Use the function of jax.numpy in place of that of numpy.",
        )
    if isinstance(error, jax.errors.ConcretizationTypeError):
        return PackError(
            "E332",
            f"A branch, loop or size depends on the values of an array{at}, and a graph has no such choice.",
            where=kind,
            fix="Replace the `if` by jnp.where or jax.lax.cond, and the loop by one with a fixed number of turns.",
        )
    if isinstance(error, jax.errors.KeyReuseError):
        return random_numbers("a key", line_of(error), kind)
    if type(error).__name__ == "InconclusiveDimensionOperation" or _names_size(text):
        return PackError(
            "E335",
            f"The model fixes the number of rows or a size{at}: {text[:200].rstrip('.')}.",
            where=kind,
            fix="Use x.shape[0] as it is, or -1, in place of a number, int(x.shape[0]) or a comparison of it.",
        )
    return PackError(
        "E302",
        f"The model cannot be traced by JAX{at}: {type(error).__name__}: {text[:300].rstrip('.')}.",
        where=kind,
        fix=f"Write it with operations of JAX on its arguments only; {_GUIDE}",
    )


def _names_size(text: str) -> bool:
    """Whether a message shows a shape with a free size, as in (b, 3)."""
    return "(b," in text or "[b," in text or "symbolic dimension" in text.lower()


def not_converted(error: Unconverted, kind: str) -> PackError:
    """The error for an equation without a form in ONNX."""
    name, line = str(error.equation.primitive.name), line_of_equation(error.equation)
    if name.startswith(("random_", "threefry", "rng_")):
        return random_numbers(name, line, kind)
    if name == "while":
        return PackError(
            "E332",
            f"The number of turns of a loop depends on values{_at(line)}, and a graph has no such loop.",
            where=kind,
            fix="Use jax.lax.fori_loop with constant bounds or jax.lax.scan.",
        )
    return PackError(
        "E333",
        f"The operation {name} has no form in ONNX{f' {error.reason}' if error.reason else ''}{_at(line)}.",
        where=kind,
        fix=f"Replace it by operations that have one, or compute it before the net, as a column of X; {_GUIDE}",
    )


def random_numbers(operation: str, line: str, kind: str) -> PackError:
    """The error for a model that draws random numbers for each row."""
    return PackError(
        "E330",
        f"The model draws random numbers by {operation}{_at(line)}, so that answers depend on a key or on the call.",
        where=kind,
        fix="Turn dropout off (model.eval(), deterministic=True, train=False), and make other random numbers an input.",
    )


def _at(line: str) -> str:
    return f" in {line}" if line else ""
