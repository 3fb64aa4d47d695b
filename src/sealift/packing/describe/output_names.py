"""The displayed names of outputs: class names, titles, units, column names, and the headline."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Headline, Output, shown
from sealift.contract.outputs import output_kind
from sealift.errors import PackError
from sealift.packing.outputs import packing_of
from sealift.packing.strings import check_strings, is_name, is_unicode, listed

_OUTPUT_KEYS = ("title", "units", "description", "columns")


def with_class_names(outputs: Sequence[Output], names: Sequence[str] | Mapping[Any, str] | None) -> tuple[Output, ...]:
    """The outputs with names for their classes. Raises PackError E304 when the names do not fit the classes."""
    if names is None:
        return tuple(outputs)
    classes = next((output.classes for output in outputs if output.classes is not None), None)
    if classes is None:
        raise _wrong("class_names is given, but the model has no single list of classes.", "Leave class_names out.")
    if isinstance(names, Mapping):
        # The keys in a file are strings: {"0": "benign"}.
        by_text = {shown(value): value for value in classes if not isinstance(value, str)}
        names = {by_text.get(key, key) if isinstance(key, str) else key: name for key, name in names.items()}
        ordered = [names.get(value) for value in classes]
        missing = [value for value, name in zip(classes, ordered, strict=True) if name is None]
        others = [key for key in names if key not in classes]
        if missing or others:
            what = (
                f"has no name for {missing[0]!r:.60}" if missing else f"names {others[0]!r:.60}, which is not a class"
            )
            raise _wrong(f"class_names {what}.", f"Give a name for each of the classes {listed(classes)}.")
    elif isinstance(names, str) or not isinstance(names, Sequence | np.ndarray) or len(names) != len(classes):
        raise _wrong(
            f"class_names must have {len(classes)} names.",
            f"Give them in the order {listed(classes)}, or as a dict.",
        )
    else:
        ordered = list(names)
    check_strings(**{f"class_names[{i}]": name for i, name in enumerate(ordered)})
    texts = tuple(str(name) for name in ordered)
    if len(set(texts)) != len(texts) or not all(texts):
        raise _wrong("class_names has an empty or a duplicate name.", "Give each class a different name.")
    return tuple(
        dataclasses.replace(output, class_names=texts) if output.classes == classes else output for output in outputs
    )


def headline(outputs: Sequence[Output], given: str | tuple[str, Any] | None) -> Headline:
    """The output that is shown first. Raises PackError E304 when it does not exist."""
    by_name = {output.name: output for output in outputs}
    if given is None:
        return _usual(next((output for output in outputs if output_kind(output).by_class), outputs[0]))
    name, class_ = given if isinstance(given, tuple | list) and len(given) == 2 else (given, None)
    if not isinstance(name, str) or name not in by_name:
        close = difflib.get_close_matches(str(name), list(by_name), n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise _wrong(
            f"The headline {name!r:.60} is not an output.",
            f"{hint}Use one of {', '.join(by_name)}, or a pair of 'probability' and a class.",
        )
    if not isinstance(given, tuple | list):
        return _usual(by_name[name])
    classes = by_name[name].classes if by_name[name].width is not None else None
    # True and the class 1 are distinct.
    matching = [c for c in classes or () if c == class_ and isinstance(c, bool) == isinstance(class_, bool | np.bool_)]
    if not matching:
        raise _wrong(
            f"The headline's class {class_!r:.60} is not a class of {name}.",
            f"Use one of {listed(classes)}." if classes else f"Use headline={name!r}.",
        )
    return Headline(name, matching[0])


def _usual(shown: Output) -> Headline:
    # With two classes, the second is usually the one of interest: ill, defaulted, churned.
    two = output_kind(shown).by_class and shown.classes is not None and len(shown.classes) == 2
    return Headline(shown.name, shown.classes[-1] if two and shown.classes else None)


def with_output_names(
    outputs: Sequence[Output], given: Mapping[str, Mapping[str, Any]] | None, y: Any, inputs: Collection[str] = ()
) -> tuple[Output, ...]:
    """The outputs with the caller's titles, units and descriptions, and with the names of y's columns.

    Args:
        outputs: the model's outputs.
        given: by output: title, units, description, columns (names of the columns of a wide `value` or `features`).
        y: the true answers. The name of a pandas Series becomes the title, those of a data frame the column names.
        inputs: the names of the inputs, for the message on a name that belongs in `fields`.

    Raises:
        PackError: E304 for an output that does not exist, an unknown key, or a contradiction.
    """
    by_name = {output.name: output for output in _named_by(y, outputs)}
    if given is not None and not isinstance(given, Mapping):
        raise _wrong("outputs must be a dict.", 'Use outputs={"value": {"title": …, "units": …}}.')
    for name, changes in (given or {}).items():
        where = f"output {name!r:.80}"
        if name not in by_name:
            if name in inputs:
                fix = "It is an input: describe it with fields."
            else:
                close = difflib.get_close_matches(str(name), list(by_name), n=1)
                fix = f"Did you mean {close[0]!r}?" if close else f"The outputs are {', '.join(by_name)}."
            raise _wrong(f"outputs describes {name!r:.80}, which is not an output.", fix)
        if not isinstance(changes, Mapping) or set(changes) - set(_OUTPUT_KEYS):
            unknown = sorted(map(str, set(changes) - set(_OUTPUT_KEYS))) if isinstance(changes, Mapping) else changes
            raise _wrong(
                f"outputs cannot set {unknown!r:.120}.", f"Use a dict with the keys {', '.join(_OUTPUT_KEYS)}.", where
            )
        for key in ("title", "units", "description"):
            text = changes.get(key, "")
            if not isinstance(text, str) or not is_unicode(text) or "\0" in text:
                raise _wrong(f"{key} must be a string, got {text!r:.60}.", "Give a str of readable characters.", where)
        by_name[name] = dataclasses.replace(by_name[name], **_with_columns(by_name[name], changes, where))
    return tuple(by_name.values())


def _with_columns(output: Output, changes: Mapping[str, Any], where: str) -> dict[str, Any]:
    if changes.get("columns") is None:
        return {key: value for key, value in changes.items() if key != "columns"}
    if output.width is None or output.classes is not None:
        raise _wrong("columns is given for an output that has no column names.",
                     "Use title for an output of one column, and class_names for classes.", where)  # fmt: skip
    names = changes["columns"]
    is_list = isinstance(names, Sequence | np.ndarray) and not isinstance(names, str)
    if not is_list or len(names) != output.width or not all(map(is_name, names)) or len(set(names)) != output.width:
        raise _wrong(f"columns must have {output.width} different names.", "Give one name for each column.", where)
    return {**changes, "columns": tuple(map(str, names))}


def _named_by(y: Any, outputs: Sequence[Output]) -> list[Output]:
    """The outputs with the names that y has in pandas or polars."""
    title, columns = getattr(y, "name", None), getattr(y, "columns", None)
    names = [] if columns is None else list(columns)
    if not all(map(is_name, names)) or len(set(names)) != len(names):
        names = []
    if len(names) == 1:
        title, names = names[0], []
    single, several = str(title) if is_name(title) else "", tuple(map(str, names))
    return [packing_of(output.kind).named_by_truth(output, single, several) for output in outputs]


def _wrong(what: str, fix: str, where: str = "") -> PackError:
    return PackError("E304", what, where=where, fix=fix)
