"""The client for synchronous programs."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from sealift.client import exchange
from sealift.client.exchange import Attempts, Prediction
from sealift.optional import need

_JSON = {"content-type": "application/json"}


class Client:
    """A client of one server. Threads may share it; connections are kept open and used again.

    Args:
        url: the address of the server, such as `http://127.0.0.1:8080`.
        key: the key that the server asks for; it is sent as `Authorization: Bearer …`.
        timeout: seconds for one call, with all its attempts.
        retries: how often a request is sent again at most.
    """

    def __init__(self, url: str, *, key: str | None = None, timeout: float = 30.0, retries: int = 3) -> None:
        self._httpx = need("httpx", "client", "The client of the server")
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        self._url = url
        self._timeout, self._retries = timeout, retries
        self._http = self._httpx.Client(base_url=url, headers=headers, trust_env=False)

    def predict(self, model: str, rows: Any, *, version: str | None = None, timeout: float | None = None) -> Prediction:
        """Predict N rows.

        Args:
            model: the name of the model.
            rows: one dict, a list of dicts or of lists, a dict of columns, or a data frame.
            version: a version; by default the server chooses.
            timeout: seconds for this call; by default those of the client.

        Raises:
            ServeError: E750 where the server cannot be reached, E751 for a response of another program, E752 at the
                deadline; and the errors of the server: E701 to E714. ContractError: E101 to E105.
            TypeError, ValueError: a value has no form in JSON.
        """
        body = exchange.body_of(rows)
        return exchange.prediction_of(*self._send("POST", exchange.predict_path(model, version), body, timeout))

    def metadata(self, model: str) -> dict[str, Any]:
        """The metadata of a model in the Open Inference Protocol: versions, inputs, outputs. Raises as `predict`."""
        metadata: dict[str, Any] = exchange.object_of(*self._send("GET", f"/v2/models/{model}", None, None))
        return metadata

    def ready(self) -> bool:
        """Whether every model is ready. Raises ServeError E750, E752."""
        return self._send("GET", "/v2/health/ready", None, None, retries=0)[0] == 200

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(
        self, method: str, path: str, body: bytes | None, timeout: float | None, *, retries: int | None = None
    ) -> tuple[int, bytes]:
        attempts = Attempts(self._retries if retries is None else retries, timeout or self._timeout)
        while True:
            status: int | None = None
            after: str | None = None
            failure: Exception | None = None
            try:
                response = self._http.request(method, path, content=body, headers=_JSON, timeout=attempts.seconds)
                status, after = response.status_code, response.headers.get("retry-after")
            except self._httpx.TransportError as error:
                failure = error
            pause = attempts.pause(status, after)
            if pause is None:
                if failure is not None:
                    attempts.seconds  # noqa: B018 -- raises E752 at the deadline
                    raise exchange.unreachable(self._url, failure) from None
                return response.status_code, response.content
            time.sleep(pause)
