"""The client for synchronous programs."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from sealift.client import exchange
from sealift.client.base import ClientBase, headers_of
from sealift.client.exchange import Prediction, Received


class Client(ClientBase):
    """A client of one server. Threads may share it; connections are kept open and used again.

    Args:
        url: the address of the server, such as `http://127.0.0.1:8080`.
        key: the key that the server requires; it is sent as `Authorization: Bearer …`.
        timeout: seconds for one call, with all its attempts.
        retries: how often a request is sent again at most.
        tls: for https, the authorities that are trusted and the certificate of the client; by default those of
            httpx, and none.
    """

    _transport = "Client"

    def predict(
        self,
        model: str,
        rows: Any,
        *,
        version: str | None = None,
        timeout: float | None = None,
        receipt: bool = False,
    ) -> Prediction:
        """Predict N rows.

        Args:
            model: the name of the model.
            rows: one dict, a list of dicts or of lists, a dict of columns, or a data frame.
            version: a version; by default the server chooses.
            receipt: whether the server must sign a statement about the answers (`Prediction.receipt`).
            timeout: seconds for this call; by default those of the client.

        Raises:
            ServeError: E750 where the server cannot be reached, E751 for a response of another program, E752 at the
                deadline; and the errors of the server: E701 to E714, and E775 where it issues no receipts.
            ContractError: E101 to E105.
            TypeError, ValueError: a value has no form in JSON.
        """
        body = exchange.body_of(rows)
        path = exchange.predict_path(model, version)
        return exchange.prediction_of(self._send("POST", path, body, timeout, receipt=receipt))

    def metadata(self, model: str) -> dict[str, Any]:
        """The metadata of a model in the Open Inference Protocol: versions, inputs, outputs. Raises as `predict`."""
        metadata: dict[str, Any] = exchange.object_of(self._send("GET", exchange.metadata_path(model), None, None))
        return metadata

    def ready(self) -> bool:
        """Whether every model is ready. Raises ServeError E750, E752."""
        return self._send("GET", "/v2/health/ready", None, None, retries=0).status == 200

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
        self,
        method: str,
        path: str,
        body: bytes | None,
        timeout: float | None,
        *,
        retries: int | None = None,
        receipt: bool = False,
    ) -> Received:
        headers = headers_of(receipt=receipt)
        call = self._call(timeout, retries)
        while call.pause is not None:
            time.sleep(call.pause)
            try:
                response = self._http.request(method, path, content=body, headers=headers, timeout=call.seconds)
            except self._httpx.TransportError as error:
                call.failed(error)
            else:
                call.responded(Received.of(response))
        return call.result
