"""`Table`: the input and output of a step, a list of named columns in blocks of numbers and of strings."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sealift.contract import Field
from sealift.errors import PackError
from sealift.graph.builder import Graph, Tensor, concat
from sealift.graph.context import ConversionContext
from sealift.graph.edited_strings import EditedStrings
from sealift.graph.inputs import ArrayTensor, FieldTensor, InputField, StagedColumn, StageTensor


@dataclass(frozen=True)
class Block:
    """Neighbouring columns of one kind: numbers (missing is NaN), or strings with a mask of missing values.

    `null` is what a missing value was in the original's rows, None or NaN: scikit-learn treats the two differently.
    `time` is the dtype of dates and timedeltas, whose values are microseconds (`datetime64[ns]`); else empty.
    `whole` is the dtype of whole numbers and booleans in the original's rows (`int64`, `bool`, pandas' `Int64`), as
    long as the steps before left them in it; else empty. Functions compute otherwise with them than with floats.
    """

    values: Tensor
    missing: Tensor | None
    names: tuple[str, ...]
    null: float | None = math.nan
    time: str = ""
    whole: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the columns are strings."""
        return self.missing is not None

    @property
    def kind(self) -> tuple[str, bool, str, str, str]:
        """Blocks of one kind can be joined."""
        single = (
            self.names[0]
            if isinstance(self.values, UnfedColumn | EditedStrings | ArrayTensor | StagedColumn | StageTensor)
            else ""
        )
        return self.values.dtype, self.null is None, self.time, self.whole, single

    def pick(self, indices: Sequence[int], *, only: bool = False) -> Block:
        """The columns at `indices`; with `only`, computed without the others where possible."""
        parts = [
            None if part is None else part.only(indices) if only else part.columns(indices)
            for part in (self.values, self.missing)
        ]
        assert parts[0] is not None
        return replace(self, values=parts[0], missing=parts[1], names=tuple(self.names[i] for i in indices))


