"""A model with its heads as one source: the original's outputs, followed by the arithmetic of the heads."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs.features import FEATURES
from sealift.contract.outputs.probability import PROBABILITY
from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError
from sealift.frameworks import Source, apply, contract_name
from sealift.frameworks.around import SourceAround
from sealift.graph.step import NamedOutput, StepOutput
from sealift.graph.table import Table
from sealift.packing.heads.base import Geometry, OutputHead
from sealift.packing.heads.classes import Classes
from sealift.packing.heads.pictures import geometry_in
from sealift.packing.heads.token_labels import places_in
from sealift.packing.preprocess import PreprocessedSource

Heads = OutputHead | Mapping[str, OutputHead | None]


class WithHeads:
    """A model and its heads, as the model of a source."""

    def __init__(self, model: Any, heads: Heads) -> None:
        self.model = model
        self.heads = heads


class HeadSource(SourceAround):
    """The original is the user's model, followed by the heads in NumPy with float64."""

    def __init__(self, inner: Source, heads: Heads) -> None:
        super().__init__(WithHeads(inner.model, heads), inner)
        self._given = heads
        listed = [heads] if isinstance(heads, OutputHead) else heads.values()
        if any(head is not None and head.is_located for head in listed) and isinstance(inner, PreprocessedSource):
            inner.locate()
        self._heads: dict[str | None, OutputHead] = {}
        self._kept: tuple[str, ...] = ()
        self._names: dict[str, tuple[str | None, int]] = {}
        self._only = ""
        self._size: tuple[int, int] | None = None

    @property
    def kind(self) -> str:
        """The name of this step; the model has its own."""
        return "outputs"

    @property
    def outputs(self) -> Collection[str]:
        """Those of the heads and the outputs of the model that are kept, which are known after the conversion."""
        return [*self._names, *self._kept]

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The answers of the heads to the original's outputs, and the outputs that have no head."""
        keys = dict.fromkeys(self._names[name][0] for name in outputs if name in self._names)
        wanted = [name for key in keys for name in self._read(key)] + [name for name in outputs if name in self._kept]
        raw = self.inner.answer(rows, tuple(dict.fromkeys(wanted)))
        geometry = self._geometry_of(rows) if keys else None
        results = {key: self._heads[key].answer([raw[name] for name in self._read(key)], geometry) for key in keys}
        answers = {}
        for name in outputs:
            key, place = self._names.get(name, (None, -1))
            answers[name] = raw[name] if place < 0 else results[key][place]
        return answers

    def _geometry_of(self, rows: Any) -> Geometry[npt.NDArray[np.float64]] | None:
        geometry = getattr(self.inner, "geometry", None)
        rows_of = None if geometry is None else geometry(rows)
        return None if rows_of is None else Geometry(np.asarray(rows_of, dtype=np.float64), self._size)

    def _read(self, key: str | None) -> tuple[str, ...]:
        reads = self._heads[key].reads
        return tuple(map(contract_name, reads)) or (self._only if key is None else key,)

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """The model's graph, followed by the heads."""
        raw = _raw(apply(self.inner, table))
        self._settle(list(raw))
        geometry = geometry_in(table.graph) or places_in(table.graph)
        self._size = None if geometry is None else geometry.size
        named: list[NamedOutput] = []
        for key, head in self._heads.items():
            tensors = [raw[name].tensor for name in self._read(key)]
            named += head.attach(tensors, head.output_names(key), geometry)
        return StepOutput(named=(*named, *(raw[name] for name in self._kept))), "own"

    def _settle(self, names: list[str]) -> None:
        """Decide which head belongs to which output. Raises PackError E350 where they do not fit the model."""
        if isinstance(self._given, OutputHead):
            self._heads = {None: self._given}
            for name in map(contract_name, self._given.reads):
                _known(name, names)
            if not self._given.reads and len(names) > 1:
                raise _wrong(
                    f"The model has {len(names)} outputs ({', '.join(names)}), but outputs gives one head",
                    f'Give a head for each one by name: outputs={{"{names[0]}": …}}; None leaves one out.',
                )
            self._only = names[0]
        else:
            given = {contract_name(name): head for name, head in self._given.items()}
            for name in given:
                _known(name, names)
            self._heads = {name: head for name, head in given.items() if head is not None}
            self._kept = tuple(name for name in names if name not in given)
            if len(self._heads) == 1 and not self._kept:  # as for one head of a model with one output
                self._only = next(name for name, head in given.items() if head is not None)
                self._heads = {None: next(iter(self._heads.values()))}
        self._names = {
            name: (key, place) for key, head in self._heads.items() for place, name in enumerate(head.output_names(key))
        }
        repeated = sorted(set(self._names) & set(self._kept))
        if repeated or not (self._names or self._kept):
            what = f"Two outputs would be called {repeated[0]!r}" if repeated else "No output is left"
            raise _wrong(what, "Leave out another output, with None.")

    def truth(self, y: Any) -> Any:
        """True answers as the first head has them."""
        heads = (
            [self._given] if isinstance(self._given, OutputHead) else [h for h in self._given.values() if h is not None]
        )
        return heads[0].truth(y) if heads else y


def with_heads(source: Source, outputs: Any, class_names: Any) -> tuple[Source, Any]:
    """The source with its heads, and the names of classes that remain for a model that has classes.

    Args:
        source: the model, with its preprocessing.
        outputs: the argument of `pack`: a head, or a mapping of heads by output.
        class_names: the argument of `pack`.

    Raises:
        PackError: E350 for arguments that do not fit the model.
    """
    if outputs is not None and class_names is not None:
        raise _wrong("Both outputs and class_names are given", "Use outputs=Classes(names).")
    if class_names is not None:
        if source.classes is not None or PROBABILITY.name in source.outputs:
            return source, class_names
        return HeadSource(source, Classes(class_names)), None
    if outputs is None:
        return source, None
    mapping = isinstance(outputs, Mapping) and outputs
    if not isinstance(outputs, OutputHead) and not (
        mapping and all(isinstance(head, OutputHead | None) for head in outputs.values())
    ):
        raise _wrong(
            f"outputs must be a head, or heads by name, got {type(outputs).__name__}",
            'Use outputs=sealift.Classes(["a", "b"]), or {"logits": sealift.Classes(…)}; titles and units belong in '
            "ContractOptions(outputs=…).",
        )
    return HeadSource(source, outputs), None


def _raw(answer: StepOutput) -> dict[str, NamedOutput]:
    """The outputs of a model by name. Raises PackError E350 for a model whose outputs have a meaning."""
    if answer.named:
        return {output.name: output for output in answer.named}
    if answer.classes is None and answer.value is not None:
        return {VALUE.name: NamedOutput(VALUE.name, answer.value)}
    if answer.classes is None and answer.label is None and answer.features is not None:
        return {FEATURES.name: NamedOutput(FEATURES.name, answer.features.numbers(), FEATURES.name)}
    raise _wrong("The model already has labels, so outputs cannot give it others", "Leave outputs out.")


def _known(name: str, names: Sequence[str]) -> None:
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1)
        raise _wrong(
            f"outputs names {name!r:.80}, which is not an output of the model",
            f"Did you mean {close[0]!r}?" if close else f"The outputs are {', '.join(names)}.",
        )


def _wrong(what: str, fix: str) -> PackError:
    return PackError("E350", f"{what}.", where="outputs", fix=fix)
