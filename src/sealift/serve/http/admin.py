"""Administrative routes: which version answers, and the audit log. They exist where callers are authenticated.

They name versions that the server has already. No route loads a model from a path or an address of a caller: deploying
needs the command `sealift deploy` on the computer of the server.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from sealift.errors import ServeError
from sealift.serve.access.refusals import AccessError
from sealift.serve.http.messages import JSON, Request, Response, as_json, malformed, read_json
from sealift.serve.service import Service

PREFIX = "/v1/admin/"
STATUS = f"{PREFIX}status"
AUDIT = f"{PREFIX}audit"
ACT = PREFIX + r"models/(?P<name>[^/:]+)/(?P<action>promote|rollback)"
MOST_ENTRIES = 1000
"""The maximum of `last`."""
LONGEST = 1000
"""The maximum number of characters of a reason or a version, which are kept in the audit log."""
_LAST = re.compile("[1-9][0-9]{0,3}")


def status(service: Service, request: Request, _: re.Match[str]) -> Response:
    """`GET /v1/admin/status`: the models, as `sealift status --json` shows them."""
    desk, caller = _allowed(service, request, "audit")
    return as_json(desk.act({"action": "status"}, caller, request.address))


def audit(service: Service, request: Request, _: re.Match[str]) -> Response:
    """`GET /v1/admin/audit?last=N`: the last entries of the audit log, after all were checked."""
    desk, _caller = _allowed(service, request, "audit")
    return as_json(desk.entries(_last(request.query)))


def act(service: Service, request: Request, match: re.Match[str]) -> Response:
    """`POST /v1/admin/models/NAME/promote` and `…/rollback`, with an object of `version` and `reason`."""
    desk, caller = _allowed(service, request, "operate")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        # Browsers send other content types to other origins without a preflight request.
        raise ServeError("E705", "An administrative request needs a content type.", fix=f"Send {JSON}.")
    body = read_json(request.content(), request.limits) if request.body else {}
    if not isinstance(body, dict) or not set(body) <= {"version", "reason"}:
        raise malformed('it must be an object with "version" and "reason", which may be left out')
    if not all(isinstance(value, str) for value in body.values()):
        raise malformed('"version" and "reason" must be strings')
    if any(len(value) > LONGEST for value in body.values()):
        raise malformed(f'"version" and "reason" have at most {LONGEST} characters')
    return as_json(desk.act({**body, "action": match["action"], "name": match["name"]}, caller, request.address))


def _last(query: str) -> int:
    """The number of entries that a query requests. Raises ServeError E769."""
    asked = parse_qs(query, keep_blank_values=True)
    (text,) = asked.pop("last", ["100"])[-1:]
    if asked or not _LAST.fullmatch(text) or int(text) > MOST_ENTRIES:
        raise ServeError(
            "E769",
            f"The query {query!r:.80} is malformed.",
            fix=f"Send last=N with a number from 1 to {MOST_ENTRIES}, or no query.",
        )
    return int(text)


def _allowed(service: Service, request: Request, scope: str) -> Any:
    """The desk and the caller. Raises ServeError E702 where callers are not authenticated; AccessError."""
    desk = service.desk
    if service.access is None or desk is None:
        raise ServeError("E702", f"There is no route {request.path!r:.80}.", fix="GET /openapi.json lists the routes.")
    try:
        return desk, service.caller(request.headers, scope)
    except AccessError as error:
        desk.refused(error, request.path, request.address)
        raise
