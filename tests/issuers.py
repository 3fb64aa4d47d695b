"""An issuer of tokens for tests: keys, tokens, and a server of its key set."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://issuer.example", "sealift"
REALM = "/realms/clinic"
"""The path of an issuer whose configuration is published."""


class Issuer:
    """Signs tokens.

    Attributes:
        keys: the private keys by their ids; all are in the key set.
        fetches: how often the key set was fetched.
        discoveries: how often the configuration was fetched.
        path: the path of the key set.
        configuration: members of the configuration, in addition or instead.
    """

    def __init__(self, *names: str) -> None:
        self.keys: dict[str, Any] = {}
        self.fetches = self.discoveries = 0
        self.path = "/jwks"
        self.configuration: dict[str, Any] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Make a key; its id begins with its kind, `rsa` or `ec`."""
        self.keys[name] = (
            rsa.generate_private_key(65537, 2048) if name.startswith("rsa") else ec.generate_private_key(ec.SECP256R1())
        )

    def key_set(self) -> str:
        """The key set in JSON."""
        keys = []
        for name, key in self.keys.items():
            algorithm = RSAAlgorithm if name.startswith("rsa") else ECAlgorithm
            keys.append({**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig"})
        return json.dumps({"keys": keys})

    def token(
        self, key: str, *, algorithm: str | None = None, header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A token that is valid for a minute, apart from the claims that are given; None leaves a claim out."""
        now = time.time()
        whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 60, "scope": "sealift:predict"}
        whole = {name: value for name, value in {**whole, **claims}.items() if value is not None}
        algorithm = algorithm or ("RS256" if key.startswith("rsa") else "ES256")
        return jwt.encode(whole, self.keys[key], algorithm=algorithm, headers={"kid": key, **(header or {})})

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address of the key set, until the end of the block."""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/moved":
                    issuer.fetches += 1
                    self.send_response(302)
                    self.send_header("location", "/jwks")
                    self.end_headers()
                    return
                here = f"http://{self.headers['host']}"
                if self.path == issuer.path:
                    issuer.fetches += 1
                    data = issuer.key_set()
                elif self.path == f"{REALM}/.well-known/openid-configuration":
                    issuer.discoveries += 1
                    whole = {"issuer": here + REALM, "jwks_uri": here + issuer.path, **issuer.configuration}
                    data = json.dumps(whole)
                else:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(data.encode())

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/jwks"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
