"""Functions of JAX packed, against JAX itself."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed: make test-jax")
import jax.numpy as jnp  # noqa: E402
from jax_comparison import packed  # noqa: E402

import sealift  # noqa: E402
from packs import no_node  # noqa: E402, F401 - a fixture
from sealift.frameworks.discovery import owner  # noqa: E402

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 5)).astype(np.float32)
W = jnp.asarray(RANDOM.normal(size=(5, 3)), jnp.float32)
PARAMETERS = {"w": W, "b": jnp.ones(3)}
pytestmark = pytest.mark.usefixtures("no_node")


def apply(parameters: Any, x: Any) -> Any:
    return jax.nn.softmax(jnp.tanh(x @ parameters["w"] + parameters["b"]))


def from_a_global(x: Any) -> Any:
    return x @ W


def through_another(x: Any) -> Any:
    return apply(PARAMETERS, x)


def of_numpy(x: Any) -> Any:
    return np.asarray(x)[:, 0] * 2.0


def _closure() -> Any:
    weights = [PARAMETERS]
    return lambda x: x @ weights[0]["w"]


OF_JAX = {
    "jit": jax.jit(lambda x: x * 2.0),
    "partial": functools.partial(apply, PARAMETERS),
    "jit of a partial": jax.jit(functools.partial(apply, PARAMETERS)),
    "closure": _closure(),
    "global": from_a_global,
    "another function": through_another,
    "vmap": jax.vmap(lambda row: jnp.sum(row) * 2),
    "name of a module": lambda x: jnp.exp(x) * 2,
}


@pytest.mark.parametrize("name", OF_JAX)
def test_functions_of_jax_are_recognised(name: str) -> None:
    framework = owner(OF_JAX[name])
    assert framework is not None
    assert framework.name == "jax"


@pytest.mark.parametrize("function", [of_numpy, np.exp, functools.partial(of_numpy), len, lambda x: x[:, 0]])
def test_other_functions_are_not(function: Any) -> None:
    framework = owner(function)
    assert framework is not None
    assert framework.name == "function"


@pytest.mark.parametrize("name", OF_JAX)
def test_functions_of_jax_are_packed(name: str, tmp_path: Path) -> None:
    result = packed(OF_JAX[name], X, tmp_path)
    assert result.steps[-1]["how"] == "exported"
    assert result.contract.task == "regression"


def test_a_data_frame_is_a_table(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(X, columns=list("abcde"))
    result = sealift.pack(OF_JAX["partial"], frame, name="net", output=tmp_path / "net.seal")
    assert [field.name for field in result.contract.inputs] == list("abcde")
    got = result.load().predict(frame.head(3))["value"]
    np.testing.assert_allclose(got, apply(PARAMETERS, X[:3]), rtol=1e-5)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    def both(x: Any, y: Any) -> Any:
        return {"sum": x @ W + y, "pair": (x.max(-1), jnp.argmax(y, -1))}

    result = packed(both, (X, RANDOM.normal(size=(40, 3)).astype(np.float32)), tmp_path)
    assert [field.name for field in result.contract.inputs] == ["x", "y"]
    assert {output.name for output in result.contract.outputs} == {"sum", "pair_output_0", "pair_output_1"}


def test_a_dict_of_arrays_is_given_by_name(tmp_path: Path) -> None:
    table = jnp.asarray(RANDOM.normal(size=(30, 4)), jnp.float32)

    def pooled(*, ids: Any, mask: Any) -> Any:
        kept = jnp.take(table, ids, axis=0) * mask[..., None]
        return kept.sum(1) / mask.sum(1, keepdims=True)

    rows = {"ids": RANDOM.integers(0, 30, (40, 6)), "mask": np.ones((40, 6), dtype=np.int64)}
    packed(pooled, rows, tmp_path)


def test_integers_are_indices_of_an_embedding(tmp_path: Path) -> None:
    table = jnp.asarray(RANDOM.normal(size=(30, 4)), jnp.float32)
    result = packed(lambda ids: table[ids].sum(1), RANDOM.integers(0, 30, (40, 6)), tmp_path)
    assert result.contract.inputs[0].dtype == "tensor[6]"


def test_float64_is_kept_where_jax_computes_in_it(tmp_path: Path) -> None:
    jax.config.update("jax_enable_x64", True)
    try:
        weights = jnp.asarray(RANDOM.normal(size=(5, 2)))
        result = sealift.pack(lambda x: jnp.expm1(x @ weights), X, name="net", output=tmp_path / "net.seal")
        got = result.load().predict(X)["value"]
        np.testing.assert_allclose(got, np.expm1(X.astype(np.float64) @ np.asarray(weights)), rtol=1e-13)
    finally:
        jax.config.update("jax_enable_x64", False)
