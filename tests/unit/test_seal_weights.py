"""Members by digest: weights outside the graph, as the runtime uses them, and data of stages; and ZIP64."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import mmap
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import seals
from sealift import canonical, files, seal
from sealift.errors import SealError
from sealift.graph.split_model import LEAST, split
from sealift.runtime import Engine
from sealift.runtime.model import SealedModel
from sealift.runtime.weights import Weights
from sealift.seal import layout

WIDE = np.random.default_rng(0).standard_normal((2, 1 << 16))


def graph(*, transposed: bool = False) -> bytes:
    """`value` (N,) = the sum of number · WIDE, from `number` (N, 2); by a transposition if asked for."""
    value = helper.make_tensor_value_info
    constants = [numpy_helper.from_array(WIDE.T.copy() if transposed else WIDE, "wide")]
    constants.append(numpy_helper.from_array(np.array([1]), "axis"))
    nodes = [helper.make_node("MatMul", ["number", "wide"], ["product"])]
    if transposed:
        nodes = [
            helper.make_node("Transpose", ["number"], ["turned"], perm=[1, 0]),
            helper.make_node("MatMul", ["wide", "turned"], ["columns"]),
            helper.make_node("Transpose", ["columns"], ["product"], perm=[1, 0]),
        ]
    nodes.append(helper.make_node("ReduceSum", ["product", "axis"], ["value"], keepdims=0))
    body = helper.make_graph(
        nodes,
        "wide",
        [value("number", TensorProto.DOUBLE, [None, 2])],
        [value("value", TensorProto.DOUBLE, [None])],
        constants,
    )
    made = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(made.SerializeToString())


def parts_of(graph: bytes) -> dict[str, bytes]:
    """`model.onnx` and its weights by member name."""
    model = split(onnx.load_model_from_string(graph))
    return {"model.onnx": model.serialized, **model.members}


def sealed(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """A sealed file of this graph and its weights."""
    contract = seals.CONTRACT.as_json() | {
        "inputs": [{"name": "a", "dtype": "float64"}, {"name": "b", "dtype": "float64"}],
        "outputs": [{"name": "value", "kind": "value", "dtype": "float64"}],
        "tensors": [{"name": "number", "dtype": "float64", "shape": ["rows", 2], "fields": [0, 1]}],
        "task": "regression",
    }
    contract.pop("headline")
    rows = [[1.0, 2.0], [0.5, -3.0]]
    examples = {
        "columns": ["a", "b"],
        "rows": rows,
        "answers": {"value": (np.array(rows) @ WIDE).sum(axis=1).tolist()},
        "tolerance": {"value": {"relative": 1e-9, "scale": 1.0}},
        "source": "generated",
    }
    members = {name: body for name, body in seals.members().items() if name not in ("model.onnx", "manifest.json")}
    members |= {"contract.json": canonical.dumps(contract), "golden/examples.json": canonical.dumps(examples), **parts}
    return seal.assemble(members, name="wide", version="1", task="regression", producer="t", opsets={"": 21})


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("isolated", [False, True])
def test_large_constants_are_members_and_answer_as_before(tmp_path: Path, *, transposed: bool, isolated: bool) -> None:
    parts = parts_of(graph(transposed=transposed))
    (name,) = set(parts) - {"model.onnx"}
    assert len(parts["model.onnx"]) < 1000
    assert len(parts[name]) == WIDE.nbytes == LEAST
    path = tmp_path / "wide.seal"
    seal.write(path, sealed(parts))
    import sealift

    with sealift.load(path, isolated=isolated) as model:
        assert model.seal.graph.transposes == transposed
        assert model.self_test().passed
        inside = Engine(graph(transposed=transposed)).run({"number": np.array([[0.1, 0.2]])})["value"]
        assert model.predict([[0.1, 0.2]])["value"].tolist() == inside.tolist()


def test_weights_are_not_copied() -> None:
    sealed_file = seal.parse(b"".join(layout.pack(sealed(parts_of(graph())))))
    weights = Weights.of(sealed_file)
    assert weights is not None
    assert weights.shared
    (array,) = weights.arrays.values()
    (member,) = (name for name in sealed_file.members if name.startswith("weights/"))
    assert np.shares_memory(array, np.frombuffer(sealed_file.members[member], np.uint8))
    assert array.ctypes.data % 8 == 0
    assert not array.flags.writeable
    turned = Weights.of(seal.parse(b"".join(layout.pack(sealed(parts_of(graph(transposed=True)))))))
    assert turned is not None
    assert not turned.shared, "ONNX Runtime may change the constants of a graph that transposes"


@pytest.mark.parametrize("shared", [False, True])
def test_no_transposition_reaches_weights_that_are_shared(*, shared: bool) -> None:
    """What ONNX Runtime would do to a constant that it does not own: answers with its old elements."""
    value = helper.make_tensor_value_info
    square = np.random.default_rng(1).standard_normal((300, 300))
    first = helper.make_node("Transpose", ["number"], ["turned"], perm=[1, 0])
    last = helper.make_node("Transpose", ["sum"], ["value"], perm=[1, 0])
    body = helper.make_graph(
        [first, helper.make_node("Add", ["turned", "square"], ["sum"]), last],
        "square",
        [value("number", TensorProto.DOUBLE, [None, 300])],
        [value("value", TensorProto.DOUBLE, [None, None])],
        [
            TensorProto(
                name="square",
                data_type=TensorProto.DOUBLE,
                dims=[300, 300],
                data_location=TensorProto.EXTERNAL,
                external_data=[{"key": "location", "value": "weights/" + "0" * 64}],
            )
        ],
    )
    made = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    rows = np.random.default_rng(2).standard_normal((300, 300))
    # Even where such a graph were given shared weights (it is not), the optimizer that moves transpositions is off.
    engine = Engine(made.SerializeToString(), weights=Weights({"square": square}, shared=shared))
    assert np.array_equal(engine.run({"number": rows})["value"], (rows.T + square).T)


def test_small_constants_stay_in_the_graph() -> None:
    assert list(parts_of(seals.graph())) == ["model.onnx"]


def test_equal_constants_are_one_member() -> None:
    made = parts_of(graph())
    assert {name: body for name, body in made.items() if name.startswith("weights/")} == {
        f"weights/{hashlib.sha256(WIDE.tobytes()).hexdigest()}": WIDE.tobytes()
    }


def test_members_by_digest_have_limits_of_their_own() -> None:
    for family, most in (("blobs/", 4096), ("weights/", 1024), ("arrays/", 1024)):
        many = {f"{family}{i:064x}": b"" for i in range(most + 1)}
        with pytest.raises(SealError, match=rf"{most + 1} members in {family}") as caught:
            list(layout.pack(many))
        assert caught.value.code == "E203"
        many.popitem()
        data = b"".join(layout.pack(many))
        assert len(layout.unpack(data)) == most


def test_a_large_file_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = seals.write(tmp_path / "m.seal")
    assert isinstance(files.content(path, limit=1 << 20), bytes)
    monkeypatch.setattr(files, "_MAPPED", 100)
    mapped = files.content(path, limit=1 << 20)
    assert isinstance(mapped, memoryview)
    assert isinstance(mapped.obj, mmap.mmap)
    assert bytes(mapped) == path.read_bytes()
    assert SealedModel(seal.read(path)).self_test().passed


ZIP64 = json.loads((Path(__file__).parents[2] / "spec/vectors/seal/zip64.json").read_text("utf-8"))


@pytest.mark.parametrize("case", ZIP64["files"], ids=lambda case: str(case["far"]))
def test_vectors_of_zip64(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Files as they would be if 32 bits held less than `far`."""
    monkeypatch.setattr(layout, "_FAR", case["far"])
    data = base64.b64decode(case["file"])
    members = layout.unpack(data)
    assert {name: len(view) for name, view in members.items()} == ZIP64["members"]
    assert b"".join(layout.pack(members)) == data


@pytest.mark.parametrize("far", [1, 40, 700, 1500, 1 << 20])
def test_zip64_fields_stand_where_they_are_needed(far: int, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"card.md": bytes(50), "contract.json": bytes(900), "evidence.json": b"{}", "model.onnx": bytes(2000)}
    plain = b"".join(layout.pack(members))
    monkeypatch.setattr(layout, "_FAR", far)
    data = b"".join(layout.pack(members))
    assert (data == plain) == (far == 1 << 20)
    assert {name: bytes(view) for name, view in layout.unpack(data).items()} == members
    with zipfile.ZipFile(io.BytesIO(data)) as archive:  # another reader of ZIP64
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == members
        for info in archive.infolist():
            start = (
                info.header_offset
                + 30
                + len(info.filename)
                + int.from_bytes(data[info.header_offset + 28 : info.header_offset + 30], "little")
            )
            assert start % layout.ALIGNMENT == 0
            assert data[start : start + info.file_size] == members[info.filename]
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(SealError):
            _ = layout.unpack(bytes(changed))
    monkeypatch.undo()
    if data != plain:
        with pytest.raises(SealError) as caught:  # 64 bits where 32 are enough
            layout.unpack(data)
        assert caught.value.code == "E202"
