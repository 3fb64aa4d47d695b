"""Which library wrote a model file, told from its bytes: people call such files .model, .bin or anything else."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from sealift import files
from sealift.errors import PackError

_LONGEST = 64 << 20  # of an R file: beyond it nothing is looked for
_BINARY = ".bin", ".deprecated", ".model", ".raw", ".xgb"
_OPEN: dict[bytes, Callable[..., gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
# The beginnings of saveRDS's formats and of save's (R's "R Internals", Serialization Formats).
_R = b"X\n\0\0\0", b"A\n2\n", b"A\n3\n", b"B\n\2\0\0\0", b"B\n\3\0\0\0", b"RDX", b"RDA", b"RDB"
_SAVERS = {
    b"xgb.Booster": 'xgb.save(model, "model.json")',
    b"lgb.Booster": 'lgb.save(model, "model.txt")',
    b"catboost.Model": 'catboost.save_model(model, "model.cbm")',
}
# The number after a tree's size_leaf_vector, in JSON and in UBJSON.
_VECTOR = re.compile(rb'size_leaf_vector(?:"\s*:\s*"|S[iUIlL][\0-\x08]{1,8})([0-9]+)', re.DOTALL)


def library_of(path: Path) -> str | None:
    """The library whose own model file this is: catboost, lightgbm, xgboost; None when it is none of theirs.

    Raises:
        FileError: E401.
        PackError: E308 for files that one of them or R wrote but that cannot be opened, with what to save instead.
    """
    data = files.read(path)
    if data.startswith(b"CBM1"):
        return "catboost"
    if re.match(rb"tree\r?\n", data):
        ends = [b"\nend of trees", *([b"\nend of parameters"] if b"\nparameters:" in data else [])]
        _refuse_cut_short(path, whole=all(end in data for end in ends))
        return "lightgbm"
    _refuse_r(path, data)
    text = data.lstrip()
    if text.startswith(b"{"):
        return _of_json(path, data)
    _refuse_dumps(path, text)
    if _is_old_binary(path, data):
        raise _refused(
            path,
            "The file is in XGBoost's old binary format, which XGBoost reads no longer.",
            'Load it with the version that wrote it, before 3.1, and save it anew: model.save_model("model.json") in '
            'Python, xgb.save(xgb.load("old.model"), "model.json") in R.',
        )
    return None


def _of_json(path: Path, data: bytes) -> str | None:
    if b"learner" in data and b"gradient_booster" in data:
        _refuse_old_vectors(path, data)
        return "xgboost"
    if b'"tree_info"' in data and b'"tree_structure"' in data:
        raise _refused(
            path,
            "The file is LightGBM's dump for reading, which LightGBM itself cannot open.",
            'Save the model as text: booster.save_model("model.txt") in Python, lgb.save(model, "model.txt") in R.',
        )
    if b'"features_info"' not in data:
        return None
    _refuse_cut_short(path, whole=_parses(data))  # CatBoost makes a smaller model of what is there
    return "catboost"


_FRAIL = {"catboost", "lightgbm"}
_TRIAL = """\
import sys, sealift.frameworks.{library} as library
try:
    library.load(sys.argv[1])
except Exception:
    pass
print("still here", flush=True)
"""


def survives(path: Path, library: str) -> bool:
    """Whether opening the file leaves a process alive: of a damaged one LightGBM and CatBoost may die on the spot."""
    if library not in _FRAIL:  # XGBoost raises an error
        return True
    command = [sys.executable, "-P", "-c", _TRIAL.format(library=library), str(path)]
    trial = subprocess.run(command, start_new_session=True, capture_output=True, check=False)  # noqa: S603 -- our own code, in an own process
    return b"still here" in trial.stdout


def _parses(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def _refuse_cut_short(path: Path, *, whole: bool) -> None:
    if not whole:
        raise _refused(path, "The file is cut short.", "Copy it once more, or save the model again.")


def _refuse_old_vectors(path: Path, data: bytes) -> None:
    """XGBoost 3.2 stores leaves of several numbers in another way, and reading the old one ends its process."""
    if b"leaf_weights" in data or not any(int(size) > 1 for size in _VECTOR.findall(data)):
        return
    if find_spec("xgboost") and not import_module("xgboost").__version__.startswith(("3.0.", "3.1.")):
        raise _refused(
            path,
            "The leaves of its trees hold several numbers, as XGBoost before 3.2 saved them; later ones crash on it.",
            'Pack it where XGBoost 3.0 or 3.1 is installed, or train it with multi_strategy="one_output_per_tree".',
        )


def _refuse_dumps(path: Path, text: bytes) -> None:
    if text.startswith(b"booster[") or (text.startswith(b"[") and b'"nodeid"' in text[:2000]):
        raise _refused(
            path,
            "The file is XGBoost's dump for reading, which lacks the objective and cannot be opened.",
            'Save the model itself: model.save_model("model.json") in Python, xgb.save(model, "model.json") in R.',
        )


def _is_old_binary(path: Path, data: bytes) -> bool:
    if data.startswith((b"binf", b"bs64\t")):
        return True
    # Without that mark it begins with 136 bytes of numbers; then come the names of objective and booster.
    named = any(name in data[130:400] for name in (b"gbtree", b"gblinear", b"dart"))
    return named and path.suffix.lower() in {*_BINARY, ".ubj", ".json", ""}


def _refuse_r(path: Path, data: bytes) -> None:
    packed = next((opener for magic, opener in _OPEN.items() if data.startswith(magic)), None)
    if packed is not None:
        try:
            with packed(path) as inner:
                data = inner.read(_LONGEST)
        except (OSError, EOFError, lzma.LZMAError):
            data = b""
    if data.startswith(_R) or path.suffix.lower() in {".rds", ".rda", ".rdata"}:
        savers = [saver for name, saver in _SAVERS.items() if name in data] or list(_SAVERS.values())
        raise _refused(
            path,
            "The file holds an R object (saveRDS or save), which only R can open.",
            f"In R, save the booster in its library's own format: {' or '.join(savers)}. Sealift opens no other "
            "models of R.",
        )
    if packed is not None:
        raise _refused(path, "The file is compressed.", "Unpack it first, for instance with gzip -d.")


def _refused(path: Path, what: str, fix: str) -> PackError:
    return PackError("E308", what, where=str(path), fix=fix)
