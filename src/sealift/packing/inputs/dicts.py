"""Read rows that are dicts: each key that the model knows is a column."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import is_missing
from sealift.errors import PackError
from sealift.frameworks import Keys, RowFormat
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column, Values, column_of, unfit
from sealift.packing.strings import is_unicode

_ABSENT: Any = object()


def read_dicts(X: Any, model: RowFormat) -> InputRows:
    """Read rows that are dicts.

    A missing value is an absent key. If all rows of X have the key, some with the value None or NaN, a missing value is
    NaN, which a vectorizer distinguishes from an absent key.

    Args:
        X: an iterable of dicts, or one dict.
        model: the format that the model takes.

    Raises:
        PackError: E301 when the step that reads the dicts was never fitted, E304 for a key whose values are not
            supported, E305 when X is something else.
    """
    rows = _rows(X, model.step)
    known = model.keys
    if not known:
        raise PackError("E301", "The step was never fitted.", where=model.step, fix="Call fit(X, y) before packing.")
    given = dict.fromkeys(key for row in rows for key in row)
    texts = {key for row in rows for key, value in row.items() if isinstance(value, str)}
    keys = [key for key in given if any(key in vectorizer for vectorizer in known)]
    for vectorizer in known:
        keys += [key for key in vectorizer.others(keys, texts) if key not in keys]
    _check_names(keys)
    columns = tuple(_column(key, [row.get(key, _ABSENT) for row in rows], known) for key in keys)

    def build(values: Mapping[str, Values]) -> list[dict[Any, Any]]:
        result: list[dict[Any, Any]] = [{} for _ in next(iter(values.values()))]
        for key, column in zip(keys, columns, strict=True):
            for row, value in zip(result, values[column.name], strict=True):
                if value is not None or column.null is not None:
                    row[key] = column.null if value is None else value
        return result

    return InputRows(columns, rows, build, _notes([str(key) for key in given if key not in set(keys)]))


def _rows(X: Any, step: str) -> list[Mapping[Any, Any]]:
    single = isinstance(X, Mapping) and all(np.ndim(value) == 0 for value in X.values())
    plain = isinstance(X, Iterable) and not hasattr(X, "columns") and not isinstance(X, Mapping | str)
    rows: list[Any] = [X] if single else list(X) if plain else [None]
    if not all(isinstance(row, Mapping) for row in rows):
        raise PackError(
            "E305",
            f"The model begins with a {step}, whose rows are dicts, but X is of the type {type(X).__name__}.",
            where=step,
            fix="Give a list of dicts, as in fit: a data frame is one by X.to_dict('records') in pandas or "
            "X.to_dicts() in polars.",
        )
    return rows


def _check_names(keys: Sequence[Any]) -> None:
    names = [str(key) for key in keys]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if twice:
        raise PackError(
            "E304", f"X has two keys with the same string {min(twice)!r:.80}.", fix="Give every key a different string."
        )
    if any(not name or not is_unicode(name) for name in names) or any(isinstance(key, bytes) for key in keys):
        raise PackError("E304", "X has a key without a readable name.", fix="Give every key a name.")


def _column(key: Any, values: Sequence[Any], known: Sequence[Keys]) -> Column:
    name = str(key)
    present = [value for value in values if value is not _ABSENT]
    if any(isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping) for value in present):
        raise unfit(
            name,
            "holds lists of strings, and a field of the contract holds one string",
            "Give each string a key of its own with the value 1, {'genre=war': 1, 'genre=love': 1}, in training too.",
        )
    filled = any(is_missing(value) for value in present)
    if filled and len(present) < len(values) and any(vectorizer.distinguishes_nan(key) for vectorizer in known):
        raise unfit(
            name,
            "is None or NaN in some rows and absent from others, which the model answers differently",
            "Use one way for missing values, in training too: leave the key out, which counts as 0, or give NaN.",
        )
    is_nan = filled and any(vectorizer.distinguishes_nan(key) for vectorizer in known)
    raw = np.empty(len(values), dtype=object)
    raw[:] = [None if value is _ABSENT else value for value in values]
    column = column_of(name, raw)
    texts = tuple(dict.fromkeys(text for vectorizer in known for text in vectorizer.texts(key)))
    if all(value is None for value in column.values) and not texts:
        column = dataclasses.replace(column, dtype="float64")
    elif column.type.feeds == "text" and texts:
        column_of(name, np.array(texts, dtype=object))  # raises if they are not supported
        column = dataclasses.replace(column, known=texts)
    return dataclasses.replace(column, null=math.nan if is_nan else None, native=key)


def _notes(others: Sequence[str]) -> tuple[str, ...]:
    if not others:
        return ()
    listed = ", ".join(f'"{name:.60}"' for name in others[:8]) + f" and {len(others) - 8} more" * (len(others) > 8)
    return (f"The model ignores these keys of X, so they are not inputs: {listed}.",)
