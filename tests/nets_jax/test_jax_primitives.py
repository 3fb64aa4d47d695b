"""Primitives of JAX converted, each against JAX itself for several numbers of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed: make test-jax")
import jax.numpy as jnp  # noqa: E402
from jax import export, lax  # noqa: E402

from sealift.frameworks.jax.lowering.program import graph_of  # noqa: E402
from sealift.graph.split_model import split  # noqa: E402

RANDOM = np.random.default_rng(0)
TABLE = jnp.asarray(RANDOM.normal(size=(5, 4, 6)), jnp.float32)
KERNEL = jnp.asarray(RANDOM.normal(size=(3, 2, 2, 6)), jnp.float32)
PLACES = jnp.asarray([3, 0, 3])


def _conv(**options: Any) -> Callable[[Any], Any]:
    layout = ("NHWC", "HWIO", "NHWC")

    def convolve(x: Any) -> Any:
        images = x.reshape(x.shape[0], 5, 3, 4)
        kernel = KERNEL[..., :2, :] if options.get("feature_group_count") else jnp.concatenate([KERNEL, KERNEL], 2)
        return lax.conv_general_dilated(images, kernel, dimension_numbers=layout, **options)

    return convolve


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "conv": _conv(window_strides=(1, 1), padding="SAME"),
    "conv with strides and unequal padding": _conv(window_strides=(2, 1), padding=((0, 2), (1, 0))),
    "dilated conv": _conv(window_strides=(1, 1), padding="SAME", rhs_dilation=(2, 1)),
    "grouped conv": _conv(window_strides=(1, 1), padding="VALID", feature_group_count=2),
    "transposed conv": _conv(window_strides=(1, 1), padding=((1, 2), (1, 1)), lhs_dilation=(2, 2)),
    "transposed conv with padding beyond the kernel": _conv(
        window_strides=(1, 1), padding=((3, 4), (0, 2)), lhs_dilation=(3, 2)
    ),
    "grouped transposed conv": _conv(
        window_strides=(1, 1), padding=((1, 1), (0, 1)), lhs_dilation=(2, 1), feature_group_count=2
    ),
    "largest of windows": lambda x: lax.reduce_window(
        x.reshape(-1, 6, 10), -jnp.inf, lax.max, (1, 3, 2), (1, 2, 2), "SAME"
    ),
    "smallest of windows": lambda x: lax.reduce_window(x, jnp.inf, lax.min, (1, 4), (1, 3), ((0, 0), (1, 2))),
    "sum of windows": lambda x: lax.reduce_window(
        x.reshape(-1, 2, 3, 2, 5), 0.0, lax.add, (1, 1, 2, 1, 2), (1, 1, 1, 1, 2), "VALID"
    ),
    "product over two axes": lambda x: jnp.einsum("bij,kij->bk", x.reshape(-1, 10, 6)[:, :4], TABLE),
    "batched product": lambda x: jnp.einsum("bij,bkj->bik", x.reshape(-1, 10, 6), x.reshape(-1, 10, 6)),
    "batched product of three axes": lambda x: jnp.einsum(
        "bijk,blik->bijl", x.reshape(-1, 2, 5, 6), x.reshape(-1, 5, 2, 6)
    ),
    "product with a vector": lambda x: x @ jnp.arange(60.0),
    "outer product": lambda x: jnp.einsum("bi,j->bij", x, jnp.arange(3.0)),
    "index": lambda x: x[:, 3],
    "indices": lambda x: x[:, PLACES],
    "indices of two axes": lambda x: x.reshape(-1, 10, 6)[:, PLACES, PLACES],
    "indices around an axis": lambda x: x.reshape(-1, 10, 6)[:, :, PLACES],
    "embedding": lambda x: TABLE[(x[:, :3] > 0).astype(int) + 1],
    "embedding outside": lambda x: jnp.take(TABLE, (x[:, :3] * 4).astype(int), axis=0, mode="fill", fill_value=7.0),
    "embedding at the border": lambda x: jnp.take(TABLE, (x[:, :3] * 4).astype(int), axis=0, mode="clip"),
    "an index for each row": lambda x: jnp.take_along_axis(x, jnp.argsort(x, -1)[:, :4], axis=-1),
    "an index for each row by vmap": jax.vmap(lambda row: row[jnp.argmax(row)]),
    "a window for each row": jax.vmap(lambda r: lax.dynamic_slice(r, (jnp.argmax(r[:9]),), (1,))),
    "a window at a computed start": lambda x: lax.dynamic_slice(TABLE, (x.shape[0] * 0 + 1, 0, 2), (2, 4, 3)).sum() + x,
    "written": lambda x: x.at[:, 2].set(1.0).at[:, PLACES].add(2.0).at[:, 7].multiply(3.0),
    "written part": lambda x: lax.dynamic_update_slice(x, jnp.ones((x.shape[0], 3)), (0, 58)),
    "sorted": lambda x: jnp.sort(x, -1)[:, ::-1],
    "order": lambda x: jnp.argsort(x.reshape(-1, 10, 6), 1),
    "largest": lambda x: lax.top_k(x, 4),
    "sums so far": lambda x: (jnp.cumsum(x, -1), lax.cumlogsumexp(x, 1), lax.cumsum(x, 1, reverse=True)),
    "reductions": lambda x: (x.max(-1), x.min(-1), jnp.prod(x[:, :3], -1), (x > 0).any(-1), (x > -9).all(-1)),
    "statistics": lambda x: (x.mean(-1), x.std(-1), jnp.median(x, -1), jnp.linalg.norm(x, axis=-1)),
    "numbers of rows": lambda x: jnp.arange(x.shape[0]) * 2 + x[:, 0],
    "elements": lambda x: (jnp.log1p(jnp.abs(x) * 1e-4), jnp.expm1(x * 1e-4), jnp.cbrt(x), jnp.exp2(x), x**-3, x**11),
    "angles": lambda x: (jnp.arctan2(x, x[:, ::-1]), jnp.sinh(x), jnp.arccos(jnp.tanh(x))),
    "rounded": lambda x: (
        jnp.round(x),
        lax.round(x * 2),
        jnp.trunc(x),
        jnp.floor(x),
        jnp.mod(x, 0.7),
        jnp.fmod(x, 0.7),
    ),
    "chosen": lambda x: (lax.select_n((x > 0).astype(int) + (x > 1), x, -x, x * 2), jnp.clip(x, -0.5, 0.5)),
    "integers": lambda x: ((x * 9).astype(int) // 4, (x * 9).astype(int) % 4, (x * 9).astype(int) & 3, ~(x > 0)),
    "padded": lambda x: (jnp.pad(x, ((0, 0), (2, 3)), constant_values=4.0), jnp.pad(x, ((0, 0), (1, 1)), mode="edge")),
    "joined": lambda x: (jnp.stack([x, x], 1), jnp.concatenate([x, x[:, :2]], -1), *jnp.split(x, 3, -1)),
    "tiled": lambda x: (jnp.tile(x, (1, 2)), jnp.repeat(x, 2, -1), jnp.roll(x, 3, -1)),
    "loop": lambda x: lax.fori_loop(0, 4, lambda i, z: jnp.sin(z) + i, x),
    "scan backwards": lambda x: lax.scan(lambda c, r: (c + r, c * r), x[:, 0], x.T, reverse=True),
    "a known choice": lambda x: lax.cond(True, jnp.sin, jnp.cos, x),
    "a choice by vmap": jax.vmap(lambda r: lax.cond(r[0] > 0, jnp.sin, jnp.cos, r)),
    "resized": lambda x: jax.image.resize(x.reshape(-1, 6, 10), (x.shape[0], 9, 7), "bicubic"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_primitive(name: str) -> None:
    function = FUNCTIONS[name]
    (rows,) = export.symbolic_shape("b")
    closed = jax.make_jaxpr(function)(jax.ShapeDtypeStruct((rows, 60), jnp.float32))
    proto, _ = graph_of(closed, ["x"], lambda _: "")
    engine = split(proto).engine(threads=1)
    names = [output.name for output in proto.graph.output]
    for count in (1, 2, 7):
        x = RANDOM.normal(size=(count, 60)).astype(np.float32)
        wanted = [np.asarray(each) for each in jax.tree.leaves(function(jnp.asarray(x)))]
        results = engine.run({"x": x}, names)
        for output, expected in zip(names, wanted, strict=True):
            got = results[output]
            assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=2e-6 * max(1.0, float(np.abs(expected).max())))
