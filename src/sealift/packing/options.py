"""What the caller says of the model, checked before any work is done: names, headline, tolerance, texts, truth."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Headline, Output, shown
from sealift.errors import PackError
from sealift.packing.inputs.columns import is_unicode
from sealift.runtime.golden import LOOSEST


def check_texts(**texts: Any) -> None:
    """Raise PackError E304 for what is no text, or none that a file can hold."""
    for name, text in texts.items():
        if not isinstance(text, str) or not is_unicode(text) or "\0" in text:
            raise _wrong(f"{name} is no text: {text!r:.60}.", f"Give {name} as a str of readable characters.")


def check_tolerance(tolerance: Any) -> None:
    """Raise PackError E304 unless the tolerance is a small positive number."""
    if tolerance is None:
        return
    number = isinstance(tolerance, int | float | np.number) and not isinstance(tolerance, bool)
    if not number or not math.isfinite(tolerance) or not 0 < tolerance <= LOOSEST:
        raise _wrong(
            f"The tolerance {tolerance!r:.40} cannot be used.",
            f"Give the share by which an answer may differ, above 0 and at most {LOOSEST:g}, such as 1e-6; or leave it "
            "out.",
        )


def check_privacy(privacy: Any) -> None:
    """Raise PackError E304 unless `privacy` is one of its two values."""
    if privacy not in ("report", "strict"):
        raise _wrong(f"privacy must be 'report' or 'strict', got {privacy!r:.40}.", "Use privacy='strict' to refuse.")


def check_engines(engines: Any) -> None:
    """Raise PackError E304 unless the engines are known, the native one among them."""
    listed = isinstance(engines, list | tuple) and all(isinstance(name, str) for name in engines)
    if engines is not None and (not listed or "native" not in engines or not set(engines) <= {"native", "wasm"}):
        raise _wrong(
            f"The engines {engines!r:.60} cannot be used.", 'Give ("native",) or ("native", "wasm"), or leave it out.'
        )


def truth_of(y: Any, count: int) -> Any:
    """y as an array (N,) or (N, k) for `count` rows. Raises PackError E305 when it does not fit."""
    if y is None:
        return None
    try:
        truth = np.asarray(y)
    except ValueError:
        truth = np.zeros(())
    if truth.ndim == 0 or truth.ndim > 2:
        raise PackError(
            "E305", "y is no list of true answers.", fix="Give one value of y for each row of X, or leave y out."
        )
    if len(truth) != count:
        raise PackError(
            "E305", f"y has {len(truth)} values for {count} rows.", fix="Give one value of y for each row of X."
        )
    return truth[:, 0] if truth.ndim == 2 and truth.shape[1] == 1 else truth


def named(outputs: Sequence[Output], names: Sequence[str] | Mapping[Any, str] | None) -> tuple[Output, ...]:
    """The outputs with names for their classes. Raises PackError E304 when the names do not fit the classes."""
    if names is None:
        return tuple(outputs)
    classes = next((output.classes for output in outputs if output.classes is not None), None)
    if classes is None:
        raise _wrong("class_names is given, but the model has no single list of classes.", "Leave class_names out.")
    if isinstance(names, Mapping):
        # A file's keys are texts: {"0": "benign"}.
        by_text = {shown(value): value for value in classes if not isinstance(value, str)}
        names = {by_text.get(key, key) if isinstance(key, str) else key: name for key, name in names.items()}
        listed = [names.get(value) for value in classes]
        lacking = [value for value, name in zip(classes, listed, strict=True) if name is None]
        extra = [key for key in names if key not in classes]
        if lacking or extra:
            what = f"has no name for {lacking[0]!r:.60}" if lacking else f"names {extra[0]!r:.60}, which is no class"
            raise _wrong(f"class_names {what}.", f"Give a name for each of the classes {_shown(classes)}.")
    elif isinstance(names, str) or not isinstance(names, Sequence | np.ndarray) or len(names) != len(classes):
        raise _wrong(
            f"class_names does not give {len(classes)} names.",
            f"Give them in the order {_shown(classes)}, or as a dict.",
        )
    else:
        listed = list(names)
    check_texts(**{f"class_names[{i}]": name for i, name in enumerate(listed)})
    texts = tuple(str(name) for name in listed)
    if len(set(texts)) != len(texts) or not all(texts):
        raise _wrong("class_names has an empty name, or one twice.", "Give every class its own name.")
    return tuple(
        dataclasses.replace(output, class_names=texts) if output.classes == classes else output for output in outputs
    )


def headline(outputs: Sequence[Output], wanted: str | tuple[str, Any] | None) -> Headline:
    """The output to show first. Raises PackError E304 when there is none such."""
    by_name = {output.name: output for output in outputs}
    if wanted is None:
        return _usual(by_name.get("probability", outputs[0]))
    name, class_ = wanted if isinstance(wanted, tuple | list) and len(wanted) == 2 else (wanted, None)
    if not isinstance(name, str) or name not in by_name:
        close = difflib.get_close_matches(str(name), list(by_name), n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise _wrong(
            f"The headline {name!r:.60} is no output.",
            f"{hint}Use one of {', '.join(by_name)}, or a pair of 'probability' and a class.",
        )
    if not isinstance(wanted, tuple | list):
        return _usual(by_name[name])
    classes = by_name[name].classes if by_name[name].width is not None else None
    # By value and kind: True is not the class 1.
    found = [c for c in classes or () if c == class_ and isinstance(c, bool) == isinstance(class_, bool | np.bool_)]
    if not found:
        raise _wrong(
            f"The headline's class {class_!r:.60} is none of {name}'s.",
            f"Use one of {_shown(classes)}." if classes else f"Use headline={name!r} alone.",
        )
    return Headline(name, found[0])


def _usual(shown: Output) -> Headline:
    # With two classes it is the second that people ask about: ill, defaulted, churned.
    two = shown.name == "probability" and shown.classes is not None and len(shown.classes) == 2
    return Headline(shown.name, shown.classes[-1] if two and shown.classes else None)


def _shown(values: Sequence[Any] | None) -> str:
    listed = [repr(value) for value in list(values or ())[:8]]
    return ", ".join(listed) + (" …" if len(values or ()) > 8 else "")


def _wrong(what: str, fix: str) -> PackError:
    return PackError("E304", what, fix=fix)
