"""`POST /v1/models/{name}/predict`: rows as JSON, CSV, JSON Lines, Arrow or files, answers by output name."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy.typing as npt

from sealift import canonical
from sealift.batch.job import score
from sealift.contract import Batch, Contract
from sealift.contract.check import Problem
from sealift.errors import FileError, ServeError
from sealift.serve import values
from sealift.serve.answered import Answered
from sealift.serve.calls import Call, too_many_rows
from sealift.serve.http import arrow
from sealift.serve.http.arrow import ARROW
from sealift.serve.http.messages import JSON, Request, Response, as_json, malformed, read_json, unsupported
from sealift.serve.http.multipart import MULTIPART, read_pictures

CSV, LINES = "text/csv", "application/jsonl"
_EXPLAIN = re.compile(r"(^|&)explain(=|&|$)")
_LONG = re.compile(rb"[0-9]{16}")
_LINES = (LINES, "application/x-ndjson")


def predict(call: Call, request: Request) -> Response:
    """Answer the rows of a request.

    A row with a problem has no answer, and its problems are listed; the other rows are answered. In JSON, the status is
    422 where no row has an answer.

    Raises:
        ServeError: E704 to E706, E817. ContractError: E101 to E105. SealError: E207, E209.
        MissingExtraError: E405.
    """
    if _EXPLAIN.search(request.query):
        raise ServeError("E817", "The parameter 'explain' is reserved.", fix="Remove it from the query.")
    reader = _READERS.get(request.media_type)
    if reader is None:
        raise unsupported(request.media_type, list(_READERS))
    return reader(call, request)


def read_rows(value: Any) -> Any:
    """Rows in JSON: an object, a list of objects or of lists, or an object of columns. Raises ServeError E704."""
    if isinstance(value, dict | list) and value:
        return value
    raise malformed("it must be one row as an object, a list of rows, or an object with a list for each column")


def _json(call: Call, request: Request) -> Response:
    content, model = request.content(), call.model
    typed = None if model.typed is None else model.typed.read(content, request.limits.values)
    answered = None if typed is None else call.answer_good(typed)
    if answered is None:
        answered = call.answer(read_rows(read_json(content, request.limits)))
    answers, problems = _answers(model.contract, answered)
    notes = model.model.notes_of(answered.batch)
    return as_json(values.envelope(model.name, model.model, answers, problems, notes), 200 if answered.outputs else 422)


def _pictures(call: Call, request: Request) -> Response:
    model = call.model
    answers, problems = _answers(model.contract, answered := call.answer(read_pictures(model.contract, request)))
    return as_json(values.envelope(model.name, model.model, answers, problems), 200 if answered.outputs else 422)


def _answers(contract: Contract, answered: Answered) -> tuple[list[Any], list[Any]]:
    good = iter(values.rows(contract, answered.outputs)) if answered.outputs else iter(())
    answers = [next(good) if is_good else None for is_good in answered.batch.good.tolist()]
    return answers, [problem.as_dict() for problem in answered.problems]


def _text(kind: Any) -> Callable[[Call, Request], Response]:
    def answer(call: Call, request: Request) -> Response:
        written = io.BytesIO()
        wanted: Any = "jsonl" if any(map(request.accepts, _LINES)) else "csv" if request.accepts(CSV) else kind
        content = request.content()
        if kind == "jsonl":
            _check_integers(content)
            if call.most_rows and _more_lines(content, call.most_rows):
                raise too_many_rows(call.most_rows)
        try:
            score(
                call.model.model,
                io.BytesIO(content),
                written,
                input_kind=kind,
                output_kind=wanted,
                observe=partial(_observe, call),
            )
        except FileError as error:
            raise malformed(error.what.rstrip(".")) from None
        return Response(200, written.getvalue(), CSV + "; charset=utf-8" if wanted == "csv" else LINES)

    return answer


def _observe(call: Call, batch: Batch, outputs: Mapping[str, npt.NDArray[Any]]) -> None:
    """Keep the answers for those who observe the call, with the numbers of rows from 1."""
    problems = tuple(Problem(each.row + 1, each.field, each.code, each.message) for each in batch.problems)
    call.answered.append(Answered(Batch(batch.without_pictures().tensors, batch.good, problems), outputs))
    if call.most_rows and sum(len(answered.batch.good) for answered in call.answered) > call.most_rows:
        raise too_many_rows(call.most_rows)


def _more_lines(content: bytes, most: int) -> bool:
    """Whether JSON Lines have more rows than `most`, counted before any of them is read."""
    return content.count(b"\n") >= most and sum(1 for line in content.split(b"\n") if line.strip()) > most


def _check_integers(lines: bytes) -> None:
    """Raise ServeError E704 for an integer that a double cannot represent, as in other requests of JSON."""
    if _LONG.search(lines) is None:
        return
    for number, line in enumerate(lines.split(b"\n"), 1):
        if _LONG.search(line):
            try:
                canonical.parse(line)
            except canonical.InexactError as error:
                raise malformed(f"line {number}: {error}") from None
            except ValueError:  # the reader of the lines reports it
                continue


_READERS: dict[str, Callable[[Call, Request], Response]] = {
    JSON: _json,
    CSV: _text("csv"),
    **{name: _text("jsonl") for name in _LINES},
    ARROW: arrow.predict,
    MULTIPART: _pictures,
}
