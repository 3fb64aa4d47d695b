"""`sealift.optimize`: try all methods on a sealed file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx

from sealift import seal as sealing
from sealift.contract import columns_of
from sealift.errors import PackError, SealiftError
from sealift.graph.split_model import SplitModel, split
from sealift.packing.optimize.graphs import clean
from sealift.packing.optimize.methods import METHODS
from sealift.packing.optimize.optimization import ORIGINAL, Optimization, Variant
from sealift.packing.optimize.trial import Outcome, TrialRows, tried
from sealift.packing.progress import Progress, with_progress
from sealift.runtime import SealedModel
from sealift.runtime.engines.base import NATIVE, EngineKind, engines
from sealift.runtime.golden import encoded
from sealift.seal import FileSource
from sealift.seal.graph import check

_CALIBRATION = 256
"""The maximum number of rows with which ranges are measured."""


@with_progress
def optimize(
    file: FileSource,
    rows: Any = None,
    y: Any = None,
    *,
    methods: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Optimization:
    """Try to make a sealed model smaller and faster, and compare each variant with it.

    The answers are compared on the golden examples and on `rows`, in each engine that proved the file and can run here.
    A variant is offered if no label differs and no number by more than half of the largest tolerance of the format.
    Nothing is written; `Optimization.write` does that.

    Args:
        file: the sealed file, as for `sealift.load`. Its graph runs in this process.
        rows: rows as for `predict`, preferably some hundred that the model was not trained on. Some of them measure
            the ranges of values for the method "int8-static".
        y: their true answers; the quality of each variant is measured with them.
        methods: names of methods; all of them by default.
        progress: called with a sentence when a trial begins. By default it is shown in a terminal or a notebook's cell.

    Raises:
        PackError: E304 for an unknown method, E305 when y does not match the rows.
        FileError: E401. SealError: E201 to E209. ContractError: E101 to E106, R101 to R108 as for `predict`.
    """
    chosen = _chosen(methods)
    say = progress or (lambda _: None)
    model = SealedModel(sealing.read_source(file))
    compared = _rows(model, rows, y)
    kinds = _engines(model)
    whole = _graph(model)
    say("Measuring the model as it is")
    contract, stages, tolerance = model.contract, model.stages, model.examples.tolerance
    outcome = tried(whole, contract, stages, compared, tolerance, kinds)
    variants = [Variant(ORIGINAL, "as it is", whole, outcome, _size(whole))]
    for name in chosen:
        say(f"Trying {name}")
        variants.append(_variant(name, model, whole, compared, kinds))
    return Optimization(model, variants, compared, {kind.key: kind.version() for kind in kinds})


def optimized(
    members: Mapping[str, bytes], method: str, tensors: Mapping[str, Any], answers: Mapping[str, Any], y: Any
) -> dict[str, bytes]:
    """The members of a variant, compared with the original model itself.

    Args:
        members: the members of the sealed file, with its manifest.
        method: the method.
        tensors: the values of rows as tensors.
        answers: the original model's answers to them.
        y: their true answers, or None.

    Raises:
        PackError: E304 for an unknown method, E360 for a variant that is not offered.
    """
    _chosen([method])
    model = SealedModel(sealing.sealed(members))
    examples = _examples(model)
    rows = examples.followed_by(tensors, {name: answers[name] for name in examples.expected}, y)
    kinds = _engines(model)
    variant = _variant(method, model, _graph(model), rows, kinds)
    tried = Optimization(model, [variant], rows, {kind.key: kind.version() for kind in kinds})
    return tried.members(method)


def _variant(name: str, model: SealedModel, whole: SplitModel, rows: TrialRows, kinds: Sequence[EngineKind]) -> Variant:
    method = METHODS[name]
    inputs = {item.name for item in whole.proto.graph.input}

    def feeds() -> Any:
        done = 0
        for tensors in rows.pieces():
            for piece in model.stages.pieces(tensors):
                yield {key: array for key, array in piece.items() if key in inputs}
            done += len(next(iter(tensors.values())))
            if done >= _CALIBRATION:
                return

    try:
        changed = method.apply(whole.whole(), feeds())
    except SealiftError as error:
        return Variant(name, method.title, None, Outcome(reason=error.what))
    except Exception as error:
        reason = f"It cannot be applied: {type(error).__name__}: {' '.join(str(error).split())[:160]}"
        return Variant(name, method.title, None, Outcome(reason=reason))
    if changed is None:
        return Variant(name, method.title, None, Outcome(reason="It would change nothing."))
    clean(changed, whole.proto)
    graph = split(changed)
    try:
        check(graph.serialized, graph.sizes)
    except SealiftError as error:
        return Variant(name, method.title, None, Outcome(reason=f"The format does not permit the result: {error.what}"))
    outcome = tried(graph, model.contract, model.stages, rows, model.examples.tolerance, kinds)
    return Variant(name, method.title, graph, outcome, _size(graph))


def _chosen(methods: Sequence[str] | None) -> Sequence[str]:
    unknown = [name for name in methods or () if name not in METHODS]
    if isinstance(methods, str) or unknown:
        raise PackError(
            "E304",
            f"There is no method {(methods if isinstance(methods, str) else unknown[0])!r:.40} in a list of methods.",
            fix=f"Give a list of some of {', '.join(METHODS)}.",
        )
    return list(METHODS) if methods is None else methods


def _engines(model: SealedModel) -> list[EngineKind]:
    """The native engine, and the others in which the file was proved and that can run here."""
    proved: Mapping[str, str] = model.seal.json("evidence.json").get("parity", {}).get("engines", {})
    known = engines()
    others = [
        kind
        for name, kind in known.items()
        if name != NATIVE and proved.get(kind.key) == kind.version() and kind.unavailable() is None
    ]
    return [known[NATIVE], *others]


def _graph(model: SealedModel) -> SplitModel:
    return SplitModel(
        onnx.load_model_from_string(bytes(model.seal.members["model.onnx"])),
        {name: bytes(body) for name, body in model.seal.members.items() if name.startswith("weights/")},
    )


def _examples(model: SealedModel) -> TrialRows:
    """The golden examples with the original's answers."""
    examples = model.examples
    tensors = encoded(examples, model.contract, model.stages).only_good()
    return TrialRows(tensors, dict(examples.answers), None, len(examples))


def _rows(model: SealedModel, rows: Any, y: Any) -> TrialRows:
    """The golden examples, followed by the rows with the sealed model's answers."""
    examples = _examples(model)
    if rows is None:
        if y is not None:
            raise PackError("E305", "There are true answers but no rows.", fix="Give the rows that they belong to.")
        return examples
    answers = model.predict(rows, ignore_extra=True)
    batch = model.encoded(columns_of(model.contract, rows, ignore_extra=True))
    truth = None if y is None else np.asarray(y)
    if truth is not None and len(truth) != len(batch):
        raise PackError(
            "E305", f"There are {len(truth)} true answers for {len(batch)} rows.", fix="Give one for each row."
        )
    return examples.followed_by(batch.only_good(), answers, truth)


def _size(graph: SplitModel) -> int:
    return len(graph.serialized) + sum(map(len, graph.members.values()))
