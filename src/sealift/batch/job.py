"""`sealift.score`: predict a table file in chunks, with constant memory for any length."""

from __future__ import annotations

import dataclasses
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, cast

from sealift import files
from sealift.batch.chunk_answers import MAX_LISTED, ChunkAnswers, answer_columns, answers_of, no_cautions
from sealift.batch.chunks import Chunk, Kind, OutputColumn, Reader, Renderer, Writer, rows_per_chunk
from sealift.batch.documents.table import DocumentFiles, text_field
from sealift.batch.kinds import kind_of, open_table, open_writer
from sealift.batch.ordered_map import ordered_map
from sealift.batch.picture_journal import PictureJournal, answers_of_line, line_of_answers
from sealift.batch.pictures import AT_ONCE, FILE, PictureChunk, PictureFiles, picture_fields, with_files
from sealift.contract import (
    MISSING_WORDS,
    Batch,
    Cautions,
    Contract,
    Field,
    Problem,
    match_columns,
)
from sealift.errors import ContractError, FileError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sealift.runtime import SealedModel
    from sealift.seal import FileSource

_MOST_CELLS_AHEAD = 500_000  # with more cells in work, no chunk is read before one is written
Progress: TypeAlias = Callable[[int, int, int], None]
"""Called with the amount read, the total amount (0 when not known), and the number of rows so far."""
Observe: TypeAlias = "Callable[[Batch, Mapping[str, npt.NDArray[Any]]], object]"
"""Called with checked rows and the answers of the good ones."""
MapChunks: TypeAlias = Callable[[Iterator[tuple[int, Chunk]], Sequence[str]], Iterator[ChunkAnswers]]
"""`answers_of` for numbered chunks, with the columns to keep; the results have the same order."""


@dataclass(frozen=True, repr=False)
class Summary:
    """The result of `score`.

    Attributes:
        rows: the number of records, without empty ones at the end.
        refused: the number of rows with a problem; in the output they have an error and no answer.
        skipped: the number of empty records at the end, which have no row in the output.
        problems: the first 1000 problems.
        cautions: counts of unusual values in the answered rows, for inputs that have any.
        seconds: the duration.
        output: the path or name of the output.
        resumed: the number of rows whose answers are those of a former run that was interrupted.
    """

    rows: int
    refused: int
    skipped: int
    problems: Sequence[Problem]
    cautions: Sequence[Cautions]
    seconds: float
    output: str
    resumed: int = 0

    def __repr__(self) -> str:
        return f"<Summary: {self.rows:,} rows, {self.refused:,} refused, in {self.seconds:.1f} s; {self.output!r}>"

    def as_dict(self) -> dict[str, Any]:
        """The summary for `--json`."""
        return dataclasses.asdict(self) | {
            "problems": [problem.as_dict() for problem in self.problems],
            "cautions": {item.field: item.as_dict() for item in self.cautions},
        }


