"""Arrays of golden examples in members of their own, as they are written and read (spec/SEAL.md §6)."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sealift.contract import Contract, Field, Output
from sealift.errors import SealError
from sealift.runtime.golden import encoded, read_examples
from sealift.seal import arrays as stored_arrays
from sealift.stages import Stages

CONTRACT = Contract(
    inputs=(Field(name="image", dtype="tensor[2,width]", missing="allowed"), Field(name="gain", dtype="float64")),
    outputs=(Output(name="value", kind="value", dtype="float64", width=2),),
    task="regression",
)
IMAGES = np.arange(12.0).reshape(2, 2, 3)
ANSWERS = np.array([[0.1, -0.0], [np.nan, np.inf], [1.0, 2.0]])


def examples(**changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Golden examples of three rows, the second without an image, and their members."""
    images, first = stored_arrays.stored(IMAGES)
    answers, second = stored_arrays.stored(ANSWERS)
    raw = {
        "columns": ["image", "gain"],
        "rows": [[0, 1.0], [None, 2.0], [1, 3.0]],
        "arrays": {"image": images},
        "answers": {"value": answers},
        "tolerance": {"value": {"relative": 1e-9, "scale": 1.0}},
        "source": "generated",
    }
    return raw | changes, first | second


@given(arrays(np.float64, array_shapes(max_dims=4, max_side=5), elements=st.floats(width=64)))
def test_what_is_stored_is_read(array: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    reference, members = stored_arrays.stored(array)
    read = stored_arrays.read(reference, members)
    assert read.shape == array.shape
    assert read.astype(np.float64).tobytes() == array.tobytes()
    assert stored_arrays.referenced({"arrays": {"x": reference}}) == set(members)


@pytest.mark.parametrize(
    ("values", "dtype", "body"),
    [
        ([0.0, 255.0], "uint8", b"\x00\xff"),
        ([0.0, 256.0], "float32", struct.pack("<2f", 0.0, 256.0)),
        ([-0.0, 1.0], "float32", struct.pack("<2f", -0.0, 1.0)),
        ([0.5, float("inf")], "float32", struct.pack("<2f", 0.5, float("inf"))),
        ([0.1, 1.0], "float64", struct.pack("<2d", 0.1, 1.0)),
        ([1e300, 1.0], "float64", struct.pack("<2d", 1e300, 1.0)),
    ],
)
def test_the_smallest_exact_type_is_stored(values: list[float], dtype: str, body: bytes) -> None:
    reference, members = stored_arrays.stored(np.array(values))
    assert reference["dtype"] == dtype
    assert members == {reference["member"]: body}


def test_examples_with_arrays() -> None:
    raw, members = examples()
    read = read_examples(raw, CONTRACT, members)
    np.testing.assert_array_equal(read.answers["value"], ANSWERS)
    assert read.answers["value"].dtype == np.float64
    assert read.columns == {"image": [IMAGES[0].tolist(), None, IMAGES[1].tolist()], "gain": [1.0, 2.0, 3.0]}
    batch = encoded(read, CONTRACT, Stages.of(CONTRACT))
    np.testing.assert_array_equal(batch.tensors["tensor0"][[0, 2]], IMAGES)
    assert np.isnan(batch.tensors["tensor0"][1]).all()


@pytest.mark.parametrize("answers", [ANSWERS[:, :1], ANSWERS[:2], ANSWERS.ravel(), ANSWERS.reshape(3, 2, 1)])
def test_an_array_of_answers_has_the_shape_of_its_output(answers: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    reference, members = stored_arrays.stored(answers)
    raw, others = examples(answers={"value": reference})
    with pytest.raises(SealError, match="must have the shape of its output") as caught:
        read_examples(raw, CONTRACT, others | members)
    assert caught.value.code == "E205"


def test_answers_that_are_not_floats_are_no_array() -> None:
    reference, members = stored_arrays.stored(np.array([1.0, 0.0, 1.0]))
    whole = dataclasses.replace(CONTRACT, outputs=(Output(name="label", kind="label", dtype="int64"),))
    raw, others = examples(answers={"label": reference}, tolerance={})
    with pytest.raises(SealError, match="must be float64"):
        read_examples(raw, whole, others | members)


def test_arrays_without_a_missing_value_are_not_copied() -> None:
    raw, members = examples(rows=[[0, 1.0], [1, 3.0]], answers={"value": ANSWERS[[0, 2]].tolist()})
    column = read_examples(raw, CONTRACT, members).inputs["image"]
    assert isinstance(column, np.ndarray)
    assert not column.flags.owndata
    assert not column.flags.writeable


@pytest.mark.parametrize(
    "cells",
    [
        [0, None, 0],
        [1, None, 0],
        [1, None, 2],
        [0, None, None],
        [0, 1, 2],
        [0, None, True],
        [0, None, "1"],
        [0, None, 1.5],
    ],
)
def test_cells_that_are_not_the_numbers_of_the_arrays(cells: list[Any]) -> None:
    raw, members = examples(rows=[[cell, 1.0] for cell in cells])
    with pytest.raises(SealError, match="the number of its array") as caught:
        read_examples(raw, CONTRACT, members)
    assert caught.value.code == "E205"


@pytest.mark.parametrize("shape", [[2, 3, 2], [2, 6], [12], [2, 1, 2, 3]])
def test_an_array_of_another_shape_than_the_input(shape: list[int]) -> None:
    raw, members = examples()
    raw["arrays"]["image"]["shape"] = shape
    with pytest.raises(SealError) as caught:
        encoded(read_examples(raw, CONTRACT, members), CONTRACT, Stages.of(CONTRACT))
    assert caught.value.code == "E205"


def test_an_array_with_infinity_is_no_input() -> None:
    images, members = stored_arrays.stored(np.where(IMAGES == 4, np.inf, IMAGES))
    raw, others = examples(arrays={"image": images})
    with pytest.raises(SealError, match="row 1") as caught:
        encoded(read_examples(raw, CONTRACT, others | members), CONTRACT, Stages.of(CONTRACT))
    assert caught.value.code == "E205"


def test_more_numbers_than_the_limit() -> None:
    images, members = stored_arrays.stored(np.zeros((3, 2, 1 << 20)))
    assert images["dtype"] == "uint8"
    raw, others = examples(arrays={"image": images, **{f"other {i}": images for i in range(5)}})
    with pytest.raises(SealError, match="37748742 numbers") as caught:
        read_examples(raw, CONTRACT, others | members)
    assert caught.value.code == "E203"
