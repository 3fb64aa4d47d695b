"""Decides about each request: who sends it, and whether it may.

A secret is found by its digest in a dictionary. The time of the search can depend on the digest, but not on the secret:
whoever can choose secrets and measure times learns at most parts of digests of other keys, from which no secret
follows. The comparison needs no constant time therefore.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from hashlib import sha256

from sealift.errors import ServeError
from sealift.serve.access import keys, refusals
from sealift.serve.access.credentials import CERTIFICATE, secret_of
from sealift.serve.access.rates import Bucket, Buckets, Rate
from sealift.serve.access.settings import AccessSettings, CertificateRule
from sealift.serve.access.tokens import TokenVerifier
from sealift.serve.access.watch import FileWatch
from sealift.serve.calls import Caller
from sealift.serve.urgency import PRIORITIES

_log = logging.getLogger(__name__)
_LOOK = 0.25
"""Seconds between two looks at the files; a revocation is effective within this time."""


_MOST_KNOWN = 4096
"""Tokens, and certificates, that a worker remembers."""


class _Entry:
    """A caller whose credentials are known."""

    __slots__ = ("bucket", "caller", "expires", "revoked")

    def __init__(self, caller: Caller, expires: float | None, bucket: Bucket | None, *, revoked: bool = False) -> None:
        self.caller = caller
        self.expires = expires
        self.bucket = bucket
        self.revoked = revoked


class Gate:
    """The `Access` of a service. Threads may share it: the entries are replaced at once, so that no lock is needed.

    Args:
        settings: who may use the server.
        buckets: the rates of all callers, which the workers share.
        fetch_keys: called for a token whose key is not known.

    Raises:
        ServeError: E764 when the keys cannot be read, E767 when those of the issuer cannot.
        MissingExtraError: E405 without the library for tokens.
    """

    def __init__(
        self, settings: AccessSettings, buckets: Buckets, fetch_keys: Callable[[], None] | None = None
    ) -> None:
        self._settings = settings
        self._buckets = buckets
        self._entries: Mapping[bytes, _Entry] = {}
        self._rules = {rule.name: rule for rule in settings.certificates}
        self._certified: dict[str, _Entry] = {}  # by the names in a certificate
        self._verifier = None if settings.oidc is None else TokenVerifier(settings.oidc, fetch_keys)
        self._tokens: dict[bytes, _Entry] = {}  # that were verified, by their digests
        self._watch = FileWatch([] if settings.keys is None else [settings.keys])
        self._watch.changed()
        self._read_keys()
        self._next = time.monotonic() + _LOOK

    @property
    def schemes(self) -> list[str]:
        """How callers may authenticate, for `sealift.serve.openapi`."""
        settings = self._settings
        by_key = ["key", "key_header"] if settings.keys is not None else []
        by_token = ["token"] if settings.oidc is not None else []
        return [*by_key, *by_token, *(["certificate"] if settings.by_certificate else [])]

    def caller(self, headers: Mapping[str, str], scope: str) -> Caller:
        """Who sends a request.

        Args:
            headers: names in lower case → values.
            scope: what the request needs.

        Raises:
            AccessError: E760 to E763.
        """
        now = time.monotonic()
        entry = self._current(headers, now)
        caller = entry.caller
        if scope not in caller.scopes and not caller.may(scope):
            raise refusals.forbidden(caller, scope)
        if entry.bucket is not None:
            wait = entry.bucket.take(now)
            if wait:
                raise refusals.too_many(caller, wait)
        return caller

    def identify(self, headers: Mapping[str, str]) -> None:
        """Check the credentials of a request. Raises AccessError E760, E761."""
        self._current(headers, time.monotonic())

    def priority(self, headers: Mapping[str, str]) -> int:
        """The highest priority of the requests of a caller; the lowest one for callers that are not known."""
        try:
            return self._current(headers, time.monotonic()).caller.priority
        except ServeError:
            return len(PRIORITIES) - 1

    def _current(self, headers: Mapping[str, str], now: float) -> _Entry:
        """The caller of a request, by files that were looked at lately."""
        if now >= self._next:
            self._look(now)
        return self._identified(headers)

    def _identified(self, headers: Mapping[str, str]) -> _Entry:
        text = headers.get("authorization")
        if text is not None and text[:7] == "Bearer " and "x-api-key" not in headers:  # most requests
            secret: str | None = text[7:]
        else:
            secret = secret_of(headers)
        entry = None if secret is None else self._entries.get(sha256(secret.encode()).digest())
        if entry is None:
            entry = self._entry_of(secret, headers)
        if entry.revoked:
            raise refusals.invalid("the key was revoked", "Use another key.")
        if entry.expires is not None and entry.expires <= time.time():
            raise refusals.invalid("the key or token has expired", "Use another one.")
        return entry

    def _entry_of(self, secret: str | None, headers: Mapping[str, str]) -> _Entry:
        """The caller of a request without a known key. Raises AccessError E760, E761."""
        if secret is not None:
            return self._of_token(secret)
        names = headers.get(CERTIFICATE)
        if names is None:
            raise refusals.missing(self.schemes)
        return self._certified.get(names) or self._of_certificate(names)

    def _of_certificate(self, names: str) -> _Entry:
        """The caller with these names in its certificate: the first that has a rule, else the first."""
        first = names.partition("\n")[0]
        rule = next((self._rules[name] for name in names.split("\n") if name in self._rules), None)
        rule = rule or CertificateRule(first, self._settings.certificate_scopes)
        caller = Caller(rule.name, frozenset(rule.scopes), "certificate", self._position(rule.priority))
        if len(self._certified) >= _MOST_KNOWN:
            self._certified = {}
        entry = self._certified[names] = _Entry(caller, None, self._bucket(caller, rule.rate))
        return entry

    def _of_token(self, token: str) -> _Entry:
        """The caller with a token, which is verified once. Raises AccessError E761; ServeError E767."""
        if not token:
            raise refusals.invalid("the key is empty")
        if self._verifier is None:
            raise refusals.invalid("the key is unknown", "Send a valid key.")
        if token.count(".") != 2:
            which = "it is not a JSON Web Token" if self._settings.keys is None else "the key is unknown"
            raise refusals.invalid(which)
        digest = sha256(token.encode()).digest()
        entry = self._tokens.get(digest)
        if entry is None:
            verified = self._verifier.verify(token)
            caller = Caller(verified.name, verified.scopes, "token", self._position(None))
            if len(self._tokens) >= _MOST_KNOWN:
                self._tokens = {}
            entry = self._tokens[digest] = _Entry(caller, verified.expires, self._bucket(caller, None))
        return entry

    def _look(self, now: float) -> None:
        """Read files that have changed."""
        self._next = now + _LOOK  # first, so that other threads go on
        if self._verifier is not None and self._verifier.refresh():
            self._tokens = {}  # their keys may be withdrawn
        if not self._watch.changed():
            return
        path = self._settings.keys
        if path is not None and not path.exists():
            self._entries = {}
            _log.error("the file of API keys %s was removed: no key is valid", path)
            return
        try:
            self._read_keys()
        except ServeError as error:
            _log.error("the former API keys stay valid: %s", error)

    def _read_keys(self) -> None:
        path = self._settings.keys
        if path is not None:
            self._entries = {bytes.fromhex(key.digest): self._entry(key) for key in keys.read(path)}

    def _entry(self, key: keys.ApiKey) -> _Entry:
        caller = Caller(key.name, frozenset(key.scopes), "key", self._position(key.priority))
        return _Entry(caller, key.expires, self._bucket(caller, key.rate), revoked=key.revoked is not None)

    def _position(self, priority: str | None) -> int:
        """The position of the highest priority of a caller; its own, or that of the deployment."""
        priority = priority or self._settings.priority
        return 0 if priority is None else PRIORITIES.index(priority)

    def _bucket(self, caller: Caller, rate: Rate | None) -> Bucket | None:
        rate = rate or self._settings.rate
        return None if rate is None else self._buckets.bucket(f"{caller.kind}:{caller.name}", rate)
