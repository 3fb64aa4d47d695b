"""Rows and answers of `predict` as Arrow IPC streams.

The stream comes from a client, so that a small one must not need much memory or time, and no offset in it may lead
outside its buffers: compressed buffers are refused, the number of values is limited, and all arrays are validated.
"""

from __future__ import annotations

import io
import struct
from typing import Any

from sealift.errors import ServeError
from sealift.optional import need
from sealift.runtime.answers import Answers, as_frame
from sealift.serve.calls import Call
from sealift.serve.exact import is_double, is_exact
from sealift.serve.http.messages import Request, Response, malformed

ARROW = "application/vnd.apache.arrow.stream"
# Numbers of the flatbuffers of Arrow's format (format/Message.fbs): the kinds of a message's header, and the fields of
# the tables Message, DictionaryBatch and RecordBatch.
_DICTIONARY, _BATCH = 2, 3
_HEADER_TYPE, _HEADER, _DATA, _COMPRESSION = 1, 2, 1, 3


def predict(call: Call, request: Request) -> Response:
    """Answer rows. Raises as `sealift.serve.http.predict.predict`."""
    arrow = need("pyarrow", "tables", "The content type of Arrow")
    table = _table(arrow, request)
    for name, column in zip(table.column_names, table.columns, strict=True):
        whole = is_double(call.model.contract, name) and arrow.types.is_integer(column.type)
        if whole and not is_exact(column.drop_null().to_numpy()):
            raise malformed(f"an integer in the column {name!r:.80} is not exact as a double")
    answered = call.answer(table)
    answers = Answers(answered.batch, call.model.contract, answered.outputs)
    result = as_frame(call.model.contract, answers, table)
    written = io.BytesIO()
    with arrow.ipc.new_stream(written, result.schema) as stream:
        stream.write_table(result)
    return Response(200, written.getvalue(), ARROW)


def _table(arrow: Any, request: Request) -> Any:
    content = request.content()
    most = max(request.limits.values, len(content))
    try:
        if any(_is_compressed(message.metadata) for message in arrow.ipc.MessageReader.open_stream(content)):
            raise ServeError(
                "E705",
                "Compressed buffers in an Arrow stream are not supported.",
                fix="Write the stream without compression, or compress the whole body with gzip.",
            )
        with arrow.ipc.open_stream(content) as stream:
            batches, left = [], most
            for batch in stream:
                left -= batch.num_rows * batch.num_columns
                if left < 0:
                    raise ServeError(
                        "E706", f"The request has more than {most} values.", fix="Send fewer rows in one request."
                    )
                batches.append(batch)
            table = arrow.Table.from_batches(batches, stream.schema)
        table.validate(full=True)
    except (arrow.ArrowException, OSError, ValueError, struct.error, IndexError) as error:
        raise malformed(f"it is not an Arrow IPC stream: {' '.join(str(error).split())[:200]}") from None
    return table


def _is_compressed(metadata: Any) -> bool:
    """Whether the flatbuffer of a message says that its body is compressed."""
    data = bytes(metadata)
    (message,) = struct.unpack_from("<I", data)
    kind = data[_field(data, message, _HEADER_TYPE)]
    if kind not in (_DICTIONARY, _BATCH):
        return False
    header = _table_at(data, _field(data, message, _HEADER))
    if kind == _DICTIONARY:
        header = _table_at(data, _field(data, header, _DATA))
    return _field(data, header, _COMPRESSION) != 0


def _table_at(data: bytes, at: int) -> int:
    """The position of the table to which an offset at a position leads."""
    return at + int(struct.unpack_from("<I", data, at)[0])


def _field(data: bytes, table: int, number: int) -> int:
    """The position of a field of a table; 0 where the table does not have it."""
    entries = table - int(struct.unpack_from("<i", data, table)[0])
    at = 4 + 2 * number
    if at >= struct.unpack_from("<H", data, entries)[0]:
        return 0
    offset = int(struct.unpack_from("<H", data, entries + at)[0])
    return table + offset if offset else 0
