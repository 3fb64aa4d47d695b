"""The answer to a message: a call of a model through the data plane, as of `POST /v1/models/NAME/predict`."""

from __future__ import annotations

import hashlib
import json
import logging
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sealift.errors import SealiftError, ServeError
from sealift.serve.calls import Call
from sealift.serve.http.messages import JSON, Request, Response, status_of, too_large
from sealift.serve.http.predict import predict
from sealift.serve.receipts import HEADER, is_wanted
from sealift.serve.service import Service
from sealift.serve.stream.events import Event, read_event, write_event
from sealift.serve.stream.messages import Message, Outgoing
from sealift.serve.stream.settings import StreamSettings

_log = logging.getLogger(__name__)
_TYPE = "sealift.prediction"
_RECEIPT = "sealiftreceipt"
"""The extension attribute of a message that requests a receipt, and of its answer with the receipt."""
_BOOLEANS = {"true": "1", "false": "0"}
_REASON = 500
"""Characters of a reason in a header."""


class Answering:
    """Answers messages. Threads may share it.

    Args:
        service: the models, and who observes calls.
        settings: where answers go.
        prefix: what precedes the names of CloudEvents' attributes in headers.
    """

    def __init__(self, service: Service, settings: StreamSettings, prefix: str) -> None:
        self._service, self._settings, self._prefix = service, settings, prefix

    def answer(self, message: Message) -> Outgoing:
        """The answer, or the message itself with the reason for `dead`."""
        try:
            if message.deliveries > self._settings.deliveries:
                raise ServeError(
                    "E794",
                    f"The message was delivered {message.deliveries - 1} times, and not acknowledged.",
                    fix="Look in the log of the server for processes that ended.",
                )
            if len(message.body) > self._service.limits.body:
                raise too_large(self._service.limits.body)
            event = read_event(message)
            call, response, receipt = self._call(message, event)
            if response.status != 200:
                return self.dead(message, *_problem(response))
            return self._answered(message, event, call, response, receipt)
        except SealiftError as error:
            internal = status_of(error) >= 500
            if internal:
                _log.error("a message has no answer: %s", error)
            return self.dead(message, error.code, "The model cannot answer." if internal else error.what)
        except Exception:  # a fault of Sealift: the other messages are answered
            _log.error("an internal error\n%s", traceback.format_exc())
            return self.dead(message, "E901", "An internal error. See the log of the server.")

    def dead(self, message: Message, code: str, reason: str) -> Outgoing:
        """A message that has no answer, unchanged, with the code and the reason in headers."""
        plain = " ".join(reason.split())[:_REASON].encode("ascii", "backslashreplace").decode()
        headers = {
            **message.headers,
            "sealift-code": code,
            "sealift-reason": plain,
            "sealift-from": self._settings.source,
        }
        return Outgoing(self._settings.dead, message.body, headers, message.id and f"dead-{message.id}", message.key)

    def _call(self, message: Message, event: Event) -> tuple[Call, Response, str]:
        """The call of a message with its response, and the receipt where one is wanted."""
        plane = self._service.plane
        name = self._settings.model or plane.only_name()
        headers = {key.lower(): value for key, value in message.headers.items()} | {"content-type": event.content_type}
        identifier = event.attributes.get("id") or message.id
        if identifier:
            headers.setdefault("x-request-id", identifier)
        if "traceparent" in event.attributes:
            headers.setdefault("traceparent", event.attributes["traceparent"])
        wanted = event.attributes.get(_RECEIPT)
        if wanted is not None:
            headers.setdefault(HEADER, _BOOLEANS.get(wanted, wanted))
        is_wanted(self._service.receipts, headers)  # before rows are answered
        call = Call(plane.find(name, None, headers), "stream", headers)
        status, receipt = 500, ""
        try:
            response = _predict(call, Request("POST", "", headers, event.data, self._service.limits))
            receipt = self._service.receipt(call, response.status).get(HEADER, "")
            status = response.status
        except SealiftError as error:
            call.error = error.code
            status = status_of(error)
            raise
        finally:
            self._service.end(call, status)
        return call, response, receipt

    def _answered(self, message: Message, event: Event, call: Call, response: Response, receipt: str) -> Outgoing:
        source = event.attributes.get("source") or f"{self._settings.place}/{self._settings.source}"
        cause = event.attributes.get("id") or message.id
        # The same at each delivery, so that duplicates can be recognized.
        identifier = hashlib.sha256(f"{source}\n{cause}".encode()).hexdigest()[:32] if cause else uuid.uuid4().hex
        attributes = {
            "specversion": "1.0",
            "id": identifier,
            "source": f"/v1/models/{call.model.name}/versions/{call.model.version}",
            "type": _TYPE,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        if cause:
            attributes["causationid"] = cause
        if receipt:
            attributes[_RECEIPT] = receipt
        attributes |= {name: event.attributes[name] for name in _COPIED if name in event.attributes}
        envelope = self._settings.envelope or event.envelope or "structured"
        answer = replace(event, data=response.body, content_type=response.media_type, attributes=attributes)
        body, headers = write_event(replace(answer, envelope=envelope), self._prefix)
        return Outgoing(self._settings.target, body, headers, identifier, message.key)


_COPIED = ("subject", "traceparent", "tracestate")
"""Attributes of an event that its answer has, too."""


def _predict(call: Call, request: Request) -> Response:
    single = call.model.single
    if single is not None and request.media_type == JSON and "content-encoding" not in request.headers:
        tensors = single.read(request.body)
        if tensors is not None:
            answered, written = single.answer(tensors)
            call.answered.append(answered)
            return Response(200, written, JSON)
    return predict(call, request)


def _problem(response: Response) -> tuple[str, str]:
    """The code and the reason of a response without answers: those of the first problem."""
    value: Mapping[str, list[Mapping[str, str]]] = json.loads(response.body)
    problem = value["problems"][0]
    return problem["code"], problem["message"]
