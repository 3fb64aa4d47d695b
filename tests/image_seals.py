"""A small sealed model of pictures, made by hand: whether a picture is mostly red, green or blue."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import pictures
from sealift import canonical, seal
from sealift.contract import Contract, Field, Output
from sealift.stages.image.kind import image_stage
from sealift.stages.image.stage import ImageStage

NAMES = ("red", "green", "blue")
SIDE = 32
SPEC: Mapping[str, Any] = {
    "decode": {"mode": "RGB"},
    "steps": [
        {
            "step": "resize",
            "library": "pillow",
            "filter": "bilinear",
            "to": {"shortest": 40, "rounding": "trunc-quotient"},
        },
        {"step": "crop", "size": [SIDE, SIDE], "at": "half-even"},
        {"step": "divide", "by": [255]},
        {"step": "subtract", "by": [0.485, 0.456, 0.406]},
        {"step": "divide", "by": [0.229, 0.224, 0.225]},
    ],
    "layout": "CHW",
    "shape": [3, SIDE, SIDE],
}
CONTRACT = Contract(
    inputs=(Field(name="picture", dtype="image", title="Photograph"),),
    outputs=(
        Output(name="label", kind="label", dtype="int64", classes=(0, 1, 2), class_names=NAMES),
        Output(name="probability", kind="probability", dtype="float64", width=3, classes=(0, 1, 2), class_names=NAMES),
    ),
    task="classification",
    stages=(image_stage(0, SPEC),),
    title="Colour of a picture",
)


def expected(files: Sequence[bytes], spec: Mapping[str, Any] = SPEC) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The probabilities of the three classes (N, 3)."""
    stage = ImageStage(spec)
    sums = np.array([stage.prepare(file).pixels.astype(np.float64).mean((1, 2)) for file in files])
    powers = np.exp(sums - sums.max(1, keepdims=True))
    probabilities: np.ndarray[Any, np.dtype[np.float64]] = powers / powers.sum(1, keepdims=True)
    return probabilities


def graph(contract: Contract = CONTRACT) -> bytes:
    """The ONNX graph of `expected`."""
    node = helper.make_node
    nodes = [
        node("Cast", ["pixels0"], ["double"], to=TensorProto.DOUBLE),
        node("ReduceMean", ["double", "axes"], ["means"], keepdims=0),
        node("Softmax", ["means"], ["probability"], axis=1),
        node("ArgMax", ["probability"], ["label"], axis=1, keepdims=0),
    ]
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        nodes,
        "colours",
        [
            value("pixels0", TensorProto.FLOAT, [None, 3, SIDE, SIDE]),
            value("geometry0", TensorProto.DOUBLE, [None, 6]),
        ],
        [value("label", TensorProto.INT64, [None]), value("probability", TensorProto.DOUBLE, [None, 3])],
        [numpy_helper.from_array(np.array([2, 3]), "axes")],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    helper.set_model_props(model, {"sealift.contract": canonical.dumps(contract.as_json()).decode()})
    return bytes(model.SerializeToString())


def examples() -> list[bytes]:
    """Files of several formats: a photograph-like picture in JPEG, a PNG with alpha, a TIFF of several strips."""
    from PIL import Image

    return [
        pictures.saved(Image.fromarray(pictures.colours(61, 47)), "JPEG", quality=90),
        pictures.saved(Image.fromarray(pictures.colours(50, 70, 4)), "PNG"),
        pictures.saved(Image.fromarray(np.flip(pictures.colours(40, 40), 2)), "TIFF", compression="tiff_lzw"),
    ]


def write(path: Path, spec: Mapping[str, Any] = SPEC) -> Path:
    """Write the sealed model, with an image stage."""
    files = examples()
    probabilities = expected(files, spec)
    contract = dataclasses.replace(CONTRACT, stages=(image_stage(0, spec),))
    golden = {
        "columns": ["picture"],
        "rows": [[base64.b64encode(file).decode()] for file in files],
        "answers": {"label": probabilities.argmax(1).tolist(), "probability": probabilities.tolist()},
        "tolerance": {"probability": {"relative": 1e-6, "scale": 1.0}},
        "source": "generated",
    }
    parts = {
        "contract.json": canonical.dumps(contract.as_json()),
        "model.onnx": graph(contract),
        "golden/examples.json": canonical.dumps(golden),
        "evidence.json": canonical.dumps({"rows": len(files)}),
        "card.md": b"---\nlicense: other\n---\n# Colour of a picture\n",
        "provenance.json": canonical.dumps({}),
        "sbom.cdx.json": canonical.dumps({"bomFormat": "CycloneDX"}),
    }
    seal.write(
        path,
        seal.assemble(parts, name="colours", version="1", task="classification", producer="tests", opsets={"": 21}),
    )
    return path
