"""The options of `pack`, validated before any work is done."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sealift.contract.outputs.tolerance import LOOSEST
from sealift.errors import PackError
from sealift.packing.model_card import ModelCard
from sealift.runtime.engines.base import NATIVE
from sealift.runtime.engines.base import engines as known_engines
from sealift.seal.manifest import is_name, is_version


@dataclass(frozen=True)
class Options:
    """What the caller of `pack` says of the model and of the file; the attributes are the arguments of `pack`.

    Raises:
        PackError: E304 for an option that cannot be used.
    """

    name: str
    version: str
    fields: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]] | None
    class_names: Sequence[str] | Mapping[Any, str] | None
    headline: str | tuple[str, Any] | None
    card: ModelCard
    keep_rows: bool
    privacy: str
    tolerance: float | None
    engines: Collection[str] | None

    def __post_init__(self) -> None:
        check_name(self.name, self.version)
        _check_tolerance(self.tolerance)
        _check_privacy(self.privacy)
        check_engines(self.engines)


def check_name(name: Any, version: Any) -> None:
    """Raise PackError E304 unless a manifest can have this name and version."""
    if not is_name(name):
        raise _wrong(
            f"The name {name!r:.80} cannot be used.",
            "Use 1 to 128 letters, digits, '.', '_' or '-', a letter or digit first: 'heart-risk'.",
        )
    if not is_version(version):
        raise _wrong(
            f"The version {version!r:.80} cannot be used.",
            "Use 1 to 64 letters, digits, '.', '+', '_' or '-', beginning with a letter or digit, such as '1.2'.",
        )


def _check_tolerance(tolerance: Any) -> None:
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


def _check_privacy(privacy: Any) -> None:
    """Raise PackError E304 unless `privacy` is one of its two values."""
    if privacy not in ("report", "strict"):
        raise _wrong(f"privacy must be 'report' or 'strict', got {privacy!r:.40}.", "Use privacy='strict' to refuse.")


def check_engines(engines: Any) -> None:
    """Raise PackError E304 unless the engines are known, the native one among them."""
    listed = isinstance(engines, list | tuple) and all(isinstance(name, str) for name in engines)
    if engines is not None and (not listed or NATIVE not in engines or not set(engines) <= set(known_engines())):
        raise _wrong(
            f"The engines {engines!r:.60} cannot be used.", 'Give ("native",) or ("native", "wasm"), or leave it out.'
        )


def _wrong(what: str, fix: str) -> PackError:
    return PackError("E304", what, fix=fix)
