"""The client for asynchronous programs."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

from sealift.client import exchange
from sealift.client.base import ClientBase, headers_of
from sealift.client.exchange import Prediction, Received


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
    ) -> Prediction:
        """Predict N rows; arguments, result and errors are those of `Client.predict`."""
        body = exchange.body_of(rows)
        path = exchange.predict_path(model, version)
        return exchange.prediction_of(await self._send("POST", path, body, timeout, receipt=receipt))

    async def metadata(self, model: str) -> dict[str, Any]:
        """The metadata of a model, as `Client.metadata` returns it."""
        metadata: dict[str, Any] = exchange.object_of(
            await self._send("GET", exchange.metadata_path(model), None, None)
        )
        return metadata

    async def ready(self) -> bool:
        """Whether every model is ready, as `Client.ready`."""
        return (await self._send("GET", "/v2/health/ready", None, None, retries=0)).status == 200

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(
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
            await asyncio.sleep(call.pause)
            try:
                response = await self._http.request(method, path, content=body, headers=headers, timeout=call.seconds)
            except self._httpx.TransportError as error:
                call.failed(error)
            else:
                call.responded(Received.of(response))
        return call.result
