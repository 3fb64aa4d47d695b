"""Displayed names of categories, and observed values that become choices."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Contract, Field, shown
from sealift.errors import PackError
from sealift.packing.inputs.base import InputRows
from sealift.packing.strings import is_name, listed
from sealift.packing.types import type_packing
from sealift.stats import SMALL

_MOST_CHOICES = 5
_ENOUGH_ROWS = 10 * SMALL


def with_observed_values(fields: Sequence[Field], input_rows: InputRows) -> tuple[list[Field], set[str]]:
    """The fields, with categories for those of few distinct integers (0 and 1, grades 1 to 4), and their names.

    Other values remain allowed. Categories are listed only if each value of X occurs in at least `SMALL` rows.

    Args:
        fields: the inputs.
        input_rows: the caller's rows.
    """
    if len(input_rows) < _ENOUGH_ROWS:
        return list(fields), set()
    result, limited = [], set()
    for field, column in zip(fields, input_rows.columns, strict=True):
        counts = _whole_numbers(column.values) if _may_have_choices(field) else None
        if counts is None:
            result.append(field)
            continue
        values = tuple(sorted(type_packing(field.dtype).categories(list(counts))))
        typical = max(values, key=lambda value: counts[value])
        result.append(dataclasses.replace(field, categories=values, typical=typical))
        limited.add(field.name)
    return result, limited


def _may_have_choices(field: Field) -> bool:
    return field.categories is None and type_packing(field.dtype).may_have_choices


def _whole_numbers(values: Sequence[Any]) -> Counter[Any] | None:
    """How often each value occurs in a column of few distinct integers; None for any other column."""
    counts: Counter[Any] = Counter()
    for value in values:
        if value is None:
            continue
        counts[value] += 1
        if len(counts) > _MOST_CHOICES or value != int(value):
            return None
    few = len(counts) < 2 or min(counts.values()) < SMALL
    return None if few else counts


def resolved(fields: Mapping[str, Any], contract: Contract, observed: Collection[str]) -> dict[str, dict[str, Any]]:
    """The caller's `fields` with `category_names` as a list in the order of the field's categories.

    The keys of a dict are values, or their strings as in `{"0": "no"}`. If the field has no categories, or only
    `observed` ones, the dict's keys become the categories.

    Raises:
        PackError: E304 for names that do not match the categories.
    """
    return {
        name: {**changes, **_named_categories(contract.inputs[contract.index[name]], changes, name in observed)}
        if changes.get("category_names") is not None
        else dict(changes)
        for name, changes in fields.items()
    }


def _named_categories(field: Field, changes: Mapping[str, Any], observed: bool) -> dict[str, Any]:
    where = f"input {field.name!r:.80}"
    names = changes["category_names"]
    known = tuple(changes.get("categories") or field.categories or type_packing(field.dtype).every_value)
    if not isinstance(names, Mapping):
        if isinstance(names, str) or not isinstance(names, Sequence | np.ndarray) or len(names) != len(known):
            raise _wrong(
                f"category_names must have {len(known)} names.",
                f"Give them in the order {listed(known)}." if known else 'Give a dict, such as {0: "no", 1: "yes"}.',
                where,
            )
        pairs = dict(zip(known, names, strict=True))
    else:
        pairs = {_category(field, key, known, where): name for key, name in names.items()}
        others = [value for value in pairs if value not in known]
        if known and others and not (observed and "categories" not in changes):
            raise _wrong(f"category_names names {others[0]!r:.60}, which is not a category.",
                         f"The categories are {listed(known)}.", where)  # fmt: skip
        if len(pairs) != len(names):
            raise _wrong("category_names names a category twice.", "Give each category one name.", where)
        known = tuple(dict.fromkeys([*known, *others]))
        if observed:
            known = tuple(sorted(known))
    texts = [pairs.get(value, shown(value)) for value in known]
    if not all(is_name(text) for text in texts) or len(set(texts)) != len(texts):
        raise _wrong("category_names has an empty name, a duplicate name, or one that is not a string.",
                     "Give each category a different name.", where)  # fmt: skip
    return {"categories": list(known), "category_names": [str(text) for text in texts]}


def _category(field: Field, key: Any, known: Sequence[Any], where: str) -> Any:
    """The category for a key of the dict. Raises PackError E304."""
    key = key.item() if isinstance(key, np.generic) else key
    same = [value for value in known if value == key and isinstance(value, bool) == isinstance(key, bool)]
    if same:
        return same[0]
    if isinstance(key, str) and field.type.feeds != "text":
        by_text = [value for value in known if shown(value) == key]
        if by_text:
            return by_text[0]
    try:
        return type_packing(field.dtype).category(key)
    except (KeyError, ValueError):
        raise _wrong(f"category_names names {key!r:.60}, which is not a value of the dtype {field.dtype}.",
                     "Use the column's values as keys.", where) from None  # fmt: skip


def _wrong(what: str, fix: str, where: str = "") -> PackError:
    return PackError("E304", what, where=where, fix=fix)
