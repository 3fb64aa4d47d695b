"""The client for asynchronous programs."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from sealift.client import exchange
from sealift.client.base import ClientBase, Priority
from sealift.client.call import Received, ServerCall, send_async
from sealift.client.exchange import Prediction


class AsyncClient(ClientBase):
    """A client of one server. Tasks of one event loop may share it; connections are kept open and used again.

    The arguments are those of `Client`.
    """

    _transport = "AsyncClient"

    async def predict(
        self,
        model: str,
        rows: Any,
        *,
        version: str | None = None,
        timeout: float | None = None,
        receipt: bool = False,
        priority: Priority | None = None,
    ) -> Prediction:
        """Predict N rows; arguments, result and errors are those of `Client.predict`."""
        call = self._prediction(model, rows, version, timeout, receipt, priority)
        return exchange.prediction_of(await self._send(call))

    async def metadata(self, model: str) -> dict[str, Any]:
        """The metadata of a model, as `Client.metadata` returns it."""
        metadata: dict[str, Any] = exchange.object_of(await self._send(self._metadata(model)))
        return metadata

    async def ready(self) -> bool:
        """Whether every model is ready, as `Client.ready`."""
        return (await self._send(self._ready())).status == 200

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, call: ServerCall) -> Received:
        return await send_async(call, self._http, self._httpx.TransportError)
