"""The check of a written file whose weights are outside the graph, in each engine of its proof."""

from __future__ import annotations

from collections.abc import Mapping

from sealift.errors import PackError
from sealift.runtime import SelfTest, self_test
from sealift.runtime.engines.base import NATIVE, engines
from sealift.runtime.golden import encoded
from sealift.runtime.isolated import confining
from sealift.runtime.model import SealedModel
from sealift.runtime.weights import Weights
from sealift.seal import Seal


def check_as_written(seal: Seal, proved: Mapping[str, str]) -> None:
    """Run the examples of a file with weights outside its graph; the graph of any other file was proven as it is.

    Args:
        seal: the file.
        proved: the engines in `evidence.json`; those that proved the graph, in the same versions, run the examples.

    Raises:
        PackError: E310 when an example is not reproduced; no cause of this is known.
        SealError: E207 when the graph does not run with its weights.
    """
    weights = Weights.of(seal)
    if weights is None:
        return
    with SealedModel(seal, limits=confining()) as model:  # a graph of unknown origin may have limits
        _check("ONNX Runtime", model.self_test())
        examples, names = model.examples, [output.name for output in model.contract.outputs]
        tensors = encoded(examples, model.contract, model.stages).tensors
        for kind in engines().values():
            if kind.name == NATIVE or kind.unavailable() is not None or proved.get(kind.key) != kind.version():
                continue
            with kind.open(seal.members["model.onnx"], model.stages, weights) as session:
                _check(kind.title, self_test(session.run(tensors, names), examples))


def _check(engine: str, result: SelfTest) -> None:
    if not result.passed:
        raise PackError(
            "E310",
            f"With its weights outside the graph, the file does not reproduce {result.rows - result.matching} of "
            f"{result.rows} examples in {engine}.",
            fix="Report it, with the versions of onnxruntime and of Sealift.",
        )
