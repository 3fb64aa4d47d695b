"""The proof of a file as it is written, where its weights are outside the graph that was proven."""

from __future__ import annotations

from sealift.errors import PackError
from sealift.runtime import SelfTest, self_test, wasm
from sealift.runtime.golden import encoded
from sealift.runtime.isolated import confining
from sealift.runtime.model import SealedModel
from sealift.seal import Seal


def check_as_written(seal: Seal, *, webassembly: bool) -> None:
    """Run the examples of a file with its weights where they are now; a file without such weights was proven already.

    Args:
        seal: the file.
        webassembly: whether to run them in WebAssembly too.

    Raises:
        PackError: E310 where an example is not reproduced, which nothing known causes.
    """
    if not seal.graph.weights:
        return
    with SealedModel(seal, limits=confining()) as model:
        _check("here", model.self_test())
        if not webassembly:
            return
        members = {weight.member: seal.members[weight.member] for weight in seal.graph.weights.values()}
        tensors = encoded(model.examples, model.contract, model.stages).tensors
        with wasm.WasmEngine(seal.members["model.onnx"], model.stages, members) as engine:
            answers = engine.run(tensors, [output.name for output in model.contract.outputs])
        _check("in WebAssembly", self_test(answers, model.examples))


def _check(where: str, result: SelfTest) -> None:
    if not result.passed:
        raise PackError(
            "E310",
            f"With its weights outside the graph, the file does not reproduce {result.rows - result.matching} of "
            f"{result.rows} examples {where}.",
            fix="Report it, with the versions of onnxruntime and of Sealift.",
        )
