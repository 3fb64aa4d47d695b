"""A model named on the command line to the fitted object: a Python file's own, or one that was saved."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sealift.errors import FileError, PackError
from sealift.packing.model_files import library_of, survives

# Types that skops asks about although building one runs nothing.
_HARMLESS = frozenset({"numpy.dtype"})
_PICKLES = {".joblib", ".pkl", ".pickle"}


def load_model(spec: str, *, trust_pickle: bool = False, trust: Sequence[str] = ()) -> object:
    """The model that `spec` names.

    Args:
        spec: `module.py:name`, which runs that file; or a .skops, .onnx, .joblib, .pkl file; or a booster's own file,
            whatever its ending: XGBoost's JSON or UBJSON, LightGBM's text, CatBoost's cbm or JSON.
        trust_pickle: whether a .joblib or .pkl may be opened. It can run any code when it is.
        trust: types that a .skops file may use beside those that skops knows to be harmless.

    Raises:
        FileError: E401 when the file is not there, E405 when the library that opens it is not.
        PackError: E307 when opening the file could run code, E308 when it cannot be loaded.
    """
    before, colon, name = spec.rpartition(":")
    if colon and before.lower().endswith(".py"):
        return _from_module(_existing(before), name)
    path = _existing(spec)
    suffix = path.suffix.lower()
    if suffix == ".skops":
        return _from_skops(path, trust)
    if suffix == ".onnx":
        return _from_onnx(path)
    if suffix in _PICKLES:
        return _from_pickle(path, trusted=trust_pickle)
    library = library_of(path) if suffix != ".py" else None
    if library is not None:
        return _from_booster(path, library)
    hint = "Name the object too: model.py:pipeline." if suffix == ".py" else "Give module.py:name, or such a file."
    raise PackError(
        "E308", "The model is no .skops, .onnx, .joblib or .pkl file, nor a booster's own.", where=spec, fix=hint
    )


@dataclass(frozen=True)
class Loaded:
    """A model, sentences on another version of its library, and what else was warned of while it was loaded."""

    model: object
    notes: list[str]
    warnings: list[str]


def load_noting(spec: str, *, trust_pickle: bool = False, trust: Sequence[str] = ()) -> Loaded:
    """The model that `spec` names, with notes and warnings.

    Raises:
        FileError: E401, E405 as `load_model`.
        PackError: E307, E308 as `load_model`.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = load_model(spec, trust_pickle=trust_pickle, trust=trust)
    told: list[Any] = [warning.message for warning in caught]
    versions = {
        (message.original_sklearn_version, message.current_sklearn_version)
        for message in told
        if hasattr(message, "original_sklearn_version")
    }
    notes = [
        f"The model was saved with scikit-learn {old}, and {new} is installed. It may answer differently here than "
        "where it was trained: what is sealed is proved against the answers it gives here."
        for old, new in sorted(versions)
    ]
    module = Path(spec.rpartition(":")[0])
    shown = [_told(warning, module) for warning in caught if _is_shown(warning, module)]
    return Loaded(model, notes, list(dict.fromkeys(shown)))


def _is_shown(warning: warnings.WarningMessage, module: Path) -> bool:
    """As Python shows them by default: those for developers only where they are the user's own file's."""
    if hasattr(warning.message, "original_sklearn_version"):
        return False
    quiet = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
    return not issubclass(warning.category, quiet) or _is_at(warning, module)


def _is_at(warning: warnings.WarningMessage, module: Path) -> bool:
    return Path(warning.filename).resolve() == module.resolve()


def _told(warning: warnings.WarningMessage, module: Path) -> str:
    place = module if _is_at(warning, module) else warning.filename
    return f"{place}, line {warning.lineno}: {warning.category.__name__}: {str(warning.message)[:500]}"


