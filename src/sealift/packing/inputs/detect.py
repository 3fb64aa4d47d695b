"""`read_rows`: detect the format of X, and read it with its columns in the model's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract.parts import LONGEST_TEXT
from sealift.errors import MissingExtraError, PackError
from sealift.frameworks import RowFormat, Source, frameworks
from sealift.packing.inputs import arrays, dicts, frames, named_arrays, pictures, texts
from sealift.packing.inputs.base import InputRows
from sealift.packing.strings import is_unicode


def read_rows(X: Any, source: Source | None = None) -> InputRows:
    """Read X: a pandas or polars data frame, a 2-d NumPy array, a list of dicts, or one column of strings.

    Columns with names are sorted into the model's order, if it stores their names.

    Raises:
        PackError: E304 when a column mixes types or has one that is not supported, E305 when X is not a
            table, or its columns are not the model's.
        ContractError: E104 when X is not a table.
    """
    _check_kind(X)
    model = RowFormat() if source is None else source.rows
    if model.kind == "pictures":
        return pictures.read_pictures(X, (model.columns or ("image",))[0])
    if model.kind == "arrays":
        return named_arrays.read_arrays(X, model)
    input_rows = dicts.read_dicts(X, model) if model.kind == "dicts" else _read_table(X, model)
    if not input_rows.columns or not len(input_rows):
        raise PackError("E305", "X has no rows or no columns.", fix="Give the rows for the verification of the model.")
    if model.width not in (None, len(input_rows.columns)):
        raise _other_columns(f"X has {len(input_rows.columns)} columns, but the model was fitted on {model.width}.")
    return input_rows


def _check_kind(X: Any) -> None:
    """Raise PackError E305 for objects that resemble a table but are not supported."""
    if hasattr(X, "collect_schema") and hasattr(X, "collect"):
        raise PackError("E305", "X is a lazy data frame.", fix="Call .collect() on it first.")
    if hasattr(X, "column_names") and hasattr(X, "to_pandas"):
        raise PackError("E305", "X is a pyarrow table.", fix="Give X.to_pandas(), or what the model was fitted on.")
    if isinstance(X, np.ndarray) and X.dtype.names is not None:
        raise PackError(
            "E305", "X is a structured array, which scikit-learn does not take.", fix="Give pandas.DataFrame(X)."
        )
    if isinstance(X, np.ma.MaskedArray):
        raise PackError("E305", "X is a masked array.", fix="Give X.filled(numpy.nan).")
    device = str(getattr(X, "device", "cpu"))
    if "cpu" not in device.lower() and not hasattr(X, "iloc"):
        raise PackError(
            "E305",
            f"X is held on another device ({device:.40}).",
            fix="Bring it to main memory first: X.cpu().numpy(), or X.get().",
        )


def _read_table(X: Any, model: RowFormat) -> InputRows:
    X = _as_frame(X)
    if texts.is_text_list(X):
        return texts.read_strings(X)
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        _check_names(list(X.columns), model)
        return frames.read_pandas(X.iloc[:, _in_order(list(X.columns), model)])
    if hasattr(X, "get_columns"):
        _check_names(list(X.columns), model)
        return frames.read_polars(X[:, _in_order(list(X.columns), model)])
    return arrays.read_sparse(X) if hasattr(X, "toarray") and hasattr(X, "nnz") else arrays.read_array(X)


def _as_frame(X: Any) -> Any:
    """Dicts as a pandas data frame; other forms as they are."""
    if isinstance(X, list | tuple) and X and all(isinstance(row, Mapping) for row in X):
        return _pandas_library().DataFrame(list(X))
    if isinstance(X, Mapping):
        columns = {name: [value] if np.ndim(value) == 0 else list(value) for name, value in X.items()}
        if len({len(column) for column in columns.values()}) > 1:
            raise PackError("E305", "The columns of X differ in length.", fix="Give each column one value a row.")
        return _pandas_library().DataFrame(columns)
    return X


def _pandas_library() -> Any:
    """pandas. Raises FileError E405 when it is not installed."""
    try:
        import pandas
    except ImportError:
        raise MissingExtraError(
            "E405",
            "Rows as dicts are handed to the model as a pandas data frame, and pandas is not installed.",
            fix="Install it (pip install pandas), or give X as a NumPy array.",
        ) from None
    return pandas


def _check_names(labels: Sequence[Any], model: RowFormat) -> None:
    names = [str(label) for label in labels]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise PackError("E304", f"X has two columns named {twice[0]!r:.80}.", fix="Give each column a different name.")
    if any(not name or not is_unicode(name) for name in names):
        raise PackError("E304", "X has a column without a readable name.", fix="Give every column a name.")
    if any(len(name) > LONGEST_TEXT for name in names):
        what = f"X has a column whose name is longer than {LONGEST_TEXT} characters."
        raise PackError("E304", what, fix="Give it a shorter name.")
    wanted = _known(labels, model)
    given, known = set(names), set(wanted)
    lacking = [name for name in wanted if name not in given]
    others = [name for name in names if name not in known] if wanted else []
    if lacking or others:
        difference = f"X lacks {_listed(lacking)}" * bool(lacking) + " and " * bool(lacking and others)
        difference += ("" if lacking else "X ") + f"has {_listed(others)}" * bool(others)
        raise _other_columns(f"{difference}, unlike the rows that the model was fitted on.")


def _in_order(labels: Sequence[Any], model: RowFormat) -> list[int]:
    """The indices of X's columns in the model's order."""
    wanted = {name: i for i, name in enumerate(_known(labels, model))}
    places = list(range(len(labels)))
    return sorted(places, key=lambda i: wanted[str(labels[i])]) if wanted else places


def _known(labels: Sequence[Any], model: RowFormat) -> list[str]:
    """The columns that the model was fitted on, in its order, with the names of X if their spelling differs."""
    wanted = list(model.columns or ())
    if set(wanted) <= {str(label) for label in labels}:
        return wanted
    for framework in frameworks():  # all frameworks, since a model that contains another one takes over its names
        spelled = {framework.column_name(label): str(label) for label in labels}
        if len(spelled) == len(labels) and set(wanted) <= set(spelled):
            return [spelled[name] for name in wanted]
    return wanted


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{name!r:.60}" for name in names[:5]) + f" and {len(names) - 5} more" * (len(names) > 5)


def _other_columns(what: str) -> PackError:
    fix = "Give X with exactly the columns that the model was fitted on, without the target."
    return PackError("E305", what, fix=fix)
