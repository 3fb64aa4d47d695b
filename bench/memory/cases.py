"""Large models and tables, by name: functions for the rows, the targets and the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Case:
    """A model and its rows.

    Attributes:
        title: what is large about it.
        rows: gives X and y; `scale` multiplies the number of rows, categories and trees.
        model: gives the model to be fitted, for the same scale; or an ONNX model, which is stored as a file with its
            weights beside it.
        weights: bytes of the weights, for the scale 1, where four times as much is the bound.
    """

    title: str
    rows: Callable[[float], tuple[Any, Any]]
    model: Callable[[float], Any]
    weights: float = 0.0


def _random() -> np.random.Generator:
    return np.random.default_rng(0)


def _categories_rows(scale: float) -> tuple[Any, Any]:
    random, rows, many = _random(), int(60_000 * scale), int(35_000 * scale)
    code = np.concatenate([np.arange(many), random.integers(0, many, rows - many)])
    random.shuffle(code)
    frame = pd.DataFrame(
        {"code": [f"c{i:06d}" for i in code], "sex": random.choice(["f", "m"], rows), "age": random.normal(size=rows)}
    )
    return frame, (frame["age"] + code % 7 > 3).astype(int)


def _categories_model(_: float) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    encoders = [("c", OneHotEncoder(handle_unknown="ignore"), ["code", "sex"]), ("n", StandardScaler(), ["age"])]
    return make_pipeline(ColumnTransformer(encoders), LogisticRegression(max_iter=30, tol=1e-2))


def _forest_rows(scale: float) -> tuple[Any, Any]:
    random, rows = _random(), int(20_000 * scale)
    x = random.normal(size=(rows, 40))
    return x, (x[:, :5].sum(axis=1) + random.normal(size=rows) > 0).astype(int)


def _forest_model(scale: float) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(max(10, int(500 * scale)), random_state=0, n_jobs=2)


def _terms_rows(scale: float) -> tuple[Any, Any]:
    random, rows, many = _random(), int(20_000 * scale), int(50_000 * scale)
    words = np.array([f"w{i:05d}" for i in range(many)])
    texts = [" ".join(words[random.integers(0, many, 40)]) for _ in range(rows)]
    return texts, random.integers(0, 2, rows)


def _terms_model(_: float) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=30, tol=1e-2))


def _million_rows(scale: float) -> tuple[Any, Any]:
    random, rows = _random(), int(1_000_000 * scale)
    x = random.normal(size=(rows, 21))
    x[random.random(x.shape) < 0.02] = np.nan
    frame = pd.DataFrame(x, columns=[f"f{i}" for i in range(21)])
    return frame, (np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1]) ** 2 > 1).astype(int)


def _million_model(_: float) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=50)


def _texts_rows(scale: float) -> tuple[Any, Any]:
    random, rows, many = _random(), int(20_000 * scale), int(200 * scale)
    frame = pd.DataFrame(
        {f"t{i}": random.choice([f"v{i}_{k}" for k in range(20)], rows).astype(object) for i in range(many)}
    )
    return frame, (frame["t0"].str[-1] < "5").astype(int)


def _texts_model(_: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=30, tol=1e-2))


def _columns_rows(scale: float) -> tuple[Any, Any]:
    random, rows = _random(), int(20_000 * scale)
    x = random.normal(size=(rows, int(1000 * scale)))
    return pd.DataFrame(x, columns=[f"c{i}" for i in range(x.shape[1])]), (x[:, 0] > 0).astype(int)


def _columns_model(_: float) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=30))


def _wide_trees_model(_: float) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    encoders = [("c", OneHotEncoder(handle_unknown="ignore"), ["code", "sex"]), ("n", "passthrough", ["age"])]
    trees = ExtraTreesClassifier(10, max_depth=12, random_state=0)
    return make_pipeline(ColumnTransformer(encoders), trees)


def _wide_rows(scale: float) -> tuple[Any, Any]:
    return _categories_rows(scale / 6)


def _network_rows(scale: float) -> tuple[Any, Any]:
    del scale
    x = _random().normal(size=(300, _INPUTS)).astype(np.float32)
    return x, x[:, 0]


def _network(weights: float, scale: float) -> Any:
    """Four square layers of float32, with as many bytes of weights for the scale 1."""
    from onnx import TensorProto, helper, numpy_helper

    width = int((weights * scale / 4 / 4) ** 0.5)
    shapes = [(_INPUTS, width), *[(width, width)] * 4, (width, 1)]
    random = _random()
    layers = [random.standard_normal(shape, dtype=np.float32) / np.float32(shape[0] ** 0.5) for shape in shapes]
    constants = [numpy_helper.from_array(layer, f"weight {i}") for i, layer in enumerate(layers)]
    nodes, given = [], "x"
    for i in range(len(shapes)):
        nodes.append(helper.make_node("MatMul", [given, f"weight {i}"], [f"product {i}"]))
        nodes.append(helper.make_node("Relu" if i < len(shapes) - 1 else "Identity", [f"product {i}"], [f"layer {i}"]))
        given = f"layer {i}"
    port = helper.make_tensor_value_info
    inputs = [port("x", TensorProto.FLOAT, [None, _INPUTS])]
    body = helper.make_graph(nodes, "network", inputs, [port(given, TensorProto.FLOAT, [None, 1])], constants)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


_WEIGHTS, _INPUTS = 300e6, 30
_BEYOND = 2.2e9  # a protobuf message has at most 2 GiB

CASES = {
    "categories": Case("35,000 categories, linear model", _categories_rows, _categories_model),
    "categories-trees": Case("5,800 categories, trees", _wide_rows, _wide_trees_model),
    "forest": Case("500 trees grown out, 20,000 × 40", _forest_rows, _forest_model),
    "terms": Case("50,000 terms, linear model", _terms_rows, _terms_model),
    "rows": Case("1,000,000 rows × 21", _million_rows, _million_model),
    "texts": Case("200 columns of text", _texts_rows, _texts_model),
    "columns": Case("1,000 columns of numbers", _columns_rows, _columns_model),
    "weights": Case("300 MB of weights, ONNX file", _network_rows, partial(_network, _WEIGHTS), _WEIGHTS),
    "weights-2g": Case("2.2 GB of weights, ONNX file", _network_rows, partial(_network, _BEYOND), _BEYOND),
}
