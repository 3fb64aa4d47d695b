"""Class-activation maps in the page: those of NumPy for nets with the pattern, and covering parts for the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from playwright.sync_api import Browser, expect

import pictures
import sealift
from pages import Opened, opened
from sealift.targets.page import build_page

SLOW = 120_000  # milliseconds; the machine may be loaded
SIDE = 32
PICTURE = pictures.colours(SIDE, SIDE)
MAP = "map"


def net(kind: str) -> onnx.ModelProto:
    """Three classes, or two for `logistic`, from pixels (N, 3, 32, 32); `map` is the result of the last convolution."""
    random = np.random.default_rng(3)
    classes = 1 if kind == "logistic" else 3
    weights = {
        "W": random.normal(0, 0.4, (8, 3, 5, 5)).astype(np.float32),
        "F": random.normal(0, 2, (classes, 8)).astype(np.float32),
        "b": random.normal(0, 1, classes).astype(np.float32),
        "G": random.normal(0, 0.05, (8 * 14 * 14, 3)).astype(np.float32),
        "one": np.array([1], np.float32),
    }
    node = helper.make_node
    nodes = [node("Conv", ["in", "W"], ["c"], strides=[2, 2]), node("Relu", ["c"], [MAP])]
    if kind == "dense":
        nodes += [node("Flatten", [MAP], ["f"]), node("MatMul", ["f", "G"], ["l"])]
    else:
        nodes += [node("GlobalAveragePool", [MAP], ["p"]), node("Flatten", ["p"], ["f"])]
        nodes += [node("Gemm", ["f", "F", "b"], ["l"], transB=1)]
    if kind == "logistic":
        nodes += [node("Sigmoid", ["l"], ["yes"]), node("Sub", ["one", "yes"], ["no"])]
        nodes += [node("Concat", ["no", "yes"], ["probabilities"], axis=1)]
    else:
        nodes += [node("Softmax", ["l"], ["probabilities"], axis=1)]
    nodes += [node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0)]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "net",
        [value("in", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [value("label", TensorProto.INT64, ["N"]), value("probabilities", TensorProto.FLOAT, ["N", max(2, classes)])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def activation(kind: str) -> tuple[Any, Any]:
    """What each part adds to the score of the predicted class, (14 · 14,), and the probabilities."""
    model = net(kind)
    model.graph.output.append(helper.make_tensor_value_info(MAP, TensorProto.FLOAT, None))
    weights = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    session = onnxruntime.InferenceSession(model.SerializeToString())
    pixels = (PICTURE.astype(np.float32) / np.float32(255)).transpose(2, 0, 1)[None]
    label, probabilities, features = session.run(["label", "probabilities", MAP], {"in": pixels})
    maps = np.tensordot(weights["F"].astype(np.float64), features[0].astype(np.float64), 1)
    place = int(label[0])
    of_class = (maps[0] if place else -maps[0]) if kind == "logistic" else maps[place] - maps.mean(0)
    return of_class.reshape(-1), probabilities[0]


@pytest.fixture(scope="module", name="made", params=["softmax", "logistic", "dense"])
def _made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    path = tmp_path_factory.mktemp(request.param) / "net.seal"
    random = np.random.default_rng(0)
    scans = [random.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8) for _ in range(8)]
    sealift.pack(
        net(request.param), scans, name="net", output=path, preprocess=sealift.Image(resize=(SIDE, SIDE)),
        proof=sealift.ProofOptions(engines=("native",)),
    )  # fmt: skip
    build_page(path, path.with_suffix(".html"))
    return request.param, path


@pytest.fixture(scope="module", name="shown")
def _shown(browser: Browser, made: tuple[str, Path]) -> Iterator[Opened]:
    with opened(browser, made[1].with_suffix(".html")) as page:
        yield page
        assert page.outside_requests() == []
        assert page.errors == []


def test_where_it_looked(shown: Opened, made: tuple[str, Path]) -> None:
    kind, _ = made
    shown.tab("Predict")
    file: Any = {"name": "a.png", "mimeType": "", "buffer": pictures.saved(Image.fromarray(PICTURE), "PNG")}
    shown.inside.locator("#field-0").set_input_files(file)
    expect(shown.prediction).to_have_attribute("data-state", "ready", timeout=SLOW)
    look, heat = shown.inside.get_by_test_id("look"), shown.inside.get_by_test_id("heat")
    look.click()
    if kind == "dense":  # no mean over the picture
        expect(heat).to_have_attribute("data-method", "covering", timeout=SLOW)
        expect(look).to_have_count(0)
        return
    expect(heat).to_have_attribute("data-method", "activation", timeout=SLOW)
    wanted, _ = activation(kind)
    values = json.loads(heat.get_attribute("data-values") or "[]")
    np.testing.assert_allclose(values, wanted, atol=1e-4 * np.abs(wanted).max())
    expect(shown.inside.get_by_test_id("heat-limits")).to_contain_text("last feature map")
    look.click()
    expect(heat).to_have_attribute("data-method", "covering", timeout=SLOW)
    look.click()
    expect(heat).to_have_attribute("data-method", "activation", timeout=SLOW)
