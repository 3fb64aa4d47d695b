"""The protocols in which incumbents are asked: how rows are sent, and where their answers are in the response."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from sealift.errors import ServeError
from sealift.incumbent.answers import Answers, answers_of, columns_of
from sealift.incumbent.link import Link

Rows = Mapping[str, Sequence[Any]]
"""Input name → N values of JSON, None where one is missing."""


class RefusedError(Exception):
    """The incumbent answered a request with an error."""


class IncumbentProtocol(ABC):
    """A protocol of prediction over HTTP.

    Args:
        link: the connection.
        model: the name of the model; None where the protocol or the server determines it.
    """

    name: str

    def __init__(self, link: Link, model: str | None) -> None:
        self._link = link
        self._model = model

    @property
    def _named(self) -> str:
        if self._model is None:
            raise ServeError(
                "E753",
                f"The protocol {self.name} needs the name of the incumbent's model.",
                fix="Name it with --model.",
            )
        return quote(self._model, safe="")

    @abstractmethod
    def detected(self) -> bool:
        """Whether the server speaks this protocol."""

    @abstractmethod
    def ask(self, rows: Rows) -> Answers:
        """The answers to N rows.

        Raises:
            RefusedError: the server reports an error.
            ServeError: E750, E752; E754 for a response without answers to N rows.
        """

    def _post(self, path: str, body: object) -> Any:
        status, response = self._link.post(path, body)
        if status != 200:
            raise RefusedError(f"status {status}: {str(response)[:200]}")
        return response

    def _checked(self, answers: Answers | None, count: int) -> Answers:
        if answers is None or any(len(array) != count for array in answers.values()):
            raise ServeError(
                "E754",
                f"The response of the incumbent has no answers to the {count} rows of the request.",
                where=self._link.url,
                fix="Check the address, and the protocol with --protocol.",
            )
        return answers


class Sealift(IncumbentProtocol):
    """`POST /v1/models/NAME/predict` of Sealift."""

    name = "sealift"

    def detected(self) -> bool:  # noqa: D102 -- inherited
        status, body = self._link.get("/v2")
        return status == 200 and isinstance(body, dict) and body.get("name") == "sealift"

    def ask(self, rows: Rows) -> Answers:  # noqa: D102 -- inherited
        response = self._post(f"/v1/models/{self._named}/predict", _records(rows))
        answers = response.get("answers") if isinstance(response, dict) else None
        if response.get("problems"):
            raise RefusedError(str(response["problems"][0]["message"]))
        return self._checked(answers_of(answers) if isinstance(answers, list) else None, _count(rows))


class OpenInference(IncumbentProtocol):
    """`POST /v2/models/NAME/infer`, the Open Inference Protocol, version 2."""

    name = "v2"
    _metadata: Mapping[str, Any] | None = None

    def detected(self) -> bool:  # noqa: D102 -- inherited
        status, body = self._link.get("/v2")
        return status == 200 and isinstance(body, dict) and "version" in body

    def ask(self, rows: Rows) -> Answers:  # noqa: D102 -- inherited
        response = self._post(f"/v2/models/{self._named}/infer", {"inputs": self._inputs(rows)})
        outputs = response.get("outputs") if isinstance(response, dict) else None
        columns = {}
        for output in outputs if isinstance(outputs, list) else []:
            shape, data = output.get("shape"), output.get("data")
            if isinstance(data, list) and isinstance(shape, list) and np.prod(shape) == len(data):
                columns[output["name"]] = np.array(data, dtype=np.object_).reshape(shape).tolist()
        return self._checked(columns_of(columns), _count(rows))

    def _inputs(self, rows: Rows) -> list[dict[str, Any]]:
        inputs = self._described()
        if len(inputs) == 1 and len(rows) > 1:  # one matrix
            values = [_tensor_value(value) for row in zip(*rows.values(), strict=True) for value in row]
            datatype = inputs[0].get("datatype", "FP64")
            return [
                {"name": inputs[0]["name"], "shape": [_count(rows), len(rows)], "datatype": datatype, "data": values}
            ]
        tensors = []
        for each in inputs:
            name = each["name"]
            if name not in rows:
                raise ServeError(
                    "E754",
                    f"The incumbent has an input {name!r:.80} that the sealed model does not have.",
                    where=self._link.url,
                    fix="Check the name of the model with --model.",
                )
            shape = [_count(rows), *([1] * (len(each.get("shape", [-1])) - 1))]
            values = [_tensor_value(value) for value in rows[name]]
            tensors.append({"name": name, "shape": shape, "datatype": each.get("datatype", "FP64"), "data": values})
        return tensors

    def _described(self) -> list[Mapping[str, Any]]:
        """The inputs of the metadata."""
        if self._metadata is None:
            status, body = self._link.get(f"/v2/models/{self._named}")
            if status != 200 or not isinstance(body, dict) or not isinstance(body.get("inputs"), list):
                raise ServeError(
                    "E754",
                    f"The incumbent does not describe a model {self._model!r:.80}.",
                    where=self._link.url,
                    fix="Check the name of the model with --model.",
                )
            self._metadata = body
        return list(self._metadata["inputs"])


class TensorFlowServing(IncumbentProtocol):
    """`POST /v1/models/NAME:predict`, of TensorFlow Serving and of KServe's protocol, version 1."""

    name = "tensorflow"

    def detected(self) -> bool:  # noqa: D102 -- inherited
        if self._model is None:
            return False
        status, body = self._link.get(f"/v1/models/{self._named}")
        return status == 200 and isinstance(body, dict)

    def ask(self, rows: Rows) -> Answers:  # noqa: D102 -- inherited
        response = self._post(f"/v1/models/{self._named}:predict", {"instances": _records(rows)})
        predictions = response.get("predictions") if isinstance(response, dict) else None
        return self._checked(answers_of(predictions) if isinstance(predictions, list) else None, _count(rows))


