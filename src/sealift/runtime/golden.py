"""The self-test: whether this machine reproduces the golden examples (spec/SEAL.md §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift import canonical
from sealift.contract import Batch, Contract, Output, encode
from sealift.contract.outputs import Tolerance, output_kind
from sealift.errors import SealError
from sealift.seal import Bytes, arrays
from sealift.stages import Stages


@dataclass(frozen=True)
class Examples:
    """Example rows and the original's answers.

    Attributes:
        inputs: input name → values; an array (N, …) for inputs whose values are stored as arrays.
        answers: output name → array.
        tolerance: output name → the tolerance of its answers.
        source: `generated` or `caller`.
        outputs: the outputs by name.
    """

    inputs: Mapping[str, Sequence[Any] | npt.NDArray[Any]]
    answers: Mapping[str, npt.NDArray[Any]]
    tolerance: Mapping[str, Tolerance]
    source: str
    outputs: Mapping[str, Output]

    def __len__(self) -> int:
        return len(next(iter(self.answers.values())))

    @property
    def columns(self) -> dict[str, list[Any]]:
        """Input name → values as in JSON, arrays as nested lists."""
        return {name: [_plain(value) for value in column] for name, column in self.inputs.items()}


@dataclass(frozen=True)
class SelfTest:
    """The result of a self-test.

    Attributes:
        rows: the number of examples.
        matching: the number of examples whose answers match.
        worst: output name → the worst relative difference.
    """

    rows: int
    matching: int
    worst: Mapping[str, float]

    @property
    def passed(self) -> bool:
        """Whether every example was reproduced."""
        return self.rows > 0 and self.matching == self.rows

    def as_dict(self) -> dict[str, Any]:
        """The result for `--json`."""
        return {"rows": self.rows, "matching": self.matching, "passed": self.passed, "worst": dict(self.worst)}


def read_examples(raw: Any, contract: Contract, members: Mapping[str, Bytes]) -> Examples:
    """Parse `golden/examples.json`, whose arrays are among `members`. Raises SealError E203, E205."""
    arrays.check_count(raw)
    try:
        columns, rows, answers = raw["columns"], raw["rows"], raw["answers"]
        if columns != [field.name for field in contract.inputs]:
            raise ValueError("its columns differ from the contract's inputs")
        if not isinstance(answers, dict) or set(answers) != {output.name for output in contract.outputs}:
            raise ValueError("its answers differ from the contract's outputs")
        if not rows or any(not isinstance(row, list) or len(row) != len(columns) for row in rows):
            raise ValueError("a row has another number of values than there are columns")
        if raw["source"] not in ("generated", "caller"):
            raise ValueError("its source must be 'generated' or 'caller'")
        expected = {o.name: _answer(answers[o.name], o, len(rows), members) for o in contract.outputs}
        cells = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
        inputs: dict[str, Sequence[Any] | npt.NDArray[Any]] = dict(cells)
        for name, reference in _references(raw, contract):
            inputs[name] = _stored(cells[name], arrays.read(reference, members))
        return Examples(
            inputs=inputs,
            answers=expected,
            tolerance={
                name: _tolerance(rule, _named(contract, name), expected[name])
                for name, rule in raw["tolerance"].items()
            },
            source=raw["source"],
            outputs={output.name: output for output in contract.outputs},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise _malformed(str(error)) from None


def encoded(examples: Examples, contract: Contract, stages: Stages) -> Batch:
    """Encode the example rows for the graph. Raises SealError E205 when the contract or a stage refuses one."""
    batch = stages.checked(encode(contract, examples.inputs))
    if batch.problems:
        first = batch.problems[0]
        raise _malformed(f"row {first.row}: {first.message.removesuffix('.')}")
    return batch


def self_test(got: Mapping[str, npt.NDArray[Any]], examples: Examples) -> SelfTest:
    """Compare answers computed here with the golden ones."""
    good = np.ones(len(examples), dtype=np.bool_)
    worst: dict[str, float] = {}
    for name, expected in examples.answers.items():
        output = examples.outputs[name]
        answer, tolerance = np.asarray(got[name]), examples.tolerance.get(name)
        same, worst[name] = output_kind(output).compare_as(output, answer, expected, tolerance)
        good &= same
    return SelfTest(len(examples), int(good.sum()), worst)


def _named(contract: Contract, name: str) -> Output:
    output = next((output for output in contract.outputs if output.name == name), None)
    if output is None:
        raise ValueError(f"there is a tolerance for {name!r:.80}, which is not an output")
    return output


def _tolerance(raw: Any, output: Output, expected: npt.NDArray[Any]) -> Tolerance:
    if not output_kind(output).has_tolerance(output):
        raise ValueError(f"the output {output.name!r:.80} must not have a tolerance: its answers must be equal")
    return Tolerance.from_json(raw, output.width, expected)


def _malformed(reason: str) -> SealError:
    return SealError(
        "E205",
        f"The golden examples are malformed: {reason}.",
        where="golden/examples.json",
        fix="Ask its publisher for the original file.",
    )


def _references(raw: Any, contract: Contract) -> list[tuple[str, Any]]:
    """The inputs whose values are stored as arrays, with their references. Raises ValueError."""
    if "arrays" not in raw:
        return []
    named = raw["arrays"]
    kinds = {field.name: field.type for field in contract.inputs}
    if not isinstance(named, dict) or not named or any(name not in kinds or not kinds[name].axes for name in named):
        raise ValueError("its arrays must be values of inputs that are arrays")
    return list(named.items())


def _stored(cells: Sequence[Any], array: npt.NDArray[Any]) -> Sequence[Any] | npt.NDArray[Any]:
    """A column from an array of its values; its cells have their numbers, in order. Raises ValueError."""
    numbers = [cell for cell in cells if cell is not None]
    if any(type(cell) not in (int, float) for cell in numbers) or numbers != list(range(len(array))):
        raise ValueError("a row does not have the number of its array")
    return array if len(numbers) == len(cells) else [None if cell is None else array[int(cell)] for cell in cells]


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _answer(raw: Any, output: Output, count: int, members: Mapping[str, Bytes]) -> npt.NDArray[Any]:
    """Expected answers, (N,), (N, width) or (N, ...). Raises ValueError, TypeError."""
    dtype, width = output.dtype, output.width
    if isinstance(raw, dict):
        stored = arrays.read(raw, members)
        numbers = _DTYPES.get(dtype) is np.float64 or (output.shape is not None and dtype in _DTYPES)
        if not numbers or not _is_shaped(stored.shape, (count, *output.axes)):
            raise ValueError("an array of answers must have the shape of its output, which must be float64")
        return _as_dtype(stored, _DTYPES[dtype])
    if output.shape is not None:
        return _listed(raw, output, count)
    rows = raw if width is not None else [[value] for value in raw]
    if not isinstance(raw, list) or len(raw) != count:
        raise ValueError("the number of answers differs from the number of rows")
    if any(not isinstance(row, list) or len(row) != (width or 1) for row in rows):
        raise ValueError("the number of columns of an answer differs from that of its output")
    read = _READ[dtype]
    flat = [read(value) for row in rows for value in row]
    array: npt.NDArray[Any] = np.empty(len(flat), dtype=_DTYPES.get(dtype, object))
    array[:] = flat
    return array if width is None else array.reshape(count, width)


def _listed(raw: Any, output: Output, count: int) -> npt.NDArray[Any]:
    """Expected answers (N, ...) from nested lists. Raises ValueError."""
    shape: list[int] = []
    level = raw
    for _ in range(len(output.axes) + 1):
        if not isinstance(level, list) or not level:
            raise ValueError("an answer does not have the shape of its output")
        shape.append(len(level))
        level = level[0]
    if not _is_shaped(tuple(shape), (count, *output.axes)):
        raise ValueError("an answer does not have the shape of its output")
    flat = raw
    for size in shape[1:]:
        if any(not isinstance(part, list) or len(part) != size for part in flat):
            raise ValueError("an answer does not have the shape of its output")
        flat = [value for part in flat for value in part]
    read = _READ[output.dtype]
    array: npt.NDArray[Any] = np.array([read(value) for value in flat], dtype=_DTYPES.get(output.dtype, object))
    return array.reshape(shape)


def _is_shaped(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(b in (None, a) for a, b in zip(shape, wanted, strict=True))


def _as_dtype(stored: npt.NDArray[Any], dtype: type) -> npt.NDArray[Any]:
    """Stored numbers as the dtype of the output. Raises ValueError where that has other values."""
    with np.errstate(invalid="ignore"):
        array: npt.NDArray[Any] = stored.astype(dtype)
    if dtype is not np.float64 and not np.array_equal(array, stored):
        raise ValueError("an answer is not of the output's dtype")
    return array


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or abs(value) >= 2**63:
        raise ValueError(f"{value!r:.40} is not a 64-bit integer")
    return int(value)


def _exactly(kind: type) -> Any:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"{value!r:.40} is not of the output's dtype")
        return value

    return read


_DTYPES: dict[str, type] = {"float64": np.float64, "int64": np.int64, "bool": np.bool_}
_READ = {"float64": canonical.number, "int64": _whole, "bool": _exactly(bool), "string": _exactly(str)}
