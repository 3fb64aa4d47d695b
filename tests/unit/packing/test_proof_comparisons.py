"""The comparisons of a proof, each with an engine or an original that differs in one respect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from sealift.contract import Contract, Field, Output
from sealift.errors import LimitError, PackError, SealError
from sealift.packing.inputs.detect import read_rows
from sealift.packing.probes import special_values
from sealift.packing.probes.probe_rows import ROUNDED, ProbeRows
from sealift.packing.progress import Countdown
from sealift.packing.proof import further_engines, prove
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.report import Report
from sealift.runtime import Tolerance
from sealift.runtime.child import LostError
from sealift.runtime.engines.base import Unavailable
from sealift.stages.text import text_stage

_Floats = npt.NDArray[np.float64]
VALUE = Output(name="value", kind="value", dtype="float64")
CONTRACT = Contract(
    inputs=(Field(name="x0", dtype="float64", missing="allowed"), Field(name="x1", dtype="float64", range=(0, 100))),
    outputs=(VALUE,),
    task="regression",
)


class Doubling:
    """Answers twice the first number, or what `change` makes of that; keeps the rows of each call."""

    def __init__(self, change: Callable[[_Floats], _Floats] = lambda answers: answers) -> None:
        self.change = change
        self.calls: list[_Floats] = []

    def answer(self, X: Any, kinds: tuple[str, ...]) -> dict[str, _Floats]:
        self.calls.append(np.asarray(X, dtype=np.float64))
        return {"value": self.change(self.calls[-1][:, 0] * 2)}

    def run(self, tensors: Mapping[str, Any], outputs: Any = None) -> dict[str, _Floats]:
        return self.answer(tensors["number"], ("value",))


def alone(answers: _Floats) -> _Floats:
    """Wrong for a single row."""
    return answers + (len(answers) == 1)


def original(model: Any, rows: int = 10) -> Original:
    given = np.column_stack([np.arange(rows) + 0.5, np.arange(rows) * 10.0])
    return Original(model, read_rows(given), (VALUE,))


def report() -> Report:
    return Report({"value": Tolerance(1e-9, 1.0)})


def generated(count: int, kind: str = "plausible") -> ProbeRows:
    rows = ProbeRows(["x0", "x1"])
    rows.add(kind, [[float(i), 1.0] for i in range(count)])
    return rows


# The caller's rows.


def own(
    result: Report, engine: Doubling, asked: Original, contract: Contract = CONTRACT
) -> tuple[list[str], list[str]]:
    said: list[str] = []
    countdown = Countdown(said.append, "Verifying", len(asked.input_rows))
    answers = asked.answer(asked.input_rows.rows)
    stands_in: Any = engine
    return prove._compare_own(result, stands_in, asked, contract, answers, countdown), said


@pytest.mark.parametrize("size", [3, 5, 10, 1000])
def test_all_rows_of_the_caller_are_compared_in_blocks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "_LEAST_ROWS", 1)
    monkeypatch.setattr(prove, "_MOST_ROWS", size)
    result, engine = report(), Doubling()
    notes, said = own(result, engine, original(Doubling()))
    assert (notes, result.passed, result.compared) == ([], True, {"caller": 10})
    assert np.concatenate(engine.calls)[:, 0].tolist() == (np.arange(10) + 0.5).tolist()
    assert max(map(len, engine.calls)) == min(size, 10)
    assert said[-1].startswith("Verifying: 10 of 10 rows")


def test_a_difference_in_the_last_block_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "_LEAST_ROWS", 1)
    monkeypatch.setattr(prove, "_MOST_ROWS", 4)
    result = report()
    own(result, Doubling(lambda answers: np.where(answers == 19.0, 20.0, answers)), original(Doubling()))
    assert [(worst.kind, worst.row["x0"], worst.converted) for worst in result.rows] == [("caller", 9.5, 20.0)]


def test_rows_that_the_contract_refuses_are_counted() -> None:
    narrow = Contract(
        inputs=(CONTRACT.inputs[0], Field(name="x1", dtype="float64", range=(0, 75))),
        outputs=(VALUE,),
        task="regression",
    )
    result = report()
    notes, said = own(result, Doubling(), original(Doubling()), narrow)
    assert notes == ["2 of the 10 rows given are refused by the contract and were not compared."]
    assert result.compared == {"caller": 8}
    assert said[-1].startswith("Verifying: 10 of 10 rows")


def test_a_contract_that_refuses_every_row_is_an_error() -> None:
    negative = Contract(
        inputs=(CONTRACT.inputs[0], Field(name="x1", dtype="float64", range=(-9, -1))),
        outputs=(VALUE,),
        task="regression",
    )
    with pytest.raises(PackError, match="refuses every row of X, the first one because") as caught:
        own(report(), Doubling(), original(Doubling()), negative)
    assert (caught.value.code, caught.value.where) == ("E305", "column 'x1'")


class Lengths(Doubling):
    """Answers the length of each string; keeps none."""

    def answer(self, X: Any, kinds: tuple[str, ...]) -> dict[str, _Floats]:
        return {"value": np.array([float(len(text)) for text in np.asarray(X)[:, 0]])}

    def run(self, tensors: Mapping[str, Any], outputs: Any = None) -> dict[str, _Floats]:
        return self.answer(tensors["text"], ("value",))


def test_strings_of_the_caller_that_only_the_file_refuses_are_differences() -> None:
    spec = {"analyzer": "number", "ngrams": [1, 1], "unreadable": "refused"}
    contract = Contract(
        inputs=(Field(name="x0", dtype="string"),),
        outputs=(VALUE,),
        task="regression",
        stages=(text_stage(0, spec),),
    )
    given = np.array([["7"], ["many"], ["8"], ["few"], ["9"]], dtype=object)
    result, model = report(), Lengths()
    source: Any = model
    notes, _ = own(result, model, Original(source, read_rows(given), (VALUE,)), contract)
    assert (notes, result.passed, result.misjudged, result.compared) == ([], False, 2, {"caller": 5})
    assert [(worst.row["x0"], worst.original, worst.converted) for worst in result.rows] == [
        ("many", "answered", "refused"),
        ("few", "answered", "refused"),
    ]


# Generated rows.


def compare_generated(engine: Doubling, rows: ProbeRows) -> Report:
    result, asked, stands_in = report(), original(Doubling()), engine
    given: Any = stands_in
    prove._compare_generated(result, given, CONTRACT, asked, rows, asked.answer_columns(rows.columns()))
    return result


@pytest.mark.parametrize(("count", "single"), [(1, 1), (9, 9), (20, 10), (99, 11), (1000, 10)])
def test_generated_rows_are_compared_together_and_some_by_themselves(count: int, single: int) -> None:
    result = compare_generated(Doubling(), generated(count))
    assert result.passed
    assert result.compared == {"plausible": count, "single": single}
    wrong = compare_generated(Doubling(alone), generated(count))
    assert {worst.kind for worst in wrong.rows} == ({"single"} if count > 1 else {"plausible", "single"})
    assert wrong.different["value"] == single + (count == 1)


def test_rows_at_computed_thresholds_are_not_compared_by_themselves() -> None:
    rows = generated(5)
    rows.add(ROUNDED, [[50.0, 1.0], [51.0, 1.0]])
    assert compare_generated(Doubling(), rows).compared == {"plausible": 5, ROUNDED: 2, "single": 5}


@pytest.mark.parametrize(("count", "compared"), [(1, 1), (3, 3), (4, 4), (100, 4)])
def test_the_original_answers_some_rows_by_themselves(count: int, compared: int) -> None:
    engine: Any = Doubling()
    result = report()
    prove._compare_singles(result, engine, original(Doubling()), CONTRACT, generated(count))
    assert (result.passed, result.compared) == (True, {"original alone": compared})
    assert len({float(rows[0, 0]) for rows in engine.calls}) == compared
    wrong = report()
    prove._compare_singles(wrong, engine, original(Doubling(alone)), CONTRACT, generated(count))
    assert wrong.different == {"value": compared}
    assert {worst.kind for worst in wrong.rows} == {"original alone"}


def test_rows_that_the_original_refuses_by_themselves_are_passed_over() -> None:
    def refusing(answers: _Floats) -> _Floats:
        raise ValueError("a single row")

    engine: Any = Doubling()
    result = report()
    prove._compare_singles(result, engine, original(Doubling(refusing)), CONTRACT, generated(9))
    assert (result.compared, engine.calls) == ({}, [])


@pytest.mark.parametrize("width", [None, 2])
def test_rows_with_missing_and_with_special_values_are_answered_in_separate_calls(width: int | None) -> None:
    rows = ProbeRows(["x0", "x1"])
    rows.add("plausible", [[1.0, 1.0], [2.0, 1.0]])
    rows.add("missing", [[None, 1.0], [3.0, 1.0], [7.0, 1.0]])
    rows.add(special_values.KIND, [[0.0, 1.0], [4.0, 1.0]])

    def some(answers: _Floats) -> _Floats:
        if (answers == 14.0).any():
            raise ValueError("a row that is refused")
        return answers if width is None else np.column_stack([answers, answers + 1])

    model = Doubling(some)
    kept, answers = prove._accepted(original(model), rows)
    assert [row[0] for row in kept.rows] == [1.0, 2.0, None, 3.0, 0.0, 4.0]
    expected = np.array([2.0, 4.0, np.nan, 6.0, 0.0, 8.0])
    whole = expected if width is None else np.column_stack([expected, expected + 1])
    assert np.array_equal(answers["value"], whole, equal_nan=True)
    for call in model.calls:
        firsts = call[:, 0]
        assert np.isnan(firsts).all() or not np.isnan(firsts).any()
        assert np.isin(firsts, [0.0, 4.0]).all() or not np.isin(firsts, [0.0, 4.0]).any()


def test_five_rows_are_kept_however_many_comparisons_differ() -> None:
    result, rows = report(), generated(4)
    truth = np.arange(4.0)
    for count in (4, 5, 5, 5):
        result.add(rows.kinds, rows.columns(), {"value": truth}, {"value": truth + 1})
        assert len(result.rows) == count
    assert result.different == {"value": 16}


# The error.


@pytest.mark.parametrize("on_jumps", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_the_error_has_three_rows_and_the_remedy(on_jumps: bool, known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(name: str, explained: tuple[str, str] | None) -> Any:
        return SimpleNamespace(path=name, source=SimpleNamespace(kind=f"a {name}", explain=lambda: explained))

    conversion: Any = SimpleNamespace(
        steps=[step("scaler", ("It sums at random", "Sort the rows.")), step("model", None), step("last", None)]
    )
    monkeypatch.setattr(prove, "faulty_step", lambda *_: "scaler" if known else "")
    result, rows = report(), generated(5)
    truth = np.arange(5.0)
    result.add(rows.kinds, rows.columns(), {"value": truth}, {"value": truth + 1})
    error = prove._parity_error(result, conversion, CONTRACT, original(Doubling()), rows, on_jumps=on_jumps)
    assert (error.code, error.where) == ("E303", "scaler" if known else "a last")
    assert "5 of 5 rows in 'value'. " + ("It sums at random. Worst: " if known else "Worst: ") in error.what
    assert error.what.count("plausible row (") == 3
    assert error.what.endswith(".")
    fix = error.fix.removeprefix("No file was written. ")
    assert fix == "Sort the rows." if known else fix.startswith("The rows lie" if on_jumps else "Replace the step")


# Further engines.


class Engine:
    """An engine whose sessions are `session`, or raise that."""

    name, key, title, consequence = "other", "other-engine", "Another engine", "It is slower there"

    def __init__(self, session: Doubling | Exception, reason: Unavailable | None = None) -> None:
        self.session, self.reason = session, reason
        self.opened = 0

    def unavailable(self) -> Unavailable | None:
        return self.reason

    def version(self) -> str:
        return "other 1.0"

    def open(self, graph: Any, stages: Any, weights: Any = None) -> AbstractContextManager[Any]:
        self.opened += 1
        if isinstance(self.session, Exception):
            raise self.session
        return nullcontext(self.session)


def compared(engine: Engine, chosen: Any = None) -> Report:
    result, asked, rows = report(), original(Doubling()), generated(30)
    graph: Any = SimpleNamespace(proto=onnx.ModelProto(), sizes={}, serialized=b"", weights=None)
    stages: Any = None
    answers, truth = (asked.answer(asked.input_rows.rows), asked.answer_columns(rows.columns()))
    further_engines.compare_in(engine, result, graph, stages, CONTRACT, asked, answers, rows, truth, chosen)
    return result


@pytest.mark.parametrize("chosen", [None, ("other",), ("native", "other")])
def test_another_engine_answers_both_kinds_of_rows(chosen: Any) -> None:
    result = compared(Engine(Doubling()), chosen)
    assert (result.passed, result.compared) == (True, {"other-engine": 40})
    assert result.engines["other-engine"] == "other 1.0"
    wrong = compared(Engine(Doubling(lambda answers: answers + (answers == 58.0))), chosen)
    assert [worst.row["x0"] for worst in wrong.rows] == [29.0]


def test_an_engine_that_was_not_asked_for_or_cannot_run() -> None:
    engine = Engine(Doubling())
    assert compared(engine, ("native",)).engines["other-engine"] == "not asked for"
    assert engine.opened == 0
    lacking = Engine(Doubling(), Unavailable("it is not installed", "Install it"))
    assert compared(lacking).engines["other-engine"].endswith("it is not installed")
    with pytest.raises(PackError, match=r"cannot run: it is not installed\.") as caught:
        compared(lacking, ("other",))
    assert (caught.value.code, caught.value.fix[:12]) == ("E310", "Install it; ")


def test_an_engine_whose_process_ends_is_tried_twice() -> None:
    engine = Engine(LostError("E207", ".net has ended.", fix=""))
    with pytest.raises(PackError, match="The proof") as caught:
        compared(engine)
    assert caught.value.what == "The proof in Another engine cannot run: .net has ended."
    assert (caught.value.code, engine.opened) == ("E310", 2)
    assert caught.value.fix.startswith("Close other programs; ")


def test_a_graph_that_an_engine_cannot_run() -> None:
    engine = Engine(SealError("E207", "no such operator.", fix=""))
    assert compared(engine).engines["other-engine"].endswith("no such operator.")
    assert engine.opened == 1
    with pytest.raises(PackError, match=r"cannot run: no such operator\. ") as caught:
        compared(engine, ("other",))
    assert caught.value.code == "E310"


def test_a_limit_that_is_exceeded_in_another_engine_ends_the_proof() -> None:
    with pytest.raises(LimitError):
        compared(Engine(LimitError("E210", "too much memory", fix="")))


@pytest.mark.parametrize(("count", "step"), [(10, 1), (39_999, 1), (40_000, 2), (60_001, 3)])
def test_long_tables_are_thinned(count: int, step: int) -> None:
    columns, answers = further_engines._thinned({"a": [*range(count)]}, {"value": np.arange(count)})
    assert columns["a"] == [*range(0, count, step)]
    assert np.array_equal(answers["value"], np.arange(0, count, step))


@pytest.mark.parametrize(("count", "picked"), [(0, 0), (1, 1), (10, 10), (1000, 1000), (1001, 501), (20_000, 1000)])
def test_at_most_a_thousand_rows_are_given_to_another_engine(count: int, picked: int) -> None:
    pieces = [*further_engines._pieces(np.arange(count))]
    assert sum(map(len, pieces)) == picked
    assert all(len(piece) <= 256 for piece in pieces)
    if picked:
        assert len(set(np.diff(np.concatenate(pieces)).tolist())) <= 1
