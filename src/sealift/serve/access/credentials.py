"""The credentials in the headers of a request."""

from __future__ import annotations

from collections.abc import Mapping

from sealift.serve.access.refusals import invalid

CERTIFICATE = ":certificate"
"""The entry of the headers with the names in a verified client certificate, one on a line.

A transport sets it. Clients cannot: no name of a header of HTTP/1.1, HTTP/2 or gRPC that a client may choose begins
with a colon.
"""


def secret_of(headers: Mapping[str, str]) -> str | None:
    """The key or token of a request, from `X-API-Key` or `Authorization: Bearer`; None where it has neither.

    Args:
        headers: names in lower case → values.

    Raises:
        AccessError: E761 for another scheme of Authorization, or two different secrets.
    """
    key = headers.get("x-api-key")
    text = headers.get("authorization")
    if text is None:
        return key
    if text[:7] == "Bearer ":
        token = text[7:].strip()
    else:
        scheme, _, token = text.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer":
            # Without the value: it is the key itself where the word Bearer was forgotten.
            raise invalid("the header Authorization does not begin with Bearer", "Send Authorization: Bearer KEY.")
    if key is not None and key != token:
        raise invalid("X-API-Key and Authorization differ", "Send one of them.")
    return token
