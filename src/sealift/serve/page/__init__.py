"""The page that shows the OpenAPI document and sends requests: one HTML file that needs no other file or network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def page() -> bytes:
    """The page. It loads `openapi.json` from the folder in which it is served."""
    html = _text("page.html")
    return html.replace("/* style */", _text("page.css")).replace("/* script */", _text("page.js")).encode()


@cache
def headers() -> Mapping[str, str]:
    """The headers of the page: only its own style and script run, and it connects only to this server."""
    policy = (
        f"default-src 'none'; style-src {_source('page.css')}; script-src {_source('page.js')}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"content-security-policy": policy, "referrer-policy": "no-referrer"}


def _text(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")


def _source(name: str) -> str:
    digest = hashlib.sha256(_text(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
