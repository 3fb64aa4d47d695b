"""The parts of a proof: the report, which rows the original answers, and whether only jumps are left."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.contract import Contract, Field, Output
from sealift.errors import PackError
from sealift.frameworks import Conversion
from sealift.packing.inputs.detect import read_rows
from sealift.packing.probes.probe_rows import ROUNDED, ProbeRows
from sealift.packing.proof.discontinuities import Discontinuities, only_jumps
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.prove import _check_shapes
from sealift.packing.proof.report import Report, Worst, policy, tolerances
from sealift.runtime import Tolerance

_Floats = npt.NDArray[np.float64]
VALUE = Output(name="value", kind="value", dtype="float64")


def column(*values: float) -> _Floats:
    return np.array(values, dtype=np.float64)


# The report.


def test_a_report_counts_rows_by_kind_and_differences_by_output() -> None:
    report = Report({"value": Tolerance(0.25, 4.0)})
    assert (report.passed, report.total, report.verdict) == (True, 0, "0 rows compared, none differs")
    columns = {"a": [1.0, 2.0, 3.0]}
    truth = {"value": column(0.0, 8.0, -8.0), "label": np.array(["x", "y", "z"])}
    report.add(["caller", "plausible", "caller"], columns, truth, {**truth, "value": column(1.0, 10.0, -8.0)})
    assert report.verdict == "3 rows compared, none differs"
    assert report.compared == {"caller": 2, "plausible": 1}
    assert report.worst == {"value": 0.25, "label": 0.0}
    assert report.rows == []
    report.add(["missing"] * 3, columns, truth, {"value": column(0.0, 10.5, -4.0), "label": np.array(["x", "y", "w"])})
    assert not report.passed
    assert (report.total, report.different, report.worst["value"]) == (6, {"value": 2, "label": 1}, 0.5)
    assert report.rows == [
        Worst("missing", {"a": 2.0}, "value", 8.0, 10.5),
        Worst("missing", {"a": 3.0}, "value", -8.0, -4.0),
        Worst("missing", {"a": 3.0}, "label", "z", "w"),
    ]
    assert report.verdict == "6 rows compared, 3 answers differ"
    assert report.lines()[0] == "missing row (a=2.0): value is 8.0, got 10.5"
    assert report.as_json() == {
        "compared": {"caller": 2, "plausible": 1, "missing": 3},
        "rows": 6,
        "engines": report.engines,
        "jumps": dict.fromkeys(report.engines, 0),
        "refused_by_original": 0,
        "tolerance": {"policy": 1e-9, "stated": None},
        "outputs": {
            "value": {"different": 2, "worst": 0.5, "relative": 0.25, "scale": 4.0},
            "label": {"different": 1, "worst": np.inf},
        },
    }


def test_at_most_five_rows_are_reported_and_a_worse_one_later_counts() -> None:
    report = Report({"value": Tolerance(1e-9, 1.0)})
    for size in (3, 4):
        report.add(["caller"] * size, {"a": [0.5] * size}, {"value": np.zeros(size)}, {"value": np.full(size, size)})
    assert (len(report.rows), report.different["value"], report.worst["value"]) == (5, 7, 4.0)
    report.add_refusals("odd", {"a": [0.5]}, [True], [False])
    assert (len(report.rows), report.misjudged) == (5, 1)


def test_answers_of_another_number_of_rows_differ() -> None:
    for truth, got in ((column(1, 2, 3), column(1, 2)), (column(1, 2), column(1, 2, 3))):
        report = Report({"value": Tolerance(1e-9, 1.0)})
        report.add(["caller"] * 2, {"a": [0.5, 0.25]}, {"value": truth}, {"value": got})
        assert not report.passed
        assert [worst.row["a"] for worst in report.rows] == [0.5, 0.25]


def test_a_row_without_an_answer_of_the_graph_is_reported_without_one() -> None:
    report = Report({"value": Tolerance(1e-9, 1.0)})
    report.add(["caller"] * 3, {"a": [0.5, 0.25, 0.0]}, {"value": column(1, 2, 3)}, {"value": column(1, 2)})
    assert [worst.converted for worst in report.rows] == [1.0, 2.0, None]


def test_rows_that_one_of_two_refuses() -> None:
    report = Report({})
    columns = {"a": ["w", "x", "y", "z"]}
    report.add_refusals("strings", columns, [True, False, True, False], [True, False, False, True])
    assert (report.passed, report.misjudged, report.compared) == (False, 2, {"strings": 4})
    assert report.rows == [
        Worst("strings", {"a": "y"}, "the row", "refused", "answered"),
        Worst("strings", {"a": "z"}, "the row", "answered", "refused"),
    ]
    agreed = Report({})
    agreed.add_refusals("strings", columns, [True, False] * 2, [True, False] * 2)
    assert (agreed.passed, agreed.rows) == (True, [])


def test_dates_are_reported_as_dates_and_long_rows_are_cut() -> None:
    report = Report({}, times={"day": "date"})
    fields: dict[str, Sequence[Any]] = {"day": [0.0], "gap": [None], **{f"f{i}": [i] for i in range(6)}}
    truth, got = {"value": np.array(["x"])}, {"value": np.array(["y"])}
    report.add(["caller"], fields, truth, got)
    report.add(["caller"], {**fields, "ninth": [9]}, truth, got)
    shown = "day='1970-01-01', gap=None, " + ", ".join(f"f{i}={i}" for i in range(6))
    assert report.lines() == [
        f"caller row ({shown}): value is 'x', got 'y'",
        f"caller row ({shown}, …): value is 'x', got 'y'",
    ]


@pytest.mark.parametrize(("entries", "shown"), [(6, "[0, 1, 2, 3, 4, 5]"), (7, "[0, 1, 2, 3, 4, 5, … 7 in all]")])
def test_long_answers_are_cut(entries: int, shown: str) -> None:
    report = Report({})
    wide = np.arange(entries)[np.newaxis]
    report.add(["caller"], {"a": [1]}, {"value": wide}, {"value": wide + 0.5})
    assert f"value is {shown}, got [0.5" in report.lines()[0]


def test_numbers_have_the_tolerance_of_the_policy_or_that_which_is_stated() -> None:
    label = Output(name="label", kind="label", dtype="int64")
    contract = Contract(inputs=(Field(name="a", dtype="float64"),), outputs=(label, VALUE), task="regression")
    answers = {"label": np.array([1, 2]), "value": column(-3.0, 4.0)}
    for single, steps, share in ((False, [None], 1e-9), (True, [], 1e-5), (True, [1e-4, None], 1e-4)):
        sources = [SimpleNamespace(source=SimpleNamespace(tolerance=each)) for each in steps]
        default = policy(cast("Conversion", SimpleNamespace(single=single, steps=sources)))
        assert default == share
        allowed = tolerances(contract, answers, relative=default)
        assert list(allowed) == ["value"]
        assert allowed["value"].relative == share


# Which rows the original answers.


class Refusing:
    """A model that raises if a row of the bad ones is among those asked for."""

    def __init__(self, bad: set[float]) -> None:
        self.bad = bad
        self.questions = 0

    def answer(self, X: Any, kinds: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
        self.questions += 1
        asked = np.asarray(X)[:, 0]
        if self.bad.intersection(asked.tolist()):
            raise ValueError("a bad row")
        return {"value": asked * 2}


def original(bad: set[float]) -> tuple[Original, Refusing]:
    source: Any = Refusing(bad)
    return Original(source, read_rows(np.zeros((1, 2))), (VALUE,)), source


@settings(max_examples=60)
@given(st.integers(1, 40), st.sets(st.integers(0, 39), max_size=12))
def test_the_rows_that_the_original_answers_are_found(count: int, bad: set[int]) -> None:
    asked, _ = original({float(row) for row in bad})
    good, answers = asked.accepted({"x0": [float(i) for i in range(count)], "x1": [0.0] * count})
    assert good.tolist() == [i not in bad for i in range(count)]
    assert answers.get("value", np.zeros(0)).tolist() == [2.0 * i for i in range(count) if i not in bad]


def test_rows_that_are_unclear_after_so_many_questions_count_as_refused() -> None:
    columns = {"x0": [float(i) for i in range(16)], "x1": [0.0] * 16}
    asked, source = original({0.0})
    assert asked.accepted(columns)[0].sum() == 15
    # One for all, two for each of four halvings, and one for the answers.
    assert source.questions == 10
    for tries, refused in ((1, 0), (2, 8), (3, 8), (4, 12), (9, 15)):
        assert original({0.0})[0].accepted(columns, tries=tries)[0].sum() == refused
    asked, source = original(set())
    assert asked.accepted(columns)[0].all()
    assert source.questions == 1


def test_a_model_that_refuses_all_rows_gives_no_answers() -> None:
    good, answers = original({0.0, 1.0})[0].accepted({"x0": [0.0, 1.0], "x1": [0.0, 0.0]})
    assert (good.tolist(), answers) == ([False, False], {})


# Only jumps.

EDGE = 0.75
WIDTH = 2**22
NUMBERS = Contract(
    inputs=(Field(name="x0", dtype="float64"), Field(name="x1", dtype="float64"), Field(name="n", dtype="int64")),
    outputs=(VALUE,),
    task="regression",
)


def beside(count: int) -> float:
    """The double so many places above EDGE."""
    return float((np.array([EDGE]).view(np.int64) + count).view(np.float64)[0])


class Stair:
    """1, and 2 where the first number is above the edge; twice that where the second one is."""

    def __init__(self, edge: float, times: float = 1.0) -> None:
        self.edge, self.times = edge, times

    def answer(self, X: Any, kinds: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
        x = np.asarray(X, dtype=np.float64)
        return {"value": self.times * np.where(x[:, 0] > self.edge, 2.0, 1.0) * np.where(x[:, 1] > self.edge, 2.0, 1.0)}

    def run(self, tensors: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
        return self.answer(tensors["number"], ("value",))


def left(
    engine: Stair, *rows: dict[str, Any], times: dict[str, str] | None = None, original: Stair | None = None
) -> bool:
    """Whether only jumps are left of these rows, where the original has its edge at EDGE."""
    stair = original or Stair(EDGE)

    def accepted(columns: dict[str, Any]) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[Any]]]:
        table = np.column_stack([columns["x0"], columns["x1"]])
        return np.ones(len(table), dtype=np.bool_), stair.answer(table, ("value",))

    given: Any = SimpleNamespace(accepted=accepted)
    report = Report({"value": Tolerance(1e-9, 1.0)}, times=times or {})
    report.rows.extend(Worst("rounded", row, "value", None, None) for row in rows)
    asked: Any = engine
    return only_jumps(report, asked, NUMBERS, given)


def row(x0: float, x1: float = 0.0, n: Any = 3) -> dict[str, Any]:
    return {"x0": x0, "x1": x1, "n": n}


@pytest.mark.parametrize("distance", [1, 2, 1000, WIDTH])
def test_a_row_beside_a_jump_of_one_number(distance: int) -> None:
    # The engine's edge is farther up: it answers the row as the original does the doubles below.
    assert left(Stair(EDGE + 1e-3), row(beside(distance)))
    assert left(Stair(EDGE + 1e-3), row(0.0, beside(distance)))
    assert left(Stair(EDGE - 1e-3), row(beside(1 - distance)))
    assert left(Stair(EDGE + 1e-3), row(beside(distance)), row(0.0, beside(distance)), row(5.0))


class Spike(Stair):
    """2 where the first number is the edge, else 1."""

    def answer(self, X: Any, kinds: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
        return {"value": np.where(np.asarray(X, dtype=np.float64)[:, 0] == self.edge, 2.0, 1.0)}


@pytest.mark.parametrize("distance", [2**k for k in range(23)])
@pytest.mark.parametrize("side", [-1, 1])
def test_doubles_at_each_power_of_two_beside_are_asked_for(distance: int, side: int) -> None:
    place = beside(side * distance)
    assert left(Spike(place), row(place), row(5.0), original=Spike(EDGE))
    assert not left(Spike(place), row(place), original=Spike(-1.0))


def test_rows_that_are_not_beside_a_jump() -> None:
    up = Stair(EDGE + 1e-3)
    assert not left(up, row(beside(WIDTH + 1)))
    assert not left(Stair(EDGE - 1e-3), row(beside(-WIDTH)))
    # One of several.
    assert not left(up, row(beside(1)), row(beside(WIDTH + 1)))
    # Two numbers at once, and an answer that no row beside it has.
    assert not left(up, row(beside(1), beside(1)))
    assert not left(Stair(EDGE, times=3.0), row(beside(1)))
    # Dates are reported as dates, not as doubles.
    assert not left(up, row(beside(1)), times={"x0": "date"})


@pytest.mark.parametrize("odd", ["value", "other"])
def test_every_output_must_have_the_answer_beside(odd: str) -> None:
    """Two outputs, of which the engine gives one as no double beside the row has it."""

    class Both(Stair):
        def answer(self, X: Any, kinds: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
            answers = super().answer(X, kinds)["value"]
            return {"value": answers, "other": answers}

        def run(self, tensors: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
            answers = self.answer(tensors["number"], ())
            return {**answers, odd: answers[odd] * factor}

    factor = 1.0
    assert left(Both(EDGE + 1e-3), row(beside(1)), original=Both(EDGE))
    factor = 3.0
    assert not left(Both(EDGE + 1e-3), row(beside(1)), original=Both(EDGE))


@pytest.mark.parametrize("order", [("value", "other"), ("other", "value")])
def test_a_row_is_looked_at_if_any_of_its_outputs_differs(order: tuple[str, str]) -> None:
    rows = ProbeRows(["x0", "x1"])
    rows.add(ROUNDED, [[EDGE, 5.0], [beside(1), 5.0]])
    exact = {"value": column(1.0, 2.0), "other": column(7.0, 7.0)}
    truth = {name: exact[name] for name in order}
    report = Report({name: Tolerance(1e-9, 1.0) for name in order})
    got = {**truth, "value": column(2.0, 2.0)}
    asked: Any = None
    changed = Discontinuities(report, rows, truth, asked).adjusted(np.arange(2), truth, got, "webassembly")
    assert {name: answers.tolist() for name, answers in changed.items()} == {"value": [2.0, 2.0], "other": [7.0, 7.0]}
    assert report.jumped == {"webassembly": [0]}


def test_without_differences_nothing_but_jumps_is_left() -> None:
    assert left(Stair(EDGE))


def test_answers_of_another_width_than_the_contract_says_are_refused() -> None:
    conversion: Any = SimpleNamespace(steps=[SimpleNamespace(source=SimpleNamespace(kind="a model"))])
    fields = (Field(name="x0", dtype="float64"),)
    wide = Output(name="value", kind="value", dtype="float64", width=2)
    for output, shape, what in (
        (wide, (5,), "gives 1 columns of 'value', and the converted model 2"),
        (wide, (5, 3), "gives 3 columns of 'value', and the converted model 2"),
        (VALUE, (5, 3), "gives 3 columns of 'value', and the converted model 1"),
    ):
        contract = Contract(inputs=fields, outputs=(output,), task="regression")
        with pytest.raises(PackError, match=what) as caught:
            _check_shapes(conversion, contract, {"value": np.zeros(shape)})
        assert (caught.value.code, caught.value.where) == ("E302", "a model")
    _check_shapes(conversion, Contract(inputs=fields, outputs=(wide,), task="regression"), {"value": np.zeros((5, 2))})


def test_a_single_column_of_answers_has_the_shape_of_the_contract() -> None:
    asked, _ = original(set())
    one = Output(name="value", kind="value", dtype="float64", width=1)
    for answer in (np.arange(3), np.arange(3)[:, np.newaxis]):
        assert asked._as_declared(VALUE, answer).shape == (3,)
        assert asked._as_declared(one, answer).shape == (3, 1)
        assert asked._as_declared(one, answer).dtype == np.float64
    assert asked._as_declared(one, np.zeros((3, 2))).shape == (3, 2)
    assert asked.single == set()
    asked._as_declared(VALUE, np.zeros(3, dtype=np.float32))
    assert asked.single == {"value"}