def score(
    file: SealedModel | FileSource,
    input: Path | str | IO[bytes] | Sequence[str | Path],
    output: Path | str | IO[bytes],
    *,
    keep: Sequence[str] = (),
    keep_inputs: bool = False,
    ignore_extra: bool = False,
    seconds: float | None = None,
    memory: float | None = None,
    chunk: int | None = None,
    progress: Progress | None = None,
    input_kind: Kind | None = None,
    output_kind: Kind | None = None,
    observe: Observe | None = None,
    map_chunks: MapChunks | None = None,
    pictures: Path | None = None,
    resume: bool = False,
) -> Summary:
    """Predict every row of a table file. Bad rows are reported; good rows are always answered.

    The output has one row for each record: `row` (from 1), the kept columns, the answers of the model (`label`,
    `label_name` where the classes have names, `probability_<class>`, `score`, `value`, `features_<n>`), and `error`,
    empty for a good row, else "[R101] …" with every problem of the row.

    Args:
        file: the .seal file, in any form that `sealift.load` accepts; the graph then runs in a separate process with
            limits of time and memory, as with `sealift predict`. Or a loaded model, which runs as it was loaded.
        input: a .csv, .tsv, .jsonl, .parquet or .xlsx file, or a binary stream of CSV or JSON Lines. For a model of
            pictures also a folder, or a list of folders, picture files and patterns such as `scans/*.png`, and for a
            model of one text the same of documents (TXT, DOCX); the output then has the column `file`.
        output: the same; a file is replaced only when it is complete.
        keep: columns of the input to copy to the output.
        keep_inputs: also copy the model's inputs to the output, after the columns of `keep`; an input with the name of
            an answer is called `input_<name>`.
        ignore_extra: ignore columns that are neither inputs nor kept, instead of raising E102.
        seconds: the time limit for loading, and for each chunk; see `Limits` for the default.
        memory: the memory limit in GB; by default half of the machine's memory.
        chunk: the maximum number of rows in a chunk.
        progress: called after each chunk with the amount read, the total amount (0 when not known), and the number of
            rows so far.
        input_kind, output_kind: the kinds of the files, where they do not follow from the suffixes. A stream is written
            as CSV.
        observe: called after each chunk, in their order, with its checked rows and the answers of the good ones. The
            numbers of rows in the problems are within the chunk, from 0; lines that cannot be read are not among them.
        map_chunks: predicts the chunks, in place of threads of this process.
        pictures: the folder of the picture files that cells name; by default cells contain pictures in Base64.
        resume: for picture files and an output file: note each chunk in a journal beside the output until this is
            complete, and take the answers of an interrupted call from there. `observe` is not called for these.

    Raises:
        ValueError: `seconds` or `memory` is given with a loaded model.
        FileError: E401 to E405. ContractError: E101 to E105 when the columns do not fit.
        ServeError: E786 where another process writes the journal.
        SealError: E201 to E211, as `sealift.load` and `SealedModel.predict`.
    """
    from sealift.runtime.processors import processors

    with opened(file, seconds, memory) as model:
        begun = time.perf_counter()
        with ExitStack() as stack:
            source = _source(model.contract, input, output)
            reader = source if isinstance(source, PictureFiles | DocumentFiles) else _reader(stack, source, input_kind)
            if isinstance(source, DocumentFiles):
                keep = [source.names[1], *keep]
            if isinstance(source, PictureFiles):
                keep = [FILE, *keep]
                if resume and isinstance(output, str | Path):
                    # Left after the output has its name.
                    source.journal = stack.enter_context(PictureJournal(Path(output), model))
            inputs = (
                [field.name for field in model.contract.inputs if field.name in reader.names] if keep_inputs else []
            )
            names, plan = _plan(model.contract, reader, keep, inputs, ignore_extra=ignore_extra)
            keep = list(dict.fromkeys([*keep, *inputs]))
            journal = source.journal if isinstance(source, PictureFiles) else None
            target, kind, where = _target(stack, source, output, output_kind)
            writer = open_writer(kind, target, plan, where)
            tally = _Tally(model.contract)
            # A kept column is copied as text.
            numbers = {f.name for f in model.contract.inputs if _is_plain_number(f)} - set(keep)
            stack.enter_context(_abandoned_on_error(writer))
            chunks = _read(reader.chunks(names, _rows(model.contract, names, chunk), numbers), Path(_name_of(source)))

            if pictures is not None and picture_fields(model.contract):
                chunks = with_files(chunks, model.contract, pictures)
            renderer = writer if isinstance(writer, Renderer) else None  # of a protocol, this takes 50 µs

            def rendered(answers: ChunkAnswers) -> ChunkAnswers:
                if observe is None:
                    answers = answers.unobserved()
                return answers.listed() if renderer is None else answers.rendered(renderer)

            # This thread reads and writes while others predict. A pipe is not read ahead, which could block.
            results = (
                map(rendered, map_chunks(_numbered(chunks), keep))
                if map_chunks is not None
                else ordered_map(
                    _numbered(chunks),
                    lambda numbered: rendered(_answered(model, numbered[1], keep, numbered[0], journal)),
                    workers=processors() if reader.done()[1] else 1,
                    size=lambda numbered: numbered[1].count * len(names),
                    most=_MOST_CELLS_AHEAD,
                    interrupted=model.close if model.isolated else lambda: None,
                )
            )
            for answers in results:
                tally.add(answers)
                if journal is not None and answers.line is not None:
                    journal.add(answers.line)
                if observe is not None and answers.batch is not None:
                    observe(answers.batch, answers.answers)
                with _writing(where):
                    if renderer is None:
                        writer.write(cast("list[Sequence[Any]]", answers.columns))
                    else:
                        renderer.append(answers.text)
                if progress is not None:
                    progress(*reader.done(), tally.rows)
            if tally.rows == 0:
                raise ContractError(
                    "E105",
                    "There are no rows below the header.",
                    where=_name_of(source),
                    fix="Add one line for each row.",
                )
            with _writing(where):
                writer.close()
        taken = time.perf_counter() - begun
    counted = [item for item in tally.cautions if item]
    return Summary(tally.rows, tally.refused, reader.skipped, tally.problems, counted, taken, where, tally.resumed)


