"""Fetches the public keys of an issuer: a helper process, the only one of a server that connects to other computers."""

from __future__ import annotations

import http.client
import logging
import mmap
import os
import select
import time
import urllib.error
import urllib.request

from sealift import files
from sealift.errors import SealiftError
from sealift.serve.access.discovery import keys_url
from sealift.serve.access.token_settings import TokenSettings
from sealift.serve.access.tokens import parse_keys

_log = logging.getLogger(__name__)
_LONGEST = 1 << 20
_TIMEOUT = 10.0
_LOOK = 0.25
_PAUSE = 5.0
"""Seconds between two fetches, at least."""
_FIRST = 1.0
"""Seconds between two fetches before the first that succeeds."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: only the configured address is trusted."""

    def redirect_request(self, *_: object) -> None:
        return None


class KeySetFetcher:
    """The `Helper` that keeps a file with the keys of an issuer. Make it before the workers are started.

    It fetches them at the start, in regular intervals, and soon after a worker has seen a token with an unknown key.

    Args:
        settings: the issuer, with `jwks_url` or `discovery_url`.
    """

    name = "fetcher of the issuer's keys"

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._url = settings.jwks_url  # of the keys; None where the issuer has to name it
        self._words = memoryview(mmap.mmap(-1, 16)).cast("Q")  # requests of workers; whether to end

    def want(self) -> None:
        """Ask for a fetch. Called in workers."""
        self._words[0] += 1

    def stop(self) -> None:
        """Ask the process to end."""
        self._words[1] = 1

    def run(self, alive: int) -> int:
        """Fetch until the server ends."""
        wanted, last, good, failed = self._words[0], 0.0, False, ""
        while not self._words[1]:
            now = time.monotonic()
            pause = self._settings.refresh if good and self._words[0] == wanted else _PAUSE if good else _FIRST
            if last == 0.0 or now - last >= pause:
                if good and wanted == self._words[0]:  # at the interval, the issuer may name another address
                    self._url = self._settings.jwks_url
                last, wanted = now, self._words[0]
                reason = self._fetch()
                good = good or reason is None
                if reason is not None and reason != failed:
                    _log.error("the keys of the issuer %s cannot be fetched: %s", self._settings.issuer, reason)
                failed = reason or ""
            if select.select([alive], [], [], _LOOK)[0]:
                break
        return 0

    def _fetch(self) -> str | None:
        """Fetch the keys once; the reason where that fails."""
        settings = self._settings
        try:
            if self._url is None:
                assert settings.discovery_url is not None
                self._url = keys_url(_get(settings.discovery_url), settings.issuer)
            data = _get(self._url)
            parse_keys(data, self._url)
            if settings.jwks.exists() and files.read(settings.jwks) == data:
                os.utime(settings.jwks)
            else:
                files.write_atomic(settings.jwks, data)
        except SealiftError as error:
            reason = f"[{error.code}] {error.what}"
        except (OSError, ValueError) as error:
            reason = str(error)
        else:
            return None
        self._url = settings.jwks_url  # the issuer may have moved its keys
        return reason


def _get(url: str) -> bytes:
    """The content of an address. Raises OSError, ValueError."""
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(url, headers={"accept": "application/json"})  # noqa: S310 -- is_safe(url)
    try:
        with opener.open(request, timeout=_TIMEOUT) as response:
            data: bytes = response.read(_LONGEST + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = error.reason if type(error) is urllib.error.URLError else error
        raise OSError(f"{url}: {reason}") from None
    if len(data) > _LONGEST:
        raise OSError(f"{url}: the response is too long")
    return data
