"""Findings from constants, strings, classes and answers that stand for fewer than five rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sealift.contract import Contract, Field, Output
from sealift.frameworks.base import Learned, RetainedRows, Share
from sealift.graph.split_model import SplitModel
from sealift.packing.privacy.detect import (
    answers_finding,
    examine,
    examples_finding,
    single_answers,
    strings_held,
)
from sealift.packing.privacy.findings import Finding
from sealift.packing.privacy.reference import Reference, Units
from sealift.stages.text import text_stage

_Floats = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(0)
TABLE = np.round(RANDOM.normal(50, 10, (200, 3)), 4)
TARGET = np.round(RANDOM.normal(200, 30, 200), 6)
CONTRACT = Contract(
    inputs=(
        *(Field(name=name, dtype="float64") for name in ("a", "b", "c")),
        Field(name="name", dtype="string"),
        Field(name="sex", dtype="string", categories=("f", "m")),
    ),
    outputs=(Output(name="value", kind="value", dtype="float64"),),
    task="regression",
)
CLASSES = Contract(
    inputs=CONTRACT.inputs,
    outputs=(Output(name="label", kind="label", dtype="string", classes=("Ann", "Bob", "Eve")),),
    task="classification",
)


class Kept(Learned):
    def __init__(self, rows: int | None = None, leaves: Any = (0, 0), clusters: Any = (0, 0)) -> None:
        self._rows, self._leaves, self._clusters = rows, leaves, clusters

    @property
    def rows(self) -> RetainedRows | None:
        return None if self._rows is None else RetainedRows(self._rows, "neighbours")

    @property
    def small_leaves(self) -> Share:
        return Share(*self._leaves)

    @property
    def small_clusters(self) -> Share:
        return Share(*self._clusters)


def conversion(*steps: tuple[str, Learned], stages: Sequence[Any] = ()) -> Any:
    return SimpleNamespace(
        steps=[SimpleNamespace(path=path, source=SimpleNamespace(learned=learned)) for path, learned in steps],
        stages=stages,
    )


def graph(
    *constants: npt.ArrayLike, leaves: _Floats | None = None, thresholds: _Floats | None = None
) -> onnx.ModelProto:
    nodes = []
    if leaves is not None:
        nodes.append(helper.make_node("TreeEnsemble", ["x"], ["l"], leaf_weights=numpy_helper.from_array(leaves)))
    if thresholds is not None:
        nodes.append(helper.make_node("TreeEnsemble", ["x"], ["t"], nodes_splits=numpy_helper.from_array(thresholds)))
    initializers = [numpy_helper.from_array(np.asarray(c, dtype=np.float64), f"k{i}") for i, c in enumerate(constants)]
    given = helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["N", 3])
    return helper.make_model(helper.make_graph(nodes, "g", [given], [given], initializers))


def own(table: _Floats = TABLE) -> Units:
    return Units("", ("a", "b", "c"), table, table, own=True)


def target(values: _Floats = TARGET) -> Units:
    column = values.reshape(len(values), -1)
    names = ("the target",) if column.shape[1] == 1 else tuple(f"target {i}" for i in range(column.shape[1]))
    return Units("", names, column, column, own=True, target=True)


def inner(table: _Floats, where: str = "pipe", *, single: bool = True) -> Units:
    return Units(where, tuple(f"column {i}" for i in range(table.shape[1])), table, table if single else None)


def reference(
    *units: Units, rows: int = 200, strings: Mapping[str, Mapping[Any, int]] | None = None, labels: Any = None
) -> Reference:
    counters = {name: Counter(values) for name, values in (strings or {}).items()}
    return Reference(rows, rows, units, counters, labels, {})


def findings_of(
    model: onnx.ModelProto,
    given: Reference,
    *,
    name: str = "rows given",
    contract: Contract = CONTRACT,
    strings: Sequence[str] = (),
    steps: Any = None,
) -> dict[str, Finding]:
    findings = examine(SplitModel(model, {}), steps or conversion(), contract, strings, [(name, given)])
    return {finding.kind: finding for finding in findings}


# Rows.


def test_whole_rows_of_the_caller() -> None:
    (finding,) = findings_of(graph(TABLE[:6]), reference(own())).values()
    assert (finding.kind, finding.count, finding.of, finding.where) == ("rows", 6, 200, "")
    assert finding.sentence == "6 of the 200 rows given stand whole in the graph."


def test_whole_rows_in_the_units_of_a_step() -> None:
    scaled = (TABLE - 50) / 7
    (finding,) = findings_of(graph(scaled[:6]), reference(own(), inner(scaled))).values()
    assert finding.where == "pipe"
    assert finding.sentence.endswith("whole in the graph, in the units that pipe is given.")
    both = findings_of(graph(scaled[:6]), reference(inner(scaled, "pipe"), inner(scaled, "part"), own())).values()
    assert [finding.where for finding in both] == ["part"]


def test_whole_rows_in_units_without_a_name() -> None:
    scaled = (TABLE - 50) / 7
    (finding,) = findings_of(graph(scaled[:6]), reference(own(), inner(scaled, ""))).values()
    assert finding.sentence.endswith("whole in the graph, shifted or scaled.")
    mixed = findings_of(graph(scaled[:6], TABLE[9]), reference(own(), inner(scaled, "")))
    assert mixed["rows"].count == 7
    assert mixed["rows"].sentence.endswith("whole in the graph.")


def test_values_of_whole_rows_are_not_reported_again() -> None:
    assert set(findings_of(graph(TABLE[:6]), reference(own()))) == {"rows"}
    assert set(findings_of(graph(TABLE[:6], [TABLE[50, 0], 0.3]), reference(own()))) == {"rows", "values"}


def test_all_rows_whole_leave_nothing_else_to_report() -> None:
    every = findings_of(graph(TABLE, [TABLE[50, 0], 0.3]), reference(own()))
    assert set(every) == {"rows"}
    assert every["rows"].count == 200


def test_partial_rows() -> None:
    matrix = np.random.default_rng(3).normal(0, 0.01, (8, 6))
    matrix[0, 1], matrix[0, 4] = TABLE[9, 2], TABLE[9, 0]
    matrix[1, 1:4] = TABLE[11]
    (finding,) = findings_of(graph(matrix), reference(own())).values()
    assert (finding.kind, finding.count, finding.of) == ("partial rows", 2, 200)
    assert "Of 2 of the 200 rows given, 2 or more values" in finding.sentence
    together = findings_of(graph(matrix, TABLE[9]), reference(own()))
    assert (together["rows"].count, together["partial rows"].count) == (1, 1)
    assert "3 or more values" in together["partial rows"].sentence
    # Parts of a row that is reported whole are single values as any others.
    matrix[1, 1:4] = 0.001
    assert set(findings_of(graph(matrix, TABLE[9]), reference(own()))) == {"rows", "values"}


def test_training_rows_are_compared_first() -> None:
    references = [("rows given", reference(own())), ("training rows", reference(own()))]
    findings = examine(SplitModel(graph(TABLE[:6]), {}), conversion(), CONTRACT, (), references)
    assert [finding.sentence for finding in findings] == ["6 of the 200 training rows stand whole in the graph."]


def test_targets_of_several_constants_are_counted_together() -> None:
    """Values of the target in two constants, and after them a value of the rows."""
    given = reference(target(), own())
    held = findings_of(graph([TARGET[3], 0.25], [TARGET[5], TARGET[9], 0.25], [TABLE[50, 0], 0.3]), given)
    assert (held["targets"].count, held["values"].columns) == (3, {"a": 1})
    leaves = findings_of(graph([TABLE[50, 0], 0.3], [TABLE[51, 1], 0.3], leaves=TARGET[3:5]), given)
    assert (leaves["targets"].count, leaves["values"].columns) == (2, {"a": 1, "b": 1})


# Single values.


def test_single_values_by_column() -> None:
    held = [TABLE[3, 0], TABLE[4, 0], TABLE[5, 2], 0.3]
    assert set(findings_of(graph(held), reference(target(), own()))) == {"values"}
    (finding,) = findings_of(graph(held), reference(own())).values()
    assert (finding.kind, finding.count, finding.columns, finding.where) == ("values", 3, {"a": 2, "c": 1}, "number")
    assert finding.sentence == ('The graph holds single values, which fewer than 5 rows have, of: "a" (2), "c" (1).')


def test_columns_are_listed_in_the_order_of_the_rows() -> None:
    held = findings_of(graph([TABLE[5, 2], 0.3], [TABLE[3, 0], 0.3], [TABLE[4, 1], 0.3]), reference(own()))
    assert held["values"].sentence.endswith('of: "a" (1), "b" (1), "c" (1).')


def test_thresholds_are_reported_by_themselves() -> None:
    (finding,) = findings_of(graph(thresholds=TABLE[3:5, 1]), reference(own())).values()
    assert (finding.kind, finding.columns, finding.where) == ("values", {"b": 2}, "threshold")
    assert finding.sentence.startswith("The graph holds thresholds that are single values, which")
    assert "max_bin" in finding.remedy


def test_computed_values_count_where_the_callers_own_do_not_explain_them() -> None:
    squares = TABLE**2
    held = [squares[3, 0], squares[4, 1], 0.3]
    (finding,) = findings_of(graph(held), reference(own(), inner(squares))).values()
    assert (finding.kind, finding.count, finding.where) == ("derived values", 2, "pipe")
    assert finding.sentence.endswith("computed from single rows, as pipe is given them.")
    (unnamed,) = findings_of(graph(held), reference(own(), inner(squares, ""))).values()
    assert unnamed.where == "an inner step"
    explained = findings_of(graph([*held, TABLE[7, 2]]), reference(own(), inner(squares)))
    assert set(explained) == {"values"}
    with_rows = findings_of(graph(held, TABLE[:6]), reference(own(), inner(squares)))
    assert set(with_rows) == {"rows"}


def test_what_can_come_from_the_graph_is_no_computed_value() -> None:
    squares = TABLE**2
    assert findings_of(graph([squares[3, 0], 0.3]), reference(own(), inner(squares, single=False))) == {}


def test_extremes() -> None:
    low, high = TABLE.min(axis=0), TABLE.max(axis=0)
    factor = 1 / (high - low)
    (finding,) = findings_of(graph(factor, -low * factor), reference(own())).values()
    assert (finding.kind, finding.count, finding.columns) == ("extremes", 3, {"a": 1, "b": 1, "c": 1})
    shifted = TABLE - 3.3
    low, high = shifted.min(axis=0), shifted.max(axis=0)
    factor = 1 / (high - low)
    held = graph(factor, -low * factor)
    (finding,) = findings_of(held, reference(own(), inner(shifted))).values()
    assert (finding.kind, list(finding.columns)) == ("extremes", ["column 0", "column 1", "column 2"])
    assert findings_of(held, reference(own(), inner(shifted, ""))) == {}


def test_a_single_value_that_is_an_end_is_an_extreme_too() -> None:
    for end in (TABLE[:, 1].min(), TABLE[:, 1].max()):
        kinds = findings_of(graph([end, 0.3]), reference(own()))
        assert set(kinds) == {"values", "extremes"}
        assert kinds["extremes"].columns == {"b": 1}


# Targets.


def test_target_values_in_leaves() -> None:
    (finding,) = findings_of(graph(leaves=np.append(TARGET[:5], 7.5)), reference(own(), target())).values()
    assert (finding.kind, finding.count, finding.of) == ("targets", 5, 200)
    assert finding.sentence.startswith("The graph holds 5 of 200 target values that fewer than 5 rows have")


def test_several_targets_count_the_rare_values_of_those_concerned() -> None:
    both = np.column_stack([TARGET, np.round(TARGET, 0)])
    (finding,) = findings_of(graph(leaves=TARGET[:5]), reference(target(both))).values()
    assert (finding.count, finding.of) == (5, 200)
    moved = Units("step", ("column 0",), TARGET[:, np.newaxis] * 3, TARGET[:, np.newaxis] * 3, target=True)
    (finding,) = findings_of(graph(leaves=TARGET[:5]), reference(target(), moved)).values()
    assert (finding.count, finding.of) == (5, 200)


def test_whole_rows_of_targets() -> None:
    both = np.column_stack([np.round(TARGET / 40), np.round(np.random.default_rng(9).permutation(TARGET))])
    pairs = np.array(both[[3, 4, 5, 6, 7]])
    kinds = findings_of(graph(pairs), reference(own(), target(both)))
    assert set(kinds) <= {"targets"}


def rarely(first: float, last: float) -> _Floats:
    """Whole numbers that five rows have each, but for each fiftieth and the last one."""
    every = np.arange(first, last + 1)
    return np.repeat(every, np.where(((every - first) % 50 == 0) | (every == last), 1, 5))


def test_a_quantile_of_the_target_in_a_small_constant() -> None:
    # 1,201 values, of which 25 are rare: that one number is a rare one is no surprise, that it is the largest one is.
    coarse = rarely(101.0, 1301.0)
    (finding,) = findings_of(graph([1301.0]), reference(target(coarse))).values()
    assert (finding.kind, finding.count, finding.of) == ("targets", 1, 25)
    assert set(findings_of(graph([101.0]), reference(target(coarse)))) == {"targets"}
    assert findings_of(graph([151.0]), reference(target(coarse))) == {}
    # Not in a constant of more than five numbers, and not where there are fewer values.
    many = np.array([1301.0, 3.25, 3.75, 4.25, 4.75, 5.25])
    assert findings_of(graph(many), reference(target(coarse))) == {}
    assert findings_of(graph([401.0]), reference(target(rarely(101.0, 401.0)))) == {}
    fine = reference(target(rarely(101.0, 5101.0)))
    assert set(findings_of(graph([5101.0, 3.25, 3.75, 4.25, 4.75]), fine)) == {"targets"}
    assert findings_of(graph([5101.0, 3.25, 3.75, 4.25, 4.75, 5.25]), fine) == {}
    assert findings_of(graph([1301.0, 3.25, 3.75, 4.25]), reference(target(coarse))) == {}


def test_the_middle_values_of_an_even_number_of_targets() -> None:
    every = np.arange(104.0, 1304.0)
    place = np.arange(len(every))
    counts = np.where((place % 50 == 0) | (place[::-1] % 50 == 0) | np.isin(every, (703.0, 704.0)), 1, 5)
    even = np.repeat(every, counts)
    for middle in (703.0, 704.0):
        assert set(findings_of(graph([middle]), reference(target(even)))) == {"targets"}
    assert findings_of(graph([104.0 + 50 * 7]), reference(target(even))) == {}


# Steps.


def test_kept_rows_are_reported_if_a_constant_has_their_number() -> None:
    steps = conversion(("none", Kept()), ("knn", Kept(rows=40)), ("other", Kept(rows=41)))
    (finding,) = findings_of(graph(np.full((40, 3), 0.3)), reference(), steps=steps).values()
    assert (finding.kind, finding.count, finding.where) == ("method", 40, "knn")
    assert finding.sentence.startswith("knn keeps 40 rows of its training data")
    assert findings_of(graph(np.full(40, 0.3)), reference(), steps=steps) == {}
    assert set(findings_of(graph(np.full((3, 40), 0.3)), reference(), name="training rows", steps=steps)) == {"method"}


def test_small_clusters_and_leaves_without_training_rows() -> None:
    steps = conversion(("means", Kept(clusters=(2, 7))), ("tree", Kept(leaves=(3, 9))), ("tree", Kept(leaves=(1, 5))))
    findings = examine(SplitModel(graph(), {}), steps, CONTRACT, (), [("rows given", reference())])
    assert [(f.kind, f.count, f.of, f.where) for f in findings] == [
        ("method", 2, 7, "means"),
        ("method", 4, 14, "tree"),
    ]
    assert "fewer than 5 training rows" in findings[0].sentence
    assert findings[1].sentence.startswith("4 of the 14 leaves of tree were learned")
    assert findings_of(graph(), reference(), name="training rows", steps=steps) == {}
    none = conversion(("means", Kept(clusters=(0, 7))), ("tree", Kept(leaves=(0, 9))))
    assert findings_of(graph(), reference(), steps=none) == {}


def test_estimates_are_left_out_where_values_were_compared() -> None:
    steps = conversion(("means", Kept(clusters=(2, 7))), ("tree", Kept(leaves=(3, 9))))
    leaves = examine(
        SplitModel(graph(leaves=TARGET[:5]), {}), steps, CONTRACT, (), [("rows given", reference(target()))]
    )
    assert [(f.kind, f.where) for f in leaves] == [("method", "means"), ("targets", "")]
    rows = examine(SplitModel(graph(TABLE[:6]), {}), steps, CONTRACT, (), [("rows given", reference(own()))])
    assert [(f.kind, f.where) for f in rows] == [("rows", ""), ("method", "tree")]


# Strings and classes.


def test_strings_of_four_rows_are_rare_and_of_five_are_not() -> None:
    strings = {"name": {"Ann": 4, "Bob": 5, "Al": 1, "X": 1, "Zoe": 1}, "sex": {"fm": 1}}
    given = reference(rows=50, strings=strings)
    (finding,) = findings_of(graph(), given, strings=["Ann", "Bob", "Al", "X", "fm"]).values()
    assert (finding.kind, finding.count, finding.columns) == ("strings", 2, {"name": 2})
    assert findings_of(graph(), given, strings=["Bob", "X", "fm"]) == {}


def test_few_rows_do_not_show_what_is_rare() -> None:
    strings = {"name": {"Ann": 1}}
    few = reference(rows=49, strings=strings, labels=Counter({"Bob": 9, "Eve": 9}))
    assert findings_of(graph(), few, contract=CLASSES, strings=["Ann"]) == {}
    assert set(findings_of(graph(), few, contract=CLASSES, strings=["Ann"], name="training rows")) == {
        "strings",
        "classes",
    }


def test_rare_classes() -> None:
    labels = Counter({"Ann": 4, "Bob": 5, "Eve": 1})
    (finding,) = findings_of(graph(), reference(labels=labels), contract=CLASSES).values()
    assert (finding.kind, finding.count, finding.of, finding.where) == ("classes", 2, 3, "contract.json")
    assert finding.sentence.startswith("2 of the 3 classes are labels that fewer than 5 rows have")
    common = Counter({"Ann": 5, "Bob": 5, "Eve": 5})
    assert findings_of(graph(), reference(labels=common), contract=CLASSES) == {}
    assert findings_of(graph(), reference(labels=None), contract=CLASSES) == {}


@pytest.mark.parametrize(
    ("classes", "dtype", "count"),
    [((0, 1, 999), "int64", 0), ((0, 1, 1000), "int64", 1), ((-1000, 0, 1), "int64", 1), ((False, True), "bool", 0)],
)
def test_long_numbers_can_identify(classes: tuple[Any, ...], dtype: Any, count: int) -> None:
    output = Output(name="label", kind="label", dtype=dtype, classes=classes)
    contract = Contract(inputs=CONTRACT.inputs, outputs=(output,), task="classification")
    kinds = findings_of(graph(), reference(labels=Counter()), contract=contract)
    assert sum(finding.count for finding in kinds.values()) == count


def test_strings_of_stages_that_read_a_string_as_one_value() -> None:
    stages = [
        text_stage(0, {"analyzer": "whole", "prefix": "p=", "vocabulary": ["p=Ann", "Bob=p="]}),
        text_stage(0, {"analyzer": "whole", "vocabulary": ["p=Eve"]}),
        text_stage(0, {"analyzer": "whole"}),
        text_stage(0, {"analyzer": "word", "vocabulary": ["word"]}),
    ]
    assert strings_held(graph(), conversion(stages=stages)) == {"Ann", "Bob=p=", "p=Eve"}


# Answers.


def singles(answers: _Floats, *references: Reference) -> list[bool]:
    return [bool(single) for single in single_answers(CONTRACT, {"value": answers}, references)]


def test_answers_that_are_one_persons_target() -> None:
    given = reference(own(), target())
    answers = np.array(
        [TARGET[3], TARGET[3] * (1 + 5e-10), TARGET[3] * (1 - 5e-10), TARGET[3] + 1e-5, TARGET.max(), 1e9, 0.0]
    )
    assert singles(answers, given) == [True, True, True, False, True, False, False]
    assert singles(answers, reference(own())) == [False] * 7
    assert singles(answers, reference(own()), given)[0]
    assert singles(answers[3:4], given) == [False]
    assert singles(np.array([TARGET.min(), TARGET.min() - 1]), given) == [True, False]
    assert singles(np.array([0.0]), reference(target(np.append(TARGET, 0.0)))) == [True]


def test_answers_that_five_rows_have_are_no_ones() -> None:
    given = reference(target(np.append(TARGET, np.repeat(TARGET[3], 4))))
    assert singles(TARGET[3:5], given) == [False, True]
    assert singles(TARGET[3:5], reference(target(np.repeat(TARGET, 5)))) == [False, False]


def test_answers_on_a_grid_may_meet_by_chance() -> None:
    grid = np.append(np.repeat(np.arange(100.0), 5), 100.0)
    assert singles(np.arange(101.0), reference(target(grid))) == [False] * 101


def test_answers_on_a_fine_grid_are_one_persons() -> None:
    fine = np.append(np.random.default_rng(1).choice(1_000_000, 200, replace=False) + 7.0, [0.0, 1.0, 1_000_007.0])
    assert singles(fine[:3], reference(target(fine))) == [True] * 3


def test_only_the_callers_own_targets_are_compared() -> None:
    moved = Units("step", ("the target",), TARGET[:, np.newaxis], TARGET[:, np.newaxis], target=True)
    assert singles(TARGET[:3], reference(moved)) == [False] * 3
    assert singles(TARGET[:3], reference(Units("", ("a",), TARGET[:, np.newaxis], own=True))) == [False] * 3


def test_each_column_of_answers_with_its_own_target() -> None:
    both = np.column_stack([TARGET, TARGET[::-1] + 0.00005])
    given = reference(target(both))
    assert singles(both[:3], given) == [True] * 3
    assert singles(np.column_stack([both[:3, 1], np.zeros(3)]), given) == [False] * 3
    assert singles(np.column_stack([np.zeros(3), both[:3, 1]]), given) == [True] * 3
    assert singles(np.column_stack([both[:3, 0], np.zeros(3)]), given) == [True] * 3
    assert singles(both[:3], reference(target())) == [True] * 3
    common = np.column_stack([np.repeat(7.5, 200), TARGET])
    assert singles(common[:3], reference(target(common))) == [True] * 3


def test_labels_are_no_target_values() -> None:
    answers = {"label": np.array(["Ann", "Bob"])}
    assert single_answers(CLASSES, answers, [reference(target())]).tolist() == [False, False]


def test_findings_of_examples() -> None:
    assert answers_finding(0, 9) == []
    (finding,) = answers_finding(1200, 3000)
    assert (finding.kind, finding.count, finding.of, finding.where) == ("answers", 1200, 3000, "golden/examples.json")
    assert finding.sentence.startswith("The answers of 1,200 of the 3,000 golden examples are target values")
    real = examples_finding(1200)
    assert (real.kind, real.count, real.of, real.where) == ("examples", 1200, 1200, "golden/examples.json")
    assert real.sentence.startswith("1,200 real rows")
    assert real.remedy == "Pack without keep_rows."
