"""Paths to the functions that answer them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from sealift.errors import SealiftError, ServeError
from sealift.serve import openapi
from sealift.serve.http import incumbents, predict
from sealift.serve.http.messages import MethodError, Request, Response, as_json, status_of
from sealift.serve.plane import Plane, ServedModel
from sealift.serve.v2 import infer, metadata
from sealift.version import __version__

OfPlane: TypeAlias = Callable[[Plane, Request], Response]
OfModel: TypeAlias = Callable[[ServedModel, Request], Response]


@dataclass(frozen=True)
class Route:
    """A route.

    Attributes:
        method: its method.
        pattern: a regular expression for the whole path.
        answer: the function that answers, given the plane, the request and the match.
    """

    method: str
    pattern: re.Pattern[str]
    answer: Callable[[Plane, Request, re.Match[str]], Response]


def respond(plane: Plane, request: Request) -> Response:
    """Answer a request; an error becomes a response."""
    try:
        return _route(request)(plane, request)
    except SealiftError as error:
        return failure(error, request.path)


def failure(error: SealiftError, path: str) -> Response:
    """The response for an error, in the form of the path's protocol.

    The message of an error that is not the client's fault may contain paths of this machine, and is not sent.
    """
    status = status_of(error)
    if status >= 500:
        return as_json({"error": f"[{error.code}] The model cannot answer. See the log of the server."}, status)
    if path.startswith("/v1/") and path.endswith("/predict") and not isinstance(error, MethodError):
        return as_json({"error": error.as_dict()}, status)
    response = as_json({"error": str(error)}, status)
    return (
        replace(response, headers={"allow": ", ".join(error.allowed)}) if isinstance(error, MethodError) else response
    )


def _route(request: Request) -> OfPlane:
    methods = set()
    for route in _ROUTES:
        match = route.pattern.fullmatch(request.path)
        if match is None:
            continue
        if route.method == request.method:
            return lambda plane, given: route.answer(plane, given, match)
        methods.add(route.method)
    if methods:
        raise MethodError(request, sorted(methods))
    raise ServeError("E702", f"There is no route {request.path!r:.80}.", fix="GET /openapi.json lists the routes.")


_NAME = r"(?P<name>[^/:]+)(?:/versions/(?P<version>[^/:]+))?"


def _plane(method: str, path: str, answer: OfPlane) -> Route:
    return Route(method, re.compile(path), lambda plane, request, _: answer(plane, request))


def _model(method: str, start: str, end: str, answer: OfModel) -> Route:
    def found(plane: Plane, request: Request, match: re.Match[str]) -> Response:
        return answer(plane.find(match["name"], match["version"]), request)

    return Route(method, re.compile(f"{start}/models/{_NAME}{end}"), found)


def _metadata(plane: Plane, _: Request, match: re.Match[str]) -> Response:
    served = plane.find(match["name"], match["version"])
    return as_json(metadata.model(served, plane.versions(match["name"])))


def _ready(is_ready: bool) -> Response:
    return as_json({"ready": is_ready}, 200 if is_ready else 503)


def _empty(_plane: Plane, _request: Request) -> Response:
    return Response(200, b"\n", "text/plain")


_ROUTES = (
    _model("POST", "/v1", "/predict", predict.predict),
    _model("POST", "/v2", "/infer", infer.infer),
    _plane("GET", "/v2", lambda _p, _r: as_json(metadata.server())),
    _plane("GET", "/v2/health/live", lambda _p, _r: as_json({"live": True})),
    _plane("GET", "/v2/health/ready", lambda plane, _: _ready(plane.ready)),
    Route("GET", re.compile(f"/v2/models/{_NAME}"), _metadata),
    _model("GET", "/v2", "/ready", lambda model, _: _ready(model.ready)),
    _model("GET", "/v1", "", lambda model, _: incumbents.status(model)),
    _model("POST", "/v1", ":predict", incumbents.predict),
    _model("POST", "/v1", ":classify", incumbents.classify),
    _model("POST", "/v1", ":regress", incumbents.regress),
    _plane("POST", "/invocations", lambda plane, request: incumbents.invocations(plane.only(), request)),
    _plane("GET", "/(ping|health)", _empty),
    _plane("GET", "/version", lambda _p, _r: Response(200, __version__.encode(), "text/plain")),
    _plane("GET", "/openapi.json", lambda plane, _: as_json(openapi.document(plane))),
)
