"""The client for synchronous programs."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from sealift.client import exchange
from sealift.client.base import ClientBase, Priority
from sealift.client.call import Received, ServerCall, send
from sealift.client.exchange import Prediction


class Client(ClientBase):
    """A client of one server. Threads may share it; connections are kept open and used again.

    Args:
        url: the address of the server, such as `http://127.0.0.1:8080`.
        key: the key that the server requires; it is sent as `Authorization: Bearer …`.
        timeout: seconds for one call, with all its attempts.
        retries: how often a request is sent again at most.
        priority: the priority of predictions, as `predict` describes it; None for `normal`.
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
        priority: Priority | None = None,
    ) -> Prediction:
        """Predict N rows.

        Args:
            model: the name of the model.
            rows: one dict, a list of dicts or of lists, a dict of columns, or a data frame.
            version: a version; by default the server chooses.
            receipt: whether the server must sign a statement about the answers (`Prediction.receipt`).
            timeout: seconds for this call; by default those of the client. The server does not compute what is still
                waiting when they have passed.
            priority: `high`, `normal` or `low`: which of the requests that wait in the server is computed first; by
                default that of the client.

        Raises:
            ServeError: E750 where the server cannot be reached, E751 for a response of another program, E752 at the
                deadline; and the errors of the server: E701 to E714, E760 to E763, E775 where it issues no receipts,
                E801 where the deadline passed while the request was waiting in the server.
            ContractError: E101 to E105.
            TypeError, ValueError: a value has no form in JSON.
        """
        return exchange.prediction_of(self._send(self._prediction(model, rows, version, timeout, receipt, priority)))

    def metadata(self, model: str) -> dict[str, Any]:
        """The metadata of a model in the Open Inference Protocol: versions, inputs, outputs. Raises as `predict`."""
        metadata: dict[str, Any] = exchange.object_of(self._send(self._metadata(model)))
        return metadata

    def ready(self) -> bool:
        """Whether every model is ready. Raises ServeError E750, E752."""
        return self._send(self._ready()).status == 200

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, call: ServerCall) -> Received:
        return send(call, self._http, self._httpx.TransportError)
