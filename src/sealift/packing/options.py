"""The options of `pack`, validated before any work is done."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from sealift.contract.outputs.tolerance import LOOSEST
from sealift.errors import PackError
from sealift.packing.model_card import ModelCard
from sealift.runtime.engines.base import NATIVE
from sealift.runtime.engines.base import engines as known_engines
from sealift.seal.manifest import is_name, is_version


@dataclass(frozen=True, kw_only=True)
class ContractOptions:
    """Descriptions of inputs and outputs that the model and X do not contain.

    Attributes:
        fields: for each input, by name: units, description, title, range, categories, personal … (the attributes of
            `sealift.Field`). `category_names` gives displayed names: {0: "no", 1: "yes"}. Columns that the model drops
            are ignored. `dtype` selects an installed type of values for a column of X; the model still gets the
            values of X.
        outputs: for each output, by name: title, units, description, and for several columns their names:
            {"value": {"title": "Price", "units": "€"}}. Without it, the names of a pandas y are used.
        class_names: displayed names of the classes, in the order of the classes or by class.
        headline: the output that is shown first, or ("probability", class).
    """

    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Any]] | None = None
    class_names: Sequence[str] | Mapping[Any, str] | None = None
    headline: str | tuple[str, Any] | None = None

    @property
    def dtypes(self) -> dict[str, Any]:
        """The dtypes of fields that differ from those of X's columns, by name."""
        return {
            name: changes["dtype"]
            for name, changes in self.fields.items()
            if isinstance(changes, Mapping) and "dtype" in changes
        }


@dataclass(frozen=True, kw_only=True)
class ProofOptions:
    """How the converted model is compared with the original.

    Attributes:
        tolerance: a looser relative tolerance than the policy's; recorded in the file.
        engines: the engines of the proof: ("native",) or ("native", "wasm"). By default WebAssembly, the page's
            engine, is included where Node 20 is installed. The file records the engines, so the same inputs give the
            same identity only with the same engines.

    Raises:
        PackError: E304 for a tolerance or engines that cannot be used.
    """

    tolerance: float | None = None
    engines: Sequence[str] | None = None

    def __post_init__(self) -> None:
        _check_tolerance(self.tolerance)
        _check_engines(self.engines)


@dataclass(frozen=True, kw_only=True)
class PrivacyOptions:
    """Which data of single records the file may contain, and which records it is compared with.

    Attributes:
        strict: whether a file that retains data of single records is refused (E309) and not only reported.
        training: the rows that the model was trained on, as X or as a pair (X, y). They are not stored in the file;
            its contents are also compared with them, and rare values are counted in them.
        keep_rows: whether some of the real rows are stored as examples, instead of generated ones. The card states
            this.

    Raises:
        PackError: E304 unless `strict` and `keep_rows` are booleans.
    """

    strict: bool = False
    training: Any = None
    keep_rows: bool = False

    def __post_init__(self) -> None:
        for name in ("strict", "keep_rows"):
            value: Any = getattr(self, name)
            if not isinstance(value, bool):
                raise _wrong(f"{name} must be True or False, got {value!r:.40}.", f"Use PrivacyOptions({name}=True).")


@dataclass(frozen=True)
class Options:
    """The arguments of `pack` that describe the model and the file.

    Raises:
        PackError: E304 for an option that cannot be used.
    """

    name: str
    version: str = "1"
    contract: ContractOptions = field(default_factory=ContractOptions)
    card: ModelCard = field(default_factory=ModelCard)
    proof: ProofOptions = field(default_factory=ProofOptions)
    privacy: PrivacyOptions = field(default_factory=PrivacyOptions)
    optimize: str | None = None

    def __post_init__(self) -> None:
        check_name(self.name, self.version)
        for key, kind in (("contract", ContractOptions), ("proof", ProofOptions), ("privacy", PrivacyOptions)):
            value = getattr(self, key)
            if not isinstance(value, kind):
                raise _wrong(
                    f"{key} must be a {kind.__name__}, got {type(value).__name__}.",
                    f"Use sealift.{kind.__name__}({', '.join(f'{item.name}=…' for item in fields(kind))}).",
                )

    def with_class_names(self, names: Any) -> Options:
        """The options with names of the model's classes; the same for None."""
        return self if names is None else replace(self, contract=replace(self.contract, class_names=names))


def check_name(name: Any, version: Any) -> None:
    """Raise PackError E304 unless name and version are valid in a manifest."""
    if not is_name(name):
        raise _wrong(
            f"The name {name!r:.80} cannot be used.",
            "Use 1 to 128 letters, digits, '.', '_' or '-', beginning with a letter or digit, such as 'heart-risk'.",
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
            f"Give the relative difference that is allowed, above 0 and at most {LOOSEST:g}, such as 1e-6; or leave it "
            "out.",
        )


def _check_engines(engines: Any) -> None:
    """Raise PackError E304 unless the engines are known and include the native one."""
    listed = isinstance(engines, list | tuple) and all(isinstance(name, str) for name in engines)
    if engines is not None and (not listed or NATIVE not in engines or not set(engines) <= set(known_engines())):
        raise _wrong(
            f"The engines {engines!r:.60} cannot be used.", 'Give ("native",) or ("native", "wasm"), or leave it out.'
        )


def _wrong(what: str, fix: str) -> PackError:
    return PackError("E304", what, fix=fix)
