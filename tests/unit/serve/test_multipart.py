"""Pictures in the parts of `multipart/form-data`."""

from __future__ import annotations

import numpy as np
import pytest

import seals
from sealift.contract import Batch, Contract, Field, Output, Stage
from sealift.errors import ServeError
from sealift.serve.http.messages import Request
from sealift.serve.http.multipart import read_pictures

SPEC = {"decode": {"mode": "L"}, "steps": [], "layout": "CHW", "shape": [1, None, None]}
CONTRACT = Contract(
    inputs=(Field(name="scan", dtype="image"),),
    outputs=(Output(name="value", kind="value", dtype="float64"),),
    task="regression",
    stages=(Stage(0, SPEC, "image/1"),),
)
HEAD = b'Content-Disposition: form-data; name="scan"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'


def request(body: bytes, boundary: str = "; boundary=xy") -> Request:
    return Request("POST", "/", {"content-type": f"multipart/form-data{boundary}"}, body)


def test_each_part_is_a_row() -> None:
    first, second = b"\x89PNG\r\n\x1a\n\r\n--x\0\xff", b""
    body = b"--xy\r\n" + HEAD + first + b"\r\n--xy\r\n" + HEAD + second + b"\r\n--xy--\r\n"
    assert read_pictures(CONTRACT, request(body)) == {"scan": [first, second]}
    assert read_pictures(CONTRACT, request(body, '; charset=utf-8; boundary="xy"')) == {"scan": [first, second]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"abc",
        b"--xy--\r\n",
        b"--xy\r\n" + HEAD + b"a",
        b"--xy\r\nabc\r\n--xy--",
        b"x--xy\r\n" + HEAD + b"a\r\n--xy--",
    ],
)
def test_malformed(body: bytes) -> None:
    with pytest.raises(ServeError) as caught:
        read_pictures(CONTRACT, request(body))
    assert caught.value.code == "E704"


def test_other_models_and_no_boundary() -> None:
    with pytest.raises(ServeError) as caught:
        read_pictures(seals.CONTRACT, request(b""))
    assert caught.value.code == "E705"
    with pytest.raises(ServeError, match="boundary"):
        read_pictures(CONTRACT, request(b"", ""))


def test_what_is_kept_of_a_call_has_no_pictures() -> None:
    good = np.ones(1, np.bool_)
    batch = Batch({"number": np.zeros((1, 2)), "field0": np.array([b"x"], object)}, good, ())
    assert set(batch.without_pictures().tensors) == {"number"}
    plain = Batch({"number": np.zeros((1, 2))}, good, ())
    assert plain.without_pictures() is plain
