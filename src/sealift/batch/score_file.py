"""`score` of the package: a table file through a sealed file, as `sealift predict` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from sealift.batch import job
from sealift.batch.chunks import Kind
from sealift.batch.job import Progress, Summary
from sealift.runtime import Limits, SealedModel, load
from sealift.seal import Source


def score(
    file: SealedModel | Source,
    input: Path | str | IO[bytes],
    output: Path | str | IO[bytes],
    *,
    keep: Sequence[str] = (),
    keep_inputs: bool = False,
    extra: bool = False,
    seconds: float | None = None,
    memory: float | None = None,
    chunk: int | None = None,
    progress: Progress | None = None,
    input_kind: Kind | None = None,
    output_kind: Kind | None = None,
) -> Summary:
    """Answer every row of a table file. Bad rows are reported and lose no good one.

    The output has one row for each record: `row` (from 1), the kept columns, the answers (`label`, `label_name` where
    the classes have names, `probability_<class>`, `score`, `value`, `features_<n>`; those that the model has), and
    `error`, empty for a good row, else "[R101] …" with every problem of the row.

    Args:
        file: the .seal file, or what else `sealift.load` takes; then the graph runs in a process of its own, with
            limits of time and memory, as the command does it. Or a loaded model, which runs as it was loaded.
        input: a .csv, .tsv, .jsonl, .parquet or .xlsx file, or a binary stream of CSV or JSON Lines.
        output: likewise; a file is replaced only when it is complete.
        keep: columns of the input to write beside the answers.
        keep_inputs: write the model's inputs beside the answers too, after those of `keep`; one with the name of an
            answer is called `input_<name>`.
        extra: pass over columns that are neither inputs nor kept, instead of refusing them.
        seconds: how long loading, and each piece of the rows, may take; by default as `Limits` says.
        memory: GB that the process may use; by default half of the machine's.
        chunk: at most so many rows at once.
        progress: called after each chunk with how much was read, of how much (0 when not known), and the rows so far.
        input_kind, output_kind: the kinds, where they are not told by the suffixes. A stream is written as CSV.

    Raises:
        ValueError: `seconds` or `memory` is given with a loaded model.
        FileError: E401 to E405. ContractError: E101 to E105 when the columns do not fit.
        SealError: E201 to E211, as `sealift.load` and `SealedModel.predict`.
    """
    if isinstance(file, SealedModel):
        if seconds is not None or memory is not None:
            raise ValueError("a loaded model has the limits that it was loaded with: leave out seconds and memory")
        return job.score(
            file, input, output, keep=keep, keep_inputs=keep_inputs, extra=extra, chunk=chunk, progress=progress,
            input_kind=input_kind, output_kind=output_kind,
        )  # fmt: skip
    limits = Limits(seconds=seconds, memory=memory, load_seconds=seconds)
    with load(file, warm=True, limits=limits) as model:
        return score(
            model, input, output, keep=keep, keep_inputs=keep_inputs, extra=extra, chunk=chunk, progress=progress,
            input_kind=input_kind, output_kind=output_kind,
        )  # fmt: skip
