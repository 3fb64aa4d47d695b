"""Load the model that a string names: an object in a Python file, or a model file."""

from __future__ import annotations

import importlib.util
import os
import sys
import types
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift.errors import PackError
from sealift.frameworks import Trust, frameworks
from sealift.frameworks.discovery import owner
from sealift.frameworks.model_files import existing, open_model
from sealift.runtime import Limits
from sealift.warning_filters import recorded_warnings


def load_model(
    spec: str, *, trust_pickle: bool = False, trust: Sequence[str] = (), limits: Limits | None = None
) -> object:
    """The model that `spec` names.

    Args:
        spec: `module.py:name`, which runs that file; or a .skops, .onnx, .joblib, .pkl file; or a booster's own file,
            whatever its ending: XGBoost's JSON or UBJSON, LightGBM's text, CatBoost's cbm or JSON.
        trust_pickle: whether a .joblib or .pkl may be opened. It can run any code when it is.
        trust: types that a .skops file may use in addition to those that skops trusts.
        limits: limits of the processes in which the graph of an .onnx file runs.

    Raises:
        FileError: E401 when the file does not exist, E405 when the library that opens it is not installed.
        PackError: E302 when an .onnx file cannot be sealed, E307 when opening the file could run code, E308 when it
            cannot be loaded.
        SealError: E207 when the graph of an .onnx file cannot be run here, E210 when it exceeds a limit.
    """
    named = object_in_module(spec)
    if named is not None:
        return named
    path = existing(spec)
    if path.suffix.lower() == ".py":
        raise PackError(
            "E308",
            "The file is a Python module, and no object in it is named.",
            where=spec,
            fix="Add the object's name: model.py:pipeline.",
        )
    model: object = open_model(path, Trust(trust_pickle, tuple(trust), limits))
    return model


def object_in_module(spec: str) -> Any:
    """The object that `module.py:name` names, after that file was run; None for another string.

    Raises:
        FileError: E401 when the file does not exist. PackError: E308 when it fails or has no such object.
    """
    before, colon, name = spec.rpartition(":")
    return _from_module(existing(before), name) if colon and before.lower().endswith(".py") else None


def opened(model: Any) -> Any:
    """A model as it is; the path of a model file, or `module.py:name`, as the model that it names.

    Raises:
        FileError: E401, E405 as `load_model`.
        PackError: E307, E308 as `load_model`.
    """
    return load_model(str(model)) if isinstance(model, str | os.PathLike) else model


@dataclass(frozen=True)
class Loaded:
    """A model, notes on another version of its library, and other warnings raised while it was loaded."""

    model: object
    notes: list[str]
    warnings: list[str]


def load_noting(
    spec: str, *, trust_pickle: bool = False, trust: Sequence[str] = (), limits: Limits | None = None
) -> Loaded:
    """The model that `spec` names, with notes and warnings; for commands, since warnings of all threads are recorded.

    Raises:
        FileError: E401, E405 as `load_model`.
        PackError: E307, E308 as `load_model`.
    """
    with recorded_warnings() as caught:
        model = load_model(spec, trust_pickle=trust_pickle, trust=trust, limits=limits)
    notes = {note for warning in caught if (note := _version_note(warning))}
    module = Path(spec.rpartition(":")[0])
    shown = [_warning_text(warning, module) for warning in caught if _is_shown(warning, module)]
    return Loaded(model, sorted(notes), list(dict.fromkeys(shown)))


def _version_note(warning: warnings.WarningMessage) -> str | None:
    """A note for a warning of another version of the library; None for any other warning."""
    return next((note for framework in frameworks() if (note := framework.version_note(warning.message))), None)


def _is_shown(warning: warnings.WarningMessage, module: Path) -> bool:
    """Whether Python shows the warning by default: warnings for developers only if the user's own file raises them."""
    if _version_note(warning) is not None:
        return False
    quiet = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
    return not issubclass(warning.category, quiet) or _is_at(warning, module)


def _is_at(warning: warnings.WarningMessage, module: Path) -> bool:
    return Path(warning.filename).resolve() == module.resolve()


def _warning_text(warning: warnings.WarningMessage, module: Path) -> str:
    place = module if _is_at(warning, module) else warning.filename
    return f"{place}, line {warning.lineno}: {warning.category.__name__}: {str(warning.message)[:500]}"


def _from_module(path: Path, name: str) -> object:
    # The user's own code runs as by `python module.py`, and can import modules in its folder; but not as __main__, so
    # that the code after `if __name__ == "__main__"` does not run.
    called = path.stem if path.stem not in sys.modules else f"_sealift_{path.stem}"  # a json.py must not replace json
    loader = importlib.util.spec_from_file_location(called, path)
    if loader is None or loader.loader is None:
        raise PackError("E308", "The file is not a Python module.", where=str(path), fix="Give a .py file.")
    module = importlib.util.module_from_spec(loader)
    folder = str(path.parent.resolve())
    sys.path.insert(0, folder)
    sys.modules[called] = module
    try:
        loader.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise PackError(
            "E308",
            f"The file fails when it is run: {type(error).__name__}: {str(error)[:300]}",
            where=_line(error, path),
            fix="Run it with python and fix the reported error.",
        ) from error
    finally:
        sys.path.remove(folder)
    if not name.isidentifier() or not hasattr(module, name):
        public = [key for key, value in vars(module).items() if _is_model(value)]
        known = f"It has: {', '.join(public)}." if public else "Assign the fitted model to a name in that file."
        raise PackError("E308", f"The file has no {name!r:.80}.", where=str(path), fix=known)
    model: object = getattr(module, name)
    return model


def _is_model(value: Any) -> bool:
    """Whether an object of a module is a model of a framework, and not a function or class."""
    return not isinstance(value, type | types.FunctionType | types.ModuleType) and owner(value) is not None


def _line(error: BaseException, path: Path) -> str:
    """The last line of the user's file that led to the error."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{path}, line {error.lineno}"
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{path}, line {line}" if line else str(path)
