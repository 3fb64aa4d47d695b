"""Models of JAX that cannot be packed: the code, the operation, the line and the remedy."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed: make test-jax")
pytest.importorskip("flax", reason="Flax is not installed: make test-jax")
import jax.numpy as jnp  # noqa: E402
from flax import linen, nnx  # noqa: E402

import sealift  # noqa: E402
from sealift.errors import PackError, SealiftError  # noqa: E402

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 5)).astype(np.float32)
KEY = jax.random.key(0)


def refused(model: Any, tmp_path: Path, rows: Any = X) -> SealiftError:
    with pytest.raises(PackError) as caught:
        sealift.pack(model, rows, name="net", output=tmp_path / "net.seal", progress=lambda _: None)
    assert not (tmp_path / "net.seal").exists()
    return caught.value


def test_random_numbers_for_each_row(tmp_path: Path) -> None:
    error = refused(lambda x: x + jax.random.normal(KEY, x.shape), tmp_path)
    assert error.code in ("E330", "E331")


def test_random_numbers_of_numpy(tmp_path: Path) -> None:
    error = refused(lambda x: x + jnp.float32(np.random.default_rng().normal()), tmp_path)
    assert error.code == "E330"


def test_the_time(tmp_path: Path) -> None:
    assert refused(lambda x: x * jnp.float32(time.perf_counter() % 1), tmp_path).code == "E330"


def test_random_numbers_with_a_fixed_key_are_constants(tmp_path: Path) -> None:
    """Random features whose key and shape are fixed are the same in each call."""

    def features(x: Any) -> Any:
        return jnp.cos(x @ jax.random.normal(KEY, (5, 8)))

    result = sealift.pack(features, X, name="net", output=tmp_path / "net.seal")
    np.testing.assert_allclose(result.load().predict(X)["value"], features(X), atol=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x - jnp.mean(x, axis=0),
        lambda x: jax.nn.softmax(x, axis=0),
        lambda x: jnp.cumsum(x, axis=0),
        jnp.sum,
    ],
)
def test_answers_that_depend_on_other_rows(function: Any, tmp_path: Path) -> None:
    assert refused(function, tmp_path).code == "E331"


def test_a_choice_by_values(tmp_path: Path) -> None:
    def chosen(x: Any) -> Any:
        return jnp.exp(x) if x.sum() > 0 else x

    error = refused(chosen, tmp_path)
    assert error.code == "E332"
    assert f"test_jax_refused.py, line {chosen.__code__.co_firstlineno + 1}" in error.what


def test_a_loop_by_values(tmp_path: Path) -> None:
    def halved(x: Any) -> Any:
        return jax.vmap(lambda row: jax.lax.while_loop(lambda r: jnp.abs(r).max() > 1, lambda r: r / 2, row))(x)

    assert refused(halved, tmp_path).code == "E332"


def test_an_operation_without_a_form_in_onnx(tmp_path: Path) -> None:
    def special(x: Any) -> Any:
        return jax.scipy.special.digamma(jnp.abs(x) + 1.0)

    error = refused(special, tmp_path)
    assert error.code == "E333"
    assert "digamma" in error.what
    assert f"test_jax_refused.py, line {special.__code__.co_firstlineno + 1}" in error.what


def test_a_fixed_number_of_rows(tmp_path: Path) -> None:
    error = refused(lambda x: x + jnp.zeros((32, 5)), tmp_path, X[:32])
    assert error.code in ("E331", "E335")


def test_numpy_inside(tmp_path: Path) -> None:
    error = refused(jax.jit(lambda x: jnp.asarray(np.sort(x))), tmp_path)
    assert error.code in ("E302", "E305")
    assert "numpy" in str(error).lower()


def test_weights_that_are_nan(tmp_path: Path) -> None:
    weights = {"layer": {"w": jnp.full((5, 2), jnp.nan)}}
    error = refused(lambda x: x @ weights["layer"]["w"], tmp_path)
    assert error.code == "E334"
    assert "layer" in error.what


def test_weights_of_few_digits(tmp_path: Path) -> None:
    weights = jnp.ones((5, 2), jnp.bfloat16)
    assert refused(lambda x: x @ weights, tmp_path).code == "E302"


def test_training_mode_of_nnx(tmp_path: Path) -> None:
    dropout = nnx.Sequential(nnx.Linear(5, 3, rngs=nnx.Rngs(0)), nnx.Dropout(0.5, rngs=nnx.Rngs(1)))
    error = refused(dropout, tmp_path)
    assert (error.code, "eval()" in error.fix) == ("E304", True)


class Dropped(linen.Module):  # type: ignore[misc] # Flax is not typed here
    @linen.compact  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return linen.Dropout(0.5, deterministic=False)(linen.Dense(2)(x))


def test_training_mode_of_linen(tmp_path: Path) -> None:
    module = Dropped()
    variables = module.init({"params": KEY, "dropout": KEY}, X[:1])
    error = refused(module.bind(variables), tmp_path)
    assert error.code == "E304"


def test_a_module_of_linen_without_variables(tmp_path: Path) -> None:
    error = refused(Dropped(), tmp_path)
    assert (error.code, "bind" in error.fix) == ("E304", True)


def test_rows_of_another_width(tmp_path: Path) -> None:
    error = refused(jax.jit(lambda x: x @ jnp.ones((4, 2))), tmp_path)
    assert error.code == "E305"
