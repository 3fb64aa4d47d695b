"""Kinds of outputs: known by their own modules alone, and open for those of other packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import sealift
from sealift import plugins
from sealift.contract import Output
from sealift.contract.outputs import AnswerColumn, OutputKind, OutputSpec, Tolerance, base, output_kind, output_kinds
from sealift.errors import ContractError
from sealift.packing.outputs import OutputPacking, packing_of
from sealift.plugins import Plugins

SOURCE = Path(sealift.__file__).parent
NAMES = frozenset({"label", "probability", "score", "value", "features"})
# The implementations themselves, and the demo, which is a user of the package.
OWNERS = ("contract/outputs/", "packing/outputs/", "demo/")
# Names of other things: mostly keys of files of other formats.
FOREIGN = {
    "__init__.py": "the function sealift.batch",
    "cli/inspect.py": "the header of a table",
    "contract/display.py": "the header of a table",
    "contract/types/datetime.py": "the nanoseconds of a pandas.Timestamp",
    "batch/xlsx.py": "a cell of a workbook",
    "frameworks/catboost/model_json.py": "CatBoost's JSON",
    "frameworks/catboost/raw.py": "CatBoost's JSON",
    "frameworks/sklearn/hist.py": "a field of scikit-learn's trees",
    "packing/inputs/picture_value.py": "an attribute",
    "packing/preprocess/image.py": "a key of a step",
    "packing/preprocess/libraries/albumentations.py": "an attribute, and a key of a step",
    "packing/bundles/pipelines.py": "the attribute of an enumeration",
    "packing/preprocess/libraries/reading.py": "a key of a step",
    "packing/preprocess/libraries/torchvision.py": "a key of a step",
    "stages/image/steps/pad.py": "a key of a step",
    "serve/openapi/incumbents.py": "a key of examples of OpenAPI",
    "seal/graph/tensors.py": "a key of an entry of ONNX metadata",
}
FILES = [
    path
    for path in sorted(SOURCE.rglob("*.py"))
    if not path.relative_to(SOURCE).as_posix().startswith(OWNERS) and path.relative_to(SOURCE).as_posix() not in FOREIGN
]
assert len(FILES) > 100


def named_kinds(source: str) -> Iterator[str]:
    """Where a string of the source is the name of a kind; names that a module exports are none."""
    tree = ast.parse(source)
    exported = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
        for part in ast.walk(node.value)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in NAMES and id(node) not in exported:
            yield f"line {node.lineno}: {node.value!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_kind_is_known_by_its_name(path: Path) -> None:
    assert list(named_kinds(path.read_text(encoding="utf-8"))) == []


def test_the_test_itself() -> None:
    assert list(named_kinds('output.kind == "label"')) == ["line 1: 'label'"]
    assert list(named_kinds('x = answers["value"]')) == ["line 1: 'value'"]
    assert list(named_kinds('__all__ = ["score"]\nx = "the label"')) == []
    assert all((SOURCE / name).is_file() for name in FOREIGN)


def test_those_of_the_format_are_installed_and_require_nothing() -> None:
    assert {name for name, kind in output_kinds().items() if not kind.capability} == NAMES
    added = {name: kind.capability for name, kind in output_kinds().items() if kind.capability}
    assert added == {name: f"output:{name}/1" for name in added}
    assert all(name == kind.name for name, kind in output_kinds().items())


def test_names_and_values_of_columns_belong_together() -> None:
    output = Output(name="label", kind="label", dtype="int64", classes=(0, 1), class_names=("no", "yes"))
    kind = output_kind(output)
    assert kind.columns(output) == [AnswerColumn("label", "int64"), AnswerColumn("label_name", "string")]
    labels, names = kind.split(output, np.array([1, 0, 7]))
    assert list(labels) == [1, 0, 7]
    assert list(names) == ["yes", "no", "7"]
    wide = Output(name="probability", kind="probability", dtype="float64", width=2, classes=(0, 1))
    columns = output_kind(wide).split(wide, np.array([[0.25, 0.75]]))
    assert [list(column) for column in columns] == [[0.25], [0.75]]
    assert output_kind(wide).column_names(wide, 1) == ["probability_0"]


@pytest.mark.parametrize("kind", sorted(NAMES - {"label"}))
def test_only_labels_are_other_than_numbers(kind: str) -> None:
    with pytest.raises(ContractError, match=f"an output of the kind {kind} must be float64"):
        Output(name="y", kind=kind, dtype="int64")


def test_scales_of_answers() -> None:
    answers = np.array([[1e6, 1.0], [1e6, 1.0]])
    assert packing_of("label").scale(answers) is None
    assert packing_of("probability").scale(answers) == 1.0
    assert packing_of("value").scale(answers) == (1e6, 10.0)  # a target is compared by its own magnitude …
    assert packing_of("features").scale(answers) == (
        1e6,
        1e4,
    )  # … a feature by the largest
    assert packing_of("of another package").scale(np.array([3.0, 5.0])) == 4.0


class Angle(OutputKind):
    """An angle in degrees, where 359 is next to 1."""

    name = "angle"
    capability = "output:angle/1"

    def columns(self, output: OutputSpec) -> list[AnswerColumn]:
        return [*super().columns(output), AnswerColumn(f"{output.name}_turns", "float64")]

    def split(self, output: OutputSpec, answers: npt.NDArray[Any]) -> list[Sequence[Any] | npt.NDArray[Any]]:
        return [*super().split(output, answers), answers / 360]

    def compare(
        self, got: npt.NDArray[Any], expected: npt.NDArray[Any], tolerance: Tolerance | None
    ) -> tuple[npt.NDArray[np.bool_], float]:
        assert tolerance is not None
        apart = np.abs((got - expected + 180) % 360 - 180)
        return apart <= tolerance.relative * 360, float(apart.max(initial=0.0)) / 360


@pytest.fixture
def with_angles(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("angle", f"{__name__}:ANGLE", "sealift.output_kinds")
    points = plugins.declared("sealift.output_kinds")
    monkeypatch.setitem(globals(), "ANGLE", Angle())
    monkeypatch.setattr(plugins, "declared", lambda group: [*points, point] if group == point.group else [])
    monkeypatch.setattr(base, "_kinds", Plugins("sealift.output_kinds", "kind of output"))


@pytest.mark.usefixtures("with_angles")
def test_a_kind_of_another_package() -> None:
    from sealift.batch.chunk_answers import _split, answer_columns
    from sealift.packing.proof.report import Report

    output = Output(name="wind", kind="angle", dtype="float64")
    contract: Any = SimpleNamespace(outputs=(output,), output=lambda name: output)
    assert [column.name for column in answer_columns(contract, "wind")] == ["wind", "wind_turns"]
    assert [list(values) for values in _split(contract, "wind", np.array([90.0]))] == [[90.0], [0.25]]
    report = Report({"wind": Tolerance(0.01, 1.0)}, kinds={"wind": output_kind(output)})
    report.add(["caller"] * 2, {}, {"wind": np.array([359.5, 90.0])}, {"wind": np.array([0.5, 99.0])})
    assert report.different == {"wind": 1}
    assert type(packing_of("angle")) is OutputPacking


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ContractError, match='the kind "angle" is not known'):
        Output(name="wind", kind="angle", dtype="float64")
