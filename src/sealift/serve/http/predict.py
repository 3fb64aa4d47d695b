"""`POST /v1/models/{name}/predict`: rows as JSON, CSV, JSON Lines or Arrow, answers by output name."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from sealift.batch.job import score
from sealift.contract import Contract
from sealift.errors import ServeError
from sealift.optional import need
from sealift.runtime.answers import Answers, as_frame
from sealift.serve import values
from sealift.serve.answered import Answered
from sealift.serve.calls import Call
from sealift.serve.http.messages import JSON, Request, Response, as_json, malformed, read_json

CSV, LINES, ARROW = "text/csv", "application/jsonl", "application/vnd.apache.arrow.stream"
_LINES = (LINES, "application/x-ndjson")


def predict(call: Call, request: Request) -> Response:
    """Answer the rows of a request.

    A row with a problem has no answer, and its problems are listed; the other rows are answered. In JSON, the status is
    422 where no row has an answer.

    Raises:
        ServeError: E704 to E706. ContractError: E101 to E105. SealError: E207, E209.
        FileError: E404, E405.
    """
    reader = _READERS.get(request.media_type)
    if reader is None:
        raise ServeError(
            "E705",
            f"The content type {request.media_type!r:.80} is not supported.",
            fix=f"Send {', '.join(_READERS)}.",
        )
    return reader(call, request)


def read_rows(value: Any) -> Any:
    """Rows in JSON: an object, a list of objects or of lists, or an object of columns. Raises ServeError E704."""
    if isinstance(value, dict | list) and value:
        return value
    raise malformed("it must be one row as an object, a list of rows, or an object with a list for each column")


def _json(call: Call, request: Request) -> Response:
    answered = call.answer(read_rows(read_json(request.content(), request.limits)))
    model = call.model
    answers, problems = _answers(model.contract, answered)
    return as_json(values.envelope(model.name, model.model, answers, problems), 200 if answered.outputs else 422)


def _answers(contract: Contract, answered: Answered) -> tuple[list[Any], list[Any]]:
    good = iter(values.rows(contract, answered.outputs)) if answered.outputs else iter(())
    answers = [next(good) if is_good else None for is_good in answered.batch.good.tolist()]
    return answers, [problem.as_dict() for problem in answered.problems]


def _text(kind: Any) -> Callable[[Call, Request], Response]:
    def answer(call: Call, request: Request) -> Response:
        written = io.BytesIO()
        wanted: Any = "jsonl" if any(map(request.accepts, _LINES)) else "csv" if request.accepts(CSV) else kind
        score(call.model.model, io.BytesIO(request.content()), written, input_kind=kind, output_kind=wanted)
        return Response(200, written.getvalue(), CSV + "; charset=utf-8" if wanted == "csv" else LINES)

    return answer


def _arrow(call: Call, request: Request) -> Response:
    arrow = need("pyarrow", "tables", "The content type of Arrow")
    try:
        with arrow.ipc.open_stream(request.content()) as stream:
            table = stream.read_all()
    except (arrow.ArrowInvalid, OSError) as error:
        raise malformed(f"it is not an Arrow IPC stream: {' '.join(str(error).split())[:200]}") from None
    answered = call.answer(table)
    answers = Answers(answered.batch, call.model.contract, answered.outputs)
    result = as_frame(call.model.contract, answers, table)
    written = io.BytesIO()
    with arrow.ipc.new_stream(written, result.schema) as stream:
        stream.write_table(result)
    return Response(200, written.getvalue(), ARROW)


_READERS: dict[str, Callable[[Call, Request], Response]] = {
    JSON: _json,
    CSV: _text("csv"),
    **{name: _text("jsonl") for name in _LINES},
    ARROW: _arrow,
}
