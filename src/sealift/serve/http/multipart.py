"""Rows of `multipart/form-data` (RFC 7578), as forms and `curl -F` send files: a picture in each part."""

from __future__ import annotations

import re

from sealift.contract import Contract
from sealift.serve.http.messages import JSON, Request, malformed, unsupported

MULTIPART = "multipart/form-data"
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_MOST_PARTS = 1 << 12


def read_pictures(contract: Contract, request: Request) -> dict[str, list[bytes]]:
    """The parts of a request as rows of a model of one picture, in their order.

    Raises:
        ServeError: E704 for a malformed body, E705 for a model with other inputs.
    """
    fields = contract.inputs
    if len(fields) != 1 or fields[0].type.feeds != "stage":
        raise unsupported(MULTIPART, [JSON])
    boundary = _BOUNDARY.search(request.headers.get("content-type", ""))
    if boundary is None:
        raise malformed("its content type has no boundary")
    delimiter = b"\r\n--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    before, *parts = (b"\r\n" + request.content()).split(delimiter, _MOST_PARTS + 2)
    if before.strip() or len(parts) < 2 or len(parts) > _MOST_PARTS or not parts[-1].startswith(b"--"):
        raise malformed(f"it must be complete, with 1 to {_MOST_PARTS} parts of one picture each")
    return {fields[0].name: [_content(part) for part in parts[:-1]]}


def _content(part: bytes) -> bytes:
    """The bytes of a part, without its head. Raises ServeError E704."""
    head, separator, content = part.partition(b"\r\n\r\n")
    if not separator or b"form-data" not in head.lower():
        raise malformed("a part of it has no content disposition")
    return content
