"""A client of the server: `Client` for synchronous programs, `AsyncClient` for asynchronous ones."""

from sealift.client.asynchronous import AsyncClient
from sealift.client.exchange import Prediction
from sealift.client.synchronous import Client

__all__ = ["AsyncClient", "Client", "Prediction"]