def _from_module(path: Path, name: str) -> object:
    # The user's own code, run as `python module.py` would run it, its neighbours importable; but not as __main__,
    # so that what stands under `if __name__ == "__main__"` stays still.
    called = path.stem if path.stem not in sys.modules else f"_sealift_{path.stem}"  # a json.py must not replace json
    loader = importlib.util.spec_from_file_location(called, path)
    if loader is None or loader.loader is None:
        raise PackError("E308", "The file is no Python module.", where=str(path), fix="Give a .py file.")
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
            fix="Run it with python first, and mend what it says.",
        ) from error
    finally:
        sys.path.remove(folder)
    if not name.isidentifier() or not hasattr(module, name):
        public = [key for key, value in vars(module).items() if hasattr(value, "fit") and not isinstance(value, type)]
        known = f"It has: {', '.join(public)}." if public else "Assign the fitted model to a name in that file."
        raise PackError("E308", f"The file has no {name!r:.80}.", where=str(path), fix=known)
    found: object = getattr(module, name)
    return found


def _from_skops(path: Path, trust: Sequence[str]) -> object:
    skops = _library("skops.io", "sklearn", path)
    try:
        unknown = sorted(set(skops.get_untrusted_types(file=path)) - _HARMLESS - set(trust))
    except Exception as error:  # a damaged file fails in as many ways as it can be damaged
        raise _broken(path, error) from error
    if unknown:
        listed = ", ".join(unknown[:8]) + (f" and {len(unknown) - 8} more" if len(unknown) > 8 else "")
        options = " ".join(f"--trust {kind}" for kind in unknown[:8])
        raise PackError(
            "E307",
            f"The file uses types that skops does not know to be harmless: {listed}.",
            where=str(path),
            fix=f"If you know where the file and these types come from, add {options}.",
        )
    try:
        return skops.load(path, trusted=[*_HARMLESS, *trust])
    except Exception as error:
        raise _broken(path, error) from error


def _from_pickle(path: Path, *, trusted: bool) -> object:
    if not trusted:
        raise PackError(
            "E307",
            "A pickle can run any code on this machine at the moment it is opened, whoever made it.",
            where=str(path),
            fix="If it is your own file, add --trust-pickle; if not, ask for a .skops file (skops.io.dump).",
        )
    joblib = _library("joblib", "sklearn", path)
    try:
        return joblib.load(path)
    except Exception as error:  # whatever the pickle's own code raises
        raise _broken(path, error) from error


def _from_onnx(path: Path) -> object:
    try:
        source: Any = import_module("sealift.frameworks.onnx.model")
    except ModuleNotFoundError as error:
        if error.name != "sealift.frameworks.onnx.model":
            raise
        raise PackError(
            "E308", "This version cannot pack ONNX files.", where=str(path), fix="Give the original model instead."
        ) from None
    model: object = source.OnnxModel(path)
    return model


def _from_booster(path: Path, library: str) -> object:
    _library(library, library, path)
    if not survives(path, library):
        raise PackError(
            "E308",
            f"The file is damaged, or of a version that {library} cannot read: it crashes on it.",
            where=str(path),
            fix="Copy the file once more; or load the model with the version it was saved with, and save it again.",
        )
    try:
        model: object = import_module(f"sealift.frameworks.{library}").load(path)
    except Exception as error:  # each library has its own for a file that is not its own
        raise _broken(path, error) from error
    return model


def _existing(name: str) -> Path:
    path = Path(name)
    try:
        there = path.is_file()
    except (OSError, ValueError):  # a name that the system cannot say
        there = False
    if not there:
        raise FileError("E401", "The model file is not there.", where=name, fix="Check the path.")
    return path


def _library(name: str, extra: str, path: Path) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise FileError(
            "E405",
            f"Opening this file needs {name.partition('.')[0]}, which is not installed.",
            where=str(path),
            fix=f"Install it with: pip install 'sealift[{extra}]'",
        ) from None


def _broken(path: Path, error: Exception) -> PackError:
    return PackError(
        "E308",
        f"The model cannot be loaded: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
        where=str(path),
        fix="Load it in Python with the versions it was saved with, and save it again.",
    )


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
