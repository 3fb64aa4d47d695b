"""The methods of gRPC: tensors in both forms, metadata, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2 as pb

import seals
from sealift import load
from sealift.errors import ContractError, SealError, SealiftError, ServeError
from sealift.serve.calls import Call, Caller, Observer
from sealift.serve.grpc.methods import METHODS
from sealift.serve.grpc.server import failure
from sealift.serve.http.messages import RequestLimits
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service

RISK = seals.risk(61.5, 80.0, "f")
Tensor = pb.ModelInferRequest.InferInputTensor
AGE, WEIGHT, SEX = (
    {"name": "age", "datatype": "FP64", "shape": [1], "contents": {"fp64_contents": [61.5]}},
    {"name": "weight", "datatype": "INT8", "shape": [1, 1], "contents": {"int_contents": [80]}},
    {"name": "sex", "datatype": "BYTES", "shape": [1], "contents": {"bytes_contents": [b"f"]}},
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    model = ServedModel("tiny", load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")))
    model.prepare()
    return Service(Plane([model]))


def ask(service: Service, method: str, request: Any, **headers: str) -> Any:
    data = request if isinstance(request, bytes) else request.SerializeToString()
    return getattr(pb, f"{method}Response").FromString(METHODS[method](service, data, headers).data)


def infer(service: Service, *inputs: Any, **more: Any) -> Any:
    request = pb.ModelInferRequest(model_name="tiny", **more)
    for tensor in inputs:
        request.inputs.add(**tensor)
    return ask(service, "ModelInfer", request)


def test_typed_contents_are_answered_by_typed_contents(service: Service) -> None:
    response = infer(service, SEX, WEIGHT, AGE, id="7")
    assert (response.model_name, response.model_version, response.id) == ("tiny", "1", "7")
    label, probability = response.outputs
    assert (label.name, label.datatype, list(label.shape)) == ("label", "INT64", [1])
    assert list(label.contents.int64_contents) == [1]
    assert list(probability.shape) == [1, 2]
    assert probability.contents.fp64_contents[1] == pytest.approx(RISK, abs=1e-15)
    assert not response.raw_output_contents


def test_raw_contents_are_answered_by_raw_contents(service: Service) -> None:
    raw = [np.full(2, 61.5, "<f4").tobytes(), np.full(2, 80, "<u2").tobytes(), b"\1\0\0\0f" * 2]
    kinds = (("age", "FP32"), ("weight", "UINT16"), ("sex", "BYTES"))
    inputs = [{"name": name, "datatype": kind, "shape": [2]} for name, kind in kinds]
    response = infer(service, *inputs, raw_input_contents=raw, outputs=[{"name": "probability"}])
    (probability,) = response.outputs
    assert not probability.HasField("contents")
    assert list(probability.shape) == [2, 2]
    assert np.frombuffer(response.raw_output_contents[0])[1] == pytest.approx(RISK, abs=1e-15)


def test_a_missing_number_is_nan(service: Service) -> None:
    response = infer(service, {**AGE, "contents": {"fp64_contents": [float("nan")]}}, WEIGHT, SEX)
    assert response.outputs[1].contents.fp64_contents[1] == pytest.approx(seals.risk(None, 80.0, "f"), abs=1e-15)


def test_states_and_metadata(service: Service) -> None:
    assert ask(service, "ServerLive", pb.ServerLiveRequest()).live
    assert ask(service, "ServerReady", pb.ServerReadyRequest()).ready
    assert ask(service, "ModelReady", pb.ModelReadyRequest(name="tiny", version="1")).ready
    assert ask(service, "ServerMetadata", pb.ServerMetadataRequest()).name == "sealift"
    described = ask(service, "ModelMetadata", pb.ModelMetadataRequest(name="tiny"))
    assert (described.name, list(described.versions)) == ("tiny", ["1"])
    assert [(x.name, x.datatype, list(x.shape)) for x in described.inputs] == [
        ("age", "FP64", [-1]),
        ("weight", "FP64", [-1]),
        ("sex", "BYTES", [-1]),
    ]
    assert [(x.name, x.datatype, list(x.shape)) for x in described.outputs] == [
        ("label", "INT64", [-1]),
        ("probability", "FP64", [-1, 2]),
    ]


def test_a_server_that_ends_is_not_ready(service: Service) -> None:
    draining = Service(Plane(service.plane.models()))
    draining.plane.draining = True
    assert not ask(draining, "ServerReady", pb.ServerReadyRequest()).ready
    assert not ask(Service(Plane()), "ServerReady", pb.ServerReadyRequest()).ready


def changed(tensor: dict[str, Any], **contents: Any) -> dict[str, Any]:
    return {**tensor, "contents": contents}


@pytest.mark.parametrize(
    ("inputs", "more", "code"),
    [
        ([], {}, "E101"),
        ([AGE, WEIGHT], {}, "E101"),
        ([AGE, AGE, SEX], {}, "E704"),
        ([AGE, WEIGHT, SEX, {**SEX, "name": "x"}], {}, "E102"),
        ([AGE] * 2000, {}, "E704"),
        ([{**AGE, "shape": [2]}, WEIGHT, SEX], {}, "E707"),
        ([{**AGE, "shape": [-1]}, WEIGHT, SEX], {}, "E707"),
        ([{**AGE, "shape": []}, WEIGHT, SEX], {}, "E707"),
        ([{**AGE, "shape": [1] * 100}, WEIGHT, SEX], {}, "E707"),
        ([{**AGE, "datatype": "FP128"}, WEIGHT, SEX], {}, "E707"),
        ([{**AGE, "datatype": "FP16"}, WEIGHT, SEX], {}, "E707"),
        ([{**AGE, "datatype": "FP32"}, WEIGHT, SEX], {}, "E707"),
        ([changed(AGE, fp64_contents=[1], int_contents=[1]), WEIGHT, SEX], {}, "E707"),
        ([AGE, changed(WEIGHT, int_contents=[128]), SEX], {}, "E707"),
        ([AGE, WEIGHT, changed(SEX, bytes_contents=[b"\xff"])], {}, "E707"),
        ([changed(AGE, fp64_contents=[float("inf")]), WEIGHT, SEX], {}, "R102"),
        ([changed(AGE, fp64_contents=[121]), WEIGHT, SEX], {}, "R103"),
        ([AGE, WEIGHT, changed(SEX, bytes_contents=[b"d"])], {}, "R104"),
        ([AGE, WEIGHT, SEX], {"outputs": [{"name": "x"}]}, "E704"),
        ([AGE, WEIGHT, SEX], {"raw_input_contents": [b""]}, "E704"),
        ([AGE, WEIGHT, SEX], {"raw_input_contents": [b""] * 3}, "E707"),
        ([AGE, WEIGHT, SEX], {"model_version": "2"}, "E701"),
    ],
)
def test_requests_that_are_refused(inputs: list[Any], more: dict[str, Any], code: str, service: Service) -> None:
    with pytest.raises(SealiftError, match=code):
        infer(service, *inputs, **more)


def test_an_unknown_data_type_is_named(service: Service) -> None:
    with pytest.raises(ServeError, match="'FP128' is not one of BOOL"):
        infer(service, {**AGE, "datatype": "FP128"}, WEIGHT, SEX)


def test_the_classification_extension_is_refused(service: Service) -> None:
    asked = pb.ModelInferRequest.InferRequestedOutputTensor(name="probability")
    asked.parameters["classification"].int64_param = 2
    with pytest.raises(ServeError, match="E707"):
        infer(service, AGE, WEIGHT, SEX, outputs=[asked])


@pytest.mark.parametrize("raw", [b"1234567", b"123456789", b""])
def test_raw_contents_of_another_length_are_refused(raw: bytes, service: Service) -> None:
    inputs = [{"name": x["name"], "datatype": "FP64", "shape": [1]} for x in (AGE, WEIGHT)]
    with pytest.raises(ServeError, match="E707"):
        infer(service, *inputs, raw_input_contents=[raw, b"12345678"])


def test_more_values_than_the_limit_are_refused(service: Service) -> None:
    small = Service(service.plane, RequestLimits(values=2))
    with pytest.raises(ServeError, match="E706"):
        infer(small, AGE, WEIGHT, SEX)


class Recorder(Observer):
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def observe(self, call: Call) -> None:
        self.calls.append(call)


class OnlyMe:
    schemes = ("key",)

    def caller(self, headers: Any, scope: str) -> Caller:
        if headers.get("authorization") != "Bearer me":
            raise ServeError("E701", "The caller is not known.", fix="Send a key.")
        return Caller("me", frozenset({scope}))

    def identify(self, headers: Any) -> None:
        self.caller(headers, "predict")

    def priority(self, headers: Any) -> int:
        return 0


def test_calls_are_observed_and_callers_checked(service: Service) -> None:
    recorder = Recorder()
    guarded = Service(service.plane, access=OnlyMe(), observers=[recorder])
    request = pb.ModelInferRequest(model_name="tiny")
    for tensor in (AGE, WEIGHT, SEX):
        request.inputs.add(**tensor)
    for method, asked in (("ModelInfer", request), ("ModelReady", pb.ModelReadyRequest(name="tiny"))):
        with pytest.raises(ServeError, match="not known"):
            ask(guarded, method, asked)
        ask(guarded, method, asked, authorization="Bearer me")
    del request.inputs[0]
    with pytest.raises(ContractError, match="E101"):
        ask(guarded, "ModelInfer", request, authorization="Bearer me")
    good, bad = recorder.calls
    assert (good.route, good.status, good.caller.name, len(good.answered), good.error) == ("grpc", 200, "me", 1, "")
    assert (bad.status, bad.error) == (400, "E101")


def test_errors_have_a_status_and_no_internals() -> None:
    assert failure(ServeError("E701", "There is none.", fix="Stop.")) == ("NOT_FOUND", "[E701] There is none. Stop.")
    assert failure(ServeError("E713", "Wait.", fix="Wait."))[0] == "RESOURCE_EXHAUSTED"
    assert failure(ContractError("E101", "x" * 10_000, fix="Add it."))[0] == "INVALID_ARGUMENT"
    assert len(failure(ContractError("E101", "x" * 10_000, fix="Add it."))[1]) <= 2000
    for error in (SealError("E207", "/secret", fix="/secret"), ValueError("/secret")):
        code, text = failure(error)
        assert code == "INTERNAL"
        assert "secret" not in text


def fuzzed(service: Service, method: str, data: bytes) -> None:
    status = "OK"
    try:
        METHODS[method](service, data, {})
    except SealiftError as error:
        status = failure(error)[0]
    assert status in ("OK", "INVALID_ARGUMENT", "NOT_FOUND")


@given(st.sampled_from(sorted(METHODS)), st.binary(max_size=200))
def test_random_bytes(service: Service, method: str, data: bytes) -> None:
    fuzzed(service, method, data)


def whole(*, raw: bool) -> bytes:
    request = pb.ModelInferRequest(model_name="tiny", id="1", outputs=[{"name": "label"}])
    for tensor in (AGE, WEIGHT, SEX):
        request.inputs.add(**{key: value for key, value in tensor.items() if not raw or key != "contents"})
    if raw:
        request.raw_input_contents.extend([b"\0" * 8, b"\1", b"\1\0\0\0f"])
    return bytes(request.SerializeToString())


@given(raw=st.booleans(), at=st.integers(0, 200), value=st.integers(0, 255), cut=st.integers(0, 200), more=st.binary())
def test_changed_messages(service: Service, raw: bool, at: int, value: int, cut: int, more: bytes) -> None:
    data = bytearray(whole(raw=raw))
    fuzzed(service, "ModelInfer", bytes(data[:cut]))
    data[at % len(data)] = value  # a length, a number of a field, or a value
    fuzzed(service, "ModelInfer", bytes(data))
    fuzzed(service, "ModelInfer", bytes(data[:cut]) + more)