@dataclass(frozen=True)
class Table:
    """Columns in order, as a data frame would hold them.

    `sparse` is whether the original holds these columns as a sparse matrix. Its zeros are absent cells, which most
    models read as 0 and some boosters as missing (`sealift.graph.sparse.absent`).
    """

    blocks: tuple[Block, ...]
    context: ConversionContext
    sparse: bool = False

    @property
    def graph(self) -> Graph:
        """The graph under construction."""
        return self.context.graph

    def with_values(self, values: Tensor, names: Iterable[str] | None = None) -> Table:
        """A table of numbers in the same conversion: a matrix (N, k), and its columns' names (`x0`, `x1`, …)."""
        given = tuple(names) if names is not None else tuple(f"x{i}" for i in range(values.width))
        return self.with_blocks(Block(values, None, given))

    def with_blocks(self, *blocks: Block) -> Table:
        """A table of other columns in the same conversion, not sparse."""
        return Table(blocks, self.context)

    @classmethod
    def join(cls, tables: Sequence[Table]) -> Table:
        """Tables side by side; neighbours of one kind are joined. One sparse matrix among them makes all sparse."""
        blocks = [block for table in tables for block in table.blocks if block.names]
        runs = [list(run) for _, run in itertools.groupby(blocks, key=lambda block: block.kind)]
        return cls(tuple(_merge(run) for run in runs), tables[0].context, any(table.sparse for table in tables))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(name for block in self.blocks for name in block.names)

    @property
    def width(self) -> int:
        """The number of columns."""
        return sum(len(block.names) for block in self.blocks)

    @property
    def single(self) -> bool:
        """Whether `numbers` are float32: whether every column is."""
        dtypes = {block.values.dtype for block in self.blocks}
        return bool(dtypes) and "object" not in dtypes and np.result_type(*dtypes) == np.float32

    def select(self, indices: Iterable[int], *, only: bool = False) -> Table:
        """The columns at `indices`, in that order; with `only`, computed without the others where possible."""
        home = [(block, i) for block in self.blocks for i in range(len(block.names))]
        runs: list[tuple[Block, list[int]]] = []
        for index in indices:
            block, inner = home[int(index)]
            if runs and runs[-1][0] is block:
                runs[-1][1].append(inner)
            else:
                runs.append((block, [inner]))
        picked = [block.pick(inner, only=only) for block, inner in runs]
        # What was side by side in one matrix is so again.
        joined = itertools.groupby(picked, key=lambda block: (block.kind, id(block.values.origin[0])))
        return Table(tuple(_merge(list(run)) for _, run in joined), self.context, self.sparse)

    def each(self) -> Iterator[Block]:
        """The columns one by one."""
        for block in self.blocks:
            for i in range(len(block.names)):
                yield block.pick([i])

    def named(self, names: Iterable[str]) -> Table:
        """The same columns under other names."""
        rest = list(names)
        blocks = []
        for block in self.blocks:
            blocks.append(replace(block, names=tuple(rest[: len(block.names)])))
            rest = rest[len(block.names) :]
        return Table(tuple(blocks), self.context, self.sparse)

    def as_floats(self) -> Table:
        """The same columns, whole numbers and booleans as floats: what NumPy makes of columns of several dtypes."""
        return replace(self, blocks=tuple(replace(b, whole="") if b.whole else b for b in self.blocks))

    def stored(self, *, sparse: bool) -> Table:
        """The same columns, held by the original as a sparse matrix or not."""
        return self if self.sparse == sparse else replace(self, sparse=sparse)

    def numbers(self) -> Tensor:
        """All columns as one matrix (N, width), float32 only where every column is.

        Raises:
            PackError: E302 when a column holds text, or there is no column.
        """
        if not self.blocks:
            raise PackError(
                "E302", "The step is given no columns.", fix="Leave it out, or keep at least one column before it."
            )
        for block in self.blocks:
            if isinstance(block.values, UnfedColumn):
                block.values.materialize()
            if block.is_text:
                raise PackError(
                    "E302",
                    f"The step computes with the column {block.names[0]!r:.80}, which holds text.",
                    fix="Encode text columns before this step, for instance with OneHotEncoder.",
                )
            if block.time:
                raise dated(block)
            if isinstance(block.values, StagedColumn):
                raise PackError(
                    "E302",
                    f"The step computes with the input {block.names[0]!r:.80}, which holds pictures.",
                    fix="State how pictures become arrays: sealift.pack(…, preprocess=sealift.Image(…)).",
                )
            if isinstance(block.values, ArrayTensor):
                raise PackError(
                    "E302",
                    f"The step computes with the input {block.names[0]!r:.80}, which holds arrays.",
                    fix="Give columns of numbers.",
                )
        joined = concat(block.values for block in self.blocks)
        return joined if joined.dtype.startswith("float") else joined.cast("float64")


