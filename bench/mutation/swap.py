"""Put what a changed source file changes in the place of what is loaded, without importing anything anew."""

from __future__ import annotations

import gc
import re
import struct
import sys
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

Live: TypeAlias = "dict[tuple[str, CodeType], list[FunctionType]]"


def live_functions(root: Path) -> Live:
    """The functions of all loaded modules below `root`, by file and code."""
    live: Live = {}
    for function in gc.get_objects():
        if type(function) is FunctionType and function.__code__.co_filename.startswith(str(root)):
            live.setdefault((function.__code__.co_filename, function.__code__), []).append(function)
    return live


def swap_functions(live: Live, file: Path, source: str, mutated: str) -> bool:
    """Whether all that changed is the code of live functions, which is then replaced."""
    pairs = list(_changed(compile(source, str(file), "exec"), compile(mutated, str(file), "exec")))
    replaced = [(live.get((str(file), before), []), after) for before, after in pairs if before is not None]
    if len(replaced) < len(pairs) or not all(functions for functions, _ in replaced):
        return False
    for functions, after in replaced:
        for function in functions:
            if len(function.__code__.co_freevars) != len(after.co_freevars):
                return False
            function.__code__ = after
    return True


def _changed(before: CodeType, after: CodeType) -> Iterator[tuple[CodeType | None, CodeType]]:
    """The outermost functions that differ; None in place of one where code outside of functions does."""
    if before == after:
        return
    if before.co_flags & CO_OPTIMIZED:  # neither a module nor the body of a class
        yield before, after
        return
    mine, others = _inner(before), _inner(after)
    if _outside(before) != _outside(after) or len(mine) != len(others):
        yield None, after
        return
    for one, other in zip(mine, others, strict=True):
        yield from _changed(one, other)


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _outside(code: CodeType) -> tuple[object, ...]:
    constants = [repr(constant) for constant in code.co_consts if not isinstance(constant, CodeType)]
    return code.co_code, constants, code.co_names, code.co_varnames


def swap_constants(file: Path, mutated: str) -> bool:
    """Whether plain constants of the module or its classes, or defaults of its functions, changed; they are replaced.

    So they are in the modules that imported them by name. What other modules computed of them stays as it was, so a
    mutant that survives is to be tried again by importing it.
    """
    module = next(m for m in [*sys.modules.values()] if getattr(m, "__file__", None) == str(file))
    anew: dict[str, Any] = {
        **vars(ModuleType(module.__name__)),
        "__file__": str(file),
        "__package__": module.__package__,
    }
    try:
        exec(compile(mutated, str(file), "exec"), anew)
    except Exception:  # as importing it would raise
        return False
    constants = {
        name: (vars(module)[name], value) for name, value in anew.items() if _differs(vars(module), name, value)
    }
    for other in [*sys.modules.values()]:
        for name, (old, value) in constants.items():
            if getattr(other, "__dict__", {}).get(name) is old:
                vars(other)[name] = value
    count = len(constants)
    for name, value in anew.items():
        old = vars(module).get(name)
        if isinstance(value, FunctionType) and isinstance(old, FunctionType):
            count += _defaults(old, value)
        if isinstance(value, type) and isinstance(old, type) and value.__module__ == module.__name__:
            for inner, entry in vars(value).items():
                known = vars(old).get(inner)
                if isinstance(entry, FunctionType) and isinstance(known, FunctionType):
                    count += _defaults(known, entry)
                elif _differs(vars(old), inner, entry) and not hasattr(old, "__dataclass_fields__"):
                    setattr(old, inner, entry)
                    count += 1
    return count > 0


def _defaults(old: FunctionType, new: FunctionType) -> int:
    if old.__code__.co_filename != new.__code__.co_filename or repr((old.__defaults__, old.__kwdefaults__)) == repr(
        (new.__defaults__, new.__kwdefaults__)
    ):
        return 0
    old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
    return 1


_PLAIN = (int, float, str, bytes, bool, type(None), re.Pattern)


def _differs(known: Any, name: str, value: object) -> bool:
    if name.startswith("__") or name not in known or not (_is_plain(value) and _is_plain(known[name])):
        return False
    old = known[name]
    if isinstance(value, struct.Struct) and isinstance(old, struct.Struct):
        return value.format != old.format
    return repr(old) != repr(value)


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple | list | set | frozenset):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    return isinstance(value, (*_PLAIN, struct.Struct)) or type(value).__module__ == "numpy"