class MlflowServer(IncumbentProtocol):
    """`POST /invocations` of MLflow's scoring server."""

    name = "mlflow"

    def detected(self) -> bool:  # noqa: D102 -- inherited
        return self._link.get("/ping")[0] == 200 and self._link.get("/version")[0] == 200

    def ask(self, rows: Rows) -> Answers:  # noqa: D102 -- inherited
        data = [list(row) for row in zip(*rows.values(), strict=True)]
        response = self._post("/invocations", {"dataframe_split": {"columns": list(rows), "data": data}})
        predictions = response.get("predictions") if isinstance(response, dict) else response
        return self._checked(answers_of(predictions) if isinstance(predictions, list) else None, _count(rows))


class Records(IncumbentProtocol):
    """Any other server: the address itself is sent a list of objects, or `{KEY: [objects]}` with the key as the model.

    The answers are a list, or the first list of the right length in an object.
    """

    name = "records"

    def detected(self) -> bool:  # noqa: D102 -- inherited
        return False

    def ask(self, rows: Rows) -> Answers:  # noqa: D102 -- inherited
        records = _records(rows)
        response = self._post("", records if self._model is None else {self._model: records})
        lists = list(response.values()) if isinstance(response, dict) else [response]
        answers = next((each for each in lists if isinstance(each, list) and len(each) == len(records)), None)
        return self._checked(None if answers is None else answers_of(answers), len(records))


PROTOCOLS: tuple[type[IncumbentProtocol], ...] = (Sealift, OpenInference, TensorFlowServing, MlflowServer, Records)


def protocol_of(link: Link, name: str | None, model: str | None) -> IncumbentProtocol:
    """The protocol with a name, or the one that the server speaks. Raises ServeError E750, E752, E753."""
    for kind in PROTOCOLS:
        protocol = kind(link, model)
        if kind.name == name or (name is None and protocol.detected()):
            return protocol
    raise ServeError(
        "E753",
        "The protocol of the incumbent is not recognised.",
        where=link.url,
        fix=f"Name it with --protocol: {', '.join(kind.name for kind in PROTOCOLS)}.",
    )


def _count(rows: Rows) -> int:
    return len(next(iter(rows.values())))


def _records(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]


def _tensor_value(value: Any) -> Any:
    """A missing number is NaN in a tensor, which strict JSON has only as a string."""
    return "NaN" if value is None else value