def input_table(
    context: ConversionContext,
    fields: Sequence[Field],
    nulls: Mapping[str, float | None],
    seen: Mapping[str, Collection[Any]] | None = None,
    dtypes: Mapping[str, str] | None = None,
    absent: Mapping[str, PackError | None] | None = None,
    *,
    sparse: bool = False,
) -> Table:
    """Declare the graph's inputs for `fields` (spec/CONTRACT.md, Tensors) and give them in the order of the fields.

    Args:
        context: the conversion, whose graph gets the inputs.
        fields: the inputs.
        nulls: what a missing string is in the original's rows, None or NaN, by field name.
        seen: distinct values of the caller's rows, by field name.
        dtypes: the dtype of dates, whole numbers and booleans in the original's rows, by field name; `arrow` for
            strings that Arrow holds.
        absent: columns of the table that are no inputs; an error is raised where the column is used.
        sparse: whether the original takes its rows as a sparse matrix.
    """
    absent, dtypes = absent or {}, dtypes or {}
    graph = context.graph
    fed = [f for f in fields if f.name not in absent]
    place = {f.name: i for kind in ("text", "number") for i, f in enumerate(f for f in fed if f.type.feeds == kind)}
    named = [
        (field.type.feeds, InputField(field.name, i, dtypes.get(field.name) == "arrow", seen))
        for i, field in enumerate(fed)
    ]
    strings = [field for feeds, field in named if feeds == "text"]
    numbers = [field for feeds, field in named if feeds == "number"]
    number = FieldTensor(graph, "number", "float64", numbers) if numbers else None
    text = FieldTensor(graph, "text", "object", strings) if strings else None
    missing = FieldTensor(graph, "text_missing", "bool", strings) if strings else None
    graph.inputs += [tensor for tensor in (number, text, missing) if tensor is not None]
    arrays = {
        field.name: ArrayTensor(graph, tensor.name, tensor.shape[1:], InputField(field.name, i))
        for i, field in enumerate(fed)
        for tensor in field.type.tensors(i)
    }
    graph.inputs += arrays.values()
    singles: list[Block] = []
    rounded = None if number is None else _rounded(number)
    for field in fields:
        if field.name in absent:
            block = _unfed(context, field, nulls.get(field.name, math.nan), absent[field.name])
            whole = "" if block.is_text or block.time else dtypes.get(field.name, "")
            singles.append(replace(block, whole=whole))
            continue
        if field.name in arrays:
            singles.append(Block(arrays[field.name], None, (field.name,)))
            continue
        if field.type.feeds == "stage":
            position = next(i for i, f in enumerate(fed) if f.name == field.name)
            singles.append(Block(StagedColumn(graph, InputField(field.name, position)), None, (field.name,)))
            continue
        at = [place[field.name]]
        if field.type.feeds == "text":
            assert text is not None
            assert missing is not None
            null = nulls.get(field.name, math.nan)
            singles.append(Block(text.columns(at), missing.columns(at), (field.name,), null))
        else:
            source = rounded if field.type.is_single else number
            assert source is not None
            dtype = dtypes.get(field.name, field.type.stands_for)
            time, whole = (dtype, "") if field.type.stands_for else ("", dtype)
            null = math.nan if time else nulls.get(field.name, math.nan)
            singles.append(Block(source.columns(at), None, (field.name,), null, time, whole))
    return Table.join([Table((block,), context, sparse) for block in singles])


def _rounded(number: FieldTensor) -> FieldTensor:
    """The numbers as float32, whose columns are those of the fields too."""
    cast = number.cast("float32")
    rounded = FieldTensor(number.graph, cast.name, cast.dtype, number.fields)
    rounded.compute = cast.compute
    return rounded


class UnfedColumn(Tensor):
    """A column that the graph is not fed, for nodes that no output depends on; with an error, for no node at all."""

    def __init__(self, graph: Graph, name: str, dtype: str, error: PackError | None) -> None:
        super().__init__(graph, name, dtype, (None, 1))
        self._error = error

    def materialize(self) -> Tensor:
        """A tensor that no node computes. Raises the error of a column that no contract can have."""
        if self._error is not None:
            raise self._error
        return self


def _unfed(context: ConversionContext, field: Field, null: float | None, error: PackError | None) -> Block:
    graph = context.graph
    name = graph.fresh("absent")
    context.unfed_fields[name] = field.name
    is_text = field.type.feeds == "text"
    kind = "object" if is_text else "float32" if field.type.is_single else "float64"
    missing = UnfedColumn(graph, name, "bool", error) if is_text else None
    time = field.type.stands_for
    return Block(UnfedColumn(graph, name, kind, error), missing, (field.name,), math.nan if time else null, time)


def constant_column(table: Table, value: float) -> Tensor:
    """A vector (N,) that holds `value` in every row."""
    count = table.graph.inputs[0].op("Shape", dtype="int64", shape=(1,), start=0, end=1)
    return count.op("ConstantOfShape", dtype="float64", shape=(None,), value=np.array([value], dtype=np.float64))


def _merge(run: Sequence[Block]) -> Block:
    if len(run) == 1:
        return run[0]
    masks = [block.missing for block in run if block.missing is not None]
    names = tuple(name for block in run for name in block.names)
    values = concat(b.values for b in run)
    return replace(run[0], values=values, missing=concat(masks) if masks else None, names=names)


def dated(block: Block) -> PackError:
    """The error for a step that would take dates for numbers."""
    is_timedelta = block.time.startswith("timedelta")
    return PackError(
        "E302",
        f"The step computes with the column {block.names[0]!r:.80}, "
        f"which holds {'timedeltas' if is_timedelta else 'dates'}.",
        fix="Make numbers of it before this step: FunctionTransformer(lambda df: "
        + (
            "df.apply(lambda s: s.dt.days))."
            if is_timedelta
            else "df.apply(lambda s: s.dt.year)), or the days between two."
        ),
    )
