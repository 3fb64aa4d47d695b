"""Frames between two processes: arrays come out as they went in, and a hostile frame cannot harm who reads it."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sealift.errors import InternalError, LimitError, SealError, SealiftError, rebuilt
from sealift.runtime.frames import FrameError, as_arrays, as_parts, receive, send

DTYPES = st.sampled_from(["float64", "float32", "int64", "int32", "bool", "uint8", "float16"])
STRINGS = st.lists(st.text(st.characters(), max_size=5), max_size=6)  # halves of surrogate pairs too


@settings(max_examples=100, deadline=None)
@given(DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0))), STRINGS)
def test_arrays_come_out_as_they_went_in(numbers: Any, strings: list[str]) -> None:
    given_ = {"n": numbers, "flipped": numbers.T, "s": np.array([*strings, None], dtype=object)[:-1].reshape(-1, 1)}
    described, parts = as_parts(given_)
    stream = io.BytesIO()
    send(stream, {"arrays": described}, parts)
    stream.seek(0)
    head, body = receive(stream)
    arrays = as_arrays(head["arrays"], body)
    assert list(arrays) == list(given_)
    for name, array in given_.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        if name == "s":
            assert arrays[name].tolist() == array.tolist()
        else:
            assert arrays[name].tobytes() == array.tobytes()


def frame(header: Any, body: bytes = b"") -> io.BytesIO:
    head = json.dumps(header).encode()
    return io.BytesIO(struct.pack("<I", len(head)) + head + body)


@pytest.mark.parametrize(
    "stream",
    [
        io.BytesIO(b""),
        io.BytesIO(b"\xff\xff\xff\xff"),
        io.BytesIO(b"\x02\0\0\0x"),
        frame([]),
        frame({}),
        frame({"size": -1}),
        frame({"size": 10**18}),
        frame({"size": 5}, b"abc"),
        frame({"size": "5"}, b"abcde"),
    ],
)
def test_malformed_frames(stream: io.BytesIO) -> None:
    with pytest.raises((FrameError, struct.error)):
        receive(stream, largest=1000)


@pytest.mark.parametrize(("length", "message"), [(64 << 20, "truncated"), ((64 << 20) + 1, "too large")])
def test_a_header_has_at_most_64_mebibytes(length: int, message: str) -> None:
    with pytest.raises(FrameError, match=message):
        receive(io.BytesIO(struct.pack("<I", length) + b"{}"))


@pytest.mark.parametrize(
    "described",
    [
        None,
        5,
        [5],
        [{}],
        [{"name": "a", "dtype": "object", "shape": [1], "size": 8}],
        [{"name": "a", "dtype": "float64", "shape": [2], "size": 8}],
        [{"name": "a", "dtype": "float64", "shape": [1], "size": 7}],
        [{"name": "a", "dtype": "float64", "shape": "x", "size": 8}],
        [{"name": [], "dtype": "float64", "shape": [1], "size": 8}],
        [{"name": "a", "dtype": "string", "shape": [1], "size": 3}],
    ],
)
def test_malformed_arrays(described: Any) -> None:
    with pytest.raises(FrameError):
        as_arrays(described, b"[1]     ")


def test_errors_of_another_process() -> None:
    for error in (LimitError("E210", "What.", fix="Fix."), SealError("E207", "What.", where="w", fix="Fix.")):
        again = rebuilt(error.as_dict())
        assert (type(again), again.as_dict()) == (type(error), error.as_dict())
    known = LimitError("E210", "", fix="").as_dict()
    malformed: list[Any] = [None, [], {}, {**known, "code": "E000"}, {**known, "fix": 1}]
    for raw in malformed:
        received: SealiftError = rebuilt(raw)
        assert (type(received), received.code) == (InternalError, "E901")
