"""Fetches the public keys of an issuer: a helper process, the only one of a server that connects to other computers."""

from __future__ import annotations

import logging
import mmap
import os
import select
import time
import urllib.error
import urllib.request

from sealift import files
from sealift.errors import SealiftError
from sealift.serve.access.tokens import TokenSettings, parse_keys

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
        settings: the issuer, with `jwks_url`.
    """

    name = "fetcher of the issuer's keys"

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
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
                last, wanted = now, self._words[0]
                reason = self._fetch()
                good = good or reason is None
                if reason is not None and reason != failed:
                    _log.error("the keys of the issuer cannot be fetched from %s: %s", self._settings.jwks_url, reason)
                failed = reason or ""
            if select.select([alive], [], [], _LOOK)[0]:
                break
        return 0

    def _fetch(self) -> str | None:
        """Fetch the keys once; the reason where that fails."""
        settings = self._settings
        assert settings.jwks_url is not None
        opener = urllib.request.build_opener(_NoRedirect)
        request = urllib.request.Request(settings.jwks_url, headers={"accept": "application/json"})  # noqa: S310
        try:
            with opener.open(request, timeout=_TIMEOUT) as response:
                data = response.read(_LONGEST + 1)
            if len(data) > _LONGEST:
                return "the response is too long"
            parse_keys(data, settings.jwks_url)
            if settings.jwks.exists() and files.read(settings.jwks) == data:
                os.utime(settings.jwks)
            else:
                files.write_atomic(settings.jwks, data)
        except SealiftError as error:
            return error.what
        except (OSError, ValueError, urllib.error.URLError) as error:
            return str(error)
        return None