def opened(
    file: SealedModel | FileSource, seconds: float | None, memory: float | None
) -> AbstractContextManager[SealedModel]:
    """A context with the model, which is closed at the end unless the caller loaded it.

    Args:
        file, seconds, memory: as for `score`.

    Raises:
        ValueError: `seconds` or `memory` is given with a loaded model.
        FileError, ContractError, SealError: as `sealift.load`.
    """
    from sealift.runtime import Limits, SealedModel, load

    if not isinstance(file, SealedModel):
        return load(file, warm=True, limits=Limits(seconds=seconds, memory=memory, load_seconds=seconds))
    if seconds is not None or memory is not None:
        raise ValueError("seconds and memory must not be given with a loaded model, which has limits of its own")
    return nullcontext(file)


def _read(chunks: Iterator[Chunk], source: Path) -> Iterator[Chunk]:
    """The chunks. Raises FileError E401 when the disk or the pipe fails."""
    try:
        yield from chunks
    except OSError as error:
        raise files.unreadable(source, error) from error


@contextmanager
def _abandoned_on_error(writer: Writer) -> Iterator[None]:
    try:
        yield
    except BaseException:
        writer.abandon()
        raise


@contextmanager
def _writing(target: str) -> Iterator[None]:
    """Raise FileError E402 when a disk is full or fails, also that of temporary files."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise files.unwritable(Path(target), error) from error


class _Tally:
    def __init__(self, contract: Contract) -> None:
        self.rows = 0
        self.refused = 0
        self.resumed = 0
        self.problems: list[Problem] = []
        self.cautions = no_cautions(contract)

    def add(self, answers: ChunkAnswers) -> None:
        self.rows += answers.count
        self.refused += answers.refused
        self.resumed += answers.count if answers.resumed else 0
        self.problems += answers.problems[: MAX_LISTED - len(self.problems)]
        for item, following in zip(self.cautions, answers.cautions, strict=True):
            item.add(following)


def _answered(
    model: SealedModel, piece: Chunk, keep: Sequence[str], first: int, journal: PictureJournal | None
) -> ChunkAnswers:
    """The answers of a chunk: those of the journal if it has them; else predicted, with the line for it."""
    if journal is None or not isinstance(piece, PictureChunk):
        return answers_of(model, piece, keep, first)
    if piece.line is not None:
        return answers_of_line(piece.line, [piece.columns[name] for name in keep], first)
    answers = answers_of(model, piece, keep, first)
    answers.line = line_of_answers(piece.paths, piece.states, answers, len(keep))
    return answers


def _numbered(chunks: Iterable[Chunk]) -> Iterator[tuple[int, Chunk]]:
    """Each chunk with the number of its first row."""
    first = 1
    for chunk in chunks:
        yield first, chunk
        first += chunk.count


def _is_plain_number(field: Field) -> bool:
    """Whether the cells of a field are numbers by the default rules, so that readers may parse them."""
    return (
        field.type.is_plain
        and not field.type.has_words
        and set(field.missing_as or MISSING_WORDS) == set(MISSING_WORDS)
    )


def _source(
    contract: Contract, given: Path | str | IO[bytes] | Sequence[str | Path], output: Path | str | IO[bytes]
) -> Path | str | IO[bytes] | PictureFiles | DocumentFiles:
    """The input of `score`; picture files and documents as a table."""
    written = Path(output) if isinstance(output, str | Path) else None
    if isinstance(given, list | tuple):
        kind = DocumentFiles if text_field(contract) is not None else PictureFiles
        return kind.of(contract, given, written)
    if isinstance(given, str | Path):
        # `Path.is_dir` raises for a name that is too long.
        if not os.path.isdir(given):  # noqa: PTH112
            return given
        if picture_fields(contract):
            return PictureFiles.of(contract, [given], written)
        return DocumentFiles.of(contract, [given], written) if text_field(contract) is not None else given
    return cast("IO[bytes]", given)


def _rows(contract: Contract, names: Sequence[str], chunk: int | None) -> int:
    """The maximum number of rows in a chunk; few where the rows have pictures."""
    most = rows_per_chunk(len(names), chunk)
    return min(most, AT_ONCE) if picture_fields(contract) else most


def _reader(stack: ExitStack, source: Path | str | IO[bytes], kind: Kind | None) -> Reader:
    if isinstance(source, str | Path):
        path = Path(source)
        kind = kind or kind_of(path)
        try:
            stream: IO[bytes] = stack.enter_context(path.open("rb"))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FileError(
                "E401",
                f"The file cannot be read: {reason}.",
                where=str(path),
                fix="Check the path and the permissions.",
            ) from None
    else:
        stream = source
    reader = open_table(stream, _name_of(source), kind)
    if isinstance(source, str | Path):
        stack.callback(reader.close)
    return reader


def _plan(
    contract: Contract, reader: Reader, keep: Sequence[str], inputs: Sequence[str], *, ignore_extra: bool
) -> tuple[list[str], list[OutputColumn]]:
    """The columns to read, and those to write."""
    lacking = [name for name in keep if name not in reader.names]
    if lacking:
        listed = ", ".join(f'"{name}"' for name in reader.names[:20])
        raise ContractError(
            "E101", f'There is no column "{lacking[0]}" to keep.', fix=f"The file has these columns: {listed}."
        )
    kept_names = set(keep)
    unkept = [name for name in reader.names if name not in kept_names or name in contract.index]
    match_columns(contract, reader.names, ignore_extra=True)
    match_columns(contract, unkept, ignore_extra=ignore_extra)
    answers = [column for output in contract.outputs for column in answer_columns(contract, output.name)]
    kept = [OutputColumn(name, "any", reader.arrow_types.get(name)) for name in dict.fromkeys(keep)]
    taken = {"row", *(column.name for column in [*answers, *kept]), "error"}
    for name in inputs:
        if name not in kept_names:
            free = name
            while free in taken:
                free = f"input_{free}"
            taken.add(free)
            kept.append(OutputColumn(free, "any", reader.arrow_types.get(name)))
    plan = [OutputColumn("row", "int64"), *kept, *answers, OutputColumn("error", "string")]
    duplicate = next((name for name, times in Counter(column.name for column in plan).items() if times > 1), None)
    if duplicate is not None:
        raise ContractError(
            "E103",
            f'The kept column "{duplicate}" has the name of an answer.',
            fix="Rename it in the input, or do not keep it.",
        )
    wanted = [field.name for field in contract.inputs]
    return [*wanted, *(name for name in dict.fromkeys(keep) if name not in contract.index)], plan


def _target(
    stack: ExitStack, source: Any, output: Path | str | IO[bytes], kind: Kind | None
) -> tuple[IO[bytes], Kind, str]:
    if not isinstance(output, str | Path):
        return output, kind or "csv", _name_of(output)
    path = Path(output)
    kind = kind or kind_of(path)
    if isinstance(source, str | Path) and _same(path, Path(source)):
        raise FileError(
            "E402", "The output is the input file.", where=str(path), fix="Choose another name for the output."
        )
    return stack.enter_context(files.atomic(path)), kind, str(path)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one does not exist, or has an invalid name
        return False


def _name_of(place: Any) -> str:
    if isinstance(place, str | Path):
        return str(place)
    name = getattr(place, "name", "")
    return name if isinstance(name, str) and name else "stream"
