"""Paths to the functions that answer them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from sealift.errors import SealiftError, ServeError
from sealift.serve import exposition, openapi, page
from sealift.serve.access.refusals import AccessError
from sealift.serve.calls import Call
from sealift.serve.http import admin, incumbents, predict
from sealift.serve.http.messages import PUBLIC, MethodError, Request, Response, as_json, status_of
from sealift.serve.logs import report
from sealift.serve.service import Service
from sealift.serve.v2 import infer, metadata
from sealift.serve.wording import for_caller
from sealift.version import __version__

Answer: TypeAlias = Callable[[Service, Request, re.Match[str]], Response]
OfCall: TypeAlias = Callable[[Call, Request], Response]


@dataclass(frozen=True)
class Route:
    """A route.

    Attributes:
        method: its method.
        pattern: a regular expression for the whole path.
        answer: the function that answers, given the service, the request and the match.
    """

    method: str
    pattern: re.Pattern[str]
    answer: Answer


def respond(service: Service, request: Request) -> Response:
    """Answer a request; an error becomes a response."""
    preflight = None if service.cors is None else service.cors.preflight(request)
    if preflight is not None:
        return preflight
    try:
        route, match = _route(request)
        return route.answer(service, request, match)
    except SealiftError as error:
        return failure(error, request.path)
    except Exception as error:  # a fault of Sealift: the server stays up, and the client gets no internals
        report(error)
        return as_json({"error": "[E901] An internal error. See the log of the server."}, 500)


def failure(error: SealiftError, path: str, call: Call | None = None) -> Response:
    """The response for an error, in the form of the path's protocol; a fault of the server is logged.

    The message of an error that is not the client's fault may contain paths of this machine, and is not sent.
    """
    error = for_caller(error)
    status = status_of(error)
    if status >= 500 and error.code not in PUBLIC:
        report(error, call)
        return as_json({"error": f"[{error.code}] The model cannot answer. See the log of the server."}, status)
    friendly = path.startswith(admin.PREFIX) or (path.startswith("/v1/") and path.endswith("/predict"))
    response = as_json({"error": error.as_dict() if friendly else str(error)}, status)
    if isinstance(error, MethodError):
        return replace(response, headers={"allow": ", ".join(error.allowed)})
    if isinstance(error, AccessError):
        return replace(response, headers=error.headers)
    return replace(response, headers={"retry-after": "1"}) if status in (429, 503) else response


def _route(request: Request) -> tuple[Route, re.Match[str]]:
    methods = set()
    for route in _ROUTES:
        match = route.pattern.fullmatch(request.path)
        if match is None:
            continue
        if route.method == request.method:
            return route, match
        methods.add(route.method)
    if methods:
        raise MethodError(request, sorted(methods))
    raise ServeError("E702", f"There is no route {request.path!r:.80}.", fix="GET /openapi.json lists the routes.")


_NAME = r"(?P<name>[^/:]+)(?:/versions/(?P<version>[^/:]+))?"


def _open(method: str, path: str, answer: Callable[[Service], Response]) -> Route:
    """A route that anybody may use: what it answers depends only on the server."""
    return Route(method, re.compile(path), lambda service, _request, _match: answer(service))


def _described(path: str, answer: Callable[[Service, Request, re.Match[str]], Response]) -> Route:
    """A route that describes models to those who may use them."""

    def described(service: Service, request: Request, match: re.Match[str]) -> Response:
        service.caller(request.headers, "predict")
        return answer(service, request, match)

    return Route("GET", re.compile(path), described)


def _answering(kind: str, path: str, answer: OfCall) -> Route:
    """A route that answers rows; the path names the model, unless exactly one is served."""

    def answered(service: Service, request: Request, match: re.Match[str]) -> Response:
        parts = match.groupdict()
        call = request.begun or service.begin(parts.get("name"), parts.get("version"), kind, request.headers)
        status = 500
        try:
            response = answer(call, request)
            receipt = service.receipt(call, response.status)
            if receipt:
                response = replace(response, headers={**response.headers, **receipt})
            status = response.status
        except SealiftError as error:
            call.error = error.code
            response = failure(error, request.path, call)
            status = response.status
        except Exception as error:
            call.error = "E901"
            report(error, call)
            raise
        finally:
            service.end(call, status)
        return response

    return Route("POST", re.compile(path), answered)


def _metadata(service: Service, _: Request, match: re.Match[str]) -> Response:
    served = service.plane.find(match["name"], match["version"])
    return as_json(metadata.model(served, service.plane.versions(match["name"])))


def _status(service: Service, _: Request, match: re.Match[str]) -> Response:
    return incumbents.status(service.plane.find(match["name"], match["version"]))


def _model_ready(service: Service, _: Request, match: re.Match[str]) -> Response:
    return _ready(service.plane.find(match["name"], match["version"]).ready)


def _metrics(service: Service, request: Request, _: re.Match[str]) -> Response:
    if not service.open_metrics:
        service.caller(request.headers, "audit")
    return Response(200, exposition.metrics(service), exposition.MEDIA_TYPE)


def _openapi(service: Service, _: Request, _match: re.Match[str]) -> Response:
    document = openapi.document(
        service.plane,
        access=service.access,
        administered=service.desk is not None,
        receipts=service.receipts is not None,
    )
    return as_json(document)


def _server_ready(service: Service) -> Response:
    is_ready, stream = service.ready, service.stream
    value = {"ready": is_ready} | ({} if stream is None else {"stream": stream.connection})
    return as_json(value, 200 if is_ready else 503)


def _ready(is_ready: bool) -> Response:
    return as_json({"ready": is_ready}, 200 if is_ready else 503)


def _alive(_: Service) -> Response:
    return Response(200, b"\n", "text/plain")


_ROUTES = (
    _answering("predict", f"/v1/models/{_NAME}/predict", predict.predict),
    _answering("infer", f"/v2/models/{_NAME}/infer", infer.infer),
    _open("GET", "/v2", lambda _: as_json(metadata.server())),
    _open("GET", "/v2/health/live", lambda _: as_json({"live": True})),
    _open("GET", "/v2/health/ready", _server_ready),
    _open("GET", "/(ping|health)", _alive),
    _open("GET", "/version", lambda _: Response(200, __version__.encode(), "text/plain")),
    Route("GET", re.compile("/metrics"), _metrics),
    _described(f"/v2/models/{_NAME}", _metadata),
    _described(f"/v2/models/{_NAME}/ready", _model_ready),
    _described(f"/v1/models/{_NAME}", _status),
    _open("GET", "/docs", lambda _: Response(200, page.page(), "text/html; charset=utf-8", page.headers())),
    _described("/openapi.json", _openapi),
    _answering("predict", f"/v1/models/{_NAME}:predict", incumbents.predict),
    _answering("classify", f"/v1/models/{_NAME}:classify", incumbents.classify),
    _answering("regress", f"/v1/models/{_NAME}:regress", incumbents.regress),
    _answering("invocations", "/invocations", incumbents.invocations),
    Route("GET", re.compile(admin.STATUS), admin.status),
    Route("GET", re.compile(admin.AUDIT), admin.audit),
    Route("POST", re.compile(admin.ACT), admin.act),
)
